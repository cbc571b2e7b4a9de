"""Whoever is told beside the one who asked changes nothing for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gate.cli import posting
from gate.cli.posting import tell
from gate.errors import GateError
from gate.model.verdict import Verdict
from gate.report.posts.interface import Subject
from tests.unit.report.samples import PASSED


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    nothing = ("event", "head", "saved", "staged", "pushed", "tree", "base_tree", "offline")
    several: dict[str, Any] = {"folders": (), "environments": (), "services": ()}
    return {**dict.fromkeys(nothing), **several, "repo": tmp_path}


def broken(_told: Verdict | GateError, _subject: Subject) -> list[str]:
    raise RuntimeError("a fault of ours")


def test_a_fault_of_ours_is_told_and_ends_nothing(
    options: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Subject] = []

    def post(_told: Verdict | GateError, subject: Subject) -> list[str]:
        seen.append(subject)
        return ["one\nline"]

    tell(PASSED, [("a", broken), ("b", post)], options)
    assert capsys.readouterr().err.splitlines() == [
        "gate: a: not everything is posted: gate failed: RuntimeError: a fault of ours",
        "gate: one\\nline",
    ]
    assert seen == [Subject(None, None, "2" * 40)]


def test_where_nobody_knows_what_it_is_about(
    options: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(posting, "_subject", broken)
    tell(PASSED, [("a", broken)], options)
    assert "nothing is posted" in capsys.readouterr().err


def test_nobody_is_told_of_nothing(options: dict[str, Any]) -> None:
    tell(PASSED, [], {})
    assert options


def test_an_unforeseen_error_is_told_as_one(options: dict[str, Any]) -> None:
    seen: list[Verdict | GateError] = []

    def post(told: Verdict | GateError, subject: Subject) -> list[str]:
        assert subject.head is None
        seen.append(told)
        return []

    tell(ZeroDivisionError("x"), [("a", post)], options)
    (told,) = seen
    assert isinstance(told, GateError)
    assert told.exit_code == 4


def test_an_event_of_another_repository_is_not_believed(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[Subject] = []

    def post(_told: Verdict | GateError, subject: Subject) -> list[str]:
        seen.append(subject)
        return []

    event = tmp_path / "event.json"
    event.write_text('{"schedule": "* * * * *", "repository": {"full_name": "other/one"}}')
    monkeypatch.setenv("GITHUB_REPOSITORY", "shop/apps")
    tell(PASSED, [("a", post)], {**options, "event": event})
    (subject,) = seen
    assert (subject.repository, subject.name) == ("shop/apps", "change-gate (unknown)")
