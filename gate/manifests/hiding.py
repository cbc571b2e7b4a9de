"""Secrets taken out of what goes into the input."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from gate.manifests.identity import Item
from gate.manifests.pairing import Pair
from gate.manifests.secrets import as_secret, where_secret

Redact = Callable[[Any], Any]
_Names = Collection[str | None]


def without_secrets(pairs: Iterable[Pair], redact: Redact) -> Iterator[Pair]:
    """The pairs with their secret values nameless, in the same order.

    An object whose kind becomes Secret, or was it, is no pair: what has its name is hidden too.
    """
    everything = list(pairs)
    gone = _secrets(one.old for one in everything if one.new is None)
    come = _secrets(one.new for one in everything if one.old is None)
    for one in everything:
        yield replace(
            one,
            old=one.old and _without_secrets(one.old, redact, () if one.new else come),
            new=one.new and _without_secrets(one.new, redact, () if one.old else gone),
        )


def _secrets(items: Iterable[Item | None]) -> _Names:
    return {item.identity.name for item in items if item and item.identity.kind == "Secret"}


def _without_secrets(item: Item, redact: Redact, secrets: _Names) -> Item:
    if item.hidden or _was_secret(item, secrets):
        value = as_secret(item.value, redact)
    elif item.veiled:
        value = where_secret(item.value, redact)
    else:
        value = redact(item.value)
    return item if value is item.value else replace(item, value=value)


def _was_secret(item: Item, secrets: _Names) -> bool:
    holds_data = isinstance(item.value, dict) and not item.value.keys().isdisjoint(
        ("data", "stringData")
    )
    return holds_data and not item.is_file and item.identity.name in secrets
