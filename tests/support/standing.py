"""How things stand, for tests: targets, their evidence, calendars."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gate.model.manifest import Target
from gate.model.verdict import Evidence

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def target(service: str = "checkout", environment: str = "production") -> Target:
    return Target(service, environment, 1)


def told(kind: str, value: Any, of: Target | None = None, **others: Any) -> Evidence:
    """An answer about a target."""
    of = of or target()
    settings = {"status": "ok", "source": "recorded.json", **others}
    return Evidence(kind, of.service, of.environment, value=value, **settings)


def failed(kind: str, reason: str | None, of: Target | None = None) -> Evidence:
    """No answer about a target."""
    of = of or target()
    return Evidence(kind, of.service, of.environment, "unavailable", reason=reason)


def window(name: str, start: str, until: str | None, **others: Any) -> dict[str, Any]:
    return {"name": name, "from": start, "until": until, **others}


def calendar(*windows: Any, until: str | None = None) -> dict[str, Any]:
    return {"source": "freezes.yaml", "until": until, "windows": list(windows)}
