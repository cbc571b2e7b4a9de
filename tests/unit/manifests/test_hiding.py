"""Secrets in what goes into the input."""

from __future__ import annotations

from typing import Any

from gate.manifests.hiding import without_secrets
from gate.manifests.identity import FILE_IDENTITY, Item, Place
from gate.manifests.pairing import Pair
from gate.manifests.secrets import redactor


def item(value: Any, *, hidden: bool = False) -> Item:
    return Item(FILE_IDENTITY, "a", 0, value, Place("a", b"", 0), patch=True, hidden=hidden)


def secret(value: str) -> dict[str, Any]:
    return {"kind": "Secret", "stringData": {"x": value}}


def test_both_sides_share_their_numbers() -> None:
    pairs = [Pair(item(secret("one")), item(secret("two"))), Pair(None, item(secret("one")))]
    first, second = without_secrets(pairs, redactor())
    assert first.old is not None
    assert first.new is not None
    assert second.new is not None
    assert [one.value["stringData"]["x"] for one in (first.old, first.new, second.new)] == [
        "<secret:1>",
        "<secret:2>",
        "<secret:1>",
    ]


def test_what_holds_no_secret_stays_the_same_item() -> None:
    plain = item({"kind": "Pod"})
    (found,) = without_secrets([Pair(plain, None)], redactor())
    assert found.old is plain


def test_any_value_of_a_hidden_patch_is_nameless() -> None:
    steps = ["odd", {"op": "remove", "path": "/x"}, {"op": "add", "path": "/y", "value": {"z": 1}}]
    (found,) = without_secrets([Pair(None, item(steps, hidden=True))], redactor())
    assert found.new is not None
    assert found.new.value == [
        *steps[:2],
        {"op": "add", "path": "/y", "value": {"z": "<secret:1>"}},
    ]
