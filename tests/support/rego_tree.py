"""Rego as a tree, so that a policy on which two engines differ can be made smaller."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

Kind = Literal["module", "body", "inline", "expression", "text"]
_BETWEEN: dict[Kind, str] = {"module": "\n\n", "body": "\n\t", "inline": "; "}


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a policy: its text is the text of its parts."""

    kind: Kind
    parts: tuple[Node | str, ...]


def text(node: Node | str) -> str:
    """The Rego of a tree."""
    if isinstance(node, str):
        return node
    return _BETWEEN.get(node.kind, "").join(text(part) for part in node.parts)


def smaller(node: Node) -> Iterator[Node]:
    """Trees with one part taken out or made simpler, the boldest first."""
    if node.kind in ("module", "body", "inline") and len(node.parts) > 1:
        first = 1 if node.kind == "module" else 0
        for place in range(first, len(node.parts)):
            yield replace(node, parts=node.parts[:place] + node.parts[place + 1 :])
    if node.kind == "expression" and node.parts not in (("1",), ('"a"',), ("null",)):
        yield from _expressions(node)
        yield from (
            Node("expression", (each,)) for each in ("1", '"a"', "null") if each != text(node)
        )
    for place, part in enumerate(node.parts):
        if isinstance(part, Node):
            for less in smaller(part):
                yield replace(node, parts=(*node.parts[:place], less, *node.parts[place + 1 :]))


def _expressions(node: Node) -> Iterator[Node]:
    for part in node.parts:
        if isinstance(part, Node):
            if part.kind == "expression":
                yield part
            else:
                yield from _expressions(part)


def smaller_json(value: Any) -> Iterator[Any]:
    """Values with one part taken out or made simpler."""
    if isinstance(value, dict):
        yield from ({k: v for k, v in value.items() if k != key} for key in value)
        for key, inner in value.items():
            yield from ({**value, key: less} for less in smaller_json(inner))
    elif isinstance(value, list):
        yield from (value[:place] + value[place + 1 :] for place in range(len(value)))
        for place, inner in enumerate(value):
            yield from ([*value[:place], less, *value[place + 1 :]] for less in smaller_json(inner))
    elif value not in (None, 0, 1, "", "a"):
        yield from (None, 1, "a")


def shrink(
    node: Node, given: Any, differ: Callable[[Node, Any], bool], *, tries: int = 400
) -> tuple[Node, Any]:
    """The smallest policy and input found, within so many tries, that still differ."""
    left = tries
    found = True
    while found and left > 0:
        found = False
        choices = [*((less, given) for less in smaller(node))]
        choices += [(node, less) for less in smaller_json(given)]
        for less_node, less_given in sorted(choices, key=_size):
            left -= 1
            if left <= 0:
                break
            if _size((less_node, less_given)) < _size((node, given)) and differ(
                less_node, less_given
            ):
                node, given, found = less_node, less_given, True
                break
    return node, given


def _size(pair: tuple[Node, Any]) -> int:
    return len(text(pair[0])) + len(json.dumps(pair[1]))
