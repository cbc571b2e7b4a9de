"""Who gets through a freeze: a rollback, by what it holds and not by what it says, and an exemption
that another person approved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.command import check, gate, rules
from tests.support.git import Repo
from tests.support.github import LABEL, TOKEN, GitHub, labelled, person, review
from tests.support.web import web

APP = "apps/checkout/app.yaml"
NOW = ("--base", "main", "--now", "2026-11-22T10:00:00Z")
CONFIG = """\
version: 1
services: {checkout: {paths: ["apps/checkout/**"], tier: 1}}
rules: {change.major_upgrade: off}
evidence: {freeze: [{windows: freezes.yaml}]}
"""
FREEZES = """\
windows:
  - {name: sale, kind: deny, from: "2026-11-20T00:00:00Z", to: "2026-11-30T00:00:00Z"}
"""
NOT_BY_HAND = {
    "CI": "",
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_REPOSITORY": "shop/apps",
    "GITHUB_TOKEN": TOKEN,
}


def app(version: str) -> str:
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: checkout}\n"
        f"spec: {{template: {{spec: {{containers: [{{name: app, image: 'shop:{version}'}}]}}}}}}\n"
    )


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.commit("one", **{".gate.yaml": CONFIG, "freezes.yaml": FREEZES, APP: app("1")})
    made.commit("two", **{APP: app("2")})
    made.branch("change")
    return made


def frozen(repo: Repo, env: Mapping[str, str] | None = None) -> bool:
    judged = check(repo.path, "--base", "main", *NOW, env=env)
    return "freeze.active" in rules(judged, level="deny")


def event(repo: Repo, folder: Path, *labels: str) -> str:
    file = folder / "event.json"
    pull = {
        "number": 2,
        "user": person("Codertocat"),
        "head": {"ref": "change", "sha": repo.sha("change")},
        "base": {
            "ref": "main",
            "sha": repo.sha("main"),
            "repo": {"full_name": "Codertocat/Hello-World"},
        },
        "labels": [{"name": name} for name in labels],
        "commits": 1,
    }
    file.write_text(json.dumps({"action": "synchronize", "pull_request": pull}))
    return str(file)


def test_what_is_new_is_frozen_whatever_it_says(repo: Repo) -> None:
    repo.commit('Revert "two"', **{APP: app("3")})
    assert frozen(repo)


def test_a_rollback_is_not(repo: Repo) -> None:
    first = repo.sha("main~1")
    repo.commit("innocent", **{APP: app("1")})
    assert not frozen(repo)
    run = gate("check", *NOW, cwd=repo.path)
    assert f"a rollback to {first[:7]}" in " ".join(run.out.split())
    found = gate("context", *NOW, cwd=repo.path).json["change"]["rollback"]
    assert (found["to"], found["subject"]) == (first, "one")


def test_a_rollback_with_something_new_is_frozen(repo: Repo) -> None:
    repo.commit("back, and more", **{APP: app("1"), "apps/checkout/b.yaml": app("1")})
    assert frozen(repo)


def test_the_same_verdict_from_a_saved_input(repo: Repo, tmp_path: Path) -> None:
    repo.commit("innocent", **{APP: app("1")})
    saved = tmp_path / "input.json"
    saved.write_text(gate("context", *NOW, cwd=repo.path).out)
    assert check(repo.path, "--input", saved)["verdict"] == check(repo.path, *NOW)["verdict"]


def test_a_claim_alone_is_frozen(repo: Repo) -> None:
    repo.commit("fix\n\nGate-Exempt: incident INC-42", **{APP: app("3")})
    assert frozen(repo)
    assert frozen(repo, {"CI": "true"})


@pytest.mark.parametrize("by", ["grace", "Codertocat"])
@pytest.mark.parametrize("how", ["review", "label"])
def test_another_persons_approval_makes_it_hold(
    repo: Repo, tmp_path: Path, by: str, how: str
) -> None:
    claim = "\n\nGate-Exempt: incident INC-42" if how == "review" else ""
    head = repo.commit(f"fix{claim}", **{APP: app("3")})
    github = GitHub(
        commits=[{"sha": head, "author": person("ada"), "committer": None}],
        permissions={"grace": "write"},
    )
    if how == "review":
        github.reviews = [review(by, "APPROVED", head)]
    else:
        github.events = [labelled(by)]
    path = event(repo, tmp_path, *([LABEL] if how == "label" else []))
    with web(github.answer) as server:
        told = {
            **NOT_BY_HAND,
            "GITHUB_API_URL": server.address,
            "GITHUB_EVENT_PATH": path,
            "GITHUB_REPOSITORY": "Codertocat/Hello-World",
        }
        assert frozen(repo, told) == (by == "Codertocat")
        assert frozen(repo, {**told, "GITHUB_TOKEN": "another"})


def test_what_was_not_learned_is_said(repo: Repo, tmp_path: Path) -> None:
    repo.commit("fix\n\nGate-Exempt: incident INC-42", **{APP: app("3")})
    told = {**NOT_BY_HAND, "GITHUB_EVENT_PATH": event(repo, tmp_path)}
    run = gate("check", "--base", "main", *NOW, "--offline", cwd=repo.path, env=told)
    assert run.code == 1
    said = " ".join(run.out.split())
    assert "its approvals are not known: the event is of Codertocat/Hello-World" in said


def test_an_event_stands_not_beside_a_saved_input(repo: Repo, tmp_path: Path) -> None:
    repo.commit("fix", **{APP: app("3")})
    saved = tmp_path / "input.json"
    saved.write_text(gate("context", *NOW, cwd=repo.path).out)
    run = gate("check", "--input", saved, "--event", event(repo, tmp_path), cwd=repo.path)
    assert run.code == 2
    assert "--event cannot stand beside --input" in run.err
