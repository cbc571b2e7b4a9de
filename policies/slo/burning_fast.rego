# METADATA
# title: The error budget is burning fast
# description: |
#   A service that is failing right now is not the place for a change that does not mend it. Reads
#   the pairs of windows that alert: where the long one shows that it matters and the short one that
#   it goes on. What would page a person denies, what would open a ticket warns. One finding for
#   each SLO, about its worst pair; a rollback is never judged.
# scope: package
# custom:
#   level: deny
#   requires:
#     - slo
#   remediation: |
#     Find out what is failing, and mend that first. A rollback passes; a fix for an incident, or for
#     security, does once another person approves it (`Gate-Exempt: incident INC-42` in a commit, or a
#     label `gate-exempt: incident`).
#   standard: "SLO Management: budget burn alerts"
#   settings:
#     tiers: []
#     exempt:
#       - incident
#       - security
package gate.slo.burning_fast

import data.gate.lib.budgets
import data.gate.lib.exemptions
import data.gate.lib.targets
import data.gate.lib.values

_settings := input.settings["slo.burning_fast"]

_exemption := exemptions.of(_settings.exempt)

default applies := false

applies if count(targets.judged) > 0

deny contains _finding(entry, pair, _exemption.note) if {
	not _exemption.held
	some entry in _judged
	pair := _worst(entry, "page")
}

warn contains _finding(entry, pair, _exemption.note) if {
	_exemption.held
	some entry in _judged
	pair := _worst(entry, "page")
}

warn contains _finding(entry, pair, "") if {
	some entry in _judged
	not _worst(entry, "page")
	pair := _worst(entry, "ticket")
}

_judged := [entry |
	some entry in budgets.entries
	targets.of_tier(entry.target, _settings.tiers)
]

# The pair with the highest factor, of those of a severity that are exceeded.
_worst(entry, severity) := ranked[count(ranked) - 1][1] if {
	ranked := sort([[_factor(pair), pair] |
		some pair in values.list(values.at(entry.slo, ["pairs"]))
		is_object(pair)
		_exceeded(pair)
		_severity(pair) == severity
	])
	count(ranked) > 0
}

_factor(pair) := pair.factor if {
	is_number(pair.factor)
} else := 0

# As the source says, else as the numbers do.
_exceeded(pair) if pair.exceeded == true

_exceeded(pair) if {
	told := object.get(pair, "exceeded", null)
	not is_boolean(told)
	_measured(pair)
	pair.long_rate > pair.factor
	pair.short_rate > pair.factor
}

# A severity that is not known is the worse one.
_severity(pair) := "ticket" if {
	pair.severity == "ticket"
} else := "page"

_measured(pair) if {
	is_number(pair.long_rate)
	is_number(pair.short_rate)
	is_number(pair.factor)
}

_finding(entry, pair, note) := {
	"message": sprintf("%s: the error budget of %s burns %s%s%s%s", [
		targets.shown(entry.target),
		entry.title,
		_speed(pair),
		budgets.terms(entry.slo),
		budgets.end(entry.slo),
		note,
	]),
	"service": entry.target.service,
	"key": budgets.key(entry),
	"unblock": {"how": "No pair of windows burns faster than its factor any more."},
}

_speed(pair) := sprintf("%s times as fast as it may over %s and %s times over %s, where %s is %s", [
	budgets.number(pair.long_rate),
	pair.long,
	budgets.number(pair.short_rate),
	pair.short,
	budgets.number(pair.factor),
	_kind(pair),
]) if {
	_measured(pair)
	is_string(pair.long)
	is_string(pair.short)
} else := sprintf("so fast that it is %s", [_kind(pair)])

_kind(pair) := "a ticket" if {
	_severity(pair) == "ticket"
} else := "a page"
