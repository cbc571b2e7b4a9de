"""What the doctor says of GitHub, from answers that its published description allows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from openapi_schema_validator import OAS30ReadValidator

from gate.adoption.doctor.examine import examine
from gate.change.interface import ChangeRequest
from gate.model.diagnosis import Result
from gate.pipeline import Request
from tests.support.doctored import NOW, changed, made
from tests.support.tools import github_openapi
from tests.support.web import Asked, Told, Web, web

TOKEN = "a-token-of-the-test"
NAME = "Codertocat/Hello-World"
WORKFLOW = """\
name: gate
on:
  pull_request:
  merge_group:
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: example/change-gate@v1
"""


@cache
def description() -> Any:
    return json.loads(github_openapi().read_text())


def allowed(path: str, answer: Any) -> Any:
    """The answer, if GitHub's description of that path allows it."""
    whole = description()
    place = f"/repos/{{owner}}/{{repo}}/{path}".rstrip("/")
    told = whole["paths"][place]["get"]["responses"]["200"]["content"]["application/json"]
    schema = {**told["schema"], "components": whole["components"]}
    OAS30ReadValidator(schema).validate(answer)
    return answer


def example(name: str) -> Any:
    return json.loads(json.dumps(description()["components"]["examples"][name]["value"]))


def rules(*checks: tuple[str, int | None], queue: bool = False) -> list[Any]:
    origin = {
        "ruleset_source_type": "Repository",
        "ruleset_source": NAME,
        "ruleset_id": 42,
    }
    named = [
        {"context": name, **({} if who is None else {"integration_id": who})}
        for name, who in checks
    ]
    found: list[Any] = [{"type": "deletion", **origin}]
    if checks:
        parameters = {
            "required_status_checks": named,
            "strict_required_status_checks_policy": False,
        }
        found.append({"type": "required_status_checks", "parameters": parameters, **origin})
    if queue:
        found.append({"type": "merge_queue", **origin})
    return found


def branch(*contexts: str, level: str = "non_admins") -> Any:
    told = example("branch-get")
    told["protection"]["required_status_checks"] = {
        "enforcement_level": level,
        "contexts": list(contexts),
        "checks": [{"context": each, "app_id": 15368} for each in contexts],
    }
    return told


@contextmanager
def github(
    monkeypatch: pytest.MonkeyPatch, rule: Any, of_branch: Any, refused: tuple[str, ...] = ()
) -> Iterator[Web]:
    allowed("rules/branches/{branch}", rule)
    allowed("branches/{branch}", of_branch)
    fixed = {"rules/branches/main": rule, "branches/main": of_branch}

    def answer(asked: Asked) -> Told:
        assert asked.method == "GET"
        path = urlsplit(asked.path).path.removeprefix(f"/repos/{NAME}/")
        if any(each in path for each in refused):
            return Told(403, b'{"message": "Resource not accessible by integration"}')
        return Told(body=json.dumps(fixed.get(path, [])).encode())

    with web(answer) as server:
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        monkeypatch.setenv("GITHUB_REPOSITORY", NAME)
        monkeypatch.setenv("GITHUB_API_URL", server.address)
        yield server


def found(folder: Path, **options: Any) -> list[Result]:
    request = Request(ChangeRequest(folder), now=datetime.fromisoformat(NOW), **options)
    return list(examine(request, lambda _: None, groups=["github"]).results)


def told(results: list[Result], state: str) -> list[str]:
    return [each.told for each in results if each.state == state]


def repo(folder: Path, workflow: str = WORKFLOW) -> Path:
    made(folder, None, **{".github/workflows/gate.yml": workflow})
    return folder


def test_a_check_that_a_ruleset_requires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with github(monkeypatch, rules(("change-gate", 15368), queue=True), branch()) as server:
        results = found(repo(tmp_path))
    assert {each.state for each in results} == {"ok", "note"}
    assert "main requires change-gate" in told(results, "ok")
    assert "gate runs on pull_request, merge_group" in told(results, "ok")
    assert told(results, "note") == [
        "what it may write shows only when something is posted; the verdict needs none of it"
    ]
    assert {each.method for each in server.asked} == {"GET"}


def test_a_check_that_the_protection_requires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with github(monkeypatch, rules(), branch("gate")):
        assert "main requires gate" in told(found(repo(tmp_path)), "ok")


@pytest.mark.parametrize(
    "of_branch", [branch, lambda: branch("tests"), lambda: branch("gate", level="off")]
)
def test_a_check_that_nobody_requires_is_a_hole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_branch: Any
) -> None:
    with github(monkeypatch, rules(("tests", None)), of_branch()):
        (hole,) = [each for each in found(repo(tmp_path)) if each.state == "hole"]
    assert hole.told.startswith("main does not require the gate's check (it requires tests")
    assert "`gate`" in str(hole.todo)


def test_a_check_that_anybody_may_report_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with github(monkeypatch, rules(("change-gate", None)), branch()):
        notes = told(found(repo(tmp_path)), "note")
    assert "anybody who may write statuses can report change-gate" in notes


def test_what_the_token_may_not_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = ("check-runs", "deployments")
    with github(monkeypatch, rules(("gate", 1)), branch(), refused):
        results = found(repo(tmp_path))
    lost = {each.check for each in results if "it may not read them (403)" in each.told}
    assert lost == {"token: checks", "token: deployments"}


def test_a_merge_queue_needs_its_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workflow = WORKFLOW.replace("  merge_group:\n", "")
    with github(monkeypatch, rules(("gate", 1), queue=True), branch()):
        notes = told(found(repo(tmp_path, workflow)), "note")
    assert any("does not run on merge_group" in each for each in notes)


def test_a_queue_that_looks_at_its_last_pull_request_alone_is_a_hole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run judges what one pull request adds to what is queued before it."""
    told_of = rules(("gate", 1), queue=True)
    parameters = {
        "check_response_timeout_minutes": 60,
        "grouping_strategy": "HEADGREEN",
        "max_entries_to_build": 5,
        "max_entries_to_merge": 5,
        "merge_method": "MERGE",
        "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 5,
    }
    told_of[-1]["parameters"] = parameters
    with github(monkeypatch, told_of, branch()):
        results = found(repo(tmp_path))
    assert [each.key for each in results if each.state == "hole"] == ["merge queue"]
    parameters["grouping_strategy"] = "ALLGREEN"
    with github(monkeypatch, told_of, branch()):
        results = found(repo(tmp_path))
    assert [each.key for each in results if each.state == "hole"] == []


@pytest.mark.parametrize("queue", [True, False])
def test_a_lax_pull_request_needs_a_merge_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, queue: bool
) -> None:
    config = changed(on_unavailable={"pull_request": "warn", "default": "undecided"})
    made(tmp_path, config, **{".github/workflows/gate.yml": WORKFLOW})
    with github(monkeypatch, rules(("gate", 1), queue=queue), branch()):
        keys = [each.key for each in found(tmp_path) if each.state == "hole"]
    assert keys == ([] if queue else ["on_unavailable.pull_request"])


def test_without_a_token_nothing_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", NAME)
    for name in ("GITHUB_TOKEN", "GATE_GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    (lost,) = [each for each in found(repo(tmp_path)) if each.state == "not_looked"]
    assert lost.told.startswith(f"{NAME}: there is no token")


def test_offline_and_without_a_remote_nothing_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    repo(tmp_path)
    (lost,) = told(found(tmp_path), "not_looked")
    assert lost.startswith("no repository on GitHub is known: neither GITHUB_REPOSITORY nor")
    offline = told(found(tmp_path, offline=True), "not_looked")
    assert offline == ["--offline: GitHub was not asked"]


def test_a_server_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with github(monkeypatch, rules(), branch(), ("rules",)):
        (lost,) = told(found(repo(tmp_path)), "not_looked")
    assert "it does not let gate ask this (403)" in lost


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    runs-on", "    continue-on-error: true\n    runs-on", "jobs.gate may fail"),
        ("    runs-on", "    if: github.actor != 'x'\n    runs-on", "a skipped check counts as"),
        ("    runs-on", "    needs: [tests]\n    runs-on", "skipped where a job that it needs"),
        ("gate@v1\n", "gate@v1\n        if: false\n", "the step is skipped"),
        ("gate@v1\n", "gate@v1\n        with: {offline: true}\n", "nothing is asked over"),
        ("gate@v1\n", "gate@v1\n        with: {fail-on: never}\n", "no finding gives an exit"),
    ],
)
def test_a_job_that_may_let_go_is_a_hole(tmp_path: Path, old: str, new: str, said: str) -> None:
    results = found(repo(tmp_path, WORKFLOW.replace(old, new)), offline=True)
    (hole,) = told(results, "hole")
    assert said in hole


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    runs-on", "    if: ${{ always() }}\n    needs: [tests]\n    runs-on"),
        ("uses: example/change-gate@v1", "run: gate check -o text -o github"),
    ],
)
def test_a_job_that_always_runs_is_none(tmp_path: Path, old: str, new: str) -> None:
    results = found(repo(tmp_path, WORKFLOW.replace(old, new)), offline=True)
    assert told(results, "hole") == []
    assert "gate runs on pull_request, merge_group" in told(results, "ok")


def test_a_path_filter_is_told(tmp_path: Path) -> None:
    workflow = WORKFLOW.replace("  pull_request:", "  pull_request: {paths: [deploy/**]}")
    notes = told(found(repo(tmp_path, workflow), offline=True), "note")
    assert any("pull_request has `paths`" in each for each in notes)


@pytest.mark.parametrize("text", ["on: [\n", "jobs: text\n", "on: push\njobs: {a: text}\n", ""])
def test_other_workflows_are_not_the_gates(tmp_path: Path, text: str) -> None:
    results = found(repo(tmp_path, text), offline=True)
    assert not told(results, "hole")
    lost = told(results, "not_looked")
    assert any("cannot be read" in each for each in lost) == (text == "on: [\n")
