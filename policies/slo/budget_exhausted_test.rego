package gate.slo.budget_exhausted_test

import data.gate.lib.standing_test as stands
import data.gate.slo.budget_exhausted as rule

_settings := {"remaining": 0, "tiers": [], "exempt": ["incident", "security"]}

_set(slos, settings) := stands.judged("slo", slos, {"slo.budget_exhausted": object.union(_settings, settings)})

_input(slos) := _set(slos, {})

_spent := stands.slo({"remaining": -0.12, "state": "exhausted"})

_said := "checkout in production: -12 % of the error budget of availability is left (objective 99.9 % over 30d)"

_denies(told) := found if {
	found := {finding.message | some finding in rule.deny} with input as told
}

_warns(told) := found if {
	found := {finding.message | some finding in rule.warn} with input as told
}

test_a_spent_budget if {
	rule.deny == {{
		"message": _said,
		"service": "checkout",
		"key": "availability in production",
		"unblock": {"how": "The budget recovers as errors leave its window of 30d."},
	}} with input as _input([_spent])
	_warns(_input([_spent])) == set()
	rule.applies with input as _input([])
}

test_nothing_left_is_spent if {
	every remaining in [0, -0.001, -30] {
		count(_denies(_input([stands.slo({"remaining": remaining})]))) == 1
	}
}

test_something_left_is_not if {
	every remaining in [0.001, 0.5, 1] {
		_denies(_input([stands.slo({"remaining": remaining})])) == set()
	}
}

test_each_slo_counts if {
	count(_denies(_input([_spent, stands.slo({"name": "latency"}), stands.slo({"name": "freshness", "remaining": 0})]))) == 2
}

test_another_limit if {
	count(_denies(_set([stands.slo({"remaining": 0.1})], {"remaining": 0.1}))) == 1
	_denies(_set([_spent], {"remaining": -0.5})) == set()
}

test_tiers if {
	count(_denies(_set([_spent], {"tiers": [1]}))) == 1
	_denies(_set([_spent], {"tiers": [2, 3]})) == set()
	count(_denies(stands.of_tier(_set([_spent], {"tiers": [2]}), null))) == 1
}

test_a_rollback_is_never_judged if {
	told := stands.rollback(_input([_spent]))
	_denies(told) == set()
	not rule.applies with input as told
}

test_an_exemption if {
	claimed := stands.claimed(_input([_spent]), "incident INC-42")
	_denies(claimed) == {concat("", [_said, "; claimed as incident (INC-42): holds once another person approves (nobody was asked)"])}
	_warns(claimed) == set()
	approved := stands.approved(claimed, "eve")
	_denies(approved) == set()
	_warns(approved) == {concat("", [_said, "; exempt as incident (INC-42), approved by eve"])}
	count(_denies(stands.approved(stands.claimed(_set([_spent], {"exempt": ["security"]}), "incident"), "eve"))) == 1
}

test_what_is_not_known_is_not_spent if {
	_denies(stands.unavailable(_input([_spent]))) == set()
	_denies(_input([object.union(_spent, {"state": "insufficient_data"})])) == set()
	every value in stands.damage {
		_denies(_input(value)) == set()
		_denies(_input([stands.slo({"remaining": value})])) == set()
	}
}

test_an_old_input_has_no_rollback_and_no_approvals if {
	told := object.remove(_input([_spent]), ["change"])
	_denies(told) == {_said}
	_denies(object.union(told, {"change": {"labels": [], "commits": []}})) == {_said}
}
