"""The last look at what leaves the machine: secrets that the environment holds are left out of
it. Nobody does that for text that goes to an API."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from gate.errors import GateError

HIDDEN = "***"
SHORTEST = 8
"""Signs below which a value is too common to be left out."""

_SECRET = re.compile(r"TOKEN|SECRET|PASSW|PASSPHRASE|KEY|CREDENTIAL|AUTH(?!OR)", re.IGNORECASE)
_WORDS = frozenset({"verdict", "mode", "level", "status", "outcome", "state", "kind", "side"})
_HEADING = re.compile(r"-+(BEGIN|END) [A-Z0-9 ]+-+")

Value = TypeVar("Value")


def secrets() -> tuple[str, ...]:
    """The values of variables whose names speak of a secret, the longest first; of one with
    several lines, each of them too."""
    found: set[str] = set()
    for name, value in os.environ.items():
        if _SECRET.search(name):
            lines = (line.strip() for line in value.splitlines())
            found |= {value.strip(), *(line for line in lines if not _HEADING.fullmatch(line))}
    return tuple(sorted((each for each in found if len(each) >= SHORTEST), key=len, reverse=True))


def redacted(value: Value, hidden: Sequence[str]) -> Value:
    """The same data without what is hidden: in texts, however deep. Keys of mappings and fields
    that hold a word of gate's own stay as they are."""
    return _redacted(value, hidden) if hidden else value


def _redacted(value: Any, hidden: Sequence[str]) -> Any:
    if isinstance(value, str):
        for secret in hidden:
            value = value.replace(secret, HIDDEN)
        return value
    if isinstance(value, Mapping):
        return {key: _redacted(each, hidden) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_redacted(each, hidden) for each in value)
    if isinstance(value, GateError):
        told = copy.copy(value)
        for name in ("message", "advice", "path"):
            setattr(told, name, _redacted(getattr(value, name), hidden))
        return told
    if is_dataclass(value) and not isinstance(value, type):
        texts = {each.name: getattr(value, each.name) for each in fields(value)}
        kept = {name: each for name, each in texts.items() if name not in _WORDS}
        return replace(value, **{name: _redacted(each, hidden) for name, each in kept.items()})
    return value
