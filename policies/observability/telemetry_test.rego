package gate.observability.telemetry_test

import data.gate.observability.telemetry as rule

_settings := {"kinds": ["Deployment", "Rollout"], "accept": ["opentelemetry", "scrape"]}

_resource(group, kind, name, new) := {
	"id": concat("/", [group, kind, "shop", name]),
	"group": group,
	"kind": kind,
	"namespace": "shop",
	"name": name,
	"path": "web.yaml",
	"old": null,
	"new": new,
	"patch": false,
}

_pod(annotations, env) := {"spec": {"template": {
	"metadata": {"labels": {"app": "web"}, "annotations": annotations},
	"spec": {"containers": [{"name": "web", "env": env}]},
}}}

_web(annotations, env) := _resource("apps", "Deployment", "web", _pod(annotations, env))

_input(resources, unchanged) := {
	"resources": resources,
	"unchanged": unchanged,
	"settings": {"observability.telemetry": _settings},
}

_silent(given) := ids if {
	ids := {finding.resource | some finding in rule.deny} with input as given
}

test_a_workload_without_telemetry if {
	rule.deny == {{
		"message": "Deployment web sends no telemetry: no opentelemetry or scrape is set up.",
		"resource": "apps/Deployment/shop/web",
		"path": ["spec", "template"],
	}} with input as _input([_web({}, [{"name": "PORT", "value": "80"}])], [])
	rule.applies with input as _input([_web({}, [])], [])
}

test_opentelemetry_in_the_environment if {
	_silent(_input([_web({}, ["text", {"name": "OTEL_SERVICE_NAME", "value": "web"}])], [])) == set()
}

test_opentelemetry_by_annotation if {
	_silent(_input([_web({"instrumentation.opentelemetry.io/inject-java": "true"}, [])], [])) == set()
	count(_silent(_input([_web({"instrumentation.opentelemetry.io/inject-java": "false"}, [])], []))) == 1
}

test_scraped_by_annotation if {
	_silent(_input([_web({"prometheus.io/scrape": "true"}, [])], [])) == set()
	count(_silent(_input([_web({"prometheus.io/scrape": "false"}, [])], []))) == 1
}

_monitor(kind, labels) := _resource("monitoring.coreos.com", kind, "m", {"spec": {"selector": {"matchLabels": labels}}})

test_scraped_by_a_pod_monitor if {
	_silent(_input([_web({}, []), _monitor("PodMonitor", {"app": "web"})], [])) == set()
	count(_silent(_input([_web({}, []), _monitor("PodMonitor", {"app": "other"})], []))) == 1
}

test_scraped_by_a_service_monitor if {
	service := _resource("core", "Service", "web", {
		"metadata": {"labels": {"team": "shop"}},
		"spec": {"selector": {"app": "web"}},
	})
	_silent(_input([_web({}, [])], [service, _monitor("ServiceMonitor", {"team": "shop"})])) == set()
	count(_silent(_input([_web({}, [])], [service, _monitor("ServiceMonitor", {"app": "web"})]))) == 1
	_silent(_input([_web({}, [])], [_monitor("ServiceMonitor", {"app": "web"})])) == set()
}

test_what_is_accepted_is_a_setting if {
	given := _input([_web({"prometheus.io/scrape": "true"}, [])], [])
	otel := object.union(
		object.remove(given, ["settings"]),
		{"settings": {"observability.telemetry": {"kinds": ["Deployment"], "accept": ["opentelemetry"]}}},
	)
	{finding.message | some finding in rule.deny} == {"Deployment web sends no telemetry: no opentelemetry is set up."} with input as otel
}

test_what_is_no_workload if {
	none := [
		_resource("batch", "Job", "web", _pod({}, [])),
		_resource("apps", "Deployment", "web", null),
		_resource("apps", "Deployment", "web", {"spec": "text"}),
		_resource("other.example", "Deployment", "web", _pod({}, [])),
		object.union(object.remove(_web({}, []), ["patch"]), {"patch": true}),
	]
	every resource in none {
		_silent(_input([resource], [])) == set()
		not rule.applies with input as _input([resource], [])
	}
}
