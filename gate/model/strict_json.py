"""JSON that means one thing: no key twice, no NaN, no half of a character, not too deep."""

from __future__ import annotations

import json
import math
from typing import Any

MAX_DEPTH = 64
"""How deep lists and objects may be nested."""


class TooDeepError(ValueError):
    """Lists and objects are nested deeper than MAX_DEPTH."""

    def __init__(self) -> None:
        super().__init__(f"nested deeper than {MAX_DEPTH} levels")


def read(data: bytes) -> Any:
    """The value of a text in UTF-8 (RFC 8259). Raises ValueError, whose text says what is wrong;
    TooDeepError is one."""
    try:
        value = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_constant=_finite,
            parse_float=_finite,
        )
    except RecursionError:
        raise TooDeepError from None
    if _deeper(value, MAX_DEPTH):
        raise TooDeepError
    if b"\\u" in data:
        json.dumps(value, ensure_ascii=False).encode()
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
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and (
        levels == 0 or any(_deeper(each, levels - 1) for each in value)
    )
