# METADATA
# title: Readiness probes stay
# description: |
#   Without a readiness probe a pod gets traffic before it can answer, and a rollout of a broken
#   version ends as a success. A container that had one and stays must keep one, whatever it looks
#   like; in Helm values too. Values that fall back to the chart's default are a warning.
# scope: package
# custom:
#   level: deny
#   remediation: Put the readinessProbe back; relax its thresholds if it is too strict.
#   standard: "Change Management: health before traffic"
package gate.workload.readiness_removed

import data.gate.lib.helm
import data.gate.lib.images
import data.gate.lib.pods
import data.gate.lib.values

applies if {
	some r in pods.paired
	count(pods.containers(r, r.new)) > 0
}

applies if {
	some r in pods.paired
	count(helm.roots(r, r.new)) > 0
}

deny contains {"message": message, "resource": r.id, "path": found.path} if {
	some i, judged in _judged
	r := judged.resource
	some was in judged.old
	was.list != "ephemeralContainers"
	_probes(was.container)
	same := [each | some at in _new[i][was.container.name]; each := judged.new[at]]
	probed := [each | some each in same; _probes(each.container)]
	count(probed) == 0
	some found in same
	message := sprintf("%s: container %s has no readinessProbe any more", [pods.label(r), pods.container_name(found)])
}

# A container under another name.
deny contains {"message": message, "resource": r.id, "path": found.path} if {
	some replaced in array.concat(_of_one_image, _left_over)
	r := replaced.resource
	was := [each | some each in replaced.before; _probes(each.container)][0]
	probed := [each | some each in replaced.now; _probes(each.container)]
	count(probed) == 0
	some found in replaced.now
	message := sprintf("%s: container %s has no readinessProbe, which it had as %s", [
		pods.label(r),
		pods.container_name(found),
		pods.container_name(was),
	])
}

# A patch says it in so many words: null, or `$patch: delete`.
deny contains {"message": message, "resource": r.id, "path": path} if {
	some r in input.resources
	r.status in {"added", "modified"}
	r.patch == true
	is_object(r.new)
	some found in pods.containers(r, r.new)
	container := found.container
	_deletes(container)
	not _deleted_before(r, container)
	path := array.concat(found.path, ["readinessProbe"])
	message := sprintf("%s: the patch removes the readinessProbe of container %s", [
		pods.label(r),
		pods.container_name(found),
	])
}

deny contains {"message": message, "resource": change.resource.id, "path": change.is.path} if {
	some change in _value_changes
	change.by_default == false
	message := sprintf("%s: %s is switched off", [pods.label(change.resource), concat(".", change.is.keys)])
}

warn contains {"message": message, "resource": change.resource.id, "path": change.is.path} if {
	some change in _value_changes
	change.by_default == true
	message := sprintf("%s: %s is left to the chart's default now", [
		pods.label(change.resource),
		concat(".", change.is.keys),
	])
}

_judged := [{"resource": r, "old": old, "new": new} |
	some r in pods.paired
	r.patch == false
	old := pods.containers(r, r.old)
	probed := [found | some found in old; _probes(found.container)]
	count(probed) > 0
	new := pods.containers(r, r.new)
]

# The containers of each side by their names, and those whose name is not on the other side by
# their images.
_old[i][name] contains at if {
	some i, judged in _judged
	some at, found in judged.old
	name := _name(found)
}

_new[i][name] contains at if {
	some i, judged in _judged
	some at, found in judged.new
	name := _name(found)
}

_gone[i][image] contains at if {
	some i, judged in _judged
	some at, found in judged.old
	found.list == "containers"
	image := _image(found)
	not _stays(i, found)
}

_came[i][image] contains at if {
	some i, judged in _judged
	some at, found in judged.new
	found.list == "containers"
	image := _image(found)
	not _stood(i, found)
}

_stays(i, found) if _new[i][_name(found)]

_stood(i, found) if _old[i][_name(found)]

_name(found) := object.get(found.container, "name", null)

_image(found) := images.parse(values.text(object.get(found.container, "image", ""))).name

# What took the place of containers that went: those of their image, or, where one of each is left,
# that one.
_of_one_image := [replaced |
	some i, judged in _judged
	some image, gone in _gone[i]
	came := _came[i][image]
	replaced := {
		"resource": judged.resource,
		"before": [found | some at in gone; found := judged.old[at]],
		"now": [found | some at in came; found := judged.new[at]],
	}
]

_left_over := [replaced |
	some i, judged in _judged
	before := [found |
		some image, gone in _gone[i]
		not _came[i][image]
		some at in gone
		found := judged.old[at]
	]
	count(before) == 1
	now := [found |
		some image, came in _came[i]
		not _gone[i][image]
		some at in came
		found := judged.new[at]
	]
	count(now) == 1
	replaced := {"resource": judged.resource, "before": before, "now": now}
]

_probes(container) if {
	probe := container.readinessProbe
	is_object(probe)
	count(probe) > 0
	not _deletes(container)
}

_deletes(container) if container.readinessProbe == null

_deletes(container) if container.readinessProbe["$patch"] == "delete"

_deleted_before(r, container) if {
	is_object(r.old)
	some was in pods.containers(r, r.old)
	was.container.name == container.name
	_deletes(was.container)
}

_value_changes := [{"resource": r, "is": found, "by_default": by_default} |
	some r in pods.paired
	some found in helm.changed(r)
	_was_on(found)
	by_default := _falls_back(r, found)
]

# A probe, or its switch, that was on and is not said any more.
_was_on(found) if {
	_is_probe(found)
	_on(found.old)
	_off(found.new)
}

_was_on(found) if {
	found.key == "enabled"
	found.parent in {"readinessprobe", "readiness", "probes"}
	found.old == true
	found.new == false
}

_is_probe(found) if found.key == "readinessprobe"

_is_probe(found) if {
	found.key == "readiness"
	found.parent in {"probes", "probe", "healthchecks"}
}

_on(value) if value == true

_on(value) if {
	is_object(value)
	count(value) > 0
	object.get(value, "enabled", true) != false
}

_off(value) if value in [null, false, {}]

# Where a key is dropped or emptied the chart's default holds, except in the chart's own values.
_falls_back(r, found) := false if {
	helm.is_chart_default(r)
} else := false if {
	found.given == true
	found.new != {}
} else := true
