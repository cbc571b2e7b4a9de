package gate.change.weakens_gate_test

import data.gate.change.weakens_gate as rule

_settings := {"change.weakens_gate": {
	"files": [".gate.yaml", ".gate/**", "policies/**", "**/*.ics", ".pre-commit-config.yaml", ".github/workflows/*gate*"],
	"runs": ["gate check", "change-gate"],
}}

_input(files, resources) := {"change": {"files": files}, "resources": resources, "settings": _settings}

_messages(given) := found if {
	found := {finding.message | some finding in rule.deny} with input as given
}

_applies(given) if {
	rule.applies with input as given
}

_file(path, status) := {"path": path, "old_path": null, "status": status}

_resource(path, old, new) := {
	"id": concat("/", ["file/File/_", path]),
	"kind": "File",
	"path": path,
	"old_path": null,
	"old": old,
	"new": new,
}

# Files whose contents are not seen.

test_a_changed_policy if {
	given := _input([_file("policies/shop/limits.rego", "modified")], [])
	rule.deny == {{
		"message": "policies/shop/limits.rego, which is part of the gate, is changed.",
		"key": "policies/shop/limits.rego",
	}} with input as given
	_applies(given)
}

test_a_deleted_calendar if {
	_messages(_input([_file("ops/team.ics", "deleted")], [])) == {"ops/team.ics, which is part of the gate, is deleted."}
}

test_a_policy_that_is_moved_away if {
	moved := {"path": "attic/limits.rego", "old_path": "policies/limits.rego", "status": "renamed"}
	_messages(_input([moved], [])) == {"policies/limits.rego, which is part of the gate, is moved to attic/limits.rego."}
}

test_what_adds_to_the_gate if {
	files := [
		_file("policies/new.rego", "added"),
		{"path": "policies/copy.rego", "old_path": "policies/limits.rego", "status": "copied"},
		{"path": "policies/in.rego", "old_path": "drafts/in.rego", "status": "renamed"},
		_file("policies/here.rego", "present"),
	]
	_messages(_input(files, [])) == set()
	not _applies(_input(files, []))
}

test_an_added_file_of_waivers if {
	_messages(_input([_file(".gate/waivers.json", "added")], [])) == {".gate/waivers.json, which is part of the gate, is added."}
}

test_other_files_and_tests_of_policies if {
	files := [_file("web.yaml", "modified"), _file("policies/limits_test.rego", "modified")]
	_messages(_input(files, [])) == set()
	not _applies(_input(files, []))
}

test_the_first_adoption_weakens_nothing if {
	files := [_file(".gate.yaml", "added"), _file(".gate/waivers.yaml", "added")]
	waivers := _resource(".gate/waivers.yaml", null, {"waivers": [_waiver("a.b")]})
	_messages(_input(files, [waivers, _resource(".gate.yaml", null, {"mode": "advisory"})])) == set()
}

test_an_added_config_excuses_only_what_is_added_with_it if {
	files := [_file(".gate.yml", "added"), _file("ops/team.ics", "modified"), _file(".gate/waivers.yaml", "modified")]
	waivers := _resource(".gate/waivers.yaml", {"waivers": []}, {"waivers": [_waiver("a.b")]})
	_messages(_input(files, [waivers, _resource(".gate.yml", null, {})])) == {
		"ops/team.ics, which is part of the gate, is changed.",
		".gate/waivers.yaml: waives a.b until 2027-01-01: migration.",
	}
}

test_a_config_beside_another_one_is_no_adoption if {
	files := [_file(".gate.yml", "added"), _file(".gate.yaml", "modified"), _file(".gate/waivers.json", "added")]
	resources := [_resource(".gate.yml", null, {}), _resource(".gate.yaml", {}, {"bots": []})]
	_messages(_input(files, resources)) == {".gate/waivers.json, which is part of the gate, is added."}
}

test_a_config_of_the_other_name_is_compared if {
	files := [_file(".gate.yaml", "deleted"), _file(".gate.yml", "added")]
	gone := _resource(".gate.yaml", {"version": 1, "require": ["freeze"]}, null)
	_messages(_input(files, [gone, _resource(".gate.yml", null, {"version": 1, "mode": "advisory"})])) == {
		".gate.yml: the mode becomes advisory, so that nothing blocks.",
		".gate.yml: freeze is no longer in `require`.",
	}
	_messages(_input(files, [gone, _resource(".gate.yml", null, {"version": 1, "require": ["freeze"]})])) == set()
}

# What the trusted config names.

_naming(named, files) := _messages(object.union(_input(files, []), {"change": {"files": files, "gate_paths": named}}))

test_files_that_the_config_names if {
	files := [
		_file("facts/slo.json", "modified"),
		_file("rules/shop/limits.rego", "deleted"),
		_file("rules/shop/limits_test.rego", "deleted"),
		_file("rulesets/a.rego", "modified"),
	]
	_naming(["facts/slo.json", "rules"], files) == {
		"facts/slo.json, which is part of the gate, is changed.",
		"rules/shop/limits.rego, which is part of the gate, is deleted.",
	}
	_naming([], files) == set()
}

test_of_the_whole_repository_only_policies if {
	files := [_file("a/b.rego", "modified"), _file("a/b_test.rego", "modified"), _file("a/web.yaml", "modified")]
	_naming([""], files) == {"a/b.rego, which is part of the gate, is changed."}
}

# The config.

_config(old, new) := _messages(_input([_file(".gate.yaml", "modified")], [_resource(".gate.yaml", old, new)]))

test_a_config_that_says_where if {
	given := _input([_file(".gate.yaml", "modified")], [_resource(".gate.yaml", {}, {"mode": "advisory"})])
	rule.deny == {{
		"message": ".gate.yaml: the mode becomes advisory, so that nothing blocks.",
		"resource": "file/File/_/.gate.yaml",
		"path": ["mode"],
		"key": "the mode becomes advisory, so that nothing blocks",
	}} with input as given
	_applies(given)
}

_weakened := [
	[{"rules": {"a.b": "deny"}}, {"rules": {"a.b": "warn"}}, "the rule a.b goes from deny to warn"],
	[{"rules": {"a.b": "warn"}}, {"rules": {"a.b": false}}, "the rule a.b goes from warn to off"],
	[{"rules": {"a.b": {"level": "deny"}}}, {"rules": {"a.b": {"level": false}}}, "the rule a.b goes from deny to off"],
	[{}, {"rules": {"a.b": "off"}}, "the rule a.b is set to off"],
	[{"rules": {"a.b": {}}}, {"rules": {"a.b": "warn"}}, "the rule a.b is set to warn"],
	[{"rules": {"a.b": "deny"}}, {}, "the rule a.b is no longer set to deny"],
	[
		{"rules": {"a.b": {"settings": {"max": 1}}}},
		{"rules": {"a.b": {"settings": {"max": 2}}}},
		"the settings of the rule a.b change",
	],
	[{"services": {"web": {}}}, {"services": {}}, "the service web is removed"],
	[{"services": {"web": {"tier": 1}}}, {"services": {"web": {"tier": 2}}}, "the service web goes from tier 1 to 2"],
	[{"services": {"web": {"tier": 1}}}, {"services": {"web": {}}}, "the service web goes from tier 1 to none"],
	[
		{"services": {"web": {"paths": ["a/**", "b/**"]}}},
		{"services": {"web": {"paths": ["b/**"]}}},
		"the service web loses the path a/**",
	],
	[{"environments": {"production": {}}}, {}, "the environment production is removed"],
	[
		{"environments": {"production": {"paths": ["a/**"]}}},
		{"environments": {"production": {"paths": []}}},
		"the environment production loses the path a/**",
	],
	[{"evidence": {"slo": [{"file": "slo.json"}]}}, {}, "a source of slo evidence is removed or changed"],
	[
		{"evidence": {"slo": [{"file": "slo.json"}]}},
		{"evidence": {"slo": [{"file": "other.json"}]}},
		"a source of slo evidence is removed or changed",
	],
	[{"require": ["freeze"]}, {"require": []}, "freeze is no longer in `require`"],
	[{"policies": ["builtin", "policies/"]}, {"policies": ["policies/"]}, "builtin is no longer in `policies`"],
	[{}, {"policies": ["policies/"]}, "builtin is no longer in `policies`"],
	[{"policies": ["builtin", "policies/"]}, {}, "policies/ is no longer in `policies`"],
	[{}, {"manifests": {"exclude": ["**"]}}, "`manifests` changes"],
	[{}, {"on_unavailable": "warn"}, "`on_unavailable` changes"],
	[{"verification": {"web": {}}}, {}, "`verification` changes"],
	[{}, {"waivers": "other.yaml"}, "`waivers` changes"],
]

test_a_weaker_config if {
	every each in _weakened {
		_config(each[0], each[1]) == {concat("", [".gate.yaml: ", each[2], "."])}
	}
}

_not_weakened := [
	[{"mode": "advisory"}, {"mode": "enforce"}],
	[{"mode": "advisory"}, {"mode": "advisory", "version": 1}],
	[{"rules": {"a.b": "warn"}}, {"rules": {"a.b": "deny"}}],
	[{"rules": {"a.b": false}}, {}],
	[{}, {"rules": {"a.b": "deny"}}],
	[{"rules": {"a.b": "deny"}}, {"rules": {"a.b": {"level": "deny"}}}],
	[{"services": {"web": {"tier": 2}}}, {"services": {"web": {"tier": 1}, "new": {}}}],
	[{}, {"environments": {"production": {"paths": ["a/**"]}}}],
	[{"evidence": {"slo": []}}, {"evidence": {"slo": [{"file": "slo.json"}]}}],
	[{"require": []}, {"require": ["freeze"]}],
	[{}, {"policies": ["builtin", "policies/"]}],
	[{}, {"verification": {"web": {}}, "bots": ["renovate"]}],
	[{"rules": "text", "services": 5, "environments": [], "evidence": null}, {}],
	[{"rules": {"a.b": 5, "c.d": null, "e.f": {"level": 5}}}, {}],
]

test_a_config_that_is_not_weaker if {
	every each in _not_weakened {
		_config(each[0], each[1]) == set()
	}
}

test_a_config_that_is_deleted if {
	given := _input([_file(".gate.yaml", "deleted")], [_resource(".gate.yaml", {"mode": "enforce"}, null)])
	_messages(given) == {".gate.yaml, which is part of the gate, is deleted."}
}

# Waivers.

_waiver(rule_id) := {"rule": rule_id, "expires": "2027-01-01", "reason": "migration"}

test_a_new_waiver if {
	path := ".gate/waivers.yaml"
	old := {"waivers": [_waiver("a.b")]}
	new := {"waivers": [_waiver("c.d"), _waiver("a.b")]}
	message := ".gate/waivers.yaml: waives c.d until 2027-01-01: migration."
	_messages(_input([_file(path, "modified")], [_resource(path, old, new)])) == {message}
	_messages(_input([_file(path, "modified")], [_resource(path, new, old)])) == set()
	count(_messages(_input([_file(path, "added")], [_resource(path, null, new)]))) == 2
}

# The hook.

_hooks(repo, ids) := {"repos": [{"repo": repo, "rev": "v1", "hooks": [{"id": id} | some id in ids]}]}

_hook(old, new) := _messages(_input(
	[_file(".pre-commit-config.yaml", "modified")],
	[_resource(".pre-commit-config.yaml", old, new)],
))

_hook_repo := "https://example.com/change-gate"

test_the_hook if {
	_hook(_hooks(_hook_repo, ["gate"]), _hooks("https://example.com/other", ["fmt"])) == {".pre-commit-config.yaml: no longer runs the gate."}
	_hook(_hooks(_hook_repo, ["gate"]), _hooks(_hook_repo, ["gate-offline"])) == {".pre-commit-config.yaml: changes how the gate is run."}
	local := {"repos": [{"repo": "local", "hooks": [{"id": "x", "entry": "gate check --staged"}]}]}
	_hook(local, {"repos": "text"}) == {".pre-commit-config.yaml: no longer runs the gate."}
}

test_another_hook if {
	upgraded := object.union(_hooks(_hook_repo, ["gate"]), {"ci": {}})
	_hook(_hooks(_hook_repo, ["gate"]), upgraded) == set()
	_hook(_hooks("https://example.com/other", ["fmt"]), {"repos": ["text"]}) == set()
}

# The workflow.

_workflow(on, steps) := {"true": on, "jobs": {"gate": {"steps": steps}, "test": {"steps": [{"run": "make test"}]}}}

_runs := [{"uses": "actions/checkout@v4"}, {"run": "pip install change-gate\ngate check"}]

_flow(old, new) := _messages(_input(
	[_file(".github/workflows/gate.yaml", "modified")],
	[_resource(".github/workflows/gate.yaml", old, new)],
))

test_the_workflow if {
	old := _workflow(["pull_request"], _runs)
	_flow(old, _workflow(["pull_request"], [])) == {".github/workflows/gate.yaml: no longer runs the gate."}
	_flow(old, null) == {".github/workflows/gate.yaml: no longer runs the gate."}
	_flow(old, _workflow(["push"], _runs)) == {".github/workflows/gate.yaml: changes how the gate is run."}
	_flow(
		old,
		_workflow(["pull_request"], array.concat(_runs, [{"run": "true"}])),
	) == {".github/workflows/gate.yaml: changes how the gate is run."}
}

test_a_workflow_of_any_name if {
	old := _workflow(["pull_request"], _runs)
	given := _input([_file(".github/workflows/ci.yaml", "modified")], [_resource(".github/workflows/ci.yaml", old, {})])
	_messages(given) == {".github/workflows/ci.yaml: no longer runs the gate."}
	_applies(given)
}

test_another_job_of_the_workflow if {
	old := _workflow(["pull_request"], _runs)
	new := object.union(old, {"jobs": {"test": {"steps": [{"run": "make all"}]}}})
	_flow(old, new) == set()
	_flow({"jobs": {"test": {"uses": "./test.yaml"}, "x": "text"}}, {"jobs": "text"}) == set()
}

test_a_reusable_workflow if {
	old := {"jobs": {"gate": {"uses": "org/change-gate/.github/workflows/gate.yaml@v1"}}}
	_flow(old, {"jobs": {}}) == {".github/workflows/gate.yaml: no longer runs the gate."}
}

test_a_workflow_that_is_not_seen if {
	_messages(_input([_file(".github/workflows/gate.yml", "modified")], [])) == {".github/workflows/gate.yml, which is part of the gate, is changed."}
	_messages(_input([_file(".github/workflows/build.yml", "modified")], [])) == set()
}

test_a_renamed_config_is_compared if {
	files := [{"path": ".gate.yml", "old_path": ".gate.yaml", "status": "renamed"}]
	renamed := object.union(object.remove(_resource(".gate.yml", {}, {"mode": "advisory"}), ["old_path"]), {"old_path": ".gate.yaml"})
	_messages(_input(files, [renamed])) == {".gate.yml: the mode becomes advisory, so that nothing blocks."}
}

test_a_workflow_that_looks_like_an_object if {
	old := object.union(_workflow(["pull_request"], _runs), {"kind": "Workflow"})
	resource := object.union(_resource(".github/workflows/ci.yaml", old, {}), {"kind": "Workflow"})
	_messages(_input([], [resource])) == {".github/workflows/ci.yaml: no longer runs the gate."}
}

test_variables_of_the_whole_workflow if {
	old := _workflow(["pull_request"], _runs)
	_flow(old, object.union(old, {"env": {"GATE_FAIL_ON": "never"}})) == {".github/workflows/gate.yaml: changes how the gate is run."}
}
