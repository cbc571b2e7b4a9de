package gate.change.major_upgrade_test

import data.gate.change.major_upgrade as rule
import data.gate.lib.objects_test as make

_changed(group, kind, path, sides) := {
	"id": concat("/", [group, kind, "shop", "web"]),
	"group": group,
	"kind": kind,
	"name": "web",
	"namespace": "shop",
	"path": path,
	"status": "modified",
	"old": sides[0],
	"new": sides[1],
}

_input(resource) := {"resources": [resource], "unchanged": [], "settings": {}}

_findings(resource) := found if {
	found := {[finding.message, finding.path] | some finding in rule.deny} with input as _input(resource)
}

_deployment(images) := {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": image} |
	some image in images
]}}}}

_deployments(old, new) := _changed("apps", "Deployment", "web.yaml", [_deployment(old), _deployment(new)])

_image_path := ["spec", "template", "spec", "containers", 0, "image"]

test_a_major_image_upgrade if {
	resource := _deployments(["reg.example:5000/db/redis:6.2-alpine"], ["reg.example:5000/db/redis:7.0-alpine"])
	rule.deny == {{
		"message": "Image redis goes from 6.2-alpine to 7.0-alpine: a major upgrade.",
		"resource": "apps/Deployment/shop/web",
		"path": _image_path,
	}} with input as _input(resource)
	rule.applies with input as _input(resource)
}

test_a_minor_upgrade_of_zero if {
	_findings(_deployments(["web:v0.9.1"], ["web:v0.10.0"])) == {[
		"Image web goes from v0.9.1 to v0.10.0: a minor upgrade of a 0.x version, which may break as a major one does.",
		_image_path,
	]}
}

test_a_downgrade if {
	_findings(_deployments(["web:1.3.0"], ["web:1.2.0"])) == {[
		"Image web goes from 1.3.0 to 1.2.0: a downgrade.",
		_image_path,
	]}
}

test_what_is_no_step if {
	pairs := [
		[["web:1.2.0"], ["web:1.3.0"]],
		[["web:1"], ["web:latest"]],
		[["web:20240101"], ["web:20250101"]],
		[["web:1.2.0"], ["other:3.0.0"]],
		[["web@sha256:0123"], ["web:2.0"]],
		[[], ["web:2.0"]],
		[[5], [null]],
	]
	every pair in pairs {
		_findings(_deployments(pair[0], pair[1])) == set()
	}
}

test_containers_in_another_order if {
	_findings(_deployments(["web:1.0", "proxy:3.0"], ["proxy:3.0", "web:1.0"])) == set()
	count(_findings(_deployments(["web:1.0", "proxy:3.0"], ["proxy:4.0", "web:1.0"]))) == 1
}

test_one_finding_for_an_image_that_is_named_twice if {
	_findings(_deployments(["web:1.0", "web:1.0"], ["web:2.0", "web:2.0"])) == {[
		"Image web goes from 1.0 to 2.0: a major upgrade.",
		_image_path,
	]}
}

test_a_release_of_many_images_is_one_finding if {
	images := {version: [sprintf("shop/%s:%s", [name, version]) | some name in ["a", "b", "c", "d", "e"]] |
		some version in ["v0.9.0", "v0.10.0"]
	}
	resource := _deployments(images["v0.9.0"], images["v0.10.0"])
	step := "from v0.9.0 to v0.10.0: a minor upgrade of a 0.x version, which may break as a major one does"
	rule.deny == {{
		"message": sprintf("Image a, Image b, Image c and 2 more go %s.", [step]),
		"key": step,
	}} with input as _input(resource)
}

test_two_versions_of_one_image_are_told_apart_by_their_places if {
	_findings(_deployments(["web:1.0", "web:2.0"], ["web:1.0", "web:3.0"])) == {[
		"Image web goes from 2.0 to 3.0: a major upgrade.",
		["spec", "template", "spec", "containers", 1, "image"],
	]}
	_findings(_deployments(["web:1.0", "web:2.0"], ["x:1", "y:1", "web:3.0"])) == set()
}

test_new_and_deleted_resources_have_no_step if {
	resource := _deployments(["web:1.0"], ["web:2.0"])
	_findings(object.union(object.remove(resource, ["old"]), {"old": null})) == set()
	_findings(object.union(object.remove(resource, ["new"]), {"new": null})) == set()
}

test_it_speaks_of_versions_only if {
	not rule.applies with input as _input(_changed("core", "ConfigMap", "web.yaml", [{"data": {}}, {"data": {"a": "1.0"}}]))
}

_values(old, new) := _changed("file", "File", "chart/values.yaml", [old, new])

test_helm_values if {
	old := {"redis": {"image": {"repository": "db/redis", "tag": "6.2"}}, "proxy": {"image": "envoy:1.9"}}
	new := {"redis": {"image": {"repository": "db/redis", "tag": "7.0"}}, "proxy": {"image": "envoy:2.0"}}
	_findings(_values(old, new)) == {
		["Image redis goes from 6.2 to 7.0: a major upgrade.", ["redis", "image", "tag"]],
		["Image envoy goes from 1.9 to 2.0: a major upgrade.", ["proxy", "image"]],
	}
}

test_helm_values_without_a_repository if {
	_findings(_values({"image": {"tag": "6.2@sha256:01"}}, {"image": {"tag": "7.0@sha256:02"}})) == {[
		"Image image goes from 6.2 to 7.0: a major upgrade.",
		["image", "tag"],
	]}
}

test_kustomize_images if {
	old := {"images": [{"name": "db/redis", "newTag": "6.2", "digest": "sha256:01"}, {"name": "web", "newTag": "1.0"}]}
	new := {"images": [{"name": "web", "newTag": "1.1"}, {"name": "db/redis", "newTag": "7.0", "digest": "sha256:02"}]}
	_findings(_changed("kustomize.config.k8s.io", "Kustomization", "kustomization.yaml", [old, new])) == {[
		"Image redis goes from 6.2 to 7.0: a major upgrade.",
		["images", 1, "newTag"],
	]}
}

test_flux_images if {
	old := {"spec": {"images": [{"name": "redis", "newTag": "6.2"}]}}
	new := {"spec": {"images": [{"name": "redis", "newTag": "7.0"}]}}
	_findings(_changed("kustomize.toolkit.fluxcd.io", "Kustomization", "ks.yaml", [old, new])) == {[
		"Image redis goes from 6.2 to 7.0: a major upgrade.",
		["spec", "images", 0, "newTag"],
	]}
}

_release(version, tag) := {"spec": {
	"chart": {"spec": {"chart": "redis", "version": version}},
	"postRenderers": [{"kustomize": {"images": [{"name": "proxy", "newTag": tag}]}}],
}}

test_a_flux_release if {
	sides := [_release("18.1.0", "1.0"), _release("19.0.0", "2.0")]
	_findings(_changed("helm.toolkit.fluxcd.io", "HelmRelease", "web.yaml", sides)) == {
		["Chart redis goes from 18.1.0 to 19.0.0: a major upgrade.", ["spec", "chart", "spec", "version"]],
		[
			"Image proxy goes from 1.0 to 2.0: a major upgrade.",
			["spec", "postRenderers", 0, "kustomize", "images", 0, "newTag"],
		],
	}
}

_source(ref) := {"spec": {"url": "oci://r/charts/redis", "ref": ref}}

test_flux_sources if {
	every kind in ["OCIRepository", "GitRepository"] {
		_findings(_changed("source.toolkit.fluxcd.io", kind, "r.yaml", [_source({"tag": "1.9.0"}), _source({"tag": "2.0.0"})])) == {[
			"Source redis goes from 1.9.0 to 2.0.0: a major upgrade.",
			["spec", "ref", "tag"],
		]}
		_findings(_changed("source.toolkit.fluxcd.io", kind, "r.yaml", [_source({"semver": "1.x"}), _source({"semver": "2.x"})])) == {[
			"Source redis goes from 1.x to 2.x: a major upgrade.",
			["spec", "ref", "semver"],
		]}
	}
}

test_another_chart_is_no_upgrade if {
	old := {"spec": {"chart": "redis", "version": "1.0.0"}}
	new := {"spec": {"chart": "valkey", "version": "2.0.0"}}
	_findings(_changed("source.toolkit.fluxcd.io", "HelmChart", "c.yaml", [old, new])) == set()
}

test_dependencies_of_a_chart if {
	old := {"version": "1.0.0", "dependencies": [{"name": "redis", "version": "18.1.0"}]}
	new := {"version": "2.0.0", "dependencies": [{"name": "web", "version": "1.0.0"}, {"name": "redis", "version": "19.0.0"}]}
	_findings(_changed("file", "File", "chart/Chart.yaml", [old, new])) == {[
		"Chart redis goes from 18.1.0 to 19.0.0: a major upgrade.",
		["dependencies", 1, "version"],
	]}
}

test_charts_of_a_kustomization if {
	old := {"helmCharts": [{"name": "redis", "version": "18.1.0"}]}
	new := {"helmCharts": [{"name": "redis", "version": "19.0.0"}]}
	_findings(_changed("kustomize.config.k8s.io", "Kustomization", "kustomization.yaml", [old, new])) == {[
		"Chart redis goes from 18.1.0 to 19.0.0: a major upgrade.",
		["helmCharts", 0, "version"],
	]}
}

_application(revision) := {"spec": {
	"source": {"repoURL": "https://r", "chart": "redis", "targetRevision": revision},
	"sources": [{"repoURL": "https://r", "path": "apps/web", "targetRevision": "main"}],
}}

test_argo_revisions if {
	_findings(_changed("argoproj.io", "Application", "a.yaml", [_application("18.1.0"), _application("19.0.0")])) == {[
		"Chart redis goes from 18.1.0 to 19.0.0: a major upgrade.",
		["spec", "source", "targetRevision"],
	]}
}

test_remote_bases if {
	old := {"resources": ["web.yaml", "github.com/a/b//deploy?ref=v1.9.0", 5]}
	new := {"resources": ["github.com/a/b//deploy?ref=v2.0.0", "web.yaml"]}
	_findings(_changed("kustomize.config.k8s.io", "Kustomization", "kustomization.yaml", [old, new])) == {[
		"Remote base github.com/a/b//deploy goes from v1.9.0 to v2.0.0: a major upgrade.",
		["resources", 0],
	]}
}

test_objects_of_any_shape if {
	kinds := [
		["apps", "Deployment"], ["kustomize.config.k8s.io", "Kustomization"], ["argoproj.io", "Application"],
		["helm.toolkit.fluxcd.io", "HelmRelease"], ["source.toolkit.fluxcd.io", "OCIRepository"],
	]
	shapes := [
		{}, {"spec": "text"}, {"spec": {"chart": 5}}, {"spec": []}, {"images": "text"}, {"images": ["text"]},
		{"helmCharts": ["text"]}, {"resources": "text"}, {"spec": {"source": "text", "ref": 5, "postRenderers": 5}},
	]
	every kind in kinds {
		every shape in shapes {
			_findings(_changed(kind[0], kind[1], "chart/values.yaml", [shape, shape])) == set()
		}
	}
	_findings(_changed("file", "File", "chart/Chart.yaml", [{"dependencies": "text"}, {"dependencies": [5]}])) == set()
	_findings(_values({"image": {"tag": 5}}, {"image": 5, "tag": "1.0"})) == set()
}

_tagged(tag) := make.object_of("argoproj.io/v1alpha1", "Application", "web", {"source": {"helm": {"parameters": [
	{"name": "image.tag", "value": tag},
	{"name": "replicas", "value": tag},
]}}})

test_the_tag_parameter_of_an_application if {
	found := {finding.message | some finding in rule.deny} with input as make.judged(
		[make.modified(_tagged("1.4.2"), _tagged("2.0.0"))],
		[],
		{"change.major_upgrade": {}},
	)
	found == {"image.tag goes from 1.4.2 to 2.0.0: a major upgrade."}
}
