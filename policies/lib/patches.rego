# METADATA
# title: Patches
# description: What the patches of a kustomization set, where they are no objects themselves.
# scope: package
package gate.lib.patches

import data.gate.lib.values

# The parts of a patch without a kind, on one side of a resource. Each is a `tree` as the patched
# object would hold it; the patch holds what lies `depth` keys below its root at `path`. A strategic
# merge patch is one part, a JSON patch (RFC 6902) has one for each value that it sets.
parts(r, side) := [{"tree": side, "path": [], "depth": 0}] if {
	_is_patch(r)
	is_object(side)
} else := [part |
	_is_patch(r)
	some i, step in values.list(side)
	is_object(step)
	object.get(step, "op", "") in {"add", "replace"}
	keys := _keys(values.text(object.get(step, "path", "")))
	count(keys) > 0
	part := {
		"tree": _tree(keys, object.get(step, "value", null)),
		"path": [i, "value"],
		"depth": count(keys),
	}
]

# The place in the patch of a place in a part's tree.
place(part, path) := array.concat(part.path, array.slice(path, part.depth, count(path)))

_is_patch(r) if {
	r.kind == "File"
	r.patch == true
}

# No object that a rule knows is deeper than this: of a longer pointer the end is taken.
_longest := 30

_keys(pointer) := array.slice(keys, max([0, count(keys) - _longest]), count(keys)) if {
	keys := [replace(replace(key, "~1", "/"), "~0", "~") |
		some key in split(pointer, "/")
		key != ""
	]
}

# The value within an object for each key, and a list of one for each index.
_tree(keys, value) := json.unmarshal(concat("", array.concat(
	[_opening(key) | some key in keys],
	array.concat([json.marshal(value)], [_closing(key) | some key in array.reverse(keys)]),
)))

_opening(key) := "[" if {
	_is_index(key)
} else := concat("", ["{", json.marshal(key), ":"])

_closing(key) := "]" if {
	_is_index(key)
} else := "}"

_is_index(key) if regex.match(`^(-|[0-9]+)$`, key)
