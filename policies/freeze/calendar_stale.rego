# METADATA
# title: A calendar of freezes is out of date
# description: |
#   A calendar whose last window has passed says of every day that it is free, and so does one that
#   nobody has looked after. One finding for each calendar, whatever the targets.
# scope: package
# custom:
#   level: warn
#   requires:
#     - freeze
#   remediation: |
#     Enter the next freezes, or take the calendar out of the configuration. Where there is a date for
#     its review, look through it and set the next one.
#   standard: "Change Management: freezes"
package gate.freeze.calendar_stale

import data.gate.lib.freezes
import data.gate.lib.targets
import data.gate.lib.times

default applies := false

applies if count(targets.judged) > 0

deny contains _finding(found, fault) if {
	some found in freezes.calendars
	end := found.calendar.last_end
	times.ns(end) < times.now
	fault := sprintf("has no window after %s: nobody has entered the next ones", [times.shown(end)])
}

deny contains _finding(found, sprintf("was to be reviewed by %s", [times.shown(by)])) if {
	some found in freezes.calendars
	by := found.calendar.review_by
	times.ns(by) < times.now
}

deny contains _finding(found, sprintf("says nothing readable in `%s`", [key])) if {
	some found in freezes.calendars
	some key in ["last_end", "review_by"]
	told := object.get(found.calendar, key, null)
	told != null
	not times.ns(told)
}

_finding(found, fault) := {
	"message": sprintf("The calendar %s %s", [freezes.source(found.calendar), fault]),
	"key": sprintf("%s %s", [freezes.source(found.calendar), fault]),
}
