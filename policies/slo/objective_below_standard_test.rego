package gate.slo.objective_below_standard_test

import data.gate.lib.standing_test as stands
import data.gate.slo.objective_below_standard as rule

_set(slos, settings) := stands.judged(
	"slo",
	slos,
	{"slo.objective_below_standard": object.union({"objective": 0.99, "tiers": [1]}, settings)},
)

_messages(told) := found if {
	found := {finding.message | some finding in rule.deny} with input as told
}

_promises(objective) := stands.slo({"objective": objective})

test_a_low_objective if {
	rule.deny == {{
		"message": "checkout in production: the objective of availability is 95 %, and a service of tier 1 needs 99 %",
		"service": "checkout",
		"key": "availability in production",
		"unblock": {"how": "The objective is raised where it is defined, on the branch that the change goes into."},
	}} with input as _set([_promises(0.95)], {})
	rule.applies with input as _set([], {})
}

test_an_objective_of_the_standard_or_better if {
	_messages(_set([_promises(0.99), _promises(0.999), _promises(1)], {})) == set()
}

test_settings if {
	count(_messages(_set([_promises(0.99)], {"objective": 0.999}))) == 1
	_messages(_set([_promises(0.95)], {"tiers": [2]})) == set()
}

test_only_the_tiers_that_are_asked if {
	every tier in [2, null] {
		told := stands.of_tier(_set([_promises(0.95)], {}), tier)
		_messages(told) == set()
		not rule.applies with input as told
	}
}

test_an_objective_that_is_not_known if {
	every objective in [null, "0.999", 99.9, 0] {
		_messages(_set([_promises(objective)], {})) == {"checkout in production: the objective of availability is not known"}
	}
	_messages(_set([{}], {})) == {"checkout in production: the objective of SLO 1 is not known"}
	_messages(_set([stands.slo({"objective": null, "state": "insufficient_data"})], {})) == set()
	_messages(_set([stands.slo({"objective": 0.9, "state": "insufficient_data"})], {})) != set()
}

test_a_rollback_is_never_judged if {
	told := stands.rollback(_set([_promises(0.95)], {}))
	_messages(told) == set()
	not rule.applies with input as told
}
