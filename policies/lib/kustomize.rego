# METADATA
# title: Kustomize
# description: Kustomizations after the change, the files that they build from, and the images that they set.
# scope: package
package gate.lib.kustomize

import data.gate.lib.paths
import data.gate.lib.pods
import data.gate.lib.values

# A kustomization.yaml or a Component.
is_kustomization(r) if r.group == "kustomize.config.k8s.io"

# Each kustomization after the change.
kustomizations := [r | some r in pods.after; is_kustomization(r)]

# Whether a kustomization builds from a file: it lists the file, or a folder above it.
lists(kustomization, path) if {
	folder := paths.folder(kustomization.path)
	some key in ["resources", "bases", "components"]
	some entry in values.list(kustomization.new[key])
	is_string(entry)
	place := paths.resolve(folder, entry)
	place != ""
	paths.within(path, place)
}
