# METADATA
# title: Progressive delivery
# description: |
#   Argo Rollouts and Flagger: what delivers a workload step by step, what it measures, and for
#   which services that is asked.
# scope: package
package gate.lib.rollouts

import data.gate.lib.pods
import data.gate.lib.values

is_rollout(r) if {
	r.group == "argoproj.io"
	r.kind == "Rollout"
}

is_canary(r) if {
	r.group == "flagger.app"
	r.kind == "Canary"
}

is_controller(r) if is_rollout(r)

is_controller(r) if is_canary(r)

# The controllers after the change, patches left out, and those that did not change.
controllers := [r |
	some r in _all
	r.patch == false
]

# The controllers that this change adds or edits.
changed := [r |
	some r in input.resources
	r.kind in {"Rollout", "Canary"}
	is_object(r.new)
	is_controller(r)
]

_all := [r |
	some r in pods.after
	r.kind in {"Rollout", "Canary"}
	is_controller(r)
]

_patches := [r |
	some r in _all
	r.patch == true
]

_patched contains [r.kind, r.name] if some r in _patches

# A controller as it may be built: itself, and its patches.
forms(r) := array.concat([r], [patch |
	[r.kind, r.name] in _patched
	some patch in _patches
	patch.kind == r.kind
	patch.name == r.name
	pods.same_namespace(patch, r)
])

# The workload that a controller takes over: a Rollout's workloadRef, a Canary's targetRef.
target(r) := r.new.spec.workloadRef if is_rollout(r)

target(r) := r.new.spec.targetRef if is_canary(r)

# Whether a controller that is deleted delivered a workload.
delivered(gone, workload) if {
	key := {"Rollout": "workloadRef", "Canary": "targetRef"}[gone.kind]
	reference := object.get(gone.old, ["spec", key], null)
	reference.name == workload.name
	reference.kind == workload.kind
	pods.same_namespace(gone, workload)
}

delivers(controller, workload) if {
	reference := target(controller)
	reference.name == workload.name
	reference.kind == workload.kind
	pods.same_namespace(controller, workload)
}

# The controllers that deliver a workload.
delivering(workload) := [controller |
	pods.meant(_delivered, workload)
	some controller in controllers
	delivers(controller, workload)
]

_delivered := _targets(controllers)

_targets(found) := pods.lookup([[reference.kind, reference.name, controller.namespace] |
	some controller in found
	reference := target(controller)
])

# Whether a controller delivers a workload step by step.
progresses(workload) if pods.meant(_progressive_targets, workload)

_progressive_targets := _targets([controller | some controller in controllers; progressive(controller)])

# The workloads of this change that a controller outside it delivers.
workloads := [{"resource": r, "controller": controller} |
	count(_outside) > 0
	some r in input.resources
	is_object(r.new)
	pods.meant(_targets_outside, r)
	some controller in _outside
	delivers(controller, r)
]

_outside := [controller | some controller in controllers; controller.status == "unchanged"]

_targets_outside := _targets(_outside)

# The service of a resource (its own, or that of the workload that it delivers) if its tier is asked.
critical(r, tiers) := r.service if {
	_asked(r.service, tiers)
} else := service if {
	is_controller(r)
	reference := target(r)
	some service, _ in values.fields(input.services)
	_asked(service, tiers)
	[reference.kind, reference.name, service] in _served
}

# The same for a workload of `workloads`: its own service, or its controller's.
critical_delivery(found, tiers) := service if {
	service := critical(found.resource, tiers)
} else := critical(found.controller, tiers)

_asked(service, tiers) if {
	tier := input.services[service].tier
	tier in values.list(tiers)
}

_served contains [r.kind, r.name, r.service] if {
	some r in pods.after
	r.service
}

# Whether a controller moves traffic step by step, or stands a second colour beside the first.
progressive(r) if {
	is_rollout(r)
	some form in forms(r)
	count(steps(form)) > 0
}

progressive(r) if {
	is_rollout(r)
	some form in forms(r)
	is_object(form.new.spec.strategy.blueGreen)
}

progressive(r) if {
	is_canary(r)
	not skips(r)
	not _suspended(r)
}

# A Canary with skipAnalysis promotes at once, and measures nothing.
skips(r) if r.new.spec.skipAnalysis == true

_suspended(r) if r.new.spec.suspend == true

steps(r) := values.list(object.get(r.new, ["spec", "strategy", "canary", "steps"], []))

# A Canary's analysis, with the name that it had before v1beta1.
analysis(r) := found if {
	key := [name | some name in ["analysis", "canaryAnalysis"]; is_object(r.new.spec[name])][0]
	found := {"path": ["spec", key], "is": r.new.spec[key]}
}

# The analysis templates that a Rollout names, each with its path.
template_references(r) := [{"name": name, "cluster": cluster, "path": path} |
	some found in _analyses(r)
	some item in array.concat(
		[{"path": ["templates", i], "is": template} | some i, template in values.list(found.is.templates)],
		[{"path": ["templateName"], "is": found.is}],
	)
	name := item.is.templateName
	is_string(name)
	name != ""
	cluster := object.get(item.is, "clusterScope", false) == true
	path := array.concat(found.path, item.path)
]

_analyses(r) := array.concat(_strategy_analyses(r), _step_analyses(r))

_strategy_analyses(r) := [{"path": path, "is": found} |
	some place in [["canary", "analysis"], ["blueGreen", "prePromotionAnalysis"], ["blueGreen", "postPromotionAnalysis"]]
	path := array.concat(["spec", "strategy"], place)
	found := object.get(r.new, path, null)
	is_object(found)
]

_step_analyses(r) := [{"path": array.concat(["spec", "strategy", "canary", "steps", i], found.path), "is": found.is} |
	some i, step in steps(r)
	some found in array.concat(
		[{"path": ["analysis"], "is": step.analysis} | is_object(step.analysis)],
		[{"path": ["experiment", "analyses", j], "is": item} |
			some j, item in values.list(step.experiment.analyses)
			is_object(item)
		],
	)
]

is_template(r) if {
	r.group == "argoproj.io"
	r.kind in {"AnalysisTemplate", "ClusterAnalysisTemplate"}
}

# Whether a reference of a controller names a template.
refers(controller, reference, template) if {
	template.name == reference.name
	template.kind == _template_kinds[reference.cluster]
	_reachable(controller, reference, template)
}

_template_kinds := {false: "AnalysisTemplate", true: "ClusterAnalysisTemplate"}

_reachable(_, reference, _) if reference.cluster == true

_reachable(controller, reference, template) if {
	reference.cluster == false
	pods.same_namespace(controller, template)
}
