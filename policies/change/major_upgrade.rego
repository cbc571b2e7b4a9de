# METADATA
# title: A major upgrade or a downgrade
# description: |
#   A new major version (of a 0.x version: a new minor one) may break what depends on it, and a
#   lower version may not read what the higher one has written. Compares image tags, chart versions
#   and revisions before and after. Dates, commits, build numbers and branches are no versions.
# scope: package
# custom:
#   level: warn
#   remediation: |
#     Read the release notes for breaking changes, try the version in an environment before
#     production, and say in the change how to go back.
#   standard: Change Management
package gate.change.major_upgrade

import data.gate.lib.gitops
import data.gate.lib.helm
import data.gate.lib.images
import data.gate.lib.paths
import data.gate.lib.pods
import data.gate.lib.values
import data.gate.lib.versions

default applies := false

applies if {
	some resource in _paired
	some _ in _versions(resource, resource.new)
}

deny contains finding if {
	some named, places in _places
	count(_things[named.step]) <= _few
	finding := {
		"message": sprintf("%s goes %s.", [named.what, _words(named.step)]),
		"resource": named.resource,
		"path": min(places),
	}
}

# Many things that take the same step are one release, and one finding.
deny contains finding if {
	some step, things in _things
	count(things) > _few
	finding := {
		"message": sprintf("%s and %d more go %s.", [
			concat(", ", array.slice(sort(things), 0, _few)),
			count(things) - _few,
			_words(step),
		]),
		"key": _words(step),
	}
}

_few := 3

_paired := [resource |
	some resource in input.resources
	is_object(resource.old)
	is_object(resource.new)
]

_things[step] contains named.what if {
	some named, _ in _places
	step := named.step
}

_places[named] contains now.path if {
	some resource in _paired
	new := _versions(resource, resource.new)
	count(new) > 0
	old := _versions(resource, resource.old)
	some now in new
	was := _counterpart(now, old)
	step := [was, now.version, versions.step(was, now.version)]
	named := {"step": step, "what": now.what, "resource": resource.id}
}

_words(step) := sprintf("from %s to %s: %s", [step[0], step[1], _meaning[step[2]]])

_meaning := {
	"major": "a major upgrade",
	"minor": "a minor upgrade of a 0.x version, which may break as a major one does",
	"down": "a downgrade",
}

# The version before: in the same place, else the only one of that thing.
_counterpart(now, old) := was if {
	same := [each | some each in old; each.what == now.what]
	before := {each.version | some each in same}
	version := now.version
	not _among(version, before)
	here := {each.version | some each in same; each.path == now.path}
	was := [found | some known in [here, before]; count(known) == 1; some found in known][0]
}

_among(item, items) if item in items

# Every version that an object names: `what` it is of, the `version`, its `path`.
# A workload has no other than its images.
_versions(resource, manifest) := _containers(resource, manifest) if {
	pods.spec_path(resource)
} else := [found |
	some list in [
		_containers(resource, manifest),
		_values(resource, manifest),
		_tags(resource, manifest),
		_overrides(resource, manifest),
		_charts(resource, manifest),
		_dependencies(resource, manifest),
		_revisions(resource, manifest),
		_remotes(resource, manifest),
		_parameters(resource, manifest),
	]
	some found in list
	is_string(found.version)
]

_containers(resource, manifest) := [found |
	some each in pods.containers(resource, manifest)
	found := _reference(each.container.image, array.concat(each.path, ["image"]))
]

# Whole references in Helm values.
_values(resource, manifest) := [found |
	some root in helm.roots(resource, manifest)
	walk(root.values, [path, image])
	path[count(path) - 1] == "image"
	found := _reference(image, array.concat(root.path, path))
]

_reference(image, path) := {"what": _image(parts.name), "version": parts.tag, "path": path} if {
	is_string(image)
	parts := images.parse(image)
}

# A repository and a tag side by side in Helm values.
_tags(resource, manifest) := [found |
	some root in helm.roots(resource, manifest)
	walk(root.values, [path, node])
	is_object(node)
	is_string(node.tag)
	tag := split(node.tag, "@")[0]
	repository := _repository(path, node)
	found := {
		"what": _image(repository),
		"version": tag,
		"path": array.concat(root.path, array.concat(path, ["tag"])),
	}
]

_repository(_, node) := node.repository if {
	is_string(node.repository)
}

_repository(path, node) := concat(".", [key | some key in path; is_string(key)]) if {
	not is_string(object.get(node, "repository", null))
}

# Kustomize's `images`, wherever they stand.
_overrides(resource, manifest) := [found |
	some list in _override_places(resource, manifest)
	some index, item in values.list(object.get(manifest, list, null))
	is_string(item.newTag)
	is_string(item.name)
	found := {
		"what": _image(item.name),
		"version": item.newTag,
		"path": array.concat(list, [index, "newTag"]),
	}
]

_override_places(resource, manifest) := [["images"]] if {
	gitops.is_kustomization(resource)
} else := array.concat(
	[["spec", "images"]],
	[["spec", "postRenderers", index, "kustomize", "images"] |
		some index, _ in values.list(values.at(manifest, ["spec", "postRenderers"]))
	],
) if {
	resource.group in _flux_groups
}

_flux_groups := {"kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"}

_image(name) := concat(" ", ["Image", paths.name(name)])

# Flux: HelmRelease, and the sources HelmChart, OCIRepository and GitRepository.
_charts(resource, manifest) := [found |
	some [name_path, version_path] in _flux_places[gitops.kind_name(resource)]
	name := values.at(manifest, name_path)
	version := values.at(manifest, version_path)
	is_string(name)
	found := {
		"what": concat(" ", [_flux_nouns[name_path[count(name_path) - 1]], paths.name(name)]),
		"version": version,
		"path": version_path,
	}
]

_flux_places := {
	"HelmRelease.helm.toolkit.fluxcd.io": [[
		["spec", "chart", "spec", "chart"],
		["spec", "chart", "spec", "version"],
	]],
	"HelmChart.source.toolkit.fluxcd.io": [[["spec", "chart"], ["spec", "version"]]],
	"OCIRepository.source.toolkit.fluxcd.io": [
		[["spec", "url"], ["spec", "ref", "tag"]],
		[["spec", "url"], ["spec", "ref", "semver"]],
	],
	"GitRepository.source.toolkit.fluxcd.io": [
		[["spec", "url"], ["spec", "ref", "tag"]],
		[["spec", "url"], ["spec", "ref", "semver"]],
	],
}

_flux_nouns := {"chart": "Chart", "url": "Source"}

# The dependencies of a chart, and the charts that kustomize renders.
_dependencies(resource, manifest) := [found |
	key := _chart_lists(resource)
	some index, item in values.list(manifest[key])
	is_string(item.name)
	found := {
		"what": concat(" ", ["Chart", item.name]),
		"version": item.version,
		"path": [key, index, "version"],
	}
]

_chart_lists(resource) := "dependencies" if {
	resource.kind == "File"
	paths.name(resource.path) in {"Chart.yaml", "requirements.yaml"}
} else := "helmCharts" if {
	gitops.is_kustomization(resource)
}

# Argo CD: what an Application follows.
_revisions(resource, manifest) := [found |
	some each in helm.argo_sources(resource, manifest)
	key := [field | some field in ["chart", "path", "repoURL"]; is_string(each.source[field])][0]
	name := each.source[key]
	found := {
		"what": concat(" ", [_argo_nouns[key], name]),
		"version": each.source.targetRevision,
		"path": array.concat(each.path, ["targetRevision"]),
	}
]

_argo_nouns := {"chart": "Chart", "path": "Source", "repoURL": "Source"}

# Argo CD's Helm parameters: `image.tag` and the like.
_parameters(resource, manifest) := [{"what": each.name, "version": each.value, "path": each.path} |
	some each in helm.parameters(resource, manifest)
	endswith(each.key, "tag")
]

# Remote bases of a kustomization: the version stands in the address.
_remotes(resource, manifest) := [found |
	gitops.is_kustomization(resource)
	some index, entry in values.list(manifest.resources)
	is_string(entry)
	gitops.is_remote(entry)
	version := regex.find_n(`v?[0-9]+(\.[0-9]+)+[^/?&]*`, entry, -1)[0]
	found := {
		"what": concat(" ", ["Remote base", gitops.entry_place(entry, "")]),
		"version": version,
		"path": ["resources", index],
	}
]
