package gate.lib.durations_test

import data.gate.lib.durations

_read := [
	[0, 0], [600, 600], ["600", 600], ["0600", 600], ["0", 0], ["10m", 600], ["1h30m", 5400], ["1.5h", 5400],
	["90s", 90], ["500ms", 1], ["1.25s", 2], ["0.1h", 360], ["1h0m05s", 3605], ["100us", 0], ["100ns", 0], ["00.5m", 30],
]

test_durations_are_read if {
	every each in _read {
		durations.seconds(each[0]) == each[1]
	}
}

test_what_is_no_duration_is_undefined if {
	every value in ["", "soon", "1d", "-5", "5 m", "m", "1h30", "{{args.pause}}", "1234567890", -1, 2000000000, null, true, [], {}, ["1h"]] {
		not durations.seconds(value)
	}
}
