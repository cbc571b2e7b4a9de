package gate.lib.versions_test

import data.gate.lib.versions

_read := {
	"1.2.3": [1, 2, 3],
	"v1.2.3": [1, 2, 3],
	"15-alpine": [15],
	"8.0.1-debian-12-r3": [8, 0, 1],
	"1.2.3.4": [1, 2, 3],
	"22.04": [22, 4],
	"3.12_slim": [3, 12],
	"2.0.0-rc.1+build5": [2, 0, 0],
	"0.10.1": [0, 10, 1],
	"6.x": [6],
	"^1.2": [1, 2],
	"~0.4.0": [0, 4, 0],
}

test_versions_are_read if {
	every text, parts in _read {
		versions.numbers_of(text) == parts
	}
}

_no_versions := [
	"latest", "main", "", "20240101", "2024.1.2", "2024-01-01", "1234", "123-abcdef", "a1b2c3d",
	"7e3f2a1", "1234567", ">=1.0.0 <2", "*", "${TAG}", "{{ .Values.tag }}", "release-1.2", "sha-0123456",
	"1.2.3 ", "1111111111", "1,2", 5, 1.5, null, ["1.2.3"], {"a": "1.2.3"},
]

test_what_is_no_version_is_not_read if {
	every text in _no_versions {
		not versions.numbers_of(text)
	}
}

_steps := [
	["1.9.9", "2.0.0", "major"],
	["15-alpine", "16-alpine", "major"],
	["v9", "v10", "major"],
	["0.9.0", "0.10.0", "minor"],
	["0.9", "0.10.1", "minor"],
	["0.9.0", "1.0.0", "major"],
	["2.0.0", "1.9.9", "down"],
	["1.10.0", "1.9.0", "down"],
	["0.10.0", "0.9.5", "down"],
	["1.2.3", "1.2.2", "down"],
	["1.2.3", "1.1", "down"],
]

test_steps if {
	every each in _steps {
		versions.step(each[0], each[1]) == each[2]
	}
}

_no_steps := [
	["1.2.3", "1.2.3"], ["1.2.3", "1.3.0"], ["1.2", "1.2.9"], ["1.2.9", "1.2"], ["1", "1.0.0"],
	["0.9.0", "0.9.1"], ["0", "0.9"], ["latest", "2.0.0"], ["1.0.0", "latest"], ["2024.1.1", "2025.1.1"],
	["v1.2.3", "1.2.3"], ["1.2.3-rc1", "1.2.3"], [null, "1.0.0"],
]

test_no_step if {
	every each in _no_steps {
		not versions.step(each[0], each[1])
	}
}
