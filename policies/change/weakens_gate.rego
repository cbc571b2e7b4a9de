# METADATA
# title: The change weakens its own gate
# description: |
#   A change to what judges changes (the gate's config, policies, waivers, calendars, the workflow
#   and the hook that run it, code owners) deserves a second look by those who own it. The gate of
#   the target branch judges this change; the next one is judged by what this change leaves. Adding
#   a gate for the first time weakens nothing.
# scope: package
# custom:
#   level: warn
#   remediation: |
#     Have it approved by the gate's owners, in a change of its own that says why.
#   settings:
#     files:
#       - .gate.yaml
#       - .gate.yml
#       - .gate/**
#       - policies/**
#       - "**/*.ics"
#       - "**/freeze*.yaml"
#       - "**/freeze*.yml"
#       - .pre-commit-config.yaml
#       - .pre-commit-hooks.yaml
#       - CODEOWNERS
#       - .github/CODEOWNERS
#       - docs/CODEOWNERS
#       - .github/workflows/*gate*
#     runs: [gate check, change-gate]
#   standard: Automation, policy-as-code
package gate.change.weakens_gate

import data.gate.lib.paths
import data.gate.lib.values

_settings := input.settings["change.weakens_gate"]

default applies := false

applies if some _ in _touched

applies if count(_compared) > 0

# The resources whose both sides say what becomes of the gate.
_compared := array.concat(_renamed_configs, [{"resource": resource, "kind": kind} |
	some resource in input.resources
	_may_run_the_gate(resource)
	kind := _kind_of(resource)
])

# A config that goes while one of the other name comes, which Git may not call a rename.
_renamed_configs := [{"resource": object.union(here, {"old": gone.old, "old_path": gone.path}), "kind": "config"} |
	some gone in _configs
	is_object(gone.old)
	is_null(gone.new)
	some here in _configs
	is_null(here.old)
	is_object(here.new)
]

_configs := [resource | some resource in input.resources; _is_config(resource.path)]

_may_run_the_gate(resource) if resource.kind == "File"

_may_run_the_gate(resource) if startswith(resource.path, ".")

# The gate's files whose contents are not compared below.
deny contains finding if {
	some [path, what] in _touched
	not _is_compared(path)
	finding := {
		"message": sprintf("%s, which is part of the gate, %s.", [path, what]),
		"key": path,
	}
}

deny contains finding if {
	some compared in _compared
	resource := compared.resource
	some found in _weaker(compared.kind, resource)
	finding := {
		"message": sprintf("%s: %s.", [resource.path, found.what]),
		"resource": resource.id,
		"path": found.path,
		"key": found.what,
	}
}

# The gate's files and what happens to them. A new one adds to the gate, but for a waiver.
_touched contains [path, what] if {
	some file in input.change.files
	file.status != "present"
	path := _path_before(file)
	_is_part(path)
	what := _what(file)
}

_path_before(file) := file.old_path if {
	file.status == "renamed"
} else := file.path

_is_part(path) if {
	count(_settings.files) > 0
	regex.match(_pattern, path)
	not endswith(path, "_test.rego")
}

# What the trusted config names. Of the whole repository only policies are the gate's own.
_is_part(path) if {
	not endswith(path, "_test.rego")
	some place in paths.above(path)
	_named[place]
}

_is_part(path) if {
	_named[""]
	endswith(path, ".rego")
	not endswith(path, "_test.rego")
}

_named := {place | some place in object.get(input.change, "gate_paths", [])}

_pattern := concat("|", [paths.pattern(wildcard) | some wildcard in _settings.files])

_what(file) := "is deleted" if {
	file.status == "deleted"
} else := sprintf("is moved to %s", [file.path]) if {
	file.status == "renamed"
} else := "is changed" if {
	file.status in {"modified", "type_changed"}
} else := "is added" if {
	file.status in {"added", "copied"}
	startswith(file.path, ".gate/")
	not _adopted
}

# A repository that takes up the gate with this change: a config comes, and none was there before.
_adopted if {
	count(_configs_before) == 0
	some file in input.change.files
	_is_config(file.path)
	file.status == "added"
}

_configs_before := [path |
	some file in input.change.files
	file.status != "added"
	some path in [file.path, file.old_path]
	_is_config(path)
]

_is_config(path) if path in {".gate.yaml", ".gate.yml"}

_is_compared(path) if {
	some compared in _compared
	path in {compared.resource.path, compared.resource.old_path}
}

# Which of the gate's files a resource is, where both sides are seen.
_kind_of(resource) := "config" if {
	_is_config(resource.path)
	_both(resource)
} else := "waivers" if {
	resource.kind == "File"
	is_array(resource.new.waivers)
} else := "hooks" if {
	resource.path == ".pre-commit-config.yaml"
	_both(resource)
} else := "workflow" if {
	startswith(resource.path, ".github/workflows/")
	is_object(resource.old)
}

_both(resource) if {
	is_object(resource.old)
	is_object(resource.new)
}

_weaker("config", resource) := {each |
	some list in [
		_mode(resource.old, resource.new),
		_rules(resource.old, resource.new),
		_services(resource.old, resource.new),
		_environments(resource.old, resource.new),
		_evidence(resource.old, resource.new),
		_lists(resource.old, resource.new),
		_others(resource.old, resource.new),
	]
	some each in list
}

_weaker("waivers", resource) := {{"what": what, "path": ["waivers"]} |
	some waiver in (_items(resource.new, "waivers") - _items(resource.old, "waivers"))
	what := sprintf("waives %v until %v: %v", [
		values.at(waiver, ["rule"]),
		values.at(waiver, ["expires"]),
		values.at(waiver, ["reason"]),
	])
} if {
	not _comes_with_the_gate(resource)
}

_weaker("hooks", resource) := _less_run(_hooks(resource.old), _hooks(resource.new), "repos")

_weaker("workflow", resource) := _less_run(_jobs(resource.old), _jobs(resource.new), "jobs")

_comes_with_the_gate(resource) if {
	_adopted
	is_null(resource.old)
}

# What runs the gate, before and after.
_less_run(old, new, key) := [{"what": "no longer runs the gate", "path": [key]}] if {
	count(old) > 0
	count(new) == 0
} else := [{"what": "changes how the gate is run", "path": [key]}] if {
	count(old - new) > 0
} else := []

# The hooks that run the gate, without the version that they are taken from.
_hooks(manifest) := {[values.at(repository, ["repo"]), hook] |
	some repository in _items(manifest, "repos")
	some hook in _items(repository, "hooks")
	some text in [values.at(repository, ["repo"]), values.at(hook, ["id"]), values.at(hook, ["entry"])]
	_names_gate(text)
}

# The jobs that run the gate, with when the workflow runs. YAML may read the key `on` as true.
_jobs(manifest) := {[name, job, triggers] |
	triggers := [values.at(manifest, [key]) | some key in ["on", "true", "env", "defaults"]]
	some name, job in _table(manifest, "jobs")
	some text in array.concat(
		[values.at(job, ["uses"])],
		[values.at(step, [key]) | some step in _items(job, "steps"); some key in ["run", "uses"]],
	)
	_names_gate(text)
}

_names_gate(text) if {
	some mark in _settings.runs
	contains(values.text(text), mark)
}

_mode(old, new) := [{"what": "the mode becomes advisory, so that nothing blocks", "path": ["mode"]} |
	new.mode == "advisory"
	values.at(old, ["mode"]) != "advisory"
]

_rules(old, new) := [{"what": what, "path": ["rules", id]} |
	before := _table(old, "rules")
	after := _table(new, "rules")
	some id in (object.keys(before) | object.keys(after))
	some what in _rule(id, object.get(before, [id], null), object.get(after, [id], null))
]

_rule(id, old, new) := [what |
	some what in [
		_level_change(id, _level(old), _level(new)),
		_other_change(id, _without_level(old), _without_level(new)),
	]
	what != ""
]

_level_change(id, old, new) := sprintf("the rule %s goes from %s to %s", [id, old, new]) if {
	_ranks[new] < _ranks[old]
} else := sprintf("the rule %s is set to %s", [id, new]) if {
	old == "default"
	new in {"warn", "off"}
} else := sprintf("the rule %s is no longer set to %s", [id, old]) if {
	new == "default"
	old in {"warn", "deny"}
} else := ""

_other_change(id, old, new) := sprintf("the settings of the rule %s change", [id]) if {
	old != new
} else := ""

_ranks := {"deny": 3, "warn": 2, "off": 1}

# A rule's level; `off` is read as false by YAML.
_level(entry) := "off" if {
	entry in {false, "off"}
} else := entry if {
	is_string(entry)
} else := _level_of(entry.level) if {
	entry.level != null
} else := "default"

_level_of(level) := "off" if {
	level == false
} else := values.text(level)

_without_level(entry) := object.remove(entry, ["level"]) if {
	is_object(entry)
} else := {}

_services(old, new) := [{"what": what, "path": ["services", name]} |
	after := _table(new, "services")
	some name, service in _table(old, "services")
	some what in _service(name, service, object.get(after, [name], null))
]

_service(name, old, new) := [sprintf("the service %s is removed", [name])] if {
	not is_object(new)
} else := array.concat(
	[sprintf("the service %s goes from tier %v to %v", [name, old.tier, _tier(new)]) |
		is_number(old.tier)
		_tier_rank(new) > old.tier
	],
	[sprintf("the service %s loses the path %v", [name, path]) |
		some path in (_items(old, "paths") - _items(new, "paths"))
	],
)

_tier(service) := object.get(service, "tier", "none")

_tier_rank(service) := service.tier if {
	is_number(service.tier)
} else := 1000000

_environments(old, new) := [{"what": what, "path": ["environments"]} |
	after := _table(new, "environments")
	some name, environment in _table(old, "environments")
	some what in _environment(name, environment, object.get(after, [name], null))
]

_environment(name, old, new) := [sprintf("the environment %s is removed", [name])] if {
	not is_object(new)
} else := [sprintf("the environment %s loses the path %v", [name, path]) |
	some path in (_items(old, "paths") - _items(new, "paths"))
]

_evidence(old, new) := [{"what": what, "path": ["evidence"]} |
	after := _table(new, "evidence")
	some kind, _ in _table(old, "evidence")
	count(_items(old.evidence, kind) - _items(after, kind)) > 0
	what := sprintf("a source of %s evidence is removed or changed", [kind])
]

_lists(old, new) := [{"what": what, "path": [key]} |
	some key in ["require", "policies"]
	some item in (_listed(old, key) - _listed(new, key))
	what := sprintf("%v is no longer in `%s`", [item, key])
]

# Without the key the built-in policies hold.
_listed(manifest, key) := {"builtin"} if {
	key == "policies"
	values.at(manifest, [key]) == null
} else := _items(manifest, key)

_others(old, new) := [{"what": sprintf("`%s` changes", [key]), "path": [key]} |
	some key in (object.keys(old) | _bare)
	not key in _told
	values.at(old, [key]) != values.at(new, [key])
]

# Keys that can weaken by being there; any other one only by what it was.
_bare := {"engine", "manifests", "on_unavailable", "waivers"}

_told := {"environments", "evidence", "mode", "policies", "require", "rules", "services", "version"}

_table(manifest, key) := values.fields(values.at(manifest, [key]))

_items(manifest, key) := {item | some item in values.list(values.at(manifest, [key]))}
