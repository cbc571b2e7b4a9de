package gate.slo.missing_test

import data.gate.lib.standing_test as stands
import data.gate.slo.missing as rule

_input(slos) := stands.judged("slo", slos, {"slo.missing": {"tiers": [1]}})

test_no_slo if {
	rule.deny == {{
		"message": "checkout in production is of tier 1 and has no SLO",
		"service": "checkout",
		"key": "no SLO in production",
		"unblock": {"how": "An SLO is defined for it and measured, or its tier is corrected."},
	}} with input as _input([])
	rule.applies with input as _input([])
}

test_an_slo if {
	rule.deny == set() with input as _input([stands.slo({})])
	rule.deny == set() with input as _input([stands.slo({"state": "insufficient_data"})])
}

test_only_the_tiers_that_are_asked if {
	every tier in [2, null] {
		rule.deny == set() with input as stands.of_tier(_input([]), tier)
		not rule.applies with input as stands.of_tier(_input([]), tier)
	}
}

test_evidence_that_is_not_there_is_no_empty_list if {
	rule.deny == set() with input as stands.unavailable(_input([]))
	rule.deny == set() with input as _input(null)
}

test_a_rollback_is_never_judged if {
	rule.deny == set() with input as stands.rollback(_input([]))
	not rule.applies with input as stands.rollback(_input([]))
}
