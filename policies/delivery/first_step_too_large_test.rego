package gate.delivery.first_step_too_large_test

import data.gate.delivery.first_step_too_large as rule
import data.gate.lib.objects_test as make

_with(resources, unchanged, max_weight) := make.judged(
	resources, unchanged,
	{"delivery.first_step_too_large": {"tiers": [1], "max_weight": max_weight}},
)

_input(resources, unchanged) := _with(resources, unchanged, 25)

_rollout(canary) := make.rollout("web", {"strategy": {"canary": canary}})

_steps(steps) := _rollout({"steps": steps})

_reference := {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}

_canary(analysis) := make.object_of("flagger.app/v1beta1", "Canary", "web", {"targetRef": _reference, "analysis": analysis})

_added(manifest) := make.of(make.added(manifest), "web")

_stop := {"pause": {"duration": "5m"}}

_large := [
	[_steps([{"setWeight": 50}, _stop]), "the first step takes 50 % of the traffic", ["spec", "strategy", "canary", "steps", 0, "setWeight"]],
	[
		_steps([{"setWeight": 10}, {"setWeight": 60}, {"analysis": {}}]),
		"the first step takes 60 % of the traffic",
		["spec", "strategy", "canary", "steps", 1, "setWeight"],
	],
	[_steps([{"setWeight": 5}, {"setWeight": 10}]), "no step stops before 100 %", ["spec", "strategy", "canary", "steps"]],
	[_steps([_stop]), "no step stops before 100 %", ["spec", "strategy", "canary", "steps"]],
	[_steps([{"setWeight": 0}, _stop, "text"]), "no step stops before 100 %", ["spec", "strategy", "canary", "steps"]],
	[_rollout({"maxSurge": 1}), "without steps a canary is all at once", ["spec", "strategy", "canary"]],
	[
		_rollout({"trafficRouting": {"maxTrafficWeight": 1000}, "steps": [{"setWeight": 500}, _stop]}),
		"the first step takes 50 % of the traffic",
		["spec", "strategy", "canary", "steps", 0, "setWeight"],
	],
	[_canary({"stepWeight": 30}), "the first step takes 30 % of the traffic", ["spec", "analysis", "stepWeight"]],
	[_canary({"stepWeights": [40, 50], "iterations": 0}), "the first step takes 40 % of the traffic", ["spec", "analysis", "stepWeights", 0]],
]

test_large_first_steps if {
	every case in _large {
		[manifest, text, path] := case
		id := _added(manifest).id
		rule.deny == {{
			"message": sprintf("%s web: %s, more than 25 %% (service web)", [manifest.kind, text]),
			"resource": id,
			"path": path,
			"service": "web",
		}} with input as _input([_added(manifest)], [])
		rule.applies with input as _input([_added(manifest)], [])
	}
}

_small := [
	_steps([{"setWeight": 25}, _stop]),
	_steps([{"setWeight": 0}, _stop, {"setWeight": 5}, {"plugin": {}}, {"setWeight": 100}]),
	_steps([{"setCanaryScale": {"weight": 50}}, {"setWeight": 5}, {"experiment": {}}]),
	_steps([{"setWeight": 50}, {"setWeight": 5}, _stop]),
	_rollout({"trafficRouting": {"maxTrafficWeight": 1000}, "steps": [{"setWeight": 100}, _stop]}),
	_rollout("text"),
	make.rollout("web", {"strategy": {"blueGreen": {}}}),
	make.rollout("web", {}),
	_canary({"stepWeight": 5, "maxWeight": 50}),
	_canary({"stepWeights": [5, 50]}),
	_canary({"iterations": 10, "stepWeight": 50}),
	_canary({}),
	_canary("text"),
	make.object_of("flagger.app/v1beta1", "Canary", "web", {"skipAnalysis": true, "analysis": {"stepWeight": 90}}),
]

test_small_first_steps_and_none_to_judge if {
	every manifest in _small {
		count(rule.deny) == 0 with input as _input([_added(manifest)], [])
	}
}

test_the_limit_is_a_setting if {
	count(rule.deny) == 0 with input as _with([_added(_large[0][0])], [], 50)
	count(rule.deny) == 1 with input as _with([_added(_small[0])], [], 10)
}

test_other_tiers_and_deleted_ones if {
	count(rule.deny) == 0 with input as _input([make.added(_large[0][0])], [])
	count(rule.deny) == 0 with input as _input([make.of(make.deleted(_large[0][0]), "web")], [])
	not rule.applies with input as _input([make.of(make.added(_large[0][0]), "batch")], [])
}

test_a_patch_is_judged_by_the_steps_that_it_names if {
	count(rule.deny) == 1 with input as _input([make.patch(_added(_large[0][0]))], [])
	count(rule.deny) == 0 with input as _input([make.patch(_added(_rollout({"maxSurge": 1})))], [])
}

test_a_patch_adds_the_steps if {
	patch := make.patch(make.unchanged(_small[0]))
	count(rule.deny) == 0 with input as _input([_added(_rollout({}))], [patch])
}

test_a_workload_under_an_unchanged_controller if {
	web := make.added(make.deployment("web", {}))
	canary := make.unchanged(_canary({"stepWeight": 50}))
	rule.deny == {{
		"message": "Deployment web is delivered by Canary web: the first step takes 50 % of the traffic, more than 25 % (service web)",
		"resource": "apps/Deployment/shop/web",
		"path": ["metadata", "name"],
		"service": "web",
	}} with input as _input([make.of(web, "web")], [canary])
	count(rule.deny) == 1 with input as _input([web], [make.of(canary, "web")])
	count(rule.deny) == 0 with input as _input([web], [canary])
	rule.applies with input as _input([make.of(web, "web")], [canary])
}
