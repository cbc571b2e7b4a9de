"""The policy input as text, the same for every engine."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from gate.errors import InputError

_MAX_EXACT = 2**53
_FLOATS = re.compile(r"\d\.0[,}\]]|\de[+-]?\d")


def input_text(policy_input: Mapping[str, Any]) -> str:
    """The input as JSON, with integral floats as integers: `3.0` and `3` are one value to OPA."""
    try:
        text = _json(policy_input)
        if _FLOATS.search(text):
            text = _json(_whole(policy_input))
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"The policy input is not JSON: {error}.") from error
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) <= _MAX_EXACT:
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_whole(inner) for inner in value]
    return value
