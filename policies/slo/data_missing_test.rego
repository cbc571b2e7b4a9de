package gate.slo.data_missing_test

import data.gate.lib.standing_test as stands
import data.gate.slo.data_missing as rule

_settings := {"tiers": [], "exempt": ["incident", "security"]}

_set(slos, settings) := stands.judged("slo", slos, {"slo.data_missing": object.union(_settings, settings)})

_input(slos) := _set(slos, {})

_silent := stands.slo({"remaining": null, "state": "insufficient_data", "reason": "no traffic within 30d"})

_denies(told) := found if {
	found := {finding.message | some finding in rule.deny} with input as told
}

_warns(told) := found if {
	found := {finding.message | some finding in rule.warn} with input as told
}

_said := "checkout in production: the error budget of availability cannot be judged: no traffic within 30d"

test_insufficient_data if {
	rule.deny == {{
		"message": _said,
		"service": "checkout",
		"key": "availability in production",
		"unblock": {"how": "It is measured again."},
	}} with input as _input([_silent])
	_warns(_input([_silent])) == set()
	rule.applies with input as _input([])
}

test_a_number_does_not_heal_it if {
	_denies(_input([object.union(_silent, {"remaining": 0.9})])) == {_said}
}

test_data_that_is_there if {
	_denies(_input([stands.slo({}), stands.slo({"remaining": -3}), stands.slo({"remaining": 0})])) == set()
	_denies(_input([])) == set()
}

test_an_slo_without_a_number_is_not_calm if {
	every remaining in [null, true, "0.5", [], {}] {
		_denies(_input([stands.slo({"remaining": remaining})])) == {"checkout in production: the error budget of availability cannot be judged: there is no number for what remains"}
	}
	_denies(_input([{}])) == {"checkout in production: the error budget of SLO 1 cannot be judged: there is no number for what remains"}
}

test_percent_are_no_share if {
	_denies(_input([stands.slo({"remaining": 45})])) == {"checkout in production: the error budget of availability cannot be judged: remaining is 45, more than all of it (0.45 is 45 %)"}
}

test_a_reason_that_is_missing if {
	every reason in [null, "", 5] {
		_denies(_input([object.union(_silent, {"reason": reason})])) == {"checkout in production: the error budget of availability cannot be judged: its source gives no reason"}
	}
}

test_what_is_no_slo if {
	every slo in [null, true, 5, "text", []] {
		_denies(_input([stands.slo({}), slo])) == {"checkout in production: SLO 2 cannot be judged: it is no object"}
	}
}

test_what_is_no_list_of_slos if {
	every value in [null, true, 5, "text", {}] {
		_denies(_input(value)) == {"checkout in production: the evidence holds no list of SLOs"}
	}
	_denies(stands.unavailable(_input(null))) == set()
}

test_tiers if {
	every value in [[_silent], [null], null] {
		count(_denies(_set(value, {"tiers": [1]}))) == 1
		_denies(_set(value, {"tiers": [2]})) == set()
		count(_denies(stands.of_tier(_set(value, {"tiers": [2]}), null))) == 1
	}
}

test_a_rollback_is_never_judged if {
	every value in [[_silent], [null], null] {
		_denies(stands.rollback(_input(value))) == set()
	}
	not rule.applies with input as stands.rollback(_input([]))
}

test_an_exemption if {
	claimed := stands.claimed(_input([_silent]), "incident")
	count(_denies(claimed)) == 1
	approved := stands.approved(claimed, "eve")
	_denies(approved) == set()
	_warns(approved) == {concat("", [_said, "; exempt as incident, approved by eve"])}
}
