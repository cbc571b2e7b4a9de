"""When a sync window of Argo CD is open: its schedule, its duration, its zone.

Schedules are those of Argo CD's cron library (robfig/cron, five fields, no descriptors): Sunday
is 0 and not 7, `N/step` counts to the end, and a day must fit the day of the month and that of the
week where one of the two is `*`, else either. A window is open while the clock of its zone shows a
time from a beginning on and before that beginning plus the duration. So a beginning that the clock
leaves out opens it for what is left of its duration, and one that the clock shows twice opens it
twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from gate.evidence.freeze.calendar import LAST, later, merged, overlapping, without
from gate.evidence.freeze.interface import Span

YEARS = timedelta(days=5 * 366)
"""How far Argo CD's cron library looks for a beginning. One that comes later never comes."""

_DAY = timedelta(days=1)
_STEP = timedelta(hours=12)
_REACH = (timedelta(days=40), timedelta(days=400), YEARS)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS: Sequence[tuple[str, int, int, Mapping[str, int]]] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: at for at, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 6, {name: at for at, name in enumerate(_WEEKDAYS)}),
)
_RANGE = re.compile(r"(?:([*?])|([0-9A-Za-z]+)(?:-([0-9A-Za-z]+))?)(?:/([0-9]{1,4}))?")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{0,12})?)(ns|us|µs|ms|s|m|h)")


@dataclass(frozen=True, slots=True)
class Cron:
    """When a window begins: the times of a day, and which days. `both`: a day must fit the day of
    the month and the day of the week (0 is Sunday), else either."""

    times: tuple[timedelta, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    both: bool

    def fits(self, day: date) -> bool:
        """Whether a window begins on that day."""
        fits = (day.day in self.days, day.isoweekday() % 7 in self.weekdays)
        return day.month in self.months and (all(fits) if self.both else any(fits))


@dataclass(frozen=True, slots=True)
class Opening:
    """When a window is open, over and over."""

    cron: Cron
    duration: timedelta
    place: ZoneInfo


def cron(text: str) -> Cron:
    """A schedule. Raises ValueError, with what is wrong as the end of a sentence."""
    if text.startswith("@"):
        raise ValueError("is a name for a schedule, and Argo CD knows none")
    if text.upper().startswith(("TZ=", "CRON_TZ=")):
        raise ValueError("holds a time zone, which belongs into `timeZone`")
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"has {len(fields)} fields, and not 5")
    (minutes, _), (hours, _), (days, any_day), (months, _), (weekdays, any_weekday) = (
        _field(field, *bounds) for field, bounds in zip(fields, _FIELDS, strict=True)
    )
    return Cron(
        tuple(
            timedelta(hours=hour, minutes=at) for hour in sorted(hours) for at in sorted(minutes)
        ),
        days,
        months,
        weekdays,
        any_day or any_weekday,
    )


def duration(text: str) -> timedelta:
    """A duration as Go writes it, such as `1h30m`. Raises ValueError, as `cron`."""
    body = text.removeprefix("+").replace("μ", "µ")
    parts = _PART.findall(body)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != body:
        raise ValueError("is no duration of Go, such as `1h30m` (it knows no days)")
    found = timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))
    if not timedelta(0) < found <= YEARS:
        raise ValueError("must be more than nothing, and not more than five years")
    return found


def comes(schedule: Cron, now: datetime) -> bool:
    """Whether a window begins at all in the next five years."""
    return any(schedule.fits(day) for day in _days(now, later(now, YEARS)))


def opened(opening: Opening, start: datetime, end: datetime) -> list[Span]:
    """The times in which a window is open and that hold some moment from `start` to `end`, whole.
    One that goes on for five years more has no end."""
    for reach in _REACH:
        edge = Span(later(start, -reach), later(end, reach))
        found = overlapping(_open(opening, edge), start, end)
        if not any(_touches(span, edge) for span in found):
            return found
    return [_endless(span, edge) for span in found]


def closed(openings: Sequence[Opening], start: datetime, end: datetime) -> list[Span]:
    """The times in which none of the windows is open, as `opened`."""
    for reach in _REACH:
        edge = Span(later(start, -reach), later(end, reach))
        found = [span for opening in openings for span in _open(opening, edge)]
        gaps = overlapping(without([edge], found), start, end)
        if not any(_touches(span, edge) for span in gaps):
            return gaps
    return [_endless(span, edge) for span in gaps]


def _field(
    text: str, name: str, least: int, most: int, names: Mapping[str, int]
) -> tuple[frozenset[int], bool]:
    """The values of a field, and whether it is `*`."""
    found: set[int] = set()
    star = False
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise ValueError(f"has a field ({name}) that cannot be read: {part[:20]!r}")
        step = int(match[4] or 1)
        if match[1]:
            first, last = least, most
            star = star or step == 1
        else:
            first = _number(match[2], names)
            last = _number(match[3], names) if match[3] else most if match[4] else first
        if not least <= first <= last <= most or step < 1:
            raise ValueError(f"has a field ({name}) out of {least} to {most}: {part[:20]!r}")
        found.update(range(first, last + 1, step))
    return frozenset(found), star


def _number(text: str, names: Mapping[str, int]) -> int:
    """A number, or -1 where it is none."""
    return int(text) if text.isdecimal() and len(text) < 5 else names.get(text.lower(), -1)


def _open(opening: Opening, edge: Span) -> list[Span]:
    """When a window is open, as far as it is within the edge."""
    return merged(
        Span(max(first - offset, piece.start), min(last - offset, _end(piece)))
        for piece, offset in _pieces(opening.place, edge)
        for first, last in _local(opening, later(piece.start, offset), later(_end(piece), offset))
    )


def _local(opening: Opening, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """What the clock shows (said to be UTC) while a window is open."""
    daily: list[tuple[timedelta, timedelta]] = []
    for time in opening.cron.times:
        if daily and time <= daily[-1][1]:
            daily[-1] = (daily[-1][0], time + opening.duration)
        else:
            daily.append((time, time + opening.duration))
    for day in _days(later(start, -opening.duration), end):
        if opening.cron.fits(day):
            midnight = start.replace(
                year=day.year,
                month=day.month,
                day=day.day,
                hour=0,
                minute=0,
                second=0,
                microsecond=0,
            )
            for first, last in daily:
                yield later(midnight, first), later(midnight, last)


def _days(start: datetime, end: datetime) -> Iterable[date]:
    first = later(start, -_DAY).toordinal()
    return map(date.fromordinal, range(first, later(end, _DAY).toordinal() + 1))


@lru_cache(maxsize=64)
def _pieces(place: ZoneInfo, edge: Span) -> Sequence[tuple[Span, timedelta]]:
    """The time within the edge in pieces of one offset from UTC."""
    found: list[tuple[Span, timedelta]] = []
    start, offset = edge.start, _offset(edge.start, place)
    at = start
    while at < _end(edge):
        ahead = min(later(at, _STEP), _end(edge))
        if _offset(ahead, place) != offset:
            ahead = _change(at, ahead, place)
            found.append((Span(start, ahead), offset))
            start, offset = ahead, _offset(ahead, place)
        at = ahead
    found.append((Span(start, edge.until), offset))
    return found


def _change(low: datetime, high: datetime, place: ZoneInfo) -> datetime:
    """The first moment after `low` with another offset, in whole seconds after it."""
    low = low.replace(microsecond=0)
    old = _offset(low, place)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if _offset(middle, place) == old else (low, middle)
    return high


def _offset(moment: datetime, place: ZoneInfo) -> timedelta:
    return moment.astimezone(place).utcoffset() or timedelta(0)


def _touches(span: Span, edge: Span) -> bool:
    return span.start <= edge.start or _end(span) >= _end(edge)


def _endless(span: Span, edge: Span) -> Span:
    return Span(span.start, None) if _end(span) >= _end(edge) else span


def _end(span: Span) -> datetime:
    return LAST if span.until is None else span.until
