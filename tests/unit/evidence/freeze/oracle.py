"""What a windows file says, minute by minute: a direct reading, which shares no code with gate.

It knows only a table of what the clocks of a zone show in each minute, and reads everything from
it. All times in the files that it reads are whole minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NEVER = 10**9

Window = Mapping[str, Any]


class Clock:
    """What the clocks of a zone show, each minute of a stretch."""

    def __init__(self, zone: ZoneInfo, start: datetime, minutes: int) -> None:
        self.start = start
        self.shown = [
            (start + index * MINUTE).astimezone(zone).replace(tzinfo=None, fold=0)
            for index in range(minutes)
        ]

    def find(self, local: datetime) -> list[int]:
        """The minutes that show a time, or the first after it where none does."""
        if local < self.shown[0]:
            return [-NEVER]
        found = [index for index, shown in enumerate(self.shown) if shown == local]
        later = (index for index, shown in enumerate(self.shown) if shown > local)
        return found or [next(later, NEVER)]

    def at(self, text: str, *, end: bool, widest: bool) -> int:
        """The minute that a text names."""
        if text.endswith("Z"):
            return (datetime.fromisoformat(text) - self.start) // MINUTE
        local = datetime.fromisoformat(text)
        if end and len(text) == 10:
            local += timedelta(days=1)
        found = self.find(local)
        return found[-1] if end == widest else found[0]


@lru_cache(maxsize=64)
def clock(zone: ZoneInfo, start: datetime, minutes: int) -> Clock:
    return Clock(zone, start, minutes)


@lru_cache(maxsize=1024)
def field(text: str, low: int, high: int) -> frozenset[int]:
    """The values that one field of a cron expression names."""
    values: set[int] = set()
    for term in text.split(","):
        body, _, step = term.partition("/")
        if body == "*":
            first, last = low, high
        elif "-" in body:
            first, last = (int(each) for each in body.split("-"))
        else:
            first = int(body)
            last = high if step else first
        values |= {each for each in range(first, last + 1) if (each - first) % int(step or 1) == 0}
    return frozenset(values)


def fits(cron: str, shown: datetime) -> bool:
    """Whether a cron expression names a time."""
    minute, hour, day, month, weekday = cron.split()
    if shown.minute not in field(minute, 0, 59) or shown.hour not in field(hour, 0, 23):
        return False
    if shown.month not in field(month, 1, 12):
        return False
    on_day = shown.day in field(day, 1, 31)
    weekdays = field(weekday, 0, 7)
    on_weekday = shown.isoweekday() % 7 in weekdays or (shown.isoweekday() == 7 and 7 in weekdays)
    if day.startswith("*") or weekday.startswith("*"):
        return on_day and on_weekday
    return on_day or on_weekday


def frozen(windows: Sequence[Window], start: datetime, minutes: int, zones: Any) -> list[bool]:
    """Whether each minute from `start` is frozen by the deny windows, and not by an exception."""
    denied = [False] * minutes
    allowed = [False] * minutes
    for window in windows:
        table = clock(zones(window["time_zone"]), start, minutes)
        into = allowed if window.get("kind") == "allow" else denied
        for index in _minutes(window, table):
            into[index] = True
    return [yes and not no for yes, no in zip(denied, allowed, strict=True)]


def _minutes(window: Window, table: Clock) -> set[int]:
    deny = window.get("kind") != "allow"
    count = len(table.shown)
    first, last = -NEVER, NEVER
    if "from" in window:
        first = table.at(window["from"], end=False, widest=deny)
    if "to" in window:
        last = table.at(window["to"], end=True, widest=deny)
    within = set(range(max(first, 0), min(last, count)))
    if "cron" in window:
        return within & _cron(window, table, deny=deny)
    if "weekly" in window:
        return within & _weekly(window["weekly"], table, deny=deny)
    return within


def _cron(window: Window, table: Clock, *, deny: bool) -> set[int]:
    lasts = window["minutes"]
    found: set[int] = set()
    for index, shown in enumerate(table.shown):
        begins = fits(window["cron"], shown)
        before = table.shown[index - 1] if index else shown - MINUTE
        if deny:
            skipped = before + MINUTE
            while skipped < shown:
                begins = begins or fits(window["cron"], skipped)
                skipped += MINUTE
        elif begins:
            begins = shown not in table.shown[max(0, index - 200) : index]
        if begins:
            found |= set(range(index, min(index + lasts, len(table.shown))))
    return found


def _weekly(week: Mapping[str, str], table: Clock, *, deny: bool) -> set[int]:
    found: set[int] = set()
    day = table.shown[0].date() - timedelta(days=8)
    while day <= table.shown[-1].date():
        if NAMES[day.isoweekday() % 7] == week["from"][:3].lower():
            begins = _on(day, week["from"])
            ends_on = day
            while (
                NAMES[ends_on.isoweekday() % 7] != week["to"][:3].lower()
                or _on(ends_on, week["to"]) <= begins
            ):
                ends_on += timedelta(days=1)
            first = table.find(begins)
            last = table.find(_on(ends_on, week["to"]))
            span = (first[0], last[-1]) if deny else (first[-1], last[0])
            found |= set(range(max(span[0], 0), min(span[1], len(table.shown))))
        day += timedelta(days=1)
    return found


def _on(day: date, text: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(text[4:]))


def changes(zone: ZoneInfo, first: int, last: int) -> list[datetime]:
    """The days, in UTC, on which the clocks of a zone are changed."""
    day = datetime(first, 1, 1, tzinfo=UTC)
    found = []
    while day.year <= last:
        after = day + timedelta(days=1)
        if day.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            found.append(day)
        day = after
    return found
