# METADATA
# title: Capacity is not cut by accident
# description: |
#   Replicas, the bounds of an autoscaler or a disruption budget cut by `drop_percent` or more, or
#   to nothing; an autoscaler or budget deleted while its workload stays; the same in Helm values,
#   kustomize replicas and patches. It is no cut where an autoscaler takes replicas over, or a
#   Rollout the Deployment.
# scope: package
# custom:
#   level: deny
#   remediation: Cut in smaller steps, each after measuring; or say in a waiver why less is enough.
#   standard: "Capacity Planning: headroom"
#   settings:
#     drop_percent: 50
package gate.workload.capacity_drop

import data.gate.lib.helm
import data.gate.lib.kustomize
import data.gate.lib.pods
import data.gate.lib.replicas
import data.gate.lib.rollouts
import data.gate.lib.values

_settings := input.settings["workload.capacity_drop"]

applies if {
	some r in pods.paired
	_speaks_of(r)
}

applies if count(_deleted) > 0

deny contains {"message": message, "resource": cut.resource.id, "path": cut.path} if {
	some cuts in _cuts
	some cut in cuts
	_drops(cut.old, cut.new)
	message := sprintf("%s: %s goes from %s to %s", [
		pods.label(cut.resource),
		cut.what,
		format_int(cut.old, 10),
		format_int(cut.new, 10),
	])
}

deny contains {"message": message, "resource": found.resource.id, "path": found.path} if {
	some found in replicas.unseen
	message := sprintf("%s: %s is set to 0", [pods.label(found.resource), found.what])
}

deny contains {"message": message, "resource": gone.id, "path": ["spec", "scaleTargetRef"]} if {
	some gone in _deleted
	_is_autoscaler(gone)
	some workload in replicas.staying
	_scales(gone, gone.old, workload)
	not _autoscaled(workload)
	not _autoscaled_through_rollout(workload)
	not _replaced_by_replicas(gone, workload)
	message := sprintf("%s is deleted, and %s stays", [pods.label(gone), pods.label(workload)])
}

deny contains {"message": message, "resource": r.id, "path": ["spec", "maxUnavailable"]} if {
	some pair in _budget_pairs
	r := pair.resource
	old := pair.old.spec.maxUnavailable
	new := r.new.spec.maxUnavailable
	_loosens(old, new)
	message := sprintf("%s: maxUnavailable goes from %s to %s", [pods.label(r), _shown(old), _shown(new)])
}

# A budget that now lets every pod go, whatever it said before.
deny contains {"message": message, "resource": r.id, "path": ["spec", key]} if {
	some pair in _budget_pairs
	r := pair.resource
	some key, value in values.fields(r.new.spec)
	_lets_all_go(key, value)
	object.get(values.fields(pair.old.spec), key, null) == null
	before := pair.old
	not _let_all_go(before)
	message := sprintf("%s: %s %s lets every pod go at once", [pods.label(r), key, _shown(value)])
}

deny contains {"message": message, "resource": gone.id, "path": ["spec", "selector"]} if {
	some gone in _deleted
	_is_budget(gone)
	before := gone.old
	not _let_all_go(before)
	some workload in replicas.staying
	_guards(gone, gone.old, workload)
	not _guarded(workload)
	message := sprintf("%s is deleted, and %s stays", [pods.label(gone), pods.label(workload)])
}

deny contains {"message": message, "resource": change.resource.id, "path": found.path} if {
	some change in _value_changes
	found := change.is
	_capacity_key(found)
	old := pods.number(found.old)
	new := pods.number(found.new)
	_drops(old, new)
	message := sprintf("%s: %s goes from %s to %s", [
		pods.label(change.resource),
		concat(".", found.keys),
		format_int(old, 10),
		format_int(new, 10),
	])
}

deny contains {"message": message, "resource": change.resource.id, "path": found.path} if {
	some change in _value_changes
	found := change.is
	found.key in {"enabled", "create"}
	_guarding[found.parent]
	found.old == true
	found.new == false
	not _fixed_instead(found)
	message := sprintf("%s: %s is switched off", [pods.label(change.resource), concat(".", found.keys)])
}

deny contains {"message": message, "resource": change.resource.id, "path": found.path} if {
	some change in _value_changes
	found := change.is
	found.key == "maxunavailable"
	_budget_switches[found.parent]
	_loosens(found.old, found.new)
	message := sprintf("%s: %s goes from %s to %s", [
		pods.label(change.resource),
		concat(".", found.keys),
		_shown(found.old),
		_shown(found.new),
	])
}

warn contains {"message": message, "resource": change.resource.id, "path": found.path} if {
	some change in _value_changes
	found := change.is
	_capacity_key(found)
	old := pods.number(found.old)
	old > 1
	found.new == null
	message := sprintf("%s: %s was %s and is left to the chart now", [
		pods.label(change.resource),
		concat(".", found.keys),
		format_int(old, 10),
	])
}

_cuts := [
	_replica_cuts, _takeover_cuts, _autoscaler_cuts, _budget_cuts,
	_kustomize_cuts, _patch_cuts, _parameter_cuts,
]

_speaks_of(r) if replicas.scalable[r.kind]

_speaks_of(r) if _is_autoscaler(r)

_speaks_of(r) if _is_budget(r)

_speaks_of(r) if kustomize.is_kustomization(r)

_speaks_of(r) if count(helm.roots(r, r.new)) > 0

# To nothing, or by the share in the settings.
_drops(old, new) if {
	new == 0
	old > 0
}

_drops(old, new) if {
	new < old
	100 * (old - new) >= old * _settings.drop_percent
}

# Replicas of workloads.
_replica_cuts := [cut |
	some r in pods.paired
	replicas.scalable[r.kind]
	old := replicas.of(r, r.old)
	new := replicas.of(r, r.new)
	_drops(old, new)
	pods.spec_path(r)
	not _taken_over(r)
	cut := {"resource": r, "what": "replicas", "old": old, "new": new, "path": _nearest(r.new, "replicas")}
]

# A new autoscaler that takes replicas over and cannot reach them.
_takeover_cuts := [cut |
	some autoscaler in _autoscalers
	autoscaler.status == "added"
	some r in pods.paired
	replicas.scalable[r.kind]
	_scales(autoscaler, autoscaler.new, r)
	cut := {
		"resource": autoscaler,
		"what": sprintf("the most that %s can have", [pods.label(r)]),
		"old": pods.number(r.old.spec.replicas),
		"new": _bound(autoscaler, autoscaler.new, "max"),
		"path": ["spec"],
	}
]

_nearest(side, key) := ["spec", key] if {
	object.get(side, ["spec", key], null) != null
} else := ["spec"]

_taken_over(r) if {
	_autoscaled(r)
	object.get(r.new, ["spec", "replicas"], null) != 0
}

_taken_over(r) if {
	some controller in rollouts.delivering(r)
	rollouts.is_rollout(controller)
}

# Autoscalers.
_bounds := {
	"HorizontalPodAutoscaler": {"min": "minReplicas", "default_min": 1, "max": "maxReplicas", "default_max": null},
	"ScaledObject": {"min": "minReplicaCount", "default_min": 0, "max": "maxReplicaCount", "default_max": 100},
}

_is_autoscaler(r) if {
	_bounds[r.kind]
	r.group in {"autoscaling", "keda.sh"}
}

_scales(autoscaler, side, workload) if {
	reference := side.spec.scaleTargetRef
	reference.name == workload.name
	object.get(reference, "kind", "Deployment") == workload.kind
	pods.same_namespace(autoscaler, workload)
}

_autoscalers := [r | some r in pods.after; _is_autoscaler(r)]

_autoscaled(workload) if pods.meant(_autoscaler_targets, workload)

_autoscaler_targets := pods.lookup([[kind, reference.name, autoscaler.namespace] |
	some autoscaler in _autoscalers
	reference := autoscaler.new.spec.scaleTargetRef
	is_object(reference)
	kind := object.get(reference, "kind", "Deployment")
])

_autoscaler_cuts := [cut |
	some pair in array.concat(_edited(_autoscalers), _renamed_autoscalers)
	some bound in ["min", "max"]
	key := _bounds[pair.resource.kind][bound]
	cut := {
		"resource": pair.resource,
		"what": key,
		"old": _bound(pair.before, pair.old, bound),
		"new": _bound(pair.resource, pair.resource.new, bound),
		"path": _nearest(pair.resource.new, key),
	}
]

_bound(r, side, bound) := number if {
	names := _bounds[r.kind]
	number := replicas.field(r, side, names[bound], names[sprintf("default_%s", [bound])])
	is_number(number)
}

_edited(found) := [{"resource": r, "before": r, "old": r.old} | some r in found; r.status == "modified"]

_deleted := [r |
	some r in input.resources
	r.status == "deleted"
	is_object(r.old)
	r.patch == false
]

# An autoscaler under another name, for the same workload.
_renamed_autoscalers := [{"resource": r, "before": gone, "old": gone.old} |
	some gone in _deleted
	_is_autoscaler(gone)
	some r in _autoscalers
	r.status == "added"
	some workload in replicas.staying
	_scales(gone, gone.old, workload)
	_scales(r, r.new, workload)
]

_autoscaled_through_rollout(workload) if {
	some controller in rollouts.delivering(workload)
	_autoscaled(controller)
}

_replaced_by_replicas(gone, workload) if {
	pods.number(workload.new.spec.replicas) >= _bound(gone, gone.old, "max")
}

# Disruption budgets.
_is_budget(r) if {
	r.group == "policy"
	r.kind == "PodDisruptionBudget"
}

_budgets := [r | some r in pods.after; _is_budget(r)]

_budget_pairs := array.concat(_edited(_budgets), [{"resource": r, "before": gone, "old": gone.old} |
	some gone in _deleted
	_is_budget(gone)
	some r in _budgets
	r.status == "added"
	r.new.spec.selector == gone.old.spec.selector
	pods.same_namespace(r, gone)
])

_budget_cuts := [cut |
	some pair in _budget_pairs
	some unit in ["count", "percent"]
	cut := {
		"resource": pair.resource,
		"what": concat("", ["minAvailable", {"count": "", "percent": " in percent"}[unit]]),
		"old": _amount(pair.old.spec.minAvailable, unit),
		"new": _amount(pair.resource.new.spec.minAvailable, unit),
		"path": ["spec", "minAvailable"],
	}
]

_amount(value, "count") := pods.number(value)

_amount(value, "percent") := pods.percentage(value)

# More pods may go at once: in numbers, or as the share that must stay.
_loosens(old, new) if {
	before := pods.number(old)
	before > 0
	now := pods.number(new)
	now > before
	100 * (now - before) >= now * _settings.drop_percent
}

_loosens(old, new) if _drops(100 - pods.percentage(old), 100 - pods.percentage(new))

_shown(value) := value if is_string(value)

_shown(value) := format_int(value, 10) if is_number(value)

_let_all_go(side) if {
	some key, value in values.fields(side.spec)
	_lets_all_go(key, value)
}

_lets_all_go("minAvailable", value) if value in {0, "0", "0%"}

_lets_all_go("maxUnavailable", value) if value == "100%"

_guards(budget, side, workload) if {
	pods.same_namespace(budget, workload)
	pods.selects(side.spec.selector.matchLabels, pods.pod_labels(workload, workload.new))
}

_guarded(workload) if {
	some budget in _budgets
	_guards(budget, budget.new, workload)
}

# Kustomize replicas: what a kustomization sets, before and after, or else what the workloads say
# that it builds.
_kustomize_cuts := [object.union(found, {"old": old, "new": new}) |
	some found in replicas.entries_changed
	old := replicas.on(found, "old")
	new := replicas.on(found, "new")
	workloads := found.workloads
	not _scaled_anyway(workloads, new)
]

_scaled_anyway(workloads, new) if {
	new > 0
	some workload in workloads
	_taken_over(workload)
}

_patch_cuts := [cut |
	some found in replicas.patched
	new := found.new
	workloads := found.workloads
	not _scaled_anyway(workloads, new)
	cut := object.union(found, {"old": min(found.before)})
]

# Helm parameters of an Argo CD Application.
_parameter_cuts := [cut |
	some r in pods.paired
	some found in helm.parameters(r, r.new)
	_sized[found.key]
	some was in helm.parameters(r, r.old)
	was.name == found.name
	cut := {
		"resource": r,
		"what": found.name,
		"old": pods.number(was.value),
		"new": pods.number(found.value),
		"path": found.path,
	}
]

_sized := _fixed_keys | _bound_keys

# Helm values.
_value_changes := [{"resource": r, "is": found} |
	some r in pods.paired
	some found in helm.changed(r)
]

_fixed_keys := {"replicacount", "replicas"}

_bound_keys := {"minreplicas", "maxreplicas", "minreplicacount", "maxreplicacount", "minavailable"}

_capacity_key(found) if {
	_fixed_keys[found.key]
	not _values_autoscale(found)
}

_capacity_key(found) if {
	_bound_keys[found.key]
	not _switched_off(found)
}

_switches := {"autoscaling", "autoscaler", "hpa", "horizontalpodautoscaler", "keda", "scaledobject"}

_budget_switches := {"pdb", "poddisruptionbudget"}

_values_autoscale(found) if {
	some key, value in values.fields(helm.beside(found.is, found.keys, []))
	_switches[lower(key)]
	value.enabled == true
}

# The bounds of what is not in use; switching it off is a finding of its own.
_switched_off(found) if helm.beside(found.is, found.keys, ["enabled"]) == false

_guarding := _switches | _budget_switches

# As many replicas for good as the autoscaler could reach.
_fixed_instead(found) if {
	_switches[found.parent]
	above := array.slice(found.keys, 0, count(found.keys) - 1)
	some key, value in values.fields(helm.beside(found.is, above, []))
	_fixed_keys[lower(key)]
	pods.number(value) >= pods.number(helm.beside(found.was, found.keys, ["maxReplicas"]))
}
