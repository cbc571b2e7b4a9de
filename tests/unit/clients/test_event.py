"""What is taken of an event of GitHub, and which ones are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.clients import event as events
from gate.clients.event import UnknownEvent, foreign, is_ref, of_payload, of_pull, of_run, queued
from gate.model.event import Deployment, Event, PullRequest
from tests.support.git import Repo
from tests.support.tools import real_data

HEAD = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
BASE = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
HELLO = "Codertocat/Hello-World"
PULL = Event(
    "pull_request",
    HELLO,
    "master",
    BASE,
    "master",
    HEAD,
    "refs/pull/2/head",
    PullRequest(2, "Codertocat", "changes", ("bug",), 1),
)
SHA = "1" * 40


def real(path: str) -> Path:
    return real_data("github-webhooks") / path


def payload(path: str = "pull_request/synchronize.payload.json") -> Any:
    return json.loads(real(path).read_bytes())


def test_a_pull_request() -> None:
    for name in (
        "labeled.payload",
        "opened.payload",
        "opened.with-null-body",
        "synchronize.payload",
    ):
        assert of_run(real(f"pull_request/{name}.json")) == PULL
    review = of_run(real("pull_request_review/submitted.payload.json"))
    assert review is not None
    assert (review.name, review.head, review.pull) == (
        "pull_request_review",
        HEAD,
        PullRequest(2, "Codertocat", "changes", ("bug",), 0),
    )


def test_a_merge_group() -> None:
    found = of_run(real("merge_group/checks_requested.payload.json"))
    assert found == Event(
        "merge_group",
        "octo-org/octo-repo",
        "main",
        "380387fbc80638b734a49e1be1c4dfec1c01b33c",
        "main",
        "2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d",
        "refs/heads/gh-readonly-queue/main/pr-104-929f8209d40f77f4abc622a499c93a83babdbe64",
    )
    assert queued(found) == 104
    assert queued(PULL) is None


def test_pushes() -> None:
    tag = of_run(real("push/payload.json"))
    before = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
    assert tag == Event("push", HELLO, "master", before, None, None, "refs/tags/simple-tag")
    new = of_run(real("push/with-new-branch.payload.json"))
    assert new == Event("push", HELLO, "master", None, "master", before, "refs/heads/master")


def test_deployments() -> None:
    found = of_run(real("deployment_status/payload.json"))
    assert found is not None
    assert (found.name, found.head) == ("deployment_status", BASE)
    assert found.deployment == Deployment(145988746, "production")
    before = payload("deployment_status/payload.json")
    del before["deployment_status"]
    assert of_payload("deployment", before).deployment == found.deployment


def test_what_github_runs_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert of_run() is None
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request_target")
    with pytest.raises(UnknownEvent, match="names no file"):
        of_run()
    file = real("pull_request/synchronize.payload.json")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(file))
    for found in (of_run(), of_run(file)):
        assert found is not None
        assert (found.name, found.head) == ("pull_request_target", HEAD)
    other = of_run(real("push/payload.json"))
    assert other is not None
    assert other.name == "push"

    file = tmp_path / "schedule.json"
    file.write_text('{"schedule": "0 * * * *"}')
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(file))
    monkeypatch.setenv("GITHUB_EVENT_NAME", "schedule")
    with pytest.raises(UnknownEvent, match="full_name"):
        of_run()
    monkeypatch.setenv("GITHUB_REPOSITORY", "shop/apps")
    assert of_run() == Event("schedule", "shop/apps")


@pytest.mark.parametrize("name", ["workflow_dispatch", "issue_comment", "release"])
def test_an_event_that_tells_of_no_change(name: str) -> None:
    told = {"repository": {"full_name": "a/b", "default_branch": "main"}, "inputs": None}
    assert of_payload(name, told) == Event(name, "a/b", "main")


def test_the_answer_of_the_api() -> None:
    pull = payload()["pull_request"]
    assert of_pull("pull_request", pull, HELLO.lower()) == PULL
    del pull["commits"]
    found = of_pull("pull_request", pull).pull
    assert found is not None
    assert found.commits == 0
    with pytest.raises(UnknownEvent, match="not of else/where"):
        of_pull("pull_request", pull, "else/where")
    for value in ("null", "[]", '"x"'):
        with pytest.raises(UnknownEvent):
            of_pull("pull_request", json.loads(value))


def test_a_fork_and_an_account_that_is_gone() -> None:
    told = payload()
    told["pull_request"]["head"]["repo"]["full_name"] = "ada/Hello-World"
    told["pull_request"]["user"] = None
    found = of_payload("pull_request", told)
    assert found.is_fork
    assert found.pull is not None
    assert found.pull.author == "ghost"
    told["pull_request"]["head"]["repo"] = None
    assert of_payload("pull_request", told).is_fork


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("head.sha", "HEAD"),
        ("head.sha", "ab" * 21),
        ("head.sha", "--upload-pack=x"),
        ("head.sha", SHA + "\n"),
        ("head.sha", None),
        ("base.sha", 1),
        ("base.ref", "-x"),
        ("base.ref", "a..b"),
        ("base.ref", "a b"),
        ("base.ref", "*"),
        ("base.ref", "a:refs/heads/b"),
        ("base.ref", "+main^"),
        ("base.ref", ""),
        ("base.ref", "x" * 2000),
        ("head.ref", "a\x1b[31m"),
        ("base.repo.full_name", "../.."),
        ("base.repo.full_name", "a/b?x"),
        ("base.repo.full_name", "a/.."),
        ("base.repo.full_name", "-a/b"),
        ("base.repo.default_branch", "a\nb"),
        ("number", True),
        ("number", 0),
        ("number", "2"),
        ("number", 10**30),
        ("user", {}),
        ("user.login", ""),
        ("user.login", "a\nb"),
        ("labels", None),
        ("labels", [{}]),
        ("labels", ["bug"]),
        ("commits", None),
        ("commits", -1),
    ],
)
def test_a_part_that_github_does_not_write_so_is_refused_and_named(place: str, value: Any) -> None:
    told = payload()
    at = told["pull_request"]
    *keys, last = place.split(".")
    for key in keys:
        at = at[key]
    at[last] = value
    with pytest.raises(UnknownEvent) as caught:
        of_payload("pull_request", told)
    assert f"`pull_request.{keys[0] if keys else last}" in caught.value.reason


@pytest.mark.parametrize(
    ("name", "path", "place", "value"),
    [
        ("merge_group", "merge_group/checks_requested.payload.json", "base_ref", "refs/tags/v1"),
        ("merge_group", "merge_group/checks_requested.payload.json", "head_ref", "main"),
        ("merge_group", "merge_group/checks_requested.payload.json", "head_sha", None),
        ("deployment", "deployment_status/payload.json", "environment", ""),
        ("deployment", "deployment_status/payload.json", "environment", "a\nb"),
        ("deployment", "deployment_status/payload.json", "id", None),
    ],
)
def test_the_same_of_other_events(name: str, path: str, place: str, value: Any) -> None:
    told = payload(path)
    told[name][place] = value
    with pytest.raises(UnknownEvent, match=f"`{name}.{place}`"):
        of_payload(name, told)


@pytest.mark.parametrize("ref", ["main", "refs/heads/../x", "refs/heads/a b", None])
def test_the_ref_of_a_push(ref: Any) -> None:
    with pytest.raises(UnknownEvent, match="`ref`"):
        of_payload("push", {**payload("push/payload.json"), "ref": ref})


@pytest.mark.parametrize("name", ["", "Push", "pull request", "a/b", "x" * 100])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(UnknownEvent):
        of_payload(name, payload())


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"{}", b'{"a": 1, "a": 2}', b"\xff", b"[" * 10_000, b"NaN"],
)
def test_a_file_that_is_no_event(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "event.json"
    file.write_bytes(content)
    with pytest.raises(UnknownEvent):
        of_run(file)


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in (tmp_path, tmp_path / "none", Path("a\0b")):
        with pytest.raises(UnknownEvent, match="cannot be read"):
            of_run(file)
    monkeypatch.setattr(events, "EVENT_BYTES", 100)
    with pytest.raises(UnknownEvent, match="larger"):
        of_run(real("push/payload.json"))


def test_the_run_of_another_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    assert foreign(PULL) is None
    monkeypatch.setenv("GITHUB_REPOSITORY", HELLO.upper())
    assert foreign(PULL) is None
    monkeypatch.setenv("GITHUB_REPOSITORY", "else/where")
    assert foreign(PULL) == f"the event is of {HELLO}, and this runs for else/where"


def test_names_are_those_that_git_takes(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path)
    names = ["a", "a/b", "ä", "a-", "a/-b", "a.lock", "a.lock/b", ".a", "a/.b", "a.", "a/", "/a"]
    names += ["a//b", "a@{b", "@", "a@", "a~", "a^", "a:", "a?", "a*", "a[", "a\\", "a..b", "a b"]
    for name in names:
        try:
            repo.git("check-ref-format", f"refs/heads/{name}")
            is_taken = True
        except AssertionError:
            is_taken = False
        # A name that is only `@` means HEAD.
        assert is_ref(name) == (is_taken and name != "@"), name


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_value_in_any_place_gives_an_event_or_a_reason(value: Any) -> None:
    for name in ("pull_request", "merge_group", "push", "deployment", "schedule"):
        for told in ({name: value, "repository": value, "ref": value}, {"repository": value}):
            with pytest.raises(UnknownEvent):
                of_payload(name, told)
