package gate.change.deletes_stateful_test

import data.gate.change.deletes_stateful as rule

_settings := {"change.deletes_stateful": {
	"data_kinds": [
		"StatefulSet.apps", "PersistentVolumeClaim", "Namespace", "Cluster.postgresql.cnpg.io", "Queue",
		"CustomResourceDefinition.apiextensions.k8s.io",
	],
	"deployer_kinds": [
		"HelmRelease.helm.toolkit.fluxcd.io", "Application.argoproj.io", "ApplicationSet.argoproj.io",
		"Kustomization.kustomize.toolkit.fluxcd.io",
	],
}}

_input(resources) := {
	"change": {"files": []},
	"resources": resources,
	"unchanged": [],
	"settings": _settings,
}

_resource(group, kind, name, path, sides) := object.union(
	{
		"id": sprintf("%s/%s/shop/%s@%s", [group, kind, name, path]),
		"group": group,
		"kind": kind,
		"namespace": "shop",
		"name": name,
		"path": path,
		"old_path": null,
		"environments": ["default"],
		"old": null,
		"new": null,
		"patch": false,
	},
	sides,
)

# A resource with other sides: a union alone would merge them.
_turned(resource, sides) := object.union(object.remove(resource, object.keys(sides)), sides)

_deleted(group, kind, name, old) := _resource(group, kind, name, "db.yaml", {"status": "deleted", "old": old})

_added(group, kind, name, path) := _resource(group, kind, name, path, {"status": "added", "new": {"kind": kind}})

_set := _deleted("apps", "StatefulSet", "db", {"kind": "StatefulSet"})

_messages(given) := messages if {
	messages := {finding.message | some finding in (rule.deny | rule.warn)} with input as given
}

# Objects that leave the repository.

test_a_deleted_object_with_data if {
	rule.deny == {{
		"message": "StatefulSet shop/db is deleted.",
		"resource": "apps/StatefulSet/shop/db@db.yaml",
		"path": ["metadata", "name"],
	}} with input as _input([_set])
	rule.applies with input as _input([_set])
}

test_a_deleted_namespace_and_definition_take_others_along if {
	given := _input([
		object.union(_deleted("core", "Namespace", "shop", {}), {"namespace": null}),
		object.union(_deleted("apiextensions.k8s.io", "CustomResourceDefinition", "x.y.io", {}), {"namespace": null}),
	])
	_messages(given) == {
		"Namespace shop is deleted, and everything in it.",
		"CustomResourceDefinition x.y.io is deleted, and every object of its kind with it.",
	}
}

test_a_setting_may_name_a_kind_of_any_group if {
	_messages(_input([_deleted("queues.example", "Queue", "jobs", {})])) == {"Queue shop/jobs is deleted."}
}

test_a_deleted_object_without_data if {
	given := _input([_deleted("apps", "Deployment", "web", {"kind": "Deployment"})])
	_messages(given) == set()
	not rule.applies with input as given
}

test_a_new_object_is_no_deletion if {
	given := _input([_added("apps", "StatefulSet", "db", "db.yaml")])
	_messages(given) == set()
	not rule.applies with input as given
}

test_a_deleted_deployer_takes_along_what_it_deployed if {
	given := _input([_deleted("helm.toolkit.fluxcd.io", "HelmRelease", "redis", {"spec": {}})])
	_messages(given) == {"HelmRelease shop/redis is deleted, and what it deployed with it."}
	rule.applies with input as given
	application := _input([_deleted("argoproj.io", "Application", "web", {"spec": {}})])
	_messages(application) == {"Application shop/web is deleted, and what it deployed with it."}
}

_flux(spec) := {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "spec": spec}

_flux_deleted(spec) := _input([_deleted("kustomize.toolkit.fluxcd.io", "Kustomization", "apps", _flux(spec))])

test_flux_deletes_what_it_prunes if {
	every spec in [{"prune": true}, {"prune": false, "deletionPolicy": "Delete"}] {
		_messages(_flux_deleted(spec)) == {"Kustomization shop/apps is deleted, and what it deployed with it."}
	}
}

test_flux_keeps_what_it_does_not_prune if {
	every spec in [{"prune": false}, {}, {"prune": true, "deletionPolicy": "Orphan"}] {
		_messages(_flux_deleted(spec)) == set()
	}
}

test_an_application_set_may_preserve_its_resources if {
	old := {"spec": {"syncPolicy": {"preserveResourcesOnDeletion": true}}}
	_messages(_input([_deleted("argoproj.io", "ApplicationSet", "apps", old)])) == set()
}

test_marks_keep_an_object if {
	marks := [
		{"kustomize.toolkit.fluxcd.io/prune": "disabled"},
		{"argocd.argoproj.io/sync-options": "Prune=false"},
		{"helm.sh/resource-policy": "keep"},
	]
	every annotations in marks {
		old := {"metadata": {"annotations": annotations}}
		_messages(_input([_deleted("apps", "StatefulSet", "db", old)])) == set()
	}
}

test_a_deleted_patch_is_no_deleted_object if {
	_messages(_input([object.union(_set, {"patch": true})])) == set()
}

# Moves.

test_a_move_is_no_deletion if {
	_messages(_input([_set, _added("apps", "StatefulSet", "db", "data/db.yaml")])) == set()
}

test_a_move_to_where_the_namespace_is_set_by_a_tool if {
	moved := object.union(_added("apps", "StatefulSet", "db", "data/db.yaml"), {"namespace": null})
	_messages(_input([_set, moved])) == set()
	elsewhere := object.union(moved, {"namespace": "other"})
	_messages(_input([_set, elsewhere])) == {"StatefulSet shop/db is deleted."}
}

test_an_added_patch_is_no_move if {
	patch := object.union(_added("apps", "StatefulSet", "db", "data/db.yaml"), {"patch": true})
	_messages(_input([_set, patch])) == {"StatefulSet shop/db is deleted."}
}

test_another_environment_is_no_move if {
	production := object.union(_set, {"environments": ["production"]})
	staging := object.union(_added("apps", "StatefulSet", "db", "staging/db.yaml"), {"environments": ["staging"]})
	_messages(_input([production, staging])) == {"StatefulSet shop/db is deleted."}
	both := object.union(staging, {"environments": ["staging", "production"]})
	_messages(_input([production, both])) == set()
}

_unchanged(path) := _resource("apps", "StatefulSet", "db", path, {
	"status": "unchanged",
	"old": {"kind": "StatefulSet"},
	"new": {"kind": "StatefulSet"},
})

test_a_copy_beside_it_stays if {
	base := object.union(_input([object.union(_set, {"path": "base/db.yaml"})]), {"unchanged": [_unchanged("base/all.yaml")]})
	_messages(base) == set()
	below := object.union(_input([_set]), {"unchanged": [_unchanged("base/db.yaml")]})
	_messages(below) == set()
	above := object.union(_input([object.union(_set, {"path": "base/db.yaml"})]), {"unchanged": [_unchanged("all.yaml")]})
	_messages(above) == set()
}

test_a_copy_elsewhere_is_another_one if {
	given := object.union(
		_input([object.union(_set, {"path": "production/db.yaml"})]),
		{"unchanged": [_unchanged("staging/db.yaml")]},
	)
	_messages(given) == {"StatefulSet shop/db is deleted."}
}

# Patches that delete.

_built := object.union(
	_kustomization("apps/kustomization.yaml", ["db.yaml"], ["db.yaml"]),
	{"status": "unchanged"},
)

_delete_patch(group, kind, sides) := object.union(
	_resource(group, kind, "db", "apps/kustomization.yaml", {"status": "added", "new": {"kind": kind, "$patch": "delete"}}),
	object.union({"patch": true}, sides),
)

_with_unchanged(resources, unchanged) := object.union(_input(resources), {"unchanged": unchanged})

test_a_patch_that_deletes if {
	patch := _delete_patch("apps", "StatefulSet", {})
	rule.deny == {{
		"message": "StatefulSet shop/db is deleted by a patch.",
		"resource": "apps/StatefulSet/shop/db@apps/kustomization.yaml",
		"path": ["$patch"],
	}} with input as _with_unchanged([patch], [_built])
	release := _delete_patch("helm.toolkit.fluxcd.io", "HelmRelease", {})
	_messages(_with_unchanged([release], [_built])) == {"HelmRelease shop/db is deleted by a patch, and what it deployed with it."}
}

test_a_patch_that_deletes_nothing_that_matters if {
	patch := _delete_patch("apps", "StatefulSet", {})
	_messages(_with_unchanged([_delete_patch("apps", "Deployment", {})], [_built])) == set()
	_messages(_with_unchanged([_delete_patch("apps", "StatefulSet", {"old": patch.new})], [_built])) == set()
	_messages(_with_unchanged([patch], [])) == set()
	new := _turned(_built, {"status": "added", "old": null})
	_messages(_input([patch, new])) == set()
	marks := {"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}}}
	kept := object.union(_unchanged("apps/db.yaml"), {"old": marks, "new": marks})
	_messages(_with_unchanged([patch], [_built, kept])) == set()
}

_patched(old, new) := _turned(_built, {"status": "modified", "old": {"patches": old}, "new": {"patches": new}})

test_a_patch_that_deletes_its_target if {
	patch := {"target": {"kind": "StatefulSet"}, "patch": "$patch: delete\n"}
	given := _input([_patched([], [{"path": "a.yaml"}, patch])])
	rule.deny == {{
		"message": "apps/kustomization.yaml: a patch deletes each StatefulSet that it targets.",
		"resource": _built.id,
		"path": ["patches", 1],
		"key": "StatefulSet",
	}} with input as given
	_messages(_input([_patched([patch], [patch])])) == set()
	others := [
		{"target": {"kind": "Deployment"}, "patch": "$patch: delete"},
		{"target": {"kind": "StatefulSet"}, "patch": "kind: StatefulSet\n$patch: delete"},
		{"target": {"kind": "StatefulSet"}, "patch": "spec:\n  $patch: delete"},
		{"patch": "$patch: delete"},
	]
	_messages(_input([_patched([], others)])) == set()
}

# Volume claims.

_claims(names) := {
	"kind": "StatefulSet",
	"spec": {"volumeClaimTemplates": [{"metadata": {"name": name}} | some name in names]},
}

_changed_set(old, new) := _resource("apps", "StatefulSet", "db", "db.yaml", {"status": "modified", "old": old, "new": new})

test_a_lost_volume_claim if {
	rule.deny == {{
		"message": "StatefulSet shop/db loses the volume claim template data.",
		"resource": "apps/StatefulSet/shop/db@db.yaml",
		"path": ["spec", "volumeClaimTemplates"],
		"key": "data",
	}} with input as _input([_changed_set(_claims(["data", "logs"]), _claims(["logs"]))])
}

test_volume_claims_in_another_order if {
	_messages(_input([_changed_set(_claims(["a", "b"]), _claims(["b", "a", "c"]))])) == set()
}

test_a_patch_need_not_name_the_claims if {
	patch := object.union(_changed_set(_claims(["data"]), {}), {"patch": true})
	_messages(_input([patch])) == set()
}

# Folders that are no longer read.

_flux_changed(name, old, new) := _resource("kustomize.toolkit.fluxcd.io", "Kustomization", name, "ks.yaml", {
	"status": "modified",
	"old": _flux(old),
	"new": _flux(new),
})

test_flux_prunes_the_folder_that_it_leaves if {
	given := _input([_flux_changed("apps", {"path": "./apps", "prune": true}, {"path": "./other", "prune": true})])
	_messages(given) == {"Kustomization shop/apps no longer reads apps and prunes what it held."}
}

test_flux_that_does_not_prune_leaves_it if {
	given := _input([_flux_changed("apps", {"path": "./apps", "prune": true}, {"path": "./other", "prune": false})])
	_messages(given) == set()
}

test_the_same_folder_in_other_words if {
	given := _input([_flux_changed("apps", {"path": "./apps", "prune": true}, {"path": "apps/", "prune": true})])
	_messages(given) == set()
}

test_a_renamed_folder_is_a_move if {
	given := object.union(
		_input([_flux_changed("apps", {"path": "./apps", "prune": true}, {"path": "./other", "prune": true})]),
		{"change": {"files": [
			{"path": "README.md", "old_path": null, "status": "modified"},
			{"path": "other/web.yaml", "old_path": "apps/web.yaml", "status": "renamed"},
		]}},
	)
	_messages(given) == set()
}

test_another_one_may_take_the_folder_over if {
	leaves := _flux_changed("apps", {"path": "./apps", "prune": true}, {"path": "./other", "prune": true})
	takes := _flux_changed("web", {"path": "./web", "prune": false}, {"path": "./apps", "prune": false})
	had := _flux_changed("old", {"path": "./apps", "prune": true}, {"path": "./apps", "prune": true, "wait": true})
	new := object.union(takes, {"status": "added", "old": null})
	_messages(_input([leaves, takes])) == set()
	_messages(_input([leaves, new])) == set()
	count(_messages(_input([leaves, had]))) == 1
	count(_messages(_input([leaves, object.union(takes, {"status": "deleted", "new": null})]))) == 1
}

_application(path, automated) := {"spec": {
	"source": {"repoURL": "https://r", "path": path},
	"syncPolicy": {"automated": automated},
}}

_application_changed(old, new) := _resource("argoproj.io", "Application", "web", "app.yaml", {
	"status": "modified",
	"old": old,
	"new": new,
})

test_an_application_that_prunes_leaves_its_folder if {
	given := _input([_application_changed(_application("apps/web", {"prune": true}), _application("apps/shop", {"prune": true}))])
	_messages(given) == {"Application shop/web no longer reads apps/web and prunes what it held."}
}

test_an_application_that_does_not_prune if {
	given := _input([_application_changed(_application("apps/web", {}), _application("apps/shop", {}))])
	_messages(given) == set()
}

test_an_application_set_that_prunes if {
	template := {"template": {"spec": {"syncPolicy": {"automated": {"prune": true}}}}}
	old := object.union({"spec": template}, {"spec": {"template": {"spec": {"source": {"path": "apps/web"}}}}})
	new := object.union({"spec": template}, {"spec": {"template": {"spec": {"source": {"path": "apps/shop"}}}}})
	applications := object.union(_application_changed(old, new), {"kind": "ApplicationSet"})
	_messages(_input([applications])) == {"ApplicationSet shop/web no longer reads apps/web and prunes what it held."}
}

# Lines of a kustomization.

_kustomization(path, old, new) := _resource("kustomize.config.k8s.io", "Kustomization", "_", path, {
	"status": "modified",
	"old": {"resources": old},
	"new": {"resources": new},
})

_drop := _kustomization("apps/kustomization.yaml", ["db.yaml", "web.yaml"], ["web.yaml"])

test_a_dropped_line_of_an_object_with_data if {
	given := object.union(_input([_drop]), {"unchanged": [_unchanged("apps/db.yaml")]})
	rule.deny == {{
		"message": "apps/kustomization.yaml drops apps/db.yaml: StatefulSet shop/db is pruned.",
		"resource": _drop.id,
		"path": ["resources"],
		"key": "apps/StatefulSet/shop/db@apps/db.yaml",
	}} with input as given
	rule.applies with input as given
}

test_a_dropped_line_of_a_marked_object if {
	marks := {"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}}}
	kept := object.union(_unchanged("apps/db.yaml"), {"old": marks, "new": marks})
	_messages(object.union(_input([_drop]), {"unchanged": [kept]})) == set()
}

test_a_dropped_line_of_an_object_without_data if {
	web := object.union(_unchanged("apps/db.yaml"), {"kind": "Deployment"})
	_messages(object.union(_input([_drop]), {"unchanged": [web]})) == set()
}

test_a_dropped_line_whose_file_is_deleted_is_told_by_its_objects if {
	deleted := object.union(_set, {"path": "apps/db.yaml"})
	_messages(_input([_drop, deleted])) == {"StatefulSet shop/db is deleted."}
	harmless := object.union(_deleted("apps", "Deployment", "web", {}), {"path": "apps/db.yaml"})
	_messages(_input([_drop, harmless])) == set()
}

test_a_dropped_line_that_cannot_be_seen_is_a_warning if {
	given := _input([_drop])
	rule.warn == {{
		"message": "apps/kustomization.yaml drops apps/db.yaml: what it held is pruned, and cannot be seen here.",
		"resource": _drop.id,
		"path": ["resources"],
		"key": "apps/db.yaml",
	}} with input as given
	count(rule.deny) == 0 with input as given
}

test_a_dropped_remote_base_is_not if {
	drop := _kustomization("kustomization.yaml", ["https://r/v1.0.0/a.yaml"], [])
	count(rule.deny) == 1 with input as _input([drop])
	count(rule.warn) == 0 with input as _input([drop])
}

test_a_dropped_folder_of_which_only_the_kustomization_is_seen if {
	drop := _kustomization("apps/kustomization.yaml", ["db"], [])
	inner := object.union(_kustomization("apps/db/kustomization.yaml", [], []), {"status": "unchanged"})
	given := object.union(_input([drop]), {"unchanged": [inner]})
	_messages(given) == {"apps/kustomization.yaml drops apps/db: what it held is pruned, and cannot be seen here."}
}

test_lines_in_another_order if {
	_messages(_input([_kustomization("kustomization.yaml", ["a.yaml", "./b.yaml"], ["b.yaml", "a.yaml"])])) == set()
}

test_an_upgraded_remote_base_is_not_dropped if {
	drop := _kustomization("kustomization.yaml", ["https://r/v1.0.0/a.yaml"], ["https://r/v2.0.0/a.yaml"])
	_messages(_input([drop])) == set()
}

test_another_kustomization_may_take_the_line_up if {
	takes := _kustomization("data/kustomization.yaml", [], ["../apps/db.yaml"])
	new := object.union(takes, {"status": "added", "old": null})
	whole := _kustomization("kustomization.yaml", [], ["apps"])
	_messages(_input([_drop, takes])) == set()
	_messages(_input([_drop, new])) == set()
	_messages(_input([_drop, whole])) == set()
}

test_a_kustomization_of_another_environment_does_not_take_it_up if {
	production := object.union(_drop, {"environments": ["production"]})
	staging := object.union(_kustomization("staging/kustomization.yaml", [], ["../apps/db.yaml"]), {"environments": ["staging"]})
	count(_messages(_input([production, staging]))) == 1
}

test_a_kustomization_outside_of_the_environment_does_not_take_it_up if {
	production := object.union(_drop, {"environments": ["production"]})
	anywhere := object.union(
		_kustomization("attic/kustomization.yaml", [], ["../apps/db.yaml"]),
		{"environments": ["production", "staging"]},
	)
	count(_messages(_input([production, anywhere]))) == 1
	uses := object.union(_kustomization("apps/kustomization.yaml", ["db.yaml"], ["../attic"]), {"environments": ["production"]})
	_messages(_input([uses, anywhere])) == set()
}

test_folders_tell_environments_that_nobody_configured if {
	drop := _kustomization("clusters/prod/kustomization.yaml", ["../../base/db.yaml"], [])
	count(_messages(_input([drop, _kustomization("clusters/staging/kustomization.yaml", [], ["../../base/db.yaml"])]))) == 1
	_messages(_input([drop, _kustomization("clusters/prod/data/kustomization.yaml", [], ["../../../base/db.yaml"])])) == set()
}

test_a_renamed_file_is_still_listed if {
	renamed := _kustomization("apps/kustomization.yaml", ["db.yaml"], ["database.yaml"])
	files := [
		{"path": "apps/kustomization.yaml", "old_path": null, "status": "modified"},
		{"path": "apps/database.yaml", "old_path": "apps/db.yaml", "status": "renamed"},
	]
	_messages(object.union(_input([renamed]), {"change": {"files": files}})) == set()
	count(_messages(_input([renamed]))) == 1
}

test_a_renamed_kustomization_lists_the_same if {
	renamed := object.union(
		_kustomization("new/kustomization.yaml", ["../base"], ["../base"]),
		{"old_path": "old/kustomization.yaml"},
	)
	_messages(_input([renamed])) == set()
}

_charts(names) := {"helmCharts": [{"name": name} | some name in names]}

test_a_dropped_chart if {
	drop := _turned(_drop, {"old": _charts(["redis", "web"]), "new": _charts(["web"])})
	_messages(_input([drop])) == {"apps/kustomization.yaml drops the chart redis: what it deployed is pruned."}
}

test_a_chart_that_another_kustomization_takes_up if {
	drop := _turned(_drop, {"old": _charts(["redis"]), "new": _charts([])})
	path := "data/kustomization.yaml"
	takes := _turned(_kustomization(path, [], []), {"old": {}, "new": _charts(["redis"])})
	new := _turned(takes, {"status": "added", "old": null})
	had := _turned(takes, {"old": _charts(["redis"])})
	_messages(_input([drop, takes])) == set()
	_messages(_input([drop, new])) == set()
	count(_messages(_input([drop, had]))) == 1
}

# Shapes.

test_objects_of_any_shape if {
	every shape in ["text", 5, null, [], {}, {"spec": "text"}, {"spec": {"path": 5, "prune": true}}, {"metadata": "text"}] {
		resources := [_turned(each, {"old": shape, "new": shape}) |
			some each in [_drop, _changed_set({}, {}), _flux_changed("a", {}, {}), _application_changed({}, {})]
		]
		_messages(_input(resources)) == set()
	}
}
