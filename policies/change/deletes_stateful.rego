# METADATA
# title: Stateful data, or what deploys it, is deleted
# description: |
#   What leaves the repository is deleted by GitOps, and data does not come back with a revert.
#   Judged are kinds that hold data, kinds that deploy others (what they deployed goes with them),
#   volume claim templates, patches that delete, and lines that a kustomization no longer lists. A
#   move to another file is no deletion (one to another environment is), nor is an object whose own
#   marks keep it in the cluster.
# scope: package
# custom:
#   level: deny
#   remediation: |
#     Keep it, or mark it to be kept (`kustomize.toolkit.fluxcd.io/prune: disabled`,
#     `argocd.argoproj.io/sync-options: Prune=false,Delete=false`, `helm.sh/resource-policy: keep`)
#     and roll that out first. If the data may go, take a backup and add a waiver.
#   settings:
#     data_kinds:
#       - Namespace
#       - PersistentVolume
#       - PersistentVolumeClaim
#       - StatefulSet.apps
#       - CustomResourceDefinition.apiextensions.k8s.io
#       - Bucket.s3.services.k8s.aws
#       - CassandraDatacenter.cassandra.datastax.com
#       - CephBlockPool.ceph.rook.io
#       - CephCluster.ceph.rook.io
#       - CephFilesystem.ceph.rook.io
#       - CephObjectStore.ceph.rook.io
#       - ClickHouseInstallation.clickhouse.altinity.com
#       - Cluster.cluster.x-k8s.io
#       - Cluster.postgresql.cnpg.io
#       - DBCluster.rds.services.k8s.aws
#       - DBInstance.rds.services.k8s.aws
#       - Database.postgresql.cnpg.io
#       - Dragonfly.dragonflydb.io
#       - Elasticsearch.elasticsearch.k8s.elastic.co
#       - InnoDBCluster.mysql.oracle.com
#       - Kafka.kafka.strimzi.io
#       - KafkaNodePool.kafka.strimzi.io
#       - KafkaTopic.kafka.strimzi.io
#       - MariaDB.k8s.mariadb.com
#       - MongoDBCommunity.mongodbcommunity.mongodb.com
#       - OpenSearchCluster.opensearch.opster.io
#       - PerconaPGCluster.pgv2.percona.com
#       - PerconaServerMongoDB.psmdb.percona.com
#       - PerconaXtraDBCluster.pxc.percona.com
#       - PostgresCluster.postgres-operator.crunchydata.com
#       - RabbitmqCluster.rabbitmq.com
#       - Redis.redis.redis.opstreelabs.in
#       - RedisCluster.redis.redis.opstreelabs.in
#       - RedisFailover.databases.spotahome.com
#       - SQLDatabase.sql.cnrm.cloud.google.com
#       - SQLInstance.sql.cnrm.cloud.google.com
#       - ScyllaCluster.scylla.scylladb.com
#       - StorageBucket.storage.cnrm.cloud.google.com
#       - Table.dynamodb.services.k8s.aws
#       - Tenant.minio.min.io
#       - TidbCluster.pingcap.com
#       - VitessCluster.planetscale.com
#       - Volume.longhorn.io
#       - postgresql.acid.zalan.do
#     deployer_kinds:
#       - Application.argoproj.io
#       - ApplicationSet.argoproj.io
#       - HelmChart.helm.cattle.io
#       - HelmRelease.helm.toolkit.fluxcd.io
#       - Kustomization.kustomize.toolkit.fluxcd.io
#   standard: Change Management
package gate.change.deletes_stateful

import data.gate.lib.gitops
import data.gate.lib.kustomize
import data.gate.lib.paths
import data.gate.lib.values

_settings := input.settings["change.deletes_stateful"]

default applies := false

applies if {
	some resource in input.resources
	is_object(resource.old)
	_speaks_of(resource)
}

_speaks_of(resource) if _holds_data(resource)

_speaks_of(resource) if _deploys(resource)

_speaks_of(resource) if gitops.is_kustomization(resource)

# Objects that leave the repository.
deny contains finding if {
	some resource in input.resources
	resource.status == "deleted"
	not resource.patch
	was := resource.old
	not gitops.kept(was)
	not _elsewhere(resource)
	finding := {
		"message": sprintf("%s is deleted%s.", [gitops.title(resource), _loss(resource)]),
		"resource": resource.id,
		"path": ["metadata", "name"],
	}
}

# Objects that a patch takes out of a kustomization that stood before.
deny contains finding if {
	some resource in input.resources
	resource.patch == true
	_deletes(resource.new)
	before := resource.old
	not _deletes(before)
	kustomize.stood(resource.path)
	not _keeps_its_mark(resource)
	finding := {
		"message": sprintf("%s is deleted by a patch%s.", [gitops.title(resource), _loss(resource)]),
		"resource": resource.id,
		"path": ["$patch"],
	}
}

# The same, where only the patch's target says what it deletes.
deny contains finding if {
	some resource in _kustomizations
	before := {each | some each in values.list(values.at(resource.old, ["patches"]))}
	some index, patch in values.list(resource.new.patches)
	_deletes_its_target(patch)
	not patch in before
	kind := patch.target.kind
	_judged_kinds[kind]
	finding := {
		"message": sprintf("%s: a patch deletes each %s that it targets.", [resource.path, kind]),
		"resource": resource.id,
		"path": ["patches", index],
		"key": kind,
	}
}

# Volumes that a StatefulSet no longer claims.
deny contains finding if {
	some resource in _modified
	gitops.kind_name(resource) == "StatefulSet.apps"
	not resource.patch
	some name in (_claims(resource.old) - _claims(resource.new))
	finding := {
		"message": sprintf("%s loses the volume claim template %s.", [gitops.title(resource), name]),
		"resource": resource.id,
		"path": ["spec", "volumeClaimTemplates"],
		"key": name,
	}
}

# Folders that Flux or Argo CD no longer read, and prune.
deny contains finding if {
	some resource in _modified
	some place in (_read_before(resource) - _read_after(resource))
	not _folder_moved(place, resource)
	not _read_by_another(place, resource)
	finding := {
		"message": sprintf("%s no longer reads %s and prunes what it held.", [gitops.title(resource), place]),
		"resource": resource.id,
		"path": ["spec"],
		"key": place,
	}
}

# Lines that a kustomization drops while what they name stays in the repository.
deny contains finding if {
	some drop in _drops
	some content in _contents(drop.place)
	content.status != "deleted"
	was := content.old
	not gitops.kept(was)
	not _elsewhere(content)
	loss := _loss(content)
	finding := {
		"message": sprintf("%s drops %s: %s is pruned%s.", [
			drop.path,
			drop.place,
			gitops.title(content),
			loss,
		]),
		"resource": drop.resource,
		"path": ["resources"],
		"key": content.id,
	}
}

# Lines that name what lies outside of the repository.
deny contains finding if {
	some drop in _unseen
	gitops.is_remote(drop.place)
	finding := _cannot_be_seen(drop)
}

# Charts that a kustomization no longer renders.
deny contains finding if {
	some resource in _kustomizations
	some name in (gitops.charts(resource.old) - gitops.charts(resource.new))
	not _charted(name, resource)
	finding := {
		"message": sprintf("%s drops the chart %s: what it deployed is pruned.", [resource.path, name]),
		"resource": resource.id,
		"path": ["helmCharts"],
		"key": name,
	}
}

# Lines that name what may have held data: it cannot be called harmless, nor harmful.
warn contains finding if {
	some drop in _unseen
	place := drop.place
	not gitops.is_remote(place)
	finding := _cannot_be_seen(drop)
}

_unseen := [drop | some drop in _drops; not _held[drop.place]]

_cannot_be_seen(drop) := {
	"message": sprintf("%s drops %s: what it held is pruned, and cannot be seen here.", [drop.path, drop.place]),
	"resource": drop.resource,
	"path": ["resources"],
	"key": drop.place,
}

_deletes(manifest) if manifest["$patch"] == "delete"

_deletes_its_target(patch) if {
	text := values.text(patch.patch)
	regex.match(`(?m)^(\{\s*)?["']?\$patch["']?\s*:\s*["']?delete\b`, text)
	not _names_a_kind(text)
}

_names_a_kind(text) if regex.match(`(?m)(^|[{,]\s*)["']?kind["']?\s*:`, text)

_judged_kinds contains split(kind, ".")[0] if {
	some kinds in [_settings.data_kinds, _settings.deployer_kinds]
	some kind in kinds
}

_keeps_its_mark(patch) if {
	some [list, index] in _marked[[patch.group, patch.kind, patch.name]]
	_same_namespace(input[list][index], patch)
}

_marked[key] contains [list, index] if {
	some list in ["resources", "unchanged"]
	some index, resource in input[list]
	gitops.kept(resource.old)
	key := [resource.group, resource.kind, resource.name]
}

_modified := [resource |
	some resource in input.resources
	resource.status == "modified"
]

_kustomizations := [resource | some resource in _modified; gitops.is_kustomization(resource)]

# What goes with an object; undefined where nothing is lost for good.
_loss(resource) := object.get(_losses, resource.kind, "") if {
	_holds_data(resource)
} else := ", and what it deployed with it" if {
	_deploys(resource)
}

_losses := {
	"CustomResourceDefinition": ", and every object of its kind with it",
	"Namespace": ", and everything in it",
}

_holds_data(resource) if _is_one_of(resource, _settings.data_kinds)

_deploys(resource) if {
	_is_one_of(resource, _settings.deployer_kinds)
	was := resource.old
	not _orphans(was)
}

_is_one_of(resource, kinds) if gitops.kind_name(resource) in kinds

_is_one_of(resource, kinds) if resource.kind in kinds

# A deployer that leaves behind what it deployed:
# https://fluxcd.io/flux/components/kustomize/kustomizations/#deletion-policy
# https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Application-Deletion/
_orphans(manifest) if manifest.spec.deletionPolicy == "Orphan"

_orphans(manifest) if {
	_is_flux(manifest)
	object.get(manifest.spec, "prune", false) != true
	not _always_deletes(manifest)
}

_orphans(manifest) if manifest.spec.syncPolicy.preserveResourcesOnDeletion == true

_always_deletes(manifest) if manifest.spec.deletionPolicy in {"Delete", "WaitForTermination"}

_is_flux(manifest) if {
	manifest.kind == "Kustomization"
	startswith(values.text(manifest.apiVersion), "kustomize.toolkit.fluxcd.io/")
	is_object(manifest.spec)
}

# The same object in a place where it was not before, or beside the one that goes.
_elsewhere(resource) if {
	some other in _arrivals[[resource.group, resource.kind, resource.name]]
	_same_namespace(resource, other)
	_covers(other, resource)
}

_elsewhere(resource) if {
	some other in input.unchanged
	other.id != resource.id
	[other.group, other.kind, other.name] == [resource.group, resource.kind, resource.name]
	_same_namespace(resource, other)
	_covers(other, resource)
	_near(other.path, resource.path)
}

_arrivals[key] contains resource if {
	some resource in input.resources
	key := [resource.group, resource.kind, resource.name]
	resource.status == "added"
	not resource.patch
}

_same_namespace(one, other) if one.namespace == other.namespace

# A namespace that kustomize or Flux sets is not in the file.
_same_namespace(one, other) if null in {one.namespace, other.namespace}

_moved_files := [file | some file in input.change.files; is_string(file.old_path)]

_covers(other, resource) if {
	count({name | some name in resource.environments} - {name | some name in other.environments}) == 0
}

_near(one, other) if paths.within(one, paths.folder(other))

_near(one, other) if paths.within(other, paths.folder(one))

_claims(manifest) := {claim.metadata.name |
	some claim in values.list(values.at(manifest, ["spec", "volumeClaimTemplates"]))
}

# The folders that a pruning deployer reads.
_read_before(resource) := _folders(resource, resource.old) if {
	_prunes(resource.new)
}

_read_after(resource) := _folders(resource, resource.new)

_folders(resource, manifest) := {place} if {
	_is_flux(manifest)
	place := paths.resolve("", values.text(manifest.spec.path))
} else := gitops.sources(resource, manifest)

_prunes(manifest) if {
	_is_flux(manifest)
	manifest.spec.prune == true
}

_prunes(manifest) if manifest.spec.syncPolicy.automated.prune == true

_prunes(manifest) if manifest.spec.template.spec.syncPolicy.automated.prune == true

_folder_moved(place, resource) if {
	some file in _moved_files
	paths.within(file.old_path, place)
	some target in _read_after(resource)
	paths.within(file.path, target)
}

_read_by_another(place, resource) if {
	some other in input.resources
	other.id != resource.id
	is_object(other.new)
	place in _read_after(other)
	not _read_already(place, other)
	_covers(other, resource)
}

_read_already(place, other) if {
	is_object(other.old)
	place in _folders(other, other.old)
}

# The entries that kustomizations drop and no other takes up.
_drops contains {"resource": resource.id, "path": resource.path, "place": place} if {
	some resource in _kustomizations
	before := gitops.entries(resource.old, paths.folder(_old_path(resource)))
	some place in (before - _entries_after(resource))
	not _taken_up(place, resource)
}

_old_path(resource) := resource.old_path if {
	is_string(resource.old_path)
} else := resource.path

_entries_after(resource) := gitops.entries(resource.new, paths.folder(resource.path))

# The entries that kustomizations gain, by their places.
_gains[place] contains {"environments": resource.environments, "path": resource.path} if {
	some resource in input.resources
	gitops.is_kustomization(resource)
	is_object(resource.new)
	some place in (_entries_after(resource) - _entries_before(resource))
}

_entries_before(resource) := gitops.entries(resource.old, paths.folder(_old_path(resource))) if {
	is_object(resource.old)
} else := set()

_taken_up(place, resource) if _gained(place, resource)

_taken_up(place, resource) if {
	some path in _moved_from[place]
	_gained(path, resource)
}

_gained(path, resource) if {
	some place in array.concat([""], paths.above(path))
	some gain in _gains[place]
	_takes_over(gain, resource)
}

_moved_from[place] contains file.path if {
	some file in _moved_files
	some place in paths.above(file.old_path)
}

# Whether what one kustomization gains stays where another one loses it: all that is built from the
# other one is built from it too, or both stand in the same environments.
_takes_over(gain, resource) if {
	ends := {path | some path in kustomize.above({resource.path}); count(kustomize.users(path)) == 0}
	count(ends) > 0
	count(ends - kustomize.above({gain.path})) == 0
}

_takes_over(gain, resource) if {
	_covers(gain, resource)
	_covers(resource, gain)
	_stages(gain.path) == _stages(resource.path)
}

# Environments that nobody configured, as folders name them.
_stages(path) := {word | some word in regex.split(`[/._-]`, lower(path)); _stage_words[word]}

_stage_words := {
	"archive", "attic", "demo", "dev", "development", "live", "old", "prd", "preprod", "prod", "production",
	"qa", "sandbox", "stage", "staging", "stg", "test", "testing", "uat",
}

_charted(name, dropping) if {
	some gain in _charting[name]
	_takes_over(gain, dropping)
}

_charting[name] contains {"environments": resource.environments, "path": resource.path} if {
	some resource in input.resources
	gitops.is_kustomization(resource)
	is_object(resource.new)
	some name in gitops.charts(resource.new)
	not _charted_before(name, resource)
}

_charted_before(name, resource) if {
	is_object(resource.old)
	name in gitops.charts(resource.old)
}

# What was in the place that an entry names, as far as it is in the input.
_contents(place) := [resource |
	some [list, index] in _held[place]
	resource := input[list][index]
]

_held[place] contains [list, index] if {
	some list in ["resources", "unchanged"]
	some index, resource in input[list]
	is_object(resource.old)
	not gitops.is_kustomization(resource)
	some place in paths.above(_old_path(resource))
	place in _dropped
}

_dropped contains drop.place if some drop in _drops
