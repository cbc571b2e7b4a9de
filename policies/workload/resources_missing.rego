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

_missing(found) := [concat(".", need) |
	container := found.container
	pod := found.spec
	some need in _needs
	[side, resource] := need
	not _given(container, side, resource)
	not _given(pod, side, resource)
]

# A CPU limit is not among them, whatever the settings say.
_needs := [need |
	some need in [["requests", "cpu"], ["requests", "memory"], ["limits", "memory"]]
	concat(".", need) in values.list(_settings.require)
]

_given(holder, side, resource) if _is_quantity(holder.resources[side][resource])

_given(holder, "requests", resource) if _is_quantity(holder.resources.limits[resource])

_is_quantity(value) if is_number(value)

_is_quantity(value) if {
	is_string(value)
	value != ""
}
