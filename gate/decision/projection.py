"""A context at a later time: what is known of it now, and which moments it names.

Freezes are as their calendars say. Error budgets are as their projections say: the future in which
no more errors come. All other evidence stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from gate.decision.case import Json
from gate.model import times

Kind = Literal["freeze", "slo", "clock"]
_Named = tuple[datetime | None, Kind, bool]
"""A moment, what names it, and whether a freeze begins then."""
LOW = 0.2
"""Below this share of the budget an SLO's state is `warning`."""
_HOUR = timedelta(hours=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Boundary:
    """A moment at which something may be judged otherwise, in whole seconds: never before it.
    `begins` says that a freeze does. `clock` stands for all that is neither freeze nor budget."""

    at: datetime
    kinds: frozenset[Kind]
    begins: bool = False


def at(context: Json, moment: datetime) -> dict[str, Any]:
    """The context as it will be."""
    now = times.moment(context["now"])
    assert now is not None
    evidence = dict(context["evidence"])
    if "slo" in evidence:
        evidence["slo"] = {
            service: {name: _budgets(told, now, moment) for name, told in environments.items()}
            for service, environments in evidence["slo"].items()
        }
    return {**context, "now": times.written(moment), "evidence": evidence}


def boundaries(context: Json, told: Iterable[datetime] = ()) -> list[Boundary]:
    """All moments after `now` that the evidence names, and those `told`, in order."""
    now = times.moment(context["now"])
    assert now is not None
    named = [
        *_freeze_moments(context),
        *_budget_moments(context, now),
        *((moment, "clock", False) for moment in told),
    ]
    kinds: dict[datetime, set[Kind]] = {}
    starts: set[datetime] = set()
    for moment, kind, begins in named:
        if moment is not None and moment > now:
            whole = _whole(moment)
            kinds.setdefault(whole, set()).add(kind)
            starts |= {whole} if begins else set()
    return [
        Boundary(moment, frozenset(kinds[moment]), begins=moment in starts)
        for moment in sorted(kinds)
    ]


def _freeze_moments(context: Json) -> Iterator[_Named]:
    for calendar in _values(context, "freeze"):
        yield _time(calendar, "last_end"), "freeze", False
        yield _time(calendar, "review_by"), "freeze", False
        for window in _mappings(calendar.get("windows")):
            yield _time(window, "from"), "freeze", True
            yield _time(window, "until"), "freeze", False


def _budget_moments(context: Json, now: datetime) -> Iterator[_Named]:
    for entry in _values(context, "slo"):
        for moment, _ in _points(entry):
            yield moment, "slo", False
        if entry.get("burn_rate"):
            yield _after(now, _HOUR), "slo", False
        for pair in _mappings(entry.get("pairs")):
            short = _duration(pair.get("short"))
            if pair.get("exceeded") is True and short is not None:
                yield _after(now, short), "slo", False


def known_until(context: Json) -> datetime | None:
    """Until when all calendars of the change's targets tell what is to come; None: they set no
    limit, or there are none."""
    ends = (
        _time(calendar, "until") for calendar in _values(context, "freeze") if "windows" in calendar
    )
    return min((end for end in ends if end is not None), default=None)


def stays_spent(context: Json, service: str | None) -> bool:
    """Whether some budget of the service (None: of any) is spent, and nothing foretells that it
    recovers: the projection ends before, or there is none."""
    now = times.moment(context["now"])
    assert now is not None
    targets = [each for each in context["targets"] if service in (None, each["service"])]
    for entry in _values({**context, "targets": targets}, "slo"):
        if not _is_number(entry.get("remaining")):
            continue
        foretold = [remaining for moment, remaining in _points(entry) if moment > now]
        if max([entry["remaining"], *foretold]) <= 0:
            return True
    return False


def is_unmeasured(context: Json, service: str | None) -> bool:
    """Whether some budget of the service (None: of any) is not known."""
    targets = [each for each in context["targets"] if service in (None, each["service"])]
    return any(
        entry.get("state") == "insufficient_data" or not _is_number(entry.get("remaining"))
        for entry in _values({**context, "targets": targets}, "slo")
    )


def _values(context: Json, kind: str) -> Iterator[Mapping[str, Any]]:
    """What the sources of a kind say of the targets, item by item."""
    for target in context["targets"]:
        told = context["evidence"].get(kind, {}).get(target["service"], {})
        envelope = told.get(target["environment"], {})
        status = envelope.get("status")
        # What is known holds also where another source does not answer.
        if status in ("ok", "unavailable", "skipped"):
            yield from _mappings(envelope.get("value"))


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """The mappings of a list: evidence may come from a file that a person wrote."""
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, Mapping))


def _budgets(envelope: Json, now: datetime, moment: datetime) -> Json:
    value = envelope.get("value")
    if envelope.get("status") != "ok" or not isinstance(value, list):
        return envelope
    later = [_budget(each, now, moment) if isinstance(each, Mapping) else each for each in value]
    return {**envelope, "value": later}


def _budget(entry: Mapping[str, Any], now: datetime, moment: datetime) -> Mapping[str, Any]:
    """An SLO if no more errors come from now on. What could not be measured stays so, and a
    projection of what is past already tells nothing."""
    if moment <= now or not _is_number(entry.get("remaining")):
        return entry
    if entry.get("state") == "insufficient_data":
        return entry
    later = dict(entry)
    for point, remaining in _points(entry):
        if now < point <= moment:
            later["remaining"] = min(remaining, 1)
    if "pairs" in entry and isinstance(entry["pairs"], list):
        later["pairs"] = [
            _pair(each, moment - now) if isinstance(each, Mapping) else each
            for each in entry["pairs"]
        ]
    if moment - now >= _HOUR and entry.get("burn_rate") is not None:
        later |= {"burn_rate": 0, "exhausted_at": None}
    if "state" in entry:
        later["state"] = _state(later)
    return later


def _pair(pair: Mapping[str, Any], passed: timedelta) -> Mapping[str, Any]:
    """A pair of windows after a time without errors: where the short one is past, it is calm."""
    later = dict(pair)
    for window in ("short", "long"):
        length = _duration(pair.get(window))
        if length is not None and passed >= length:
            later[f"{window}_rate"] = 0
            later["exceeded"] = False
    return later


def _state(entry: Mapping[str, Any]) -> str:
    if entry["remaining"] <= 0:
        return "exhausted"
    burning = any(pair.get("exceeded") is True for pair in _mappings(entry.get("pairs")))
    return "warning" if burning or entry["remaining"] < LOW else "ok"


def _points(entry: Mapping[str, Any]) -> list[tuple[datetime, float]]:
    """The projection, in order of time."""
    found: list[tuple[datetime, float]] = []
    for each in _mappings(entry.get("projection")):
        moment, remaining = _time(each, "at"), each.get("remaining")
        if moment is not None and remaining is not None and _is_number(remaining):
            found.append((moment, remaining))
    return sorted(found)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _time(told: Mapping[str, Any], key: str) -> datetime | None:
    value = told.get(key)
    return times.moment(value) if isinstance(value, str) else None


def _duration(text: Any) -> timedelta | None:
    try:
        return times.duration(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _after(moment: datetime, length: timedelta) -> datetime | None:
    """None where that is no time any more."""
    try:
        return moment + length
    except OverflowError:
        return None


def _whole(moment: datetime) -> datetime:
    """The first whole second that is not before it: `now` has no parts of a second."""
    cut = moment.replace(microsecond=0)
    try:
        return cut if cut == moment else cut + _SECOND
    except OverflowError:
        return cut
