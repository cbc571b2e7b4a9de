# METADATA
# title: Containers say what they need
# description: |
#   Without requests the scheduler packs blindly, and without a memory limit one leak evicts the
#   neighbours. A limit counts as a request, as in Kubernetes, and so do resources of the whole
#   pod. A CPU limit is never asked for.
# scope: package
# custom:
#   level: warn
#   remediation: Set resources.requests for cpu and memory and resources.limits.memory, from measured use.
#   standard: "Capacity Planning: requests and limits"
#   settings:
#     require:
#       - requests.cpu
#       - requests.memory
#       - limits.memory
package gate.workload.resources_missing

import data.gate.lib.pods
import data.gate.lib.values

_settings := input.settings["workload.resources_missing"]

_judged := [r |
	some r in input.resources
	is_object(r.new)
	r.patch == false
	pods.spec_path(r)
]

applies if count(_judged) > 0

deny contains {"message": message, "resource": r.id, "path": path} if {
	some r in _judged
	some found in pods.workload_containers(r, r.new)
	found.list in ["containers", "initContainers"]
	missing := _missing(found)
	count(missing) > 0
	path := array.concat(found.path, [key | key := "resources"; is_object(found.container.resources)])
	message := sprintf("%s: container %s has no %s", [pods.label(r), pods.container_name(found), concat(", ", missing)])
}

_missing(found) := [name |
	holders := [found.container, found.spec]
	some [name, places] in _needs
	given := [value |
		some holder in holders
		some place in places
		value := object.get(holder, place, "")
		not value in ["", null, false, true]
	]
	count(given) == 0
]

# What can be asked for, and where it may be said: a limit counts as a request. A CPU limit is not
# among it, whatever the settings say.
_needs := [[name, places] |
	some [name, places] in [
		["requests.cpu", [["resources", "requests", "cpu"], ["resources", "limits", "cpu"]]],
		["requests.memory", [["resources", "requests", "memory"], ["resources", "limits", "memory"]]],
		["limits.memory", [["resources", "limits", "memory"]]],
	]
	name in values.list(_settings.require)
]
