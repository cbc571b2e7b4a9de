"""`gate policy lint` and `gate policy new`, as their user runs them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from gate.authoring.checks.problem import Check
from tests.support.command import gate
from tests.support.tools import ROOT

DOCS = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
HEAD = "# METADATA\n# title: A rule\n# description: A test.\n# custom:\n#   remediation: None.\n"
TYPO = f'{HEAD}package gate.team.typo\n\ndeny contains "x" if input.resource\n'
UNTESTED = f'{HEAD}package gate.team.untested\n\ndeny contains "x" if input.change.author\n'


def put(top: Path, **rules: str) -> Path:
    for name, text in rules.items():
        file = top / "policies" / "team" / f"{name}.rego"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return top


def test_problems_are_lines_that_an_editor_can_follow(tmp_path: Path) -> None:
    done = gate("policy", "lint", cwd=put(tmp_path, typo=TYPO))
    assert done.code == 1, str(done)
    assert done.out.splitlines() == [
        "policies/team/typo.rego:6: warning: The file has no tests. (test)",
        "  Write them beside it, in typo_test.rego: one that finds something, one that does not.",
        "policies/team/typo.rego:8: error: `input` has no `resource`. Did you mean `resources`? "
        "(input)",
        "  It has: change, evidence, now, resources, schema, services, settings, targets, "
        "unchanged.",
        "1 error, 1 warning in 1 file.",
    ]
    quiet = gate("policy", "lint", "-q", cwd=tmp_path)
    assert len(quiet.out.splitlines()) == 2


def test_what_is_written_for_conftest_is_left_out_and_said_to_be(tmp_path: Path) -> None:
    put(tmp_path, typo=TYPO)
    (tmp_path / ".gate.yaml").write_text("policies: [policies/, {conftest: theirs/}]\n")
    done = gate("policy", "lint", "-o", "json", cwd=tmp_path)
    assert (done.code, done.json["files"]) == (1, 1), str(done)
    assert done.err == (
        "Left out, since it is written for conftest: theirs (`conftest verify` runs its tests).\n"
    )


def test_json_holds_the_same(tmp_path: Path) -> None:
    done = gate("policy", "lint", "-o", "json", cwd=put(tmp_path, typo=TYPO))
    assert done.code == 1
    assert (done.json["schema"], done.json["files"]) == ("change-gate/lint/v1", 1)
    assert done.json["summary"] == {"error": 1, "warning": 1}
    assert done.json["problems"][1] == {
        "path": "policies/team/typo.rego",
        "line": 8,
        "level": "error",
        "check": "input",
        "message": "`input` has no `resource`. Did you mean `resources`?",
        "advice": "It has: change, evidence, now, resources, schema, services, settings, targets, "
        "unchanged.",
    }


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--fail-on", "warn"], 1)])
def test_warnings_fail_on_request(options: list[str], code: int, tmp_path: Path) -> None:
    done = gate("policy", "lint", *options, cwd=put(tmp_path, untested=UNTESTED))
    assert done.code == code, str(done)
    assert "warning: The file has no tests." in done.out


def test_the_folders_are_those_of_the_config(tmp_path: Path) -> None:
    put(tmp_path, typo=TYPO)
    (tmp_path / "policies").rename(tmp_path / "rules")
    (tmp_path / ".gate.yaml").write_text("policies: [builtin, rules/]\n")
    done = gate("policy", "lint", cwd=tmp_path)
    assert done.code == 1
    assert "rules/team/typo.rego:8: error:" in done.out
    within = gate("policy", "lint", cwd=tmp_path / "rules")
    assert "input` has no `resource`" in within.out


@pytest.mark.parametrize("arguments", [[], ["none"], ["."]])
def test_nothing_to_lint_is_no_pass(arguments: list[str], tmp_path: Path) -> None:
    done = gate("policy", "lint", *arguments, cwd=tmp_path)
    assert done.code == 2, str(done)
    assert "There is no" in done.err


def test_text_of_a_policy_cannot_steer_the_terminal(tmp_path: Path) -> None:
    odd = TYPO.replace("input.resource", 'input["\\u001b[2Jx"]')
    done = gate("policy", "lint", cwd=put(tmp_path, typo=odd))
    assert done.code == 1
    assert "\x1b" not in done.out


@pytest.mark.parametrize("named", ["policies", "builtin"])
def test_the_policies_of_gate_are_clean(named: str) -> None:
    done = gate("policy", "lint", "--fail-on", "warn", named, cwd=ROOT)
    assert done.code == 0, str(done)
    assert done.out.startswith("No problems in ")


def test_a_new_rule_is_written_and_says_what_is_next(tmp_path: Path) -> None:
    done = gate("policy", "new", "team.owner_label", cwd=tmp_path)
    assert done.code == 0, str(done)
    rule, test = "policies/team/owner_label.rego", "policies/team/owner_label_test.rego"
    assert f"Wrote {rule} and {test}." in done.out
    assert "gate policy test policies/team" in done.out
    assert "write `policies: [builtin, policies/]` in .gate.yaml" in done.out
    linted = gate("policy", "lint", "--fail-on", "warn", cwd=tmp_path)
    assert linted.code == 0, str(linted)
    again = gate("policy", "new", "team.owner_label", cwd=tmp_path)
    assert again.code == 2
    assert f"{rule} is there already." in again.err


def test_a_new_rule_judges_once_it_is_listed(tmp_path: Path) -> None:
    gate("policy", "new", "team.owner_label", "--level", "deny", cwd=tmp_path)
    (tmp_path / ".gate.yaml").write_text("policies: [policies/]\n")
    (tmp_path / "a.yaml").write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\n  annotations:\n"
        "    example.org/wrong: 'yes'\n"
    )
    done = gate("check", ".", cwd=tmp_path)
    assert done.code == 1, str(done)
    assert "Deployment cart: say what is wrong." in done.out
    listed = gate("policy", "new", "team.second", cwd=tmp_path)
    assert "so that it judges" not in listed.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["OwnerLabel"], "Name the area and the rule"),
        (["Team.OwnerLabel"], "team.owner_label"),
        (["a.b", "--requires", "slos"], "slos"),
        ([], "AREA.RULE"),
    ],
)
def test_a_new_rule_that_cannot_be_is_refused(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    done = gate("policy", "new", *arguments, cwd=tmp_path)
    assert done.code == 2, str(done)
    assert said in done.err
    assert not (tmp_path / "policies").exists()


def example(title: str) -> str:
    found = re.search(rf"<!-- {re.escape(title)} -->\n```\w+\n(.*?)```", DOCS, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_of_the_page_is_what_lint_says(tmp_path: Path) -> None:
    put(tmp_path, frozen=example("policies/team/frozen.rego"))
    done = gate("policy", "lint", cwd=tmp_path)
    assert done.code == 1
    assert done.out == example("gate policy lint")


def test_the_page_names_every_check() -> None:
    section = DOCS.partition("\n## Linting\n")[2].partition("\n## ")[0]
    named = re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE)
    assert sorted(named) == sorted(get_args(Check))


def test_the_new_rules_of_the_page_can_be_written(tmp_path: Path) -> None:
    section = DOCS.partition("\n## A new rule\n")[2].partition("\n## ")[0]
    commands = re.findall(r"^gate (policy new .*)$", section, re.MULTILINE)
    assert commands
    for command in commands:
        done = gate(*command.split(), cwd=tmp_path)
        assert done.code == 0, str(done)
    assert (tmp_path / "policies" / "team" / "owner_label_test.rego").is_file()
