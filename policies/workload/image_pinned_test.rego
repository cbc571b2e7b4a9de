package gate.workload.image_pinned_test

import data.gate.lib.objects_test as make
import data.gate.workload.image_pinned as rule

_defaults := {"digest": false, "mutable": ["latest", "main"], "ignore": ["auto", "registry.test/trusted/"]}

_with(resources, unchanged, settings) := make.judged(resources, unchanged, {"workload.image_pinned": settings})

_input(resources) := _with(resources, [], _defaults)

_digest := "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

_deployment(image) := make.deployment("web", make.pods_of([{"name": "app", "image": image}]))

_messages(resources) := found if {
	found := {finding.message | some finding in rule.deny} with input as _input(resources)
}

_paths(resources) := found if {
	found := {finding.path | some finding in rule.deny} with input as _input(resources)
}

test_a_mutable_tag if {
	rule.deny == {{
		"message": "Deployment web: image shop/web:latest has the mutable tag `latest`",
		"resource": "apps/Deployment/shop/web",
		"path": ["spec", "template", "spec", "containers", 0, "image"],
		"key": "shop/web:latest",
	}} with input as _input([make.added(_deployment("shop/web:latest"))])
}

test_no_tag if {
	_messages([make.added(_deployment("shop/web"))]) == {"Deployment web: image shop/web has no tag, so whatever `latest` is by then is pulled"}
}

_faulty := ["web", "shop/web", "host:5000/web", "host:5000/shop/web:main", "web:LATEST", "web:", "web@sha256:short", "a:1/b"]

test_references_that_do_not_pin if {
	every image in _faulty {
		count(_messages([make.added(_deployment(image))])) == 1
	}
}

_pinned := [
	"web:1.4", "host:5000/web:1", sprintf("web@%s", [_digest]), sprintf("web:latest@%s", [_digest]), "web:main-1a2b3c4",
	"${IMAGE}", "web:${TAG}", "{{ .Values.image }}", "$(params.image)", "ko://example.test/cmd", "auto",
	"registry.test/trusted/web", "", 5, null, {"a": 1}, ["web"],
]

test_references_that_pin_or_cannot_be_judged if {
	every image in _pinned {
		count(_messages([make.added(_deployment(image))])) == 0
	}
}

test_a_digest_on_request if {
	settings := object.union(_defaults, {"digest": true})
	every image in ["web:1.4", "web", "web:latest"] {
		count(rule.deny) == 1 with input as _with([make.added(_deployment(image))], [], settings)
	}
	pinned := make.added(_deployment(sprintf("web:1.4@%s", [_digest])))
	count(rule.deny) == 0 with input as _with([pinned], [], settings)
}

test_all_containers_of_all_kinds if {
	pod := {"initContainers": [{"image": "a"}], "containers": [{"image": "b"}], "ephemeralContainers": [{"image": "c"}]}
	manifests := [
		make.object_of("v1", "Pod", "a", pod),
		make.object_of("batch/v1", "CronJob", "a", {"jobTemplate": {"spec": {"template": {"spec": pod}}}}),
		make.object_of("argoproj.io/v1alpha1", "Rollout", "a", {"template": {"spec": pod}}),
		make.object_of("serving.knative.dev/v1", "Service", "a", {"template": {"spec": pod}}),
		make.object_of("apps.kruise.io/v1alpha1", "CloneSet", "a", {"template": {"spec": pod}}),
	]
	every manifest in manifests {
		count(_paths([make.added(manifest)])) == 3
	}
}

test_a_workflow_and_a_task if {
	_paths([make.added(make.object_of("argoproj.io/v1alpha1", "Workflow", "a", {"templates": [
		{"container": {"image": "a"}},
		{"script": {"image": "b:latest"}},
	]}))]) == {
		["spec", "templates", 0, "container", "image"],
		["spec", "templates", 1, "script", "image"],
	}
	_paths([make.added(make.object_of("tekton.dev/v1", "Task", "a", {"steps": [{"image": "a"}]}))]) == {["spec", "steps", 0, "image"]}
}

test_unchanged_and_deleted_objects_are_left_alone if {
	count(rule.deny) == 0 with input as _with([make.deleted(_deployment("web"))], [make.unchanged(_deployment("web"))], _defaults)
	not rule.applies with input as _with([make.deleted(_deployment("web"))], [make.unchanged(_deployment("web"))], _defaults)
}

test_a_patch_is_judged_by_what_it_names if {
	count(_messages([make.patch(make.added(_deployment("web:latest")))])) == 1
}

test_one_odd_container_hides_no_other if {
	spec := make.pods_of(["text", null, {"name": "a", "image": 7}, {"name": "b"}, {"name": "c", "image": "web"}])
	_paths([make.added(make.deployment("web", spec))]) == {["spec", "template", "spec", "containers", 4, "image"]}
}

# Kustomize.
_kustomization(images) := make.at(make.added(make.kustomization({"images": images, "resources": ["web.yaml"]})), "apps/kustomization.yaml")

test_kustomize_images if {
	images := [
		{"name": "a", "newTag": "latest"},
		{"name": "b", "newName": "c", "newTag": "main"},
		{"name": "d", "newTag": "1.4"},
		{"name": "e", "newName": "f"},
		{"name": "g", "newTag": "latest", "digest": _digest},
		{"name": "h", "newTag": "${TAG}"},
		{"newTag": "latest"},
		{"name": "i", "newTag": ""},
		{"name": "j", "newTag": 7},
		{"name": "auto", "newTag": "latest"},
		"text",
	]
	_paths([_kustomization(images)]) == {["images", 0, "newTag"], ["images", 1, "newTag"], ["images", 6, "newTag"]}
	"apps/kustomization.yaml: image c:main has the mutable tag `main`" in _messages([_kustomization(images)])
	"apps/kustomization.yaml: image _:latest has the mutable tag `latest`" in _messages([_kustomization(images)])
	rule.applies with input as _input([_kustomization(images)])
	not rule.applies with input as _input([_kustomization([])])
}

test_flux_images if {
	images := [{"name": "a", "newTag": "latest"}]
	flux := make.added(make.object_of("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "a", {"images": images}))
	_paths([flux]) == {["spec", "images", 0, "newTag"]}
	release := make.added(make.object_of("helm.toolkit.fluxcd.io/v2", "HelmRelease", "a", {"postRenderers": [{"kustomize": {"images": images}}]}))
	_paths([release]) == {["spec", "postRenderers", 0, "kustomize", "images", 0, "newTag"]}
}

test_argo_cd_images if {
	source := {"kustomize": {"images": ["web=shop/web:latest", "shop/web", "shop/web:1.4", 5]}}
	application := make.added(make.object_of("argoproj.io/v1alpha1", "Application", "a", {"source": source}))
	_paths([application]) == {["spec", "source", "kustomize", "images", 0]}
}

test_a_kustomization_sets_the_tag if {
	web := make.added(_deployment("web"))
	every item in [{"name": "web", "newTag": "1.4"}, {"name": "web", "digest": _digest}] {
		kustomization := _kustomization([item])
		count(_messages([web, kustomization])) == 0
		count(rule.deny) == 0 with input as _with([web], [kustomization], _defaults)
	}
}

test_a_kustomization_does_not_set_the_tag if {
	web := make.added(_deployment("web"))
	every item in [{"name": "web", "newTag": "latest"}, {"name": "web", "newTag": ""}, {"name": "api", "newTag": "1"}] {
		count(rule.deny) == 1 with input as _with([web], [_kustomization([item])], _defaults)
	}
	elsewhere := make.at(_kustomization([{"name": "web", "newTag": "1.4"}]), "other/kustomization.yaml")
	count(rule.deny) == 1 with input as _with([web], [elsewhere], _defaults)
}

_kustomizes(path, fields) := make.at(make.unchanged(make.kustomization(fields)), path)

_pin := {"images": [{"name": "web", "newTag": "1.4"}]}

_web := make.added(_deployment("web"))

_count(unchanged) := number if {
	number := count(rule.deny) with input as _with([_web], unchanged, _defaults)
}

test_a_kustomization_that_does_not_build_the_file_does_not_pin if {
	outside := object.union(_pin, {"resources": ["../apps/web.yaml"]})
	_count([_kustomizes("other/kustomization.yaml", outside)]) == 1
	bare := object.union(_pin, {"resources": ["../apps"]})
	_count([_kustomizes("other/kustomization.yaml", bare)]) == 1
	_count([_kustomizes("apps/kustomization.yaml", _pin)]) == 1
	listed := object.union(_pin, {"resources": ["web.yaml"]})
	_count([_kustomizes("apps/named-otherwise.yaml", listed)]) == 1
	_count([make.patch(_kustomizes("apps/kustomization.yaml", listed))]) == 1
	_count([_kustomizes("apps/kustomization.yaml", listed)]) == 0
	_count([_kustomizes("apps/kustomization.yaml", object.union(_pin, {"patches": [{"path": "web.yaml"}]}))]) == 0
}

test_all_that_build_the_file_must_pin if {
	base := _kustomizes("apps/kustomization.yaml", {"resources": ["web.yaml"]})
	production := _kustomizes("overlays/prod/kustomization.yaml", object.union(_pin, {"resources": ["../../apps"]}))
	staging := _kustomizes("overlays/staging/kustomization.yaml", {"resources": ["../../apps"]})
	_count([base]) == 1
	_count([base, production]) == 0
	_count([base, production, staging]) == 1
	above := _kustomizes("all/kustomization.yaml", object.union(_pin, {"resources": ["../overlays/staging"]}))
	_count([base, production, staging, above]) == 0
}

test_a_component_pins_for_its_user if {
	base := _kustomizes("apps/kustomization.yaml", {"resources": ["web.yaml"], "components": ["../pins"]})
	pins := make.at(make.unchanged({"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component", "images": _pin.images}), "pins/kustomization.yaml")
	_count([base]) == 1
	_count([base, pins]) == 0
}

test_new_names_with_a_tag if {
	images := [
		{"name": "a", "newName": "b:latest"},
		{"name": "c", "newName": "host:5000/d"},
		{"name": "e", "newName": "f:1.4"},
		{"name": "g", "newName": sprintf("h:latest@%s", [_digest])},
		{"name": "i", "newName": "j:${TAG}"},
	]
	_paths([_kustomization(images)]) == {["images", 0, "newName"]}
	_messages([_kustomization(images)]) == {"apps/kustomization.yaml: image b:latest has the mutable tag `latest`"}
}

_transformer(tag) := make.added({"apiVersion": "builtin", "kind": "ImageTagTransformer", "metadata": {"name": "x"}, "imageTag": {"name": "web", "newTag": tag}})

_inline := [
	"kind: ImageTagTransformer\nmetadata: {name: x}\nimageTag: {name: web, newTag: latest}",
	"kind: ImageTagTransformer\nimageTag:\n  name: web\n  newTag: 'latest'\nmetadata:\n  name: x\n",
	`{"imageTag": {"newTag": "latest", "name": "web"}, "kind": "ImageTagTransformer"}`,
]

test_transformers if {
	_messages([_transformer("latest")]) == {"ImageTagTransformer x: image web:latest has the mutable tag `latest`"}
	_paths([_transformer("latest")]) == {["imageTag", "newTag"]}
	_messages([_transformer("1.4")]) == set()
	every text in _inline {
		kustomization := make.at(make.added(make.kustomization({"transformers": ["other.yaml", text]})), "apps/kustomization.yaml")
		rule.deny == {{
			"message": "apps/kustomization.yaml: image web:latest has the mutable tag `latest`",
			"resource": kustomization.id,
			"path": ["transformers", 1],
			"key": "web:latest",
		}} with input as _input([kustomization])
	}
}

_patch_of(content) := make.patch(make.file("apps/kustomization.yaml", null, content))

test_patches_without_a_kind if {
	operations := [
		{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "a"},
		{"op": "replace", "path": "/spec/template/spec/containers", "value": [{"image": "b:1"}, {"image": "c:latest"}]},
		{"op": "add", "path": "/spec/template/spec/initContainers/-", "value": {"image": "d:main"}},
		{"op": "add", "path": "/spec/values/image/tag", "value": "latest"},
		{"op": "add", "path": "/spec/values/image", "value": "left-to-the-chart"},
		{"op": "replace", "path": "/spec/template/spec/volumes", "value": [{"image": {"reference": "e"}}]},
		{"op": "remove", "path": "/spec/template/spec/containers/1/image"},
		{"op": "add", "path": "/metadata/labels/a", "value": "b:latest"},
	]
	_paths([_patch_of(operations)]) == {
		[0, "value"], [1, "value", 1, "image"], [2, "value", "image"],
		[3, "value"], [5, "value", 0, "image", "reference"],
	}
	pod := {"containers": [{"name": "a", "image": "a:latest", "tag": 1}]}
	_paths([_patch_of({"spec": {"template": {"spec": pod}}})]) == {["spec", "template", "spec", "containers", 0, "image"]}
	count(_messages([make.file("apps/kustomization.yaml", null, operations)])) == 0
}

test_a_kustomization_pins_what_its_own_patch_names if {
	patch := _patch_of([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "web"}])
	count(rule.deny) == 0 with input as _with([patch], [_kustomizes("apps/kustomization.yaml", _pin)], _defaults)
}

test_image_volumes if {
	volumes := {"volumes": [{"emptyDir": {}}, {"image": {"reference": "models:latest"}}], "containers": [{"image": "a:1"}]}
	_paths([make.added(make.deployment("web", {"template": {"spec": volumes}}))]) == {["spec", "template", "spec", "volumes", 1, "image", "reference"]}
	_paths([make.added(make.object_of("example.test/v1", "Job", "a", {"pod": volumes}))]) == {["spec", "pod", "volumes", 1, "image", "reference"]}
}

test_parameters_of_argo_cd if {
	parameters := [
		{"name": "image.repository", "value": "shop/web"},
		{"name": "image.tag", "value": "latest"},
		{"name": "db.image.tag", "value": "main"},
		{"name": "db.image.digest", "value": _digest},
		{"name": "api.image", "value": "api:main"},
		{"name": "job.image", "value": "job"},
		{"name": "cache.image.tag", "value": "latest"},
		{"name": "cache.image.tag", "value": "1.4"},
		{"name": "tag", "value": "latest"},
		{"name": "image.tag.x", "value": 5},
		{"name": 7},
		"text",
	]
	application := make.added(make.object_of("argoproj.io/v1alpha1", "Application", "a", {"source": {"helm": {"parameters": parameters}}}))
	_messages([application]) == {
		"Application a: image shop/web:latest has the mutable tag `latest`",
		"Application a: image api:main has the mutable tag `main`",
	}
	_paths([application]) == {["spec", "source", "helm", "parameters", i, "value"] | some i in [1, 4]}
}

_skaffold := {"apiVersion": "skaffold/v3", "kind": "Config", "build": {"artifacts": [{"image": "web"}, {"image": 5}]}}

test_skaffold_builds_and_tags if {
	skaffold := make.at(make.unchanged(_skaffold), "skaffold.yaml")
	count(rule.deny) == 0 with input as _with([make.added(_deployment("web"))], [skaffold], _defaults)
	count(rule.deny) == 1 with input as _with([make.added(_deployment("web:latest"))], [skaffold], _defaults)
	count(rule.deny) == 1 with input as _with([make.added(_deployment("api"))], [skaffold], _defaults)
	elsewhere := make.at(make.unchanged(_skaffold), "other/skaffold.yaml")
	count(rule.deny) == 1 with input as _with([make.added(_deployment("web"))], [elsewhere], _defaults)
}

# Helm values.
_values := {
	"image": {"repository": "web", "tag": "latest"},
	"init": {"image": "busybox:main"},
	"api": {"image": {"repository": "api"}},
	"job": {"image": "job"},
	"cache": {"image": {"repository": "cache", "tag": ""}},
	"db": {"image": {"repository": "db", "tag": "latest", "digest": _digest}},
	"till": {"image": {"repository": "till", "tag": "{{ .Chart.AppVersion }}"}},
	"number": {"image": {"repository": "number", "tag": 14}},
	"sidecarImage": {"name": "proxy", "tag": "main"},
	"controller": {"repository": "controller", "tag": "main"},
	"ports": {"tag": "latest"},
	"list": [{"tag": "latest"}],
	"extraContainers": [{"name": "a", "image": "a"}, {"name": "b", "image": "b", "tag": "1"}, {"name": "c"}],
}

_value_paths := {["image", "tag"], ["init", "image"], ["sidecarImage", "tag"], ["controller", "tag"], ["extraContainers", 0, "image"]}

test_values_files if {
	_paths([make.file("charts/web/values.yaml", {}, _values)]) == _value_paths
	_messages([make.file("values-a.yaml", {}, {"image": {"tag": "latest"}})]) == {"values-a.yaml: image image:latest has the mutable tag `latest`"}
	_paths([make.file("values.yaml", {}, {"repository": "a", "tag": "latest"})]) == {["tag"]}
	_paths([make.file("compose.yaml", {}, _values)]) == set()
}

test_values_of_releases if {
	release := make.added(make.object_of("helm.toolkit.fluxcd.io/v2", "HelmRelease", "a", {"values": _values}))
	_value_paths == {array.slice(path, 2, count(path)) | some path in _paths([release])}
}

_application(text) := make.object_of("argoproj.io/v1alpha1", "Application", "web", {"source": {"helm": {"values": text}}})

test_a_tag_in_the_values_of_an_application if {
	rule.deny == {{
		"message": "Application web: an image in the values has the mutable tag `latest`",
		"resource": "argoproj.io/Application/shop/web",
		"path": ["spec", "source", "helm", "values"],
		"key": "latest",
	}} with input as _input([make.added(_application("image:\n  tag: latest\n"))])
	every text in ["image:\n  tag: 1.4.2\n", "image:\n  tag: latest\n  digest: sha256:ab\n", "tag: ${TAG}"] {
		count(_messages([make.added(_application(text))])) == 0
	}
}

test_a_kustomization_that_no_longer_sets_the_tag if {
	folder := {"resources": ["web.yaml"]}
	old := make.kustomization(object.union(folder, {"images": [{"name": "shop/web", "newTag": "1.4"}]}))
	change := make.at(make.modified(old, make.kustomization(folder)), "apps/kustomization.yaml")
	open := make.at(make.unchanged(_deployment("shop/web")), "apps/web.yaml")
	rule.deny == {{
		"message": "apps/kustomization.yaml: image shop/web of Deployment web is not set any more, and has no tag, so whatever `latest` is by then is pulled",
		"resource": change.id,
		"path": ["images"],
		"key": "shop/web",
	}} with input as _with([change], [open], _defaults)
	every image in ["shop/web:1.4", "shop/other"] {
		other := make.at(make.unchanged(_deployment(image)), "apps/web.yaml")
		count(rule.deny) == 0 with input as _with([change], [other], _defaults)
	}
}
