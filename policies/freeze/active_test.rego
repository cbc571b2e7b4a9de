package gate.freeze.active_test

import data.gate.freeze.active as rule
import data.gate.lib.standing_test as stands

_input(value) := stands.judged("freeze", value, {"freeze.active": {"exempt": ["incident", "security"]}})

_year_end := stands.window("Year-end", "2026-12-18T00:00:00Z", "2027-01-06T00:00:00Z")

_frozen := _input([stands.calendar([_year_end])])

_said := "checkout in production is frozen by \"Year-end\" until 2027-01-06 00:00 UTC (quiet days; release team)"

_denies(told) := found if {
	found := {finding.message | some finding in rule.deny} with input as told
}

_warns(told) := found if {
	found := {finding.message | some finding in rule.warn} with input as told
}

test_a_freeze if {
	rule.deny == {{
		"message": _said,
		"service": "checkout",
		"key": "Year-end in production",
		"unblock": {
			"at": "2027-01-06T00:00:00Z",
			"how": "The freeze ends.",
		},
	}} with input as _frozen
	_warns(_frozen) == set()
	rule.applies with input as _frozen
}

test_a_freeze_begins_and_ends_on_the_second if {
	every moment in ["2026-12-18T00:00:00Z", "2027-01-05T23:59:59Z"] {
		count(_denies(object.union(_frozen, {"now": moment}))) == 1
	}
	every moment in ["2026-12-17T23:59:59Z", "2027-01-06T00:00:00Z"] {
		_denies(object.union(_frozen, {"now": moment})) == set()
	}
}

test_a_freeze_without_an_end if {
	rule.deny == {{
		"message": "checkout in production is frozen by \"Stop\" until somebody ends it",
		"service": "checkout",
		"key": "Stop in production",
		"unblock": {"how": "Somebody ends the freeze."},
	}} with input as _input([stands.calendar([{"name": "Stop", "from": "2026-12-20T10:00:00Z", "until": null}])])
}

test_another_zone if {
	window := stands.window("Zone", "2026-12-20T11:00:00+01:00", "2026-12-20T12:00:01+02:00")
	count(_denies(_input([stands.calendar([window])]))) == 1
}

test_overlapping_freezes if {
	other := stands.window("Audit", "2026-12-20T00:00:00Z", "2026-12-21T00:00:00Z")
	count(_denies(_input([stands.calendar([_year_end, other]), stands.calendar([_year_end])]))) == 2
}

test_no_freeze if {
	later := stands.window("Later", "2026-12-24T00:00:00Z", "2026-12-27T00:00:00Z")
	_denies(_input([stands.calendar([later])])) == set()
	_denies(_input([stands.calendar([])])) == set()
	_denies(_input([])) == set()
	_denies(stands.unavailable(_frozen)) == set()
}

test_what_cannot_be_read_counts_as_a_freeze if {
	rule.deny == {{
		"message": "checkout in production counts as frozen: window 1 of the calendar freezes.yaml has no times that can be read",
		"service": "checkout",
		"key": "unreadable in production",
		"unblock": {"how": "The calendar can be read again."},
	}} with input as _input([stands.calendar([{"name": "Broken", "from": "soon", "until": null}])])
	every value in stands.damage {
		count(_denies(_input(value))) == count([1 | value != []])
	}
}

test_a_rollback_is_never_judged if {
	every told in [_frozen, _input(null)] {
		_denies(stands.rollback(told)) == set()
		not rule.applies with input as stands.rollback(told)
	}
}

test_an_exemption if {
	claimed := stands.claimed(_frozen, "incident INC-42")
	_denies(claimed) == {concat("", [_said, "; claimed as incident (INC-42): holds once another person approves (nobody was asked)"])}
	approved := stands.approved(claimed, "eve")
	_denies(approved) == set()
	_warns(approved) == {concat("", [_said, "; exempt as incident (INC-42), approved by eve"])}
	count(_warns(stands.approved(stands.claimed(_input(null), "security"), "eve"))) == 1
}
