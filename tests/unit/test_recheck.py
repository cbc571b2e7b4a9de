"""One pull request's fault costs only itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate import pipeline, recheck
from gate.change.interface import ChangeRequest
from gate.model.event import Event
from gate.model.verdict import Verdict
from gate.pipeline import Request, Step
from gate.recheck import Asked, Rechecked
from tests.support.github_api import REPOSITORY, Api, environment, serving
from tests.unit.report.samples import PASSED, SAMPLES

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    known = Api(tips={"main": "3" * 40})
    for number in (1, 2):
        known.pull(number, str(number) * 40)
    with serving(known):
        for name, value in environment(known).items():
            monkeypatch.setenv(name, value)
        yield known


def rechecked(monkeypatch: pytest.MonkeyPatch, first: Verdict | Exception) -> list[Rechecked]:
    """Where the first is judged so, and the second passes."""

    def check(request: Request, _: Step) -> Verdict:
        event = request.what.event
        assert isinstance(event, Event)
        assert event.head is not None
        told = first if event.head[0] == "1" else PASSED
        if isinstance(told, Exception):
            raise told
        return replace(told, change={**told.change, "head": event.head})

    monkeypatch.setattr(pipeline, "check", check)
    request = Request(ChangeRequest(Path()), NOW)
    return list(recheck.recheck(Asked(REPOSITORY, request), lambda _: None))


def test_a_fault_of_ours_is_posted_as_one(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = rechecked(monkeypatch, ZeroDivisionError("x"))
    assert (one.now, one.exit_code, one.faults) == (
        "error",
        4,
        ("gate failed: ZeroDivisionError: x",),
    )
    assert (two.now, two.exit_code, two.faults) == ("pass", 0, ())
    assert [each["conclusion"] for each in api.check_runs] == ["success", "failure"]


def test_a_rule_that_failed_judged_nothing_wholly(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = rechecked(monkeypatch, SAMPLES["rule_failed"]())
    assert (one.now, one.exit_code) == ("error", 2)
    assert two.exit_code == 0
    assert len(api.check_runs) == 2


@pytest.mark.parametrize("name", ["deny", "warn", "evidence_missing"])
def test_a_verdict_is_no_fault(api: Api, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    one, _ = rechecked(monkeypatch, SAMPLES[name]())
    assert (one.exit_code, one.faults) == (0, ())
    assert len(api.check_runs) == 2


def test_a_post_that_fails_by_a_fault_of_ours(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recheck, "post", lambda *_: 1 / 0)
    for each in rechecked(monkeypatch, PASSED):
        assert (each.now, each.exit_code) == ("pass", 4)
        assert each.faults == ("gate failed: ZeroDivisionError: division by zero",)
    assert api.check_runs == []


def test_another_commit_than_that_of_the_pull_request_is_not_posted(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "check", lambda *_: PASSED)
    request = Request(ChangeRequest(Path()), NOW)
    one, two = recheck.recheck(Asked(REPOSITORY, request), lambda _: None)
    assert one.faults == ("another commit than 1111111 was judged, and nothing is posted",)
    assert (one.exit_code, one.now) == (4, None)
    assert (two.exit_code, two.now) == (0, "pass"), "the sample's head is its own"
    assert [each["head_sha"] for each in api.check_runs] == ["2" * 40]


def test_a_pull_request_that_is_none(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.pulls[0]["head"]["sha"] = "main"
    one, two = rechecked(monkeypatch, PASSED)
    assert (one.exit_code, one.now) == (4, None)
    assert one.faults[0].startswith("GitHub: its `pull_request.head.sha` is missing")
    assert two.exit_code == 0
