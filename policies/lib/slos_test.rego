package gate.lib.slos_test

import data.gate.lib.slos

_sloth := {
	"version": "prometheus/v1",
	"service": "shop",
	"slos": [{"name": "requests", "objective": 99.9, "sli": {"events": {"error_query": "e"}}}],
}

_sloth_resource := {
	"apiVersion": "sloth.slok.dev/v1",
	"kind": "PrometheusServiceLevel",
	"metadata": {"name": "shop"},
	"spec": {"service": "shop", "slos": [{"name": "requests", "objective": 99.9}]},
}

_pyrra := {
	"apiVersion": "pyrra.dev/v1alpha1",
	"kind": "ServiceLevelObjective",
	"metadata": {"name": "errors", "namespace": "monitoring"},
	"spec": {"target": "99.0", "indicator": {"ratio": {}}},
}

_openslo := {
	"apiVersion": "openslo/v1",
	"kind": "SLO",
	"metadata": {"name": "search"},
	"spec": {
		"service": "shop",
		"indicatorRef": "latency",
		"objectives": [
			{"displayName": "Good", "op": "lt", "value": 500, "target": 0.99},
			{"targetPercent": 95},
			{"displayName": "None"},
		],
	},
}

_openslo_alpha := {
	"apiVersion": "openslo/v1alpha",
	"kind": "SLO",
	"metadata": {"name": "ratio"},
	"spec": {"objectives": [{"ratioMetrics": {"good": {}}, "target": 0.98}]},
}

test_sloth_files if {
	slos.found_in(_sloth) == {{
		"service": "shop",
		"name": "requests",
		"sli": {"events": {"error_query": "e"}},
		"path": ["slos", 0],
		"objectives": [{"label": null, "target": 99.9, "shown": "99.9", "path": ["slos", 0, "objective"]}],
	}}
}

test_sloth_resources if {
	slos.found_in(_sloth_resource) == {{
		"service": "shop",
		"name": "requests",
		"sli": null,
		"path": ["spec", "slos", 0],
		"objectives": [{
			"label": null,
			"target": 99.9,
			"shown": "99.9",
			"path": ["spec", "slos", 0, "objective"],
		}],
	}}
}

test_pyrra if {
	slos.found_in(_pyrra) == {{
		"service": "monitoring",
		"name": "errors",
		"sli": {"ratio": {}},
		"path": ["spec"],
		"objectives": [{"label": null, "target": 99, "shown": "99.0", "path": ["spec", "target"]}],
	}}
}

test_pyrra_target_as_a_number if {
	manifest := object.union(_pyrra, {"spec": {"target": 99.5}})
	some slo in slos.found_in(manifest)
	slo.objectives[0].target == 99.5
}

test_openslo if {
	slos.found_in(_openslo) == {{
		"service": "shop",
		"name": "search",
		"sli": {
			"indicator": ["latency"],
			"objectives": [{"op": "lt", "value": 500}, {}, {}],
		},
		"path": ["spec"],
		"objectives": [
			{"label": "Good", "target": 99, "shown": "0.99", "path": ["spec", "objectives", 0, "target"]},
			{"label": null, "target": 95, "shown": "95", "path": ["spec", "objectives", 1, "targetPercent"]},
		],
	}}
}

test_openslo_in_a_list if {
	found := slos.found_in(["text", _openslo, _openslo_alpha])
	{[slo.name, slo.path] | some slo in found} == {["search", [1, "spec"]], ["ratio", [2, "spec"]]}
	{slo.sli | some slo in found; slo.name == "ratio"} == {{"objectives": [{"ratioMetrics": {"good": {}}}]}}
}

test_openslo_without_an_indicator_measures_nothing_known if {
	spec := object.remove(_openslo.spec, ["indicatorRef"])
	manifest := object.union(object.remove(_openslo, ["spec"]), {"spec": spec})
	{slo.sli | some slo in slos.found_in(manifest)} == {null}
}

_others := [
	null, "text", 5, [], {}, {"version": "prometheus/v1"}, {"version": "prometheus/v1", "slos": "text"},
	{"version": "prometheus/v1", "slos": ["text"]},
	{"kind": "PrometheusServiceLevel", "spec": "text"},
	{"kind": "SLO", "apiVersion": "openslo/v1", "metadata": {"name": "a"}, "spec": null},
	{"kind": "SLO", "apiVersion": 5, "metadata": {}, "spec": {}},
	{"kind": "ServiceLevelObjective", "apiVersion": "pyrra.dev/v1alpha1", "metadata": {"name": "a"}, "spec": {}},
	{
		"kind": "ServiceLevelObjective",
		"apiVersion": "pyrra.dev/v1alpha1",
		"metadata": {"name": "a"},
		"spec": {"target": "high"},
	},
	{"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "a"}, "spec": {"target": "9"}},
]

test_anything_else_holds_none if {
	every manifest in _others {
		slos.found_in(manifest) == set()
	}
}
