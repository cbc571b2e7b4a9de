"""When the events of a calendar happen: rules, further dates, what is left out or put elsewhere.

dateutil counts the rules, by the clock of the event's zone. The rest is done here: the usual
reader, recurring-ical-events, drops occurrences in silence where an event happens several times
a day and one of them is left out or moved.

Each occurrence lasts as long by the clock as the first one, so that a night's freeze ends at the
same hour when clocks change; the hours of a DURATION are elapsed time (RFC 5545, 3.8.5.3). What
the clock shows twice begins at the first time and ends at the last.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from dateutil.rrule import rrulestr

from gate.errors import ConfigError
from gate.evidence.freeze.calendar import later, overlapping
from gate.evidence.freeze.ical_model import Event, Length, Local, Named, Rule
from gate.evidence.freeze.ical_zones import first, last
from gate.evidence.freeze.interface import Freeze, Span

MAX_OCCURRENCES = 20_000

_DAY = timedelta(days=1)
_MARGIN = timedelta(days=3)
_BACK = (timedelta(days=400), timedelta(days=5 * 366))
_NONE = timedelta(0)
_LOOK_BACK = timedelta(days=31)
_STEPS = {"HOURLY": timedelta(hours=1), "DAILY": _DAY, "WEEKLY": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class _Occurrence:
    """One time of an event. `start` is what the clock of its zone shows."""

    event: Event
    start: Local
    length: Length


def freezes(
    calendars: Sequence[Sequence[Event]], path: str, start: datetime, end: datetime
) -> Iterator[Freeze]:
    """The freezes that hold some moment from `start` to `end`, in order of time, whole. Raises
    ConfigError for too many, and for an event near that has no end."""
    found: list[Freeze] = []
    for each in itertools.chain.from_iterable(map(_series, calendars)):
        for occurrence in _between(each, start, end):
            event = occurrence.event
            span = _span(occurrence)
            if not event.has_end and occurrence.length == Length():
                _look_for_end(event, span, start, end)
            elif occurrence.length != Length() and overlapping([span], start, end):
                found.append(Freeze(event.name, span, event.reason, event.who, event.line))
            if len(found) > MAX_OCCURRENCES:
                why = f"Its events happen more than {MAX_OCCURRENCES} times in the time asked for."
                raise ConfigError(why, advice="Ask for fewer days.", path=path)
    return iter(sorted(found, key=lambda each: each.span.start))


def last_end(calendars: Sequence[Sequence[Event]]) -> datetime | None:
    """When the last event ends; None where there is none, or one repeats for ever."""
    latest: datetime | None = None
    for each in itertools.chain.from_iterable(map(_series, calendars)):
        if any(_is_endless(rule) for event in each.events for rule in event.rules):
            return None
        for occurrence in _at_the_end(each):
            until = _span(occurrence).until
            if until is not None and (latest is None or until > latest):
                latest = until
    return latest


@dataclass(frozen=True, slots=True)
class _Series:
    """Events of one UID, and those that stand for single occurrences of theirs."""

    events: tuple[Event, ...]
    changes: tuple[Event, ...]


def _series(events: Sequence[Event]) -> Iterator[_Series]:
    """By UID. Of revisions (SEQUENCE) the highest counts; events that share UID and revision are
    a mistake of who wrote them, and all count."""
    by_uid: dict[str, list[Event]] = {}
    for event in events:
        by_uid.setdefault(event.uid, []).append(event)
    for group in by_uid.values():
        changes: dict[Named, list[Event]] = {}
        for event in group:
            if event.replaces is not None:
                changes.setdefault(event.replaces, []).append(event)
        yield _Series(
            _newest([event for event in group if event.replaces is None]),
            tuple(itertools.chain.from_iterable(map(_newest, changes.values()))),
        )


def _newest(events: Sequence[Event]) -> tuple[Event, ...]:
    highest = max((event.sequence for event in events), default=0)
    return tuple(event for event in events if event.sequence == highest)


def _between(series: _Series, start: datetime, end: datetime) -> Iterator[_Occurrence]:
    """The occurrences between two moments, and some more around."""
    for event in series.events:
        moved = max(
            (abs(_moved(event, each)) for each in series.changes if each.following), default=_NONE
        )
        length = max(_total(each.length) for each in (event, *series.changes))
        length = max([length, *(_total(each.length) for each in event.extras if each.length)])
        around = moved + _MARGIN
        low = later(start, -(length + around + (_LOOK_BACK if not event.has_end else _NONE)))
        begins = _begins(event, low.replace(tzinfo=None), later(end, around).replace(tzinfo=None))
        yield from _as_changed(series, event, begins)
    yield from _changed(series)


def _at_the_end(series: _Series) -> Iterator[_Occurrence]:
    """The last occurrences."""
    for event in series.events:
        begins = {(event.start, event.length), *_extras(event)}
        for rule in event.rules:
            begins |= {(each, event.length) for each in _last_of(rule, event)}
        yield from _as_changed(series, event, begins)
    yield from _changed(series)


def _changed(series: _Series) -> Iterator[_Occurrence]:
    """The occurrences that stand for others."""
    return (
        _Occurrence(event, event.start, event.length)
        for event in series.changes
        if not event.cancelled
    )


def _as_changed(
    series: _Series, event: Event, begins: Iterable[tuple[Local, Length]]
) -> Iterator[_Occurrence]:
    """The occurrences of an event, without those left out or replaced."""
    following = sorted(
        (each for each in series.changes if each.following),
        key=lambda each: _moment_of(each, event),
    )
    for begin, length in begins:
        moment, day = first(_time(begin), event.place), _day(begin)
        if any(_names(each, moment, day) for each in _exceptions(series, event)):
            continue
        now = next(
            (each for each in reversed(following) if _moment_of(each, event) < moment), event
        )
        if not now.cancelled and now is event:
            yield _Occurrence(event, begin, length)
        elif not now.cancelled:
            moved = replace(now, place=event.place)
            yield _Occurrence(moved, _plus(begin, _moved(event, now), now.start), now.length)


def _exceptions(series: _Series, event: Event) -> Iterator[Named]:
    yield event.left_out
    yield from (each.replaces for each in series.changes if each.replaces is not None)


def _names(named: Named, moment: datetime, day: date) -> bool:
    return moment in named.moments or day in named.days


def _moment_of(change: Event, event: Event) -> datetime:
    """When the occurrence begins that a change speaks of."""
    assert change.replaces is not None
    moments = [*change.replaces.moments]
    moments += [first(_time(day), event.place) for day in change.replaces.days]
    return moments[0]


def _moved(event: Event, change: Event) -> timedelta:
    """How far a change moves the occurrences after it, by the clock."""
    there = _moment_of(change, event).astimezone(event.place).replace(tzinfo=None)
    start: Local = change.start
    if isinstance(start, datetime) and change.place is not event.place:
        start = first(start, change.place).astimezone(event.place).replace(tzinfo=None)
    return _time(start) - there


def _plus(begin: Local, by: timedelta, like: Local) -> Local:
    moved = _time(begin) + by
    return moved if isinstance(like, datetime) else moved.date()


def _begins(event: Event, low: datetime, high: datetime) -> set[tuple[Local, Length]]:
    """Where the occurrences of an event begin, from one local time to another."""
    found = {(event.start, event.length), *_extras(event)}
    found = {each for each in found if low <= _time(each[0]) <= high}
    for rule in event.rules:
        found |= {(each, event.length) for each in _ruled(rule, event, low, high)}
    return found


def _extras(event: Event) -> Iterator[tuple[Local, Length]]:
    return ((each.start, each.length or event.length) for each in event.extras)


def _ruled(rule: Rule, event: Event, low: datetime, high: datetime) -> Iterator[Local]:
    """Where a rule's occurrences begin. Its beginning is moved near by whole steps: dateutil goes
    through all that lie before."""
    start = _time(event.start)
    step = _step(rule)
    if step is not None and rule.count is None and low > start:
        start += step * max(0, (low - start) // step - 1)
    try:
        counted = rrulestr(rule.text, dtstart=start).xafter(low, inc=True)
        for number, each in enumerate(counted):
            if each > high:
                return
            if number > MAX_OCCURRENCES:
                why = f"The event `{event.name}` happens more than {MAX_OCCURRENCES} times."
                raise _wrong(event, why, "Let it happen less often.")
            begin: Local = each if isinstance(event.start, datetime) else each.date()
            if not _is_over(rule, event, begin):
                yield begin
    except (ValueError, OverflowError) as error:
        why = f"The rule of the event `{event.name}` cannot be counted."
        raise _wrong(event, why, "Mend the calendar, or export it anew.") from error


def _is_over(rule: Rule, event: Event, begin: Local) -> bool:
    if rule.until is None:
        return False
    if isinstance(rule.until, datetime):
        return first(_time(begin), event.place) > rule.until
    return _day(begin) > rule.until


def _step(rule: Rule) -> timedelta | None:
    """The time from one repetition to the next, where it is always the same."""
    parts = dict(part.split("=") for part in rule.text.split(";"))
    step = _STEPS.get(parts["FREQ"])
    return None if step is None else step * int(parts.get("INTERVAL", 1))


def _last_of(rule: Rule, event: Event) -> Sequence[Local]:
    """The last occurrences of a rule that ends."""
    low, high = datetime.min, datetime.max  # noqa: DTZ901 - what a clock shows
    if rule.until is not None:
        high = _time(_until(rule.until))
        step = _step(rule)
        backs = (*((step * 10,) if step else ()), *_BACK)
        for back in backs:
            found = list(_ruled(rule, event, high - back, high))
            if found:
                return found
        low = _time(event.start)
    return list(_ruled(rule, event, low, high))[-10:]


def _until(until: Local) -> datetime:
    """A local time that is not before the end of a rule."""
    return _time(until).replace(tzinfo=None) + 2 * _DAY


def _is_endless(rule: Rule) -> bool:
    return rule.until is None and (rule.count is None or rule.count > MAX_OCCURRENCES)


def _span(occurrence: _Occurrence) -> Span:
    event, start, length = occurrence.event, occurrence.start, occurrence.length
    begin = first(_time(start), event.place)
    if not isinstance(start, datetime):
        return Span(begin, first(_time(start + length.shown), event.place))
    until = last(start + length.shown, event.place) if length.shown else begin
    until = later(until, length.elapsed)
    if until <= begin:
        until = later(begin, _total(length))
    return Span(begin, until)


def _look_for_end(event: Event, span: Span, start: datetime, end: datetime) -> None:
    """An event without an end that begins soon, or began lately, may mean a freeze without end."""
    if later(start, -_LOOK_BACK) <= span.start <= end:
        why = f"The event `{event.name}` has a beginning and no end."
        raise _wrong(event, why, "Give it an end (DTEND or DURATION).")


def _wrong(event: Event, why: str, advice: str) -> ConfigError:
    return ConfigError(why, advice=advice, path=event.path, line=event.line)


def _total(length: Length) -> timedelta:
    return length.shown + length.elapsed


def _time(local: Local) -> datetime:
    return local if isinstance(local, datetime) else datetime.combine(local, time())


def _day(local: Local) -> date:
    return local.date() if isinstance(local, datetime) else local
