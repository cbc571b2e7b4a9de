package gate.slo.objective_lowered_test

import data.gate.slo.objective_lowered as rule

_turned(resource, sides) := object.union(object.remove(resource, object.keys(sides)), sides)

_resource(path, old, new) := {
	"id": concat("/", ["file/File/_", path]),
	"path": path,
	"environments": ["default"],
	"old": old,
	"new": new,
	"patch": false,
}

_input(resources) := {"resources": resources, "unchanged": []}

_findings(resources) := found if {
	found := {[finding.message, finding.resource, finding.path] | some finding in rule.deny} with input as _input(resources)
}

_messages(resources) := {message | some [message, _, _] in _findings(resources)}

_slo(name, objective) := {"name": name, "objective": objective, "sli": {"raw": name}}

_sloth(slos) := {"version": "prometheus/v1", "service": "shop", "slos": slos}

test_a_lowered_objective if {
	resource := _resource("slo.yaml", _sloth([_slo("requests", 99.9)]), _sloth([_slo("requests", 99.5)]))
	rule.deny == {{
		"message": "The objective of SLO shop/requests falls from 99.9 to 99.5.",
		"resource": "file/File/_/slo.yaml",
		"path": ["slos", 0, "objective"],
	}} with input as _input([resource])
	rule.applies with input as _input([resource])
}

test_a_raised_or_equal_objective if {
	every objective in [99.9, 99.901, 99.95] {
		_findings([_resource("slo.yaml", _sloth([_slo("a", 99.9)]), _sloth([_slo("a", objective)]))]) == set()
	}
}

test_new_objectives_and_another_order if {
	old := _sloth([_slo("a", 99.9), _slo("b", 95)])
	new := _sloth([_slo("c", 50), _slo("b", 95), _slo("a", 99.9)])
	_findings([_resource("slo.yaml", old, new)]) == set()
}

test_a_new_file if {
	resource := _resource("slo.yaml", null, _sloth([_slo("a", 50)]))
	_findings([resource]) == set()
	not rule.applies with input as _input([resource])
}

test_a_removed_slo if {
	_findings([_resource("slo.yaml", _sloth([_slo("a", 99.9), _slo("b", 95)]), _sloth([_slo("b", 95)]))]) == {[
		"SLO shop/a is removed.",
		"file/File/_/slo.yaml",
		["slos", 0],
	]}
}

test_a_deleted_file if {
	_messages([_resource("slo.yaml", _sloth([_slo("a", 99.9)]), null)]) == {"SLO shop/a is removed."}
}

test_a_move_is_no_removal if {
	gone := _resource("old.yaml", _sloth([_slo("a", 99.9)]), null)
	_findings([gone, _resource("new.yaml", null, _sloth([_slo("a", 99.9)]))]) == set()
	_findings([gone, _resource("new.yaml", null, _sloth([_slo("a", 99)]))]) == {[
		"The objective of SLO shop/a falls from 99.9 to 99.",
		"file/File/_/new.yaml",
		["slos", 0, "objective"],
	]}
}

test_a_move_to_another_format if {
	resource := {
		"apiVersion": "openslo/v1",
		"kind": "SLO",
		"metadata": {"name": "a"},
		"spec": {"service": "shop", "objectives": [{"target": 0.999}]},
	}
	gone := _resource("old.yaml", _sloth([_slo("a", 99.9)]), null)
	_findings([gone, _resource("new.yaml", null, resource)]) == set()
}

test_a_copy_that_was_there_before_is_no_move if {
	copy := _resource("copy.yaml", _sloth([_slo("a", 99.9)]), _sloth([_slo("a", 99.95)]))
	_messages([_resource("slo.yaml", _sloth([_slo("a", 99.9)]), null), copy]) == {"SLO shop/a is removed."}
}

test_another_name_for_the_same_measure if {
	old := _sloth([_slo("a", 99.9)])
	_findings([_resource("slo.yaml", old, _sloth([object.union(_slo("a", 99.9), {"name": "b"})]))]) == set()
	_messages([_resource("slo.yaml", old, _sloth([object.union(_slo("a", 99), {"name": "b"})]))]) == {"The objective of SLO shop/a falls from 99.9 to 99."}
	_messages([_resource("slo.yaml", old, _sloth([_slo("b", 99.9)]))]) == {"SLO shop/a is removed."}
}

test_an_slo_that_measures_nothing_known_has_no_other_name if {
	old := _sloth([{"name": "a", "objective": 99}])
	new := _sloth([{"name": "b", "objective": 99}])
	_messages([_resource("slo.yaml", old, new)]) == {"SLO shop/a is removed."}
}

test_a_move_within_some_environments if {
	both := _turned(_resource("base.yaml", _sloth([_slo("a", 99)]), null), {"environments": ["production", "staging"]})
	staging := _turned(_resource("staging.yaml", null, _sloth([_slo("a", 99)])), {"environments": ["staging"]})
	other := _turned(staging, {"environments": ["test"]})
	_messages([both, staging]) == {"SLO shop/a is removed from production."}
	_messages([both, other]) == {"SLO shop/a is removed from production, staging."}
}

_openslo(objectives) := {
	"apiVersion": "openslo/v1",
	"kind": "SLO",
	"metadata": {"name": "search"},
	"spec": {"objectives": objectives},
}

test_openslo_objectives_are_matched_by_name if {
	old := _openslo([{"displayName": "Internal", "target": 0.995}, {"displayName": "SLA", "target": 0.99}])
	new := _openslo([{"displayName": "SLA", "target": 0.98}, {"displayName": "Internal", "target": 0.995}])
	_findings([_resource("slo.yaml", old, new)]) == {[
		"The objective of SLO search (SLA) falls from 0.99 to 0.98.",
		"file/File/_/slo.yaml",
		["spec", "objectives", 0, "target"],
	]}
}

test_an_objective_with_another_name if {
	old := _openslo([{"displayName": "SLA", "target": 0.99}])
	_findings([_resource("slo.yaml", old, _openslo([{"displayName": "Contract", "target": 0.99}]))]) == set()
	_findings([_resource("slo.yaml", old, _openslo([{"displayName": "SLA", "targetPercent": 99}]))]) == set()
}

test_a_lost_objective if {
	old := _openslo([{"displayName": "Internal", "target": 0.995}, {"displayName": "SLA", "target": 0.99}])
	_findings([_resource("slo.yaml", old, _openslo([{"displayName": "SLA", "target": 0.99}]))]) == {[
		"SLO search (Internal) loses its objective of 0.995.",
		"file/File/_/slo.yaml",
		["spec"],
	]}
	unnamed := _openslo([{"target": 0.995}, {"target": 0.99}])
	_messages([_resource("slo.yaml", unnamed, _openslo([{"target": 0.995}]))]) == {"SLO search loses its objective of 0.99."}
}

test_a_patch_need_not_hold_all if {
	old := _openslo([{"displayName": "SLA", "target": 0.99}])
	_findings([_turned(_resource("patch.yaml", old, _openslo([])), {"patch": true})]) == set()
	_findings([_turned(_resource("patch.yaml", old, null), {"patch": true})]) == set()
	lowered := _resource("patch.yaml", old, _openslo([{"displayName": "SLA", "target": 0.9}]))
	count(_findings([_turned(lowered, {"patch": true})])) == 1
}

test_a_pyrra_target if {
	sides := [{
		"apiVersion": "pyrra.dev/v1alpha1",
		"kind": "ServiceLevelObjective",
		"metadata": {"name": "errors", "namespace": "monitoring"},
		"spec": {"target": target},
	} |
		some target in ["99.9", "99.0"]
	]
	_findings([_resource("slo.yaml", sides[0], sides[1])]) == {[
		"The objective of SLO monitoring/errors falls from 99.9 to 99.0.",
		"file/File/_/slo.yaml",
		["spec", "target"],
	]}
}
