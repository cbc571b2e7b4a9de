"""Freezes as evidence tells them: read with care, and how long they last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gate.model.times import moment, written
from gate.model.verdict import Evidence


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which a target may not change. `until` None: nobody knows the end. `source` and
    `line` say where it stands."""

    name: str
    start: datetime
    until: datetime | None
    reason: str | None = None
    who: str | None = None
    source: str | None = None
    line: int | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it freezes at a moment: its end is the first that it does not."""
        return self.start <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class State:
    """How a target stands. `frozen` None: that is not known, and `reason` says why. It does so too
    where a freeze is known that holds, and whether others do is not.

    `until` is when a freeze ends; None: nobody knows. `windows` are in order of time. `known` is
    how far they are told; None: as far as was asked.
    """

    frozen: bool | None
    until: datetime | None = None
    windows: tuple[Window, ...] = ()
    known: datetime | None = None
    reason: str | None = None

    def next(self, now: datetime) -> Window | None:
        """The first window that is still to come."""
        return next((each for each in self.windows if each.start > now), None)


class _StrangeError(Exception):
    """What of a value is no calendar."""


def state(evidence: Evidence, now: datetime) -> State:
    """Whether a target is frozen at a moment, and until when, by the evidence of kind freeze.

    A value with anything in it that cannot be read is not known, and never free.
    """
    if evidence.status != "ok":
        return _in_part(evidence, now)
    try:
        calendars, found = _calendars(evidence.value)
        ends = [_moment(each["until"]) for each in calendars if each.get("until") is not None]
    except _StrangeError as error:
        return State(None, reason=f"{evidence.source or 'its source'}: {error}")
    windows = _sorted(found)
    known = min(ends, default=None)
    if any(each.holds(now) for each in windows):
        return State(True, over(windows, now), windows, known)
    if known is not None and known <= now:
        told = f"{evidence.source or 'its source'} says nothing after {written(known)}"
        return State(None, windows=windows, known=known, reason=told)
    return State(False, None, windows, known)


def _in_part(evidence: Evidence, now: datetime) -> State:
    """Freezes that one calendar tells hold also where another does not answer."""
    reason = evidence.reason or "no reason is given"
    if evidence.status not in ("unavailable", "skipped") or evidence.value is None:
        return State(None, reason=reason)
    try:
        _, found = _calendars(evidence.value)
    except _StrangeError:
        return State(None, reason=reason)
    windows = _sorted(found)
    if any(each.holds(now) for each in windows):
        return State(True, over(windows, now), windows, now, reason)
    return State(None, windows=windows, reason=reason)


def over(windows: Iterable[Window], at: datetime) -> datetime | None:
    """The first moment from `at` on that no window holds: past all that overlap or follow each
    other. None: one of them has no end that is known."""
    for window in sorted(windows, key=lambda each: each.start):
        if window.holds(at):
            if window.until is None:
                return None
            at = window.until
    return at


def _calendars(value: Any) -> tuple[list[Mapping[str, Any]], list[Window]]:
    calendars = [_mapping(each, "a calendar") for each in _list(value, "the value")]
    return calendars, [window for each in calendars for window in _windows(each)]


def _sorted(windows: Iterable[Window]) -> tuple[Window, ...]:
    return tuple(sorted(windows, key=lambda each: (each.start, each.name)))


def _windows(calendar: Mapping[str, Any]) -> Iterator[Window]:
    source = _text(calendar, "source")
    for each in _list(calendar.get("windows"), "`windows`"):
        told = _mapping(each, "a window")
        start, end = _moment(told.get("from")), told.get("until")
        until = None if end is None else _moment(end)
        if until is not None and until < start:
            raise _StrangeError("a window ends before it begins")
        line = told.get("line")
        yield Window(
            _text(told, "name") or "a freeze without a name",
            start,
            until,
            _text(told, "reason"),
            _text(told, "who"),
            source,
            line if isinstance(line, int) and not isinstance(line, bool) else None,
        )


def _text(told: Mapping[str, Any], key: str) -> str | None:
    text = told.get(key)
    if text is not None and not isinstance(text, str):
        raise _StrangeError(f"`{key}` is no text")
    return text or None


def _list(value: Any, what: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise _StrangeError(f"{what} is no list")
    return value


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _StrangeError(f"{what} is no object")
    return value


def _moment(text: Any) -> datetime:
    found = moment(text) if isinstance(text, str) else None
    if found is None:
        raise _StrangeError("a time is not in RFC 3339")
    return found
