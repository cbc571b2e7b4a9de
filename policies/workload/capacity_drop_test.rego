package gate.workload.capacity_drop_test

import data.gate.lib.objects_test as make
import data.gate.workload.capacity_drop as rule

_input(resources, unchanged) := make.judged(resources, unchanged, {"workload.capacity_drop": {"drop_percent": 50}})

_messages(resources, unchanged) := found if {
	found := {finding.message | some finding in rule.deny} with input as _input(resources, unchanged)
}

_deployment(fields) := make.deployment("web", object.union(make.pods_of([{"name": "app"}]), fields))

_replicas(count_) := _deployment({"replicas": count_})

_none := _deployment({})

_rollout(fields) := make.rollout("web", fields)

_hpa(name, fields) := make.object_of("autoscaling/v2", "HorizontalPodAutoscaler", name, object.union(
	{"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}},
	fields,
))

_keda(name, fields) := make.object_of("keda.sh/v1alpha1", "ScaledObject", name, object.union(
	{"scaleTargetRef": {"name": "web"}},
	fields,
))

_pdb(name, fields) := make.object_of("policy/v1", "PodDisruptionBudget", name, object.union(
	{"selector": {"matchLabels": {"app": "web"}}},
	fields,
))

# Replicas.
test_replicas_are_cut if {
	rule.deny == {{
		"message": "Deployment web: replicas goes from 4 to 2",
		"resource": "apps/Deployment/shop/web",
		"path": ["spec", "replicas"],
	}} with input as _input([make.modified(_replicas(4), _replicas(2))], [])
}

test_replicas_are_dropped if {
	rule.deny == {{
		"message": "Deployment web: replicas goes from 4 to 1",
		"resource": "apps/Deployment/shop/web",
		"path": ["spec"],
	}} with input as _input([make.modified(_replicas(4), _none)], [])
}

_cuts := [[4, 2], [2, 1], [5, 0], [1, 0], [null, 0], ["4", "2"]]

test_cuts if {
	every case in _cuts {
		[old, new] := case
		count(_messages([make.modified(_replicas(old), _replicas(new))], [])) == 1
	}
}

_no_cuts := [[4, 3], [3, 2], [2, 4], [0, 0], [0, 5], [3, 3], [null, 1], ["x", 1], [4, {}], [4, "x"], [4, -1], [[], 0]]

test_no_cuts if {
	every case in _no_cuts {
		[old, new] := case
		count(_messages([make.modified(_replicas(old), _replicas(new))], [])) == 0
	}
}

test_the_share_is_a_setting if {
	resources := [make.modified(_replicas(4), _replicas(3))]
	count(rule.deny) == 1 with input as make.judged(resources, [], {"workload.capacity_drop": {"drop_percent": 25}})
}

test_new_deleted_and_whole_trees_are_left_alone if {
	resources := [make.added(_replicas(0)), make.present(_replicas(0)), make.added(_hpa("a", {}))]
	_messages(resources, []) == set()
	not rule.applies with input as _input(resources, [])
	_messages([make.deleted(_replicas(4))], []) == set()
}

test_a_patch_counts_by_what_it_says if {
	_messages([make.patch(make.modified(_replicas(4), _none))], []) == set()
	count(_messages([make.patch(make.modified(_replicas(4), _replicas(1)))], [])) == 1
}

test_an_autoscaler_takes_replicas_over if {
	every autoscaler in [_hpa("web", {"minReplicas": 2}), _keda("web", {}), _hpa("other-name", {})] {
		_messages([make.modified(_replicas(4), _none), make.added(autoscaler)], []) == set()
		_messages([make.modified(_replicas(4), _none)], [make.unchanged(autoscaler)]) == set()
		_messages([make.modified(_replicas(4), _replicas(1))], [make.unchanged(autoscaler)]) == set()
	}
}

test_an_autoscaler_does_not_help_at_zero_or_elsewhere if {
	count(_messages([make.modified(_replicas(4), _replicas(0))], [make.unchanged(_hpa("web", {}))])) == 1
	elsewhere := _hpa("web", {"scaleTargetRef": {"kind": "Deployment", "name": "api"}})
	count(_messages([make.modified(_replicas(4), _none)], [make.unchanged(elsewhere)])) == 1
}

test_a_rollout_takes_the_deployment_over if {
	rollout := _rollout({"workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "replicas": 4})
	_messages([make.modified(_replicas(4), _replicas(0)), make.added(rollout)], []) == set()
	canary := make.object_of("flagger.app/v1beta1", "Canary", "web", {"targetRef": {"kind": "Deployment", "name": "web"}})
	count(_messages([make.modified(_replicas(4), _replicas(0)), make.added(canary)], [])) == 1
}

test_rollouts_and_stateful_sets if {
	stateful := make.object_of("apps/v1", "StatefulSet", "db", {"replicas": 3})
	fewer := make.object_of("apps/v1", "StatefulSet", "db", {"replicas": 1})
	_messages([make.modified(stateful, fewer)], []) == {"StatefulSet db: replicas goes from 3 to 1"}
	_messages([make.modified(_rollout({"replicas": 4}), _rollout({"replicas": 1}))], []) == {"Rollout web: replicas goes from 4 to 1"}
}

# Autoscalers.
test_autoscaler_bounds if {
	_messages([make.modified(_hpa("web", {"minReplicas": 4, "maxReplicas": 20}), _hpa("web", {"minReplicas": 2, "maxReplicas": 10}))], []) == {
		"HorizontalPodAutoscaler web: minReplicas goes from 4 to 2",
		"HorizontalPodAutoscaler web: maxReplicas goes from 20 to 10",
	}
	_messages([make.modified(_hpa("web", {"minReplicas": 4}), _hpa("web", {}))], []) == {"HorizontalPodAutoscaler web: minReplicas goes from 4 to 1"}
	_messages([make.modified(_keda("web", {"minReplicaCount": 2}), _keda("web", {}))], []) == {"ScaledObject web: minReplicaCount goes from 2 to 0"}
	_messages([make.modified(_keda("web", {}), _keda("web", {"maxReplicaCount": 10}))], []) == {"ScaledObject web: maxReplicaCount goes from 100 to 10"}
	_messages([make.modified(_hpa("web", {"minReplicas": 4, "maxReplicas": 20}), _hpa("web", {"minReplicas": 3, "maxReplicas": 20}))], []) == set()
	_messages([make.patch(make.modified(_hpa("web", {"minReplicas": 4}), _hpa("web", {})))], []) == set()
}

test_another_group_is_no_autoscaler if {
	old := make.object_of("example.test/v1", "ScaledObject", "web", {"minReplicaCount": 4})
	new := make.object_of("example.test/v1", "ScaledObject", "web", {"minReplicaCount": 1})
	_messages([make.modified(old, new)], []) == set()
}

_web := make.unchanged(_none)

test_an_autoscaler_is_deleted if {
	rule.deny == {{
		"message": "HorizontalPodAutoscaler web is deleted, and Deployment web stays",
		"resource": "autoscaling/HorizontalPodAutoscaler/shop/web",
		"path": ["spec", "scaleTargetRef"],
	}} with input as _input([make.deleted(_hpa("web", {"maxReplicas": 9}))], [_web])
	rule.applies with input as _input([make.deleted(_hpa("web", {}))], [])
}

test_an_autoscaler_goes_with_its_workload_or_for_another_one if {
	gone := make.deleted(_hpa("web", {"minReplicas": 2, "maxReplicas": 9}))
	_messages([gone, make.deleted(_none)], []) == set()
	_messages([gone, make.added(_none)], []) == set()
	_messages([gone, make.added(_hpa("web-2", {"minReplicas": 2, "maxReplicas": 9}))], [_web]) == set()
	_messages([gone, make.added(_keda("web", {"minReplicaCount": 2, "maxReplicaCount": 9}))], [_web]) == set()
	_messages([gone, make.modified(_replicas(2), _replicas(9))], []) == set()
	count(_messages([gone, make.modified(_replicas(2), _replicas(8))], [])) == 1
	_messages([make.patch(gone)], [_web]) == set()
}

test_an_autoscaler_under_another_name_is_compared if {
	gone := make.deleted(_hpa("web", {"minReplicas": 4, "maxReplicas": 9}))
	_messages([gone, make.added(_hpa("web-2", {"minReplicas": 1, "maxReplicas": 9}))], [_web]) == {"HorizontalPodAutoscaler web-2: minReplicas goes from 4 to 1"}
	_messages([gone, make.added(_keda("web", {"maxReplicaCount": 9}))], [_web]) == {"ScaledObject web: minReplicaCount goes from 4 to 0"}
}

test_an_autoscaler_of_the_rollout_instead if {
	rollout := _rollout({"workloadRef": {"kind": "Deployment", "name": "web"}})
	autoscaler := _hpa("rollout", {"scaleTargetRef": {"kind": "Rollout", "name": "web"}})
	_messages([make.deleted(_hpa("web", {"maxReplicas": 9})), make.added(autoscaler), make.added(rollout)], [_web]) == set()
}

# Disruption budgets.
_looser := [
	[{"minAvailable": 4}, {"minAvailable": 2}, "minAvailable goes from 4 to 2"],
	[{"minAvailable": 1}, {"minAvailable": 0}, "minAvailable goes from 1 to 0"],
	[{"minAvailable": "80%"}, {"minAvailable": "40%"}, "minAvailable in percent goes from 80 to 40"],
	[{"maxUnavailable": 1}, {"maxUnavailable": 2}, "maxUnavailable goes from 1 to 2"],
	[{"maxUnavailable": "10%"}, {"maxUnavailable": "60%"}, "maxUnavailable goes from 10% to 60%"],
	[{"minAvailable": 2}, {"maxUnavailable": "100%"}, "maxUnavailable 100% lets every pod go at once"],
	[{"maxUnavailable": 1}, {"minAvailable": 0}, "minAvailable 0 lets every pod go at once"],
	[{"maxUnavailable": "50%"}, {"maxUnavailable": "100%"}, "maxUnavailable goes from 50% to 100%"],
]

test_looser_budgets if {
	every case in _looser {
		[old, new, text] := case
		_messages([make.modified(_pdb("web", old), _pdb("web", new))], []) == {sprintf("PodDisruptionBudget web: %s", [text])}
	}
}

_fine := [
	[{"minAvailable": 4}, {"minAvailable": 3}],
	[{"minAvailable": 1}, {"minAvailable": 2}],
	[{"minAvailable": 2}, {"minAvailable": "50%"}],
	[{"minAvailable": 2}, {"maxUnavailable": 1}],
	[{"maxUnavailable": 0}, {"maxUnavailable": 1}],
	[{"maxUnavailable": 2}, {"maxUnavailable": 1}],
	[{"maxUnavailable": "100%"}, {"minAvailable": 0}],
	[{"minAvailable": null}, {"minAvailable": {}}],
]

test_budgets_that_hold if {
	every case in _fine {
		[old, new] := case
		_messages([make.modified(_pdb("web", old), _pdb("web", new))], []) == set()
	}
}

test_a_budget_is_deleted if {
	rule.deny == {{
		"message": "PodDisruptionBudget web is deleted, and Deployment web stays",
		"resource": "policy/PodDisruptionBudget/shop/web",
		"path": ["spec", "selector"],
	}} with input as _input([make.deleted(_pdb("web", {"minAvailable": 1}))], [_web])
}

test_a_budget_goes_with_its_workload_or_for_another_one if {
	gone := make.deleted(_pdb("web", {"minAvailable": 2}))
	_messages([gone, make.deleted(_none)], []) == set()
	_messages([gone, make.added(_pdb("web-2", {"minAvailable": 2}))], [_web]) == set()
	_messages([make.deleted(_pdb("web", {"minAvailable": 0}))], [_web]) == set()
	_messages([gone, make.added(_pdb("web-2", {"minAvailable": 1}))], [_web]) == {"PodDisruptionBudget web-2: minAvailable goes from 2 to 1"}
	elsewhere := make.deleted(_pdb("api", {"selector": {"matchLabels": {"app": "api"}}}))
	_messages([elsewhere], [_web]) == set()
}

# Kustomize.
_kustomization(replicas) := make.kustomization({"replicas": replicas})

test_kustomize_replicas if {
	old := _kustomization([{"name": "web", "count": 4}, {"name": "api", "count": 4}, {"name": "db", "count": 1}])
	new := _kustomization([{"name": "api", "count": 3}, {"name": "web", "count": 1}, "text", {"name": "new", "count": 0}])
	rule.deny == {{
		"message": "apps/web.yaml: replicas of web goes from 4 to 1",
		"resource": "kustomize.config.k8s.io/Kustomization/shop/_",
		"path": ["replicas", 1, "count"],
	}} with input as _input([make.modified(old, new)], [])
	rule.applies with input as _input([make.modified(old, new)], [])
}

# Helm values.
_release(values) := make.object_of("helm.toolkit.fluxcd.io/v2", "HelmRelease", "web", {"values": values})

_values_cut := [
	[{"replicaCount": 4}, {"replicaCount": 1}, "replicaCount goes from 4 to 1"],
	[{"web": {"replicas": "4"}}, {"web": {"replicas": "0"}}, "web.replicas goes from 4 to 0"],
	[{"autoscaling": {"minReplicas": 4}}, {"autoscaling": {"minReplicas": 1}}, "autoscaling.minReplicas goes from 4 to 1"],
	[{"pdb": {"minAvailable": 2}}, {"pdb": {"minAvailable": 1}}, "pdb.minAvailable goes from 2 to 1"],
	[
		{"autoscaling": {"enabled": true, "minReplicas": 4}},
		{"autoscaling": {"enabled": false, "minReplicas": 1}},
		"autoscaling.enabled is switched off",
	],
	[{"podDisruptionBudget": {"create": true}}, {"podDisruptionBudget": {"create": false}}, "podDisruptionBudget.create is switched off"],
	[
		{"replicaCount": 2, "autoscaling": {"enabled": true, "maxReplicas": 9}},
		{"replicaCount": 4, "autoscaling": {"enabled": false, "maxReplicas": 9}},
		"autoscaling.enabled is switched off",
	],
]

test_values_are_cut if {
	every case in _values_cut {
		[old, new, text] := case
		_messages([make.modified(_release(old), _release(new))], []) == {sprintf("HelmRelease web: %s", [text])}
		_messages([make.file("values-prod.yaml", old, new)], []) == {sprintf("values-prod.yaml: %s", [text])}
	}
	rule.applies with input as _input([make.file("values-prod.yaml", {}, {})], [])
}

_values_fine := [
	[{"replicaCount": 4}, {"replicaCount": 3}],
	[{"replicaCount": 4}, {"replicaCount": 1, "autoscaling": {"enabled": true}}],
	[{"replicaCount": 1}, {}],
	[{"autoscaling": {"enabled": false, "minReplicas": 4}}, {"autoscaling": {"enabled": false, "minReplicas": 1}}],
	[{"metrics": {"enabled": true}}, {"metrics": {"enabled": false}}],
	[
		{"replicaCount": 2, "autoscaling": {"enabled": true, "maxReplicas": 9}},
		{"replicaCount": 9, "autoscaling": {"enabled": false, "maxReplicas": 9}},
	],
	[{"replicaCount": "x"}, {"replicaCount": 0}],
]

test_values_that_are_fine if {
	every case in _values_fine {
		[old, new] := case
		_messages([make.modified(_release(old), _release(new))], []) == set()
		count(rule.warn) == 0 with input as _input([make.modified(_release(old), _release(new))], [])
	}
}

test_values_that_are_left_to_the_chart if {
	rule.warn == {{
		"message": "HelmRelease web: replicaCount was 4 and is left to the chart now",
		"resource": "helm.toolkit.fluxcd.io/HelmRelease/shop/web",
		"path": ["spec", "values"],
	}} with input as _input([make.modified(_release({"replicaCount": 4}), _release({}))], [])
}

test_what_the_rule_speaks_of if {
	every manifest in [_none, _hpa("web", {}), _keda("web", {}), _pdb("web", {}), _kustomization([]), _release({})] {
		rule.applies with input as _input([make.modified(manifest, manifest)], [])
	}
	config := make.object_of("v1", "ConfigMap", "web", {})
	not rule.applies with input as _input([make.modified(config, config)], [])
}
