"""Policies that are written for conftest: what is read, asked, refused, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from gate.decision import bundle as bundles
from gate.decision.sources import conftest
from gate.decision.sources import read as sources
from gate.errors import PolicyError
from gate.model.change import MODE_LINK
from gate.model.config import Conftest, RuleConfig
from gate.model.policy import Bundle
from tests.unit.config.trees import Files
from tests.unit.decision.cases import context, outcome, resource, verdict, waiver

DENY = 'package main\n\ndeny contains "no" if input.data.bad\n'
V0 = 'package main\n\ndeny[msg] {\n\tinput.data.bad\n\tmsg := "no"\n}\n'


def load(
    texts: dict[str, str], *asked: Conftest, policies: Sequence[str] = (), builtin: bool = False
) -> Bundle:
    found = sources.read([*policies, *(asked or (Conftest("policy"),))], Files(texts))
    return bundles.load(builtin, found)


def refused(texts: dict[str, str], *asked: Conftest) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        load(texts, *asked)
    return caught.value


def config_map(name: str, new: Any, old: Any = None, **more: Any) -> dict[str, Any]:
    return resource(name, old, new, **more)


def messages(judged_by: Bundle, *resources: dict[str, Any], **more: Any) -> list[tuple[Any, ...]]:
    made = verdict(judged_by, context(judged_by, resources, **more))
    return [(each.rule, each.level, each.message, each.resource) for each in made.findings]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("deny", True),
        ("violation", True),
        ("warn", True),
        ("deny_a", True),
        ("warn_a_B9", True),
        ("violation_x", True),
        ("deny_", False),
        ("deny__a", False),
        ("denya", False),
        ("allow", False),
        ("_deny", False),
        ("exception", False),
    ],
)
def test_which_names_are_asked(name: str, asked: bool) -> None:
    assert conftest.is_rule(name) == asked


@pytest.mark.parametrize(
    ("name", "excepted"),
    [
        ("deny", ""),
        ("violation", ""),
        ("warn", ""),
        ("deny_a", "a"),
        ("warn_a_b", "a_b"),
        ("violation_deny_a", "a"),
        ("deny_violation_a", "violation_a"),
        ("deny_warn_a", "a"),
    ],
)
def test_what_exceptions_call_a_rule(name: str, excepted: str) -> None:
    assert conftest.exception_name(name) == excepted


def test_each_rule_becomes_one_of_gate() -> None:
    text = DENY + 'warn_old contains "old" if true\n\nviolation_x := []\n\nother := 1\n'
    rules = load({"policy/a.rego": text}).rules
    assert {(rule.id, rule.level, rule.sets) for rule in rules.values()} == {
        ("main.deny", "deny", ("deny",)),
        ("main.warn_old", "warn", ("deny",)),
        ("main.violation_x", "deny", ("deny",)),
    }
    assert (rules["main.warn_old"].path, rules["main.warn_old"].line) == ("policy/a.rego", 4)


def test_a_rule_says_of_itself_what_its_metadata_says() -> None:
    text = (
        "# METADATA\n# title: The package\npackage main\n\n"
        "# METADATA\n# title: No bad data\n# description: It breaks.\n"
        "# custom:\n#   remediation: Mend it.\n"
        'deny contains "no" if input.data.bad\n\n'
        "# METADATA\n# title: [broken\n"
        'warn contains "w" if true\n\n'
        "x := 1\n\n# METADATA\n# title: Another\n"
        'deny_b contains "b" if true\n'
    )
    rules = load({"policy/a.rego": text}).rules
    told = {rule.id: (rule.title, rule.description, rule.remediation) for rule in rules.values()}
    assert told["main.deny"] == ("No bad data", "It breaks.", "Mend it.")
    assert told["main.warn"][0] == "What `warn` of main finds"
    assert told["main.deny_b"][0] == "Another"


def test_findings_name_the_object_and_deleted_ones_are_not_judged() -> None:
    judged_by = load({"policy/a.rego": DENY})
    bad = {"data": {"bad": 1}}
    assert messages(
        judged_by,
        config_map("a", bad),
        config_map("b", {"data": {}}),
        config_map("c", None, old=bad),
        config_map("d", bad, patch=True),
        config_map("e", bad, status="present"),
    ) == [
        ("main.deny", "deny", "no", "core/ConfigMap/_/a"),
        ("main.deny", "deny", "no", "core/ConfigMap/_/d"),
        ("main.deny", "deny", "no", "core/ConfigMap/_/e"),
    ]


def test_the_files_of_gate_itself_are_not_judged() -> None:
    judged_by = load({"policy/a.rego": 'package main\n\ndeny contains "any" if true\n'})
    own = config_map("x", {"waivers": []}, group="file", path=".gate/waivers.yaml")
    other = config_map("y", {"jobs": []}, group="file", path="ci/jobs.yaml")
    made = context(judged_by, [own, other])
    made["change"]["gate_paths"] = [".gate/waivers.yaml", "ci"]
    assert [each.resource for each in verdict(judged_by, made).findings] == ["core/ConfigMap/_/y"]


def test_a_patch_is_judged_as_the_file_that_it_is() -> None:
    judged_by = load({"policy/a.rego": 'package main\n\ndeny contains "any" if true\n'})
    file = config_map("file", {"data": {}}, path="a/patch.yaml", patch=True)
    inline = config_map("inline", {"data": {}}, path="a/kustomization.yaml", patch=True)
    whole = config_map("whole", {"patches": []}, path="a/kustomization.yaml")
    found = {resource for _, _, _, resource in messages(judged_by, file, inline, whole)}
    assert found == {"core/ConfigMap/_/file", "core/ConfigMap/_/whole"}


def test_old_debt_does_not_block_and_each_old_finding_excuses_one_new() -> None:
    text = (
        "package main\n\n"
        'deny contains {"msg": "bad", "details": {"key": key}} if {\n'
        "\tsome key, value in input.data\n\tvalue == 1\n}\n"
    )
    judged_by = load({"policy/a.rego": text})
    changed = config_map("a", {"data": {"x": 1, "y": 1}}, old={"data": {"x": 1}})
    made = verdict(judged_by, context(judged_by, [changed]))
    assert sorted(each.status for each in made.findings) == ["existing", "new"]
    same = config_map("a", {"data": {"x": 1}, "more": 1}, old={"data": {"x": 1}})
    assert verdict(judged_by, context(judged_by, [same])).verdict == "pass"


def test_levels_and_waivers_of_the_config_hold() -> None:
    judged_by = load({"policy/a.rego": DENY + 'warn contains "w" if true\n'})
    bad = config_map("a", {"data": {"bad": 1}})
    rules = {"main.deny": RuleConfig(level="warn"), "main.warn": RuleConfig(level="deny")}
    assert [found[:2] for found in messages(judged_by, bad, rules=rules)] == [
        ("main.warn", "deny"),
        ("main.deny", "warn"),
    ]
    gate = {"waivers": [waiver("main.deny", resource="core/ConfigMap/_/a")]}
    made = verdict(judged_by, context(judged_by, [bad], gate=gate))
    assert made.verdict == "warn"
    assert made.summary["waived"] == 1


def test_excepted_findings_are_counted() -> None:
    text = DENY + '\nexception contains [""] if input.data.fine\n'
    judged_by = load({"policy/a.rego": text})
    fine = config_map("a", {"data": {"bad": 1, "fine": 1}})
    made = verdict(judged_by, context(judged_by, [fine]))
    assert (made.verdict, outcome(made, "main.deny").excepted) == ("pass", 1)
    alone = verdict(judged_by, context(judged_by, [config_map("b", {"data": {"bad": 1}})]))
    assert (alone.verdict, outcome(alone, "main.deny").excepted) == ("deny", 0)


def test_a_rule_that_fails_within_an_object_is_an_error_and_not_a_pass() -> None:
    text = DENY + 'deny_b contains "b" if count(input.data.bad) == 0\n'
    judged_by = load({"policy/a.rego": text})
    made = verdict(judged_by, context(judged_by, [config_map("a", {"data": {"bad": 1}})]))
    assert made.verdict == "error"
    assert outcome(made, "main.deny_b").outcome == "error"
    assert outcome(made, "main.deny").outcome == "denied"


def test_all_objects_at_once() -> None:
    text = 'package main\n\ndeny contains sprintf("%s %d", [input[0].path, count(input)]) if true\n'
    judged_by = load({"policy/a.rego": text}, Conftest("policy", combine=True))
    found = messages(judged_by, config_map("b", {}), config_map("a", {}), config_map("c", None))
    assert found == [("main.deny", "deny", "apps/a.yaml 2", None)]
    assert messages(judged_by, config_map("c", None, old={})) == []


def test_old_rego_is_told_by_its_text() -> None:
    loaded = load({"policy/a.rego": V0, "policy/b.rego": DENY})
    assert {each.path: each.v0 for each in loaded.modules if each.origin == "repository"} == {
        "policy/a.rego": True,
        "policy/b.rego": False,
    }
    assert len(messages(loaded, config_map("a", {"data": {"bad": 1}}))) == 1


@pytest.mark.parametrize(("text", "line"), [(DENY + "\nx := := 1\n", 5), (V0 + "\nx := := 1\n", 8)])
def test_what_is_neither_is_an_error_where_the_better_reading_ends(text: str, line: int) -> None:
    found = refused({"policy/a.rego": text})
    assert (found.path, found.line) == ("policy/a.rego", line)


def test_tests_are_not_loaded() -> None:
    loaded = load({"policy/a.rego": DENY, "policy/a_test.rego": "package main\n\nthis is no rego"})
    assert list(loaded.rules) == ["main.deny"]


def test_namespaces() -> None:
    texts = {
        "policy/a.rego": DENY,
        "policy/b.rego": DENY.replace("main", "kubernetes.security"),
        "policy/c.rego": DENY.replace("main", "lib"),
        "policy/d.rego": "package helpers\n\nx := 1\n",
    }
    every = ["kubernetes.security.deny", "lib.deny", "main.deny"]
    assert list(load(texts).rules) == ["main.deny"]
    assert list(load(texts, Conftest("policy", ())).rules) == every
    assert list(load(texts, Conftest("policy", ("k*", "lib"))).rules) == every[:2]
    assert list(load(texts, Conftest("policy", ("*",))).rules) == every


def test_a_namespace_without_a_rule_is_an_error() -> None:
    texts = {"policy/a.rego": DENY, "policy/b.rego": "package helpers\n\nx := 1\n"}
    typo = refused(texts, Conftest("policy", ("mian",)))
    assert typo.message == (
        "The folder policy has no rule in the namespace mian. Did you mean `main`?"
    )
    assert "Namespaces with rules: main." in typo.advice
    assert (
        "no rule in the namespace helpers"
        in refused(texts, Conftest("policy", ("helpers",))).message
    )
    assert "no rule in the namespace x*" in refused(texts, Conftest("policy", ("x*",))).message
    nothing = {"policy/b.rego": "package helpers\n\nx := 1\n"}
    assert "no rule in any namespace" in refused(nothing, Conftest("policy", ())).message
    both = refused(texts, Conftest("policy", ("main", "helpers")))
    assert "no rule in the namespace helpers" in both.message


def test_several_folders_are_one_and_none_of_them_is_ignored() -> None:
    texts = {
        "policy/a.rego": DENY,
        "lib/a.rego": "package helpers\n\nx := 1\n",
        "other/a.rego": DENY.replace("main", "team"),
        "more/a.rego": 'package main\n\ndeny contains "more" if input.data.bad\n',
    }
    policy, library, other, more = map(Conftest, ("policy", "lib", "other", "more"))
    loaded = load(texts, policy, library, more)
    found = messages(loaded, config_map("a", {"data": {"bad": 1}}))
    assert [message for _, _, message, _ in found] == ["more", "no"]
    assert "other has no rule in the namespace main" in refused(texts, policy, other).message
    assert (
        "both with all objects at once"
        in refused(texts, policy, replace(more, combine=True)).message
    )


def test_one_file_that_two_folders_hold_is_one() -> None:
    texts = {"policy/a.rego": DENY, "policy/sub/b.rego": DENY}
    loaded = load(texts, Conftest("policy"), Conftest("policy/sub"))
    assert [each.path for each in loaded.modules if each.origin == "repository"] == [
        "policy/a.rego",
        "policy/sub/b.rego",
    ]


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("package gate.team.x\n\nx := 1\n", "is a rule of gate", 1),
        ("package gate_entry\n\nx := 1\n", "The package name gate_entry is taken.", 1),
        ("package system.log\n\nx := 1\n", "The package name system is taken.", 1),
        ("package main\n\ndeny contains data.gate_entry.digest\n", "data.gate_entry is not", 3),
        ("package main\n\ndeny contains data.system.version\n", "data.system is not for", 3),
        (DENY + 'x := http.send({"url": "u"})\n', "http.send reaches out", 4),
        (DENY + "x := time.now_ns()\n", "time.now_ns is not the same twice", 4),
        (DENY + "x := opa.runtime().env\n", "opa.runtime reaches out", 4),
        (DENY + 'x := parse_config("yaml", "a: 1")\n', "parse_config reads files", 4),
        (DENY + 'x := parse_config_file("a.yaml")\n', "parse_config_file reads files", 4),
        (
            DENY + 'x := parse_combined_config_files(["a.yaml"])\n',
            "parse_combined_config_files reads files",
            4,
        ),
        (DENY + "deny_a[k] := 1 if some k in [1]\n", "`deny_a` is neither a set nor a list", 4),
        (DENY + 'deny_a[msg] if msg := "x"\n', "`deny_a` is neither a set nor a list", 4),
        (DENY + "deny_a(x) := x\n", "`deny_a` is a function", 4),
        ('package main["a b"]\n\ndeny contains "x" if true\n', "`a b` cannot be part", 1),
        ('package main["a.b"]\n\ndeny contains "x" if true\n', "`a.b` cannot be part", 1),
    ],
)
def test_what_is_refused(text: str, message: str, line: int) -> None:
    found = refused({"policy/a.rego": text}, Conftest("policy", ()))
    assert message in found.message
    assert (found.path, found.line) == ("policy/a.rego", line)


def test_a_function_of_its_own_may_be_called_as_one_of_conftest() -> None:
    text = DENY + "parse_config(x, y) := [x, y]\n\nz := parse_config(1, 2)\n"
    assert list(load({"policy/a.rego": text}).rules) == ["main.deny"]


def test_a_namespace_may_not_stand_where_a_rule_does() -> None:
    texts = {"policy/a.rego": DENY, "policy/b.rego": DENY.replace("main", "main.deny")}
    assert (
        "main.deny is a rule, and a namespace too" in refused(texts, Conftest("policy", ())).message
    )
    inner = {"policy/a.rego": DENY.replace("main", "workload.image_pinned")}
    with pytest.raises(PolicyError, match="is a rule, and a namespace too"):
        load(inner, Conftest("policy", ()), builtin=True)
    load(inner, Conftest("policy", ()))


def test_rules_of_gate_and_of_conftest_stand_side_by_side() -> None:
    loaded = load({"policy/a.rego": DENY}, builtin=True)
    assert {"main.deny", "workload.image_pinned"} <= set(loaded.rules)


def test_what_judges_is_in_the_digest() -> None:
    texts = {"policy/a.rego": DENY, "policy/b.rego": DENY.replace("main", "team")}
    one, both, combined = (
        load(texts, each).digest
        for each in (
            Conftest("policy"),
            Conftest("policy", ()),
            Conftest("policy", combine=True),
        )
    )
    assert len({one, both, combined}) == 3


def test_data_files_are_merged_with_folders_as_names() -> None:
    tree = Files(
        {
            "d/a.json": '{"x": {"one": 1}}',
            "d/b.yaml": "x: {two: yes}\n",
            "d/in/c.yml": "[1, 2]",
            "d/in.json": "{}",
            "d/readme.md": "no data",
            "e.yaml": "y: 1\n",
        }
    )
    assert conftest.data(["d", "e.yaml"], tree) == {
        "x": {"one": 1, "two": "yes"},
        "in": [1, 2],
        "y": 1,
    }


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"d/a.json": '{"x": 1}', "d/b.json": '{"x": 1}'}, "say something of data.x"),
        ({"d/a.json": '{"in": 1}', "d/in/b.json": '{"x": 1}'}, "say something of data.in"),
        ({"d/a.json": "[1]"}, "must hold an object"),
        ({"d/a.json": "{"}, "no JSON"),
        ({"d/a.txt": "x"}, "There are no data files in d"),
        ({"other/a.json": "{}"}, "There are no data files in d"),
    ],
)
def test_data_that_is_no_data(files: dict[str, str], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        conftest.data(["d"], Files(files))


def test_a_link_is_no_data() -> None:
    class Linked(Files):
        def below(self, folder: str) -> Any:
            return [replace(each, mode=MODE_LINK) for each in super().below(folder)]

    with pytest.raises(PolicyError, match="not a link"):
        conftest.data(["d"], Linked({"d/a.json": "{}"}))


def test_policies_see_their_data() -> None:
    text = "package main\n\ndeny contains data.words.no if input.data[data.bad.key]\n"
    files = {"d/a.json": '{"bad": {"key": "x"}}', "d/words/b.json": '{"no": "never"}'}
    loaded = load({"policy/a.rego": text, **files}, Conftest("policy", data=("d",)))
    found = messages(loaded, config_map("a", {"data": {"x": 1}}))
    assert [message for _, _, message, _ in found] == ["never"]


def test_data_may_not_stand_where_gate_does() -> None:
    files = {"policy/a.rego": DENY, "d/a.json": '{"gate_entry": {"findings": {}}}'}
    assert "gate_entry" in refused(files, Conftest("policy", data=("d",))).message
