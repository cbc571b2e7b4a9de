"""Freezes that a YAML file of the repository declares: once, weekly, or by cron with a duration.

An `allow` window is an exception to the deny windows of the same file, for the targets that both
speak of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from gate import schemas
from gate.errors import ConfigError, GateError
from gate.evidence.freeze.calendar import (
    FIRST,
    LAST,
    Scope,
    answer,
    check_duration,
    contents,
    earliest,
    holds,
    later,
    latest,
    merged,
    misspelt,
    overlapping,
    repeated,
    schedule,
    told,
    without,
    zone,
)
from gate.evidence.freeze.interface import Calendar, Freeze, Span
from gate.evidence.interface import Question, unavailable
from gate.model.manifest import Target
from gate.model.times import duration
from gate.model.verdict import Evidence
from gate.strict_yaml.check import Wrong, check, shown
from gate.strict_yaml.nodes import Mark, Node, plain
from gate.strict_yaml.parse import parse

MAX_REPORTED = 5
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ADVICE = "See `gate schema freezes` for what is allowed."
_WEEK = timedelta(days=7)
_DATE_LENGTH = len("2026-12-20")

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Window:
    """A window as the file has it. `bounds` is its time, or that within which it is repeated."""

    name: str
    is_allow: bool
    scope: Scope
    place: ZoneInfo
    bounds: Span
    cron: str | None
    duration: timedelta
    weekly: tuple[str, str] | None
    reason: str | None
    who: str | None
    line: int

    @property
    def is_repeated(self) -> bool:
        return self.cron is not None or self.weekly is not None


@dataclass(frozen=True, slots=True)
class _File:
    windows: Sequence[_Window]
    review_by: datetime | None


class _WrongError(Exception):
    """What is wrong with a value, and where."""

    def __init__(self, message: str, mark: Mark) -> None:
        super().__init__(message)
        self.wrong = Wrong(message, mark)


def observe(question: Question) -> Sequence[Evidence]:
    """The freezes of each target that the windows file declares. Whatever is wrong in the file
    makes all of it unavailable, since the wrong part may be the freeze."""
    settings = question.settings
    path = str(settings["path"] if isinstance(settings, dict) else settings)
    horizon = later(question.now, question.ahead)
    try:
        found = _read(contents(question, path, question.name), question)
        spans = [_spans(each, question.now, horizon, question.name) for each in found.windows]
    except GateError as error:
        return unavailable(question, told(error))
    times = list(zip(found.windows, spans, strict=True))

    def of_target(target: Target) -> Calendar:
        return Calendar(
            question.name,
            horizon,
            tuple(_freezes(times, target, question.now, horizon)),
            _last_end(found.windows),
            found.review_by,
        )

    return answer(question, of_target)


def _freezes(
    times: Sequence[tuple[_Window, Sequence[Span]]], target: Target, now: datetime, until: datetime
) -> list[Freeze]:
    """When a target is frozen, between two moments."""
    exceptions = [
        span
        for window, spans in times
        if window.is_allow and holds(window.scope, target, longer=False)
        for span in spans
    ]
    freezes = [
        Freeze(window.name, span, window.reason, window.who, window.line)
        for window, spans in times
        if not window.is_allow and holds(window.scope, target)
        for span in overlapping(without(spans, exceptions), now, until)
    ]
    return sorted(freezes, key=lambda each: (each.span.start, each.line))


def _last_end(windows: Sequence[_Window]) -> datetime | None:
    """When the last window that denies has ended, at the latest."""
    ends = [each.bounds.until for each in windows if not each.is_allow]
    known = [each for each in ends if each is not None]
    return max(known) if known and len(known) == len(ends) else None


def _spans(window: _Window, start: datetime, end: datetime, path: str) -> list[Span]:
    """When the window is, in order, as far as it matters between two moments."""
    bounds = window.bounds
    if not window.is_repeated:
        return merged([bounds])
    start = max(start, bounds.start)
    end = min(end, bounds.until or LAST)
    if start > end:
        return []
    if window.is_allow:
        start, end = later(start, -_WEEK), later(end, _WEEK)
    try:
        spans = _repetitions(window, start, end)
    except ConfigError as error:
        raise ConfigError(
            error.message, advice=error.advice, path=path, line=window.line
        ) from error
    return [
        Span(max(span.start, bounds.start), _sooner(span.until, bounds.until))
        for span in overlapping(spans, bounds.start, bounds.until or LAST)
    ]


def _repetitions(window: _Window, start: datetime, end: datetime) -> list[Span]:
    longer = not window.is_allow
    if window.cron is not None:
        return repeated(window.cron, window.duration, window.place, start, end, longer=longer)
    return overlapping(merged(_weeks(window, start, end)), start, end)


def _weeks(window: _Window, start: datetime, end: datetime) -> Iterator[Span]:
    """Each week's time, from before `start` to after `end`."""
    assert window.weekly is not None
    (day, begins), (last_day, ends) = (_of_week(each) for each in window.weekly)
    days = (last_day - day) % 7
    if days == 0 and ends < begins:
        days = 7
    first = later(start, -2 * _WEEK).toordinal()
    last = later(end, _WEEK).toordinal()
    for ordinal in range(first, last + 1):
        on = date.fromordinal(ordinal)
        if on.weekday() == day:
            until = _day_after(on, days)
            yield _wide(
                datetime.combine(on, begins),
                datetime.combine(until, ends),
                window.place,
                longer=not window.is_allow,
            )


def _day_after(day: date, by: int) -> date:
    """The day so many days later, or the last that there is."""
    return date.fromordinal(min(day.toordinal() + by, date.max.toordinal()))


def _of_week(text: str) -> tuple[int, time]:
    day, _, clock = text.partition(" ")
    return WEEKDAYS.index(day), time.fromisoformat(clock)


def _wide(start: datetime, until: datetime, place: ZoneInfo, *, longer: bool) -> Span:
    """A time between two local times. Where the clocks show one of them twice: the longer one for
    what denies, the shorter one for what allows."""
    if longer:
        return Span(earliest(start, place), latest(until, place))
    return Span(latest(start, place), earliest(until, place))


def _sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    known = [each for each in (one, other) if each is not None]
    return min(known) if known else None


def _read(data: bytes, question: Question) -> _File:
    """The windows of a file. Raises ConfigError with the line."""
    path = question.name
    document = parse(data, path)
    schema = schemas.load("freezes")
    wrong = list(islice(check(document, schema, schema), MAX_REPORTED))
    _refuse(wrong, path)
    values = plain(document)
    fields = _fields(document)
    windows: list[_Window] = []
    wrong = []
    place, review_by = zone("UTC"), None
    try:
        place = _zone(fields.get("time_zone"), place)
        review_by = _end(fields["review_by"], place) if "review_by" in fields else None
    except _WrongError as error:
        wrong.append(error.wrong)
    items = fields["windows"].value
    assert isinstance(items, list)
    for node, each in zip(items, values["windows"], strict=True):
        try:
            windows.append(_window(node, each, place, question))
        except _WrongError as error:
            wrong.append(error.wrong)
    _refuse(wrong[:MAX_REPORTED], path)
    return _File(windows, review_by)


def _window(node: Node, values: Mapping[str, Any], place: ZoneInfo, question: Question) -> _Window:
    """One window. Raises _WrongError."""
    fields = _fields(node)
    _check_form(node, values)
    place = _zone(fields.get("time_zone"), place)
    scope = _scope(fields.get("scope"), question)
    lasts = duration(values.get("duration", "0s"))
    if "cron" in values:
        _try(lambda: schedule(values["cron"]), fields["cron"].mark)
        _try(lambda: check_duration(lasts), fields["duration"].mark)
    weekly = values.get("weekly")
    if weekly is not None and weekly["from"] == weekly["to"]:
        message = "`weekly` begins and ends at the same time, so that it has no length."
        raise _WrongError(message, fields["weekly"].mark)
    return _Window(
        name=values["name"].strip(),
        is_allow=values.get("kind") == "allow",
        scope=scope,
        place=place,
        bounds=_bounds(fields, place, longer=values.get("kind") != "allow"),
        cron=values.get("cron"),
        duration=lasts,
        weekly=(weekly["from"], weekly["to"]) if weekly is not None else None,
        reason=values.get("reason"),
        who=values.get("who"),
        line=node.mark.line,
    )


def _check_form(node: Node, values: Mapping[str, Any]) -> None:
    """A window is one time, or weekly, or by cron with a duration."""
    name = shown(values["name"])
    wrong = None
    if "cron" in values and "weekly" in values:
        wrong = "has both `cron` and `weekly`. Make two windows of it."
    elif "cron" in values and "duration" not in values:
        wrong = "has `cron` and no `duration`. Say how long it lasts: `duration: 8h`."
    elif "duration" in values and "cron" not in values:
        wrong = "has a `duration` and no `cron`. Write `from` and `to`, or `cron` and `duration`."
    elif not {"from", "cron", "weekly"} & values.keys():
        wrong = (
            "does not say when it is. Write `from` and `to`, or `cron` and `duration`, or `weekly`."
        )
    elif values.get("kind") == "allow" and not {"to", "cron", "weekly"} & values.keys():
        wrong = "is an exception without an end. Write `to`."
    if wrong is not None:
        raise _WrongError(f"the window {name} {wrong}", node.mark)


def _scope(node: Node | None, question: Question) -> Scope:
    if node is None:
        return Scope()
    values = plain(node)
    scope = Scope(
        tuple(values.get("environments", ())),
        tuple(values.get("services", ())),
        tuple(int(each) for each in values.get("tiers", ())),
    )
    unknown = misspelt(scope, question)
    if unknown is not None:
        raise _WrongError(unknown, node.mark)
    return scope


def _bounds(fields: Mapping[str, Node], place: ZoneInfo, *, longer: bool) -> Span:
    start = _start(fields["from"], place, longer=longer) if "from" in fields else FIRST
    until = _end(fields["to"], place, longer=longer) if "to" in fields else None
    if until is not None and "from" in fields:
        widest = _end(fields["to"], place)
        if widest <= _start(fields["from"], place):
            raise _WrongError("`to` is not after `from`.", fields["to"].mark)
    return Span(start, until)


def _start(node: Node, place: ZoneInfo, *, longer: bool = True) -> datetime:
    return _moment(node, _local(node), place, first=longer)


def _end(node: Node, place: ZoneInfo, *, longer: bool = True) -> datetime:
    """The first moment after a time's end. A date lasts to the end of that day."""
    local = _local(node)
    if len(str(node.value)) == _DATE_LENGTH:
        if local.date() == date.max:
            return LAST
        local += timedelta(days=1)
    return _moment(node, local, place, first=not longer)


def _local(node: Node) -> datetime:
    """The time that a text names, naive where it names no offset."""
    try:
        return datetime.fromisoformat(str(node.value).upper())
    except ValueError as error:
        raise _WrongError(f"{shown(str(node.value))} is in no calendar.", node.mark) from error


def _moment(node: Node, local: datetime, place: ZoneInfo, *, first: bool) -> datetime:
    if local.tzinfo is None:
        return earliest(local, place) if first else latest(local, place)
    try:
        return local.astimezone(UTC)
    except OverflowError as error:
        raise _WrongError(f"{shown(str(node.value))} is in no calendar.", node.mark) from error


def _zone(node: Node | None, default: ZoneInfo) -> ZoneInfo:
    return default if node is None else _try(lambda: zone(str(node.value)), node.mark)


def _try(read: Callable[[], Value], mark: Mark) -> Value:
    try:
        return read()
    except ConfigError as error:
        raise _WrongError(f"{error.message} {error.advice}", mark) from error


def _fields(node: Node) -> Mapping[str, Node]:
    assert isinstance(node.value, dict)
    return node.value


def _refuse(problems: Sequence[Wrong], path: str) -> None:
    """Raises what is wrong, the first with its place and the others after it."""
    if not problems:
        return
    first, *others = sorted(problems, key=lambda wrong: wrong.mark)
    also = "".join(f" Line {wrong.mark.line}: {wrong.message}" for wrong in others)
    raise ConfigError(
        first.message[0].upper() + first.message[1:],
        advice=f"More is wrong.{also}" if also else ADVICE,
        path=path,
        line=first.mark.line,
        column=first.mark.column,
    )
