# METADATA
# title: Replicas
# description: How many replicas workloads ask for, and what kustomize and its patches make of that.
# scope: package
package gate.lib.replicas

import data.gate.lib.kustomize
import data.gate.lib.patches
import data.gate.lib.pods

scalable := {"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout"}

# Kubernetes and Argo Rollouts run one pod where replicas is not set; a patch leaves it as it was.
of(r, side) := field(r, side, "replicas", 1)

field(_, side, key, _) := pods.number(side.spec[key])

field(r, side, key, default_) := default_ if {
	r.patch == false
	is_null(object.get(side, ["spec", key], null))
}

# The workloads that stood before the change and stand after it.
staying := [r |
	some r in pods.after
	is_object(r.old)
	scalable[r.kind]
]

# What kustomizations set otherwise than before, with the workloads that are meant.
entries_changed := [found |
	some r in pods.paired
	kustomize.is_kustomization(r)
	old := kustomize.replicas(r.old)
	new := kustomize.replicas(r.new)
	some name in (object.keys(old) | object.keys(new))
	found := {
		"resource": r,
		"what": sprintf("replicas of %s", [name]),
		"name": name,
		"old": _count_in(old, name),
		"new": _count_in(new, name),
		"path": _entry_path(new, name),
		"workloads": _built_as(r.path, name),
	}
	found.old != found.new
]

_count_in(entries, name) := number if {
	number := pods.number(entries[name].count)
} else := null

_entry_path(entries, name) := ["replicas", entries[name].at, "count"] if {
	entries[name]
} else := ["replicas"]

# On one side of those: what the kustomization says, else the workloads.
on(found, side) := found[side] if {
	is_number(found[side])
} else := min([number |
	some workload in found.workloads
	number := of(workload, workload[side])
])

# The workloads that stood before, by the kustomizations that build them and by their names.
_built_as(path, name) := [staying[index] | some index in _built[path][name]]

_built[path][name] contains index if {
	some index, workload in staying
	workload.patch == false
	name := workload.name
	some path in kustomize.above(kustomize.builders(workload.path))
}

# Patches of other replicas, and those that set replicas where no patch did before. One without a
# kind may mean each workload that its kustomization builds.
patched := [found |
	some r in input.resources
	r.status in {"added", "modified"}
	some part in _parts(r, r.new)
	new := pods.number(part.tree.spec.replicas)
	workloads := _patched_by(r)
	found := {
		"resource": r,
		"what": "replicas",
		"name": r.name,
		"old": null,
		"new": new,
		"path": patches.place(part, ["spec", "replicas"]),
		"workloads": workloads,
		"before": _before_patch(r, workloads),
	}
]

_before_patch(r, workloads) := said if {
	said := [number | some part in _parts(r, r.old); number := pods.number(part.tree.spec.replicas)]
	count(said) > 0
} else := [number | some workload in workloads; number := of(workload, workload.old)]

# A patch of a named workload has both sides, or is new.
_parts(r, side) := [{"tree": side, "path": [], "depth": 0}] if {
	scalable[r.kind]
	r.patch == true
	is_null(r.old)
	is_object(side)
} else := patches.parts(r, side)

_patched_by(r) := [workload |
	scalable[r.kind]
	some builder in kustomize.builders(r.path)
	some workload in _built_as(builder, r.name)
	workload.kind == r.kind
] if {
	r.kind != "File"
} else := [workload | some builder in kustomize.builders(r.path); workload := _smallest[builder]]

# Of each kustomization with such a patch the workload that has least to lose.
_smallest[path] := workloads[0][1] if {
	some path in _patching
	workloads := sort([[of(workload, workload.old), workload] |
		some name, _ in _built[path]
		some workload in _built_as(path, name)
	])
	count(workloads) > 0
}

_patching contains path if {
	some r in input.resources
	r.kind == "File"
	r.patch == true
	some path in kustomize.builders(r.path)
}

# To nothing, of what stands elsewhere.
unseen := [found |
	some found in array.concat(entries_changed, patched)
	found.new == 0
	found.old == null
	count(found.workloads) == 0
	count(object.get(found, "before", [])) == 0
	not _is_new(found)
	kustomize.stood(found.resource.path)
]

# A workload that comes with the change, of that name or in the place of a patch without a kind.
_is_new(found) if _new_names[found.name]

_is_new(found) if {
	found.resource.kind == "File"
	some builder in kustomize.builders(found.resource.path)
	_brought[builder]
}

_new_names contains r.name if some r in _new_workloads

_brought contains path if {
	some r in _new_workloads
	some path in kustomize.above(kustomize.builders(r.path))
}

_new_workloads := [r |
	some r in input.resources
	scalable[r.kind]
	is_null(r.old)
	r.patch == false
]
