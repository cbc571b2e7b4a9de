"""Every error says what is wrong and what to do, and owns its exit code."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from gate import schemas
from tests.support.command import gate
from tests.support.git import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.write("app.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
    made.commit("start")
    return made


def policy(body: str, title: str = "T") -> str:
    return (
        f"# METADATA\n# title: {title}\n# description: d\n# scope: package\n# custom:\n"
        f"#   remediation: r\npackage gate.team.rule\n\n{body}"
    )


@pytest.mark.parametrize(
    ("arguments", "wrong", "advice"),
    [
        (["chekc"], "There is no command `chekc`. Did you mean `check`?", "gate --help"),
        (["check", "--bsae", "main"], "--bsae", "gate check --help"),
        (["check", "--base", "mian"], "mian", "main"),
        (["check", "--base", "-x"], "-x", ""),
        (["check", "-o", "jsno"], "jsno", "json"),
        (["check", "-o", "json", "-o", "json"], "standard output", "-o json=FILE"),
        (["check", "--staged", "--base", "main"], "different changes", "one of them"),
        (["check", "--now", "tomorrow"], "--now tomorrow is not a time", "2026-11-22T10:00:00Z"),
        (["check", "--now", "2026-11-22T10:00:00"], "no time zone", "2026-11-22T10:00:00Z"),
        (["check", "--engine", "opaa"], "opaa", ""),
        (["check", "--config", "nowhere.yaml"], "nowhere.yaml", ""),
        (["check", "--policy", "nowhere"], "nowhere", ""),
        (["explain", "workload.image_pined"], "workload.image_pined", "workload.image_pinned"),
        (["schema", "verdit"], "verdit", ""),
    ],
)
def test_a_wrong_call_is_explained(
    repo: Repo, arguments: list[str], wrong: str, advice: str
) -> None:
    run = gate(*arguments, cwd=repo.path)
    assert run.code == 2, str(run)
    assert wrong in run.err
    assert advice in run.err
    assert "Traceback" not in run.err
    assert run.out == "" or "json" in arguments


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [
        (".gate.yaml", "version: 1\nrulez: {}\n", ".gate.yaml:2"),
        (".gate.yaml", "version: 1\nmode: [\n", ".gate.yaml"),
        (".gate.yaml", "version: 1\nrules: {workload.image_pined: off}\n", "workload.image_pinned"),
        (".gate.yaml", "version: 1\npolicies: [builtin, polices]\n", "polices"),
        (".gate/waivers.yaml", "waivers:\n  - {rule: x, reason: y}\n", ".gate/waivers.yaml:2"),
        ("policies/team/rule.rego", "package gate.team.rule\n\ndeny contains 1\n", "METADATA"),
        ("policies/team/rule.rego", policy("deny contains x if {\n"), "policies/team/rule.rego"),
        ("policies/team/rule.rego", policy("deny contains 7\n"), "team.rule"),
        ("policies/team/rule.rego", policy('deny contains {"mesage": "x"}\n'), "mesage"),
        ("policies/team/rule.rego", policy("x := 1\n"), "policies/team/rule.rego"),
        (
            "policies/team/rule.rego",
            policy('deny contains "x" if http.send({"method": "get", "url": "http://x"})\n'),
            "http.send",
        ),
        (
            "policies/team/rule.rego",
            policy("deny contains m if {\n\tm := numbers.range(1, 1000000000)\n}\n"),
            "policies/team/rule.rego",
        ),
    ],
)
def test_what_is_the_gates_own_and_wrong_is_named_with_its_place(
    repo: Repo, name: str, content: str, wrong: str
) -> None:
    if name.startswith("policies"):
        repo.write(".gate.yaml", "version: 1\npolicies: [builtin, policies]\n")
    repo.write(name, content)
    repo.write("app.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\n")
    repo.git("add", "--all")
    run = gate("check", "--staged", cwd=repo.path)
    assert run.code == 2, str(run)
    assert wrong in run.err + run.out, str(run)
    for noise in ("Traceback", "backtrace", "regorus", "panicked"):
        assert noise not in run.err + run.out
    asked = gate("check", "--staged", "-o", "json", cwd=repo.path)
    assert asked.json["verdict"] == "error"
    assert asked.json["exit_code"] == 2
    jsonschema.validate(asked.json, schemas.load("verdict"))


def test_one_rule_that_fails_leaves_the_findings_of_the_others(repo: Repo) -> None:
    repo.write(".gate.yaml", "version: 1\npolicies: [builtin, policies]\n")
    repo.write(
        "policies/team/rule.rego",
        policy(
            'deny contains m if {\n\tsome r in input.resources\n\tm := sprintf("%d", r.name)\n}\n'
        ),
    )
    repo.write(
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: y}\n"
        "spec: {containers: [{name: a, image: a}]}\n",
    )
    repo.git("add", "--all")
    run = gate("check", "--staged", "-o", "json", cwd=repo.path)
    assert run.code == 2, str(run)
    assert "workload.image_pinned" in {each["rule"] for each in run.json["findings"]}
    outcomes = {each["rule"]: each for each in run.json["rules"]}
    assert outcomes["team.rule"]["outcome"] == "error"
    assert "policies/team/rule.rego" in outcomes["team.rule"]["reason"]


def test_outside_a_repository_the_folder_form_is_advised(tmp_path: Path) -> None:
    run = gate("check", cwd=tmp_path)
    assert run.code == 2
    assert "not in a Git repository" in run.err
    assert "gate check DIR" in run.err


def test_without_git_on_the_path_it_is_said(repo: Repo) -> None:
    run = gate("check", cwd=repo.path, env={"PATH": ""})
    assert run.code == 2
    assert "Git is not installed" in run.err


def test_a_shallow_clone_names_the_depth_to_set(repo: Repo, tmp_path: Path) -> None:
    for number in range(5):
        repo.write("app.yaml", f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x{number}}}\n")
        repo.commit(f"number {number}")
    repo.branch("more")
    repo.write("b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n")
    repo.commit("more")
    repo.git(
        "clone", "-q", "--depth=1", "--branch", "more", f"file://{repo.path}", str(tmp_path / "c")
    )
    run = gate("check", "--base", "origin/main", cwd=tmp_path / "c")
    assert run.code == 2
    assert "fetch-depth: 0" in run.err


def test_a_file_that_cannot_be_written_is_an_error(repo: Repo) -> None:
    run = gate("check", "-o", "json=nowhere/verdict.json", cwd=repo.path)
    assert run.code == 2
    assert "nowhere/verdict.json" in run.err


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"schema": "other"}', "nul\0"])
def test_a_saved_input_that_is_none_is_refused(repo: Repo, content: str) -> None:
    (repo.path / "input.json").write_text(content)
    run = gate("check", "--input", "input.json", cwd=repo.path)
    assert run.code == 2, str(run)
    assert "input.json" in run.err
    assert "gate context" in run.err


def test_a_saved_input_of_other_rules_is_refused(repo: Repo) -> None:
    saved = gate("context", "--base", "main", cwd=repo.path).json
    saved["gate"]["policies"]["digest"] = "sha256:" + "0" * 64
    import json

    (repo.path / "input.json").write_text(json.dumps(saved))
    run = gate("check", "--input", "input.json", cwd=repo.path)
    assert run.code == 2, str(run)
    assert "other rules" in run.err


@pytest.mark.parametrize(
    ("source", "said"),
    [("server", "needs an OPA server"), ("b.tar.gz", "does not exist")],
)
def test_a_source_of_policies_that_is_not_there_is_named(
    repo: Repo, source: str, said: str
) -> None:
    repo.write(".gate.yaml", f"version: 1\npolicies: [builtin, '{source}']\n")
    run = gate("check", cwd=repo.path)
    assert run.code == 2, str(run)
    assert said in run.err, str(run)


def test_a_password_in_an_address_is_not_shown(repo: Repo) -> None:
    repo.write(".gate.yaml", "version: 1\nengine: ftp://user:pa55@opa.example\n")
    run = gate("check", cwd=repo.path)
    assert run.code == 2, str(run)
    assert "not shown" in run.err
    assert "pa55" not in str(run)
