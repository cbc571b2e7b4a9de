# METADATA
# title: Pods
# description: Where manifests name containers and replicas, and what exists before and after the change.
# scope: package
package gate.lib.pods

import data.gate.lib.values

# What exists after the change, and what existed before it.
after := array.concat(
	[r | some r in input.resources; is_object(r.new)],
	[r | some r in values.list(object.get(input, "unchanged", [])); is_object(r.new)],
)

before := array.concat(
	[r | some r in input.resources; is_object(r.old)],
	[r | some r in values.list(object.get(input, "unchanged", [])); is_object(r.old)],
)

# Resources with both sides: what a rule about old against new may judge.
paired := [r |
	some r in input.resources
	is_object(r.old)
	is_object(r.new)
]

# How a message names a resource.
label(r) := r.path if {
	r.kind == "File"
} else := r.path if {
	r.group == "kustomize.config.k8s.io"
} else := sprintf("%s %s", [r.kind, r.name])

# Two objects can stand in one namespace: the same one, or one that is set later, by a tool.
same_namespace(a, b) if a.namespace == b.namespace

same_namespace(a, b) if {
	is_null(a.namespace)
	b.name
}

same_namespace(a, b) if {
	is_null(b.namespace)
	a.name
}

# The place of the pod spec in the kinds that Kubernetes, Argo Rollouts and Knative define.
_spec_paths := {
	"core": {
		"Pod": ["spec"],
		"PodTemplate": ["template", "spec"],
		"ReplicationController": ["spec", "template", "spec"],
	},
	"apps": {
		"Deployment": ["spec", "template", "spec"],
		"StatefulSet": ["spec", "template", "spec"],
		"DaemonSet": ["spec", "template", "spec"],
		"ReplicaSet": ["spec", "template", "spec"],
	},
	"batch": {
		"Job": ["spec", "template", "spec"],
		"CronJob": ["spec", "jobTemplate", "spec", "template", "spec"],
	},
	"argoproj.io": {"Rollout": ["spec", "template", "spec"]},
	"serving.knative.dev": {
		"Service": ["spec", "template", "spec"],
		"Configuration": ["spec", "template", "spec"],
		"Revision": ["spec"],
	},
}

# Groups whose other kinds hold no pod.
_podless := {
	"core", "apps", "admissionregistration.k8s.io", "apiextensions.k8s.io", "autoscaling", "batch", "file",
	"gateway.networking.k8s.io", "kustomize.config.k8s.io", "networking.k8s.io", "policy",
	"rbac.authorization.k8s.io", "storage.k8s.io",
}

# Kinds whose pods stand in the values of a chart.
_rendered := {"helm.toolkit.fluxcd.io": {"HelmRelease"}, "argoproj.io": {"Application", "ApplicationSet"}}

# The path of a workload's pod spec; undefined for any other kind.
spec_path(r) := path if {
	path := object.get(_spec_paths, [r.group, r.kind], null)
	path != null
}

# The containers of a workload's pod spec on one side (`old` or `new`) of a resource, each with its path.
workload_containers(r, side) := _containers_at(spec_path(r), side)

_containers_at(base, side) := [found |
	spec := object.get(side, base, null)
	some list in ["initContainers", "containers", "ephemeralContainers"]
	some i, container in values.list(spec[list])
	is_object(container)
	found := {"path": array.concat(base, [list, i]), "list": list, "container": container, "spec": spec}
]

# All containers that one side of a resource holds: those of a workload, or, in a custom resource,
# those of any list of containers, steps or sidecars, and a single `container` or `script`.
containers(r, side) := _containers_at(base, side) if {
	base := spec_path(r)
} else := [] if {
	_podless[r.group]
} else := [] if {
	r.kind in object.get(_rendered, r.group, set())
} else := array.concat(listed_containers(side), _single_containers(side))

# Containers in lists at any depth of an object, as in custom resources and Helm values.
listed_containers(side) := [found |
	walk(side, [path, items])
	is_array(items)
	_names_containers(path)
	some i, container in items
	is_object(container)
	found := {"path": array.concat(path, [i]), "list": path[count(path) - 1], "container": container}
]

_names_containers(path) if {
	key := path[count(path) - 1]
	is_string(key)
	regex.match(`([cC]ontainers|^steps|[sS]idecars)$`, key)
}

_single_containers(side) := [found |
	walk(side, [path, container])
	is_object(container)
	key := path[count(path) - 1]
	key in {"container", "script"}
	found := {"path": path, "list": key, "container": container}
]

# A container's name, or its place where it has none.
container_name(found) := found.container.name if {
	is_string(found.container.name)
} else := concat("", [found.list, "[", format_int(found.path[count(found.path) - 1], 10), "]"]) if {
	is_number(found.path[count(found.path) - 1])
} else := found.list

# The labels of the pods that one side of a workload makes.
pod_labels(r, side) := labels if {
	base := spec_path(r)
	owner := array.slice(base, 0, count(base) - 1)
	labels := object.get(side, array.concat(owner, ["metadata", "labels"]), null)
	is_object(labels)
}

# Whether a plain label selector (a non-empty map) picks labels.
selects(selector, labels) if {
	is_object(selector)
	is_object(labels)
	count(selector) > 0
	every key, value in selector {
		object.get(labels, [key], null) == value
	}
}

# A whole number that is not negative, also where YAML or Helm made a string of it.
number(value) := value if {
	is_number(value)
	value >= 0
	value <= 1000000000
	value == floor(value)
}

number(value) := to_number(value) if {
	is_string(value)
	regex.match(`^(0|[1-9][0-9]{0,8})$`, value)
}

# A percentage such as `25%`, as a number.
percentage(value) := number(trim_suffix(value, "%")) if {
	is_string(value)
	endswith(value, "%")
}

# References to workloads, made for looking up: lists of kind, name and namespace.
lookup(references) := {
	"exact": {reference | some reference in references},
	"named": {[kind, name] | some [kind, name, _] in references},
}

# Whether one of the references means a workload, as `same_namespace` has it.
meant(table, workload) if [workload.kind, workload.name, workload.namespace] in table.exact

meant(table, workload) if [workload.kind, workload.name, null] in table.exact

meant(table, workload) if {
	is_null(workload.namespace)
	[workload.kind, workload.name] in table.named
}
