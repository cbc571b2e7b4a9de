# METADATA
# title: Helm values
# description: Where Helm values stand, in values files, Flux HelmReleases, Argo CD Applications and kustomizations.
# scope: package
package gate.lib.helm

import data.gate.lib.values

# A values file by its name: values.yaml, values-prod.yaml, prod.values.yml.
is_values_file(r) if {
	r.kind == "File"
	regex.match(`(^|/)([^/]*[-_.])?values([-_.][^/]*)?\.ya?ml$`, r.path)
}

# The defaults of a chart itself: a key that leaves them has no other default.
is_chart_default(r) if {
	r.kind == "File"
	regex.match(`(^|/)values\.ya?ml$`, r.path)
}

# The Helm values on one side of a resource, each with its path.
roots(r, side) := [{"path": [], "values": side}] if {
	is_values_file(r)
} else := [{"path": ["spec", "values"], "values": side.spec.values} |
	is_object(side.spec.values)
] if {
	r.group == "helm.toolkit.fluxcd.io"
} else := [{"path": path, "values": found.source.helm.valuesObject} |
	some found in argo_sources(r, side)
	is_object(found.source.helm.valuesObject)
	path := array.concat(found.path, ["helm", "valuesObject"])
] if {
	r.group == "argoproj.io"
} else := [{"path": ["helmCharts", i, "valuesInline"], "values": chart.valuesInline} |
	some i, chart in values.list(side.helmCharts)
	is_object(chart.valuesInline)
] if {
	r.group == "kustomize.config.k8s.io"
} else := []

# The sources of an Argo CD Application, or of an ApplicationSet's template, each with its path.
argo_sources(r, side) := [{"path": array.concat(base, found.path), "source": found.source} |
	r.group == "argoproj.io"
	base := _argo_specs[r.kind]
	spec := object.get(side, base, null)
	some found in array.concat(
		[{"path": ["source"], "source": source} | source := spec.source],
		[{"path": ["sources", i], "source": source} | some i, source in values.list(spec.sources)],
	)
	is_object(found.source)
]

# The Helm parameters of those sources, which are values by their dotted names: `key` is the last
# part of the name in lower case.
parameters(r, side) := [{"name": item.name, "key": key, "value": item.value, "path": path} |
	some found in argo_sources(r, side)
	some i, item in values.list(values.at(found.source, ["helm", "parameters"]))
	is_string(item.name)
	is_string(item.value)
	parts := split(item.name, ".")
	key := lower(parts[count(parts) - 1])
	path := array.concat(found.path, ["helm", "parameters", i, "value"])
]

_argo_specs := {"Application": ["spec"], "ApplicationSet": ["spec", "template", "spec"]}

# Values that differ between the two sides of a resource, by their keys: what they were (`old`) and
# are (`new`), null where absent, and the values around them. List elements have no identity.
changed(r) := [found |
	some root in roots(r, r.new)
	some other in roots(r, r.old)
	other.path == root.path
	other.values != root.values
	is_object(other.values)
	is_object(root.values)
	some keys in _places(other.values, root.values)
	old := object.get(other.values, keys, null)
	new := object.get(root.values, keys, null)
	old != new
	found := {
		"keys": keys,
		"key": lower(keys[count(keys) - 1]),
		"parent": lower(array.concat([""], keys)[count(keys) - 1]),
		"old": old,
		"new": new,
		"given": _holds(root.values, keys),
		"path": array.concat(root.path, _existing(root.values, keys)),
		"was": other.values,
		"is": root.values,
	}
]

_places(old, new) := {path |
	some side in [old, new]
	walk(side, [path, _])
	count(path) > 0
	count([key | some key in path; is_number(key)]) == 0
}

_holds(tree, keys) if {
	parent := beside(tree, keys, [])
	some key, _ in values.fields(parent)
	key == keys[count(keys) - 1]
} else := false

# What stands beside a value, at `path` from the object that holds it.
beside(tree, keys, path) := object.get(tree, array.concat(array.slice(keys, 0, count(keys) - 1), path), null)

_existing(tree, keys) := keys if {
	_holds(tree, keys)
} else := existing[count(existing) - 1] if {
	existing := [above |
		some length in numbers.range(0, count(keys) - 1)
		above := array.slice(keys, 0, length)
		object.get(tree, above, null) != null
	]
}
