package gate.observability.alert_removed_test

import data.gate.observability.alert_removed as rule

_turned(resource, sides) := object.union(object.remove(resource, object.keys(sides)), sides)

_resource(path, old, new) := {
	"id": concat("/", ["file/File/_", path]),
	"path": path,
	"environments": ["default"],
	"old": old,
	"new": new,
	"patch": false,
}

_input(resources) := {"resources": resources, "unchanged": []}

_findings(resources) := found if {
	found := {[finding.message, finding.resource, finding.path] | some finding in rule.deny} with input as _input(resources)
}

_messages(resources) := {message | some [message, _, _] in _findings(resources)}

_alert(name) := {"alert": name, "expr": concat(" ", [name, "> 0"])}

_rules(rules) := {"groups": [{"name": "shop", "rules": rules}]}

test_a_removed_alert if {
	resource := _resource("alerts.yaml", _rules([_alert("A"), _alert("B")]), _rules([_alert("B")]))
	rule.deny == {{
		"message": "Alert A is removed.",
		"resource": "file/File/_/alerts.yaml",
		"path": ["groups", 0, "rules"],
		"key": "A",
	}} with input as _input([resource])
	rule.applies with input as _input([resource])
}

test_a_deleted_file if {
	_messages([_resource("alerts.yaml", _rules([_alert("A"), _alert("B")]), null)]) == {
		"Alert A is removed.",
		"Alert B is removed.",
	}
}

test_new_alerts_and_another_order if {
	old := _rules([_alert("A"), _alert("B")])
	new := {"groups": [{"name": "new", "rules": [_alert("C")]}, {"name": "shop", "rules": [_alert("B"), _alert("A")]}]}
	_findings([_resource("alerts.yaml", old, new)]) == set()
}

test_a_removed_recording_rule_is_no_alert if {
	resource := _resource("alerts.yaml", _rules([{"record": "a", "expr": "b"}]), _rules([]))
	_findings([resource]) == set()
	not rule.applies with input as _input([resource])
}

test_a_changed_alert_is_still_there if {
	_findings([_resource("alerts.yaml", _rules([_alert("A")]), _rules([object.union(_alert("A"), {"expr": "x"})]))]) == set()
}

test_a_move_is_no_removal if {
	gone := _resource("old.yaml", _rules([_alert("A")]), null)
	_findings([gone, _resource("new.yaml", null, {"kind": "PrometheusRule", "spec": _rules([_alert("A")])})]) == set()
}

test_a_copy_that_was_there_before_is_no_move if {
	copy := _resource("copy.yaml", _rules([_alert("A")]), _rules([object.union(_alert("A"), {"for": "5m"})]))
	_findings([_resource("old.yaml", _rules([_alert("A")]), null), copy]) == {[
		"Alert A loses 1 of its 2 rules.",
		"file/File/_/old.yaml",
		["groups", 0, "rules"],
	]}
}

test_another_name_for_the_same_measure if {
	old := _rules([_alert("A")])
	_findings([_resource("alerts.yaml", old, _rules([object.union(_alert("A"), {"alert": "B"})]))]) == set()
	_messages([_resource("alerts.yaml", old, _rules([_alert("B")]))]) == {"Alert A is removed."}
	_messages([_resource("alerts.yaml", _rules([{"alert": "A"}]), _rules([{"alert": "B"}]))]) == {"Alert A is removed."}
}

test_an_alert_that_measured_the_same_before_is_no_new_name if {
	both := _rules([_alert("A"), object.union(_alert("A"), {"alert": "B"})])
	one := _rules([object.union(_alert("A"), {"alert": "B"})])
	_messages([_resource("alerts.yaml", both, one)]) == {"Alert A is removed."}
}

test_one_of_two_severities if {
	old := _rules([object.union(_alert("A"), {"labels": {"severity": severity}}) | some severity in ["page", "ticket"]])
	new := _rules([object.union(_alert("A"), {"labels": {"severity": "page"}})])
	_messages([_resource("alerts.yaml", old, new)]) == {"Alert A loses 1 of its 2 rules."}
}

test_environments_are_counted_one_by_one if {
	both := _turned(_resource("base.yaml", _rules([_alert("A")]), null), {"environments": ["production", "staging"]})
	staging := _turned(_resource("staging.yaml", null, _rules([_alert("A")])), {"environments": ["staging"]})
	_messages([both, staging]) == {"Alert A is removed in production."}
	production := _turned(_resource("base.yaml", _rules([_alert("A")]), null), {"environments": ["production"]})
	renamed := _turned(_resource("staging.yaml", null, _rules([object.union(_alert("A"), {"alert": "B"})])), {"environments": ["staging"]})
	_messages([production, renamed]) == {"Alert A is removed in production."}
}

test_a_patch_need_not_hold_all if {
	_findings([_turned(_resource("patch.yaml", _rules([_alert("A")]), _rules([])), {"patch": true})]) == set()
}

_sloth(alerting) := {
	"version": "prometheus/v1",
	"slos": [{"name": "requests", "sli": {"raw": "q"}, "alerting": object.union({"name": "High"}, alerting)}],
}

test_a_disabled_page_of_sloth if {
	_findings([_resource("slo.yaml", _sloth({"page_alert": {}}), _sloth({"page_alert": {"disable": true}}))]) == {[
		"Alert High (page) is removed.",
		"file/File/_/slo.yaml",
		["slos", 0, "alerting", "page_alert"],
	]}
}

test_both_alerts_of_sloth if {
	off := {"page_alert": {"disable": true}, "ticket_alert": {"disable": true}}
	_messages([_resource("slo.yaml", _sloth({}), _sloth(off))]) == {"Alerts High (page), High (ticket) are removed."}
}
