"""The HTTP API of Prometheus, and of what speaks it: Thanos, Mimir, VictoriaMetrics and others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gate.clients.http import Access, Reply, Session, Unreachable, json_of, why
from gate.model.times import written

_SHOWN = 200
_OTHER_TIME = timedelta(minutes=5)
"""How far the time of an answer may be from the one that was asked about: a server's rounding, and
never an answer that somebody kept."""


class BadQueryError(Unreachable):
    """The server does not take the query, or cannot carry it out: it is the query's fault."""


class PartialError(Unreachable):
    """The server answers, and says that something is missing from its answer."""


ANOTHER = "its answer is to another question; is there a cache before it?"
"""Why an answer is not used whose labels nobody asked for."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A number with its labels, among them `__name__` where it has one. It may be NaN or
    infinite."""

    labels: Mapping[str, str]
    value: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Series:
    """The numbers of one series in order of time."""

    labels: Mapping[str, str]
    values: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """A rule of the server that records a series: its name, its PromQL, its labels."""

    name: str
    query: str
    labels: Mapping[str, str]


class Prometheus:
    """One server. All its methods raise Unreachable, and may be used by several threads."""

    def __init__(self, address: str, session: Session, access: Access) -> None:
        address, _, self._fixed = address.partition("?")
        self._address = address.rstrip("/")
        self._session = session
        self._access = access

    def query(self, expression: str, at: datetime) -> list[Sample]:
        """The samples of a vector at that time."""
        form = {"query": expression, "time": _time(at), "timeout": f"{self._access.timeout:g}s"}
        result = self._result(self._post("query", form), "vector")
        found = [_sample(each) for each in result]
        _check_times((each.at for each in found), at, at)
        return found

    def query_range(
        self, expression: str, start: datetime, end: datetime, step: timedelta
    ) -> list[Series]:
        """The series at `start` and each `step` after it, until `end`."""
        form = {
            "query": expression,
            "start": _time(start),
            "end": _time(end),
            "step": f"{step.total_seconds():.3f}",
            "timeout": f"{self._access.timeout:g}s",
        }
        result = self._result(self._post("query_range", form), "matrix")
        found = [_series(each) for each in result]
        _check_times((each for one in found for each, _ in one.values), start, end)
        return found

    def recording_rules(self, name: str) -> list[RecordingRule]:
        """The rules that record a series of this name. A server that knows no such filter gives
        others too."""
        fields = {"type": "record", "rule_name[]": name}
        reply = self._session.get(self._where("rules"), fields)
        groups = _mapping(self._data(reply)).get("groups")
        return [
            RecordingRule(str(rule.get("name")), str(rule.get("query")), _labels(rule))
            for group in (groups if isinstance(groups, list) else [])
            for rule in (_mapping(group).get("rules") or [])
            if isinstance(rule, Mapping)
        ]

    def _where(self, name: str) -> str:
        return f"{self._address}/api/v1/{name}" + (f"?{self._fixed}" if self._fixed else "")

    def _post(self, name: str, form: Mapping[str, str]) -> Reply:
        return self._session.post(self._where(name), form)

    def _data(self, reply: Reply) -> Any:
        """What a successful and whole answer holds."""
        if reply.status in (400, 422, 503) and (refusal := _refusal(reply)):
            raise refusal
        if reply.status != 200:
            raise Unreachable(why(reply.status, reply.body, self._access))
        answer = json_of(reply)
        if not isinstance(answer, Mapping) or answer.get("status") not in ("success", "error"):
            raise Unreachable("its answer is none of Prometheus")
        if answer["status"] == "error":
            raise _refused(answer)
        warnings = answer.get("warnings")
        if warnings:
            first = warnings[0] if isinstance(warnings, list) else warnings
            raise PartialError(f"its answer is not whole: {_short(first)}")
        if answer.get("isPartial"):
            raise PartialError("its answer is not whole: isPartial")
        return answer.get("data")

    def _result(self, reply: Reply, kind: str) -> Iterator[Mapping[str, Any]]:
        data = _mapping(self._data(reply))
        if data.get("resultType") != kind:
            told = _short(data.get("resultType"))
            raise BadQueryError(f"the query gives a {told}, where a {kind} is needed")
        result = data.get("result")
        if not isinstance(result, Sequence) or isinstance(result, str):
            raise Unreachable("its answer is none of Prometheus")
        return map(_mapping, result)


def quoted(text: str) -> str:
    """A text as a string of PromQL."""
    plain = text.encode("utf-8", "replace").decode()
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def any_of(texts: Sequence[str]) -> str:
    """A regular expression that matches these texts alone, as a string of PromQL."""
    special = frozenset("\\.+*?()|[]{}^$-")
    return quoted(
        "|".join("".join(f"\\{sign}" if sign in special else sign for sign in t) for t in texts)
    )


def _time(at: datetime) -> str:
    return f"{at.timestamp():.3f}"


def _check_times(times: Iterable[datetime], first: datetime, last: datetime) -> None:
    for each in times:
        if max(first - each, each - last) > _OTHER_TIME:
            raise Unreachable(
                f"its answer is about {written(each)}, and {written(last)} was asked about;"
                " is there a cache before it?"
            )


def _refusal(reply: Reply) -> Unreachable | None:
    try:
        answer = json_of(reply)
    except Unreachable:
        return None
    return _refused(answer) if isinstance(answer, Mapping) and answer.get("errorType") else None


def _refused(answer: Mapping[str, Any]) -> Unreachable:
    kind, said = answer.get("errorType"), _short(answer.get("error"))
    if kind in ("timeout", "canceled"):
        return Unreachable(f"it gave up the query: {said}")
    if kind == "bad_data":
        return BadQueryError(f"it does not take the query: {said}")
    if kind == "execution":
        return BadQueryError(f"it cannot carry out the query: {said}")
    return Unreachable(f"it fails: {said}")


def _sample(found: Mapping[str, Any]) -> Sample:
    if "value" not in found and "histogram" in found:
        raise BadQueryError("the query gives histograms, where numbers are needed")
    at, value = _point(found.get("value"))
    return Sample(_metric(found), value, at)


def _series(found: Mapping[str, Any]) -> Series:
    if not found.get("values") and "histograms" in found:
        raise BadQueryError("the query gives histograms, where numbers are needed")
    values = found.get("values")
    if not isinstance(values, list):
        raise Unreachable("its answer is none of Prometheus")
    return Series(_metric(found), tuple(map(_point, values)))


def _point(pair: Any) -> tuple[datetime, float]:
    try:
        at, text = pair
        moment = datetime.fromtimestamp(at, UTC)
        value = float(text)
    except (TypeError, ValueError, OverflowError, OSError):
        raise Unreachable("its answer holds a sample that is none") from None
    if not math.isfinite(at):
        raise Unreachable("its answer holds a sample that is none")
    return moment, value


def _metric(found: Mapping[str, Any]) -> Mapping[str, str]:
    return {str(name): str(value) for name, value in _mapping(found.get("metric")).items()}


def _labels(rule: Mapping[str, Any]) -> Mapping[str, str]:
    labels = rule.get("labels")
    return {str(name): str(value) for name, value in _mapping(labels or {}).items()}


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Unreachable("its answer is none of Prometheus")
    return value


def _short(text: Any) -> str:
    line = " ".join(str(text).split())
    return line[:_SHOWN].rstrip(".") + ("…" if len(line) > _SHOWN else "")
