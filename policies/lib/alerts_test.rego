package gate.lib.alerts_test

import data.gate.lib.alerts

_groups := [{
	"name": "shop",
	"rules": [
		{"record": "job:errors", "expr": "sum(errors)"},
		{"alert": "Errors", "expr": "errors > 1", "annotations": {"runbook_url": "https://r"}},
	],
}]

_errors(path) := {
	"key": "Errors",
	"title": "Errors",
	"measures": "errors > 1",
	"path": path,
	"annotations": {"runbook_url": "https://r"},
}

test_rule_files if {
	alerts.found_in({"groups": _groups}) == {_errors(["groups", 0, "rules", 1])}
}

test_rule_resources if {
	alerts.found_in({"kind": "PrometheusRule", "spec": {"groups": _groups}}) == {_errors(["spec", "groups", 0, "rules", 1])}
}

test_rules_in_helm_values if {
	source := {"helm": {"valuesObject": {"serverFiles": {"alerting_rules.yml": {"groups": _groups}}}}}
	count(alerts.found_in({"kind": "Application", "spec": {"source": source}})) == 1
	at := ["spec", "values", "kube-prometheus-stack", "additionalPrometheusRulesMap", "shop"]
	release := {"kind": "HelmRelease", "spec": {"values": {"kube-prometheus-stack": {"additionalPrometheusRulesMap": {"shop": {"groups": _groups}}}}}}
	alerts.found_in(release) == {_errors(array.concat(at, ["groups", 0, "rules", 1]))}
	values := {"additionalPrometheusRules": [{"name": "shop", "groups": _groups}]}
	alerts.found_in(values) == {_errors(["additionalPrometheusRules", 0, "groups", 0, "rules", 1])}
	files := {"serverFiles": {"alerting_rules.yml": {"groups": _groups}}}
	alerts.found_in(files) == {_errors(["serverFiles", "alerting_rules.yml", "groups", 0, "rules", 1])}
}

_slo(alerting) := {"name": "requests", "sli": {"raw": "q"}, "alerting": alerting}

_level(alerting) := {"version": "prometheus/v1", "slos": [_slo(alerting)]}

test_sloth_makes_a_page_and_a_ticket if {
	found := alerts.found_in(_level({
		"name": "HighErrors",
		"annotations": {"summary": "s"},
		"page_alert": {"annotations": {"runbook_url": "https://r"}},
	}))
	found == {
		{
			"key": "HighErrors",
			"title": "HighErrors (page)",
			"measures": {"page": {"raw": "q"}},
			"path": ["slos", 0, "alerting", "page_alert"],
			"annotations": {"summary": "s", "runbook_url": "https://r"},
		},
		{
			"key": "HighErrors",
			"title": "HighErrors (ticket)",
			"measures": {"ticket": {"raw": "q"}},
			"path": ["slos", 0, "alerting"],
			"annotations": {"summary": "s"},
		},
	}
}

test_sloth_alerts_that_are_disabled_are_none if {
	found := alerts.found_in({
		"apiVersion": "sloth.slok.dev/v1",
		"kind": "PrometheusServiceLevel",
		"spec": {"slos": [_slo({"pageAlert": {"disable": true}})]},
	})
	{[alert.title, alert.path] | some alert in found} == {["requests (ticket)", ["spec", "slos", 0, "alerting"]]}
}

test_sloth_alerts_without_any_name if {
	found := alerts.found_in({"version": "prometheus/v1", "slos": [{"alerting": "text"}]})
	{alert.title | some alert in found} == {"unnamed (page)", "unnamed (ticket)"}
}

_pyrra(alerting) := {
	"apiVersion": "pyrra.dev/v1alpha1",
	"kind": "ServiceLevelObjective",
	"metadata": {"name": "errors", "annotations": {"pyrra.dev/runbook_url": "https://r", "other": "x"}},
	"spec": {"indicator": {"ratio": {}}, "alerting": alerting},
}

test_pyrra_makes_two_alerts if {
	found := alerts.found_in(_pyrra({"name": "Burn"}))
	{alert.title | some alert in found} == {"Burn of errors", "SLOMetricAbsent of errors"}
	{alert.annotations | some alert in found} == {{"runbook_url": "https://r"}}
	{alert.path | some alert in found} == {["spec", "alerting"]}
}

test_pyrra_alerts_can_be_switched_off if {
	alerts.found_in(_pyrra({"disabled": true})) == set()
	{alert.title | some alert in alerts.found_in(_pyrra({"burnrates": false}))} == {"SLOMetricAbsent of errors"}
}

_others := [
	null, "text", 5, [], {}, {"groups": "text"}, {"groups": ["text"]}, {"groups": [{"rules": "text"}]},
	{"groups": [{"rules": ["text", {"alert": 5}]}]}, {"spec": "text"}, {"spec": {"values": []}},
	{"additionalPrometheusRules": ["text"]}, {"serverFiles": "text"},
	{"version": "prometheus/v1", "slos": "text"},
	{"kind": "ServiceLevelObjective", "apiVersion": 5},
]

test_anything_else_holds_none if {
	every manifest in _others {
		alerts.found_in(manifest) == set()
	}
}
