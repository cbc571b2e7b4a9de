# METADATA
# title: An analysis can fail
# description: |
#   An analysis that can only succeed rolls nothing back. For the tiers in the settings each metric
#   of the templates that a Rollout names must be able to fail: a successCondition or
#   failureCondition (jobs and Kayenta judge by themselves), a failureLimit that is not -1 and is
#   below count, and not all metrics as dry runs. A Canary's metric needs a thresholdRange.
# scope: package
# custom:
#   level: deny
#   remediation: Give each metric a successCondition (or a thresholdRange) and a failureLimit below its count.
#   standard: "Change Management: automated rollback"
#   settings:
#     tiers:
#       - 1
package gate.delivery.rollback_criteria

import data.gate.lib.pods
import data.gate.lib.rollouts
import data.gate.lib.values

_settings := input.settings["delivery.rollback_criteria"]

_controllers := [{"resource": r, "service": service} |
	some r in rollouts.controllers
	service := rollouts.critical(r, _settings.tiers)
]

# Which templates critical Rollouts name: the Rollout, the template, the place of its name.
_uses := [{"controller": judged, "template": template, "path": reference.path} |
	some judged in _controllers
	some reference in rollouts.template_references(judged.resource)
	some template in _templates
	rollouts.refers(judged.resource, reference, template)
]

_templates := [r | some r in pods.after; rollouts.is_template(r)]

applies if {
	some use in _uses
	_in_change(use.controller.resource)
}

applies if {
	some use in _uses
	_in_change(use.template)
}

applies if {
	some judged in _controllers
	_in_change(judged.resource)
	rollouts.is_canary(judged.resource)
}

_in_change(r) if r.status != "unchanged"

# A template of this change: each metric at its place.
deny contains finding if {
	some use in _uses
	template := use.template
	_in_change(template)
	some fault in _template_faults(template)
	finding := {
		"message": sprintf("%s: %s (service %s)", [pods.label(template), fault.text, use.controller.service]),
		"resource": template.id,
		"path": fault.path,
		"service": use.controller.service,
	}
}

# A Rollout of this change that names a template outside it.
deny contains finding if {
	some use in _uses
	r := use.controller.resource
	_in_change(r)
	template := use.template
	template.status == "unchanged"
	some fault in _template_faults(template)
	finding := {
		"message": sprintf("%s measures with %s: %s (service %s)", [
			pods.label(r),
			pods.label(template),
			fault.text,
			use.controller.service,
		]),
		"resource": r.id,
		"path": use.path,
		"service": use.controller.service,
	}
}

# A Rollout of this change whose own dry runs cover all metrics of a template.
deny contains finding if {
	some use in _uses
	r := use.controller.resource
	_in_change(r)
	holder := object.get(r.new, _holder(use.path), null)
	_all_dry(values.list(holder.dryRun), values.list(use.template.new.spec.metrics))
	finding := {
		"message": sprintf("%s: all metrics of %s are dry runs (service %s)", [
			pods.label(r),
			use.template.name,
			use.controller.service,
		]),
		"resource": r.id,
		"path": array.concat(_holder(use.path), ["dryRun"]),
		"service": use.controller.service,
	}
}

deny contains finding if {
	some judged in _controllers
	r := judged.resource
	_in_change(r)
	not rollouts.skips(r)
	analysis := rollouts.analysis(r)
	some i, metric in values.list(analysis.is.metrics)
	is_object(metric)
	rollouts.is_canary(r)
	not _bounded(metric)
	finding := {
		"message": sprintf("%s: metric %s has no thresholdRange, so it never fails (service %s)", [
			pods.label(r),
			_metric_name(metric),
			judged.service,
		]),
		"resource": r.id,
		"path": array.concat(analysis.path, ["metrics", i]),
		"service": judged.service,
	}
}

_bounded(metric) if {
	some side in ["min", "max"]
	is_number(metric.thresholdRange[side])
}

_bounded(metric) if is_number(metric.threshold)

# The analysis that a template's name stands in: ["...", "analysis", "templates", 0].
_holder(path) := array.slice(path, 0, count(path) - 2) if {
	path[count(path) - 2] == "templates"
} else := array.slice(path, 0, count(path) - 1)

_template_faults(template) := array.concat(_metric_faults(template), _whole_faults(template))

_whole_faults(template) := [{"text": text, "path": path} |
	metrics := values.list(object.get(template.new, ["spec", "metrics"], []))
	some [text, path, holds] in [
		["it has no metrics", ["spec"], _is_empty(template, metrics)],
		["all its metrics are dry runs", ["spec", "dryRun"], _is_dry(template, metrics)],
	]
	holds
]

_is_empty(template, metrics) if {
	template.patch == false
	count(metrics) == 0
	count(values.list(object.get(template.new, ["spec", "templates"], []))) == 0
} else := false

_is_dry(template, metrics) if {
	_all_dry(values.list(object.get(template.new, ["spec", "dryRun"], [])), metrics)
} else := false

_all_dry(runs, metrics) if {
	count(metrics) > 0
	every metric in metrics {
		_dry(runs, values.text(metric.name))
	}
}

# dryRun names metrics by regular expression; of those the forms in common use are understood.
_dry(runs, name) if {
	some run in runs
	run.metricName == name
}

_dry(runs, name) if {
	some run in runs
	pattern := values.text(run.metricName)
	endswith(pattern, ".*")
	startswith(name, trim_suffix(pattern, ".*"))
}

_metric_faults(template) := [{"text": sprintf("metric %s %s", [name, fault.text]), "path": path} |
	some i, metric in values.list(template.new.spec.metrics)
	is_object(metric)
	some fault in array.concat(_condition_fault(template, metric), _limit_fault(metric))
	name := _metric_name(metric)
	path := array.concat(["spec", "metrics", i], fault.path)
]

_metric_name(metric) := metric.name if {
	is_string(metric.name)
} else := "without a name"

_condition_fault(template, metric) := [{"text": "has no condition, so it always succeeds", "path": []}] if {
	template.patch == false
	not _conditioned(metric)
	not _judges_itself(metric)
} else := []

_conditioned(metric) if {
	some key in ["successCondition", "failureCondition"]
	values.text(metric[key]) != ""
}

_judges_itself(metric) if {
	some key in ["job", "kayenta", "plugin"]
	key in object.keys(values.fields(metric.provider))
}

_limit_fault(metric) := [{"text": "has failureLimit -1, so it never fails", "path": ["failureLimit"]}] if {
	metric.failureLimit in [-1, "-1"]
} else := [{"text": "has a failureLimit not below its count, so it never fails", "path": ["failureLimit"]}] if {
	limit := pods.number(metric.failureLimit)
	count_ := pods.number(metric.count)
	count_ > 0
	limit >= count_
} else := []
