"""From what was measured of an SLO to its entry in the evidence. Pure arithmetic.

Words and formulas are those of Google's SRE workbook, chapter "Alerting on SLOs": a burn rate of 1
spends the whole budget within the window of the SLO.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from gate.evidence.slo.interface import Measured, Plan, State, Unplanned
from gate.model.times import duration, written

LOW = 0.2
"""A budget of which less than this share is left is a warning."""
POINTS = 62
"""How many points a projection has at most."""

LONGEST = timedelta(days=3660)
"""How long a window may be."""

_PAIRS = (
    ("page", "1h", "5m", 0.02),
    ("page", "6h", "30m", 0.05),
    ("ticket", "1d", "2h", 0.10),
    ("ticket", "3d", "6h", 0.10),
)
_FUZZ = 1e-6
_DIGITS = 9


def entry(plan: Plan, measured: Measured, *, at: datetime, source: str) -> dict[str, Any]:
    """The entry of an SLO as it stood `at`. `source` names who says so.

    What no share can be (NaN, infinite, below 0, above 1) makes it `insufficient_data`.
    """
    problem = measured.reason or _problem(plan, measured.bad) or _problem_of(measured.rates)
    if problem is not None or measured.bad is None:
        return _entry(
            plan.name,
            plan.objective if math.isfinite(plan.objective) else None,
            window=written_window(plan.window),
            reason=problem,
            source=source,
            place=plan.place,
        )
    budget = 1 - plan.objective
    remaining = _rounded(1 - min(max(measured.bad, 0.0), 1.0) / budget)
    burns = {
        window: min(max(rate, 0.0), 1.0) / budget
        for window, rate in measured.rates.items()
        if math.isfinite(rate) and rate >= -_FUZZ
    }
    pairs = _pairs(plan.window, burns)
    burn_rate = burns.get("1h")
    return {
        **_entry(
            plan.name,
            plan.objective,
            window=written_window(plan.window),
            source=source,
            place=plan.place,
        ),
        "remaining": remaining,
        "state": _state(remaining, pairs),
        "burn_rate": None if burn_rate is None else _rounded(burn_rate),
        "pairs": pairs,
        "exhausted_at": _exhausted_at(plan, remaining, burn_rate, at),
        "projection": _projection(plan, measured, remaining, at),
    }


def unknown(unplanned: Unplanned, *, source: str) -> dict[str, Any]:
    """The entry of an SLO that cannot be measured."""
    return _entry(
        unplanned.name,
        unplanned.objective,
        reason=unplanned.reason,
        source=source,
        place=unplanned.place,
    )


def written_window(window: timedelta) -> str:
    """A window in the largest unit that holds it wholly: `30d`, `12h`."""
    seconds = round(window.total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _entry(
    name: str,
    objective: float | None,
    *,
    source: str,
    place: str | None,
    window: str | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    return {
        "name": name,
        "objective": objective,
        "window": window,
        "remaining": None,
        "state": "insufficient_data",
        "reason": reason,
        "burn_rate": None,
        "pairs": [],
        "exhausted_at": None,
        "projection": [],
        "source": source,
        "place": place,
    }


def _problem(plan: Plan, bad: float | None) -> str | None:
    """Why no budget can be told, or None."""
    if not 0 < plan.objective < 1:
        return f"its objective is {plan.objective:g}, and must be above 0 and below 1"
    if not timedelta(0) < plan.window <= LONGEST:
        return f"its window is {written_window(plan.window)}, and must be at most 10 years"
    if bad is None:
        return "there is no data of it"
    if math.isnan(bad):
        return "its share of errors is NaN: nothing was measured, or a NaN is among the samples"
    if math.isinf(bad):
        return "its share of errors is infinite"
    if not -_FUZZ <= bad <= 1 + _FUZZ:
        return f"its share of errors is {bad:g}, which no share can be"
    return None


def _problem_of(rates: Mapping[str, float]) -> str | None:
    """Why the shares of errors of the windows cannot be true, or None. That a short window has
    none is calm: nobody came. That a longer one has none, and the short one within it has, is a
    fault."""
    known: str | None = None
    for window in sorted(rates, key=duration):
        if math.isinf(rates[window]):
            return f"its share of errors in {window} is infinite: errors are counted, and no events"
        if not math.isnan(rates[window]):
            known = window
        elif known is not None:
            return f"its share of errors in {window} is NaN, and that in {known} is not"
    return None


def _state(remaining: float, pairs: Sequence[Mapping[str, Any]]) -> State:
    if remaining <= 0:
        return "exhausted"
    if remaining < LOW or any(pair["exceeded"] for pair in pairs):
        return "warning"
    return "ok"


def _pairs(window: timedelta, burns: Mapping[str, float]) -> list[dict[str, Any]]:
    """The pairs of windows that the workbook alerts on, those of which both rates are known."""
    found = []
    for severity, long, short, share in _PAIRS:
        length = duration(long)
        if long not in burns or short not in burns or length > window:
            continue
        factor = share * (window / length)
        found.append(
            {
                "severity": severity,
                "long": long,
                "short": short,
                "factor": _rounded(factor),
                "long_rate": _rounded(burns[long]),
                "short_rate": _rounded(burns[short]),
                "exceeded": min(burns[long], burns[short]) > factor,
            }
        )
    return found


def _exhausted_at(
    plan: Plan, remaining: float, burn_rate: float | None, at: datetime
) -> str | None:
    """When the budget is gone if it burns on as now. A rate that takes longer than the window (or
    than a window of the calendar still lasts) never gets there."""
    if burn_rate is None or burn_rate <= 0 or remaining <= 0:
        return None
    windows = remaining / burn_rate
    if windows > 1:
        return None
    gone = at + plan.window * windows
    if plan.resets is not None and gone >= plan.resets:
        return None
    return written(gone)


def _projection(
    plan: Plan, measured: Measured, remaining: float, at: datetime
) -> list[dict[str, Any]]:
    """What would remain if no more errors came: those of each step leave the window once the
    whole step has left it. As many events as now are assumed to be in the window then."""
    if remaining >= 1:
        return []
    if plan.resets is not None:
        return [_point(plan.resets, 1.0)] if plan.resets > at else []
    steps = sorted(measured.badness)
    amounts = [amount if math.isfinite(amount) and amount > 0 else 0.0 for _, amount in steps]
    total = math.fsum(amounts)
    if not total > 0 or math.isinf(total):
        return []
    ends = [start for start, _ in steps[1:]] + [at]
    found: list[dict[str, Any]] = []
    gone, last = 0.0, remaining
    every = -(-len(steps) // POINTS)
    for index, (end, amount) in enumerate(zip(ends, amounts, strict=True), start=1):
        gone += amount
        if index % every and index < len(steps):
            continue
        left = max(total - gone, 0.0) / total if index < len(steps) else 0.0
        then = _rounded(1 - (1 - remaining) * left)
        if then > last and end + plan.window > at:
            found.append(_point(end + plan.window, then))
            last = then
    return found


def _point(at: datetime, remaining: float) -> dict[str, Any]:
    return {"at": written(at), "remaining": remaining}


def _rounded(number: float) -> float:
    """Without the noise of binary fractions, which would leave a spent budget just above 0."""
    return round(number, _DIGITS) + 0.0
