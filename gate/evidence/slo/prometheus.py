"""SLOs in Prometheus, or in what speaks its HTTP API.

Each convention is a file of its own. Those of recorded series (`sloth`, `pyrra`) find the SLOs at
the server; the others (`openslo`, `query`) plan queries, and these are asked here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from gate.clients.address import shown
from gate.clients.http import Session, Unreachable, access
from gate.clients.prometheus import ANOTHER, BadQueryError, Prometheus, Sample, quoted
from gate.evidence.interface import Question
from gate.evidence.slo import pyrra, sloth
from gate.evidence.slo.budget import entry, unknown, written_window
from gate.evidence.slo.interface import Measured, Plan, Unplanned
from gate.evidence.slo.look import STEPS, Found, Look, seconds_of
from gate.model.manifest import Target
from gate.model.times import duration, written
from gate.model.verdict import Evidence, EvidenceStatus

THREADS = 100
"""How many queries are on their way at once, at most. The server has a limit of its own."""
MAX_AGE = timedelta(minutes=10)

_RECORDED: Mapping[str, Callable[[Look], list[Found]]] = {
    "sloth": sloth.found,
    "pyrra": pyrra.found,
}
_PLANNED = {"openslo": "gate.evidence.slo.openslo", "query": "gate.evidence.slo.query"}
_LABEL = "gate_part"
_SILENT_AFTER = timedelta(minutes=30)
"""How long a raw series must have been silent to count as ended, where `max_age` is less: a rate
needs several samples, and their times are not told."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An SLO's entry and whose it is. None: everybody's."""

    service: str | None
    environment: str | None
    entry: Mapping[str, Any]
    observed_at: datetime | None = None
    stale: str | None = None
    broken: str | None = None

    def concerns(self, target: Target) -> bool:
        return self.service in (None, target.service) and self.environment in (
            None,
            target.environment,
        )


def observe(question: Question) -> Sequence[Evidence]:
    """The SLOs of each target, as they stood at `question.now`. A time that is yet to come is not
    asked about: then it is the present, and this is the one place that looks at the clock."""
    settings = question.settings if isinstance(question.settings, Mapping) else {}
    address = str(settings.get("url", question.settings))
    convention = str(settings.get("convention", "sloth"))
    at = min(question.now, datetime.now(UTC))
    try:
        entries = _entries(question, settings, address, convention, at)
    except Unreachable as error:
        reason = f"{shown(address)}: {error.reason}"
        return [_envelope(question, target, "unavailable", reason) for target in question.targets]
    return [_of(question, target, entries, shown(address)) for target in question.targets]


def _entries(
    question: Question, settings: Mapping[str, Any], address: str, convention: str, at: datetime
) -> list[_Entry]:
    who = access(question.settings)
    source = f"{question.name} ({convention})"
    plans = _plans(question, settings, convention)
    asked = [plan for plan in plans if isinstance(plan, Plan) and _is_asked(question, plan)]
    threads = min(THREADS, max(16, 2 * len(asked)))
    with Session(who, parallel=threads) as session, ThreadPoolExecutor(threads) as pool:
        look = _look(question, settings, Prometheus(address, session, who), pool, at)
        recorded = _RECORDED.get(convention)
        found = recorded(look) if recorded else look.all(lambda plan: _found(look, plan), asked)
    unplanned = [plan for plan in plans if isinstance(plan, Unplanned)]
    if recorded and settings.get("specs"):
        found, more = _expected(question, settings, found)
        unplanned += more
    return [
        *(
            _Entry(
                one.plan.service,
                one.plan.environment,
                entry(one.plan, one.measured, at=at, source=source),
                one.measured.observed_at,
                one.stale,
                one.broken,
            )
            for one in found
        ),
        *(_Entry(p.service, p.environment, unknown(p, source=source)) for p in unplanned),
    ]


def _plans(
    question: Question, settings: Mapping[str, Any], convention: str
) -> list[Plan | Unplanned]:
    if convention not in _PLANNED:
        return []
    planned: list[Plan | Unplanned] = import_module(_PLANNED[convention]).plans(question, settings)
    return planned


def _is_asked(question: Question, plan: Plan) -> bool:
    return any(
        plan.service == target.service and plan.environment in (None, target.environment)
        for target in question.targets
    )


def _look(
    question: Question,
    settings: Mapping[str, Any],
    server: Prometheus,
    pool: ThreadPoolExecutor,
    at: datetime,
) -> Look:
    labels = settings.get("labels") or {}
    max_age = settings.get("max_age")
    return Look(
        server,
        pool,
        at,
        services=list(dict.fromkeys(target.service for target in question.targets)),
        service_label=labels.get("service"),
        environment_label=labels.get("environment"),
        selector=settings.get("selector"),
        max_age=duration(max_age) if max_age else MAX_AGE,
        errors_must_exist=settings.get("absent_errors") != "none",
    )


def _expected(
    question: Question, settings: Mapping[str, Any], found: Sequence[Found]
) -> tuple[list[Found], list[Unplanned]]:
    """The SLOs with the place of their specs; and those that only the specs name, or whose specs
    are not whole, which are missing data and not missing SLOs."""
    from gate.evidence.slo.specs import expected

    placed = list(found)
    missing = []
    for spec in expected(question, settings):
        own = [index for index, one in enumerate(placed) if _is_of(one.plan, spec)]
        for index in own:
            plan = replace(placed[index].plan, place=spec.place)
            placed[index] = replace(placed[index], plan=plan)
        if not own or spec.objective is None:
            missing.append(spec)
    return placed, missing


def _is_of(plan: Plan, spec: Unplanned) -> bool:
    return (plan.service, plan.name) == (spec.service, spec.name) and (
        None in (plan.environment, spec.environment) or plan.environment == spec.environment
    )


def _of(question: Question, target: Target, entries: Sequence[_Entry], name: str) -> Evidence:
    """The envelope of one target: worst first. Its value is told also where it is of no use."""
    own = [each for each in entries if each.concerns(target)]
    value = [dict(each.entry) for each in own]
    at = min((each.observed_at for each in own if each.observed_at), default=None)
    broken = list(dict.fromkeys(each.broken for each in own if each.broken))
    stale = list(dict.fromkeys(each.stale for each in own if each.stale))
    if broken:
        return _envelope(question, target, "unavailable", f"{name}: {'; '.join(broken)}", value, at)
    if stale:
        return _envelope(question, target, "stale", f"{name}: {'; '.join(stale)}", value, at)
    return _envelope(question, target, "ok", None, value, at)


def _envelope(
    question: Question,
    target: Target,
    status: EvidenceStatus,
    reason: str | None,
    value: list[dict[str, Any]] | None = None,
    observed_at: datetime | None = None,
) -> Evidence:
    return Evidence(
        question.kind,
        target.service,
        target.environment,
        status,
        source=question.name,
        observed_at=None if observed_at is None else written(observed_at),
        reason=reason,
        value=value,
    )


def _found(look: Look, plan: Plan) -> Found:
    """What the queries of a plan give."""
    try:
        return _answered(look, plan)
    except Unreachable as error:
        broken = f"{plan.name} of {plan.service}: {error.reason}"
        return Found(plan, Measured(None, reason=error.reason), broken=broken)


def _answered(look: Look, plan: Plan) -> Found:
    parts = {f"rate {window}": query for window, query in plan.rates.items()}
    parts |= {"bad": plan.bad}
    parts |= {"traffic": plan.traffic} if plan.traffic else {}
    parts |= {"errors": plan.errors} if plan.errors else {}
    age = max(look.max_age, _SILENT_AFTER)
    parts |= {"alive": plan.alive.replace("$age", seconds_of(age))} if plan.alive else {}
    values = {part: _one(part, samples) for part, samples in _all(look, parts).items()}
    bad = values["bad"]
    rates = {
        window: rate for window in plan.rates if (rate := values[f"rate {window}"]) is not None
    }
    reason = None
    if bad is None:
        reason = "its query gives nothing: there is no data of it"
    elif plan.traffic and not (values["traffic"] or 0) > 0:
        reason = "nothing was measured within its window"
    elif bad == 0 and plan.errors and values["errors"] is None and look.errors_must_exist:
        reason = (
            "it has not a single error, and no series of errors exists;"
            " `absent_errors: none` takes it as none"
        )
    stale = None
    if reason is None and plan.alive and values["alive"] is None:
        told = written_window(age)
        stale = f"the newest sample of {plan.name} of {plan.service} is older than {told}"
    measured = Measured(bad, rates, (), look.at, stale or reason)
    if bad and measured.reason is None:
        measured = replace(measured, badness=_badness(look, plan))
    return Found(plan, measured, stale)


def _all(look: Look, parts: Mapping[str, str]) -> dict[str, list[Sample]]:
    """The samples of all parts, in one query: a server carries out only some at once. Where it
    does not take that one, each is asked by itself, so that the one at fault is known."""
    together = " or ".join(
        f'label_replace((\n{query}\n), "{_LABEL}", {quoted(part)}, "", "")'
        for part, query in parts.items()
    )
    found: dict[str, list[Sample]] = {part: [] for part in parts}
    try:
        for sample in look.query(together):
            if sample.labels.get(_LABEL) not in found:
                raise Unreachable(ANOTHER)
            found[sample.labels[_LABEL]].append(sample)
    except BadQueryError:
        return {part: _alone(look, part, query) for part, query in parts.items()}
    return found


def _alone(look: Look, part: str, query: str) -> list[Sample]:
    try:
        return look.query(query)
    except BadQueryError as error:
        raise BadQueryError(f"the query of {part}: {error.reason}") from None


def _one(part: str, samples: Sequence[Sample]) -> float | None:
    if len(samples) > 1:
        raise BadQueryError(
            f"the query of {part} gives {len(samples)} series, where one number is needed"
        )
    return samples[0].value if samples else None


def _badness(look: Look, plan: Plan) -> tuple[tuple[datetime, float], ...]:
    """Where in the window the errors lie. Nothing where that cannot be had."""
    if plan.badness is None or plan.resets is not None:
        return ()
    step = plan.window / STEPS
    query = plan.badness.replace("$step", seconds_of(step))
    try:
        series = look.server.query_range(query, look.at - plan.window + step, look.at, step)
    except Unreachable:
        return ()
    if len(series) != 1:
        return ()
    return tuple(_finite((end - step, value) for end, value in series[0].values))


def _finite(points: Iterable[tuple[datetime, float]]) -> Iterable[tuple[datetime, float]]:
    return ((at, value) for at, value in points if math.isfinite(value))
