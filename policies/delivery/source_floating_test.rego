package gate.delivery.source_floating_test

import data.gate.delivery.source_floating as rule
import data.gate.lib.objects_test as make

_with(resources, settings) := make.judged(resources, [], {"delivery.source_floating": settings})

_input(resources) := _with(resources, {"branches": true, "allowed_branches": []})

_release(chart) := make.object_of("helm.toolkit.fluxcd.io/v2", "HelmRelease", "web", {"chart": {"spec": chart}})

_source_of(kind, spec) := make.object_of("source.toolkit.fluxcd.io/v1", kind, "web", spec)

_application(source) := make.object_of("argoproj.io/v1alpha1", "Application", "web", {"source": source})

_floating := [
	[_release({"chart": "web", "version": "1.x"}), "chart web follows the range `1.x`", ["spec", "chart", "spec", "version"]],
	[_release({"version": ">=1.0.0"}), "chart follows the range `>=1.0.0`", ["spec", "chart", "spec", "version"]],
	[_release({"version": "1.2"}), "chart follows the range `1.2`", ["spec", "chart", "spec", "version"]],
	[_release({}), "chart names no version, so it follows the newest", ["spec", "chart", "spec", "version"]],
	[_source_of("HelmChart", {"chart": "web", "version": "*"}), "chart web follows the range `*`", ["spec", "version"]],
	[_source_of("OCIRepository", {"ref": {"semver": "^1.0.0"}}), "artifact follows the range `^1.0.0`", ["spec", "ref", "semver"]],
	[_source_of("OCIRepository", {"ref": {"tag": "latest"}}), "artifact has the mutable tag `latest`", ["spec", "ref", "tag"]],
	[_source_of("OCIRepository", {}), "artifact names no version, so it follows the newest", ["spec", "ref"]],
	[_source_of("GitRepository", {"ref": {"branch": "main"}}), "repository follows the branch `main`", ["spec", "ref", "branch"]],
	[_source_of("GitRepository", {"ref": {"name": "refs/heads/main"}}), "repository follows the branch `refs/heads/main`", ["spec", "ref", "name"]],
	[_source_of("GitRepository", {"ref": {"semver": "~1.2"}}), "repository follows the range `~1.2`", ["spec", "ref", "semver"]],
	[_source_of("GitRepository", {"ref": null}), "repository names no revision, so it follows the default branch", ["spec", "ref"]],
	[_application({"targetRevision": "HEAD"}), "source follows the branch `HEAD`", ["spec", "source", "targetRevision"]],
	[_application({"targetRevision": "1.2.*"}), "source follows the range `1.2.*`", ["spec", "source", "targetRevision"]],
	[_application({"targetRevision": ""}), "source names no revision, so it follows the default branch", ["spec", "source", "targetRevision"]],
	[_application({"chart": "web", "targetRevision": "1.x.x"}), "chart web follows the range `1.x.x`", ["spec", "source", "targetRevision"]],
	[make.kustomization({"resources": ["https://github.com/a/b//c?ref=main"]}), "https://github.com/a/b//c follows the branch `main`", ["resources", 0]],
	[make.kustomization({"bases": ["github.com/a/b"]}), "github.com/a/b names no revision, so it follows the default branch", ["bases", 0]],
	[
		make.kustomization({"resources": ["https://raw.githubusercontent.com/a/b/master/c.yaml"]}),
		"https://raw.githubusercontent.com/a/b/master/c.yaml follows the branch `master`",
		["resources", 0],
	],
	[
		make.kustomization({"resources": ["https://github.com/a/b/releases/latest/download/c.yaml"]}),
		"https://github.com/a/b/releases/latest/download/c.yaml follows the branch `latest`",
		["resources", 0],
	],
	[
		make.kustomization({"resources": ["https://github.com/a/b/raw/refs/heads/main/c.yaml"]}),
		"https://github.com/a/b/raw/refs/heads/main/c.yaml follows the branch `main`",
		["resources", 0],
	],
	[make.kustomization({"helmCharts": [{"name": "web", "repo": "https://example.test"}]}), "chart web names no version, so it follows the newest", ["helmCharts", 0, "version"]],
]

test_sources_that_float if {
	every case in _floating {
		[manifest, text, path] := case
		some finding in rule.deny with input as _input([make.added(manifest)])
		endswith(finding.message, sprintf(": %s", [text]))
		finding.path == path
		count(rule.deny) == 1 with input as _input([make.added(manifest)])
	}
}

_pinned := [
	_release({"version": "1.2.3"}),
	_release({"version": "v1.2.3-rc.1+build"}),
	_release({"version": "=1.2.3"}),
	_release({"version": "${VERSION}"}),
	_release({"version": "*", "sourceRef": {"kind": "GitRepository"}}),
	_release("text"),
	_source_of("OCIRepository", {"ref": {"tag": "1.2.3"}}),
	_source_of("OCIRepository", {"ref": {"digest": "sha256:ab", "semver": "*"}}),
	_source_of("GitRepository", {"ref": {"tag": "main"}}),
	_source_of("GitRepository", {"ref": {"commit": "abc", "branch": "main"}}),
	_source_of("GitRepository", {"ref": {"name": "refs/tags/v1"}}),
	_source_of("GitRepository", "text"),
	_source_of("HelmRepository", {}),
	_application({"targetRevision": "v1.2.3"}),
	_application({"targetRevision": "v2"}),
	_application({"targetRevision": "release-2026-11-22"}),
	_application({"targetRevision": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"}),
	_application({"targetRevision": 1}),
	_application("text"),
	_application({"chart": "web", "targetRevision": "1.2.3"}),
	make.kustomization({"resources": ["web.yaml", "../base", 5, "https://github.com/a/b?ref=v1.2.3"]}),
	make.kustomization({"resources": ["https://github.com/a/b/releases/download/v1.2.3/c.yaml"]}),
	make.kustomization({"resources": ["https://example.test/c.yaml"]}),
	make.kustomization({"helmCharts": ["text", {"name": "local"}, {"repo": "https://example.test", "version": "1.2.3"}]}),
	make.deployment("web", {}),
]

test_sources_that_are_pinned if {
	every manifest in _pinned {
		count(rule.deny) == 0 with input as _input([make.added(manifest)])
	}
}

test_messages_name_the_object if {
	some finding in rule.deny with input as _input([make.added(_floating[0][0])])
	finding.message == "HelmRelease web: chart web follows the range `1.x`"
	finding.resource == "helm.toolkit.fluxcd.io/HelmRelease/shop/web"
}

test_branches_are_a_setting if {
	every index in [8, 9, 11, 12, 14, 16, 17] {
		resource := make.added(_floating[index][0])
		count(rule.deny) == 0 with input as _with([resource], {"branches": false, "allowed_branches": []})
	}
	allowed := {"branches": true, "allowed_branches": ["main"]}
	count(rule.deny) == 0 with input as _with([make.added(_floating[8][0]), make.added(_floating[9][0])], allowed)
	count(rule.deny) == 1 with input as _with([make.added(_floating[12][0])], allowed)
	count(rule.deny) == 1 with input as _with([make.added(_floating[0][0])], {"branches": false, "allowed_branches": []})
}

test_patches_and_deleted_ones if {
	count(rule.deny) == 0 with input as _input([make.patch(make.added(_release({}))), make.deleted(_release({}))])
	count(rule.deny) == 1 with input as _input([make.patch(make.added(_release({"version": "*"})))])
	not rule.applies with input as _input([make.deleted(_release({})), make.added(make.deployment("web", {}))])
	rule.applies with input as _input([make.added(_release({"version": "1.2.3"}))])
}
