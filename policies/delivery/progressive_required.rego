# METADATA
# title: Mission-critical services are delivered step by step
# description: |
#   A plain Deployment replaces every pod of a service within minutes, and a mistake reaches all
#   users. For the tiers in the settings a Deployment whose pods change must be delivered by an
#   Argo Rollout (workloadRef) or a Flagger Canary (targetRef), and a Rollout must have canary
#   steps or blueGreen. A change that leaves the pods as they are, such as a scaling, is not judged.
# scope: package
# custom:
#   level: deny
#   remediation: |
#     Put the Deployment under a Rollout with canary steps or blueGreen (spec.workloadRef), or under
#     a Flagger Canary (spec.targetRef), in the same folder or listed by the same kustomization.
#   standard: "Change Management: progressive delivery"
#   settings:
#     tiers:
#       - 1
package gate.delivery.progressive_required

import data.gate.lib.pods
import data.gate.lib.rollouts
import data.gate.lib.values

_settings := input.settings["delivery.progressive_required"]

_judged := [{"resource": r, "service": service} |
	some r in input.resources
	r.kind in {"Deployment", "Rollout"}
	is_object(r.new)
	r.patch == false
	_delivers_pods(r)
	service := rollouts.critical(r, _settings.tiers)
]

applies if count(_judged) + count(_gone) > 0

deny contains _finding(judged, ["kind"], "replaces all pods at once: no Rollout or Canary delivers it") if {
	some judged in _judged
	_is_deployment(judged.resource)
	_changes(judged.resource)
	workload := judged.resource
	not rollouts.progresses(workload)
}

deny contains _finding(judged, ["spec", "strategy"], "has neither canary steps nor blueGreen") if {
	some judged in _judged
	rollouts.is_rollout(judged.resource)
	_changes(judged.resource)
	rollout := judged.resource
	not rollouts.progressive(rollout)
}

# What delivered a Deployment is deleted, and the Deployment stays.
deny contains finding if {
	some gone in _gone
	some workload in pods.after
	workload.status == "unchanged"
	_is_deployment(workload)
	rollouts.delivered(gone, workload)
	not rollouts.progresses(workload)
	service := rollouts.critical(workload, _settings.tiers)
	finding := {
		"message": sprintf("%s is deleted, and %s, which it delivered, stays (service %s)", [
			pods.label(gone),
			pods.label(workload),
			service,
		]),
		"resource": gone.id,
		"path": ["metadata", "name"],
		"service": service,
	}
}

_gone := [r |
	some r in input.resources
	r.status == "deleted"
	rollouts.is_controller(r)
]

_finding(judged, path, fault) := {
	"message": sprintf("%s %s (service %s)", [pods.label(judged.resource), fault, judged.service]),
	"resource": judged.resource.id,
	"path": path,
	"service": judged.service,
}

_is_deployment(r) if {
	r.group == "apps"
	r.kind == "Deployment"
}

_delivers_pods(r) if _is_deployment(r)

_delivers_pods(r) if rollouts.is_rollout(r)

# What this change rolls out: new pods, or another way to deliver them.
_changes(r) if r.old == null

_changes(r) if _part(r.old, "template") != _part(r.new, "template")

_changes(r) if {
	rollouts.is_rollout(r)
	_part(r.old, "strategy") != _part(r.new, "strategy")
}

_part(side, key) := object.get(values.fields(side), ["spec", key], null)
