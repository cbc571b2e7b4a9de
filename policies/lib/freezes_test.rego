package gate.lib.freezes_test

import data.gate.lib.freezes
import data.gate.lib.standing_test as stands

_window := stands.window("Year-end", "2026-12-18T00:00:00Z", "2027-01-06T00:00:00Z")

_judged(value) := stands.judged("freeze", value, {})

_strange(value) := found if {
	found := {told.what | some told in freezes.strange} with input as _judged(value)
}

_windows(value) := keys if {
	keys := [freezes.key(found) | some found in freezes.windows] with input as _judged(value)
}

test_windows_are_found if {
	open := stands.window("Stop", "2026-12-20T00:00:00Z", null)
	_windows([stands.calendar([_window, open]), stands.calendar([])]) == ["Year-end in production", "Stop in production"]
	_strange([stands.calendar([_window, open])]) == set()
	_strange([]) == set()
}

test_a_window_without_an_end_is_open if {
	ends := [found.until | some found in freezes.windows] with input as _judged([stands.calendar([object.remove(_window, ["until"])])])
	ends == [null]
}

_damaged := array.concat(stands.damage, [
	object.remove(_window, ["from"]),
	object.union(_window, {"from": null}),
	object.union(_window, {"from": "soon"}),
	object.union(_window, {"until": "later"}),
	object.union(_window, {"until": 5}),
	object.union(_window, {"until": "2026-12-17T00:00:00Z"}),
])

test_a_window_that_cannot_be_read_is_strange if {
	every window in _damaged {
		_strange([stands.calendar([_window, window])]) == {"window 2 of the calendar freezes.yaml has no times that can be read"}
		_windows([stands.calendar([window])]) == []
	}
}

test_a_calendar_that_cannot_be_read_is_strange if {
	every windows in [null, true, 5, "text", {}] {
		_strange([object.union(stands.calendar([]), {"windows": windows})]) == {"the calendar freezes.yaml has no list of windows"}
	}
	_strange([{}]) == {"the calendar without a name has no list of windows"}
	every value in [null, true, 5, "text", {}, [null], ["text"], [5, stands.calendar([])]] {
		_strange(value) == {"its freezes are no list of calendars"}
	}
}

test_a_calendar_that_was_not_read_so_far_is_strange if {
	old := object.union(stands.calendar([]), {"until": "2026-12-20T10:00:00Z"})
	_strange([old]) == {"the calendar freezes.yaml was read up to 2026-12-20 10:00 UTC only"}
	_strange([object.remove(old, ["until"])]) == set()
}

test_evidence_that_is_not_there_is_not_strange if {
	told := stands.unavailable(_judged([stands.calendar([_window])]))
	freezes.strange == set() with input as told
	freezes.windows == [] with input as told
	freezes.strange == set() with input as stands.rollback(_judged(null))
}

test_what_is_known_holds_where_another_calendar_is_not_there if {
	every status in ["unavailable", "skipped"] {
		told := {"checkout": {"production": {"status": status, "value": [stands.calendar([_window])], "reason": "refused"}}}
		known := object.union(_judged([]), {"evidence": {"freeze": told}})
		[freezes.key(found) | some found in freezes.windows] == ["Year-end in production"] with input as known
	}
	old := {"checkout": {"production": {"status": "stale", "value": [stands.calendar([_window])], "reason": "old"}}}
	freezes.windows == [] with input as object.union(_judged([]), {"evidence": {"freeze": old}})
}

test_names_and_reasons if {
	freezes.name(_window) == "Year-end"
	freezes.name({"name": ""}) == "a freeze without a name"
	freezes.name({}) == "a freeze without a name"
	freezes.why(_window) == " (quiet days; release team)"
	freezes.why({"reason": "quiet days", "who": null}) == " (quiet days)"
	freezes.why({"reason": ""}) == ""
}
