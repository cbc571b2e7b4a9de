"""Evidence recorded in a JSON file: service, environment, envelope.

The form is that of `evidence.<kind>` in the policy input:
`{"checkout": {"production": {"status": "ok", "observed_at": "2026-11-22T10:00:00Z",
"value": [...], "reason": null}}}`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, get_args

from gate.evidence.interface import Question
from gate.evidence.recorded import FormError, checked
from gate.model.change import MODE_LINK, Tree, Unread
from gate.model.manifest import Target
from gate.model.verdict import Evidence, EvidenceStatus

MAX_BYTES = 5_000_000
MAX_DEPTH = 64
SKEW = timedelta(minutes=5)
KEYS = frozenset({"status", "source", "observed_at", "reason", "value"})
STATUSES: tuple[EvidenceStatus, ...] = get_args(EvidenceStatus)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


class _UnusableError(Exception):
    """Why the file, or what it says about a target, cannot be used."""


def observe(question: Question) -> Sequence[Evidence]:
    """What the file says about each target."""
    settings = question.settings if isinstance(question.settings, dict) else {}
    path = str(settings.get("path", question.settings))
    try:
        content = _content(question.tree, path, question.name)
    except _UnusableError as error:
        return [_unavailable(question, target, str(error)) for target in question.targets]
    return [_one(question, target, content, settings.get("max_age")) for target in question.targets]


def duration(text: str) -> timedelta:
    """A duration such as `90s` or `1h30m`: numbers with ms, s, m, h, d or w."""
    parts = re.findall(r"([0-9]+)(ms|[smhdw])", text)
    return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))


def _one(
    question: Question, target: Target, content: Mapping[str, Any], max_age: str | None
) -> Evidence:
    name = question.name
    try:
        envelope = _envelope(content, target, name)
        late = _late(envelope, question.now, name, duration(max_age)) if max_age else None
        value = envelope.get("value")
        if envelope["status"] == "ok":
            value = _formed(question.kind, target, value, name)
    except _UnusableError as error:
        return _unavailable(question, target, str(error))
    status = envelope["status"]
    is_late = late is not None and status == "ok"
    return Evidence(
        question.kind,
        target.service,
        target.environment,
        status="stale" if is_late else status,
        source=name,
        observed_at=envelope.get("observed_at"),
        reason=late if is_late else envelope.get("reason") or _silence(status, name),
        value=value,
    )


def _formed(kind: str, target: Target, value: Any, name: str) -> Any:
    try:
        return checked(kind, value, name)
    except FormError as error:
        where = f"{target.service} in {target.environment}"
        raise _UnusableError(f"{name}: for {where}, {error}") from error


def _content(tree: Tree, path: str, name: str) -> Mapping[str, Any]:
    entry = tree.find(path)
    if entry is None:
        raise _UnusableError(f"{name} is not in {tree.label}")
    if entry.mode == MODE_LINK:
        raise _UnusableError(f"{name} is a symbolic link, and links are not followed")
    data = next((data for _, data in tree.read([entry])), Unread("it is missing"))
    if isinstance(data, Unread):
        raise _UnusableError(f"{name} cannot be read: {data.reason}")
    if len(data) > MAX_BYTES:
        raise _UnusableError(f"{name} is too large: {len(data)} bytes, at most {MAX_BYTES}")
    try:
        content = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_constant=_finite,
            parse_float=_finite,
        )
        json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        why = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise _UnusableError(f"{name} is not valid JSON: {why}") from error
    if _deeper(content, MAX_DEPTH):
        raise _UnusableError(f"{name} is nested deeper than {MAX_DEPTH} levels")
    return _mapping(content, name)


def _envelope(content: Mapping[str, Any], target: Target, name: str) -> Mapping[str, Any]:
    """What the file says about a target, its form checked."""
    where = f"{target.service} in {target.environment}"
    environments = _mapping(content.get(target.service, {}), f"{target.service} in {name}")
    if target.environment not in environments:
        raise _UnusableError(f"{name} says nothing about {where}")
    envelope = _mapping(environments[target.environment], f"{where} in {name}")
    unknown = sorted(envelope.keys() - KEYS)
    if unknown:
        raise _UnusableError(f"{name}: unknown key {unknown[0]!r} for {where}")
    if envelope.get("status") not in STATUSES:
        raise _UnusableError(f"{name}: the status for {where} must be one of {', '.join(STATUSES)}")
    for key in ("source", "reason", "observed_at"):
        if not isinstance(envelope.get(key), str | None):
            raise _UnusableError(f"{name}: {key} for {where} must be text")
    if envelope.get("observed_at") is not None:
        _moment(envelope["observed_at"], name)
    return envelope


def _late(envelope: Mapping[str, Any], now: datetime, name: str, limit: timedelta) -> str | None:
    """Why the evidence is too old, or None. What cannot be dated cannot be used."""
    observed_at = envelope.get("observed_at")
    if observed_at is None:
        raise _UnusableError(f"{name} has max_age, and does not say when it was observed")
    age = now - _moment(observed_at, name)
    if age < -SKEW:
        raise _UnusableError(f"{name} was observed at {observed_at}, which is not yet")
    return f"observed at {observed_at}, longer ago than max_age" if age > limit else None


def _moment(text: str, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _UnusableError(f"{name}: {text!r} is not an RFC 3339 time") from error
    if moment.tzinfo is None:
        raise _UnusableError(f"{name}: the time {text!r} has no zone")
    return moment


def _mapping(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _UnusableError(f"{name} is not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a number of JSON")
    return number


def _deeper(value: object, levels: int) -> bool:
    """Whether lists and objects are nested deeper than that."""
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and (
        levels == 0 or any(_deeper(each, levels - 1) for each in value)
    )


def _silence(status: str, name: str) -> str | None:
    return None if status == "ok" else f"{name} says {status}, without a reason"


def _unavailable(question: Question, target: Target, reason: str) -> Evidence:
    return Evidence(
        question.kind,
        target.service,
        target.environment,
        "unavailable",
        source=question.name,
        reason=reason,
    )
