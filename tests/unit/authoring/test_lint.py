"""Lint of files: what is wrong with one by itself, and with all of them together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gate.authoring.checks.problem import Problem
from gate.authoring.files import Files, read
from gate.authoring.lint import lint
from gate.decision.limits import DEFAULT, Limits
from gate.errors import PolicyError
from tests.unit.authoring.rules import HEAD, Case, deny, path

BODY = deny("input.change.author == null")
GOOD = Case(BODY)
TEST = "package gate.team.{}_test\n\ntest_it := true\n"


def linted(texts: Mapping[str, str], limits: Limits = DEFAULT) -> list[Problem]:
    return lint(Files(texts), limits=limits)


def alone(text: str, where: str = "policies/team/rule.rego") -> list[tuple[str, int, str]]:
    """The problems of a rule that has a test."""
    tested = {where.replace(".rego", "_test.rego"): TEST.format("rule")}
    found = linted({where: text, **tested})
    return [(each.check, each.line, each.message) for each in found if each.path == where]


def with_head(head: str, body: str = BODY) -> str:
    return f"{head}package gate.team.rule\n\n{body}"


def test_a_rule_that_is_right_has_no_problem() -> None:
    assert alone(GOOD.text("rule")) == []


def test_every_fault_of_the_metadata_is_found_with_its_line() -> None:
    head = (
        "# METADATA\n# titel: x\n# scope: rule\n# custom:\n#   level: block\n#   requires: [slos]\n"
        "#   settings: [1]\n#   effective_on: 22.11.2026\n#   remediaton: x\n"
    )
    found = [each for each in alone(with_head(head)) if each[0] == "metadata"]
    assert [(line, message) for _, line, message in found] == [
        (2, "METADATA: `description` is missing."),
        (2, "METADATA: `title` is missing."),
        (2, "METADATA: unknown key `titel`. Did you mean `title`?"),
        (3, "METADATA: the scope of a rule's METADATA is package, not 'rule'."),
        (4, "METADATA: `custom.remediation` is missing."),
        (5, "METADATA: `custom.level` must be one of deny, warn, off."),
        (
            6,
            "METADATA: `custom.requires` names `slos`, which is no kind of evidence. "
            "Did you mean `slo`?",
        ),
        (7, "METADATA: `custom.settings` must be a mapping."),
        (8, "METADATA: `custom.effective_on` must be a date like 2026-11-22."),
        (9, "METADATA: unknown key `remediaton`. Did you mean `remediation`?"),
    ]


@pytest.mark.parametrize(
    ("head", "line", "message"),
    [
        ("", 1, "no METADATA block"),
        ("# METADATA\n# title: [\n", 3, "METADATA is not YAML"),
        ("# METADATA\n# - a\n", 2, "it must be a mapping"),
        (f"{HEAD}# METADATA\n# title: x\n", 7, "more than one METADATA block"),
        (HEAD.replace("# title: A rule\n", "# title: 5\n"), 2, "`title` must be text"),
    ],
)
def test_metadata_that_cannot_be_read_is_found(head: str, line: int, message: str) -> None:
    (found,) = alone(with_head(head))
    assert found[:2] == ("metadata", line)
    assert message in found[2]


def test_an_indented_block_and_one_below_the_package_are_not_read() -> None:
    indented = f"{HEAD}package gate.team.rule\n\n  # METADATA\n  # title: x\n{BODY}"
    assert [each[:2] for each in alone(indented)] == [("metadata", 9)]
    below = f"{HEAD}package gate.team.rule\n\n# METADATA\n# custom: {{level: off}}\n{BODY}"
    assert [each[:2] for each in alone(below)] == [("metadata", 9)]
    plain = f"{HEAD}package gate.team.rule\n\n# METADATA\n# title: A clause\n{BODY}"
    assert alone(plain) == []


def test_unknown_keys_of_a_library_are_found() -> None:
    where = "policies/lib/words.rego"
    text = "# METADATA\n# titel: x\npackage gate.lib.words\n\nword := 1\n"
    test = {"policies/lib/words_test.rego": "package gate.lib.words_test\n\ntest_it := true\n"}
    (found,) = linted({where: text, **test})
    assert (found.check, found.line) == ("metadata", 2)
    assert linted({where: text.replace("titel", "title"), **test}) == []


def test_a_package_that_is_not_as_the_path_says_is_found() -> None:
    (found,) = alone(GOOD.text("rule"), "policies/team/other.rego")
    assert found[0] == "package"
    assert "the path says gate.team.other" in found[2]
    misnamed = "package x\n\ntest_it := true\n"
    (named,) = linted({path("rule"): GOOD.text("rule"), path("rule_test"): misnamed})
    assert (named.check, named.level) == ("package", "warning")


def test_what_is_not_written_for_gate_is_said_once() -> None:
    text = 'package main\n\ndeny contains "x" if input.kind == "Pod"\n'
    assert [each[0] for each in alone(text)] == ["package"]


def test_a_rule_without_tests_and_a_test_without_a_test_are_found() -> None:
    (missing,) = linted({path("rule"): GOOD.text("rule")})
    assert (missing.check, missing.level) == ("test", "warning")
    assert "rule_test.rego" in missing.advice
    empty = "package gate.team.rule_test\n\nother := 1\n"
    (idle,) = linted({path("rule"): GOOD.text("rule"), path("rule_test"): empty})
    assert (idle.path, idle.check) == (path("rule_test"), "test")


def test_two_files_of_one_package_are_found() -> None:
    texts = {f"{top}/team/rule.rego": GOOD.text("rule") for top in ("a", "b")}
    found = [each for each in linted(texts) if each.level == "error"]
    assert [(each.path, each.check) for each in found] == [("b/team/rule.rego", "package")]
    assert "a/team/rule.rego" in found[0].message


def test_a_rule_of_the_wheel_with_another_text_is_found() -> None:
    text = GOOD.text("rule").replace("gate.team.rule", "gate.workload.image_pinned")
    (found, _) = linted({"policies/workload/image_pinned.rego": text})
    assert found.check == "package"
    assert "gate itself" in found.message


def test_a_syntax_error_is_one_problem_and_the_others_are_linted() -> None:
    texts = {
        path("broken"): Case(deny("input. [")).text("broken"),
        path("typo"): Case(deny("input.chnge")).text("typo"),
    }
    found = {(each.path, each.check) for each in linted(texts) if each.level == "error"}
    assert found == {(path("broken"), "syntax"), (path("typo"), "input")}


def test_a_file_that_is_too_deep_or_too_large_is_not_parsed() -> None:
    deep = Case(deny("x := " + "[" * 200 + "]" * 200)).text("deep")
    large = Case(BODY + "# " + "x" * 600_000).text("large")
    found = [
        each for each in linted({path("deep"): deep, path("large"): large}) if each.level == "error"
    ]
    assert [each.check for each in found] == ["syntax", "syntax"]
    assert "nested 201 deep" in found[0].message
    assert "too large" in found[1].message


def test_a_file_that_ends_the_process_is_named_and_the_others_are_linted() -> None:
    chain = " + ".join(["1"] * 60_000)
    texts = {
        path("endless"): Case(deny(f"x := {chain}")).text("endless"),
        path("typo"): Case(deny("input.chnge")).text("typo"),
    }
    found = {(each.path, each.check) for each in linted(texts) if each.level == "error"}
    assert found == {(path("endless"), "syntax"), (path("typo"), "input")}


def test_files_that_cannot_be_read_are_problems(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "odd.rego").write_bytes(b"package \xff")
    wrong: list[PolicyError] = []
    (found,) = lint(read([str(tmp_path)], DEFAULT.file, wrong), wrong)
    assert (found.check, found.message) == ("syntax", "The policy is not UTF-8.")


@pytest.mark.parametrize(
    ("body", "row", "message"),
    [
        (deny("x == 1"), 2, "the variable `x`, which no statement gives a value"),
        (deny("_f(1)") + "\n_f(x) if _f(x)\n", 5, "recursion"),
    ],
)
def test_what_no_engine_takes_is_an_error(body: str, row: int, message: str) -> None:
    (found,) = alone(Case(body).text("rule"))
    assert found[:2] == ("load", HEAD.count("\n") + 1 + row)
    assert message in found[2]


def test_problems_are_sorted_and_none_comes_twice() -> None:
    texts = {
        path(name): Case(deny("input.b", "input.a", "input.a")).text(name) for name in ("z", "a")
    }
    found = linted(texts)
    assert found == sorted(set(found))
    assert [each.path for each in found] == [path("a")] * 4 + [path("z")] * 4


def test_what_stands_in_a_data_file_is_there() -> None:
    texts = {
        path("shared"): Case(deny("input.change.author == null")).text("shared"),
        path("rule"): Case(deny("data.gate.team.shared.most > 1", "data.limits.x")).text("rule"),
    }
    missing = [each.message for each in linted(texts) if each.check == "reference"]
    assert missing == [
        "data.gate.team.shared defines no `most`.",
        "Nothing defines data.limits.x.",
    ]
    data = {"gate": {"team": {"shared": {"most": 2}}}, "limits": {"x": 1}}
    assert {each.check for each in lint(Files(texts, data=data))} == {"test"}


def test_what_only_opa_judges_rightly_is_a_warning_and_loads() -> None:
    text = Case(deny('graphql.is_valid("", "")')).text("rule")
    (found,) = linted({path("rule"): text, path("rule_test"): TEST.format("rule")})
    assert (found.check, found.level, found.line) == ("unfaithful", "warning", 9)
    assert found.advice == "Judge with `--engine opa`."
