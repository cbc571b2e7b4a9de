# METADATA
# title: Sources are pinned
# description: |
#   A chart, repository or base that follows a range or a branch changes production without a
#   change here: nothing is reviewed, and nothing can be rolled back. Judged are HelmRelease and
#   HelmChart versions, OCIRepository and GitRepository refs, Argo CD targetRevisions, and remote
#   resources and charts of a kustomization. Whether branches count is a setting; container images
#   are the business of workload.image_pinned.
# scope: package
# custom:
#   level: warn
#   remediation: Name one version, tag, commit or digest, and let a bot raise it in a reviewed change.
#   standard: "Change Management: what was reviewed is what runs"
#   settings:
#     branches: true
#     allowed_branches: []
package gate.delivery.source_floating

import data.gate.lib.helm
import data.gate.lib.images
import data.gate.lib.kustomize
import data.gate.lib.pods
import data.gate.lib.values

_settings := input.settings["delivery.source_floating"]

_judged := [{"resource": r, "sources": found} |
	some r in input.resources
	is_object(r.new)
	found := array.concat(_flux(r), array.concat(_argo(r), _kustomize(r)))
	count(found) > 0
]

applies if count(_judged) > 0

deny contains {"message": message, "resource": judged.resource.id, "path": source.path} if {
	some judged in _judged
	some source in judged.sources
	fault := _fault(source, judged.resource.patch)
	message := sprintf("%s: %s %s", [pods.label(judged.resource), source.what, fault])
}

# What each source is: `version` (of a chart), `branch`, `revision` (of a Git repository: a branch,
# tag, commit or range), `tag` (of an artifact). `is` null: nothing is named.
_fault(source, false) := source.default if {
	is_null(source.is)
	_default_counts(source.kind)
}

_fault(source, _) := fault if {
	text := source.is
	is_string(text)
	not images.templated(text)
	fault := _kind_fault(source.kind, text)
}

_default_counts(kind) if kind in {"version", "tag"}

_default_counts(_) if _settings.branches == true

_kind_fault("version", text) := sprintf("follows the range `%s`", [text]) if not _is_version(text)

_kind_fault("tag", text) := sprintf("has the mutable tag `%s`", [text]) if _is_branch_name(text)

_kind_fault("branch", text) := sprintf("follows the branch `%s`", [text]) if _counts(text)

_kind_fault("revision", text) := sprintf("follows the range `%s`", [text]) if {
	_is_range(text)
} else := sprintf("follows the branch `%s`", [text]) if {
	not _is_fixed(text)
	_counts(trim_prefix(text, "refs/heads/"))
}

_counts(branch) if {
	_settings.branches == true
	not _allowed(branch)
}

_allowed(branch) if branch in values.list(_settings.allowed_branches)

_is_version(text) if regex.match(`^=?\s*v?[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?([+_][0-9A-Za-z.-]+)?$`, text)

_is_range(text) if regex.match(`[*^~<>|]|(^|\.)[xX](\.|$)|^v?[0-9].* - v?[0-9]`, text)

_is_branch_name(text) if lower(text) in {
	"latest",
	"head",
	"main",
	"master",
	"trunk",
	"dev",
	"develop",
	"edge",
	"nightly",
	"stable",
	"staging",
	"production",
}

# A commit, a tag that names a version or a date.
_is_fixed(text) if startswith(text, "refs/tags/")

_is_fixed(text) if regex.match(`^[0-9a-f]{7,64}$`, text)

_is_fixed(text) if regex.match(`[0-9]+\.[0-9]+\.[0-9]+`, text)

_is_fixed(text) if regex.match(`^v?[0-9]+(\.[0-9]+)*$`, text)

_is_fixed(text) if regex.match(`[0-9]{4}-?[0-9]{2}-?[0-9]{2}`, text)

_newest := "names no version, so it follows the newest"

_default_branch := "names no revision, so it follows the default branch"

# https://fluxcd.io/flux/components/helm/helmreleases/ and .../source/
_flux(r) := _charts([{"chart": chart, "path": ["spec", "chart", "spec"]} | chart := r.new.spec.chart.spec]) if {
	r.group == "helm.toolkit.fluxcd.io"
} else := _charts([{"chart": chart, "path": ["spec"]} | chart := r.new.spec]) if {
	r.group == "source.toolkit.fluxcd.io"
	r.kind == "HelmChart"
} else := [_repository("artifact", "tag", reference) |
	some reference in _references(r, ["digest", "semver", "tag"])
] if {
	r.group == "source.toolkit.fluxcd.io"
	r.kind == "OCIRepository"
} else := [_repository("repository", "branch", reference) |
	some reference in _references(r, ["commit", "name", "semver", "tag", "branch"])
	reference.field != "tag"
] if {
	r.group == "source.toolkit.fluxcd.io"
	r.kind == "GitRepository"
} else := []

# Charts out of a Git repository or a bucket are versioned there.
_charts(found) := [source |
	some item in found
	is_object(item.chart)
	object.get(item.chart, ["sourceRef", "kind"], "HelmRepository") == "HelmRepository"
	source := _chart(item.chart, "chart", "version", item.path)
]

_chart(chart, name, version, path) := {
	"what": concat(" ", array.concat(["chart"], [chart[name] | is_string(chart[name])])),
	"kind": "version",
	"is": _named(chart, version),
	"path": array.concat(path, [version]),
	"default": _newest,
}

# The field of a ref that counts: the first of those given, as Flux reads them.
_references(r, fields) := array.slice(
	array.concat(
		[{"field": field, "is": is, "path": ["spec", "ref", field]} |
			some field in fields
			is := _named(values.fields(object.get(r.new, ["spec", "ref"], null)), field)
			is != null
		],
		[{"field": "none", "is": null, "path": ["spec", "ref"]} | is_object(r.new.spec)],
	),
	0, 1,
)

_repository(what, fallback, reference) := {
	"what": what,
	"kind": object.get(_field_kinds, reference.field, fallback),
	"is": reference.is,
	"path": reference.path,
	"default": _no_reference[fallback],
}

_field_kinds := {"semver": "version", "digest": "fixed", "commit": "fixed", "name": "revision"}

_no_reference := {"tag": _newest, "branch": _default_branch}

_argo(r) := [source |
	some found in helm.argo_sources(r, r.new)
	source := _argo_source(found)
]

_argo_source(found) := _chart(found.source, "chart", "targetRevision", found.path) if {
	is_string(found.source.chart)
} else := {
	"what": "source",
	"kind": "revision",
	"is": _named(found.source, "targetRevision"),
	"path": array.concat(found.path, ["targetRevision"]),
	"default": _default_branch,
}

_kustomize(r) := array.concat(_remotes(r), _inflated(r)) if {
	kustomize.is_kustomization(r)
} else := []

_inflated(r) := [_chart(chart, "name", "version", ["helmCharts", i]) |
	some i, chart in values.list(r.new.helmCharts)
	is_object(chart)
	is_string(chart.repo)
]

# https://github.com/kubernetes-sigs/kustomize/blob/master/examples/remoteBuild.md
_remotes(r) := [{"what": what, "kind": "revision", "is": revision, "path": [key, i], "default": _default_branch} |
	some key in ["resources", "bases", "components"]
	some i, entry in values.list(r.new[key])
	is_string(entry)
	_is_remote(entry)
	revision := _remote_revision(entry)
	what := split(entry, "?")[0]
]

_is_remote(entry) if regex.match(`://|^git@|[?&]ref=|^(github\.com|gitlab\.com|bitbucket\.org)[/:]`, entry)

# A file by address has its revision in the path, where it has one that is known.
_remote_revision(entry) := revision if {
	_is_file(entry)
	revision := _file_revision(entry)
} else := revision if {
	_is_repository(entry)
	revision := [value |
		some part in split(replace(entry, "?", "&"), "&")
		some mark in ["ref=", "version="]
		startswith(part, mark)
		value := trim_prefix(part, mark)
	][0]
} else := null if _is_repository(entry)

_is_repository(entry) if not _is_file(entry)

_is_file(entry) if regex.match(`^https?://[^?]*\.(ya?ml|json)$`, entry)

_file_revision(entry) := _match(`^https?://raw\.githubusercontent\.com/[^/]+/[^/]+/(?:refs/heads/)?([^/]+)/`, entry)

_file_revision(entry) := _match(`^https?://github\.com/[^/]+/[^/]+/(?:raw|blob)/(?:refs/heads/)?([^/]+)/`, entry)

_file_revision(entry) := _match(`^https?://github\.com/[^/]+/[^/]+/releases/(latest)/download/`, entry)

_match(pattern, text) := regex.find_all_string_submatch_n(pattern, text, 1)[0][1]

# What is given and not empty, else null.
_named(holder, key) := value if {
	value := holder[key]
	not value in ["", null]
} else := null
