"""The arithmetic of freezes: zones, spans, repetition, scopes, and the envelopes of a source.

What a clock shows (a local time) may be shown twice, when it is put back, or never, when it is
put forward. A deny window errs to the longer side there and an allow window to the shorter one:
`longer` says which is meant. A time that is never shown is the moment of the change.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from cronsim.cronsim import Field

from gate.errors import ConfigError, GateError, did_you_mean
from gate.evidence.freeze.interface import Calendar, Span, as_value
from gate.evidence.interface import Question, unavailable
from gate.model.change import Unread, content_at
from gate.model.manifest import Target
from gate.model.times import written
from gate.model.verdict import Evidence
from gate.strict_yaml.check import shown

FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
LONGEST = timedelta(days=366)
"""The longest duration of one repetition."""
MOST = 100_000
"""How many repetitions of a window are looked at."""
MOST_FREEZES = 10_000
"""How many freezes of a target are told."""

_DAY = timedelta(days=1)
_AROUND = timedelta(days=7)
_FURTHER = (timedelta(days=28), timedelta(days=400))
_FIELDS = re.compile(r"[0-9A-Za-z*,/#-]{1,100}(?:[ \t]+[0-9A-Za-z*,/#-]{1,100}){4}")
_NO_CRON = "Write five fields: minute, hour, day of the month, month, day of the week."


@dataclass(frozen=True, slots=True)
class Scope:
    """Which targets a window speaks of: those that fit each of the three. Empty: all."""

    environments: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    tiers: tuple[int, ...] = ()


def holds(scope: Scope, target: Target, *, longer: bool = True) -> bool:
    """Whether a scope holds for a target. A tier that is not known is inside the scope of a deny
    window (`longer`) and outside that of an allow window."""
    return (
        (not scope.environments or target.environment in scope.environments)
        and (not scope.services or target.service in scope.services)
        and (not scope.tiers or (longer if target.tier is None else target.tier in scope.tiers))
    )


def misspelt(scope: Scope, question: Question) -> str | None:
    """A sentence about a name in a scope that the config does not know, or None.

    A config that names no services (environments) at all knows them from the manifests: then
    nothing can be said.
    """
    for word, names, known in (
        ("environment", scope.environments, question.environments),
        ("service", scope.services, question.services),
    ):
        for name in names:
            if known and name not in known:
                return f"The config knows no {word} {shown(name)}{did_you_mean(name, known)}"
    return None


def zone(name: str) -> ZoneInfo:
    """The time zone of that name, as the package tzdata has it; `UTC` and `Z` are UTC.

    The system's own data is not asked: it may be older, or know names in another case.
    Raises ConfigError.
    """
    if name == "Z":
        name = "UTC"
    if name not in _zones():
        raise ConfigError(
            f"There is no time zone {shown(name)}{_near(name)}",
            advice="Write its name in the IANA database, such as `Europe/Berlin`, or `UTC`.",
        )
    return _zone(name)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The union, in order of time; spans that overlap or touch become one."""
    union: list[Span] = []
    for span in sorted(spans, key=lambda each: each.start):
        if _ends(span) <= span.start:
            continue
        if union and span.start <= _ends(union[-1]):
            if union[-1].until is not None and _ends(span) > union[-1].until:
                union[-1] = replace(union[-1], until=span.until)
            elif span.until is None:
                union[-1] = replace(union[-1], until=None)
        else:
            union.append(span)
    return union


def without(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is left of each span when the holes are taken out. Spans are not merged."""
    gaps = merged(holes)
    ends = [_ends(gap) for gap in gaps]
    return [
        piece
        for span in spans
        for piece in _pieces(span, islice(gaps, bisect_right(ends, span.start), None))
    ]


def overlapping(spans: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    """Those of the spans that hold some moment from `start` to `end`, both included."""
    return [span for span in spans if span.start <= end and _ends(span) > start]


def earliest(local: datetime, place: ZoneInfo) -> datetime:
    """When the clocks of a zone show a time (naive) first, in UTC; where they leave it out, the
    moment at which they do."""
    return _moments(local, place)[0]


def latest(local: datetime, place: ZoneInfo) -> datetime:
    """When the clocks of a zone show a time (naive) last, in UTC."""
    return _moments(local, place)[-1]


def later(moment: datetime, by: timedelta) -> datetime:
    """The moment, moved; the first or the last that there is, where it would be out of bounds."""
    try:
        return moment + by
    except OverflowError:
        return LAST if by > timedelta(0) else FIRST


def schedule(cron: str) -> CronSim:
    """The fields of a cron expression (see `repeated`). Raises ConfigError."""
    text = cron.strip()
    if not _FIELDS.fullmatch(text):
        raise ConfigError(f"{shown(cron)} is no cron expression of five fields.", advice=_NO_CRON)
    try:
        fields = CronSim(text, datetime(2000, 1, 1))  # noqa: DTZ001 - only the fields are used
        odd = _one_with_a_step(text)
    except CronSimError as error:
        why = f"{shown(cron)} is no cron expression: {error}."
        raise ConfigError(why, advice=_NO_CRON) from error
    if odd is not None:
        why = f"{shown(cron)} is no cron expression: {shown(odd)} is one value with a step."
        raise ConfigError(why, advice="Write the one value.")
    return fields


def check_duration(duration: timedelta) -> None:
    """Raises ConfigError where nothing that is repeated may last so long, or so short."""
    if not timedelta(0) < duration <= LONGEST:
        raise ConfigError(
            f"A duration of {duration} cannot be repeated.",
            advice=f"Write one over 0 and up to {LONGEST.days} days.",
        )


def repeated(
    cron: str,
    duration: timedelta,
    place: ZoneInfo,
    start: datetime,
    end: datetime,
    *,
    longer: bool = True,
) -> list[Span]:
    """The times of a window that begins whenever `cron` fits the local clock and lasts `duration`
    of elapsed time: all that hold some moment from `start` to `end`, also those that began before.

    Occurrences that overlap or touch are one. Its beginning is looked for a week before `start`,
    and its end a year after `end`; where it goes on even then, nobody knows the end.

    Where clocks are put forward over a beginning, it is the moment of that change; where they show
    it twice, it counts twice. Not `longer` (for what permits): the first does not count, of the
    second the earlier one does, and the end is not looked for beyond a week.

    `cron` has five fields as Debian's cron reads them: the days must fit both fields if one of
    the two starts with `*`, else either. `L`, `LW` (last day, last working day of the month),
    `5#3` (third Friday), `5L` (last Friday) are known. Raises ConfigError for anything else, for a
    duration that is not positive or over `LONGEST`, and for over `MOST` occurrences.
    """
    fields = schedule(cron)
    check_duration(duration)
    first = later(start, -_AROUND)
    found: list[Span] = []
    for ahead in (_AROUND, *_FURTHER):
        edge = later(end, ahead)
        local = _local_starts(fields, later(first, -duration), edge)
        if local is None and not found:
            raise ConfigError(
                f"`{cron}` happens over {MOST} times in the time that is looked at.",
                advice="Write fewer beginnings with a longer duration, or ask for fewer days.",
            )
        if local is None:
            break
        begins = (moment for each in local for moment in _begins(each, place, longer=longer))
        spans = merged(Span(moment, later(moment, duration)) for moment in begins)
        found = overlapping(spans, start, end)
        if not found or not longer or _ends(found[-1]) < edge:
            return found
    return [*found[:-1], replace(found[-1], until=None)]


def answer(
    question: Question,
    per_target: Callable[[Target], Calendar | str],
    *,
    observed_at: datetime | None = None,
) -> list[Evidence]:
    """An envelope for each target: its calendar, or text: why it is unavailable.

    `observed_at` is when the source was looked at: `question.now` unless told.
    """
    return [_envelope(question, each, per_target, observed_at) for each in question.targets]


def told(error: GateError) -> str:
    """An error as the reason of an envelope: place, what is wrong, what to do."""
    return f"{error.placed} {error.advice}"


def contents(question: Question, path: str, name: str | None = None) -> bytes:
    """A file of the trusted tree. Raises ConfigError where it is not there or cannot be read.

    `name` is what people see of a path that holds a variable's value.
    """
    data = content_at(question.tree, path)
    path = name or path
    if data is None:
        why = f"There is no file {shown(path)} in {question.tree.label}."
        raise ConfigError(why, advice="Add it, or remove the source.", path=path)
    if isinstance(data, Unread):
        why = f"It cannot be read: {data.reason}."
        raise ConfigError(why, advice="Put a small text file there.", path=path)
    return data


def _envelope(
    question: Question,
    target: Target,
    per_target: Callable[[Target], Calendar | str],
    observed_at: datetime | None,
) -> Evidence:
    try:
        calendar = per_target(target)
    except GateError as error:
        calendar = told(error)
    if isinstance(calendar, Calendar) and len(calendar.freezes) > MOST_FREEZES:
        calendar = f"There are over {MOST_FREEZES} freezes in it: write fewer that last longer."
    if isinstance(calendar, str):
        (failed,) = unavailable(replace(question, targets=[target]), calendar)
        return failed
    return Evidence(
        question.kind,
        target.service,
        target.environment,
        "ok",
        source=question.name,
        observed_at=written(observed_at or question.now),
        value=as_value(calendar),
    )


@cache
def _zones() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@cache
def _zone(name: str) -> ZoneInfo:
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def _near(name: str) -> str:
    """The end of a sentence. Only the case, or only the continent, is the usual mistake."""
    wanted = name.strip().replace(" ", "_").lower()
    for known in sorted(_zones(), key=lambda each: (each.lower() != wanted, each)):
        if wanted in (known.lower(), known.lower().rpartition("/")[2]):
            return f". Did you mean `{known}`?"
    return did_you_mean(name, _zones())


def _ends(span: Span) -> datetime:
    return LAST if span.until is None else span.until


def _pieces(span: Span, gaps: Iterable[Span]) -> Iterator[Span]:
    """What the gaps, in order, leave of a span. None ends before it."""
    start = span.start
    for gap in gaps:
        if gap.start >= _ends(span):
            break
        if gap.start > start:
            yield Span(start, gap.start)
        if gap.until is None:
            return
        start = gap.until
    if start < _ends(span) or span.until is None:
        yield Span(start, span.until)


def _moments(local: datetime, place: ZoneInfo) -> tuple[datetime, ...]:
    """The one or two moments at which the clocks show a time, in order; else the change's."""
    offsets = [place.utcoffset(local.replace(fold=fold)) for fold in (0, 1)]
    before, after = (each if each is not None else timedelta(0) for each in offsets)
    first = later(local.replace(tzinfo=UTC, fold=0), -before)
    if before == after:
        return (first,)
    second = later(local.replace(tzinfo=UTC, fold=0), -after)
    return (first, second) if first < second else (_change(second, first, place),)


def _change(low: datetime, high: datetime, place: ZoneInfo) -> datetime:
    """The moment after `low`, up to `high`, at which a zone's offset changes; whole seconds."""
    old = low.astimezone(place).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if middle.astimezone(place).utcoffset() == old:
            low = middle
        else:
            high = middle
    return high


def _is_left_out(local: datetime, place: ZoneInfo) -> bool:
    before, after = (place.utcoffset(local.replace(fold=fold)) for fold in (0, 1))
    return before is not None and after is not None and before < after


def _begins(local: datetime, place: ZoneInfo, *, longer: bool) -> Sequence[datetime]:
    moments = _moments(local, place)
    if longer:
        return moments
    return () if _is_left_out(local, place) else moments[:1]


def _one_with_a_step(text: str) -> str | None:
    """A term such as `3-3/2`: cronsim takes it for `3/2`, which goes on to the end."""
    for field, value in zip(list(Field)[1:], text.split(), strict=True):
        for term in value.split(","):
            body, step, _ = term.upper().partition("/")
            if step and "-" in body and len(field.parse(body)) == 1:
                return term
    return None


def _local_starts(fields: CronSim, start: datetime, end: datetime) -> list[datetime] | None:
    """The local times of any zone, naive, that fit a schedule between two moments, and some more
    around; None where they are too many."""
    first = later(start, -2 * _DAY).replace(tzinfo=None).toordinal()
    last = later(end, 2 * _DAY).replace(tzinfo=None).toordinal()
    days = [
        day
        for day in map(date.fromordinal, range(first, last + 1))
        if day.month in fields.months and fields.match_day(day)
    ]
    if len(days) * len(fields.hours) * len(fields.minutes) > MOST:
        return None
    times = [(hour, minute) for hour in sorted(fields.hours) for minute in sorted(fields.minutes)]
    return [
        datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001
        for day in days
        for hour, minute in times
    ]
