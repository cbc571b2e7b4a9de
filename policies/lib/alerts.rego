# METADATA
# title: Alerts
# description: |
#   The alerts in an object, in one shape: Prometheus and VictoriaMetrics rules (custom resources,
#   plain rule files, the values of the usual Helm charts), and those that Sloth and Pyrra make of
#   an SLO.
package gate.lib.alerts

import data.gate.lib.values

# Each alert has `key` (its identity over the whole change), `title` (for people), `measures` (what
# it watches: an alert of another name that watches the same is a renamed one), `path` and
# `annotations`.
found_in(manifest) := {alert |
	some found in [_rules(manifest), _sloth(manifest), _pyrra(manifest)]
	some alert in found
}

# https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
_rules(manifest) := [alert |
	some place in _places(manifest)
	at := array.concat(place, ["groups"])
	some group_index, group in values.list(values.at(manifest, at))
	some rule_index, rule in values.list(group.rules)
	is_string(rule.alert)
	alert := {
		"key": rule.alert,
		"title": rule.alert,
		"measures": values.at(rule, ["expr"]),
		"path": array.concat(at, [group_index, "rules", rule_index]),
		"annotations": values.fields(values.at(rule, ["annotations"])),
	}
]

_places(manifest) := [["spec"]] if {
	manifest.spec.groups
} else := [[]] if {
	manifest.groups
} else := _chart_places(manifest)

# Where Helm values hold rule groups: the charts kube-prometheus-stack and prometheus, in a values
# file, a HelmRelease or an Application, alone or as a dependency of another chart.
_chart_places(manifest) := [array.concat(place, [key, name]) |
	some root in _value_roots(manifest)
	some place in array.concat([root], [array.concat(root, [chart]) |
		some chart in _charts
	])
	some key in ["additionalPrometheusRulesMap", "additionalPrometheusRules", "serverFiles"]
	some name, _ in _entries(values.at(manifest, array.concat(place, [key])))
]

_value_roots(manifest) := [["spec", "values"]] if {
	manifest.kind == "HelmRelease"
} else := [["spec", "source", "helm", "valuesObject"]] if {
	manifest.kind == "Application"
} else := [] if {
	manifest.kind
} else := [[]]

_charts := ["kube-prometheus-stack", "kubePrometheusStack", "prometheus"]

_entries(value) := value if {
	is_array(value)
} else := values.fields(value)

# Sloth makes a page and a ticket of every SLO unless they are disabled:
# https://sloth.dev/specs/default/
_sloth(manifest) := [alert |
	[place, spec] := _sloth_spec(manifest)
	some index, slo in values.list(spec.slos)
	alerting := values.fields(values.at(slo, ["alerting"]))
	some kind, keys in {"page": ["page_alert", "pageAlert"], "ticket": ["ticket_alert", "ticketAlert"]}
	own := [[key, alerting[key]] | some key in keys; is_object(alerting[key])]
	not _disabled(own)
	name := _sloth_name(alerting, slo)
	alert := {
		"key": name,
		"title": sprintf("%s (%s)", [name, kind]),
		"measures": {kind: values.at(slo, ["sli"])},
		"path": array.concat(array.concat(place, ["slos", index, "alerting"]), [key | some [key, _] in own]),
		"annotations": object.union_n(array.concat(
			[values.fields(values.at(alerting, ["annotations"]))],
			[values.fields(values.at(part, ["annotations"])) | some [_, part] in own],
		)),
	}
]

_sloth_spec(manifest) := [[], manifest] if manifest.version == "prometheus/v1"

_sloth_spec(manifest) := [["spec"], manifest.spec] if {
	manifest.kind == "PrometheusServiceLevel"
	startswith(values.text(manifest.apiVersion), "sloth.slok.dev/")
}

_disabled(own) if {
	some [_, alert] in own
	alert.disable == true
}

_sloth_name(alerting, slo) := [name |
	some name in [values.at(alerting, ["name"]), values.at(slo, ["name"]), "unnamed"]
	is_string(name)
][0]

# Pyrra makes a burn-rate alert and one for a missing metric of every objective, unless they are
# switched off, with those annotations of the objective that start with `pyrra.dev/`:
# https://github.com/pyrra-dev/pyrra (config/crd/bases, slo/rules.go)
_pyrra(manifest) := [alert |
	manifest.kind == "ServiceLevelObjective"
	startswith(values.text(manifest.apiVersion), "pyrra.dev/")
	alerting := values.fields(values.at(manifest, ["spec", "alerting"]))
	values.at(alerting, ["disabled"]) != true
	some kind in _pyrra_kinds
	values.at(alerting, [kind.switch]) != false
	slo := values.text(values.at(manifest, ["metadata", "name"]))
	title := sprintf("%s of %s", [values.text(object.get(alerting, kind.name, kind.default)), slo])
	alert := {
		"key": title,
		"title": title,
		"measures": {kind.switch: values.at(manifest, ["spec", "indicator"])},
		"path": ["spec", "alerting"],
		"annotations": {substring(key, 10, -1): value |
			some key, value in values.fields(values.at(manifest, ["metadata", "annotations"]))
			startswith(key, "pyrra.dev/")
		},
	}
]

_pyrra_kinds := [
	{"switch": "burnrates", "name": "name", "default": "ErrorBudgetBurn"},
	{"switch": "absent", "name": "absentName", "default": "SLOMetricAbsent"},
]
