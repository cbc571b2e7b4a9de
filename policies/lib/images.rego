# METADATA
# title: Images
# description: Image references, the places that name them, and what keeps them from being pinned.
# scope: package
package gate.lib.images

import data.gate.lib.helm
import data.gate.lib.kustomize
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
templated(text) if {
	some mark in ["${", "$(", "{{", "<", "%"]
	contains(text, mark)
}

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
	some mutable in values.list(settings.mutable)
	lower(tag) == lower(values.text(mutable))
} else := "has a tag but no digest" if {
	settings.digest == true
}

# ko replaces its own scheme by what it built.
_built(image) if startswith(image, "ko://")

_is_digest(text) if regex.match(`^[a-z0-9+._-]+:[0-9a-fA-F]{32,}$`, text)

_ignored(name, settings) if {
	some entry in values.list(settings.ignore)
	entry == name
}

_ignored(name, settings) if {
	some entry in values.list(settings.ignore)
	prefix := values.text(entry)
	endswith(prefix, "/")
	startswith(name, prefix)
}

# The images that the new side of a resource names, with path. `complete` says that nothing else
# adds a tag: in Helm values an image without one is left to the chart.
named(r) := array.concat(_in_containers(r), array.concat(_in_values(r), _in_argo(r)))

_in_containers(r) := [{"image": found.container.image, "path": path, "complete": true} |
	some found in pods.containers(r, r.new)
	is_string(found.container.image)
	path := array.concat(found.path, ["image"])
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

# The kustomize overrides in a resource that set a tag and no digest.
overrides(r) := [{"tag": tag, "name": name, "path": path} |
	some place in _override_places(r)
	some i, item in values.list(object.get(r.new, place, null))
	tag := item.newTag
	is_string(tag)
	tag != ""
	not _has_digest(item)
	not templated(tag)
	name := _first_text(item, ["newName", "name"], "_")
	path := array.concat(place, [i, "newTag"])
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

# Whether a kustomization that builds from the file pins the image that is named, or skaffold builds and tags it.
set_elsewhere(r, named_, settings) if {
	name := parse(named_.image).name
	some kustomization in kustomize.kustomizations
	some item in values.list(kustomization.new.images)
	item.name == name
	_pins(item, settings)
	kustomize.lists(kustomization, r.path)
}

set_elsewhere(r, named_, _) if {
	parts := parse(named_.image)
	parts.tag == ""
	some artifact in _artifacts
	artifact.image == parts.name
	paths.within(r.path, artifact.folder)
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
