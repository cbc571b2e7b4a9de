package gate.lib.lengths_test

import data.gate.lib.lengths
import data.gate.lib.objects_test as make

_target := {"service": "web", "environment": "production", "tier": 1}

_reference := {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}

_of(resources, unchanged) := found if {
	found := lengths.of(_target, 1000) with input as make.judged(resources, unchanged, {})
}

_seconds(manifest) := [length.seconds | some length in _of([make.of(make.added(manifest), "web")], _templates)]

_waits(manifest) if {
	some length in _of([make.of(make.added(manifest), "web")], _templates)
	length.waits
}

_template(name, metrics) := make.unchanged(make.object_of("argoproj.io/v1alpha1", "AnalysisTemplate", name, {"metrics": metrics}))

_templates := [
	_template("errors", [{"interval": "5m", "count": 3, "initialDelay": "1m"}, {"count": "2", "interval": "1m"}]),
	_template("once", [{"name": "once"}]),
	_template("endless", [{"interval": "5m"}]),
	_template("argument", [{"interval": "{{args.interval}}", "count": 3}]),
	_template("text", ["text"]),
	_template("none", "text"),
]

_canary(steps) := make.rollout("web", {"strategy": {"canary": {"steps": steps}}})

_analysis(name) := {"templates": [{"templateName": name}]}

_steps := [
	[[], 0],
	[[{"setWeight": 20}, {"pause": {"duration": "10m"}}, {"setWeight": 50}, {"pause": {"duration": 600}}], 1200],
	[[{"pause": {"duration": "1h30m"}}, {"pause": {"duration": "600"}}], 6000],
	[[{"analysis": _analysis("errors")}], 960],
	[[{"analysis": _analysis("once")}, {"pause": {"duration": "1m"}}], 60],
	[[{"experiment": {"duration": "20m"}}], 1200],
	[[{"experiment": {"analyses": [{"templateName": "errors"}]}}], 960],
	["text", 0],
	[["text", {"setWeight": 5}], 0],
]

test_steps_are_added_up if {
	every each in _steps {
		_seconds(_canary(each[0])) == [each[1]]
		not _waits(_canary(each[0]))
	}
}

_unknown := [
	{"pause": {}}, {"pause": null}, {"pause": "text"}, {"pause": {"duration": "{{pause}}"}}, {"plugin": {}},
	{"analysis": _analysis("endless")}, {"analysis": _analysis("argument")}, {"analysis": _analysis("text")},
	{"analysis": _analysis("none")}, {"analysis": _analysis("lost")}, {"analysis": null}, {"experiment": {}},
]

test_what_nobody_can_know_counts_as_told if {
	every step in _unknown {
		_seconds(_canary([{"pause": {"duration": "1m"}}, step])) == [1060]
		_waits(_canary([step]))
	}
}

_blue_green(strategy) := make.rollout("web", {"strategy": {"blueGreen": strategy}})

test_blue_green if {
	_seconds(_blue_green({})) == [0]
	_seconds(_blue_green({"autoPromotionSeconds": 90})) == [90]
	_seconds(_blue_green({"autoPromotionSeconds": "soon"})) == [1000]
	_seconds(_blue_green({"autoPromotionSeconds": 90, "autoPromotionEnabled": false})) == [1000]
	_seconds(_blue_green({"prePromotionAnalysis": _analysis("errors"), "postPromotionAnalysis": _analysis("errors")})) == [1920]
}

_flagger(spec) := make.object_of("flagger.app/v1beta1", "Canary", "web", object.union({"targetRef": _reference}, spec))

_watched := [
	[{"interval": "1m", "stepWeight": 10, "maxWeight": 50}, 300],
	[{"interval": "1m", "stepWeight": 30}, 240],
	[{"interval": "30s", "stepWeights": [1, 10, 50]}, 90],
	[{"interval": "1m", "iterations": 10}, 600],
	[{"interval": "1s", "iterations": 2}, 20],
	[{"iterations": 2}, 120],
	[{"interval": "1m", "iterations": 2, "webhooks": [{"type": "confirm-promotion"}, {"type": "rollout"}, "text"]}, 1120],
	[{"interval": "1m"}, 1000],
	[{"interval": "1m", "stepWeight": 0}, 1000],
	[{"interval": "1m", "stepWeight": 5, "maxWeight": "text"}, 1000],
]

test_flagger if {
	every each in _watched {
		_seconds(_flagger({"analysis": each[0]})) == [each[1]]
	}
	_seconds(_flagger({"skipAnalysis": true})) == [0]
	_seconds(_flagger({})) == [1000]
}

test_a_controller_that_does_not_change if {
	web := make.of(make.modified(make.deployment("web", {"a": 1}), make.deployment("web", {"a": 2})), "web")
	flagger := make.unchanged(_flagger({"analysis": {"iterations": 2}}))
	_of([web], [flagger]) == [{"seconds": 120, "waits": false, "by": "Canary web"}]
	_of([], [make.of(make.unchanged(make.deployment("web", {})), "web"), flagger]) == []
}

test_a_controller_without_a_service_of_its_own if {
	web := make.of(make.unchanged(make.deployment("web", {})), "web")
	_of([make.added(_flagger({"analysis": {"iterations": 2}}))], [web]) == [{"seconds": 120, "waits": false, "by": "Canary web"}]
}

test_patches_are_part_of_it if {
	steps := _canary([{"pause": {"duration": "10m"}}])
	base := make.of(make.unchanged(make.rollout("web", {})), "web")
	patch := make.of(make.patch(make.added(steps)), "web")
	[length.seconds | some length in _of([patch], [base])] == [600]
	changed := make.of(make.modified(make.rollout("web", {"a": 1}), make.rollout("web", {})), "web")
	{length.seconds | some length in _of([changed], [make.patch(make.unchanged(steps))])} == {600}
}

test_other_targets if {
	rollout := make.of(make.added(_canary([])), "web")
	count(_of([object.union(rollout, {"environments": ["production", "staging"]})], [])) == 1
	_of([object.union(rollout, {"environments": ["staging"]})], []) == []
	_of([make.of(rollout, "batch")], []) == []
	_of([make.of(make.added(make.deployment("web", {})), "web")], []) == []
}
