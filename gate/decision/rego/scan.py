"""A light look at Rego text: comments, bracket depth, the package and the heads of rules.

It does not parse: it tells code from strings and comments, which METADATA and the cap on depth
need before a parser may see the text. For modules as `opa fmt` writes them (each rule starts in
column 1) its heads are those of the syntax tree.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

HeadKind = Literal["set", "value", "default", "function", "other"]

NAMES = ("deny", "warn", "applies")
"""The names in a rule's package that the gate reads."""

_OPAQUE = re.compile(r'"(?:[^"\\\n]|\\.)*"?|`[^`]*`?|#[^\n]*|[\[\](){}]')
_PACKAGE = re.compile(r"\s*package[ \t]+([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)[ \t\r]*(?=\n|\Z)")
_HEAD = re.compile(rf"(default[ \t]+)?({'|'.join(NAMES)})\b[ \t]*(contains\b|[(\[.])?")
_KINDS: dict[str | None, HeadKind] = {
    "contains": "set",
    "(": "function",
    "[": "other",
    ".": "other",
    None: "value",
}


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment without its `#`. `row` counts from 1; `first` says that it is in column 1."""

    row: int
    first: bool
    text: str


@dataclass(frozen=True, slots=True)
class Head:
    """The head of one clause of `deny`, `warn` or `applies`."""

    name: str
    kind: HeadKind
    line: int


@dataclass(frozen=True, slots=True)
class Scan:
    """`depth` is that of the deepest bracket, `deepest` its row; `package` is None where none is
    found, and `package_row` then 1."""

    comments: tuple[Comment, ...]
    depth: int
    deepest: int
    package: tuple[str, ...] | None
    package_row: int
    heads: tuple[Head, ...]


def scan(text: str) -> Scan:
    """Looks through a module once; linear in its length, whatever it holds."""
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    comments: list[Comment] = []
    code: list[str] = []
    openings: list[tuple[int, int]] = [(0, 0)]
    at = depth = most = deepest = 0
    for token in _OPAQUE.finditer(text):
        begin, finish = token.span()
        mark = text[begin]
        if mark in "[({":
            depth += 1
            openings.append((begin, depth))
            if depth > most:
                most, deepest = depth, begin
        elif mark in "])}":
            depth = max(depth - 1, 0)
            openings.append((begin, depth))
        else:
            code += (text[at:begin], _blank(text[begin:finish]))
            at = finish
            if mark == "#":
                row = bisect_right(starts, begin)
                first = begin == starts[row - 1]
                comments.append(Comment(row, first, text[begin + 1 : finish].removesuffix("\r")))
    plain = "".join((*code, text[at:]))
    package = _PACKAGE.match(plain)
    return Scan(
        comments=tuple(comments),
        depth=most,
        deepest=bisect_right(starts, deepest),
        package=tuple(package[1].split(".")) if package else None,
        package_row=bisect_right(starts, package.start(1)) if package else 1,
        heads=_heads(plain, starts, openings),
    )


def _blank(opaque: str) -> str:
    return re.sub(r"[^\n]", " ", opaque) if "\n" in opaque else " " * len(opaque)


def _heads(plain: str, starts: list[int], depths: list[tuple[int, int]]) -> tuple[Head, ...]:
    heads = []
    offsets = [offset for offset, _ in depths]
    for row, start in enumerate(starts, start=1):
        found = _HEAD.match(plain, start)
        if found and depths[bisect_right(offsets, start) - 1][1] == 0:
            default, name, after = found.groups()
            kind: HeadKind = "default" if default and after is None else _KINDS[after]
            heads.append(Head(name, kind, row))
    return tuple(heads)
