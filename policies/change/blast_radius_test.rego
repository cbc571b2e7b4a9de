package gate.change.blast_radius_test

import data.gate.change.blast_radius as rule

_input(services, environments) := {
	"change": {"kind": "range"},
	"targets": [{"service": service, "environment": environment, "tier": null} |
		some service in services
		some environment in environments
	],
	"settings": {"change.blast_radius": {"max_targets": 4}},
}

test_too_many_targets if {
	rule.deny == {{"key": "targets", "message": "The change reaches 6 targets (3 services in 2 environments), more than 4."}} with input as _input(["a", "b", "c"], ["staging", "production"])
	rule.applies with input as _input(["a", "b", "c"], ["staging", "production"])
}

test_one_environment_is_said_as_one if {
	some finding in rule.deny with input as _input(["a", "b", "c", "d", "e"], ["default"])
	finding.message == "The change reaches 5 targets (5 services in 1 environment), more than 4."
}

test_as_many_as_allowed if {
	count(rule.deny) == 0 with input as _input(["a", "b"], ["staging", "production"])
}

test_a_target_counts_once if {
	count(rule.deny) == 0 with input as _input(["a", "a", "a", "a", "a"], ["default"])
}

test_no_target if {
	count(rule.deny) == 0 with input as _input([], [])
	not rule.applies with input as _input([], [])
}

test_a_tree_is_no_change if {
	tree := object.union(_input(["a", "b", "c"], ["staging", "production"]), {"change": {"kind": "tree"}})
	count(rule.deny) == 0 with input as tree
	not rule.applies with input as tree
}
