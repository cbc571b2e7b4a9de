"""`gate policy test` and `gate policy coverage`, as an author runs them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import xmlschema

from tests.support.command import gate
from tests.support.tools import ROOT, need, real_data

RULE = """package gate.team.owner

import rego.v1

deny contains finding if {
	some r in input.resources
	not r.new.metadata.labels.team
	finding := {"message": sprintf("%s has no team", [r.name])}
}
"""
TESTS = """package gate.team.owner_test

import data.gate.team.owner
import rego.v1

_input(labels) := {"resources": [{"name": "web", "new": {"metadata": {"labels": labels}}}]}

test_without if {
	count(owner.deny) == 1 with input as _input({})
}

test_with if {
	count(owner.deny) == 0 with input as _input({"team": "pay"})
}
"""
FAILING = TESTS.replace(
    "count(owner.deny) == 0", 'print("labels", "pay")\n\tcount(owner.deny) == 3'
)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "policies" / "team"
    folder.mkdir(parents=True)
    (folder / "owner.rego").write_text(RULE)
    (folder / "owner_test.rego").write_text(TESTS)
    return tmp_path


def fail(repo: Path) -> None:
    (repo / "policies/team/owner_test.rego").write_text(FAILING)


def one(folder: Path, text: str) -> Path:
    (folder / "a_test.rego").write_text(text)
    return folder


def test_all_pass(repo: Path) -> None:
    run = gate("policy", "test", cwd=repo)
    assert run.code == 0, str(run)
    assert run.out.startswith("2 tests: 2 passed (")
    assert run.err == ""


def test_a_failure_shows_place_values_and_prints(repo: Path) -> None:
    fail(repo)
    run = gate("policy", "test", cwd=repo)
    assert run.code == 1, str(run)
    assert (
        "FAIL  gate.team.owner_test.test_with  policies/team/owner_test.rego:12\n"
        "  policies/team/owner_test.rego:14:2 is false\n"
        '    count(owner.deny) == 3 with input as _input({"team": "pay"})\n'
        "  where\n"
        "    count(owner.deny) = 0\n"
        "    owner.deny        = set()\n"
        "  printed\n"
        "    labels pay\n"
    ) in run.out
    assert "2 tests: 1 passed, 1 failed" in run.out


def test_v_lists_what_passes_and_says_why_this_engine(repo: Path) -> None:
    run = gate("policy", "test", "-v", cwd=repo)
    assert "PASS  gate.team.owner_test.test_with" in run.out
    assert "it judges these policies as OPA does" in run.out


def test_only_what_is_named_runs(repo: Path) -> None:
    fail(repo)
    run = gate("policy", "test", "policies/team", "--run", "without$", cwd=repo)
    assert run.code == 0, str(run)
    assert run.out.startswith("1 test: 1 passed")


def test_the_config_says_where_the_policies_are(repo: Path) -> None:
    (repo / "policies").rename(repo / "rules")
    (repo / ".gate.yaml").write_text("version: 1\npolicies: [builtin, rules/]\n")
    assert gate("policy", "test", cwd=repo).code == 0
    run = gate("policy", "coverage", cwd=repo)
    assert run.code == 0, str(run)


def test_the_rules_that_come_with_gate_pass_their_tests(tmp_path: Path) -> None:
    run = gate("policy", "test", "builtin", cwd=tmp_path)
    assert run.code == 0, str(run)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "There is no folder `nowhere`."),
        (["empty"], "There is no Rego in empty."),
        (["policies/team/owner.rego"], "There is no test in policies/team/owner.rego."),
        (["--run", "blue"], "has a name with `blue`"),
        (["--run", "("], "is no regular expression"),
        (["--engine", "https://opa.example"], "Tests do not run on a server"),
        (["--engine", "ope"], "Did you mean `opa`?"),
        (["-o", "yaml"], "There is no output format `yaml`"),
        (["-o", "json", "-o", "junit"], "json and junit cannot both go to standard output."),
    ],
)
def test_what_cannot_be_run_says_so(repo: Path, arguments: list[str], message: str) -> None:
    (repo / "empty").mkdir()
    run = gate("policy", "test", *arguments, cwd=repo)
    assert run.code == 2, str(run)
    assert message in run.err


def test_json_has_all_of_it(repo: Path) -> None:
    fail(repo)
    told = gate("policy", "test", "-o", "json", cwd=repo).json
    assert told["schema"] == "change-gate/tests/v1"
    assert told["summary"] == {"pass": 1, "fail": 1, "error": 0, "skip": 0}
    assert told["exit_code"] == 1
    (failed,) = [each for each in told["tests"] if each["outcome"] == "fail"]
    assert failed["place"]["values"][0] == {"expression": "count(owner.deny)", "value": "0"}


def test_formats_go_to_files_and_text_to_the_terminal(repo: Path) -> None:
    run = gate("policy", "test", "-o", "junit=t.xml", "-o", "json=t.json", "-o", "text", cwd=repo)
    assert run.code == 0, str(run)
    assert run.out.startswith("2 tests")
    assert json.loads((repo / "t.json").read_text())["summary"]["pass"] == 2
    assert (repo / "t.xml").read_text().startswith("<?xml")


def test_an_error_takes_the_place_of_an_earlier_report(repo: Path) -> None:
    arguments = ("policy", "test", "-o", "junit=t.xml", "-o", "json=t.json")
    assert gate(*arguments, cwd=repo).code == 0
    (repo / "policies/team/owner_test.rego").write_text("package x\n\ntest_x if {\n")
    assert gate(*arguments, cwd=repo).code == 2
    assert json.loads((repo / "t.json").read_text())["error"]["kind"] == "policy"
    (suite,) = ET.parse(repo / "t.xml").getroot()
    assert (suite.get("errors"), suite.get("tests")) == ("1", "1")
    assert "owner_test.rego:" in (suite[0][0].get("message") or "")


HOSTILE = """package a["<&\\u001b[31m\\u0000"]

import rego.v1

test_x if {
	x := "\\u001b[2J</failure>]]>\\u0000\\u202e"
	print(x)
	x == "y"
}

test_table[note] if {
	some note in ["\\u001b[31m<b>", "]]>"]
	note == "y"
}
"""


def test_hostile_text_cannot_steer_a_terminal_or_break_xml(tmp_path: Path) -> None:
    one(tmp_path, HOSTILE)
    run = gate("policy", "test", ".", "-o", "text", "-o", "junit=t.xml", cwd=tmp_path)
    assert run.code == 1, str(run)
    assert "\x1b" not in run.out
    assert "\x00" not in run.out
    root = ET.fromstring((tmp_path / "t.xml").read_text())
    assert [each.get("failures") for each in root] == ["3"]


def test_junit_keeps_to_the_schema_of_jenkins(tmp_path: Path) -> None:
    schema = xmlschema.XMLSchema(real_data("junit-jenkins-xunit") / "junit-10.xsd")
    more = "\ntodo_test_y if false\n\ntest_f(x) if x\n\ntest_ok if true\n"
    one(tmp_path, HOSTILE + more)
    run = gate("policy", "test", ".", "-o", "junit", cwd=tmp_path)
    assert run.code == 2, str(run)
    schema.validate(run.out)
    suite = ET.fromstring(run.out.encode())[0]
    counted = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": "6", "failures": "3", "errors": "1", "skipped": "1"}


def test_a_test_that_recurses_without_end_is_named(tmp_path: Path) -> None:
    one(tmp_path, "package a_test\n\nf(n) := f(n + 1)\n\ntest_x if f(1) == 2\n")
    for engine in ("auto", "embedded"):
        run = gate("policy", "test", ".", "--engine", engine, cwd=tmp_path)
        assert run.code == 2, str(run)
        assert "a_test.rego:3: " in run.err
        assert "recursi" in run.err


def test_a_test_that_takes_all_memory_is_named_and_the_others_are_judged(tmp_path: Path) -> None:
    one(
        tmp_path,
        "package a_test\n\ntest_before if 1 == 1\n\n"
        "test_bomb if count(numbers.range(1, 1000000000)) == 5\n\ntest_after if 1 == 2\n",
    )
    run = gate("policy", "test", ".", "--engine", "embedded", cwd=tmp_path)
    assert run.code == 2, str(run)
    assert "ERROR a_test.test_bomb  a_test.rego:5\n  Evaluating this test took more than" in run.out
    assert "FAIL  a_test.test_after" in run.out
    assert "3 tests: 1 passed, 1 failed, 1 could not be judged" in run.out


def test_a_policy_that_is_a_link_or_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a_test.rego").symlink_to("/etc/passwd")
    run = gate("policy", "test", ".", cwd=tmp_path)
    assert (run.code, run.out) == (2, "")
    assert "a_test.rego: A policy must be a file, not a link." in run.err
    (tmp_path / "a_test.rego").unlink()
    one(tmp_path, "package a_test\n" + "#" * 600_000)
    assert "too large" in gate("policy", "test", ".", cwd=tmp_path).err


def test_coverage_names_what_is_not_reached(repo: Path) -> None:
    run = gate("policy", "coverage", "--run", "with$", "--threshold", "100", cwd=repo)
    assert run.code == 1, str(run)
    row = next(line for line in run.out.splitlines() if line.startswith("policies/team/owner.rego"))
    assert row.split() == ["policies/team/owner.rego", "2/4", "0/1", "50", "%", "5,", "8"]
    assert "policies/team/owner.rego:5 deny is entered and never true" in run.out
    assert "Below the threshold of 100 %: policies/team/owner.rego" in run.out


def test_coverage_of_all_tests_is_whole(repo: Path) -> None:
    run = gate("policy", "coverage", "--threshold", "100", "-o", "json", cwd=repo)
    assert run.code == 0, str(run)
    assert run.json["percent"] == 100
    (file,) = run.json["files"]
    assert file == {
        "path": "policies/team/owner.rego",
        "percent": 100,
        "covered": [5, 6, 7, 8],
        "not_covered": [],
        "rules": 1,
        "never_true": [],
    }


def test_coverage_shows_a_test_that_fails_instead(repo: Path) -> None:
    fail(repo)
    run = gate("policy", "coverage", cwd=repo)
    assert run.code == 1, str(run)
    assert "FAIL  gate.team.owner_test.test_with" in run.out
    assert "covered" not in run.out


def test_the_policies_of_this_repository_are_wholly_covered() -> None:
    run = gate("policy", "coverage", "policies", "--threshold", "100", cwd=ROOT)
    assert run.code == 0, str(run)
    assert run.out.startswith("100 % of ")


def test_on_opa_the_output_is_the_same(repo: Path) -> None:
    need("opa")
    fail(repo)
    runs = [gate("policy", "test", "--engine", each, cwd=repo) for each in ("embedded", "opa")]
    first, second = ([*each.out.splitlines()][:-1] for each in runs)
    assert first == second
    assert runs[1].out.splitlines()[-1].endswith("on the engine opa)")
