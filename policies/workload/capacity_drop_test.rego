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

_overlay(fields) := make.kustomization(object.union({"resources": ["web.yaml"]}, fields))

_built(old, new) := make.at(make.modified(_overlay(old), _overlay(new)), "apps/kustomization.yaml")

_there := make.unchanged(_replicas(4))

test_kustomize_takes_replicas_away if {
	every number in [0, 2] {
		rule.deny == {{
			"message": sprintf("apps/kustomization.yaml: replicas of web goes from 4 to %d", [number]),
			"resource": "kustomize.config.k8s.io/Kustomization/shop/_",
			"path": ["replicas", 0, "count"],
		}} with input as _input([_built({}, {"replicas": [{"name": "web", "count": number}]})], [_there])
	}
	_messages([_built({}, {"replicas": [{"name": "web", "count": 3}]})], [_there]) == set()
	_messages([_built({"replicas": [{"name": "web", "count": 9}]}, {})], [_there]) == {"apps/kustomization.yaml: replicas of web goes from 9 to 4"}
	_messages([_built({"replicas": [{"name": "web", "count": 9}]}, {})], []) == set()
	_messages([_built({}, {"replicas": [{"name": "web", "count": 2}]})], [_there, make.unchanged(_hpa("web", {}))]) == set()
}

test_kustomize_sets_what_is_not_seen_to_nothing if {
	cut := _built({}, {"replicas": [{"name": "api", "count": 0}]})
	_messages([cut], [_there]) == {"apps/kustomization.yaml: replicas of api is set to 0"}
	_messages([cut, make.added(make.deployment("api", {}))], [_there]) == set()
	_messages([_built({}, {"replicas": [{"name": "api", "count": 1}]})], [_there]) == set()
	unread := make.at(cut, "apps/other.yaml")
	_messages([unread], [_there]) == set()
}

_json_patch(number) := [{"op": "replace", "path": "/spec/replicas", "value": number}]

_patch_file(old, new) := make.patch(make.file("apps/kustomization.yaml", old, new))

_new_patch(new) := object.union(_patch_file(null, new), {"status": "added"})

_same := make.at(make.unchanged(_overlay({})), "apps/kustomization.yaml")

test_a_patch_without_a_kind_takes_replicas_away if {
	rule.deny == {{
		"message": "apps/kustomization.yaml: replicas goes from 4 to 1",
		"resource": "file/File/_/apps/kustomization.yaml",
		"path": [0, "value"],
	}} with input as _input([_new_patch(_json_patch(1))], [_there, _same])
	rule.deny == {{
		"message": "apps/kustomization.yaml: replicas goes from 4 to 0",
		"resource": "file/File/_/apps/kustomization.yaml",
		"path": ["spec", "replicas"],
	}} with input as _input([_new_patch({"spec": {"replicas": 0}})], [_there, _same])
	_messages([_new_patch(_json_patch(3))], [_there, _same]) == set()
	_messages([_patch_file(_json_patch(6), _json_patch(2))], [_there, _same]) == {"apps/kustomization.yaml: replicas goes from 6 to 2"}
	_messages([_patch_file(_json_patch(2), _json_patch(2))], [_there, _same]) == set()
	_messages([_new_patch(_json_patch(2))], [_there, _same, make.unchanged(_hpa("web", {}))]) == set()
}

test_such_a_patch_is_measured_by_the_smallest_workload if {
	small := make.unchanged(make.deployment("web", {"replicas": 2}))
	big := make.unchanged(make.object_of("apps/v1", "StatefulSet", "db", {"replicas": 9}))
	_messages([_new_patch(_json_patch(2))], [big, small, _same]) == set()
	_messages([_new_patch(_json_patch(1))], [big, small, _same]) == {"apps/kustomization.yaml: replicas goes from 2 to 1"}
}

test_a_patch_of_what_is_not_seen if {
	_messages([_new_patch(_json_patch(0))], [_same]) == {"apps/kustomization.yaml: replicas is set to 0"}
	_messages([_new_patch(_json_patch(1))], [_same]) == set()
	_messages([_new_patch(_json_patch(0))], []) == set()
	_messages([_new_patch(_json_patch(0)), make.added(_replicas(1))], [_same]) == set()
	fresh := make.at(make.added(_overlay({})), "apps/kustomization.yaml")
	_messages([_new_patch(_json_patch(0)), fresh], []) == set()
}

test_an_added_patch_of_a_workload if {
	patch := make.at(make.patch(make.added(make.deployment("web", {"replicas": 1}))), "apps/kustomization.yaml")
	_messages([patch], [_there, _same]) == {"Deployment web: replicas goes from 4 to 1"}
	other := make.at(make.patch(make.added(make.deployment("api", {"replicas": 1}))), "apps/kustomization.yaml")
	_messages([other], [_there, _same]) == set()
	config := make.at(make.patch(make.added(make.object_of("v1", "ConfigMap", "web", {"replicas": 0}))), "apps/kustomization.yaml")
	_messages([config], [_there, _same]) == set()
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

_application(parameters) := make.object_of("argoproj.io/v1alpha1", "Application", "web", {"source": {"helm": {"parameters": parameters}}})

test_parameters_of_an_application if {
	old := [{"name": "web.replicaCount", "value": "6"}, {"name": "web.port", "value": "80"}]
	new := [{"name": "web.port", "value": "8"}, {"name": "web.replicaCount", "value": "1"}]
	rule.deny == {{
		"message": "Application web: web.replicaCount goes from 6 to 1",
		"resource": "argoproj.io/Application/shop/web",
		"path": ["spec", "source", "helm", "parameters", 1, "value"],
	}} with input as _input([make.modified(_application(old), _application(new))], [])
}

test_more_pods_may_go_by_the_values if {
	some_values := {"pdb": {"maxUnavailable": 1}, "rollingUpdate": {"maxUnavailable": 1}}
	{finding.message | some finding in rule.deny} == {"a/values.yaml: pdb.maxUnavailable goes from 1 to 5"} with input as _input(
		[make.file("a/values.yaml", some_values, {"pdb": {"maxUnavailable": 5}, "rollingUpdate": {"maxUnavailable": 5}})],
		[],
	)
}

test_an_autoscaler_that_cannot_reach_the_replicas if {
	rule.deny == {{
		"message": "HorizontalPodAutoscaler web: the most that Deployment web can have goes from 4 to 2",
		"resource": "autoscaling/HorizontalPodAutoscaler/shop/web",
		"path": ["spec"],
	}} with input as _input([make.modified(_replicas(4), _none), make.added(_hpa("web", {"maxReplicas": 2}))], [])
	count(rule.deny) == 0 with input as _input([make.modified(_replicas(4), _none), make.added(_hpa("web", {"maxReplicas": 4}))], [])
}
