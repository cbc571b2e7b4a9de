package gate.slo.budget_low_test

import data.gate.lib.standing_test as stands
import data.gate.slo.budget_low as rule

_set(slos, settings) := stands.judged("slo", slos, {"slo.budget_low": object.union({"remaining": 0.2, "tiers": []}, settings)})

_messages(told) := found if {
	found := {finding.message | some finding in rule.deny} with input as told
}

_left(remaining) := stands.slo({"remaining": remaining})

test_little_is_left if {
	rule.deny == {{
		"message": "checkout in production: only 12.5 % of the error budget of availability is left (objective 99.9 % over 30d)",
		"service": "checkout",
		"key": "availability in production",
		"unblock": {"how": "The budget recovers as errors leave its window of 30d."},
	}} with input as _set([_left(0.125)], {})
	rule.applies with input as _set([], {})
}

test_when_it_is_gone_is_told if {
	slo := object.union(_left(0.125), {"exhausted_at": "2026-12-21T04:00:00Z"})
	some message in _messages(_set([slo], {}))
	endswith(message, " (objective 99.9 % over 30d); at this rate it is gone at 2026-12-21 04:00 UTC")
}

test_enough_or_nothing_is_left if {
	every remaining in [0.2, 0.5, 1, 0, -0.1] {
		_messages(_set([_left(remaining)], {})) == set()
	}
}

test_settings if {
	count(_messages(_set([_left(0.25)], {"remaining": 0.5}))) == 1
	count(_messages(_set([_left(0.125)], {"tiers": [1]}))) == 1
	_messages(_set([_left(0.125)], {"tiers": [2]})) == set()
}

test_a_rollback_is_never_judged if {
	told := stands.rollback(_set([_left(0.125)], {}))
	_messages(told) == set()
	not rule.applies with input as told
}
