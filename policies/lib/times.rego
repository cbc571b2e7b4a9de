# METADATA
# title: Times
# description: |
#   Points in time as RFC 3339 writes them. What is no such time is undefined, and ends no
#   evaluation.
# scope: package
package gate.lib.times

# Nanoseconds since 1970. A time before 1970 counts as 1970, one from 2200 on as 2200: engines
# count no further than 2262.
ns(text) := moment if {
	is_string(text)
	regex.match(_pattern, text)
	to_number(regex.replace(text, `^\d{4}-\d\d-0?(\d+).*$`, "${1}")) <= _days(text)
	moment := _within(text)
}

_pattern := concat("", [
	`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]`,
	`(\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`,
])

_within(text) := 0 if {
	regex.match(`^(0|1[0-8]|19[0-6])`, text)
} else := 7258118400000000000 if {
	regex.match(`^(2[2-9]|[3-9])`, text)
} else := time.parse_rfc3339_ns(text)

_days(text) := 30 if {
	substring(text, 5, 2) in {"04", "06", "09", "11"}
} else := 31 if {
	substring(text, 5, 2) != "02"
} else := 29 if {
	_leap(to_number(regex.replace(substring(text, 0, 4), `^0{1,3}`, "")))
} else := 28

_leap(year) if {
	year % 4 == 0
	year % 100 != 0
}

_leap(year) if year % 400 == 0

# The time of the judgement.
now := ns(input.now)

# Whole seconds from now until a moment, a part of one counting as one.
seconds_until(moment) := (left + ((1000000000 - (left % 1000000000)) % 1000000000)) / 1000000000 if {
	left := moment - now
	left >= 0
}

# For people: `2027-01-06 00:00 UTC`; a time that is not in UTC stays as it is.
shown(text) := regex.replace(text, `^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(\.\d+)?Z$`, "${1} ${2} UTC")

# A length in seconds, for people: `2 h 30 min`.
length(seconds) := _length(max([1, ceil(seconds / 60)]))

_length(minutes) := sprintf("%d min", [minutes]) if {
	minutes < 120
} else := sprintf("%d h", [ceil(minutes / 60)]) if {
	minutes >= 2880
} else := sprintf("%d h", [minutes / 60]) if {
	minutes % 60 == 0
} else := sprintf("%d h %d min", [floor(minutes / 60), minutes % 60])
