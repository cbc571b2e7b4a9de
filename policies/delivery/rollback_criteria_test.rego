package gate.delivery.rollback_criteria_test

import data.gate.delivery.rollback_criteria as rule
import data.gate.lib.objects_test as make

_input(resources, unchanged) := make.judged(resources, unchanged, {"delivery.rollback_criteria": {"tiers": [1]}})

_template(spec) := make.object_of("argoproj.io/v1alpha1", "AnalysisTemplate", "errors", spec)

_analysis := {"templates": [{"templateName": "errors"}]}

_rollout := make.rollout("web", {"strategy": {"canary": {"analysis": _analysis}}})

_unchanged_rollout := make.of(make.unchanged(_rollout), "web")

_prometheus := {"prometheus": {"query": "up"}}

_metric(fields) := {"metrics": [object.union({"name": "errors", "provider": _prometheus}, fields)]}

_texts(resources, unchanged) := found if {
	found := {finding.message | some finding in rule.deny} with input as _input(resources, unchanged)
}

_judging := {"successCondition": "result[0] < 0.01"}

_faulty := [
	[_metric({}), "metric errors has no condition, so it always succeeds", ["spec", "metrics", 0]],
	[_metric({"successCondition": ""}), "metric errors has no condition, so it always succeeds", ["spec", "metrics", 0]],
	[
		_metric(object.union(_judging, {"failureLimit": -1})),
		"metric errors has failureLimit -1, so it never fails",
		["spec", "metrics", 0, "failureLimit"],
	],
	[
		_metric(object.union(_judging, {"failureLimit": 5, "count": 5})),
		"metric errors has a failureLimit not below its count, so it never fails",
		["spec", "metrics", 0, "failureLimit"],
	],
	[{}, "it has no metrics", ["spec"]],
	[{"metrics": "text"}, "it has no metrics", ["spec"]],
	[
		object.union(_metric(_judging), {"dryRun": [{"metricName": "err.*"}]}),
		"all its metrics are dry runs",
		["spec", "dryRun"],
	],
	[
		object.union(_metric(_judging), {"dryRun": [{"metricName": "errors"}]}),
		"all its metrics are dry runs",
		["spec", "dryRun"],
	],
	[{"metrics": [{"name": 5}]}, "metric without a name has no condition, so it always succeeds", ["spec", "metrics", 0]],
]

test_templates_that_cannot_fail if {
	every case in _faulty {
		[spec, text, path] := case
		rule.deny == {{
			"message": sprintf("AnalysisTemplate errors: %s (service web)", [text]),
			"resource": "argoproj.io/AnalysisTemplate/shop/errors",
			"path": path,
			"service": "web",
		}} with input as _input([make.added(_template(spec))], [_unchanged_rollout])
		rule.applies with input as _input([make.added(_template(spec))], [_unchanged_rollout])
	}
}

_sound := [
	_metric(_judging),
	_metric({"failureCondition": "result[0] > 0.01", "failureLimit": 1, "count": 5}),
	_metric(object.union(_judging, {"failureLimit": 5})),
	_metric(object.union(_judging, {"failureLimit": 5, "count": "{{args.count}}"})),
	{"metrics": [{"name": "smoke", "provider": {"job": {}}}]},
	{"metrics": [{"name": "kayenta", "provider": {"kayenta": {}}}]},
	{"templates": [{"templateName": "other"}]},
	object.union(_metric(_judging), {"dryRun": [{"metricName": "other"}, {"metricName": "x.*"}, "text", {"metricName": 5}]}),
	{"metrics": ["text"]},
]

test_templates_that_can_fail if {
	every spec in _sound {
		_texts([make.added(_template(spec))], [_unchanged_rollout]) == set()
	}
}

test_templates_that_nobody_critical_names if {
	bad := make.added(_template({}))
	_texts([bad], []) == set()
	_texts([bad], [make.of(_unchanged_rollout, "batch")]) == set()
	_texts([make.deleted(_template({}))], [_unchanged_rollout]) == set()
	not rule.applies with input as _input([bad], [])
}

test_a_patch_is_judged_by_what_it_says if {
	_texts([make.patch(make.added(_template(_metric({}))))], [_unchanged_rollout]) == set()
	_texts([make.patch(make.added(_template({})))], [_unchanged_rollout]) == set()
	count(_texts([make.patch(make.added(_template(_metric({"failureLimit": -1}))))], [_unchanged_rollout])) == 1
}

test_a_rollout_that_names_an_unchanged_template if {
	rule.deny == {{
		"message": "Rollout web measures with AnalysisTemplate errors: it has no metrics (service web)",
		"resource": "argoproj.io/Rollout/shop/web",
		"path": ["spec", "strategy", "canary", "analysis", "templates", 0],
		"service": "web",
	}} with input as _input([make.of(make.added(_rollout), "web")], [make.unchanged(_template({}))])
	rule.applies with input as _input([make.of(make.added(_rollout), "web")], [make.unchanged(_template({}))])
	_texts([make.of(make.added(_rollout), "web")], [make.unchanged(_template(_sound[0]))]) == set()
}

test_dry_runs_of_the_rollout if {
	dry := object.union(_analysis, {"dryRun": [{"metricName": ".*"}]})
	rollout := make.of(make.added(make.rollout("web", {"strategy": {"canary": {"analysis": dry}}})), "web")
	rule.deny == {{
		"message": "Rollout web: all metrics of errors are dry runs (service web)",
		"resource": "argoproj.io/Rollout/shop/web",
		"path": ["spec", "strategy", "canary", "analysis", "dryRun"],
		"service": "web",
	}} with input as _input([rollout], [make.unchanged(_template(_sound[0]))])
	single := {"blueGreen": {"prePromotionAnalysis": {"templateName": "errors", "dryRun": [{"metricName": "errors"}]}}}
	older := make.of(make.added(make.rollout("web", {"strategy": single})), "web")
	some finding in rule.deny with input as _input([older], [make.unchanged(_template(_sound[0]))])
	finding.path == ["spec", "strategy", "blueGreen", "prePromotionAnalysis", "dryRun"]
}

_canary(analysis) := make.of(
	make.added(make.object_of("flagger.app/v1beta1", "Canary", "web", {"analysis": analysis})),
	"web",
)

test_a_canarys_metric_without_a_range if {
	rule.deny == {{
		"message": "Canary web: metric latency has no thresholdRange, so it never fails (service web)",
		"resource": "flagger.app/Canary/shop/web",
		"path": ["spec", "analysis", "metrics", 1],
		"service": "web",
	}} with input as _input([_canary({"metrics": [{"name": "a", "thresholdRange": {"min": 99}}, {"name": "latency"}, "text"]})], [])
	rule.applies with input as _input([_canary({})], [])
	count(_texts([_canary({"metrics": [{"name": "a", "thresholdRange": {}}]})], [])) == 1
}

test_a_canarys_metrics_with_a_range if {
	metrics := [{"name": "a", "thresholdRange": {"max": 500}}, {"name": "b", "threshold": 99}]
	_texts([_canary({"metrics": metrics})], []) == set()
	skipping := make.object_of("flagger.app/v1beta1", "Canary", "web", {"skipAnalysis": true, "analysis": {"metrics": [{"name": "a"}]}})
	_texts([make.of(make.added(skipping), "web")], []) == set()
	_texts([], [make.of(make.unchanged(make.object_of("flagger.app/v1beta1", "Canary", "web", {"analysis": {"metrics": [{"name": "a"}]}})), "web")]) == set()
}
