"""Each check of lint, firing and not firing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gate.authoring.checks.problem import Problem
from gate.authoring.lint import lint
from tests.unit.authoring.rules import Case, deny, files, path

RESOURCE = "some r in input.resources"
SLO = "requires: [slo]"

WRONG = {
    # Paths that the schema does not know.
    "root": Case(deny("input.resource"), (("input", 2, "Did you mean `resources`?"),)),
    "root_plural": Case(deny("input.changes.kind"), (("input", 2, "Did you mean `change`?"),)),
    "not_seen": Case(deny("input.gate.levels"), (("input", 2, "Rules do not see `input.gate`."),)),
    "loop": Case(
        deny(RESOURCE, 'r.naem == "x"'), (("input", 3, "A resource has no `naem`. Did you mean"),)
    ),
    "index": Case(deny("input.resources[_].statuss"), (("input", 2, "Did you mean `status`?"),)),
    "bracket": Case(deny('input["resources"][0]["kindd"]'), (("input", 2, "no `kindd`"),)),
    "assigned": Case(
        deny("r := input.resources[_]", "q := r", "q.nam"), (("input", 4, "no `nam`"),)
    ),
    "target": Case(
        deny("some t in input.targets", "t.teir == 1"), (("input", 3, "A target has no `teir`"),)
    ),
    "service": Case(
        deny('input.services["cart"].teir == 1'), (("input", 2, "A service has no `teir`"),)
    ),
    "field": Case(
        deny(RESOURCE, "some c in r.changes", "c.opp"),
        (("input", 4, "One of a resource's changes has no `opp`"),),
    ),
    "below_text": Case(
        deny(RESOURCE, "r.name.x"), (("input", 3, "`name` of a resource has no `x`: it is text."),)
    ),
    "loop_over_text": Case(
        deny(RESOURCE, "some each in r.name", "each"),
        (("input", 3, "Nothing stands below `name` of a resource: it is text."),),
    ),
    "list_or_null": Case(
        deny("some each in input.change.approvals", "each.who"),
        (("input", 3, "`input.change.approvals[_]` has no `who`"),),
    ),
    "list": Case(deny("input.resources.kind"), (("input", 2, "`input.resources` is a list"),)),
    "get": Case(deny('object.get(input.change, "fils", []) == []'), (("input", 2, "`files`?"),)),
    "get_path": Case(
        deny('object.get(input, ["change", "fils"], []) == []'), (("input", 2, "`files`?"),)
    ),
    "alias": Case(
        "import input.resources as all\n\n" + deny("some r in all", "r.naem"),
        (("input", 5, "no `naem`"),),
    ),
    "own_function": Case(
        deny(RESOURCE, "_judged(r)") + "\n_judged(resource) if resource.naem == 1\n",
        (("input", 6, "no `naem`"),),
    ),
    "own_rule": Case(
        deny("some r in _judged", "r.naem") + "\n_judged := [r | some r in input.resources]\n",
        (("input", 3, "no `naem`"),),
    ),
    "own_set": Case(
        deny("some r in _judged", "r.naem") + "\n_judged contains r if some r in input.resources\n",
        (("input", 3, "no `naem`"),),
    ),
    "own_table": Case(
        deny("some r in _named.cart", "r.naem")
        + "\n_named[r.name] contains r if some r in input.resources\n",
        (("input", 3, "no `naem`"),),
    ),
    "object": Case(
        deny('some each in [{"is": r} | some r in input.resources]', "each.is.naem"),
        (("input", 3, "no `naem`"),),
    ),
    "comprehension": Case(
        deny("count({r | some r in input.resources; r.naem}) > 0"),
        (("input", 2, "no `naem`"),),
    ),
    "every": Case(deny("every r in input.resources { r.naem }"), (("input", 2, "no `naem`"),)),
    "negated": Case(deny(RESOURCE, "not r.naem"), (("input", 3, "no `naem`"),)),
    "head": Case(
        "_named[r.naem] := 1 if some r in input.resources\n\n" + deny("_named.cart"),
        (("input", 1, "no `naem`"),),
    ),
    "else": Case(
        deny(RESOURCE, "_name(r) == 1")
        + "\n_name(r) := r.name if r.kind else := r.naem if r.status\n",
        (("input", 6, "no `naem`"),),
    ),
    "evidence_envelope": Case(
        deny("input.evidence.slo.cart.production.states"),
        (("input", 2, "Did you mean `status`?"),),
        (SLO,),
    ),
    # Values that the schema does not know.
    "enum": Case(
        deny(RESOURCE, 'r.status == "add"'),
        (("value", 3, '"add" is never what `status` of a resource is. Did you mean `added`?'),),
    ),
    "enum_turned": Case(deny(RESOURCE, '"add" == r.status'), (("value", 3, '"add"'),)),
    "enum_not": Case(deny(RESOURCE, 'r.status != "removed"'), (("value", 3, '"removed"'),)),
    "enum_in": Case(
        deny(RESOURCE, 'r.status in {"added", "changed"}'), (("value", 3, '"changed"'),)
    ),
    "enum_op": Case(
        deny(RESOURCE, "some c in r.changes", 'c.op == "added"'), (("value", 4, "`add`?"),)
    ),
    "type_text": Case(
        deny("some t in input.targets", 't.tier == "1"'),
        (("value", 3, "that is a number or null."),),
    ),
    "type_boolean": Case(
        deny(RESOURCE, 'r.patch == "true"'), (("value", 3, "that is true or false."),)
    ),
    "status": Case(
        deny('input.evidence.slo.cart.production.status == "OK"'),
        (("value", 2, "Did you mean `ok`?"),),
        (SLO,),
    ),
    # Evidence.
    "undeclared": Case(
        deny("input.evidence.slo.cart.production.value.remaining < 0"),
        (("evidence", 2, "reads the evidence `slo` and does not require it"),),
    ),
    "undeclared_bracket": Case(
        deny('input["evidence"]["slo"].cart.production.value < 0'),
        (("evidence", 2, "`slo`"),),
    ),
    "undeclared_get": Case(
        deny('object.get(input, ["evidence", "slo", "cart"], null) == null'),
        (("evidence", 2, "`slo`"),),
    ),
    "undeclared_import": Case(
        "import input.evidence.slo\n\n" + deny("slo.cart.production.value < 0"),
        (("evidence", 4, "`slo`"),),
    ),
    "undeclared_helper": Case(
        deny('_of("slo").cart.production.value < 0') + "\n_of(kind) := input.evidence[kind]\n",
        (("evidence", 2, "`slo`"),),
    ),
    "undeclared_library": Case(
        "import data.gate.team.shared\n\n" + deny("shared.frozen"),
        (("evidence", 4, "`freeze`"),),
    ),
    "shared": Case(
        deny("frozen") + "\nfrozen if input.evidence.freeze.cart.production.value.active\n",
        (),
        ("requires: [freeze]",),
    ),
    "dynamic": Case(
        deny("some kind, _ in input.evidence", 'kind == "slo"'),
        (("evidence", 2, "cannot be seen"),),
    ),
    "no_kind": Case(deny("input.evidence.slos.cart"), (("evidence", 2, "Did you mean `slo`?"),)),
    "unread": Case(
        deny("input.change.author == null"),
        (("evidence", -1, "requires the evidence `slo` and does not read it"),),
        (SLO,),
    ),
    # Settings.
    "no_setting": Case(
        deny('input.settings["team.no_setting"].lebel == ""'),
        (("settings", 2, "no setting `lebel`. Did you mean `label`?"), ("settings", -1, "`label`")),
        ("settings:", "  label: team"),
    ),
    "no_settings": Case(
        '_settings := input.settings["team.no_settings"]\n\n' + deny("_settings.label"),
        (("settings", 4, "The rule has no setting `label`."),),
    ),
    "idle": Case(
        deny("input.change.author == null"),
        (("settings", -1, "The setting `label` is declared and not read."),),
        ("settings:", "  label: team"),
    ),
    "other_settings": Case(
        deny('input.settings["team.idle"].label == ""'),
        (("settings", 2, "the settings of another rule, team.idle"),),
    ),
    "other_rule": Case(
        deny('input.settings["team.idel"].label == ""'),
        (("settings", 2, "No rule is called `team.idel`. Did you mean `team.idle`?"),),
    ),
    # References.
    "library": Case(deny("data.gate.lib.podz.number(1)"), (("reference", 2, "Nothing defines"),)),
    "name": Case(
        "import data.gate.team.shared\n\n" + deny("shared.frozn"),
        (("reference", 4, "data.gate.team.shared defines no `frozn`. Did you mean `frozen`?"),),
    ),
    "function": Case(
        "import data.gate.team.own_function\n\n" + deny("own_function._juged({})"),
        (("reference", 4, "defines no `_juged`"),),
    ),
    "own_name": Case(
        deny("_fin(1)") + "\n_fine(x) if x\n",
        (("reference", 2, "defines no `_fin`. Did you mean `_fine`?"),),
    ),
    # Findings.
    "no_message": Case(
        'deny contains {"resource": r.id} if some r in input.resources\n',
        (("finding", 1, "The finding has no `message`."),),
    ),
    "named_finding": Case(
        deny(RESOURCE)
        .replace('"found"', "finding")
        .replace("\n}", '\n\tfinding := {\n\t\t"mesage": "x",\n\t}\n}'),
        (
            ("finding", 3, "no key `mesage`. Did you mean `message`?"),
            ("finding", 3, "no `message`"),
        ),
    ),
    "no_resource": Case(
        'warn contains {"message": "x", "path": ["a"]} if input.change.author\n',
        (("finding", 1, "a `path` and no `resource`"),),
    ),
    "whole_resource": Case(
        'deny contains {"message": "x", "resource": r} if some r in input.resources\n',
        (("finding", 1, "`resource` must be text, not an object."),),
    ),
    "text_path": Case(
        'deny contains {"message": "x", "resource": r.id, "path": "spec"} if some r in '
        "input.resources\n",
        (("finding", 1, "`path` must be a list"),),
    ),
    "blank": Case(
        'deny contains {"message": " "} if input.change.author\n',
        (("finding", 1, "`message` must be text, not blank text."),),
    ),
    "number": Case("deny contains 5 if input.change.author\n", (("finding", 1, "not a number."),)),
    "unblock": Case(
        'deny contains {"message": "x", "unblock": {"when": "now"}} if input.change.author\n',
        (("finding", 1, "`unblock` has no key `when`"),),
    ),
    # What never fires.
    "false": Case(deny(RESOURCE, "false"), (("never", 3, "`false` is never true"),)),
    "literals": Case(deny('1 == "1"'), (("never", 2, "Two different literals"),)),
    # What passes where evidence is missing.
    "fallback_get": Case(
        deny('some b in object.get(input.evidence.slo.cart.production, ["value", "burns"], [])'),
        (("fail-open", 2, "empty where the evidence says nothing (line 10)"),),
        (SLO,),
    ),
    "fallback_default": Case(
        deny("some b in _burns", "b > 1")
        + "\ndefault _burns := []\n\n_burns := input.evidence.slo.cart.production.value.burns\n",
        (("fail-open", 2, "(line 14)"),),
        (SLO,),
    ),
    "fallback_else": Case(
        deny("some t in input.targets", "_burns(t)[_] > 1")
        + "\n_burns(t) := found if {\n\tfound := input.evidence.slo[t.service].x.value.burns\n"
        "} else := []\n",
        (("fail-open", 3, "empty where the evidence"),),
        (SLO,),
    ),
    "fallback_every": Case(
        deny("not _calm")
        + '\n_calm if every a in object.get(input.evidence.alerts, ["x", "y", "value"], []) '
        "{ a.quiet }\n",
        (("fail-open", 5, "`every` is true of the empty value"),),
        ("requires: [alerts]",),
    ),
    # What only OPA judges rightly.
    "only_opa": Case(
        deny('graphql.is_valid("", "")'),
        (("unfaithful", 2, "Only OPA judges this rightly: the builtin `graphql.is_valid`."),),
    ),
    # What the loader refuses.
    "not_a_set": Case("deny if input.change.author\n", (("sets", 1, "`deny` must be a set."),)),
    "no_sets": Case("other := 1\n", (("sets", 0, "neither deny nor warn"),)),
    "odd_applies": Case(
        "applies(x) if x\n\n" + deny("input.change.author"),
        (("sets", 1, "`applies` must be true or false."),),
    ),
    "sends": Case(
        deny('http.send({"url": "x"}).status_code == 200', "time.now_ns() > 0"),
        (("refused", 2, "http.send"), ("refused", 3, "time.now_ns")),
    ),
    "syntax": Case(deny("input. ["), (("syntax", 2, ""),)),
}

RIGHT = {
    "plain": Case(
        deny(RESOURCE, 'r.status == "added"', "r.new.anything.below[_].it", "r.old.x == r.new.x")
    ),
    "changes": Case(
        deny(RESOURCE, "some c in r.changes", 'c.op == "add"', 'c.path[0] == "spec"', "c.new.x.y")
    ),
    "everything": Case(
        deny(
            "input.change.commits[_].trailers.reviewed[0]",
            'input.change.files[_].status == "renamed"',
            "input.services.cart.owners[0]",
            "input.targets[_].tier == 1",
            "input.unchanged[_].environments[_]",
            'input.now > "2026"',
            "input.change.kind",
        )
    ),
    "evidence": Case(
        deny(
            "some t in input.targets",
            "slo := input.evidence.slo[t.service][t.environment]",
            'slo.status == "ok"',
            "slo.value.anything < 0",
            "input.evidence.freeze[t.service][t.environment].value",
        ),
        custom=("requires: [slo, freeze]",),
    ),
    "evidence_by_helper": Case(
        deny('_of("slo") < 0') + "\n_of(kind) := input.evidence[kind].cart.production.value\n",
        custom=(SLO,),
    ),
    "evidence_read_elsewhere": Case(
        "import data.gate.team.evidence_by_helper\n\n" + deny('evidence_by_helper._of("slo") < 0'),
        custom=(SLO,),
    ),
    "settings": Case(
        '_settings := input.settings["team.settings"]\n\n'
        + deny("_in(_settings)", 'object.get(_settings, "most", 1) > 0')
        + "\n_in(table) if table.label\n",
        custom=("settings:", "  label: team", "  most: 1"),
    ),
    "all_settings": Case(
        deny('some name, value in input.settings["team.all_settings"]', "name == value"),
        custom=("settings:", "  label: team"),
    ),
    "one_of_two": Case(
        deny("some x in array.concat(input.resources, input.targets)", "_id(x)")
        + "\n_id(x) if x.id\n\n_id(x) if x.tier\n"
    ),
    "two_callers": Case(
        deny("some x in input.resources", "_id(x)", "some t in input.targets", "_id(t)")
        + "\n_id(x) if x.id\n\n_id(x) if x.tier\n"
    ),
    "literal_arguments": Case(
        deny(RESOURCE, '_is("name", r.name)', '_is("resource", r)')
        + '\n_is(kind, value) if {\n\tkind == "name"\n\tvalue != ""\n}\n'
        + '\n_is("resource", value) if value.id\n'
    ),
    "nullable": Case(deny(RESOURCE, "r.namespace == null", 'r.service in {"cart", null}')),
    "built_objects": Case(
        deny(
            'some each in [object.union(r, {"extra": 1}) | some r in input.resources]',
            "each.extra == 1",
        )
    ),
    "shadowed": Case(
        deny(RESOURCE, "q := {c | some c in r.new.list; c.x}", "some d in q", "d.any")
    ),
    "walked": Case(deny(RESOURCE, "walk(r.new, [path, value])", 'path[0] == "x"', "value.y")),
    "finding": Case(
        "deny contains finding if {\n"
        "\tsome r in input.resources\n"
        '\tfinding := {\n\t\t"message": sprintf("%s", [r.name]),\n\t\t"resource": r.id,\n'
        '\t\t"path": ["spec", 0],\n\t\t"key": r.name,\n\t\t"service": r.service,\n'
        '\t\t"unblock": {"at": input.now, "how": "wait"},\n\t}\n}\n'
    ),
    "union_finding": Case(
        'deny contains object.union(_base, {"message": "x"}) if input.change.author\n\n'
        '_base := {"service": "cart"}\n'
    ),
    "fallback_of_manifests": Case(
        deny(RESOURCE, 'some c in object.get(r.new, ["spec", "containers"], [])', "c.image")
    ),
    "fallback_of_an_argument": Case(
        deny("some b in _list(input.evidence.slo.cart.production.value.burns)", "b > 1")
        + "\n_list(value) := value if {\n\tis_array(value)\n} else := []\n",
        custom=(SLO,),
    ),
    "fallback_that_denies": Case(
        deny("not _fine")
        + '\n_fine if some b in object.get(input.evidence.slo.x.y, ["value", "burns"], [])\n',
        custom=(SLO,),
    ),
    "every_that_denies": Case(
        deny('every b in object.get(input.evidence.slo.x.y, ["value"], []) { b > 1 }'),
        custom=(SLO,),
    ),
    "switched": Case(
        deny('input.settings["team.switched"].on == true', "input.change.author"),
        custom=("settings:", "  on: false"),
    ),
}


@pytest.fixture(scope="module")
def wrong() -> Sequence[Problem]:
    return lint(files(WRONG))


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found_and_nothing_else(name: str, wrong: Sequence[Problem]) -> None:
    case = WRONG[name]
    found = [each for each in wrong if each.path == path(name)]
    assert len(found) == len(case.found), found
    expected = sorted(case.found, key=lambda each: (each[1] if each[1] >= 0 else -1, each[0]))
    for problem, (check, row, piece) in zip(found, expected, strict=True):
        assert problem.check == check
        assert piece in problem.message
        if row >= 0:
            assert case.row(problem.line) == row, problem
        else:
            assert 0 < problem.line <= case.head.count("\n"), problem


def test_no_problem_is_found_in_a_test_that_is_right(wrong: Sequence[Problem]) -> None:
    assert not [each for each in wrong if each.path.endswith("_test.rego")]


def test_right_rules_are_clean_and_load() -> None:
    assert lint(files(RIGHT)) == []


def test_every_check_that_follows_values_has_a_firing_case() -> None:
    checks = {check for case in WRONG.values() for check, _, _ in case.found}
    assert checks == {
        "evidence",
        "fail-open",
        "finding",
        "input",
        "never",
        "reference",
        "refused",
        "sets",
        "settings",
        "syntax",
        "unfaithful",
        "value",
    }
