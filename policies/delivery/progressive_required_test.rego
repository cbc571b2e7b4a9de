package gate.delivery.progressive_required_test

import data.gate.delivery.progressive_required as rule
import data.gate.lib.objects_test as make

_input(resources, unchanged) := make.judged(resources, unchanged, {"delivery.progressive_required": {"tiers": [1]}})

_messages(resources, unchanged) := found if {
	found := {finding.message | some finding in rule.deny} with input as _input(resources, unchanged)
}

_web(image) := make.deployment("web", make.pods_of([{"name": "app", "image": image}]))

_deployed := make.of(make.modified(_web("web:1"), _web("web:2")), "web")

_reference := {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}

_steps := {"canary": {"steps": [{"setWeight": 5}, {"pause": {}}]}}

_canary(spec) := make.object_of("flagger.app/v1beta1", "Canary", "web", object.union({"targetRef": _reference}, spec))

test_a_plain_deployment if {
	rule.deny == {{
		"message": "Deployment web replaces all pods at once: no Rollout or Canary delivers it (service web)",
		"resource": "apps/Deployment/shop/web",
		"path": ["kind"],
		"service": "web",
	}} with input as _input([_deployed], [])
	count(_messages([make.of(make.added(_web("web:1")), "web")], [])) == 1
	count(_messages([make.of(make.present(_web("web:1")), "web")], [])) == 1
}

test_only_the_tiers_in_the_settings if {
	_messages([make.of(_deployed, "batch")], []) == set()
	_messages([make.of(_deployed, null)], []) == set()
	not rule.applies with input as _input([make.of(_deployed, "batch")], [])
	rule.applies with input as _input([_deployed], [])
}

test_only_pods_that_change if {
	scaled := object.union(_web("web:1"), {"spec": {"replicas": 4}})
	_messages([make.of(make.modified(_web("web:1"), scaled), "web")], []) == set()
	_messages([make.of(make.deleted(_web("web:1")), "web"), make.patch(_deployed)], []) == set()
}

test_delivered_step_by_step if {
	every controller in [make.rollout("web", {"workloadRef": _reference, "strategy": _steps}), _canary({"analysis": {}})] {
		_messages([_deployed], [make.unchanged(controller)]) == set()
		_messages([_deployed, make.of(make.added(controller), "web")], []) == set()
	}
}

test_delivered_by_what_is_not_progressive if {
	every controller in [make.rollout("web", {"workloadRef": _reference}), _canary({"skipAnalysis": true})] {
		count(_messages([_deployed], [make.unchanged(controller)])) == 1
	}
	elsewhere := object.union(make.unchanged(_canary({"analysis": {}})), {"namespace": "till"})
	count(_messages([_deployed], [elsewhere])) == 1
	count(_messages([_deployed, make.deleted(_canary({"analysis": {}}))], [])) == 1
}

_rollout(strategy, image) := make.rollout("web", object.union(make.pods_of([{"name": "app", "image": image}]), {"strategy": strategy}))

test_a_rollout_without_steps if {
	rule.deny == {{
		"message": "Rollout web has neither canary steps nor blueGreen (service web)",
		"resource": "argoproj.io/Rollout/shop/web",
		"path": ["spec", "strategy"],
		"service": "web",
	}} with input as _input([make.of(make.modified(_rollout({"canary": {}}, "web:1"), _rollout({"canary": {}}, "web:2")), "web")], [])
	count(_messages([make.of(make.modified(_rollout(_steps, "web:1"), _rollout({"canary": {}}, "web:1")), "web")], [])) == 1
}

test_a_rollout_with_steps if {
	every strategy in [_steps, {"blueGreen": {"activeService": "web"}}] {
		_messages([make.of(make.added(_rollout(strategy, "web:1")), "web")], []) == set()
	}
	same := make.modified(_rollout({"canary": {}}, "web:1"), _rollout({"canary": {}}, "web:1"))
	_messages([make.of(same, "web")], []) == set()
}

test_a_controller_that_is_deleted_under_its_deployment if {
	stays := [object.union(make.unchanged(_deployed.new), {"service": "web"})]
	gone := make.deleted(make.rollout("web", {"workloadRef": _reference}))
	rule.deny == {{
		"message": "Rollout web is deleted, and Deployment web, which it delivered, stays (service web)",
		"resource": "argoproj.io/Rollout/shop/web",
		"path": ["metadata", "name"],
		"service": "web",
	}} with input as _input([gone], stays)
	rule.applies with input as _input([gone], stays)
	count(_messages([make.deleted(make.rollout("other", {"workloadRef": {"kind": "Deployment", "name": "other"}}))], stays)) == 0
	count(_messages([gone], array.concat(stays, [make.unchanged(_canary({"analysis": {}}))]))) == 0
}
