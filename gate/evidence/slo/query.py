"""SLOs with queries of one's own: the convention `query`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from gate.evidence.interface import Question
from gate.evidence.slo.interface import WINDOWS, Plan, Unplanned
from gate.evidence.slo.promql import UnclearError, cleaned, measured
from gate.model.times import duration

WINDOW = "$window"


def plans(question: Question, settings: Mapping[str, Any]) -> list[Plan | Unplanned]:
    """A plan for each SLO of `slos`. The share of bad events is `bad / total`.

    Where `bad` gives nothing, it is taken as 0 as long as `total` gives something: `errors` then
    gives nothing, and whoever judges must tell that apart. `errors` and `traffic` are asked without
    what `or vector(0)` and its like make up.
    """
    selector, known = settings.get("selector"), question.environments
    return [_plan(each, selector, known) for each in settings.get("slos") or ()]


def _plan(
    slo: Mapping[str, Any], selector: str | None, environments: Sequence[str]
) -> Plan | Unplanned:
    service, environment, name = slo["service"], slo.get("environment"), slo["name"]
    window = duration(slo["window"])
    if environments and environment not in (None, *environments):
        reason = f"its environment {environment} is none of the config's"
        return Unplanned(service, None, name, reason, slo["objective"])
    try:
        bad, total = cleaned(slo["bad"], selector), cleaned(slo["total"], selector)
        errors, traffic = measured(bad), measured(total)
    except UnclearError as error:
        reason = f"a query of {name} cannot be used: {error}"
        return Unplanned(service, environment, name, reason, slo["objective"])
    if window <= timedelta(0):
        return Unplanned(service, environment, name, "its window is empty", slo["objective"])
    share = f"(({bad}) or on() (0 * ({total}))) / ({total})"
    whole = f"{round(window.total_seconds() * 1000)}ms"
    return Plan(
        service,
        environment,
        name,
        slo["objective"],
        window,
        bad=share.replace(WINDOW, whole),
        rates={each: share.replace(WINDOW, each) for each in WINDOWS if duration(each) <= window},
        traffic=traffic.replace(WINDOW, whole),
        alive=traffic.replace(WINDOW, "$age"),
        errors=errors.replace(WINDOW, whole),
        badness=bad.replace(WINDOW, "$step"),
    )
