"""Secrets taken out of what goes into the input."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from gate.manifests.identity import Item
from gate.manifests.pairing import Pair
from gate.manifests.secrets import as_secret, where_secret, without_content

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
        if makes_secret(one):
            yield replace(one, old=_all_hidden(one.old, redact), new=_all_hidden(one.new, redact))
            continue
        yield replace(
            one,
            old=one.old and _without_secrets(one.old, redact, () if one.new else come),
            new=one.new and _without_secrets(one.new, redact, () if one.old else gone),
        )


def makes_secret(one: Pair) -> bool:
    """Whether a Secret is generated from the file. The old side decides where there is one: a
    change cannot hide what stood in the open from the rules."""
    return (one.old or one.current).generates


def _all_hidden(item: Item | None, redact: Redact) -> Item | None:
    return item and replace(item, value=without_content(item.value, redact))


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
