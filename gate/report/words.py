"""The small words of every report: numbers with nouns, moments, places."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gate.model.manifest import NO_SERVICE, Location
from gate.model.verdict import Finding

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def plural(count: int, noun: str) -> str:
    """`1 finding`, `2 findings`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def moment(time: str, now: str | None = None) -> str:
    """`2026-11-27 17:00 UTC`, with `(in 5d 7h)` where `now` is given and earlier.

    Both are RFC 3339 times. A bare date, and what is no time, stays as it is.
    """
    at = _parsed(time)
    if at is None:
        return time
    form = "%Y-%m-%d %H:%M UTC" if at.second == 0 else "%Y-%m-%d %H:%M:%S UTC"
    start = _parsed(now) if now else None
    wait = f" (in {_span(at - start)})" if start and at > start else ""
    return at.strftime(form) + wait


def day(time: str, now: str | None = None) -> str:
    """As `moment`, with the day of the week before it: `Fri 2026-11-27 17:00 UTC`."""
    at = _parsed(time)
    return moment(time, now) if at is None else f"{_DAYS[at.weekday()]} {moment(time, now)}"


def place(location: Location) -> str:
    """`path:line:column`, as much of it as is known."""
    parts = [location.path]
    if location.line:
        parts.append(str(location.line))
        if location.column:
            parts.append(str(location.column))
    return ":".join(parts) + (" (in the base)" if location.side == "old" else "")


def where(finding: Finding) -> str | None:
    """A finding's place, else the resource or service that it speaks of."""
    if finding.location:
        return place(finding.location)
    if finding.resource or finding.service in (None, NO_SERVICE):
        return finding.resource or finding.service
    return f"service {finding.service}"


def _parsed(time: str) -> datetime | None:
    if "T" not in time:
        return None
    try:
        at = datetime.fromisoformat(time)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def _span(time: timedelta) -> str:
    minutes = max(round(time.total_seconds() / 60), 1)
    days, rest = divmod(minutes, 24 * 60)
    hours, left = divmod(rest, 60)
    units = [(days, "d"), (hours, "h"), (left, "min")]
    while units[0][0] == 0:
        units.pop(0)
    return " ".join(f"{count}{unit}" for count, unit in units[:2] if count)
