"""The series that Pyrra's generic recording rules make (`--generic-rules`).

`pyrra_objective`, `pyrra_window` (seconds), `pyrra_availability`, `pyrra_requests:rate5m` and
`pyrra_errors:rate5m`, told apart by the label `slo`. An SLO belongs to the service that its label
`service` names, or else to the one of its own name.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from gate.clients.http import Unreachable
from gate.clients.prometheus import ANOTHER, Sample
from gate.evidence.slo.budget import LONGEST
from gate.evidence.slo.interface import WINDOWS, Measured, Plan
from gate.evidence.slo.look import (
    BACK,
    Found,
    Look,
    Rules,
    moment_of,
    proven,
    seconds_of,
)

_NAME = "__name__"
_REQUESTS = "pyrra_requests:rate5m"
_ERRORS = "pyrra_errors:rate5m"
_META = ("pyrra_objective", "pyrra_window", "pyrra_availability")

Value = TypeVar("Value")
Points = tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class _Key:
    """What tells SLOs apart."""

    service: str
    environment: str | None
    name: str


def found(look: Look) -> list[Found]:
    """The SLOs of the services that are asked about, also those whose series ended within a day.
    Raises Unreachable, also where no series of Pyrra is there for any service."""
    only = look.matchers()
    names = f'{{{_NAME}=~"{"|".join(_META)}", {only[1:]}'
    now, seen, known, *ratios = look.all(
        look.query,
        [
            names,
            f"max_over_time(timestamp({_REQUESTS}{only})[{BACK}:1m])",
            f"last_over_time({names}[{BACK}])",
            *(
                f"sum_over_time({_ERRORS}{only}[{w}]) / sum_over_time({_REQUESTS}{only}[{w}])"
                for w in WINDOWS
            ),
        ],
    )
    if not known:
        raise Unreachable(
            "it has no series of Pyrra (pyrra_objective); is this the right server, and are the"
            " generic rules switched on (--generic-rules)?"
        )
    if any(sample.labels.get(_NAME) not in _META for sample in (*now, *known)):
        raise Unreachable(ANOTHER)
    misnamed = look.misnamed(f'{_NAME}="pyrra_objective"', "Pyrra")
    if misnamed:
        raise Unreachable(misnamed)
    groups = [_by_key(look, samples) for samples in (now, seen, known, *ratios)]
    keys = [key for key in dict.fromkeys(k for g in groups[:3] for k in g) if _is_asked(look, key)]
    rates = [dict(zip(WINDOWS, (g.get(key, []) for g in groups[3:]), strict=True)) for key in keys]
    each = {
        key: _one(look, key, [group.get(key, []) for group in groups[:3]], own)
        for key, own in zip(keys, rates, strict=True)
    }
    traffic = _by_window(look, each, lambda window: _traffic(look, only, window))
    spread = _by_window(look, each, lambda window: _spread(look, only, window))
    wanted = any(one.measured.bad == 0 for one in each.values())
    rules = Rules(look, _ERRORS, wanted=wanted and look.errors_must_exist)

    def finished(key: _Key) -> Found:
        one = each[key]
        if one.measured.reason is None and not traffic.get(key):
            reason = f"there was no traffic in {one.plan.window.days} days"
            return replace(one, measured=replace(one.measured, bad=None, reason=reason))
        one = proven(look, one, rules.of({"slo": key.name}))
        return replace(one, measured=replace(one.measured, badness=spread.get(key, ())))

    return look.all(finished, each)


def _key(look: Look, labels: Mapping[str, str]) -> _Key:
    environment = labels.get(look.environment_label) if look.environment_label else None
    name = labels.get("slo", "")
    service = labels.get(look.service_label or "service") or name
    return _Key(service, environment or None, name)


def _is_asked(look: Look, key: _Key) -> bool:
    return bool(key.name) and key.service in look.services


def _by_key(look: Look, samples: Sequence[Sample]) -> dict[_Key, list[Sample]]:
    groups: dict[_Key, list[Sample]] = defaultdict(list)
    for sample in samples:
        groups[_key(look, sample.labels)].append(sample)
    return groups


def _one(
    look: Look,
    key: _Key,
    samples: Sequence[Sequence[Sample]],
    ratios: Mapping[str, Sequence[Sample]],
) -> Found:
    now, seen, known = samples
    counts = Counter(sample.labels.get(_NAME, "") for sample in now)
    values = {sample.labels.get(_NAME, ""): sample.value for sample in now}
    past = {sample.labels.get(_NAME, ""): sample.value for sample in known}
    seconds = values.get("pyrra_window", past.get("pyrra_window", math.nan))
    is_window = 0 < seconds <= LONGEST.total_seconds()
    objective = values.get("pyrra_objective", past.get("pyrra_objective", math.nan))
    window = timedelta(seconds=seconds if is_window else 0)
    plan = Plan(key.service, key.environment, key.name, objective, window, bad="")
    if any(count > 1 for count in counts.values()):
        broken = (
            f"several series are there for {key.name} of {key.service};"
            " say with `selector` which are meant"
        )
        return Found(plan, Measured(None, reason=broken), broken=broken)
    availability = values.get("pyrra_availability")
    newest = max((sample.value for sample in seen), default=None)
    at = None if newest is None else moment_of(newest)
    stale = None if at is None else look.aged(f"{key.name} of {key.service}", at)
    reason = stale
    if reason is None:
        reason = _gap(values, at, is_window=is_window)
    bad = None if availability is None else _rest(availability)
    rates = {text: each[0].value for text, each in ratios.items() if len(each) == 1}
    return Found(plan, Measured(bad, rates, (), at, reason), stale)


def _gap(values: Mapping[str, float], at: datetime | None, *, is_window: bool) -> str | None:
    missing = next((name for name in _META if name not in values), None)
    if at is None:
        return f"nothing was measured for a day: {_REQUESTS} has no samples"
    if missing is not None:
        return f"it has no {missing}"
    return None if is_window else f"pyrra_window says {values['pyrra_window']:g} s"


def _rest(availability: float) -> float:
    """The share of errors, without the noise of the subtraction."""
    return round(1 - availability, 15) if math.isfinite(availability) else availability


def _by_window(
    look: Look,
    each: Mapping[_Key, Found],
    ask: Callable[[timedelta], Mapping[_Key, Value]],
) -> dict[_Key, Value]:
    windows = list({one.plan.window for one in each.values() if one.plan.window})
    asked = dict(zip(windows, look.all(ask, windows), strict=True))
    return {
        key: asked[one.plan.window][key]
        for key, one in each.items()
        if key in asked.get(one.plan.window, {})
    }


def _traffic(look: Look, only: str, window: timedelta) -> dict[_Key, bool]:
    """Which SLOs had traffic within the window."""
    samples = look.query(f"sum_over_time({_REQUESTS}{only}[{seconds_of(window)}])")
    return {_key(look, sample.labels): sample.value > 0 for sample in samples}


def _spread(look: Look, only: str, window: timedelta) -> dict[_Key, Points]:
    """Where in the window the errors lie."""
    return {_key(look, one.labels): one.values for one in look.spread(f"{_ERRORS}{only}", window)}
