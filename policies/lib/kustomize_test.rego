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
