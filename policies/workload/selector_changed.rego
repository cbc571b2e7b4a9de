# METADATA
# title: Selectors keep finding their pods
# description: |
#   The selector of a Deployment, StatefulSet, DaemonSet or ReplicaSet cannot be changed: the API
#   server refuses it and the sync stands still. A Rollout's can, and leaves the running pods
#   orphaned. A Service whose selector, or whose pods' labels, change so that it finds none of the
#   workloads that it found before serves nothing. Labels that a kustomization puts into
#   selectors count too.
# scope: package
# custom:
#   level: deny
#   remediation: |
#     Keep the selector; for other labels make a new workload under another name, move the traffic,
#     then delete the old one. In kustomize use `labels` without includeSelectors.
#   standard: "Change Management: changes that can be applied and undone"
package gate.workload.selector_changed

import data.gate.lib.kustomize
import data.gate.lib.paths
import data.gate.lib.pods
import data.gate.lib.rollouts
import data.gate.lib.values

applies if {
	some r in pods.paired
	_speaks_of(r)
}

deny contains {"message": message, "resource": r.id, "path": ["spec", "selector"]} if {
	some r in pods.paired
	_is_fixed(r)
	old := _selector(r.old)
	new := _selector(r.new)
	old != new
	message := sprintf("%s: spec.selector changes from %s to %s, %s", [
		pods.label(r),
		_shown(old.labels),
		_shown(new.labels),
		_consequence(r),
	])
}

# Labels that a kustomization writes into the selectors of what it builds.
deny contains {"message": message, "resource": r.id, "path": [key]} if {
	some r in pods.paired
	kustomize.is_kustomization(r)
	some key in ["commonLabels", "labels"]
	old := _selector_labels(r.old, key)
	new := _selector_labels(r.new, key)
	old != new
	some workload in pods.after
	_is_fixed(workload)
	is_object(workload.old)
	kustomize.lists(r, workload.path)
	message := sprintf("%s: %s change the selector of %s", [pods.label(r), key, pods.label(workload)])
}

deny contains {"message": message, "resource": service.id, "path": ["spec", "selector"]} if {
	some lost in _lost
	service := lost.service
	service.status == "modified"
	selector := service.new.spec.selector
	service.old.spec.selector != selector
	is_object(selector)
	count(selector) > 0
	message := sprintf("%s: no workload has the labels %s", [pods.label(service), _shown(selector)])
}

deny contains {"message": message, "resource": r.id, "path": _labels_path(r)} if {
	some lost in _lost
	r := lost.workload
	r.status == "modified"
	service := lost.service
	service.old.spec.selector == service.new.spec.selector
	message := sprintf("%s: its pods lose the labels %s by which %s finds them", [
		pods.label(r),
		_shown(service.new.spec.selector),
		pods.label(service),
	])
}

_speaks_of(r) if _is_fixed(r)

_speaks_of(r) if _is_service(r)

_speaks_of(r) if kustomize.is_kustomization(r)

# Selectors that cannot, or must not, change.
_is_fixed(r) if {
	r.group == "apps"
	r.kind in {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}
}

_is_fixed(r) if rollouts.is_rollout(r)

_consequence(r) := "which orphans the running pods" if {
	rollouts.is_rollout(r)
} else := "which the API server refuses"

_selector(side) := {
	"labels": values.fields(object.get(selector, "matchLabels", {})),
	"expressions": values.list(object.get(selector, "matchExpressions", [])),
} if {
	selector := side.spec.selector
	is_object(selector)
	count(selector) > 0
}

_shown(labels) := concat(",", [sprintf("%s=%s", [key, value]) | some key, value in labels; is_string(value)])

_selector_labels(side, "commonLabels") := values.fields(object.get(side, "commonLabels", {}))

_selector_labels(side, "labels") := [item.pairs |
	some item in values.list(object.get(side, "labels", []))
	item.includeSelectors == true
]

# Services that found a workload before and find none now.
_is_service(r) if {
	r.group == "core"
	r.kind == "Service"
}

_services := [r |
	some r in pods.after
	_is_service(r)
	is_object(r.old)
	r.patch == false
]

_workloads(found) := [r | some r in found; r.patch == false; pods.spec_path(r)]

_before := _workloads(pods.before)

_after := _workloads(pods.after)

# Labels that pods lose in this change.
_lost_labels contains [key, value] if {
	some r in pods.paired
	r.patch == false
	labels := pods.pod_labels(r, r.new)
	some key, value in pods.pod_labels(r, r.old)
	object.get(labels, [key], null) != value
}

# Services that may find less than before: all others need no look.
_doubtful := [service | some service in _services; _may_lose(service)]

_may_lose(service) if service.old.spec.selector != service.new.spec.selector

_may_lose(service) if {
	some key, value in values.fields(service.new.spec.selector)
	[key, value] in _lost_labels
}

# Workloads in the Service's own folder if it found one there, else all: copies of one object stand
# in several trees.
_lost := [{"service": service, "workload": workload} |
	some service in _doubtful
	found := [r | some r in _before; _finds_before(service, r)]
	near := [r | some r in found; _folder_before(r) == _folder_before(service)]
	nearby := count(near) > 0
	not _finds_any(service, nearby)
	some workload in {true: near, false: found}[nearby]
]

_finds_before(service, r) if {
	pods.same_namespace(service, r)
	pods.selects(service.old.spec.selector, pods.pod_labels(r, r.old))
}

_finds_any(service, nearby) if {
	some r in _after
	pods.same_namespace(service, r)
	pods.selects(service.new.spec.selector, pods.pod_labels(r, r.new))
	_within_reach(service, r, nearby)
}

_within_reach(_, _, nearby) if nearby == false

_within_reach(service, r, true) if paths.folder(r.path) == paths.folder(service.path)

_within_reach(service, r, true) if {
	is_object(r.old)
	_folder_before(r) == _folder_before(service)
}

_folder_before(r) := paths.folder(r.old_path) if {
	is_string(r.old_path)
} else := paths.folder(r.path)

_labels_path(r) := array.concat(array.slice(base, 0, count(base) - 1), ["metadata", "labels"]) if {
	base := pods.spec_path(r)
}
