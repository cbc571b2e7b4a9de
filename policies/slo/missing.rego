# METADATA
# title: A mission-critical service has no SLO
# description: |
#   Without an objective nobody can say whether the service does what its users need, and no budget
#   says when to stop. Judges the targets of the tiers in the settings for which a source of SLOs
#   answers, and names none.
# scope: package
# custom:
#   level: deny
#   requires:
#     - slo
#   remediation: |
#     Define at least one SLO of what users see, and let the source measure it. Check that the source
#     calls the service and the environment as the configuration does.
#   standard: "SLO Management: error budgets of critical user journeys"
#   settings:
#     tiers:
#       - 1
package gate.slo.missing

import data.gate.lib.budgets
import data.gate.lib.targets

_settings := input.settings["slo.missing"]

_asked := [target |
	some target in targets.judged
	target.tier in _settings.tiers
]

default applies := false

applies if count(_asked) > 0

deny contains finding if {
	some target in _asked
	value := budgets.of(target)
	is_array(value)
	count(value) == 0
	finding := {
		"message": sprintf("%s is of tier %v and has no SLO", [targets.shown(target), target.tier]),
		"service": target.service,
		"key": sprintf("no SLO in %v", [target.environment]),
		"unblock": {"how": "An SLO is defined for it and measured, or its tier is corrected."},
	}
}
