"""What a calendar of freezes is, as evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gate.model.times import written


@dataclass(frozen=True, slots=True)
class Span:
    """A time, from its first moment to the first after it. `until` None: nobody knows the end.
    Both are aware of their zone."""

    start: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time in which a target may not change. `line` is where its window stands in the file."""

    name: str
    span: Span
    reason: str | None = None
    who: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a source says about a target's freezes from `now` to `until`, in order of time.

    `last_end` is when the last window of the whole calendar ends, None where there is none or some
    repeat for ever. `review_by` is until when its authors answer for it.
    """

    source: str
    until: datetime
    freezes: tuple[Freeze, ...] = ()
    last_end: datetime | None = None
    review_by: datetime | None = None


def as_value(calendar: Calendar) -> list[dict[str, Any]]:
    """The value of an envelope: a list with this one calendar, all times RFC 3339 in UTC."""
    return [
        {
            "source": calendar.source,
            "until": _written(calendar.until),
            "last_end": _written(calendar.last_end),
            "review_by": _written(calendar.review_by),
            "windows": [
                {
                    "name": each.name,
                    "from": _written(each.span.start),
                    "until": _written(each.span.until),
                    "reason": each.reason,
                    "who": each.who,
                    "line": each.line,
                }
                for each in calendar.freezes
            ],
        }
    ]


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else written(moment)
