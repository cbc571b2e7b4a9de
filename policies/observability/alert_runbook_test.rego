package gate.observability.alert_runbook_test

import data.gate.observability.alert_runbook as rule

_resource(new) := {"id": "file/File/_/alerts.yaml", "old": null, "new": new, "patch": false}

_input(new) := {
	"resources": [_resource(new)],
	"settings": {"observability.alert_runbook": {"annotations": ["runbook_url", "runbook"]}},
}

_rules(annotations) := {"groups": [{"name": "shop", "rules": [
	{"record": "a", "expr": "b"},
	{"alert": "Errors", "expr": "a > 1", "annotations": annotations},
]}]}

test_an_alert_without_a_runbook if {
	every annotations in [null, {}, {"summary": "s"}, {"runbook_url": ""}, {"runbook_url": " "}, {"runbook_url": 5}] {
		rule.deny == {{
			"message": "Alert Errors has no runbook: runbook_url or runbook is not set.",
			"resource": "file/File/_/alerts.yaml",
			"path": ["groups", 0, "rules", 1],
			"key": "Errors",
		}} with input as _input(_rules(annotations))
	}
	rule.applies with input as _input(_rules({}))
}

test_an_alert_with_a_runbook if {
	every name in ["runbook_url", "runbook"] {
		count(rule.deny) == 0 with input as _input(_rules({name: "https://r"}))
	}
}

test_no_alert if {
	every new in [null, {"groups": [{"rules": [{"record": "a", "expr": "b"}]}]}] {
		count(rule.deny) == 0 with input as _input(new)
		not rule.applies with input as _input(new)
	}
}

test_a_patch_is_not_judged_by_what_it_leaves_out if {
	given := _input(_rules({}))
	patch := object.union(object.remove(given, ["resources"]), {"resources": [object.union(_resource(_rules({})), {"patch": true})]})
	count(rule.deny) == 0 with input as patch
}

test_the_alerts_of_one_slo_are_told_together if {
	given := _input({"version": "prometheus/v1", "slos": [{"name": "requests", "alerting": {"name": "High"}}]})
	{finding.message | some finding in rule.deny} == {"Alerts High (page), High (ticket) have no runbook: runbook_url or runbook is not set."} with input as given
}
