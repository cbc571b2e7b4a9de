"""The series that Sloth's recording rules make.

Labels `sloth_id`, `sloth_service`, `sloth_slo`, `sloth_window`. The share of errors of the whole
window averages those of 5 minutes (`slo:sli_error:ratio_rate30d`), and is NaN for a whole window
after a single NaN.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gate.clients.http import Unreachable
from gate.clients.prometheus import ANOTHER, Sample, any_of
from gate.evidence.slo.interface import WINDOWS, Measured, Plan
from gate.evidence.slo.look import (
    BACK,
    Found,
    Look,
    Rules,
    heard,
    moment_of,
    proven,
)
from gate.model.times import duration

_NAME = "__name__"
_RATE = "slo:sli_error:ratio_rate"
_OBJECTIVE = "slo:objective:ratio"
_DAYS = "slo:time_period:days"


@dataclass(frozen=True, slots=True)
class _Key:
    """What tells SLOs apart."""

    service: str
    environment: str | None
    name: str
    id: str


def found(look: Look) -> list[Found]:
    """The SLOs of the services that are asked about, also those whose series ended within a day.
    Raises Unreachable, also where no series of Sloth is there for any service."""
    only = look.matchers(f"{_label(look)}=~{any_of(look.services)}")
    here = only[1:]
    names = f'{_NAME}=~"{_RATE}.+|{_OBJECTIVE}|{_DAYS}"'
    now, seen, known, anyone = look.all(
        look.query,
        [
            f"{{{names}, {here}",
            f"max_over_time(timestamp({_RATE}5m{only})[{BACK}:1m])",
            f'last_over_time({{{_NAME}=~"{_OBJECTIVE}|{_DAYS}|sloth_slo_info", {here}[{BACK}])',
            f'count(last_over_time({{{_NAME}=~"{_OBJECTIVE}|sloth_slo_info", '
            f"{look.matchers()[1:]}[{BACK}]))",
        ],
    )
    if not anyone:
        raise Unreachable(
            f"it has no series of Sloth ({_OBJECTIVE}, sloth_slo_info); is this the right"
            " server, and are the rules loaded?"
        )
    misnamed = look.misnamed(f'{_NAME}=~"{_OBJECTIVE}|sloth_slo_info"', "Sloth")
    if misnamed:
        raise Unreachable(misnamed)
    groups = [_by_key(look, each) for each in (now, seen, known)]
    keys = dict.fromkeys(key for group in groups for key in group)
    each = {key: _one(look, key, *(group.get(key, []) for group in groups)) for key in keys}
    spread = _spread(look, only, each)
    calm = {key for key, one in each.items() if one.measured.rates.get("5m", 0) == 0}
    wanted = any(one.measured.bad == 0 or key in calm for key, one in each.items())
    rules = Rules(look, f"{_RATE}5m", wanted=wanted)

    def finished(key: _Key) -> Found:
        own = rules.of(_own(look, key))
        one = proven(look, each[key], own)
        if key in calm:
            one = heard(look, one, own)
        return replace(one, measured=replace(one.measured, badness=spread.get(key, ())))

    return look.all(finished, each)


def _own(look: Look, key: _Key) -> dict[str, str]:
    """The labels of the rules that record an SLO."""
    labels = {"sloth_id": key.id, "sloth_slo": key.name}
    return labels if look.service_label else {**labels, "sloth_service": key.service}


def _label(look: Look) -> str:
    return look.service_label or "sloth_service"


def _key(look: Look, labels: Mapping[str, str]) -> _Key:
    environment = labels.get(look.environment_label) if look.environment_label else None
    return _Key(
        labels.get(_label(look), ""),
        environment or None,
        labels.get("sloth_slo") or labels.get("sloth_id") or "",
        labels.get("sloth_id", ""),
    )


def _by_key(look: Look, samples: Sequence[Sample]) -> dict[_Key, list[Sample]]:
    groups: dict[_Key, list[Sample]] = defaultdict(list)
    for sample in samples:
        key = _key(look, sample.labels)
        if key.service not in look.services:
            raise Unreachable(ANOTHER)
        groups[key].append(sample)
    return groups


def _one(
    look: Look,
    key: _Key,
    now: Sequence[Sample],
    seen: Sequence[Sample],
    known: Sequence[Sample],
) -> Found:
    current = _by_name(now)
    before = _by_name(known)
    twice = next((each for each in current.values() if len(each) > 1), None)
    values = {name: each[0].value for name, each in current.items()}
    past = {name: each[0].value for name, each in before.items()}
    objective = values.get(_OBJECTIVE, past.get(_OBJECTIVE))
    days = values.get(_DAYS, past.get(_DAYS, 30.0))
    is_window = 0 < days <= 3660
    window = timedelta(days=days if is_window else 30)
    plan = Plan(
        key.service,
        key.environment,
        key.name,
        math.nan if objective is None else round(objective, 12),
        window,
        bad="",
    )
    if twice is not None:
        return Found(plan, Measured(None, reason="several"), broken=_several(key, twice))
    newest = max((sample.value for sample in seen), default=None)
    at = None if newest is None else moment_of(newest)
    shares = {
        name.removeprefix(_RATE): value for name, value in values.items() if name.startswith(_RATE)
    }
    bad = next((share for text, share in shares.items() if _span(text) == window), None)
    rates = {text: share for text, share in shares.items() if text in WINDOWS}
    stale = None if at is None else look.aged(f"{key.name} of {key.service}", at)
    reason = stale
    if not is_window:
        reason = f"{_DAYS} says {days:g} days"
    elif objective is None:
        reason = f"it has no {_OBJECTIVE}"
    elif _OBJECTIVE not in values and reason is None:
        reason = f"its {_OBJECTIVE} is no longer there"
    elif at is None:
        reason = f"nothing was measured for a day: {_RATE}5m has no samples"
    elif bad is None and reason is None:
        reason = f"there is no share of errors of its whole window, {days:g} days"
    return Found(plan, Measured(bad, rates, (), at, reason), stale)


def _by_name(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    groups: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        groups[sample.labels.get(_NAME, "")].append(sample)
    return groups


def _several(key: _Key, samples: Sequence[Sample]) -> str:
    one, other = samples[0].labels, samples[1].labels
    differing = sorted(
        name for name in one.keys() | other.keys() if one.get(name) != other.get(name)
    )
    return (
        f"{len(samples)} series are there for {key.name} of {key.service}, which differ in"
        f" {', '.join(differing) or 'nothing'}; say with `selector` which is meant"
    )


def _span(text: str) -> timedelta | None:
    try:
        return duration(text)
    except ValueError:
        return None


def _spread(
    look: Look, only: str, each: Mapping[_Key, Found]
) -> dict[_Key, tuple[tuple[datetime, float], ...]]:
    """Where in the window the errors lie: what the shares of 5 minutes sum up to in each step."""
    windows = list({one.plan.window for one in each.values() if one.measured.bad})

    def ask(window: timedelta) -> dict[_Key, tuple[tuple[datetime, float], ...]]:
        found = look.spread(f"{_RATE}5m{only}", window)
        return {_key(look, one.labels): one.values for one in found}

    asked = dict(zip(windows, look.all(ask, windows), strict=True))
    return {key: asked.get(one.plan.window, {}).get(key, ()) for key, one in each.items()}
