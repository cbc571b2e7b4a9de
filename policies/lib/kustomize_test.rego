package gate.lib.kustomize_test

import data.gate.lib.kustomize
import data.gate.lib.objects_test as make

_overlay := make.at(
	make.unchanged(make.kustomization({"resources": ["../../base", "extra.yaml", 5], "components": "text"})),
	"apps/overlays/prod/kustomization.yaml",
)

test_files_that_a_kustomization_builds_from if {
	kustomize.lists(_overlay, "apps/base/web.yaml")
	kustomize.lists(_overlay, "apps/overlays/prod/extra.yaml")
	not kustomize.lists(_overlay, "apps/overlays/prod/other.yaml")
	not kustomize.lists(_overlay, "apps/baseline/web.yaml")
}

test_the_whole_repository_is_not_listed if {
	root := make.at(make.unchanged(make.kustomization({"resources": ["."]})), "kustomization.yaml")
	not kustomize.lists(root, "apps/web.yaml")
}

test_kustomizations_after_the_change if {
	change := make.judged([make.deleted(make.kustomization({})), make.added(make.deployment("a", {}))], [_overlay], {})
	kustomize.kustomizations == [_overlay] with input as change
}

_base := make.at(make.unchanged(make.kustomization({"resources": ["web.yaml", "../outside.yaml", "../"]})), "apps/base/kustomization.yaml")

_prod := make.at(make.unchanged(make.kustomization({"resources": ["../../base"]})), "apps/overlays/prod/kustomization.yaml")

test_what_builds_a_file if {
	change := make.judged([], [_base, _prod], {})
	kustomize.builders("apps/base/web.yaml") == {_base.path} with input as change
	kustomize.builders("apps/outside.yaml") == set() with input as change
	kustomize.users(_base.path) == {_prod.path} with input as change
	kustomize.above({_base.path}) == {_base.path, _prod.path} with input as change
	kustomize.stood("apps/base/web.yaml") with input as change
}

test_a_cycle_has_an_end if {
	back := make.at(make.unchanged(make.kustomization({"resources": ["../overlays/prod"]})), "apps/base/kustomization.yaml")
	change := make.judged([], [back, _prod], {})
	kustomize.above({back.path}) == {back.path, _prod.path} with input as change
}

test_replicas_by_their_names if {
	entries := [{"name": "a", "count": 1}, "text", {"name": 5}, {"name": "a", "count": 2}]
	kustomize.replicas({"replicas": entries}) == {"a": {"at": 3, "count": 2}}
	kustomize.replicas({"replicas": 5}) == {}
	kustomize.replicas(null) == {}
}
