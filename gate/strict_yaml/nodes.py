"""YAML values with the place where each stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Mark(NamedTuple):
    """Line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Node:
    """A value as JSON knows it, whose lists and mappings hold nodes.

    `keys` says where each key of a mapping stands. `size` counts the node and all below it, with
    aliases expanded. `ambiguous`: text that other YAML readers take for a truth value or a number.
    """

    value: bool | int | float | str | list[Node] | dict[str, Node] | None
    mark: Mark
    keys: Mapping[str, Mark] = field(default_factory=dict)
    size: int = 1
    ambiguous: bool = False


def plain(node: Node) -> Any:
    """The value without places."""
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    return node.value
