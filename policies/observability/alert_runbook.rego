# METADATA
# title: An alert has no runbook
# description: |
#   Who is woken by an alert needs to know what to do. Every alert names its runbook in an
#   annotation; recording rules need none.
# scope: package
# custom:
#   level: warn
#   remediation: |
#     Add the annotation `runbook_url` with the address of a page that says what to check and do.
#   settings:
#     annotations: [runbook_url, runbook]
#   standard: Observability, runbook links on alerts
package gate.observability.alert_runbook

import data.gate.lib.alerts

_settings := input.settings["observability.alert_runbook"]

default applies := false

applies if some _ in _alerts

# One finding for a place, since a page and a ticket can share their annotations.
deny contains finding if {
	some place, titles in _without
	[resource, path] := place
	finding := {
		"message": sprintf("%s no runbook: %s is not set.", [
			_have(titles),
			concat(" or ", _settings.annotations),
		]),
		"resource": resource,
		"path": path,
		"key": concat(", ", titles),
	}
}

_without[place] contains alert.title if {
	some alert in _alerts
	place := [alert.resource, alert.path]
	not _has_runbook(alert)
}

_alerts contains object.union(alert, {"resource": resource.id}) if {
	some resource in input.resources
	not resource.patch
	is_object(resource.new)
	some alert in alerts.found_in(resource.new)
}

_has_runbook(alert) if {
	some name in _settings.annotations
	value := alert.annotations[name]
	is_string(value)
	regex.match(`[^ \t\r\n]`, value)
}

_have(titles) := sprintf("Alert %s has", [concat(", ", titles)]) if {
	count(titles) == 1
} else := sprintf("Alerts %s have", [concat(", ", titles)])
