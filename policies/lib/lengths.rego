# METADATA
# title: How long a rollout takes
# description: |
#   Added up from what Argo Rollouts and Flagger are told: pauses, analyses, steps. Pods need time
#   beside that, which nobody writes down.
# scope: package
package gate.lib.lengths

import data.gate.lib.durations
import data.gate.lib.pods
import data.gate.lib.rollouts
import data.gate.lib.values

# What rolls a target's change out, each with its length in seconds; a part that nobody can know
# (it waits for a person, or its template is not in sight) counts as `unknown` seconds.
of(target, unknown) := [{
	"seconds": max([_total(_parts(form), unknown) | some form in _forms(r)]),
	"waits": count([part | some form in _forms(r); some part in _parts(form); part == null]) > 0,
	"by": pods.label(r),
} |
	some r in _controllers(target)
]

_total(parts, unknown) := sum([seconds | some part in parts; seconds := _known(part, unknown)])

_known(part, unknown) := unknown if {
	part == null
} else := part

_forms(r) := [r] if {
	r.patch == true
} else := rollouts.forms(r)

# Those that the change edits, and those whose workload it does.
_controllers(target) := {r |
	some r in rollouts.changed
	_of_target(r, target)
} | {r |
	some workload in pods.after
	_of_target(workload, target)
	some r in rollouts.delivering(workload)
	_touched(r, workload)
}

_of_target(r, target) if {
	r.service == target.service
	_reaches(r, target)
}

_reaches(r, target) if target.environment in r.environments

_reaches(r, _) if count(r.environments) == 0

_touched(r, _) if r.status != "unchanged"

_touched(_, workload) if workload.status != "unchanged"

# The seconds of each part; null for what nobody can know.
_parts(r) := array.concat(_canary(r), _blue_green(r)) if rollouts.is_rollout(r)

_parts(r) := _flagger(r) if rollouts.is_canary(r)

_canary(r) := [part |
	some index, step in rollouts.steps(r)
	is_object(step)
	some kind, told in object.filter(step, ["pause", "analysis", "experiment", "plugin"])
	part := _step(r, array.concat(_steps, [index, kind]), kind, told)
]

_steps := ["spec", "strategy", "canary", "steps"]

# https://argo-rollouts.readthedocs.io/en/stable/features/canary/
_step(r, at, kind, told) := seconds if {
	kind in {"pause", "experiment"}
	seconds := durations.seconds(values.at(told, ["duration"]))
} else := _analysis(r, at) if {
	kind in {"analysis", "experiment"}
} else := null

_seconds(value) := seconds if {
	seconds := durations.seconds(value)
} else := null

# https://argo-rollouts.readthedocs.io/en/stable/features/bluegreen/
_blue_green(r) := array.concat([_promotion(strategy)], [_analysis(r, array.concat(at, [key])) |
	some key in ["prePromotionAnalysis", "postPromotionAnalysis"]
	is_object(strategy[key])
]) if {
	at := ["spec", "strategy", "blueGreen"]
	strategy := object.get(r.new, at, null)
	is_object(strategy)
} else := []

# Without automatic promotion it waits for a person, however many seconds are named.
_promotion(strategy) := null if {
	strategy.autoPromotionEnabled == false
} else := _seconds(object.get(strategy, "autoPromotionSeconds", 0))

# The longest metric of all templates that are named at a place.
_analysis(r, at) := seconds if {
	lengths := [length |
		some reference in rollouts.template_references(r)
		array.slice(reference.path, 0, count(at)) == at
		some length in _template_lengths(r, reference)
	]
	known := [length | some length in lengths; is_number(length)]
	count(known) > 0
	count(known) == count(lengths)
	seconds := max(known)
} else := null

_template_lengths(r, reference) := lengths if {
	lengths := [_metric(metric) |
		some template in pods.after
		rollouts.is_template(template)
		rollouts.refers(r, reference, template)
		some metric in values.list(values.at(template.new, ["spec", "metrics"]))
	]
	count(lengths) > 0
} else := [null]

# https://argo-rollouts.readthedocs.io/en/stable/features/analysis/: an interval without a count
# has no end.
_metric(metric) := delay + (interval * times) if {
	is_object(metric)
	delay := durations.seconds(object.get(metric, "initialDelay", 0))
	interval := durations.seconds(object.get(metric, "interval", 0))
	times := _times(metric, interval)
} else := null

_times(metric, interval) := 1 if {
	object.get(metric, "count", null) == null
	interval == 0
} else := durations.seconds(object.get(metric, "count", null))

# https://docs.flagger.app/usage/deployment-strategies: an interval for each step of the weight, or
# for each iteration.
_flagger(r) := [] if {
	rollouts.skips(r)
} else := array.concat([_watched(analysis)], [null |
	some hook in values.list(analysis.webhooks)
	hook.type in {"confirm-rollout", "confirm-traffic-increase", "confirm-promotion"}
]) if {
	analysis := rollouts.analysis(r).is
} else := [null]

_watched(analysis) := _interval(analysis) * _rounds(analysis) if {
	_rounds(analysis) > 0
} else := null

# A minute where none is named, never less than ten seconds.
_interval(analysis) := max([10, seconds]) if {
	seconds := durations.seconds(analysis.interval)
} else := 60

_rounds(analysis) := round(analysis.iterations) if {
	is_number(analysis.iterations)
	analysis.iterations >= 1
} else := count(analysis.stepWeights) if {
	is_array(analysis.stepWeights)
} else := ceil(round(most) / round(analysis.stepWeight)) if {
	is_number(analysis.stepWeight)
	analysis.stepWeight >= 1
	most := object.get(analysis, "maxWeight", 100)
	is_number(most)
}
