package gate.workload.selector_changed_test

import data.gate.lib.objects_test as make
import data.gate.workload.selector_changed as rule

_input(resources, unchanged) := make.judged(resources, unchanged, {})

_messages(resources, unchanged) := found if {
	found := {finding.message | some finding in rule.deny} with input as _input(resources, unchanged)
}

_web := _workload({"app": "web"}, {"app": "web", "version": "1"})

_workload(selector, labels) := make.deployment("web", {
	"selector": {"matchLabels": selector},
	"template": {"metadata": {"labels": labels}},
})

_service(selector) := make.object_of("v1", "Service", "web", {"selector": selector})

# Workloads.
test_a_selector_is_changed if {
	rule.deny == {{
		"message": "Deployment web: spec.selector changes from app=web to app=shop, which the API server refuses",
		"resource": "apps/Deployment/shop/web",
		"path": ["spec", "selector"],
	}} with input as _input([make.modified(_web, _workload({"app": "shop"}, {"app": "shop"}))], [])
}

test_expressions_are_part_of_a_selector if {
	old := make.deployment("web", {"selector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}})
	new := make.deployment("web", {"selector": {"matchExpressions": [{"key": "web", "operator": "Exists"}]}})
	count(_messages([make.modified(old, new)], [])) == 1
}

test_a_rollout_orphans_its_pods if {
	old := make.rollout("web", {"selector": {"matchLabels": {"app": "web"}}})
	new := make.rollout("web", {"selector": {"matchLabels": {"app": "shop"}}})
	_messages([make.modified(old, new)], []) == {"Rollout web: spec.selector changes from app=web to app=shop, which orphans the running pods"}
}

test_selectors_that_say_the_same if {
	same := make.deployment("web", {"selector": {"matchLabels": {"app": "web"}, "matchExpressions": null}})
	_messages([make.modified(same, _web)], []) == set()
	_messages([make.modified(_web, _web)], []) == set()
}

_no_selectors := [make.deployment("web", {"selector": selector}) | some selector in [null, {}, "text", 5, []]]

test_a_selector_that_appears_or_is_left_out if {
	every odd in _no_selectors {
		_messages([make.modified(odd, _web)], []) == set()
		_messages([make.modified(_web, odd)], []) == set()
	}
}

test_new_and_deleted_workloads_and_other_kinds if {
	_messages([make.added(_web), make.deleted(_workload({"app": "shop"}, {}))], []) == set()
	job := make.object_of("batch/v1", "Job", "a", {"selector": {"matchLabels": {"a": "b"}}})
	_messages([make.modified(job, make.object_of("batch/v1", "Job", "a", {"selector": {"matchLabels": {"a": "c"}}}))], []) == set()
	not rule.applies with input as _input([make.modified(job, job), make.added(_web)], [])
	rule.applies with input as _input([make.modified(_web, _web)], [])
}

# Kustomizations.
_kustomization(fields) := object.union(make.kustomization({"resources": ["web.yaml"]}), fields)

_relabelled(old, new) := make.at(make.modified(_kustomization(old), _kustomization(new)), "apps/kustomization.yaml")

test_labels_that_a_kustomization_puts_into_selectors if {
	rule.deny == {{
		"message": "apps/kustomization.yaml: commonLabels change the selector of Deployment web",
		"resource": "kustomize.config.k8s.io/Kustomization/shop/_",
		"path": ["commonLabels"],
	}} with input as _input([_relabelled({}, {"commonLabels": {"team": "a"}})], [make.unchanged(_web)])
	selecting := {"labels": [{"pairs": {"team": "a"}, "includeSelectors": true}]}
	count(_messages([_relabelled({}, selecting)], [make.unchanged(_web)])) == 1
	count(_messages([_relabelled(selecting, {})], [make.unchanged(_web)])) == 1
	rule.applies with input as _input([_relabelled({}, selecting)], [])
}

test_labels_that_reach_no_selector if {
	plain := {"labels": [{"pairs": {"team": "a"}}]}
	_messages([_relabelled({}, plain)], [make.unchanged(_web)]) == set()
	_messages([_relabelled({}, {"commonLabels": {"team": "a"}})], [make.at(make.unchanged(_web), "other/web.yaml")]) == set()
	_messages([_relabelled({}, {"commonLabels": {"team": "a"}}), make.added(_web)], []) == set()
}

# Services.
test_a_service_selects_nothing_any_more if {
	rule.deny == {{
		"message": "Service web: no workload has the labels app=shop",
		"resource": "core/Service/shop/web",
		"path": ["spec", "selector"],
	}} with input as _input([make.modified(_service({"app": "web"}), _service({"app": "shop"}))], [make.unchanged(_web)])
	rule.applies with input as _input([make.modified(_service({}), _service({}))], [])
}

_shop := make.unchanged(object.union(_workload({"app": "shop"}, {"app": "shop"}), {"metadata": {"name": "shop"}}))

_switched := make.modified(_service({"app": "web"}), _service({"app": "shop"}))

test_a_service_moves_to_another_workload if {
	_messages([_switched], [make.unchanged(_web), _shop]) == set()
}

test_a_copy_in_another_tree_is_not_the_workload if {
	count(_messages([_switched], [make.unchanged(_web), make.at(_shop, "release/all.yaml")])) == 1
}

test_workloads_in_another_folder_count_if_there_is_no_nearer if {
	web := make.at(make.unchanged(_web), "deployments/web.yaml")
	shop := make.at(_shop, "deployments/shop.yaml")
	_messages([_switched], [web, shop]) == set()
	count(_messages([_switched], [web])) == 1
}

test_a_workload_that_moved_in_this_change if {
	labelled := _workload({"app": "web"}, {"app": "web", "version": "2"})
	moved := object.union(make.at(make.modified(_web, labelled), "new/web.yaml"), {"old_path": "apps/web.yaml"})
	service := make.modified(_service({"version": "1"}), _service({"version": "2"}))
	_messages([moved, service], []) == set()
}

test_services_whose_workload_cannot_be_seen if {
	_messages([_switched], []) == set()
	_messages([_switched], [_shop]) == set()
	_messages([make.modified(_service({"app": "web"}), _service({}))], [make.unchanged(_web)]) == set()
	_messages([make.modified(_service({"app": "web"}), _service(null))], [make.unchanged(_web)]) == set()
	_messages([make.patch(_switched)], [make.unchanged(_web)]) == set()
	_messages([make.added(_service({"app": "shop"}))], [make.unchanged(_web)]) == set()
}

test_pods_lose_the_labels_of_their_service if {
	service := make.unchanged(_service({"app": "web", "version": "1"}))
	relabelled := _workload({"app": "web"}, {"app": "web", "version": "2"})
	rule.deny == {{
		"message": "Deployment web: its pods lose the labels app=web,version=1 by which Service web finds them",
		"resource": "apps/Deployment/shop/web",
		"path": ["spec", "template", "metadata", "labels"],
	}} with input as _input([make.modified(_web, relabelled)], [service])
	_messages([make.modified(_web, relabelled)], [make.unchanged(_service({"app": "web"}))]) == set()
	_messages([make.deleted(_web)], [service]) == set()
}
