package gate.freeze.calendar_stale_test

import data.gate.freeze.calendar_stale as rule
import data.gate.lib.standing_test as stands

_input(parts) := stands.judged("freeze", [object.union(stands.calendar([]), parts)], {})

_messages(parts) := found if {
	found := {finding.message | some finding in rule.deny} with input as _input(parts)
}

test_all_windows_are_past if {
	rule.deny == {{
		"message": "The calendar freezes.yaml has no window after 2026-01-06 00:00 UTC: nobody has entered the next ones",
		"key": "freezes.yaml has no window after 2026-01-06 00:00 UTC: nobody has entered the next ones",
	}} with input as _input({"last_end": "2026-01-06T00:00:00Z"})
	rule.applies with input as _input({})
}

test_a_review_is_due if {
	_messages({"review_by": "2026-12-20T09:59:59Z"}) == {"The calendar freezes.yaml was to be reviewed by 2026-12-20 09:59 UTC"}
}

test_a_calendar_that_is_looked_after if {
	_messages({}) == set()
	_messages({"last_end": "2027-01-06T00:00:00Z", "review_by": "2026-12-20T10:00:00Z"}) == set()
}

test_what_cannot_be_read_is_said if {
	every value in ["later", 5, true, [], {}] {
		_messages({"last_end": value}) == {"The calendar freezes.yaml says nothing readable in `last_end`"}
		_messages({"review_by": value}) == {"The calendar freezes.yaml says nothing readable in `review_by`"}
	}
}

test_one_finding_for_all_targets if {
	told := _input({"last_end": "2026-01-06T00:00:00Z"})
	more := object.union(told, {
		"targets": [
			{"service": "checkout", "environment": "production", "tier": 1},
			{"service": "checkout", "environment": "staging", "tier": 1},
		],
		"evidence": {"freeze": {"checkout": {"staging": told.evidence.freeze.checkout.production}}},
	})
	count(rule.deny) == 1 with input as more
}

test_a_rollback_is_never_judged if {
	told := stands.rollback(_input({"last_end": "2026-01-06T00:00:00Z"}))
	rule.deny == set() with input as told
	not rule.applies with input as told
}
