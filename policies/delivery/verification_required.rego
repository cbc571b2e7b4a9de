# METADATA
# title: Mission-critical deliveries are measured
# description: |
#   Moving traffic step by step helps only if something looks. For the tiers in the settings a
#   Rollout needs an analysis (in a step, in the background, in an experiment, before or after a
#   blue-green promotion) and a Canary metrics or webhooks; skipAnalysis measures nothing. A
#   person's approval counts only with `human_gate: true`.
# scope: package
# custom:
#   level: deny
#   remediation: |
#     Add an analysis step or canary.analysis that names an AnalysisTemplate, a prePromotionAnalysis,
#     or metrics under a Canary's analysis.
#   standard: "Change Management: automated verification"
#   settings:
#     tiers:
#       - 1
#     human_gate: false
package gate.delivery.verification_required

import data.gate.lib.pods
import data.gate.lib.rollouts
import data.gate.lib.values

_settings := input.settings["delivery.verification_required"]

_controllers := [{"resource": r, "service": service} |
	some r in rollouts.changed
	r.patch == false
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
	not _verified(r)
	finding := {
		"message": sprintf("%s: %s (service %s)", [pods.label(r), _fault(r), judged.service]),
		"resource": r.id,
		"path": _place(r),
		"service": judged.service,
	}
}

deny contains finding if {
	some judged in _workloads
	controller := judged.controller
	not _verified(controller)
	finding := {
		"message": sprintf("%s is delivered by %s: %s (service %s)", [
			pods.label(judged.resource),
			pods.label(controller),
			_fault(controller),
			judged.service,
		]),
		"resource": judged.resource.id,
		"path": ["metadata", "name"],
		"service": judged.service,
	}
}

# A template that leaves while a Rollout still asks for it.
deny contains finding if {
	some r in input.resources
	r.status == "deleted"
	rollouts.is_template(r)
	some controller in rollouts.controllers
	some reference in rollouts.template_references(controller)
	rollouts.refers(controller, reference, r)
	not _exists(controller, reference)
	service := rollouts.critical(controller, _settings.tiers)
	finding := {
		"message": sprintf("%s is deleted, and %s still names it (service %s)", [
			pods.label(r),
			pods.label(controller),
			service,
		]),
		"resource": r.id,
		"path": ["metadata", "name"],
		"service": service,
	}
}

_exists(controller, reference) if {
	some r in pods.after
	rollouts.is_template(r)
	rollouts.refers(controller, reference, r)
}

_fault(r) := "skipAnalysis promotes without looking" if {
	rollouts.skips(r)
} else := "its analysis has no metrics and no webhooks" if {
	rollouts.is_canary(r)
} else := "no analysis measures the new version"

_place(r) := ["spec", "skipAnalysis"] if {
	rollouts.skips(r)
} else := ["spec", "analysis"] if {
	rollouts.is_canary(r)
} else := ["spec", "strategy"]

_verified(r) if {
	rollouts.is_rollout(r)
	some form in rollouts.forms(r)
	count(rollouts.template_references(form)) > 0
}

_verified(r) if {
	_settings.human_gate == true
	some form in rollouts.forms(r)
	_asks_a_person(form)
}

_verified(r) if {
	rollouts.is_canary(r)
	not rollouts.skips(r)
	some form in rollouts.forms(r)
	_measures(rollouts.analysis(form).is)
}

_measures(analysis) if count(values.list(analysis.metrics)) > 0

_measures(analysis) if {
	some hook in values.list(analysis.webhooks)
	is_object(hook)
	object.get(hook, "type", "rollout") in {"pre-rollout", "rollout", "post-rollout"}
}

_asks_a_person(r) if {
	some step in rollouts.steps(r)
	_waits(step.pause)
}

_asks_a_person(r) if r.new.spec.strategy.blueGreen.autoPromotionEnabled == false

_asks_a_person(r) if {
	rollouts.is_canary(r)
	not rollouts.skips(r)
	some hook in values.list(rollouts.analysis(r).is.webhooks)
	hook.type in {"confirm-rollout", "confirm-traffic-increase", "confirm-promotion"}
}

_waits(pause) if pause == {}

_waits(pause) if is_null(pause)
