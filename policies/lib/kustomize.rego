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

# Those that kustomize reads: by their name, and no patch of one.
_read := [kustomization |
	some kustomization in kustomizations
	kustomization.patch == false
	paths.name(kustomization.path) in {"kustomization.yaml", "kustomization.yml", "Kustomization"}
]

# The kustomizations that build a file themselves: they hold it, list it, or patch with it.
# Kustomize reads no file outside of a kustomization's own folder, only other kustomizations.
builders(path) := found if {
	found := _builders[path]
} else := set()

_builders[path] contains kustomization.path if {
	some kustomization in _read
	folder := paths.folder(kustomization.path)
	some path in array.concat([kustomization.path], _files(kustomization.new, folder))
	paths.within(path, folder)
}

_files(manifest, folder) := [paths.resolve(folder, entry) |
	some entry in array.concat(_listed(manifest, _listing), _patch_files(manifest))
	is_string(entry)
]

_patch_files(manifest) := array.concat(
	_listed(manifest, ["patchesStrategicMerge"]),
	[patch.path | some patch in _listed(manifest, ["patches", "patchesJson6902"])],
)

_listing := ["resources", "bases", "components"]

_listed(manifest, keys) := [entry | some key in keys; some entry in values.list(manifest[key])]

# The kustomizations that build from another one.
users(path) := found if {
	found := _users[path]
} else := set()

_users[path] contains user.path if {
	some user in _read
	some path in _kustomizations_of(user, _listing)
}

_kustomizations_of(user, keys) := {path |
	folder := paths.folder(user.path)
	some entry in _listed(user.new, keys)
	is_string(entry)
	some path in _in_folder[paths.resolve(folder, entry)]
}

_in_folder[folder] contains kustomization.path if {
	some kustomization in _read
	folder := paths.folder(kustomization.path)
}

# Whether a kustomization that builds a file was there before the change.
stood(path) if {
	some builder in builders(path)
	_old[builder]
}

_old contains kustomization.path if {
	some kustomization in _read
	is_object(kustomization.old)
}

# The replicas that a kustomization sets: of each name how many (`count`), and in which entry (`at`).
replicas(side) := object.union_n([{item.name: {"at": i, "count": item.count}} |
	some i, item in values.list(values.at(side, ["replicas"]))
	is_string(item.name)
])

# All that build from these, directly or through others.
above(builders_) := graph.reachable(_users_of_all, builders_)

_users_of_all[kustomization.path] := users(kustomization.path) if some kustomization in _read

# How a kustomization, or a component of it, sets the image of a name.
images_set(path, name) := _images[path][name]

_images[path][name] contains item if {
	some kustomization in _read
	path := kustomization.path
	some component in graph.reachable(_components, {path})
	some item in _own_images[component]
	name := item.name
	is_string(name)
}

_own_images[kustomization.path] contains item if {
	some kustomization in _read
	some item in values.list(kustomization.new.images)
}

_components[kustomization.path] := _components_in(kustomization.path) if some kustomization in _read

_components_in(path) := found if {
	found := _components_of[path]
} else := set()

_components_of[user.path] contains path if {
	some user in _read
	some path in _kustomizations_of(user, ["components"])
}
