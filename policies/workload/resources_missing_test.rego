package gate.workload.resources_missing_test

import data.gate.lib.objects_test as make
import data.gate.workload.resources_missing as rule

_with(resources, require) := make.judged(resources, [], {"workload.resources_missing": {"require": require}})

_input(resources) := _with(resources, ["requests.cpu", "requests.memory", "limits.memory"])

_container(resources) := {"name": "app", "image": "web:1", "resources": resources}

_deployment(container) := make.deployment("web", make.pods_of([container]))

_complete := {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}}

test_nothing_is_said if {
	rule.deny == {{
		"message": "Deployment web: container app has no requests.cpu, requests.memory, limits.memory",
		"resource": "apps/Deployment/shop/web",
		"path": ["spec", "template", "spec", "containers", 0],
	}} with input as _input([make.added(_deployment({"name": "app"}))])
}

test_some_is_said if {
	rule.deny == {{
		"message": "Deployment web: container app has no limits.memory",
		"resource": "apps/Deployment/shop/web",
		"path": ["spec", "template", "spec", "containers", 0, "resources"],
	}} with input as _input([make.added(_deployment(_container({"requests": {"cpu": 1, "memory": "1Gi"}})))])
}

_enough := [
	_complete,
	{"limits": {"cpu": 1, "memory": "64Mi"}},
	{"requests": {"cpu": "100m"}, "limits": {"memory": "64Mi"}},
]

test_a_cpu_limit_is_never_asked_for if {
	every resources in _enough {
		count(rule.deny) == 0 with input as _input([make.added(_deployment(_container(resources)))])
	}
	count(rule.deny) == 0 with input as _with([make.added(_deployment({"name": "app"}))], ["limits.cpu"])
}

_odd := [null, "text", 5, [], {"requests": "text", "limits": 7}, {"requests": {"cpu": null, "memory": ""}, "limits": {"memory": {}}}]

test_odd_shapes_are_missing if {
	every resources in _odd {
		count(rule.deny) == 1 with input as _input([make.added(_deployment(_container(resources)))])
	}
}

test_each_container_by_itself if {
	spec := {"template": {"spec": {
		"containers": [_container(_complete), _container({}), "text"],
		"initContainers": [{"image": "init:1"}],
		"ephemeralContainers": [{"name": "debug"}],
	}}}
	found := {finding.message | some finding in rule.deny} with input as _input([make.added(make.deployment("web", spec))])
	found == {
		"Deployment web: container app has no requests.cpu, requests.memory, limits.memory",
		"Deployment web: container initContainers[0] has no requests.cpu, requests.memory, limits.memory",
	}
}

test_resources_of_the_whole_pod if {
	spec := {"template": {"spec": {"containers": [{"name": "app"}], "resources": _complete}}}
	count(rule.deny) == 0 with input as _input([make.added(make.deployment("web", spec))])
}

test_patches_and_deleted_objects_are_left_alone if {
	bare := _deployment({"name": "app"})
	count(rule.deny) == 0 with input as _input([make.patch(make.added(bare)), make.deleted(bare)])
	not rule.applies with input as _input([make.patch(make.added(bare)), make.deleted(bare)])
	rule.applies with input as _input([make.added(bare)])
}

test_what_is_asked_is_a_setting if {
	count(rule.deny) == 0 with input as _with([make.added(_deployment({"name": "app"}))], [])
	some finding in rule.deny with input as _with([make.added(_deployment({"name": "app"}))], ["limits.memory"])
	finding.message == "Deployment web: container app has no limits.memory"
}
