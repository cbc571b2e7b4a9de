"""Secrets taken out of what goes into the input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from gate.manifests.identity import Item
from gate.manifests.pairing import Pair

Redact = Callable[[Any], Any]


def without_secrets(pairs: Iterable[Pair], redact: Redact) -> Iterator[Pair]:
    """The pairs with their secret values nameless, in the same order."""
    for one in pairs:
        yield Pair(
            None if one.old is None else _without_secrets(one.old, redact),
            None if one.new is None else _without_secrets(one.new, redact),
        )


def _without_secrets(item: Item, redact: Redact) -> Item:
    if item.hidden and isinstance(item.value, list):
        return replace(item, value=[_without_value(step, redact) for step in item.value])
    value = redact(item.value)
    return item if value is item.value else replace(item, value=value)


def _without_value(step: Any, redact: Redact) -> Any:
    """An operation of a JSON patch whose target is a Secret: any value in it may be secret."""
    if not isinstance(step, dict) or "value" not in step:
        return step
    secret = redact({"kind": "Secret", "stringData": {"value": step["value"]}})
    return {**step, "value": secret["stringData"]["value"]}
