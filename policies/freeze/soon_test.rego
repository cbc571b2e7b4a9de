package gate.freeze.soon_test

import data.gate.freeze.soon as rule
import data.gate.lib.objects_test as make
import data.gate.lib.standing_test as stands

_settings := {"minutes": 30, "minutes_if_unknown": 60}

_in_40_minutes := stands.window("Year-end", "2026-12-20T10:40:00Z", "2027-01-06T00:00:00Z")

_input(windows, resources) := object.union(
	stands.judged("freeze", [stands.calendar(windows)], {"freeze.soon": _settings}),
	{"resources": resources},
)

_rollout(steps) := make.of(make.added(make.rollout("web", {"strategy": {"canary": {"steps": steps}}})), "checkout")

_messages(told) := found if {
	found := {finding.message | some finding in rule.deny} with input as told
}

test_a_rollout_that_is_too_long if {
	rule.deny == {{
		"message": "checkout in production: the freeze \"Year-end\" (quiet days; release team) begins in 40 min, at 2026-12-20 10:40 UTC, and rolling out takes 50 min (Rollout web)",
		"service": "checkout",
		"key": "Year-end in production",
		"unblock": {"at": "2027-01-06T00:00:00Z", "how": "The freeze is over."},
	}} with input as _input([_in_40_minutes], [_rollout([{"pause": {"duration": "50m"}}])])
	rule.applies with input as _input([], [])
}

test_a_rollout_that_is_short_enough if {
	_messages(_input([_in_40_minutes], [_rollout([{"pause": {"duration": "40m"}}])])) == set()
	_messages(_input([_in_40_minutes], [])) == set()
}

test_a_rollout_takes_as_long_as_the_settings_say if {
	window := stands.window("Stop", "2026-12-20T10:29:59Z", null)
	every resources in [[], [_rollout([{"pause": {"duration": "5m"}}])]] {
		_messages(_input([window], resources)) == {"checkout in production: the freeze \"Stop\" (quiet days; release team) begins in 30 min, at 2026-12-20 10:29 UTC, and rolling out takes 30 min or so"}
	}
	_messages(_input([stands.window("Stop", "2026-12-20T10:30:00Z", null)], [])) == set()
}

test_a_freeze_without_an_end if {
	some finding in rule.deny with input as _input([stands.window("Stop", "2026-12-20T10:20:00Z", null)], [])
	finding.unblock == {"how": "The freeze is over once somebody ends it."}
}

test_a_rollout_that_waits_for_a_person if {
	some message in _messages(_input([_in_40_minutes], [_rollout([{"pause": {}}])]))
	contains(message, "rolling out takes 60 min (Rollout web, which waits for a person or for what cannot be seen)")
}

test_the_longest_rollout_counts if {
	other := make.of(make.added(make.rollout("other", {"strategy": {"canary": {"steps": [{"pause": {"duration": "2h"}}]}}})), "checkout")
	some message in _messages(_input([_in_40_minutes], [_rollout([{"pause": {"duration": "1h"}}]), other]))
	contains(message, "rolling out takes 2 h (Rollout other)")
}

test_a_freeze_that_is_on_is_not_soon if {
	_messages(_input([stands.window("On", "2026-12-20T10:00:00Z", null)], [])) == set()
	_messages(_input([stands.window("On", "2026-12-19T10:00:00Z", null)], [])) == set()
}

test_a_rollback_is_never_judged if {
	told := stands.rollback(_input([stands.window("Stop", "2026-12-20T10:20:00Z", null)], []))
	_messages(told) == set()
	not rule.applies with input as told
}
