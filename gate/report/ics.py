"""Freezes as iCalendar (RFC 5545), for a calendar that people look at and for other gates.

What is not free is an event: a freeze, and also what is not known, since a reader of this file
takes silence for calm. iCalendar has no open end: a freeze without one is repeated each day, for
ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from gate import __version__
from gate.model.freezes import State, Window
from gate.model.manifest import Target
from gate.model.times import written
from gate.report.escape import plain
from gate.report.freezes import States
from gate.report.standing import whose

_DAY = timedelta(days=1)


def render(found: States, now: datetime, until: datetime) -> str:
    """The calendar from `now` to `until`, lines ended as the RFC says."""
    calendar = Calendar()
    calendar.add("prodid", f"-//change-gate//gate {__version__}//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Freezes")
    calendar.add("x-wr-caldesc", f"Known at {written(now)} up to {written(until)}.")
    same: dict[tuple[str, datetime, datetime | None], list[tuple[Window, Target]]] = {}
    for target, each in found.items():
        for window in each.windows:
            key = (window.name, window.start, window.until)
            same.setdefault(key, []).append((window, target))
    for told in sorted(same.values(), key=lambda each: (each[0][0].start, each[0][0].name)):
        calendar.add_component(_freeze(told, now))
    unknown: dict[tuple[datetime, str], list[Target]] = {}
    for target, each in found.items():
        start = _unknown_from(each, now, until)
        if start is not None:
            reason = each.reason or f"its calendars were read up to {written(start)} only"
            unknown.setdefault((start, reason), []).append(target)
    for (start, reason), targets in unknown.items():
        calendar.add_component(_unknown(targets, reason, start, until, now))
    return str(calendar.to_ical().decode())


def _freeze(told: Sequence[tuple[Window, Target]], now: datetime) -> Event:
    window = told[0][0]
    windows = list(dict.fromkeys(each for each, _ in told))
    targets = list(dict.fromkeys(target for _, target in told))
    lines = [
        *_distinct(each.reason for each in windows),
        *(f"By {who}" for who in _distinct(each.who for each in windows)),
        f"Frozen: {whose(targets)}",
        *(f"From {place}" for place in _distinct(_place(each) for each in windows)),
    ]
    open_end = window.until is None
    if open_end:
        lines.append("No end is known: it is repeated each day until it is taken away.")
    end = None if window.until is None else written(window.until)
    identity = (window.name, written(window.start), end)
    title = window.name + (" (no end is known)" if open_end else "")
    event = _event(title, lines, window.start, window.until or window.start + _DAY, now, identity)
    if open_end:
        event.add("rrule", {"freq": "daily"})
    return event


def _unknown(
    targets: Sequence[Target], reason: str, start: datetime, until: datetime, now: datetime
) -> Event:
    told = whose(targets)
    lines = [f"Whether this is frozen is not known: {told}", reason]
    return _event(f"Freezes not known: {told}", lines, start, until, now, ("unknown", told))


def _unknown_from(found: State, now: datetime, until: datetime) -> datetime | None:
    """From when on nobody says whether a target is frozen, if that is before `until`."""
    if found.frozen is None:
        return now
    if found.known is not None and found.known < until.replace(microsecond=0):
        return found.known
    return None


def _event(
    title: str,
    lines: Sequence[str],
    start: datetime,
    until: datetime,
    now: datetime,
    identity: tuple[str | None, ...],
) -> Event:
    event = Event()
    digest = hashlib.sha256("\0".join(each or "" for each in identity).encode()).hexdigest()
    event.add("uid", f"{digest[:32]}@change-gate")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", start.astimezone(UTC))
    event.add("dtend", until.astimezone(UTC))
    event.add("summary", plain(title))
    event.add("description", "\n".join(plain(line) for line in lines))
    event.add("categories", ["freeze"])
    return event


def _place(window: Window) -> str | None:
    if window.source is None:
        return None
    return f"{window.source}:{window.line}" if window.line else window.source


def _distinct(texts: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))
