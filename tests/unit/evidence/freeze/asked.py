"""Asks a source of freezes about files that a test writes down, or about an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from gate.evidence.interface import Question, Source
from gate.model.change import Unread
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from tests.unit.config.trees import Files

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CHECKOUT = Target("checkout", "production", 1)


def utc(text: str) -> datetime:
    """`2026-11-22T10:00` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ask(
    source: Source,
    settings: Any,
    files: Mapping[str, str | bytes | Unread] | None = None,
    *,
    name: str | None = None,
    now: datetime = NOW,
    days: float = 31,
    targets: Sequence[Target] = (CHECKOUT,),
    services: Sequence[str] = (),
    environments: Sequence[str] = (),
    links: Sequence[str] = (),
) -> list[Evidence]:
    """All envelopes; each must be of a target that was asked for."""
    question = Question(
        name or (settings if isinstance(settings, str) else "source"),
        "freeze",
        targets,
        settings,
        Files(files or {}, links),
        now,
        timedelta(days=days),
        services,
        environments,
    )
    found = list(source(question))
    assert [(each.service, each.environment) for each in found] == [
        (target.service, target.environment) for target in targets
    ]
    assert all(each.kind == "freeze" and each.source == question.name for each in found)
    assert all((each.reason is None) == (each.status == "ok") for each in found)
    assert all((each.value is None) == (each.status != "ok") for each in found)
    return found


def windows(found: Sequence[Evidence]) -> list[dict[str, Any]]:
    """The windows of the one target."""
    (each,) = found
    assert each.status == "ok", each.reason
    (calendar,) = each.value
    return list(calendar["windows"])


def times(found: Sequence[Evidence]) -> list[tuple[str, str | None]]:
    """From and until of each window, without seconds and zone."""
    return [(each["from"][:16], each["until"] and each["until"][:16]) for each in windows(found)]


def reason(found: Sequence[Evidence]) -> str:
    """Why the one target's evidence is unavailable."""
    (each,) = found
    assert each.status == "unavailable", each
    assert each.reason is not None
    return each.reason
