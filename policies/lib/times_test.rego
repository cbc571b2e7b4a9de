package gate.lib.times_test

import data.gate.lib.times

_read := {
	"1970-01-01T00:00:01Z": 1000000000,
	"1970-01-01T01:00:00.5+01:00": 500000000,
	"2024-02-29T00:00:00Z": 1709164800000000000,
	"2000-02-29T00:00:00Z": 951782400000000000,
	"2026-12-31T23:59:59Z": 1798761599000000000,
	"0001-01-01T00:00:00Z": 0,
	"1969-12-31T23:59:59Z": 0,
	"9999-12-31T23:59:59Z": 7258118400000000000,
	"2200-01-01T00:00:00Z": 7258118400000000000,
}

test_times_are_read if {
	every text, moment in _read {
		times.ns(text) == moment
	}
}

_no_times := [
	"", "soon", "2026-12-20", "2026-12-20T10:00:00", "2026-12-20 10:00:00Z", "2026-13-01T00:00:00Z",
	"2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
	"2100-02-29T00:00:00Z", "2026-12-20T24:00:00Z", "2026-12-20T10:60:00Z", "2026-12-20T10:00:00+24:00", "02026-12-20T10:00:00Z",
	"2026-12-20T10:00:00Z\n", 5, null, true, ["2026-12-20T10:00:00Z"], {},
]

test_what_is_no_time_is_undefined if {
	every value in _no_times {
		not times.ns(value)
	}
}

test_now_is_the_inputs if {
	times.now == 1000000000 with input as {"now": "1970-01-01T00:00:01Z"}
	not times.now with input as {"now": "later"}
}

test_seconds_until if {
	every at, seconds in {1000000000: 0, 1000000001: 1, 2000000000: 1, 2500000000: 2} {
		times.seconds_until(to_number(at)) == seconds with input as {"now": "1970-01-01T00:00:01Z"}
	}
	not times.seconds_until(5) with input as {"now": "1970-01-01T00:00:01Z"}
}

test_times_are_shown if {
	times.shown("2027-01-06T00:00:00Z") == "2027-01-06 00:00 UTC"
	times.shown("2027-01-06T00:00:59.5Z") == "2027-01-06 00:00 UTC"
	times.shown("2027-01-06T00:00:00+01:00") == "2027-01-06T00:00:00+01:00"
}

_lengths := {
	1: "1 min",
	60: "1 min",
	61: "2 min",
	7140: "119 min",
	7200: "2 h",
	7260: "2 h 1 min",
	9000: "2 h 30 min",
	10799: "3 h",
	172800: "48 h",
	176401: "50 h",
}

test_lengths_are_shown if {
	every seconds, text in _lengths {
		times.length(to_number(seconds)) == text
	}
}
