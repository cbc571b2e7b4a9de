# METADATA
# title: Images are pinned
# description: |
#   An image with a mutable or absent tag is another one tomorrow: a restart deploys what nobody
#   reviewed, and a rollback does not bring back what ran. Judged are all containers and image
#   volumes, what kustomize sets (images, transformers, patches), and the images in Helm values and
#   parameters. Left alone are names that every kustomization of the file, or skaffold, tags, values
#   without a tag (the chart's default), and text that a tool fills in.
# scope: package
# custom:
#   level: deny
#   remediation: Name a version tag, or better a digest (`name:1.4.2@sha256:...`), that is never pushed again.
#   standard: "Change Management: what was reviewed is what runs"
#   settings:
#     digest: false
#     mutable:
#       - latest
#       - main
#       - master
#       - head
#       - trunk
#       - dev
#       - develop
#       - development
#       - edge
#       - nightly
#       - snapshot
#       - unstable
#       - stable
#       - staging
#       - prod
#       - production
#       - rolling
#     ignore:
#       - auto
package gate.workload.image_pinned

import data.gate.lib.images
import data.gate.lib.kustomize
import data.gate.lib.pods
import data.gate.lib.texts
import data.gate.lib.values

_given := input.settings["workload.image_pinned"]

# Tags in lower case, and ready to be looked up.
_settings := {
	"digest": object.get(_given, "digest", false),
	"ignore": values.list(object.get(_given, "ignore", [])),
	"mutable": {lower(tag) | some tag in values.list(object.get(_given, "mutable", [])); is_string(tag)},
}

_judged := [{"resource": r, "images": images.named(r), "overrides": images.overrides(r)} |
	some r in input.resources
	new := r.new
	not is_null(new)
]

applies if {
	some judged in _judged
	count(judged.images) + count(judged.overrides) > 0
}

# An old finding excuses the same image, not another one in its place: hence the key.
deny contains {"message": message, "resource": r.id, "path": named.path, "key": named.image} if {
	some judged in _judged
	r := judged.resource
	some named in _faulty(judged.images)
	not _set_elsewhere(r, named)
	message := sprintf("%s: image %s %s", [pods.label(r), named.image, named.fault])
}

deny contains {"message": message, "resource": r.id, "path": override.path, "key": key} if {
	some judged in _judged
	r := judged.resource
	some override in judged.overrides
	reason := images.override_fault(override, _settings)
	key := sprintf("%s:%s", [override.name, override.tag])
	message := sprintf("%s: image %s %s", [pods.label(r), key, reason])
}

# Helm values that stand as text in an Argo CD Application.
deny contains {"message": message, "resource": r.id, "path": found.path, "key": tag} if {
	some r in input.resources
	is_object(r.new)
	some found in texts.helm_values(r, r.new)
	text := found.text
	not contains(text, "sha256:")
	some tag in texts.fields(found.text, "tag")
	not images.templated(tag)
	fault := images.tag_fault(tag, _settings)
	message := sprintf("%s: an image in the values %s", [pods.label(r), fault])
}

# A kustomization that no longer sets what a file beside it leaves open.
deny contains {"message": message, "resource": r.id, "path": ["images"], "key": name} if {
	some r in input.resources
	kustomize.is_kustomization(r)
	is_object(r.new)
	some name in (_set_names(r.old) - _set_names(r.new))
	some other in values.list(object.get(input, "unchanged", []))
	kustomize.lists(r, other.path)
	some named in _faulty(images.named(other))
	images.parse(named.image).name == name
	not _set_elsewhere(other, named)
	message := sprintf("%s: image %s of %s is not set any more, and %s", [
		pods.label(r),
		name,
		pods.label(other),
		named.fault,
	])
}

_set_names(side) := {item.name |
	some item in values.list(values.at(side, ["images"]))
	is_string(item.name)
}

_faulty(found) := [object.union(named, {"fault": fault}) |
	some named in found
	not _left_to_chart(named)
	fault := images.fault(named.image, _settings)
]

_left_to_chart(named) if {
	named.complete == false
	images.parse(named.image).tag == ""
}

_set_elsewhere(r, named) if images.set_elsewhere(r, named, _settings)
