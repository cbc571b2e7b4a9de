# METADATA
# title: Images
# description: Image references, the places that name them, and what keeps them from being pinned.
# scope: package
package gate.lib.images

import data.gate.lib.helm
import data.gate.lib.kustomize
import data.gate.lib.patches
import data.gate.lib.paths
import data.gate.lib.pods
import data.gate.lib.values

# The parts of an image reference; a part that is absent is empty. A registry's port is no tag.
parse(image) := {"name": name, "tag": tag, "digest": digest} if {
	halves := split(image, "@")
	digest := concat("@", array.slice(halves, 1, count(halves)))
	segments := split(halves[0], "/")
	last := split(segments[count(segments) - 1], ":")
	tag := concat(":", array.slice(last, 1, count(last)))
	folders := array.slice(segments, 0, count(segments) - 1)
	name := concat("/", array.concat(folders, [last[0]]))
}

# Text that a tool fills in later.
templated(text) if regex.match(`\$[{(]|\{\{|[<%]`, text)

# Why an image does not pin what runs; undefined where it does, or where that cannot be said.
fault(image, settings) := reason if {
	image != ""
	not templated(image)
	not _built(image)
	parts := parse(image)
	name := parts.name
	not _ignored(name, settings)
	digest := parts.digest
	not _is_digest(digest)
	reason := tag_fault(parts.tag, settings)
}

# Why a tag without a digest does not pin.
tag_fault(tag, settings) := "has no tag, so whatever `latest` is by then is pulled" if {
	tag == ""
} else := sprintf("has the mutable tag `%s`", [tag]) if {
	settings.mutable[lower(tag)]
} else := "has a tag but no digest" if {
	settings.digest == true
}

# ko replaces its own scheme by what it built.
_built(image) if startswith(image, "ko://")

_is_digest(text) if regex.match(`^[a-z0-9+._-]+:[0-9a-fA-F]{32,}$`, text)

_ignored(name, settings) if {
	name in values.list(settings.ignore)
}

_ignored(name, settings) if {
	some entry in values.list(settings.ignore)
	prefix := values.text(entry)
	endswith(prefix, "/")
	startswith(name, prefix)
}

# The images that the new side of a resource names, with path. `complete` says that nothing else
# adds a tag: in Helm values an image without one is left to the chart.
named(r) := array.concat(_in_containers(r), _in_volumes(r)) if {
	pods.spec_path(r)
} else := [found |
	some list in [_in_containers(r), _in_volumes(r), _in_patches(r), _in_values(r), _in_argo(r), _in_parameters(r)]
	some found in list
]

_in_containers(r) := [{"image": found.container.image, "path": path, "complete": true} |
	some found in pods.containers(r, r.new)
	is_string(found.container.image)
	path := array.concat(found.path, ["image"])
]

# https://kubernetes.io/docs/concepts/storage/volumes/#image
_in_volumes(r) := [found |
	base := pods.spec_path(r)
	some volume in _volume_images({"volumes": object.get(r.new, array.concat(base, ["volumes"]), null)})
	found := object.union(volume, {"path": array.concat(base, volume.path)})
] if {
	pods.spec_path(r)
} else := _volume_images(r.new) if {
	count(pods.containers(r, r.new)) > 0
} else := []

_volume_images(tree) := [{"image": image, "path": array.concat(path, [i, "image", "reference"]), "complete": true} |
	walk(tree, [path, volumes])
	is_array(volumes)
	path[count(path) - 1] == "volumes"
	some i, volume in volumes
	image := volume.image.reference
	is_string(image)
]

_in_patches(r) := [found |
	some part in patches.parts(r, r.new)
	some list in [_listed_images(part.tree), _value_images(part.tree), _volume_images(part.tree)]
	some image in list
	found := object.union(image, {"path": patches.place(part, image.path)})
]

_listed_images(tree) := [{"image": found.container.image, "path": path, "complete": true} |
	some found in pods.listed_containers(tree)
	is_string(found.container.image)
	path := array.concat(found.path, ["image"])
]

# Argo CD's Helm parameters are values by their keys: `web.image.tag`. The last of a name counts.
_in_parameters(r) := [found |
	some place in helm.argo_sources(r, r.new)
	parameters := [{"at": i, "holder": holder, "key": key, "value": parameter.value} |
		some i, parameter in values.list(place.source.helm.parameters)
		keys := split(values.text(parameter.name), ".")
		holder := concat(".", array.slice(keys, 0, count(keys) - 1))
		key := keys[count(keys) - 1]
	]
	tree := object.union_n([{each.holder: {each.key: each.value}} | some each in parameters])
	at := object.union_n([{each.holder: {each.key: each.at}} | some each in parameters])
	some image in _value_images(tree)
	path := ["helm", "parameters", object.get(at, image.path, 0), "value"]
	found := object.union(image, {"path": array.concat(place.path, path)})
]

# Argo CD's kustomize images are `new:tag` or `name=new:tag`.
_in_argo(r) := [{"image": image, "path": path, "complete": false} |
	some found in helm.argo_sources(r, r.new)
	some i, text in values.list(found.source.kustomize.images)
	is_string(text)
	halves := split(text, "=")
	image := halves[count(halves) - 1]
	path := array.concat(found.path, ["kustomize", "images", i])
]

_in_values(r) := [found |
	some root in helm.roots(r, r.new)
	some image in array.concat(_value_images(root.values), _value_containers(root.values))
	found := object.union(image, {"path": array.concat(root.path, image.path)})
]

_value_containers(tree) := [{"image": container.image, "path": path, "complete": true} |
	some found in pods.listed_containers(tree)
	container := found.container
	is_string(container.image)
	not _tagged_beside(container)
	path := array.concat(found.path, ["image"])
]

_tagged_beside(container) if container.tag

_value_images(tree) := array.concat(
	[{"image": node.image, "path": array.concat(path, ["image"]), "complete": false} |
		walk(tree, [path, node])
		is_object(node)
		is_string(node.image)
	],
	[{"image": image, "path": array.concat(path, ["tag"]), "complete": false} |
		walk(tree, [path, node])
		is_object(node)
		is_string(node.tag)
		node.tag != ""
		_is_image(path, node)
		not _has_digest(node)
		image := sprintf("%s:%s", [_repository(path, node), node.tag])
	],
)

_is_image(_, node) if is_string(node.repository)

_is_image(path, node) if {
	node.tag
	key := path[count(path) - 1]
	is_string(key)
	endswith(lower(key), "image")
}

_repository(path, node) := _first_text(node, ["repository", "name"], array.concat([""], path)[count(path)])

_first_text(holder, keys, fallback) := array.concat(texts, [fallback])[0] if {
	texts := [text | some key in keys; text := values.text(holder[key]); text != ""]
}

# Why an override does not pin.
override_fault(override, settings) := reason if {
	name := override.name
	not _ignored(name, settings)
	reason := tag_fault(override.tag, settings)
}

# The kustomize overrides in a resource that set a tag, by itself or with a new name, and no digest.
overrides(r) := [override |
	some item in _overriding(r)
	is := item.is
	not _has_digest(is)
	some override in array.concat(_new_tag(item), _new_name(item))
	tag := override.tag
	not templated(tag)
]

_new_tag(item) := [{"tag": tag, "name": name, "path": array.concat(item.path, item.keys.tag)} |
	tag := values.text(item.is.newTag)
	tag != ""
	name := _first_text(item.is, ["newName", "name"], "_")
]

_new_name(item) := [{"tag": parts.tag, "name": parts.name, "path": array.concat(item.path, item.keys.name)} |
	parts := parse(values.text(item.is.newName))
	parts.tag != ""
	parts.digest == ""
]

_overriding(r) := [{"is": r.new.imageTag, "path": ["imageTag"], "keys": _keys}] if {
	r.kind == "ImageTagTransformer"
	is_object(r.new.imageTag)
} else := array.concat(_inline_transformers(r), [{"is": item, "path": array.concat(place, [i]), "keys": _keys} |
	some place in _override_places(r)
	some i, item in values.list(object.get(r.new, place, null))
])

_keys := {"tag": ["newTag"], "name": ["newName"]}

# A transformer that stands as text in a kustomization.
_inline_transformers(r) := [{"is": item, "path": ["transformers", i], "keys": {"tag": [], "name": []}} |
	kustomize.is_kustomization(r)
	some i, text in values.list(r.new.transformers)
	is_string(text)
	contains(text, "ImageTagTransformer")
	parts := split(text, "imageTag")
	item := {key: found[0][1] |
		some key in ["name", "newName", "newTag", "digest"]
		pattern := sprintf(`\b%s["']?\s*:\s*["']?([^\s"',}]+)`, [key])
		found := regex.find_all_string_submatch_n(pattern, parts[count(parts) - 1], 1)
	}
]

# Where kustomize, Flux and a HelmRelease's post renderers override images.
_override_places(r) := [["images"]] if {
	kustomize.is_kustomization(r)
} else := [["spec", "images"]] if {
	r.group == "kustomize.toolkit.fluxcd.io"
} else := [["spec", "postRenderers", i, "kustomize", "images"] |
	some i, _ in values.list(r.new.spec.postRenderers)
] if {
	r.group == "helm.toolkit.fluxcd.io"
} else := []

_has_digest(item) if {
	some key in ["digest", "sha", "sha256"]
	value := item[key]
	is_string(value)
	value != ""
}

# Whether every way in which kustomizations build the file pins the image that is named, or skaffold
# builds and tags it.
set_elsewhere(r, named_, settings) if {
	builders := kustomize.builders(r.path)
	count(builders) > 0
	name := parse(named_.image).name
	open := {path | some path in kustomize.above(builders); not _sets(path, name, settings)}
	ways := {path: further |
		some path in open
		further := kustomize.users(path) & open
	}
	ends := [path | some path in graph.reachable(ways, builders & open); count(kustomize.users(path)) == 0]
	count(ends) == 0
}

set_elsewhere(r, named_, _) if {
	parts := parse(named_.image)
	parts.tag == ""
	some artifact in _artifacts
	artifact.image == parts.name
	paths.within(r.path, artifact.folder)
}

_sets(path, name, settings) if {
	some item in kustomize.images_set(path, name)
	_pins(item, settings)
}

_pins(item, _) if _has_digest(item)

_pins(item, settings) if {
	tag := item.newTag
	is_string(tag)
	tag != ""
	not _tag_faulty(tag, settings)
}

_tag_faulty(tag, settings) if tag_fault(tag, settings)

_artifacts := [{"image": artifact.image, "folder": paths.folder(r.path)} |
	some r in pods.after
	r.group == "skaffold"
	some artifact in values.list(r.new.build.artifacts)
	is_string(artifact.image)
]
