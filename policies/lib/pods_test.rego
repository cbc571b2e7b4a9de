package gate.lib.pods_test

import data.gate.lib.objects_test as make
import data.gate.lib.pods

_pod := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {
	"containers": [{"name": "a", "image": "x:1"}, "text", null],
	"initContainers": [{"image": "y:1"}],
	"ephemeralContainers": "text",
}}

test_a_workloads_containers_have_paths if {
	found := pods.containers(make.added(_pod), _pod)
	[[item.path, pods.container_name(item)] | some item in found] == [
		[["spec", "initContainers", 0], "initContainers[0]"],
		[["spec", "containers", 0], "a"],
	]
}

test_kinds_without_pods_have_none if {
	service := make.object_of("v1", "Service", "s", {"containers": [{"name": "a"}]})
	pods.containers(make.added(service), service) == []
}

_workflow := make.object_of("argoproj.io/v1alpha1", "Workflow", "w", {"templates": [
	{"name": "main", "container": {"image": "x:1"}},
	{"name": "more", "sidecars": [{"image": "y:1"}], "containers": [5]},
]})

test_custom_resources_are_searched if {
	found := pods.containers(make.added(_workflow), _workflow)
	[[item.path, pods.container_name(item)] | some item in found] == [
		[["spec", "templates", 1, "sidecars", 0], "sidecars[0]"],
		[["spec", "templates", 0, "container"], "container"],
	]
}

test_labels_of_pods if {
	workload := make.deployment("web", make.pods_of([]))
	pods.pod_labels(make.added(workload), workload) == {"app": "web"}
	not pods.pod_labels(make.added(_workflow), _workflow)
	not pods.pod_labels(make.added(_pod), _pod)
}

test_selectors if {
	labels := {"app": "web", "tier": "front"}
	pods.selects({"app": "web"}, labels)
	pods.selects(labels, labels)
	not pods.selects({"app": "api"}, labels)
	not pods.selects({"zone": "a"}, labels)
	not pods.selects({}, labels)
	not pods.selects(null, labels)
	not pods.selects({"app": "web"}, "text")
}

test_numbers_as_helm_reads_them if {
	pods.number(3) == 3
	pods.number("3") == 3
	every value in [-1, 2.5, 2000000000, "03", "3.5", "x", null, [], {}, true] {
		not pods.number(value)
	}
}

test_percentages if {
	pods.percentage("25%") == 25
	every value in ["25", 25, "x%", "%", null] {
		not pods.percentage(value)
	}
}

test_namespaces if {
	pods.same_namespace({"name": "a", "namespace": "shop"}, {"name": "b", "namespace": "shop"})
	pods.same_namespace({"name": "a", "namespace": null}, {"name": "b", "namespace": "shop"})
	pods.same_namespace({"name": "a", "namespace": "shop"}, {"name": "b", "namespace": null})
	not pods.same_namespace({"name": "a", "namespace": "shop"}, {"name": "b", "namespace": "till"})
}

test_labels_for_messages if {
	pods.label(make.added(make.deployment("web", {}))) == "Deployment web"
	pods.label(make.added(make.kustomization({}))) == "apps/web.yaml"
	pods.label(make.file("values.yaml", {}, {})) == "values.yaml"
}

test_sides_of_the_change if {
	a := make.deployment("a", {})
	change := make.judged([make.added(a), make.deleted(a), make.modified(a, a)], [make.unchanged(a)], {})
	count(pods.after) == 3 with input as change
	count(pods.before) == 3 with input as change
	count(pods.paired) == 1 with input as change
}

test_references_to_workloads if {
	table := pods.lookup([["Deployment", "web", "shop"], ["Deployment", "api", null]])
	pods.meant(table, {"kind": "Deployment", "name": "web", "namespace": "shop"})
	pods.meant(table, {"kind": "Deployment", "name": "web", "namespace": null})
	pods.meant(table, {"kind": "Deployment", "name": "api", "namespace": "till"})
	not pods.meant(table, {"kind": "Deployment", "name": "web", "namespace": "till"})
	not pods.meant(table, {"kind": "StatefulSet", "name": "web", "namespace": null})
}
