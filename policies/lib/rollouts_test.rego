package gate.lib.rollouts_test

import data.gate.lib.objects_test as make
import data.gate.lib.rollouts

_canary(spec) := make.object_of("flagger.app/v1beta1", "Canary", "web", spec)

_reference := {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}

_template(kind, name) := make.object_of("argoproj.io/v1alpha1", kind, name, {})

test_controllers_after_the_change if {
	rollout := make.added(make.rollout("a", {}))
	patch := make.patch(make.added(make.rollout("b", {})))
	canary := make.unchanged(_canary({}))
	gone := make.deleted(make.rollout("c", {}))
	change := make.judged([rollout, patch, gone, make.added(make.deployment("d", {}))], [canary], {})
	rollouts.controllers == [rollout, canary] with input as change
}

test_what_a_controller_delivers if {
	web := make.added(make.deployment("web", {}))
	every controller in [make.rollout("a", {"workloadRef": _reference}), _canary({"targetRef": _reference})] {
		rollouts.delivers(make.added(controller), web)
		not rollouts.delivers(make.added(controller), make.added(make.deployment("api", {})))
		not rollouts.delivers(make.added(controller), object.union(web, {"namespace": "till"}))
		not rollouts.delivers(make.added(controller), object.union(web, {"kind": "DaemonSet"}))
	}
	not rollouts.delivers(make.added(make.rollout("web", {})), web)
	not rollouts.delivers(make.added(make.rollout("web", {"workloadRef": "web"})), web)
}

test_workloads_that_an_unchanged_controller_delivers if {
	web := make.added(make.deployment("web", {}))
	canary := make.unchanged(_canary({"targetRef": _reference}))
	rollout := make.added(make.rollout("web", {"workloadRef": _reference}))
	change := make.judged([web, rollout, make.deleted(make.deployment("web", {}))], [canary], {})
	rollouts.workloads == [{"resource": web, "controller": canary}] with input as change
	rollouts.delivering(web) == [rollout, canary] with input as change
}

test_critical_services if {
	web := make.of(make.unchanged(make.deployment("web", {})), "web")
	rollout := make.added(make.rollout("r", {"workloadRef": _reference}))
	change := make.judged([rollout], [web], {})
	rollouts.critical(web, [1]) == "web" with input as change
	rollouts.critical(rollout, [1]) == "web" with input as change
	rollouts.critical(make.of(rollout, "batch"), [1, 3]) == "batch" with input as change
	not rollouts.critical(web, [2]) with input as change
	not rollouts.critical(web, 1) with input as change
	not rollouts.critical(make.of(web, "unknown"), [1]) with input as change
	not rollouts.critical(make.added(make.deployment("web", {})), [1]) with input as change
	not rollouts.critical(make.added(make.rollout("r", {})), [1]) with input as change
}

_progressive := [
	make.rollout("a", {"strategy": {"canary": {"steps": [{"setWeight": 5}]}}}),
	make.rollout("a", {"strategy": {"blueGreen": {}}}),
	_canary({"analysis": {}}),
]

_at_once := [
	make.rollout("a", {}),
	make.rollout("a", {"strategy": {"canary": {"steps": []}}}),
	make.rollout("a", {"strategy": {"canary": {"steps": "text"}}}),
	make.rollout("a", {"strategy": "text"}),
	_canary({"skipAnalysis": true}),
	_canary({"suspend": true}),
	make.deployment("a", {}),
]

test_progressive_controllers if {
	change := make.judged([], [], {})
	every manifest in _progressive {
		rollouts.progressive(make.added(manifest)) with input as change
	}
	every manifest in _at_once {
		not rollouts.progressive(make.added(manifest)) with input as change
	}
}

test_a_patch_adds_the_steps if {
	base := make.added(make.rollout("a", {}))
	patch := make.patch(make.unchanged(_progressive[0]))
	rollouts.progressive(base) with input as make.judged([base], [patch], {})
	other := make.added(make.rollout("b", {}))
	not rollouts.progressive(other) with input as make.judged([other], [patch], {})
}

_analysis := {"templates": [{"templateName": "t"}, {"templateName": ""}, {"templateName": 5}, "text"]}

_strategy := {
	"canary": {
		"analysis": {"templates": [{"templateName": "a", "clusterScope": true}]},
		"steps": [
			{"analysis": _analysis},
			{"experiment": {"analyses": [{"name": "x", "templateName": "b"}, "text"]}},
			{"pause": {}},
			"text",
		],
	},
	"blueGreen": {"prePromotionAnalysis": {"templateName": "c"}, "postPromotionAnalysis": "text"},
}

test_references_to_templates if {
	{[reference.name, reference.cluster, reference.path] |
		some reference in rollouts.template_references(make.added(make.rollout("a", {"strategy": _strategy})))
	} == {
		["a", true, ["spec", "strategy", "canary", "analysis", "templates", 0]],
		["t", false, ["spec", "strategy", "canary", "steps", 0, "analysis", "templates", 0]],
		["b", false, ["spec", "strategy", "canary", "steps", 1, "experiment", "analyses", 0, "templateName"]],
		["c", false, ["spec", "strategy", "blueGreen", "prePromotionAnalysis", "templateName"]],
	}
}

test_the_template_that_is_meant if {
	rollout := make.added(make.rollout("a", {}))
	local := make.added(_template("AnalysisTemplate", "t"))
	cluster := make.added(_template("ClusterAnalysisTemplate", "t"))
	rollouts.refers(rollout, {"name": "t", "cluster": false}, local)
	rollouts.refers(rollout, {"name": "t", "cluster": true}, cluster)
	not rollouts.refers(rollout, {"name": "t", "cluster": true}, local)
	not rollouts.refers(rollout, {"name": "u", "cluster": false}, local)
	not rollouts.refers(rollout, {"name": "t", "cluster": false}, object.union(local, {"namespace": "till"}))
}

test_analysis_by_both_names if {
	rollouts.analysis(make.added(_canary({"analysis": {"threshold": 1}}))) == {"path": ["spec", "analysis"], "is": {"threshold": 1}}
	rollouts.analysis(make.added(_canary({"canaryAnalysis": {}}))).path == ["spec", "canaryAnalysis"]
	not rollouts.analysis(make.added(_canary({"analysis": "text"})))
}
