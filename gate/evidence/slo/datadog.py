"""SLOs of Datadog: `GET /api/v1/slo/{id}` and `GET /api/v1/slo/{id}/history`.

Each timeframe of an SLO is an entry of its own. Its history is asked for exactly that time, so
that the budget is that of the timeframe. The burn rate is that of the last hour.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from gate.clients.http import Access, Session, Unreachable, access, json_of, why
from gate.evidence.interface import Question
from gate.evidence.slo.budget import entry, unknown
from gate.evidence.slo.interface import Measured, Plan, Unplanned
from gate.model.manifest import Target
from gate.model.times import written
from gate.model.verdict import Evidence

SITE = "datadoghq.com"
THREADS = 20
HOUR = timedelta(hours=1)
_SHOWN = 200
_TIMEFRAME = re.compile(r"([1-9][0-9]{0,2})d")


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is known of a configured SLO. `broken`: why it could not be asked."""

    entries: tuple[Mapping[str, Any], ...] = ()
    broken: str | None = None


def observe(question: Question) -> Sequence[Evidence]:
    """The SLOs of each target. A time that is yet to come is not asked about: then it is the
    present, and this is the one place that looks at the clock."""
    settings: Mapping[str, Any] = question.settings
    at = min(question.now, datetime.now(UTC))
    wanted = [each for each in settings["slos"] if _is_asked(question, each)]
    keys = {"DD-API-KEY": settings["api_key"], "DD-APPLICATION-KEY": settings["app_key"]}
    who = replace(access(settings), headers=keys)
    try:
        with Session(who, parallel=THREADS) as session, ThreadPoolExecutor(THREADS) as pool:
            server = _Server(_address(settings.get("site", SITE)), session, who, at)
            answers = list(pool.map(lambda each: _answer(server, each, question), wanted))
    except Unreachable as error:
        answers = [_Answer(broken=error.reason) for _ in wanted]
    pairs = list(zip(wanted, answers, strict=True))
    return [_of(question, target, pairs, at) for target in question.targets]


@dataclass(frozen=True, slots=True)
class _Server:
    """Datadog's API at a site, asked about the time until `at`."""

    address: str
    session: Session
    access: Access
    at: datetime

    def get(self, path: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        """The `data` of an answer. Raises Unreachable."""
        reply = self.session.get(f"{self.address}/api/v1/slo/{path}", params)
        if reply.status == 404:
            raise Unreachable("Datadog has no SLO of this id (404)")
        if reply.status in {401, 403}:
            raise Unreachable(
                f"Datadog does not accept api_key and app_key, or does not let them read SLOs"
                f" ({reply.status})"
            )
        if reply.status != 200:
            raise Unreachable(why(reply.status, reply.body, self.access))
        found = json_of(reply)
        if not isinstance(found, dict):
            raise Unreachable("its answer is no JSON object")
        problem = _errors(found.get("errors"))
        if problem:
            raise Unreachable(f"its answer holds an error: {problem}")
        if not isinstance(found.get("data"), dict):
            raise Unreachable("its answer holds no `data`")
        data: Mapping[str, Any] = found["data"]
        return data

    def history(self, slo: str, back: timedelta) -> Mapping[str, Any]:
        """The `overall` of the history of the time before `at`. Raises Unreachable."""
        until = math.floor(self.at.timestamp())
        times = {"from_ts": str(until - round(back.total_seconds())), "to_ts": str(until)}
        overall = self.get(f"{slo}/history", times).get("overall")
        if not isinstance(overall, dict):
            raise Unreachable("its history holds no `overall`")
        return overall


def _answer(server: _Server, told: Mapping[str, Any], question: Question) -> _Answer:
    slo, source = quote(told["id"], safe=""), question.name
    if _is_nowhere(question, told):
        reason = f"its environment {told['environment']} is none of the config's"
        lost = Unplanned(told["service"], None, told["id"], reason)
        return _Answer((unknown(lost, source=source),))
    try:
        data = server.get(slo, {})
        name = data["name"] if isinstance(data.get("name"), str) else told["id"]
        thresholds = data.get("thresholds")
        if not isinstance(thresholds, list) or not thresholds:
            raise Unreachable("it has no thresholds")
        rate = _hour(server, slo)
        return _Answer(
            tuple(
                _entry(
                    server, told, slo, name if len(thresholds) == 1 else None, each, rate, source
                )
                if isinstance(each, dict)
                else unknown(
                    Unplanned(told["service"], None, name, "a threshold of it is no object"),
                    source=source,
                )
                for each in _named(thresholds, name)
            )
        )
    except Unreachable as error:
        return _Answer(broken=f"{told['id']}: {error.reason}")


def _named(thresholds: Sequence[Any], name: str) -> list[Any]:
    return [{**each, "_name": name} if isinstance(each, dict) else each for each in thresholds]


def _hour(server: _Server, slo: str) -> float | None:
    """The error ratio of the last hour, None where it cannot be had."""
    try:
        overall = server.history(slo, HOUR)
    except Unreachable:
        return None
    value = _number(overall.get("sli_value"))
    return None if value is None or _errors(overall.get("errors")) else 1 - value / 100


def _entry(
    server: _Server,
    told: Mapping[str, Any],
    slo: str,
    name: str | None,
    threshold: Mapping[str, Any],
    rate: float | None,
    source: str,
) -> Mapping[str, Any]:
    """The entry of one timeframe. Raises Unreachable."""
    timeframe = str(threshold.get("timeframe"))[:20]
    name = name or f"{threshold['_name']}/{timeframe}"
    target = _number(threshold.get("target"))
    whose = (told["service"], told.get("environment"), name)
    match = _TIMEFRAME.fullmatch(timeframe)
    if target is None or not 0 < target < 100:
        return unknown(Unplanned(*whose, "its target is no percentage below 100"), source=source)
    if match is None:
        reason = f"its timeframe {timeframe} is no number of days"
        return unknown(Unplanned(*whose, reason, target / 100), source=source)
    window = timedelta(days=int(match[1]))
    overall = server.history(slo, window)
    objective = round(target / 100, 12)
    plan = Plan(*whose, objective, window, bad="")
    problem = _errors(overall.get("errors"))
    left = overall.get("error_budget_remaining")
    remaining = _number(left.get(timeframe)) if isinstance(left, dict) else None
    if problem is not None:
        measured = Measured(None, reason=f"Datadog says: {problem}")
    elif _number(overall.get("sli_value")) is None:
        measured = Measured(None, reason="Datadog has no data of it: sli_value is no number")
    elif remaining is None:
        reason = f"Datadog says nothing of its budget: no error_budget_remaining for {timeframe}"
        measured = Measured(None, reason=reason)
    else:
        rates = {} if rate is None else {"1h": rate}
        bad = (1 - remaining / 100) * (1 - objective)
        measured = Measured(bad, rates, observed_at=server.at)
    return entry(plan, measured, at=server.at, source=source)


def _of(
    question: Question,
    target: Target,
    pairs: Sequence[tuple[Mapping[str, Any], _Answer]],
    at: datetime,
) -> Evidence:
    own = [answer for told, answer in pairs if _concerns(question, told, target)]
    value = [dict(each) for answer in own for each in answer.entries]
    broken = [answer.broken for answer in own if answer.broken]
    return Evidence(
        question.kind,
        target.service,
        target.environment,
        "unavailable" if broken else "ok",
        source=question.name,
        observed_at=written(at) if value else None,
        reason="; ".join(dict.fromkeys(broken)) or None,
        value=value,
    )


def _is_asked(question: Question, told: Mapping[str, Any]) -> bool:
    return any(_concerns(question, told, target) for target in question.targets)


def _concerns(question: Question, told: Mapping[str, Any], target: Target) -> bool:
    """One whose environment is misspelt concerns all of its service's: nobody knows which."""
    return told["service"] == target.service and (
        told.get("environment") in (None, target.environment) or _is_nowhere(question, told)
    )


def _is_nowhere(question: Question, told: Mapping[str, Any]) -> bool:
    """Whether the config knows no environment of the name."""
    known = question.environments
    return bool(known) and told.get("environment") not in (None, *known)


def _address(site: str) -> str:
    return site.rstrip("/") if "://" in site else f"https://api.{site.removeprefix('app.')}"


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _errors(told: object) -> str | None:
    """The errors of an answer on one line, cut short; None where there are none."""
    if not told:
        return None
    each = told if isinstance(told, list) else [told]
    words = []
    for error in each:
        if isinstance(error, dict):
            words += [str(error[key]) for key in ("error_message", "error") if error.get(key)]
        else:
            words.append(str(error))
    return " ".join("; ".join(words).split())[:_SHOWN] or "an error without words"
