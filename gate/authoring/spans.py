"""Parts of a module's text, by the spans of regorus' syntax tree (offsets in bytes)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Tree = Mapping[str, Any]

_QUOTES = (b'"', b"`")
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')


class Source:
    """A module's text by the offsets of its bytes."""

    def __init__(self, text: str) -> None:
        self._bytes = text.encode()

    def cut(self, start: int, end: int) -> str:
        return self._bytes[start:end].decode("utf-8", "replace")

    def place(self, start: int) -> tuple[int, int]:
        """Line and column, both from 1; a column is a character."""
        before = self._bytes[: self._opened(start)].decode("utf-8", "replace")
        return before.count("\n") + 1, len(before) - before.rfind("\n")

    def text(self, node: Tree) -> str:
        return self.cut(*self.edges(node))

    def edges(self, node: Tree) -> tuple[int, int]:
        """Start and end of an expression; regorus lets `set()` reach into what follows it."""
        start, end = self.bounds(span_of(node))
        if "Set" in node and not node["Set"]["items"]:
            end = self._bytes.index(b")", start) + 1
        return start, end

    def bounds(self, span: Mapping[str, int]) -> tuple[int, int]:
        """Start and end with what regorus leaves out: the quotes of a string, and sometimes the
        last bracket of a reference."""
        start, end = self._opened(span["start"]), span["end"]
        if self._bytes[end : end + 1] in _QUOTES:
            end += 1
        if self._bytes[end : end + 1] == b"]" and _is_open(self.cut(start, end)):
            end += 1
        return start, end

    def _opened(self, start: int) -> int:
        return start - 1 if start and self._bytes[start - 1 : start] in _QUOTES else start


def _is_open(text: str) -> bool:
    plain = _STRINGS.sub("", text)
    return plain.count("[") > plain.count("]")


def reference(node: Tree) -> list[str]:
    """The parts of a reference that are fixed: `a.b["c"]`."""
    return [part for part, _ in parts(node)]


def parts(node: Tree) -> list[tuple[str, Tree]]:
    """The fixed parts at the start of a reference, each with the node that ends there."""
    chain: list[tuple[str | None, Tree]] = []
    while True:
        ((form, inner),) = node.items()
        if form == "Var":
            chain.append((inner["value"], node))
            break
        if form == "RefDot":
            chain.append((inner["field"][1], node))
        elif form == "RefBrack":
            text = inner["index"].get("String") or inner["index"].get("RawString")
            chain.append((text["value"] if text else None, node))
        else:
            return []
        node = inner["refr"]
    found: list[tuple[str, Tree]] = []
    for name, part in reversed(chain):
        if name is None:
            break
        found.append((name, part))
    return found


def span_of(node: Tree) -> Mapping[str, int]:
    span: Mapping[str, int] = next(iter(node.values()))["span"]
    return span
