# METADATA
# title: GitOps
# description: What Flux, Argo CD, Helm and kustomize delete when it leaves the repository.
package gate.lib.gitops

import data.gate.lib.helm
import data.gate.lib.paths
import data.gate.lib.values

# `Kind.group`, as kubectl writes it; the core group has none.
kind_name(resource) := resource.kind if {
	_core(resource)
} else := concat(".", [resource.kind, resource.group])

_core(resource) if resource.group in {"", "core"}

# Kind, namespace and name, for people.
title(resource) := sprintf("%s %s/%s", [resource.kind, resource.namespace, resource.name]) if {
	is_string(resource.namespace)
} else := concat(" ", [resource.kind, resource.name])

# Whether the object's own marks keep it in the cluster when it leaves the repository:
# https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources
# https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/
# https://helm.sh/docs/howto/charts_tips_and_tricks/#tell-helm-not-to-uninstall-a-resource
kept(manifest) if manifest.metadata.annotations["kustomize.toolkit.fluxcd.io/prune"] == "disabled"

kept(manifest) if manifest.metadata.labels["kustomize.toolkit.fluxcd.io/prune"] == "disabled"

kept(manifest) if manifest.metadata.annotations["helm.sh/resource-policy"] == "keep"

kept(manifest) if {
	options := values.text(manifest.metadata.annotations["argocd.argoproj.io/sync-options"])
	some option in split(replace(options, " ", ""), ",")
	option in {"Prune=false", "Delete=false"}
}

# Kustomize's own files, with or without apiVersion and kind.
is_kustomization(resource) if {
	resource.group == "kustomize.config.k8s.io"
	resource.kind in {"Kustomization", "Component"}
}

is_kustomization(resource) if {
	resource.kind == "File"
	paths.name(resource.path) in {"kustomization.yaml", "kustomization.yml", "Kustomization"}
}

# What a kustomization builds from: local paths from the root of the repository, addresses without
# their versions, so that an upgrade of a remote base is the same entry.
entries(manifest, folder) := {place |
	some list in ["resources", "bases", "components"]
	some entry in values.list(manifest[list])
	is_string(entry)
	place := entry_place(entry, folder)
}

entry_place(entry, folder) := paths.resolve(folder, entry) if not is_remote(entry)

entry_place(entry, _) := plain if {
	is_remote(entry)
	plain := regex.replace(regex.replace(entry, `\?.*$`, ""), `/v?[0-9]+(\.[0-9]+)+[^/]*`, "/*")
}

is_remote(entry) if contains(entry, "://")

is_remote(entry) if contains(entry, "?ref=")

is_remote(entry) if startswith(entry, "github.com/")

is_remote(entry) if startswith(entry, "git@")

charts(manifest) := {chart.name |
	some chart in values.list(manifest.helmCharts)
	is_string(chart.name)
}

# Where an Argo CD Application takes its manifests from, without the revision.
sources(resource, manifest) := {place |
	is_object(manifest)
	some found in helm.argo_sources(resource, manifest)
	some key in ["path", "chart"]
	text := found.source[key]
	is_string(text)
	place := trim_suffix(trim_prefix(text, "./"), "/")
}
