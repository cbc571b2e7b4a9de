# METADATA
# title: Error budgets
# description: |
#   The SLOs of the targets as evidence tells them, one by one. What is damaged is told apart from
#   what is fine: a number that is missing is never a good one.
# scope: package
package gate.lib.budgets

import data.gate.lib.targets
import data.gate.lib.times

# Each SLO of each target whose evidence is there, with the `title` that people know it by.
entries := [{"target": target, "slo": slo, "title": _title(slo, index)} |
	some target in targets.judged
	value := _known(target)
	is_array(value)
	some index, slo in value
	is_object(slo)
]

# What is no SLO, where one is expected.
strange := [{"target": target, "title": sprintf("SLO %d", [index + 1])} |
	some target in targets.judged
	value := _known(target)
	is_array(value)
	some index, slo in value
	not is_object(slo)
]

# What the evidence says about a target; undefined where it is not there. A value that is left out
# is null.
of(target) := object.get(evidence, "value", null) if {
	evidence := input.evidence.slo[target.service][target.environment]
	evidence.status == "ok"
}

_known(target) := of(target)

# Where one of several sources does not answer, what the others say holds all the same.
_known(target) := evidence.value if {
	evidence := input.evidence.slo[target.service][target.environment]
	evidence.status in {"unavailable", "skipped"}
	is_array(evidence.value)
}

# The share of the budget that is left; undefined where it is not known. More than all of it is no
# share: percent, perhaps.
remaining(slo) := slo.remaining if {
	is_number(slo.remaining)
	slo.remaining <= 1.001
	not unknown(slo)
}

# Whether the source itself says that it cannot tell.
unknown(slo) if slo.state == "insufficient_data"

# The objective; undefined where it is no share.
objective(slo) := slo.objective if {
	is_number(slo.objective)
	slo.objective > 0
	slo.objective <= 1
}

# What identifies the SLO of a target in a finding.
key(entry) := sprintf("%s in %v", [entry.title, entry.target.environment])

_title(slo, index) := slo.name if {
	is_string(slo.name)
	slo.name != ""
} else := sprintf("SLO %d", [index + 1])

# ` (objective 99.9 % over 30d)`, as much of it as is known.
terms(slo) := sprintf(" (%s)", [concat(" ", parts)]) if {
	parts := array.concat(
		[sprintf("objective %s", [share(told)]) | told := objective(slo)],
		[sprintf("over %s", [slo.window]) | is_string(slo.window)],
	)
	count(parts) > 0
} else := ""

# ` of 30d`, for a sentence about the window.
window(slo) := sprintf(" of %s", [slo.window]) if {
	is_string(slo.window)
} else := ""

# When the budget is gone if it goes on so, where the source tells.
end(slo) := sprintf("; at this rate it is gone at %s", [times.shown(slo.exhausted_at)]) if {
	is_string(slo.exhausted_at)
} else := ""

# An objective in percent.
share(objective_) := sprintf("%v %%", [round(objective_) * 100]) if {
	round(objective_) == objective_
} else := sprintf("%s %%", [_shifted(sprintf("%.6f", [objective_]))])

# What is left, in percent, to a tenth.
percent(remaining_) := sprintf("%v %%", [round(remaining_) * 100]) if {
	round(remaining_) == remaining_
} else := sprintf("%s %%", [_shifted(sprintf("%.3f", [remaining_]))])

# Text is shifted, not the number: engines multiply a number of many digits differently.
_shifted(text) := _short(regex.replace(moved, `^(-?)0+([0-9])`, "${1}${2}")) if {
	moved := regex.replace(text, `^(-?[0-9]+)\.([0-9]{2})([0-9]+)$`, "${1}${2}.${3}")
}

_short(text) := regex.replace(text, `\.?0+$`, "")

# A number to a tenth.
number(value) := sprintf("%v", [round(value)]) if {
	round(value) == value
} else := _short(sprintf("%.1f", [value]))
