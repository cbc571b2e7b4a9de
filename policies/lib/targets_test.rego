package gate.lib.targets_test

import data.gate.lib.standing_test as stands
import data.gate.lib.targets

_input := stands.judged("slo", [], {})

test_the_targets_are_judged if {
	[targets.shown(target) | some target in targets.judged] == ["checkout in production"] with input as _input
	targets.judged == [] with input as {}
	targets.judged == [] with input as {"targets": "text"}
}

test_a_rollback_is_not if {
	targets.judged == [] with input as stands.rollback(_input)
	targets.rollback with input as stands.rollback(_input)
	not targets.rollback with input as _input
	not targets.rollback with input as {"change": {}}
}

test_tiers if {
	targets.of_tier({"tier": 3}, [])
	targets.of_tier({"tier": 1}, [1, 2])
	not targets.of_tier({"tier": 3}, [1, 2])
}

test_a_tier_that_nobody_named_is_each_of_them if {
	targets.of_tier({"tier": null}, [1])
	targets.of_tier({}, [1])
}
