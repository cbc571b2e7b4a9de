# METADATA
# title: A workload sends no telemetry
# description: |
#   What is not observed cannot be judged after a deployment. A workload either is instrumented with
#   OpenTelemetry (its environment variables, or the operator's annotation), or its metrics are
#   scraped (an annotation, or a monitor that picks it or its service).
# scope: package
# custom:
#   level: "off"
#   remediation: |
#     Set `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_SERVICE_NAME`, or the annotation
#     `instrumentation.opentelemetry.io/inject-<language>`, or add a ServiceMonitor or PodMonitor.
#   settings:
#     kinds: [Deployment, StatefulSet, DaemonSet, Rollout]
#     accept: [opentelemetry, scrape]
#   standard: Observability, standardised telemetry
package gate.observability.telemetry

import data.gate.lib.pods
import data.gate.lib.values

_settings := input.settings["observability.telemetry"]

default applies := false

applies if some _ in _workloads

deny contains finding if {
	some resource in _workloads
	not _observed(resource)
	finding := {
		"message": sprintf("%s sends no telemetry: no %s is set up.", [
			pods.label(resource),
			concat(" or ", _settings.accept),
		]),
		"resource": resource.id,
		"path": _template(resource),
	}
}

_workloads := [resource |
	some resource in input.resources
	resource.kind in _settings.kinds
	is_object(resource.new)
	not resource.patch
	is_object(values.at(resource.new, pods.spec_path(resource)))
]

_template(resource) := array.slice(path, 0, count(path) - 1) if path := pods.spec_path(resource)

_observed(resource) if {
	"opentelemetry" in _settings.accept
	_instrumented(resource)
}

_observed(resource) if {
	"scrape" in _settings.accept
	_scraped(resource)
}

# https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
_instrumented(resource) if {
	some found in pods.workload_containers(resource, resource.new)
	some variable in values.list(values.at(found.container, ["env"]))
	startswith(values.text(variable.name), "OTEL_")
}

# https://opentelemetry.io/docs/platforms/kubernetes/operator/automatic/
_instrumented(resource) if {
	some name, value in _annotations(resource)
	startswith(name, "instrumentation.opentelemetry.io/inject-")
	value != "false"
}

_scraped(resource) if _annotations(resource)["prometheus.io/scrape"] == "true"

_scraped(resource) if {
	labels := pods.pod_labels(resource, resource.new)
	some monitor in _monitors
	some picked in _picked_labels(monitor, labels)
	pods.selects(monitor.new.spec.selector.matchLabels, picked)
}

_annotations(resource) := values.fields(values.at(
	resource.new,
	array.concat(_template(resource), ["metadata", "annotations"]),
))

_monitors := [resource |
	some resource in pods.after
	resource.group == "monitoring.coreos.com"
	resource.kind in {"ServiceMonitor", "PodMonitor"}
]

# What a monitor picks by: the pod's labels, or those of the services in front of the pod. A service
# that is not seen is taken to have the pod's labels.
_picked_labels(monitor, labels) := [labels] if {
	monitor.kind == "PodMonitor"
} else := [service.new.metadata.labels | some service in _services_of(labels)] if {
	count(_services_of(labels)) > 0
} else := [labels]

_services_of(labels) := [service |
	some service in pods.after
	service.kind == "Service"
	pods.selects(service.new.spec.selector, labels)
]
