"""SLOs of OpenSLO v1, as PromQL: the convention `openslo`.

The share that was bad, by the budgeting method (OpenSLO v1, `budgetingMethod`):

- Occurrences: bad events / all events. Without events, data points are counted instead.
- Timeslices: slices whose ratio of good events is below `timeSliceTarget` / slices.
- RatioTimeslices: the mean of `1 - ratio` of the slices.

A slice ends at a multiple of its length since 1970. One without traffic, or without data, is
neither good nor bad: it does not count. Slices of counters are differences of what the counter was
at their ends, so that no event falls between two.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gate.errors import ConfigError
from gate.evidence.interface import Question
from gate.evidence.slo.budget import LONGEST
from gate.evidence.slo.interface import WINDOWS, Plan, Unplanned
from gate.evidence.slo.promql import (
    UnclearError,
    cleaned,
    increase,
    is_ranged,
    measured,
    raw_counters,
    shortest_range,
)
from gate.evidence.slo.specs import (
    ENVIRONMENT,
    Document,
    items,
    label,
    member,
    number,
    read_all,
    text,
)
from gate.model.times import duration, written
from gate.strict_yaml.nodes import Node

VERSION = "openslo/v1"
SPEAKS_PROMQL = frozenset({"prometheus", "thanos", "mimir", "cortex"})
SHORTEST = timedelta(hours=1)
AT_LEAST = timedelta(minutes=10)
"""How far is looked back just after a window of the calendar began: less holds no samples."""

_FINE, _COARSE = timedelta(minutes=1), timedelta(minutes=5)
_MILLISECOND = timedelta(milliseconds=1)
_STEPS = 60
_OPERATORS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_DURATION = re.compile(r"([0-9]{1,4})([mhdwMQY])")
_FIXED = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_ULP = 1e-9
"""What a ratio may be below its target by rounding alone."""

Query = Callable[[str], str]
"""PromQL over a range: the range is what stands in the brackets, such as `5m` or `$step`."""


class _UnfitError(Exception):
    """Why an SLO cannot be measured; the message is a clause."""


@dataclass(frozen=True, slots=True)
class _Window:
    """`length` of the whole window, `back` how far it reaches back from now."""

    length: timedelta
    back: timedelta
    starts: datetime | None = None
    resets: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Indicator:
    """What is measured, over any range. `ratio` is the bad share in one slice, NaN-free; `bad` and
    `traffic` what is counted. `errors`: gives something where errors were counted. `guard` holds
    where the numbers go together."""

    share: Query
    bad: Query
    traffic: Query
    ratio: str | None = None
    errors: Query | None = None
    guard: Query | None = None


@dataclass(frozen=True, slots=True)
class _Context:
    """All that is looked up while the SLOs are read."""

    settings: Mapping[str, Any]
    now: datetime
    indicators: Mapping[str, Sequence[Node]]
    sources: Mapping[str, Node]
    services: Mapping[str, Node]


def plans(question: Question, settings: Mapping[str, Any]) -> list[Plan | Unplanned]:
    """A plan for each objective of each SLO in the files of `specs`, or why there is none.

    Where no bad event was ever counted, `bad` is 0 and `errors` gives nothing: whoever judges must
    tell that apart. Raises ConfigError where there is no `specs`, a pattern matches no file, or no
    file names an SLO.
    """
    if not settings.get("specs"):
        raise ConfigError(
            "the convention openslo needs `specs`", advice="Name the files with the SLOs."
        )
    read = read_all(question, settings)
    found: list[Plan | Unplanned] = [each for each in read if isinstance(each, Unplanned)]
    documents = [each for each in read if isinstance(each, Document)]
    context = _context(documents, settings, question.now)
    for document in documents:
        found += _slo(document, context)
    if not found:
        raise ConfigError(
            "the files of `specs` name no SLO of OpenSLO",
            advice="Let `specs` name the files with the SLOs, and `convention` their kind.",
        )
    return found


def period(
    anchor: datetime, amount: int, unit: str, now: datetime, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """The window of the calendar that `now` lies in, in UTC. `anchor` is a time on the wall of
    `zone`, without a zone. Days, weeks, months, quarters and years are those of the wall; a day
    that a month has not is its last. OverflowError and ValueError where years run out."""

    def begin(index: int) -> datetime:
        if unit in {"m", "h"}:
            return anchor.replace(tzinfo=zone).astimezone(UTC) + index * amount * _FIXED[unit]
        if unit in _MONTHS:
            wall = _months_later(anchor, index * amount * _MONTHS[unit])
        else:
            wall = anchor + index * amount * _FIXED[unit]
        return wall.replace(tzinfo=zone).astimezone(UTC)

    length = begin(1) - begin(0)
    index = (now - begin(0)) // length
    while begin(index) > now:
        index -= 1
    while begin(index + 1) <= now:
        index += 1
    return begin(index), begin(index + 1)


def _months_later(at: datetime, months: int) -> datetime:
    years, month = divmod(at.month - 1 + months, 12)
    year = at.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return at.replace(year=year, month=month + 1, day=min(at.day, last))


def _context(documents: Sequence[Document], settings: Mapping[str, Any], now: datetime) -> _Context:
    named: dict[str, dict[str, list[Node]]] = {"SLI": {}, "DataSource": {}, "Service": {}}
    for document in documents:
        node = document.node
        kind, name = text(member(node, "kind")), text(member(node, "metadata", "name"))
        if text(member(node, "apiVersion")) == VERSION and kind in named and name:
            named[kind].setdefault(name, []).append(node)
    return _Context(
        settings,
        now,
        named["SLI"],
        {name: nodes[0] for name, nodes in named["DataSource"].items()},
        {name: nodes[0] for name, nodes in named["Service"].items()},
    )


def _slo(document: Document, context: _Context) -> Iterator[Plan | Unplanned]:
    node = document.node
    version, kind = text(member(node, "apiVersion")) or "", text(member(node, "kind"))
    if not version.startswith("openslo") or kind != "SLO":
        yield from _of_others(document)
        return
    service = text(member(node, "spec", "service"))
    name = text(member(node, "metadata", "name")) or document.path
    labels = [member(node, "metadata", "labels")]
    labels.append(member(context.services.get(service or ""), "metadata", "labels"))
    service_label = label(context.settings, "service")
    if service_label:
        service = next(iter(_labelled(labels, service_label)), service)
    environments: list[str | None] = []
    environments += _labelled(labels, label(context.settings, "environment") or ENVIRONMENT)
    for environment in environments or [None]:
        if version != VERSION:
            short = version.removeprefix("openslo/")
            reason = f"{short} is not read; convert it to {VERSION}"
        elif service is None:
            reason = "it names no service"
        else:
            yield from _objectives(document, context, service, environment, name)
            continue
        yield Unplanned(service, environment, name, reason, place=document.place())


def _of_others(document: Document) -> Iterator[Unplanned]:
    """A spec of another tool, which must not be passed over in silence."""
    node = document.node
    version = text(member(node, "apiVersion")) or text(member(node, "version")) or ""
    for begin, tool in (("sloth.", "Sloth"), ("prometheus/v1", "Sloth"), ("pyrra.", "Pyrra")):
        if version.startswith(begin) and text(member(node, "kind")) != "AlertWindows":
            reason = f"it is a spec of {tool}, and the convention is openslo"
            name = text(member(node, "metadata", "name")) or document.path
            service = text(member(node, "service")) or text(member(node, "spec", "service"))
            yield Unplanned(service, None, name, reason, place=document.place())


def _labelled(labels: Sequence[Node | None], name: str) -> list[str]:
    """The values of a label, from the first that has it."""
    for each in labels:
        value = member(each, name)
        found = [text(one) for one in items(value)] or [text(value)]
        if any(found):
            return [one for one in found if one]
    return []


def _objectives(
    document: Document, context: _Context, service: str, environment: str | None, name: str
) -> Iterator[Plan | Unplanned]:
    spec = member(document.node, "spec")
    objectives = items(member(spec, "objectives"))
    if not objectives:
        reason = "it has no objective"
        yield Unplanned(service, environment, name, reason, place=document.place())
    weights = {number(member(each, "compositeWeight")) for each in objectives}
    taken: set[str] = set()
    for index, objective in enumerate(objectives, start=1):
        part = text(member(objective, "displayName")) or str(index)
        part = f"{part} {index}" if part in taken else part
        taken.add(part)
        full = f"{name}/{part}" if len(objectives) > 1 else name
        place = document.place(objective)
        target = None
        try:
            target = _target(objective)
            if len(weights) > 1:
                raise _UnfitError(
                    "its objectives have weights (compositeWeight), and gate computes no composite"
                )
            yield _plan(spec, objective, context, (service, environment, full, target, place))
        except _UnfitError as error:
            yield Unplanned(service, environment, full, str(error), target, place)
        except UnclearError as error:
            reason = f"its query cannot be used: {error}"
            yield Unplanned(service, environment, full, reason, target, place)


def _plan(
    spec: Node | None,
    objective: Node,
    context: _Context,
    who: tuple[str, str | None, str, float, str],
) -> Plan:
    service, environment, name, target, place = who
    window = _window(spec, context.now)
    slice_ = _slice(spec, objective, window)
    indicator = _indicator(spec, objective, context, slice_)
    method = text(member(spec, "budgetingMethod"))
    share, bad = indicator.share, indicator.bad
    if slice_ is not None:
        ratio = indicator.ratio
        if method == "Timeslices":
            slice_target = number(member(objective, "timeSliceTarget"))
            if slice_target is None or not 0 < slice_target <= 1:
                raise _UnfitError("its timeSliceTarget must be above 0 and at most 1")
            ratio = f"({ratio}) > bool {1 - slice_target + _ULP!r}"
        every = _length(slice_)
        share = _over("avg_over_time", f"{ratio}", every)
        bad = _over("sum_over_time", f"{ratio}", every)
    shortest = slice_ or timedelta(0)
    whole = _length(max(window.back, shortest))
    guard = f" and on() ({indicator.guard(whole)})" if indicator.guard else ""
    return Plan(
        service,
        environment,
        name,
        target,
        window.length,
        bad=f"({share(whole)}){guard}",
        rates={
            each: f"({share(each)}) or on() (NaN * ({indicator.traffic(each)}))"
            for each in WINDOWS
            if shortest <= duration(each) <= window.length
        },
        traffic=indicator.traffic(whole),
        alive=indicator.traffic("$age"),
        errors=indicator.errors(whole) if indicator.errors else None,
        badness=bad("$step") if shortest * _STEPS <= window.length else None,
        starts=window.starts,
        resets=window.resets,
        place=place,
    )


def _target(objective: Node) -> float:
    share, percent = member(objective, "target"), member(objective, "targetPercent")
    if (share is None) == (percent is None):
        raise _UnfitError("it must have either target or targetPercent")
    value = number(share)
    if percent is not None:
        value = number(percent)
        value = None if value is None else value / 100
    if value is None or not 0 < value < 1:
        what = "target must be above 0 and below 1"
        if percent is not None:
            what = "targetPercent must be above 0 and below 100"
        raise _UnfitError(f"its {what}")
    return value


def _window(spec: Node | None, now: datetime) -> _Window:
    told = items(member(spec, "timeWindow"))
    if len(told) != 1:
        raise _UnfitError("it must have one timeWindow")
    (node,) = told
    amount, unit = _duration(member(node, "duration"), "the duration of its timeWindow")
    rolls = member(node, "isRolling")
    at = member(node, "calendar")
    is_rolling = rolls is not None and rolls.value is True
    if is_rolling == (at is not None):
        raise _UnfitError("its timeWindow must be either rolling or of the calendar")
    try:
        if is_rolling:
            length = _rolling(amount, unit, now)
            window = _Window(length, length)
        else:
            window = _of_calendar(at, amount, unit, now)
    except (OverflowError, ValueError):
        raise _UnfitError("its timeWindow cannot be computed: years run out") from None
    if window.length < SHORTEST:
        raise _UnfitError(
            f"its timeWindow is {amount}{unit}, and `m` is minutes: write `M` for months"
        )
    if window.length > LONGEST:
        raise _UnfitError("its timeWindow is longer than ten years")
    return window


def _rolling(amount: int, unit: str, now: datetime) -> timedelta:
    if unit in _FIXED:
        return amount * _FIXED[unit]
    return now - _months_later(now.astimezone(UTC), -amount * _MONTHS[unit])


def _of_calendar(at: Node | None, amount: int, unit: str, now: datetime) -> _Window:
    told, name = text(member(at, "startTime")), text(member(at, "timeZone"))
    try:
        anchor = datetime.fromisoformat(told or "")
    except ValueError:
        raise _UnfitError(
            "the startTime of its calendar must be a time such as `2026-01-01 12:00:00`"
        ) from None
    try:
        zone = ZoneInfo(name or "")
    except (ValueError, OSError, LookupError):
        raise _UnfitError("the timeZone of its calendar must be a name such as `UTC`") from None
    if anchor.tzinfo is not None:
        anchor = anchor.astimezone(zone).replace(tzinfo=None)
    first = anchor.replace(tzinfo=zone).astimezone(UTC)
    if first > now:
        raise _UnfitError(f"its timeWindow begins only at {written(first)}")
    starts, resets = period(anchor, amount, unit, now, zone)
    return _Window(resets - starts, max(now - starts, AT_LEAST), starts, resets)


def _duration(node: Node | None, what: str) -> tuple[int, str]:
    match = _DURATION.fullmatch(text(node) or "")
    if match is None or int(match[1]) == 0:
        raise _UnfitError(f"{what} must be a number with one of m, h, d, w, M, Q and Y")
    return int(match[1]), match[2]


def _slice(spec: Node | None, objective: Node, window: _Window) -> timedelta | None:
    """How long a time slice is; None where there are none."""
    method = text(member(spec, "budgetingMethod"))
    if method == "Occurrences":
        return None
    if method not in {"Timeslices", "RatioTimeslices"}:
        raise _UnfitError("its budgetingMethod must be Occurrences, Timeslices or RatioTimeslices")
    told = member(objective, "timeSliceWindow")
    minutes = number(told)
    if minutes is not None and minutes.is_integer() and 0 < minutes <= 525_600:
        length = timedelta(minutes=minutes)
    else:
        amount, unit = _duration(told, "its timeSliceWindow")
        if unit not in _FIXED:
            raise _UnfitError("its timeSliceWindow must be of minutes, hours, days or weeks")
        length = amount * _FIXED[unit]
    if length > window.length:
        raise _UnfitError("its timeSliceWindow is longer than its timeWindow")
    return length


def _indicator(
    spec: Node | None, objective: Node, context: _Context, slice_: timedelta | None
) -> _Indicator:
    sli = _sli(spec, objective, context)
    ratio, threshold = member(sli, "ratioMetric"), member(sli, "thresholdMetric")
    if (ratio is None) == (threshold is None):
        raise _UnfitError("its indicator must have either ratioMetric or thresholdMetric")
    if threshold is not None:
        return _threshold(_query(threshold, context), objective, slice_)
    raw, total = member(ratio, "raw"), member(ratio, "total")
    good, bad = member(ratio, "good"), member(ratio, "bad")
    if raw is not None and good is None and bad is None and total is None:
        kind = text(member(ratio, "rawType"))
        if kind not in {"success", "failure"}:
            raise _UnfitError("its ratioMetric has raw, so rawType must be success or failure")
        if slice_ is None:
            raise _UnfitError(
                "a raw ratio says nothing of how many events there were, which Occurrences"
                " counts: give good or bad, and total, or use RatioTimeslices"
            )
        return _raw(_query(raw, context), kind, slice_)
    if total is None or raw is not None or (good is None) == (bad is None):
        raise _UnfitError("its ratioMetric must have total with good or bad, or raw alone")
    part = good if bad is None else bad
    counter = member(ratio, "counter")
    counted = _counting(
        _query(part, context), _query(total, context), None if counter is None else counter.value
    )
    return _events(*counted, slice_, is_good=bad is None)


def _sli(spec: Node | None, objective: Node, context: _Context) -> Node | None:
    holder = objective if _has_indicator(objective) else spec
    if holder is objective and _has_indicator(spec):
        raise _UnfitError("it has an indicator of its own and one in its objective")
    inline, reference = member(holder, "indicator"), text(member(holder, "indicatorRef"))
    if inline is not None and reference is None:
        return member(inline, "spec")
    if inline is not None or reference is None:
        raise _UnfitError("it must have either indicator or indicatorRef")
    found = context.indicators.get(reference, ())
    if len(found) != 1:
        problem = "no SLI of the files has this name" if not found else "several SLIs have it"
        raise _UnfitError(f"its indicatorRef is `{reference}`, and {problem}")
    return member(found[0], "spec")


def _has_indicator(node: Node | None) -> bool:
    return member(node, "indicator") is not None or member(node, "indicatorRef") is not None


def _query(metric: Node | None, context: _Context) -> str:
    source = member(metric, "metricSource")
    kind = text(member(source, "type"))
    reference = text(member(source, "metricSourceRef"))
    if kind is None and reference is not None:
        kind = text(member(context.sources.get(reference), "spec", "type"))
    if kind is None:
        raise _UnfitError("its metricSource has no type, and refers to no DataSource that has one")
    if kind.lower() not in SPEAKS_PROMQL:
        raise _UnfitError(f"its metricSource is of type {kind}, and only Prometheus is read")
    query = text(member(source, "spec", "query"))
    if query is None:
        raise _UnfitError("its metricSource has no spec.query")
    if "{{" in query:
        raise _UnfitError(
            "its query holds a template (`{{`), which OpenSLO does not know: write it without"
        )
    if "$" in query:
        raise _UnfitError("its query holds a variable (`$`), which OpenSLO does not know")
    return measured(cleaned(query, context.settings.get("selector")))


def _counting(part: str, total: str, counter: object) -> tuple[Query, Query, timedelta | None]:
    """What both queries count over a range. The third is how often a gauge is looked at, None for
    counters."""
    if counter is None and not (is_ranged(part) and is_ranged(total)):
        raise _UnfitError(
            "its ratioMetric does not say what its queries are: `counter: true` for counters that"
            " only rise, `counter: false` for numbers that go up and down"
        )
    if counter is True:
        for query in (part, total):
            if increase(query, "1m") is None:
                raise _UnfitError(
                    f"with `counter: true`, `{query[:80]}` must be a counter or a sum of counters;"
                    " write a rate, and `counter: false`"
                )
        return _rise(part), _rise(total), None
    for query in (part, total):
        found = raw_counters(query)
        if found:
            raise _UnfitError(
                f"by its name `{found[0][:80]}` is a counter: say `counter: true`, or use its rate"
            )
    step = _step(part, total)
    return _summed(part, step), _summed(total, step), step


def _rise(query: str) -> Query:
    return lambda span: f"sum({increase(query, span)})"


def _summed(query: str, step: timedelta) -> Query:
    return _over("sum_over_time", f"sum({query})", _length(step))


def _step(*queries: str) -> timedelta:
    """How often a number is looked at: as often as its query looks back, within reason."""
    ranges = [found for found in map(shortest_range, queries) if found]
    return min(max(min(ranges, default=_FINE), _FINE), _COARSE)


def _events(
    part: Query, total: Query, step: timedelta | None, slice_: timedelta | None, *, is_good: bool
) -> _Indicator:
    def share(span: str) -> str:
        return _share(part(span), total(span), is_good=is_good)

    def bad(span: str) -> str:
        if not is_good:
            return part(span)
        return f"{total(span)} - ({part(span)} or on() (0 * {total(span)}))"

    ratio = None
    if slice_ is not None:
        span = _length(slice_)
        if step is None:
            # Two points: what the counter was at both ends of the slice.
            span = f"{_length(slice_ + _MILLISECOND)}:{span}"
        elif step >= slice_:
            span = f"{_length(slice_ - _MILLISECOND)}:{_length(slice_)}"
        ratio = _share(part(span), f"({total(span)} > 0)", is_good=is_good)
    return _Indicator(
        share,
        bad,
        total,
        ratio,
        None if is_good else part,
        (lambda span: f"{part(span)} <= 1.01 * {total(span)}") if is_good else None,
    )


def _share(part: str, total: str, *, is_good: bool) -> str:
    """The bad share. What has a total and no part has none of it."""
    ratio = f"({part} or on() (0 * {total})) / {total}"
    return f"1 - {ratio}" if is_good else ratio


def _points(bad: str, known: str, step: timedelta, slice_: timedelta | None) -> _Indicator:
    """Of data points: `bad` is the bad share of each, `known` gives those that were measured."""
    every = _length(step)
    share = _over("avg_over_time", bad, every)
    ratio = None
    if slice_ is not None:
        ratio = share(_length(slice_)) if step < slice_ else bad
    return _Indicator(
        share,
        _over("sum_over_time", bad, every),
        _over("count_over_time", known, every),
        ratio,
    )


def _threshold(query: str, objective: Node, slice_: timedelta | None) -> _Indicator:
    operator, value = text(member(objective, "op")), number(member(objective, "value"))
    if operator not in _OPERATORS:
        raise _UnfitError("its op must be lt, lte, gt or gte, since it has a thresholdMetric")
    if value is None:
        raise _UnfitError("its value must be a number, since it has a thresholdMetric")
    known = f"({query}) >= -Inf"
    bad = f"1 - (({known}) {_OPERATORS[operator]} bool ({value!r}))"
    return _points(bad, known, _step(query), slice_)


def _raw(query: str, kind: str, slice_: timedelta) -> _Indicator:
    """Of a ratio. What is none, as a percentage, is not taken for one."""
    known = f"(({query}) >= -0.01) <= 1.01"
    bad = f"clamp({known}, 0, 1)"
    return _points(f"1 - {bad}" if kind == "success" else bad, known, _step(query), slice_)


def _over(function: str, query: str, every: str) -> Query:
    """A function over what a query gives each `every`, from just after the range's beginning."""

    def made(span: str) -> str:
        begin, _, step = span.partition(":")
        if not step and not begin.startswith("$"):
            begin = _length(duration(begin) - _MILLISECOND)
        return f"{function}(({query})[{begin}:{step or every}])"

    return made


def _length(span: timedelta) -> str:
    return f"{round(span / _MILLISECOND)}ms"
