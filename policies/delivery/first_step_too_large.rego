# METADATA
# title: The first step is small
# description: |
#   The first step decides how many users meet a mistake. For the tiers in the settings the share
#   of traffic at which a canary first stops (a pause, analysis, experiment or plugin step) must
#   not exceed `max_weight` percent. No steps, or none that stops, is 100 percent. Blue-green and
#   A/B tests move no weights and are left alone.
# scope: package
# custom:
#   level: deny
#   remediation: Begin with a small setWeight (or stepWeight) and a pause or an analysis after it.
#   standard: "Change Management: progressive delivery"
#   settings:
#     tiers:
#       - 1
#     max_weight: 25
package gate.delivery.first_step_too_large

import data.gate.lib.pods
import data.gate.lib.rollouts
import data.gate.lib.values

_settings := input.settings["delivery.first_step_too_large"]

_controllers := [{"resource": r, "service": service} |
	some r in rollouts.changed
	service := rollouts.critical(r, _settings.tiers)
]

_workloads := [object.union(found, {"service": service}) |
	some found in rollouts.workloads
	service := rollouts.critical_delivery(found, _settings.tiers)
]

applies if count(_controllers) + count(_workloads) > 0

deny contains finding if {
	some judged in _controllers
	r := judged.resource
	first := _first(r)
	first.percent > _settings.max_weight
	finding := {
		"message": sprintf("%s: %s, more than %s %% (service %s)", [
			pods.label(r),
			first.text,
			_limit,
			judged.service,
		]),
		"resource": r.id,
		"path": first.path,
		"service": judged.service,
	}
}

deny contains finding if {
	some judged in _workloads
	controller := judged.controller
	first := _first(controller)
	first.percent > _settings.max_weight
	finding := {
		"message": sprintf("%s is delivered by %s: %s, more than %s %% (service %s)", [
			pods.label(judged.resource),
			pods.label(controller),
			first.text,
			_limit,
			judged.service,
		]),
		"resource": judged.resource.id,
		"path": ["metadata", "name"],
		"service": judged.service,
	}
}

_limit := format_int(_settings.max_weight, 10)

# The share of traffic at which a controller first stops; undefined where it moves no weights.
_first(r) := first if {
	rollouts.is_rollout(r)
	is_object(r.new.spec.strategy.canary)
	steps := rollouts.steps(r)
	count(steps) > 0
	first := _first_stop(r, steps)
} else := {"percent": 100, "text": "without steps a canary is all at once", "path": ["spec", "strategy", "canary"]} if {
	rollouts.is_rollout(r)
	r.patch == false
	is_object(r.new.spec.strategy.canary)
	not rollouts.progressive(r)
} else := {"percent": weight.is, "text": _text(weight.is), "path": weight.path} if {
	rollouts.is_canary(r)
	not rollouts.skips(r)
	weight := _step_weight(rollouts.analysis(r))
}

_first_stop(r, steps) := {"percent": percent, "text": _text(percent), "path": path} if {
	stops := [reached |
		some i, step in steps
		_stops(step)
		reached := _weight_before(steps, i)
		reached.is > 0
	]
	weight := stops[0]
	percent := floor((weight.is * 100) / _whole(r))
	path := ["spec", "strategy", "canary", "steps", weight.index, "setWeight"]
} else := {"percent": 100, "text": "no step stops before 100 %", "path": ["spec", "strategy", "canary", "steps"]}

_stops(step) if {
	some key in ["pause", "analysis", "experiment", "plugin"]
	key in object.keys(values.fields(step))
}

_weight_before(steps, stop) := weights[count(weights) - 1] if {
	weights := [{"is": weight, "index": i} |
		some i, step in steps
		i < stop
		weight := pods.number(step.setWeight)
	]
}

# Weights count up to trafficRouting.maxTrafficWeight, 100 where it is not set.
_whole(r) := whole if {
	whole := pods.number(r.new.spec.strategy.canary.trafficRouting.maxTrafficWeight)
	whole > 0
} else := 100

_step_weight(analysis) := {"is": weight, "path": array.concat(analysis.path, ["stepWeights", 0])} if {
	not _counts_rounds(analysis)
	weight := pods.number(analysis.is.stepWeights[0])
} else := {"is": weight, "path": array.concat(analysis.path, ["stepWeight"])} if {
	not _counts_rounds(analysis)
	weight := pods.number(analysis.is.stepWeight)
}

_counts_rounds(analysis) if pods.number(analysis.is.iterations) > 0

_text(percent) := sprintf("the first step takes %s %% of the traffic", [format_int(percent, 10)])
