# METADATA
# title: Durations
# description: |
#   Lengths of time as Argo Rollouts and Flagger write them: seconds (`600`, also as text), or
#   numbers with units (`1h30m`), as Go reads them. Less than a millisecond counts nothing.
# scope: package
package gate.lib.durations

# In whole seconds; undefined for what is none.
seconds(value) := ceil(value) if {
	is_number(value)
	value >= 0
	value <= 1000000000
}

seconds(value) := _whole(value) if {
	is_string(value)
	regex.match(`^[0-9]{1,9}$`, value)
}

seconds(value) := ceil(sum(parts) / 1000) if {
	is_string(value)
	regex.match(concat("", ["^(", _part, ")+$"]), value)
	parts := [part |
		some match in regex.find_all_string_submatch_n(_part, value, -1)
		unit := _milliseconds[match[3]]
		part := (_whole(match[1]) * unit) + floor((_thousandths(match[2]) * unit) / 1000)
	]
}

_part := `([0-9]{1,9})(?:\.([0-9]{1,9}))?(h|ms|m|s|us|µs|ns)`

_milliseconds := {"h": 3600000, "m": 60000, "s": 1000, "ms": 1, "us": 0, "µs": 0, "ns": 0}

_whole(digits) := to_number(regex.replace(digits, `^0+([0-9])`, "${1}"))

_thousandths(digits) := _whole(substring(concat("", [digits, "000"]), 0, 3))
