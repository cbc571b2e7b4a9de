package gate.lib.gitops_test

import data.gate.lib.gitops

test_kinds_are_named_as_kubectl_does if {
	gitops.kind_name({"kind": "Namespace", "group": "core"}) == "Namespace"
	gitops.kind_name({"kind": "Namespace", "group": ""}) == "Namespace"
	gitops.kind_name({"kind": "StatefulSet", "group": "apps"}) == "StatefulSet.apps"
}

test_titles_hold_the_namespace_if_there_is_one if {
	gitops.title({"kind": "StatefulSet", "namespace": "shop", "name": "db"}) == "StatefulSet shop/db"
	gitops.title({"kind": "Namespace", "namespace": null, "name": "shop"}) == "Namespace shop"
}

_marks := [
	{"annotations": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}},
	{"labels": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}},
	{"annotations": {"helm.sh/resource-policy": "keep"}},
	{"annotations": {"argocd.argoproj.io/sync-options": "Prune=false"}},
	{"annotations": {"argocd.argoproj.io/sync-options": "ServerSideApply=true, Delete=false"}},
]

test_marks_that_keep_an_object if {
	every metadata in _marks {
		gitops.kept({"metadata": metadata})
	}
}

_no_marks := [
	{}, null, "text", {"annotations": null}, {"labels": []},
	{"annotations": {"kustomize.toolkit.fluxcd.io/prune": "enabled"}},
	{"annotations": {"argocd.argoproj.io/sync-options": "Prune=true"}},
	{"annotations": {"argocd.argoproj.io/sync-options": 5}},
]

test_marks_that_do_not if {
	every metadata in _no_marks {
		not gitops.kept({"metadata": metadata})
	}
	not gitops.kept(null)
}

test_kustomizations_are_known_by_kind_or_by_name if {
	gitops.is_kustomization({"kind": "Kustomization", "group": "kustomize.config.k8s.io", "path": "a.yaml"})
	gitops.is_kustomization({"kind": "File", "group": "file", "path": "a/kustomization.yml"})
	gitops.is_kustomization({"kind": "File", "group": "file", "path": "Kustomization"})
	not gitops.is_kustomization({"kind": "Kustomization", "group": "kustomize.toolkit.fluxcd.io", "path": "a.yaml"})
	not gitops.is_kustomization({"kind": "File", "group": "file", "path": "a/values.yaml"})
}

test_entries_are_places_in_the_repository if {
	manifest := {"resources": ["db.yaml", "../base", 5], "bases": ["../old"], "patches": ["no.yaml"]}
	gitops.entries(manifest, "apps/web") == {"apps/web/db.yaml", "apps/base", "apps/old"}
	gitops.entries({"resources": "text"}, "apps") == set()
	gitops.entries(null, "apps") == set()
}

test_addresses_lose_their_version if {
	from := {"resources": [
		"https://github.com/a/b/releases/download/v1.2.3/install.yaml",
		"github.com/a/c//deploy?ref=v1",
		"git@github.com:a/d",
		"github.com/a/f",
		"./e?ref=v1",
	]}
	to := {"resources": [
		"https://github.com/a/b/releases/download/v2.0.0-rc1/install.yaml",
		"github.com/a/c//deploy?ref=v2",
		"git@github.com:a/d",
		"github.com/a/f",
		"./e?ref=v2",
	]}
	gitops.entries(from, "x") == gitops.entries(to, "y")
}

test_charts_of_a_kustomization if {
	gitops.charts({"helmCharts": [{"name": "redis"}, {"name": 5}, "text"]}) == {"redis"}
	gitops.charts({"helmCharts": "text"}) == set()
}

test_sources_of_an_application if {
	resource := {"group": "argoproj.io", "kind": "Application"}
	gitops.sources(resource, {"spec": {"source": {"path": "./apps/web/"}}}) == {"apps/web"}
	gitops.sources(resource, {"spec": {"sources": [{"chart": "redis"}, {"path": 5}]}}) == {"redis"}
	gitops.sources(resource, null) == set()
}
