"""Evidence recorded in a JSON file: service, environment, envelope.

The form is that of `evidence.<kind>` in the policy input:
`{"checkout": {"production": {"status": "ok", "observed_at": "2026-11-22T10:00:00Z",
"value": [...], "reason": null}}}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, get_args

from gate.evidence.interface import Question, unavailable
from gate.evidence.recorded import FormError, checked
from gate.model import strict_json
from gate.model.change import Tree, Unread, content_at
from gate.model.manifest import Target
from gate.model.times import duration
from gate.model.verdict import Evidence, EvidenceStatus

MAX_BYTES = 5_000_000
SKEW = timedelta(minutes=5)
KEYS = frozenset({"status", "source", "observed_at", "reason", "value"})
STATUSES: tuple[EvidenceStatus, ...] = get_args(EvidenceStatus)


class _UnusableError(Exception):
    """Why the file, or what it says about a target, cannot be used."""


def observe(question: Question) -> Sequence[Evidence]:
    """What the file says about each target."""
    settings = question.settings if isinstance(question.settings, dict) else {}
    path = str(settings.get("path", question.settings))
    try:
        content = _content(question.tree, path, question.name)
    except _UnusableError as error:
        return unavailable(question, str(error))
    return [_one(question, target, content, settings.get("max_age")) for target in question.targets]


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
        (failed,) = unavailable(replace(question, targets=[target]), str(error))
        return failed
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
    data = content_at(tree, path)
    if data is None:
        raise _UnusableError(f"{name} is not in {tree.label}")
    if isinstance(data, Unread):
        raise _UnusableError(f"{name} cannot be read: {data.reason}")
    if len(data) > MAX_BYTES:
        raise _UnusableError(f"{name} is too large: {len(data)} bytes, at most {MAX_BYTES}")
    try:
        content = strict_json.read(data)
    except strict_json.TooDeepError as error:
        raise _UnusableError(f"{name} is {error}") from error
    except ValueError as error:
        raise _UnusableError(f"{name} is not valid JSON: {error}") from error
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


def _silence(status: str, name: str) -> str | None:
    return None if status == "ok" else f"{name} says {status}, without a reason"
