"""What an event of a calendar says of its time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

Local = datetime | date
"""What a clock shows, without its zone; or a whole day."""


@dataclass(frozen=True, slots=True)
class Named:
    """Moments that a list of an event names: `moments` in UTC, and whole `days` of its zone."""

    moments: frozenset[datetime] = frozenset()
    days: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Length:
    """How long an event lasts: first by the clock, then on in elapsed time."""

    shown: timedelta = timedelta(0)
    elapsed: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Extra:
    """A further beginning (RDATE), in the event's zone, with a length of its own or the event's."""

    start: Local
    length: Length | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """An RRULE without its UNTIL, which is `until`: a moment in UTC, or the last day."""

    text: str
    until: Local | None
    count: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """A VEVENT. `start` is what the clock of `place` shows, or a day; `replaces` is what the
    occurrence that it stands for would begin at (RECURRENCE-ID), `following` that it speaks of all
    later ones too. `has_end`: its length was said, not taken as none."""

    name: str
    uid: str
    path: str
    line: int
    start: Local
    length: Length
    place: tzinfo
    has_end: bool = True
    reason: str | None = None
    who: str | None = None
    cancelled: bool = False
    sequence: int = 0
    rules: tuple[Rule, ...] = ()
    extras: tuple[Extra, ...] = ()
    left_out: Named = field(default_factory=Named)
    replaces: Named | None = None
    following: bool = False
