# METADATA
# title: The error budget is spent
# description: |
#   A service that has failed its users more often than was agreed on goes on to change only for the
#   better: every other change waits until errors have left the window. Judges each SLO of each
#   target; a rollback never.
# scope: package
# custom:
#   level: deny
#   requires:
#     - slo
#   remediation: |
#     Wait until the budget has recovered (`gate when`). A rollback passes; a fix for an incident, or
#     for security, does once another person approves it (`Gate-Exempt: incident INC-42` in a commit,
#     or a label `gate-exempt: incident`).
#   standard: "SLO Management: error budgets"
#   settings:
#     remaining: 0
#     tiers: []
#     exempt:
#       - incident
#       - security
package gate.slo.budget_exhausted

import data.gate.lib.budgets
import data.gate.lib.exemptions
import data.gate.lib.targets

_settings := input.settings["slo.budget_exhausted"]

_exemption := exemptions.of(_settings.exempt)

default applies := false

applies if count(targets.judged) > 0

deny contains finding if {
	not _exemption.held
	some finding in _spent
}

warn contains finding if {
	_exemption.held
	some finding in _spent
}

_spent contains finding if {
	some entry in budgets.entries
	targets.of_tier(entry.target, _settings.tiers)
	remaining := budgets.remaining(entry.slo)
	remaining <= _settings.remaining
	finding := {
		"message": sprintf("%s: %s of the error budget of %s is left%s%s", [
			targets.shown(entry.target),
			budgets.percent(remaining),
			entry.title,
			budgets.terms(entry.slo),
			_exemption.note,
		]),
		"service": entry.target.service,
		"key": budgets.key(entry),
		"unblock": {"how": sprintf("The budget recovers as errors leave its window%s.", [budgets.window(entry.slo)])},
	}
}
