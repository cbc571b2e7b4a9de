"""The form of recorded values, with what they leave out filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gate.evidence.slo.budget import LOW
from gate.model.times import moment

Check = Callable[[Any, str], Any]
"""Gives the value, what is left out filled in; raises FormError, which names the place."""

_REQUIRED = object()
LARGEST = 1e15
"""Engines do not round larger numbers."""


class FormError(Exception):
    """A value does not have the form of its kind; the message says where and why."""


def checked(kind: str, value: Any, source: str) -> Any:
    """The value of an envelope of that kind. Only those of `slo` and `freeze` have a form.
    `source` is who says so where the value names none. Raises FormError."""
    if kind == "slo":
        return _list(lambda each, place: _slo(each, place, source))(value, "value")
    if kind == "freeze":
        return _list(lambda each, place: _calendar(each, place, source))(value, "value")
    return value


def _slo(value: Any, place: str, source: str) -> Mapping[str, Any]:
    entry = _fields(value, place, _SLO)
    remaining, state = entry["remaining"], entry["state"]
    if remaining is None:
        state = state or "insufficient_data"
        if state != "insufficient_data":
            raise FormError(f"{place} has no `remaining`, so its state cannot be {state}")
    else:
        is_exhausted = remaining <= 0
        state = state or ("exhausted" if is_exhausted else "warning" if remaining < LOW else "ok")
        if state in {"ok", "warning", "exhausted"} and is_exhausted != (state == "exhausted"):
            raise FormError(f"{place} has {remaining:g} remaining, so its state cannot be {state}")
    if state == "insufficient_data" and not entry["reason"]:
        raise FormError(f"{place} is insufficient_data, and needs a `reason`")
    if state != "insufficient_data" and not 0 < (entry["objective"] or 0) < 1:
        raise FormError(f"{place}.objective must be above 0 and below 1")
    return {**entry, "state": state, "source": entry["source"] or source}


def _calendar(value: Any, place: str, source: str) -> Mapping[str, Any]:
    entry = _fields(value, place, _CALENDAR)
    return {**entry, "source": entry["source"] or source}


def _window(value: Any, place: str) -> Mapping[str, Any]:
    entry = _fields(value, place, _WINDOW)
    start, until = moment(entry["from"]), entry["until"] and moment(entry["until"])
    if start and until and until < start:
        raise FormError(f"{place} ends before it begins")
    return entry


def _fields(value: Any, place: str, fields: Mapping[str, tuple[Check, Any]]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise FormError(f"{place} must be an object")
    unknown = sorted(value.keys() - fields.keys())
    if unknown:
        raise FormError(f"{place} has an unknown key {unknown[0]!r}")
    for key, (_, default) in fields.items():
        if default is _REQUIRED and key not in value:
            raise FormError(f"{place} has no `{key}`")
    return {
        key: check(value[key], f"{place}.{key}") if key in value else default
        for key, (check, default) in fields.items()
    }


def _list(item: Check) -> Check:
    def check(value: Any, place: str) -> Any:
        if not isinstance(value, list):
            raise FormError(f"{place} must be a list")
        return [item(each, f"{place}[{index}]") for index, each in enumerate(value)]

    return check


def _object(fields: Mapping[str, tuple[Check, Any]]) -> Check:
    return lambda value, place: _fields(value, place, fields)


def _or_null(check: Check) -> Check:
    return lambda value, place: None if value is None else check(value, place)


def _text(value: Any, place: str) -> Any:
    if not isinstance(value, str) or not value:
        raise FormError(f"{place} must be text")
    return value


def _number(value: Any, place: str) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number:
        raise FormError(f"{place} must be a number")
    if not abs(value) <= LARGEST:
        raise FormError(f"{place} is too large a number")
    return value


def _flag(value: Any, place: str) -> Any:
    if not isinstance(value, bool):
        raise FormError(f"{place} must be true or false")
    return value


def _line(value: Any, place: str) -> Any:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise FormError(f"{place} must be the number of a line")
    return value


def _time(value: Any, place: str) -> Any:
    if not isinstance(value, str) or moment(value) is None:
        raise FormError(f"{place} must be an RFC 3339 time with its zone")
    return value.upper().replace(" ", "T")


def _one_of(*words: str) -> Check:
    def check(value: Any, place: str) -> Any:
        if value not in words:
            raise FormError(f"{place} must be one of {', '.join(words)}")
        return value

    return check


_PAIR = {
    "severity": (_one_of("page", "ticket"), _REQUIRED),
    "long": (_text, _REQUIRED),
    "short": (_text, _REQUIRED),
    "factor": (_number, _REQUIRED),
    "long_rate": (_number, _REQUIRED),
    "short_rate": (_number, _REQUIRED),
    "exceeded": (_flag, _REQUIRED),
}
_POINT = {"at": (_time, _REQUIRED), "remaining": (_number, _REQUIRED)}
_SLO: Mapping[str, tuple[Check, Any]] = {
    "name": (_text, _REQUIRED),
    "objective": (_or_null(_number), _REQUIRED),
    "window": (_or_null(_text), None),
    "remaining": (_or_null(_number), _REQUIRED),
    "state": (_or_null(_one_of("ok", "warning", "exhausted", "insufficient_data")), None),
    "reason": (_or_null(_text), None),
    "burn_rate": (_or_null(_number), None),
    "pairs": (_list(_object(_PAIR)), []),
    "exhausted_at": (_or_null(_time), None),
    "projection": (_list(_object(_POINT)), []),
    "source": (_or_null(_text), None),
    "place": (_or_null(_text), None),
}
_WINDOW: Mapping[str, tuple[Check, Any]] = {
    "name": (_text, _REQUIRED),
    "from": (_time, _REQUIRED),
    "until": (_or_null(_time), _REQUIRED),
    "reason": (_or_null(_text), None),
    "who": (_or_null(_text), None),
    "line": (_or_null(_line), None),
}
_CALENDAR: Mapping[str, tuple[Check, Any]] = {
    "source": (_or_null(_text), None),
    "until": (_or_null(_time), None),
    "last_end": (_or_null(_time), None),
    "review_by": (_or_null(_time), None),
    "windows": (_list(_window), _REQUIRED),
}
