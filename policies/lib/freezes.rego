# METADATA
# title: Freezes
# description: |
#   The windows in which the targets may not change, as evidence tells them. A window whose times
#   cannot be read is `strange`, never over.
# scope: package
package gate.lib.freezes

import data.gate.lib.targets
import data.gate.lib.times

# The calendars of each target whose evidence is there.
calendars := [{"target": target, "calendar": calendar} |
	some target in targets.judged
	value := _of(target)
	is_array(value)
	some calendar in value
	is_object(calendar)
]

# Each window with its beginning and end in nanoseconds; `until` is null where no end is known.
windows := [{"target": found.target, "window": window, "from": from, "until": until} |
	some found in calendars
	is_array(found.calendar.windows)
	some window in found.calendar.windows
	is_object(window)
	from := times.ns(window.from)
	until := _until(window)
	not _backwards(from, until)
]

# What cannot be read: whose it is, and what.
strange contains {"target": target, "what": "its freezes are no list of calendars"} if {
	some target in targets.judged
	value := _of(target)
	not _is_list(value)
}

strange contains {"target": found.target, "what": what} if {
	some found in calendars
	windows_ := object.get(found.calendar, "windows", null)
	not is_array(windows_)
	what := sprintf("the calendar %s has no list of windows", [source(found.calendar)])
}

strange contains {"target": found.target, "what": what} if {
	some found in calendars
	is_array(found.calendar.windows)
	some index, window in found.calendar.windows
	not _readable(window)
	what := sprintf("window %d of the calendar %s has no times that can be read", [
		index + 1,
		source(found.calendar),
	])
}

strange contains {"target": found.target, "what": what} if {
	some found in calendars
	until := times.ns(found.calendar.until)
	until <= times.now
	what := sprintf("the calendar %s was read up to %s only", [
		source(found.calendar),
		times.shown(found.calendar.until),
	])
}

_of(target) := object.get(evidence, "value", null) if {
	evidence := input.evidence.freeze[target.service][target.environment]
	evidence.status == "ok"
}

# Where one of several calendars does not answer, what the others say holds all the same.
_of(target) := evidence.value if {
	evidence := input.evidence.freeze[target.service][target.environment]
	evidence.status in {"unavailable", "skipped"}
	is_array(evidence.value)
}

_is_list(value) if {
	is_array(value)
	objects := [calendar | some calendar in value; is_object(calendar)]
	count(objects) == count(value)
}

_readable(window) if {
	is_object(window)
	from := times.ns(window.from)
	until := _until(window)
	not _backwards(from, until)
}

_until(window) := null if {
	object.get(window, "until", null) == null
} else := times.ns(window.until)

_backwards(from, until) if {
	is_number(until)
	until < from
}

# A calendar's name, for people.
source(calendar) := calendar.source if {
	is_string(calendar.source)
} else := "without a name"

name(window) := window.name if {
	is_string(window.name)
	window.name != ""
} else := "a freeze without a name"

# ` (reason; who)`, as much of it as is known.
why(window) := sprintf(" (%s)", [concat("; ", told)]) if {
	told := [text | some key_ in ["reason", "who"]; text := window[key_]; is_string(text); text != ""]
	count(told) > 0
} else := ""

# What identifies a window of a target in a finding.
key(found) := sprintf("%s in %v", [name(found.window), found.target.environment])
