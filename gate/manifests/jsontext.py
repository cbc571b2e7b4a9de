"""JSON as Kubernetes reads it: one value, or several one after the other.

The meaning is the same as that of the YAML reader, which reads whatever this one leaves: JSON with
repeated keys or very many values, and what only looks like JSON.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from gate.manifests.limits import MAX_DEPTH, MAX_DOCUMENTS, Budget, too_deep
from gate.manifests.scalars import json_number

_BRACKET_FIRST = re.compile(rb"[ \t\r\n]*+[{\[]")
_SPACE = re.compile(r"[ \t\r\n]*+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_LONGEST_INTEGER = len("-9223372036854775808")


@dataclass(frozen=True, slots=True)
class JsonValue:
    """A value and where its text stands: `start` and `end` in the characters of the file, and
    `line`, from 0, of its first."""

    value: Any
    start: int
    end: int
    line: int


def read_json(data: bytes, budget: Budget) -> list[JsonValue] | None:
    """The values of a JSON file; None where it is no JSON, or better read as YAML.

    Raises `LimitError` where the nesting is too deep.
    """
    if not _BRACKET_FIRST.match(data):
        return None
    most = sum(map(data.count, (b",", b":", b"[", b"{"))) + 1
    if most > budget.values:
        return None
    try:
        values = _values(data.decode())
    except (ValueError, RecursionError):
        return None
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH:
        for found in values:
            _check_depth(found)
    budget.spend(most, len(data))
    return values


def _values(text: str) -> list[JsonValue]:
    decode = json.JSONDecoder(
        object_pairs_hook=_mapping,
        parse_float=_float,
        parse_int=_integer,
        parse_constant=_refuse,
    ).raw_decode
    may_hold_surrogates = _SURROGATE_ESCAPE.search(text) is not None
    found: list[JsonValue] = []
    line = end = 0
    while (start := _skip_space(text, end)) < len(text):
        if len(found) == MAX_DOCUMENTS:
            raise ValueError("too many documents")
        line += text.count("\n", end, start)
        value, stop = decode(text, start)
        if may_hold_surrogates:
            value = _without_surrogates(value)
        found.append(JsonValue(value, start, stop, line))
        line += text.count("\n", start, stop)
        end = stop
    return found


def _skip_space(text: str, start: int) -> int:
    match = _SPACE.match(text, start)
    return match.end() if match else start


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise ValueError("a key stands twice: the YAML reader says where")
    return mapping


def _float(text: str) -> Any:
    value = float(text)
    if math.isinf(value):
        raise ValueError("a number too large for a float")
    return json_number(value)


def _integer(text: str) -> Any:
    return json_number(int(text)) if len(text) <= _LONGEST_INTEGER else _float(text)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _without_surrogates(value: Any) -> Any:
    """Halves of surrogate pairs, which no UTF-8 can hold, become U+FFFD, as Go writes them."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


def _check_depth(found: JsonValue) -> None:
    level = [found.value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise too_deep(found.line + 1)
