# METADATA
# title: A change reaches many services at once
# description: |
#   Counts what a change reaches: services times environments, not files. The more it reaches, the
#   harder it is to see which part of it failed, and to take only that part back.
# scope: package
# custom:
#   level: warn
#   remediation: |
#     Split the change by environment or by service, so that each part can be watched and taken
#     back by itself.
#   settings:
#     max_targets: 10
#   standard: Change Management
package gate.change.blast_radius

_settings := input.settings["change.blast_radius"]

_targets contains [target.service, target.environment] if {
	some target in input.targets
	target.service != "(no service)"
}

_services contains target[0] if some target in _targets

_environments contains target[1] if some target in _targets

default applies := false

applies if {
	input.change.kind != "tree"
	count(_targets) > 0
}

deny contains finding if {
	applies
	count(_targets) > _settings.max_targets
	finding := {"key": "targets", "message": sprintf("The change reaches %d targets (%s in %s), more than %v.", [
		count(_targets),
		_number(count(_services), "service"),
		_number(count(_environments), "environment"),
		_settings.max_targets,
	])}
}

_number(count_, noun) := sprintf("1 %s", [noun]) if {
	count_ == 1
} else := sprintf("%d %ss", [count_, noun])
