package gate.lib.helm_test

import data.gate.lib.helm
import data.gate.lib.objects_test as make

test_values_files_by_name if {
	every path in ["values.yaml", "a/values-prod.yaml", "a/prod.values.yml", "a/prod-values.yaml", "values_eu.yaml"] {
		helm.is_values_file(make.file(path, {}, {}))
	}
	every path in ["myvalues.yaml", "values.json", "valuesfile.yaml", "values/a.yaml"] {
		not helm.is_values_file(make.file(path, {}, {}))
	}
	not helm.is_values_file(make.at(make.added(make.deployment("a", {})), "values.yaml"))
}

test_the_charts_own_values if {
	helm.is_chart_default(make.file("charts/a/values.yaml", {}, {}))
	not helm.is_chart_default(make.file("charts/a/values-prod.yaml", {}, {}))
	not helm.is_chart_default(make.at(make.added(make.deployment("a", {})), "values.yaml"))
}

_values := {"replicaCount": 2}

_release := make.object_of("helm.toolkit.fluxcd.io/v2", "HelmRelease", "web", {"values": _values})

_application := make.object_of("argoproj.io/v1alpha1", "Application", "web", {
	"source": {"helm": {"valuesObject": _values}},
	"sources": [{"ref": "values"}, {"helm": {"valuesObject": _values}}, "text"],
})

_applications := make.object_of("argoproj.io/v1alpha1", "ApplicationSet", "web", {"template": {"spec": {"source": {"helm": {"valuesObject": _values}}}}})

_kustomization := make.kustomization({"helmCharts": [{"name": "a"}, {"valuesInline": _values}, "text"]})

_paths(manifest) := [root.path | some root in helm.roots(make.added(manifest), manifest); root.values == _values]

test_places_of_values if {
	helm.roots(make.file("values.yaml", {}, {}), _values) == [{"path": [], "values": _values}]
	_paths(_release) == [["spec", "values"]]
	_paths(_application) == [["spec", "source", "helm", "valuesObject"], ["spec", "sources", 1, "helm", "valuesObject"]]
	_paths(_applications) == [["spec", "template", "spec", "source", "helm", "valuesObject"]]
	_paths(_kustomization) == [["helmCharts", 1, "valuesInline"]]
	_paths(make.deployment("web", {"values": _values})) == []
}

test_values_that_changed if {
	old := {"a": {"b": 1, "c": 2, "d": [1]}, "e": 5, "f": {"g": 6}}
	new := {"a": {"b": 1, "c": 3, "d": [2]}, "e": null}
	found := helm.changed(make.file("values.yaml", old, new))
	some change in found
	change.keys == ["a", "c"]
	change.key == "c"
	change.parent == "a"
	change.old == 2
	change.new == 3
	change.given
	{item.keys | some item in found} == {["a"], ["a", "c"], ["a", "d"], ["e"], ["f"], ["f", "g"]}
	{item.path | some item in found; item.given == false} == {[]}
	{item.keys | some item in found; item.given == false} == {["f"], ["f", "g"]}
}

test_values_of_any_shape if {
	helm.changed(make.file("values.yaml", ["a"], {"a": 1})) == []
	helm.changed(make.file("values.yaml", {"a": 1}, "text")) == []
}

test_what_stands_beside_a_value if {
	helm.beside({"a": {"b": 1, "c": {"d": 2}}}, ["a", "b"], ["c", "d"]) == 2
	helm.beside({"a": {"b": 1}}, ["a", "b"], ["c"]) == null
}
