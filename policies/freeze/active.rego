# METADATA
# title: The target is frozen
# description: |
#   A freeze is announced so that people can rely on it. Judges each window of each target at the
#   time of the judgement; a window or a calendar that cannot be read counts as a freeze. A rollback
#   is never judged.
# scope: package
# custom:
#   level: deny
#   requires:
#     - freeze
#   remediation: |
#     Wait for the end of the freeze (`gate when`), or ask those who called it. A rollback passes; a
#     fix for an incident, or for security, does once another person approves it (`Gate-Exempt:
#     incident INC-42` in a commit, or a label `gate-exempt: incident`).
#   standard: "Change Management: freezes"
#   settings:
#     exempt:
#       - incident
#       - security
package gate.freeze.active

import data.gate.lib.exemptions
import data.gate.lib.freezes
import data.gate.lib.targets
import data.gate.lib.times

_settings := input.settings["freeze.active"]

_exemption := exemptions.of(_settings.exempt)

default applies := false

applies if count(targets.judged) > 0

deny contains finding if {
	not _exemption.held
	some finding in _frozen
}

warn contains finding if {
	_exemption.held
	some finding in _frozen
}

_frozen contains finding if {
	some found in freezes.windows
	found.from <= times.now
	_lasts(found.until)
	finding := object.union(_about(found.target, freezes.key(found)), {
		"message": sprintf("%s is frozen by \"%s\" %s%s%s", [
			targets.shown(found.target),
			freezes.name(found.window),
			_until(found),
			freezes.why(found.window),
			_exemption.note,
		]),
		"unblock": _unblock(found),
	})
}

_frozen contains finding if {
	some told in freezes.strange
	finding := object.union(_about(told.target, sprintf("unreadable in %v", [told.target.environment])), {
		"message": sprintf("%s counts as frozen: %s%s", [
			targets.shown(told.target),
			told.what,
			_exemption.note,
		]),
		"unblock": {"how": "The calendar can be read again."},
	})
}

_about(target, key) := {"service": target.service, "key": key}

_lasts(until) if until == null

_lasts(until) if {
	is_number(until)
	times.now < until
}

_until(found) := "until somebody ends it" if {
	found.until == null
} else := sprintf("until %s", [times.shown(found.window.until)])

_unblock(found) := {"how": "Somebody ends the freeze."} if {
	found.until == null
} else := {
	"at": found.window.until,
	"how": "The freeze ends.",
}
