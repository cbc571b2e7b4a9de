# METADATA
# title: The error budget is running low
# description: |
#   Little is left of what a service may fail its users. A change is where most errors come from:
#   better a small one, watched closely. Judges each SLO of each target; a rollback never.
# scope: package
# custom:
#   level: warn
#   requires:
#     - slo
#   remediation: |
#     Make the change small and easy to take back, and watch it. Once the budget is spent, changes
#     are denied (slo.budget_exhausted).
#   standard: "SLO Management: error budgets"
#   settings:
#     remaining: 0.2
#     tiers: []
package gate.slo.budget_low

import data.gate.lib.budgets
import data.gate.lib.targets

_settings := input.settings["slo.budget_low"]

default applies := false

applies if count(targets.judged) > 0

deny contains finding if {
	some entry in budgets.entries
	targets.of_tier(entry.target, _settings.tiers)
	remaining := budgets.remaining(entry.slo)
	remaining > 0
	remaining < _settings.remaining
	finding := {
		"message": sprintf("%s: only %s of the error budget of %s is left%s%s", [
			targets.shown(entry.target),
			budgets.percent(remaining),
			entry.title,
			budgets.terms(entry.slo),
			budgets.end(entry.slo),
		]),
		"service": entry.target.service,
		"key": budgets.key(entry),
		"unblock": {"how": sprintf("The budget recovers as errors leave its window%s.", [budgets.window(entry.slo)])},
	}
}
