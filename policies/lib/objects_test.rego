# METADATA
# title: Objects for tests
# description: Makes policy inputs out of manifest objects.
# scope: package
package gate.lib.objects_test

object_of(api, kind, name, spec) := {
	"apiVersion": api,
	"kind": kind,
	"metadata": {"name": name, "namespace": "shop"},
	"spec": spec,
}

deployment(name, spec) := object_of("apps/v1", "Deployment", name, spec)

rollout(name, spec) := object_of("argoproj.io/v1alpha1", "Rollout", name, spec)

# A workload's spec with these containers, labelled app=web.
pods_of(containers) := {
	"selector": {"matchLabels": {"app": "web"}},
	"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}},
}

kustomization(fields) := object.union(
	{"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"},
	fields,
)

added(manifest) := _resource(manifest, {"status": "added", "new": manifest})

present(manifest) := _resource(manifest, {"status": "present", "new": manifest})

modified(old, new) := _resource(new, {"status": "modified", "old": old, "new": new})

deleted(manifest) := _resource(manifest, {"status": "deleted", "old": manifest})

unchanged(manifest) := _resource(manifest, {"status": "unchanged", "old": manifest, "new": manifest})

# A file that is no Kubernetes object.
file(path, old, new) := object.union(_blank, {
	"id": sprintf("file/File/_/%s", [path]),
	"group": "file",
	"kind": "File",
	"name": path,
	"path": path,
	"status": "modified",
	"old": old,
	"new": new,
})

at(resource, path) := object.union(resource, {"path": path})

of(resource, service) := object.union(resource, {"service": service})

patch(resource) := object.union(resource, {"patch": true})

_resource(manifest, sides) := object.union_n([_blank, _identity(manifest), sides])

_identity(manifest) := {
	"id": sprintf("%s/%s/shop/%s", [group, manifest.kind, name]),
	"group": group,
	"kind": manifest.kind,
	"name": name,
	"namespace": object.get(manifest, ["metadata", "namespace"], null),
} if {
	name := object.get(manifest, ["metadata", "name"], "_")
	group := _group(split(manifest.apiVersion, "/"))
}

_group(parts) := parts[0] if {
	count(parts) == 2
} else := "core"

_blank := {
	"id": "x", "group": "core", "version": "v1", "kind": "x", "namespace": null, "name": "x", "status": "modified",
	"path": "apps/web.yaml", "old_path": null, "service": null, "environments": [], "old": null, "new": null,
	"changes": [], "patch": false,
}

# A policy input with the services web (tier 1) and batch (tier 3).
judged(resources, unchanged_, settings) := {
	"change": {"kind": "range", "files": []},
	"resources": resources,
	"unchanged": unchanged_,
	"services": {"web": {"tier": 1}, "batch": {"tier": 3}},
	"targets": [],
	"settings": settings,
}

test_groups_and_names_are_read if {
	made := added(deployment("web", {}))
	made.id == "apps/Deployment/shop/web"
	made.namespace == "shop"
	added({"apiVersion": "v1", "kind": "Pod"}).group == "core"
	added({"apiVersion": "v1", "kind": "Pod"}).name == "_"
}
