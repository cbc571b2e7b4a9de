"""Lines and columns in a file, found by parsing a document again: only for what is shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from gate.manifests.documents import Part, decode, split
from gate.manifests.jsontext import JsonValue, read_json
from gate.manifests.limits import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_PLACES,
    Budget,
    ReadingError,
    too_deep,
    too_large,
)
from gate.manifests.parser import events, is_merge
from gate.manifests.scalars import key_text, plain, tagged

Node = list[Any]
"""`[line, column]`, with a third element where there is something below: the nodes of a mapping's
keys as an object, those of a list's elements as an array."""


@dataclass(frozen=True, slots=True)
class Positions:
    """The places of one object. A mapping's entry stands where its key does, a list's element
    where its first token does (behind the dash), the whole at its first token. What comes from an
    alias or a merge stands where it is written."""

    tree: Node

    def find(self, path: Sequence[str | int]) -> tuple[int, int]:
        """Line and column, from 1, of the nearest existing ancestor of `path`."""
        node = self.tree
        for key in path:
            inner = _step(node, key)
            if inner is None:
                break
            node = inner
        return node[0], node[1]

    def as_json(self) -> str:
        """All places, compact; `gate.model.places` reads the same trees."""
        return json.dumps(self.tree, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Positions:
        """What `as_json` gave."""
        return cls(json.loads(text))


def positions(data: bytes, index: int, item: tuple[str | int, ...]) -> Positions:
    """The places of the object that `read_file` found as `index` and `item` in these bytes.

    Where the document cannot be parsed again, holds no such item, or too many values to keep the
    places of, there is one place: its own.
    """
    node = _document(data, index)
    for key in item:
        inner = _step(node, key)
        if inner is None:
            break
        node = inner
    return Positions(node)


def _step(node: Node, key: str | int) -> Node | None:
    below = node[2] if len(node) > 2 else None
    inner: Node | None = None
    if isinstance(below, dict) and isinstance(key, str):
        inner = below.get(key)
    elif isinstance(below, list) and isinstance(key, int) and 0 <= key < len(below):
        inner = below[key]
    return inner


@lru_cache(maxsize=2)
def _document(data: bytes, index: int) -> Node:
    parts = _parts(data)
    if not 0 <= index < len(parts):
        return [1, 1]
    part, column = parts[index]
    tree = _Tree(part.line + 1, column)
    try:
        for event in events(part):
            tree.take(event)
    except ReadingError:
        return [part.line + 1, column + 1]
    return tree.root[0] if tree.root else [part.line + 1, column + 1]


@lru_cache(maxsize=2)
def _parts(data: bytes) -> tuple[tuple[Part, int], ...]:
    """The documents of a file, each with the column, from 0, in which it starts."""
    try:
        if len(data) > MAX_BYTES:
            raise too_large(len(data))
        text = decode(data)
        values = read_json(text, Budget())
    except ReadingError:
        return ()
    return tuple(_yaml_parts(text) if values is None else _json_parts(text.decode(), values))


def _yaml_parts(data: bytes) -> Iterator[tuple[Part, int]]:
    try:
        for part in split(data):
            yield part, 0
    except ReadingError:
        return


def _json_parts(text: str, values: Sequence[JsonValue]) -> Iterator[tuple[Part, int]]:
    for found in values:
        column = found.start - text.rfind("\n", 0, found.start) - 1
        yield Part(text[found.start : found.end].encode(), found.line), column


@dataclass(slots=True)
class _Open:
    """A container whose nodes are being read: `below` takes them, `key` and `place` are those of
    the mapping's entry that waits for its value, `node` is the container's own."""

    below: Any
    node: Node
    anchor: str | None = None
    key: str | None = None
    place: Node = field(default_factory=list)
    merges: bool = False

    @property
    def wants_key(self) -> bool:
        return type(self.below) is dict and self.key is None


class _Tree:
    """Puts the places of a document together, as `parser` does the values."""

    def __init__(self, line: int, column: int) -> None:
        self.root: list[Node] = []
        self._line = line
        self._column = column
        self._taken = 0
        self._open = [_Open(self.root, [])]
        self._anchors: dict[str, tuple[str, Any]] = {}

    def take(self, event: Event) -> None:
        """Takes one event. Raises `ReadingError` where there are too many places, too deep ones,
        or an alias of nothing."""
        self._taken += 1
        if len(self._open) > MAX_DEPTH + 1 or self._taken > MAX_PLACES:
            raise too_deep()
        if isinstance(event, ScalarEvent):
            self._scalar(event)
        elif isinstance(event, AliasEvent):
            self._alias(event)
        elif isinstance(event, MappingStartEvent):
            self._open.append(_Open({}, self._place(event), event.anchor))
        elif isinstance(event, SequenceStartEvent):
            self._open.append(_Open([], self._place(event), event.anchor))
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            closed = self._open.pop()
            if closed.anchor is not None:
                self._anchors[closed.anchor] = "", closed.below
            self._put(closed.node, closed.below)

    def _at(self, event: Any) -> Node:
        mark = event.start_mark
        return [self._line + mark.line, mark.column + 1 + (0 if mark.line else self._column)]

    def _place(self, event: Event) -> Node:
        """Where the node stands that begins here."""
        top = self._open[-1]
        return self._at(event) if type(top.below) is list or top.wants_key else top.place

    def _scalar(self, event: ScalarEvent) -> None:
        top = self._open[-1]
        text = _text(event) if top.wants_key or event.anchor is not None else ""
        if event.anchor is not None:
            self._anchors[event.anchor] = text, None
        if top.wants_key:
            top.key, top.place = text, self._at(event)
            top.merges = is_merge(event)
        else:
            self._put(self._place(event), None)

    def _alias(self, event: Any) -> None:
        top = self._open[-1]
        if event.anchor not in self._anchors:
            raise ReadingError("an alias of nothing that is whole")
        text, below = self._anchors[event.anchor]
        if top.wants_key:
            top.key, top.place, top.merges = text, self._at(event), False
        else:
            self._put(self._place(event), below)

    def _put(self, node: Node, below: Any) -> None:
        top = self._open[-1]
        if below:
            node.append(below)
        if type(top.below) is list:
            top.below.append(node)
        elif top.key is None:
            top.key, top.place, top.merges = "", node, False
        elif top.merges:
            for merged in reversed(below) if type(below) is list else [node]:
                if len(merged) > 2:
                    top.below.update(merged[2])
            top.key = None
        else:
            top.below[top.key] = node
            top.key = None


def _text(event: ScalarEvent) -> str:
    """A key as `parser` reads it; the text itself where it reads none."""
    text: str = event.value
    try:
        if event.tag is not None:
            return key_text(tagged(event.tag, text))
        is_plain = event.implicit[0] and not event.style
        return key_text(plain(text)) if is_plain else text
    except ReadingError:
        return text
