"""Checks what the rules answer: each element of `deny` and `warn` is a finding or an error."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from gate.decision import times
from gate.errors import did_you_mean
from gate.model.policy import Answer, Rule, RuleFailure
from gate.model.verdict import Unblock

Set = Literal["deny", "warn"]
_KEYS = ("message", "resource", "path", "key", "service", "remediation", "unblock")


@dataclass(frozen=True, slots=True)
class Said:
    """One element of a set, checked."""

    set: Set
    message: str
    resource: str | None = None
    path: tuple[str | int, ...] | None = None
    key: str | None = None
    service: str | None = None
    remediation: str | None = None
    unblock: Unblock | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a rule says, and what is wrong with it. `applies` is None where it is not defined."""

    said: tuple[Said, ...] = ()
    failures: tuple[RuleFailure, ...] = ()
    applies: bool | None = None


class _WrongError(Exception):
    """An element is no finding; the message says why."""


def check(rule: Rule, answer: Answer, resources: Collection[str]) -> Checked:
    """The findings of a rule; whatever is none becomes a failure that names it.

    `resources` are the ids that a finding may name.
    """
    if failure := answer.failures.get(rule.id):
        placed = failure if failure.path else replace(failure, path=rule.path, line=rule.line)
        return Checked(failures=(placed,))
    result = answer.results.get(rule.id, {})
    said: list[Said] = []
    failures: list[RuleFailure] = []
    for name in rule.sets:
        elements = result.get(name)
        if not isinstance(elements, list):
            what = "has no value" if elements is None else "is no set"
            failures.append(RuleFailure(f"`{name}` {what}.", rule.path, rule.line))
            continue
        for element in elements:
            try:
                said.append(_said("warn" if name == "warn" else "deny", element, resources))
            except _WrongError as wrong:
                message = f"`{name}` holds what is no finding: {wrong}"
                failures.append(RuleFailure(message, rule.path, rule.line))
    applies = result.get("applies", False) if rule.applies else None
    if applies is not None and not isinstance(applies, bool):
        failures.append(RuleFailure("`applies` is neither true nor false.", rule.path, rule.line))
        applies = True
    return Checked(tuple(said), tuple(failures), applies)


def _said(set_: Set, element: Any, resources: Collection[str]) -> Said:
    if isinstance(element, str):
        element = {"message": element}
    if not isinstance(element, Mapping):
        raise _WrongError(f"{_type(element)}; a finding is text or an object with a message.")
    for key in element:
        if key not in _KEYS:
            raise _WrongError(f"unknown key `{key}`{did_you_mean(key, _KEYS)}")
    message = _text(element, "message")
    if message is None:
        raise _WrongError("an object without a message.")
    resource = _text(element, "resource")
    if resource is not None and resource not in resources:
        raise _WrongError(
            f"resource `{resource}` is not the id of a changed one"
            f"{did_you_mean(resource, resources)}"
        )
    path = _path(element)
    if path is not None and resource is None:
        raise _WrongError("a path without a resource.")
    return Said(
        set=set_,
        message=message,
        resource=resource,
        path=path,
        key=_text(element, "key"),
        service=_text(element, "service"),
        remediation=_text(element, "remediation"),
        unblock=_unblock(element.get("unblock")),
    )


def _text(element: Mapping[str, Any], key: str) -> str | None:
    value = element.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise _WrongError(f"`{key}` must be text, not {_type(value)}.")
    return value


def _path(element: Mapping[str, Any]) -> tuple[str | int, ...] | None:
    value = element.get("path")
    if value is None:
        return None
    steps = value if isinstance(value, list) else [None]
    if not all(isinstance(step, (str, int)) and not isinstance(step, bool) for step in steps):
        raise _WrongError("`path` must be a list of keys and indexes.")
    return tuple(steps)


def _unblock(value: Any) -> Unblock | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = {"how": value}
    if not isinstance(value, Mapping) or not value or set(value) - {"at", "how"}:
        raise _WrongError("`unblock` must be text or an object with `at` and `how`.")
    at, how = _text(value, "at"), _text(value, "how")
    if at is not None and times.moment(at) is None:
        raise _WrongError(f"`unblock.at` must be an RFC 3339 time, not `{at}`.")
    return Unblock(at=at, how=how)


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "blank text" if not value.strip() else "text"
    return "a list" if isinstance(value, (list, tuple)) else "an object"
