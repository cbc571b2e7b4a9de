# METADATA
# title: The objective is below the standard
# description: |
#   Mission-critical services keep their promise 99 times out of 100 or better. An objective below
#   that makes a budget look healthy that is not. Judges each SLO of each target of the tiers in the
#   settings, as it is measured now; what a change does to an objective is slo.objective_lowered.
# scope: package
# custom:
#   level: deny
#   requires:
#     - slo
#   remediation: |
#     Raise the objective to the standard, or correct the service's tier. If a lower one is agreed on,
#     add a waiver with the decision's ticket.
#   standard: "Metrics & Targets: SLO attainment of 99 % or better for mission-critical services"
#   settings:
#     objective: 0.99
#     tiers:
#       - 1
package gate.slo.objective_below_standard

import data.gate.lib.budgets
import data.gate.lib.targets

_settings := input.settings["slo.objective_below_standard"]

_asked := [target |
	some target in targets.judged
	target.tier in _settings.tiers
]

default applies := false

applies if count(_asked) > 0

deny contains _finding(entry, message) if {
	some entry in budgets.entries
	entry.target in _asked
	objective := budgets.objective(entry.slo)
	objective < _settings.objective
	message := sprintf("is %s, and a service of tier %v needs %s", [
		budgets.share(objective),
		entry.target.tier,
		budgets.share(_settings.objective),
	])
}

# An SLO that could not be measured has an objective that may not be known: slo.data_missing.
deny contains _finding(entry, "is not known") if {
	some entry in budgets.entries
	entry.target in _asked
	not budgets.unknown(entry.slo)
	not budgets.objective(entry.slo)
}

_finding(entry, fault) := {
	"message": sprintf("%s: the objective of %s %s", [targets.shown(entry.target), entry.title, fault]),
	"service": entry.target.service,
	"key": budgets.key(entry),
	"unblock": {"how": "The objective is raised where it is defined, on the branch that the change goes into."},
}
