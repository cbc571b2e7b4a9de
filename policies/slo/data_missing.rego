# METADATA
# title: An error budget cannot be judged
# description: |
#   An SLO without data looks calm: no traffic, a silent exporter and a misspelt query all show no
#   error. What nobody can tell is not fine. Judges each SLO of each target: what its source calls
#   insufficient data, and what holds no number; a rollback never.
# scope: package
# custom:
#   level: deny
#   requires:
#     - slo
#   remediation: |
#     Mend the measuring: the reason says what came back, `gate slo` asks again. A rollback passes; a
#     fix for an incident, or for security, does once another person approves it (`Gate-Exempt:
#     incident INC-42` in a commit, or a label `gate-exempt: incident`).
#   standard: "Observability: SLOs that are measured"
#   settings:
#     tiers: []
#     exempt:
#       - incident
#       - security
package gate.slo.data_missing

import data.gate.lib.budgets
import data.gate.lib.exemptions
import data.gate.lib.targets

_settings := input.settings["slo.data_missing"]

_exemption := exemptions.of(_settings.exempt)

default applies := false

applies if count(targets.judged) > 0

deny contains finding if {
	not _exemption.held
	some finding in _blind
}

warn contains finding if {
	_exemption.held
	some finding in _blind
}

_blind contains _finding(entry, sprintf("the error budget of %s cannot be judged: %s", [entry.title, why])) if {
	some entry in budgets.entries
	targets.of_tier(entry.target, _settings.tiers)
	not budgets.remaining(entry.slo)
	why := _why(entry.slo)
}

_blind contains _finding(entry, sprintf("%s cannot be judged: it is no object", [entry.title])) if {
	some entry in budgets.strange
	targets.of_tier(entry.target, _settings.tiers)
}

_blind contains _finding({"target": target, "title": "all SLOs"}, "the evidence holds no list of SLOs") if {
	some target in targets.judged
	targets.of_tier(target, _settings.tiers)
	value := budgets.of(target)
	not is_array(value)
}

_finding(entry, fault) := {
	"message": sprintf("%s: %s%s", [targets.shown(entry.target), fault, _exemption.note]),
	"service": entry.target.service,
	"key": budgets.key(entry),
	"unblock": {"how": "It is measured again."},
}

_why(slo) := slo.reason if {
	is_string(slo.reason)
	slo.reason != ""
} else := "its source gives no reason" if {
	budgets.unknown(slo)
} else := sprintf("remaining is %s, more than all of it (0.45 is 45 %%)", [budgets.number(slo.remaining)]) if {
	is_number(slo.remaining)
} else := "there is no number for what remains"
