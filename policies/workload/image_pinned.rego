# METADATA
# title: Images are pinned
# description: |
#   An image with a mutable or absent tag is another one tomorrow: a restart deploys what nobody
#   reviewed, and a rollback does not bring back what ran. Judged are all containers, kustomize
#   images, and the images in Helm values. Left alone are names that a kustomization or skaffold
#   tags, values without a tag (the chart's default), and text that a tool fills in.
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
import data.gate.lib.pods

_settings := input.settings["workload.image_pinned"]

_judged := [{"resource": r, "images": images.named(r), "overrides": images.overrides(r)} |
	some r in input.resources
	is_object(r.new)
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
	not images.set_elsewhere(r, named, _settings)
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

_faulty(found) := [object.union(named, {"fault": fault}) |
	some named in found
	not _left_to_chart(named)
	fault := images.fault(named.image, _settings)
]

_left_to_chart(named) if {
	named.complete == false
	images.parse(named.image).tag == ""
}
