package gate.delivery.verification_required_test

import data.gate.delivery.verification_required as rule
import data.gate.lib.objects_test as make

_with(resources, unchanged, human_gate) := make.judged(
	resources, unchanged,
	{"delivery.verification_required": {"tiers": [1], "human_gate": human_gate}},
)

_input(resources, unchanged) := _with(resources, unchanged, false)

_rollout(strategy) := make.rollout("web", {"strategy": strategy})

_reference := {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}

_canary(spec) := make.object_of("flagger.app/v1beta1", "Canary", "web", object.union({"targetRef": _reference}, spec))

_added(manifest) := make.of(make.added(manifest), "web")

_analysis := {"templates": [{"templateName": "errors"}]}

_verified := [
	_rollout({"canary": {"steps": [{"analysis": _analysis}]}}),
	_rollout({"canary": {"analysis": _analysis}}),
	_rollout({"canary": {"steps": [{"experiment": {"analyses": [{"templateName": "errors"}]}}]}}),
	_rollout({"blueGreen": {"prePromotionAnalysis": _analysis}}),
	_rollout({"blueGreen": {"postPromotionAnalysis": _analysis}}),
	_canary({"analysis": {"metrics": [{"name": "errors"}]}}),
	_canary({"canaryAnalysis": {"metrics": [{"name": "errors"}]}}),
	_canary({"analysis": {"webhooks": [{"type": "pre-rollout"}]}}),
	_canary({"analysis": {"webhooks": [{"name": "load"}]}}),
]

test_what_measures if {
	every manifest in _verified {
		count(rule.deny) == 0 with input as _input([_added(manifest)], [])
		rule.applies with input as _input([_added(manifest)], [])
	}
}

_by_people := [
	_rollout({"canary": {"steps": [{"setWeight": 5}, {"pause": {}}]}}),
	_rollout({"canary": {"steps": [{"setWeight": 5}, {"pause": null}]}}),
	_rollout({"blueGreen": {"autoPromotionEnabled": false}}),
	_canary({"analysis": {"webhooks": [{"type": "confirm-promotion"}]}}),
]

_unverified := [
	_rollout({"canary": {"steps": [{"setWeight": 5}, {"pause": {"duration": "5m"}}]}}),
	_rollout({"canary": {"analysis": {"templates": []}}}),
	_rollout({"canary": {"analysis": "text"}}),
	_rollout({"blueGreen": {}}),
	_rollout("text"),
	_canary({}),
	_canary({"analysis": {"metrics": "text", "webhooks": ["text", {"type": "event"}]}}),
	_canary({"skipAnalysis": true, "analysis": {"metrics": [{"name": "errors"}], "webhooks": [{"type": "confirm-promotion"}]}}),
]

test_what_does_not_measure if {
	every manifest in array.concat(_unverified, _by_people) {
		count(rule.deny) == 1 with input as _input([_added(manifest)], [])
	}
}

test_a_person_counts_on_request if {
	every manifest in _by_people {
		count(rule.deny) == 0 with input as _with([_added(manifest)], [], true)
	}
	every manifest in _unverified {
		count(rule.deny) == 1 with input as _with([_added(manifest)], [], true)
	}
}

_texts := [
	[_rollout({}), "Rollout web: no analysis measures the new version (service web)", ["spec", "strategy"]],
	[_canary({}), "Canary web: its analysis has no metrics and no webhooks (service web)", ["spec", "analysis"]],
	[_canary({"skipAnalysis": true}), "Canary web: skipAnalysis promotes without looking (service web)", ["spec", "skipAnalysis"]],
]

test_what_is_said if {
	every case in _texts {
		[manifest, message, path] := case
		id := _added(manifest).id
		some finding in rule.deny with input as _input([_added(manifest)], [])
		finding.message == message
		finding.path == path
		finding.service == "web"
		finding.resource == id
	}
}

test_other_tiers_patches_and_deleted_ones if {
	every resource in [make.added(_rollout({})), make.of(make.added(_rollout({})), "batch"), make.patch(_added(_rollout({})))] {
		count(rule.deny) == 0 with input as _input([resource], [])
		not rule.applies with input as _input([resource], [])
	}
	count(rule.deny) == 0 with input as _input([make.of(make.deleted(_rollout({})), "web")], [])
}

test_a_patch_adds_the_analysis if {
	patch := make.patch(make.unchanged(_verified[0]))
	count(rule.deny) == 0 with input as _input([_added(_rollout({}))], [patch])
}

_deployed := make.added(make.deployment("web", make.pods_of([])))

test_a_workload_under_an_unchanged_controller if {
	rule.deny == {{
		"message": "Deployment web is delivered by Canary web: its analysis has no metrics and no webhooks (service web)",
		"resource": "apps/Deployment/shop/web",
		"path": ["metadata", "name"],
		"service": "web",
	}} with input as _input([make.of(_deployed, "web")], [make.unchanged(_canary({}))])
	count(rule.deny) == 1 with input as _input([_deployed], [make.of(make.unchanged(_canary({})), "web")])
	count(rule.deny) == 0 with input as _input([_deployed], [make.unchanged(_canary({}))])
	count(rule.deny) == 0 with input as _input([make.of(_deployed, "web")], [make.unchanged(_verified[5])])
	rule.applies with input as _input([make.of(_deployed, "web")], [make.unchanged(_canary({}))])
}

_template := make.object_of("argoproj.io/v1alpha1", "AnalysisTemplate", "errors", {})

test_a_template_is_deleted_that_is_still_named if {
	rollout := make.of(make.unchanged(_verified[0]), "web")
	rule.deny == {{
		"message": "AnalysisTemplate errors is deleted, and Rollout web still names it (service web)",
		"resource": "argoproj.io/AnalysisTemplate/shop/errors",
		"path": ["metadata", "name"],
		"service": "web",
	}} with input as _input([make.deleted(_template)], [rollout])
	count(rule.deny) == 0 with input as _input([make.deleted(_template), make.added(_template)], [rollout])
	count(rule.deny) == 0 with input as _input([make.deleted(_template)], [make.of(rollout, "batch")])
	other := make.object_of("argoproj.io/v1alpha1", "AnalysisTemplate", "other", {})
	count(rule.deny) == 0 with input as _input([make.deleted(other)], [rollout])
}
