package gate.workload.readiness_removed_test

import data.gate.lib.objects_test as make
import data.gate.workload.readiness_removed as rule

_input(resources) := make.judged(resources, [], {})

_probe := {"httpGet": {"path": "/ready", "port": 8080}}

_probed := {"name": "app", "image": "web:1", "readinessProbe": _probe}

_bare := {"name": "app", "image": "web:2"}

_deployment(containers) := make.deployment("web", make.pods_of(containers))

test_a_probe_is_removed if {
	rule.deny == {{
		"message": "Deployment web: container app has no readinessProbe any more",
		"resource": "apps/Deployment/shop/web",
		"path": ["spec", "template", "spec", "containers", 0],
	}} with input as _input([make.modified(_deployment([_probed]), _deployment([_bare]))])
}

test_an_empty_probe_is_none if {
	every probe in [null, {}, "text", 5] {
		empty := object.union(_bare, {"readinessProbe": probe})
		count(rule.deny) == 1 with input as _input([make.modified(_deployment([_probed]), _deployment([empty]))])
	}
}

_kept := [
	[[_probed], [object.union(_probed, {"readinessProbe": {"tcpSocket": {"port": 1}}})]],
	[[_bare], [_bare]],
	[[_probed], [object.union(_probed, {"name": "other"})]],
	[[_probed, {"name": "a"}, {"name": "b"}], [{"name": "c"}, {"name": "d"}]],
	[[_probed, _renamed], [_renamed]],
	[[{"name": "a"}], [{"name": "b"}]],
	[[_probed], [{"name": "sidecar"}, _probed]],
	[["text"], [_bare]],
	[[_probed], "text"],
]

test_what_is_no_removal if {
	every case in _kept {
		[old, new] := case
		count(rule.deny) == 0 with input as _input([make.modified(_deployment(old), _deployment(new))])
	}
}

_renamed := {"name": "server", "image": "web:2"}

_proxy := {"name": "proxy", "image": "proxy:1"}

test_a_container_under_another_name if {
	rule.deny == {{
		"message": "Deployment web: container server has no readinessProbe, which it had as app",
		"resource": "apps/Deployment/shop/web",
		"path": ["spec", "template", "spec", "containers", 1],
	}} with input as _input([make.modified(_deployment([_probed, {"name": "logs"}]), _deployment([_proxy, _renamed]))])
}

test_the_only_container_that_is_left_took_the_place if {
	other := {"name": "server", "image": "shop:3"}
	count(rule.deny) == 1 with input as _input([make.modified(_deployment([_probed]), _deployment([other]))])
	count(rule.deny) == 1 with input as _input([make.modified(_deployment([_proxy, _probed]), _deployment([other, _proxy]))])
	nameless := {"image": "shop:3"}
	count(rule.deny) == 1 with input as _input([make.modified(_deployment([_probed]), _deployment([nameless]))])
}

test_one_of_several_of_an_image_that_is_probed_is_enough if {
	probed := object.union(_probed, {"name": "server-2"})
	count(rule.deny) == 0 with input as _input([make.modified(_deployment([_probed]), _deployment([_renamed, probed]))])
}

test_a_new_init_container_takes_no_place if {
	new := make.deployment("web", {"template": {"spec": {"containers": [_proxy], "initContainers": [{"name": "x"}]}}})
	count(rule.deny) == 0 with input as _input([make.modified(_deployment([_probed, _proxy]), new)])
}

test_a_container_that_becomes_a_sidecar if {
	old := _deployment([_probed])
	sidecar := make.deployment("web", {"template": {"spec": {"initContainers": [_bare]}}})
	count(rule.deny) == 1 with input as _input([make.modified(old, sidecar)])
}

test_objects_without_an_old_side_are_left_alone if {
	odd := [make.added(_deployment([_bare])), make.present(_deployment([_bare])), make.deleted(_deployment([_probed]))]
	count(rule.deny) == 0 with input as _input(odd)
	not rule.applies with input as _input(odd)
	rule.applies with input as _input([make.modified(_deployment([_bare]), _deployment([_bare]))])
}

_removing := [
	object.union(_bare, {"readinessProbe": null}),
	object.union(_bare, {"readinessProbe": {"$patch": "delete"}}),
]

test_a_patch_that_removes_a_probe if {
	every container in _removing {
		patched := make.patch(make.modified(_deployment([_bare]), _deployment([container])))
		rule.deny == {{
			"message": "Deployment web: the patch removes the readinessProbe of container app",
			"resource": "apps/Deployment/shop/web",
			"path": ["spec", "template", "spec", "containers", 0, "readinessProbe"],
		}} with input as _input([patched])
		count(rule.deny) == 1 with input as _input([make.patch(make.added(_deployment([container])))])
		again := make.patch(make.modified(_deployment([container]), _deployment([container])))
		count(rule.deny) == 0 with input as _input([again])
	}
}

test_a_patch_that_says_nothing_of_a_probe if {
	count(rule.deny) == 0 with input as _input([make.patch(make.modified(_deployment([_probed]), _deployment([_bare])))])
}

# Helm values.
_release(values) := make.object_of("helm.toolkit.fluxcd.io/v2", "HelmRelease", "web", {"values": values})

_off := [
	[{"readinessProbe": {"enabled": true}}, {"readinessProbe": {"enabled": false}}, ["readinessProbe", "enabled"]],
	[{"probes": {"readiness": {"enabled": true}}}, {"probes": {"readiness": {"enabled": false}}}, ["probes", "readiness", "enabled"]],
	[{"probes": {"enabled": true}}, {"probes": {"enabled": false}}, ["probes", "enabled"]],
	[{"web": {"readinessProbe": _probe}}, {"web": {"readinessProbe": null}}, ["web", "readinessProbe"]],
	[{"probes": {"readiness": true}}, {"probes": {"readiness": false}}, ["probes", "readiness"]],
]

test_values_that_switch_a_probe_off if {
	every case in _off {
		[old, new, path] := case
		release := make.modified(_release(old), _release(new))
		rule.deny == {{
			"message": sprintf("HelmRelease web: %s is switched off", [concat(".", path)]),
			"resource": "helm.toolkit.fluxcd.io/HelmRelease/shop/web",
			"path": array.concat(["spec", "values"], path),
		}} with input as _input([release])
		count(rule.deny) == 1 with input as _input([make.file("values-prod.yaml", old, new)])
		rule.applies with input as _input([release])
	}
}

_fallen := [[{"readinessProbe": _probe}, {}], [{"readinessProbe": _probe}, {"readinessProbe": {}}]]

test_values_that_fall_back_are_a_warning if {
	every case in _fallen {
		[old, new] := case
		count(rule.deny) == 0 with input as _input([make.modified(_release(old), _release(new))])
		some finding in rule.warn with input as _input([make.modified(_release(old), _release(new))])
		finding.message == "HelmRelease web: readinessProbe is left to the chart's default now"
	}
}

test_the_charts_own_values_have_no_other_default if {
	every case in _fallen {
		[old, new] := case
		count(rule.deny) == 1 with input as _input([make.file("charts/web/values.yaml", old, new)])
		count(rule.warn) == 0 with input as _input([make.file("charts/web/values.yaml", old, new)])
	}
}

_fine := [
	[{"readinessProbe": {"enabled": false}}, {}],
	[{"readinessProbe": _probe}, {"readinessProbe": {"httpGet": {"path": "/healthz"}}}],
	[{"readinessProbe": {"enabled": false}}, {"readinessProbe": {"enabled": true}}],
	[{"readiness": true}, {"readiness": false}],
	[{"metrics": {"enabled": true}}, {"metrics": {"enabled": false}}],
	[{"livenessProbe": _probe}, {}],
]

test_values_that_are_fine if {
	every case in _fine {
		[old, new] := case
		count(rule.deny | rule.warn) == 0 with input as _input([make.modified(_release(old), _release(new))])
	}
}
