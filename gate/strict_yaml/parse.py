"""Reads a YAML file strictly: no tags, no duplicate keys, and the gate's own as one document.

Words and numbers are read as JSON writes them. `yes`, `off`, `014` and the like stay text and
are marked as ambiguous. The events of libyaml are used, since building nodes from brackets nested
without end breaks the process.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import yaml

from gate.errors import ConfigError
from gate.strict_yaml.nodes import Mark, Node

Read = TypeVar("Read")

MAX_BYTES = 500_000
MAX_DEPTH = 32
MAX_NODES = 50_000
MAX_DIGITS = 30
QUOTE = "Quote text that starts with `*`, `&` or `!`."

_WORDS = {"": None, "~": None} | {
    form: value
    for word, value in (("null", None), ("true", True), ("false", False))
    for form in (word, word.title(), word.upper())
}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_AMBIGUOUS = re.compile(
    r"""y|n|yes|no|on|off
    | [-+]?0x[0-9a-f_]+ | [-+]?0[ob][0-7_]+
    | [-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?
    | [-+]?\.[0-9][0-9_]*(?:e[-+]?[0-9]+)?
    | [-+]?\.inf | \.nan""",
    re.VERBOSE | re.IGNORECASE,
)


def parse(data: bytes, path: str) -> Node:
    """The one document of a file; an empty file is null.

    Raises ConfigError with the line.
    """
    return _read(data, path, _Reader.document)


def documents(data: bytes, path: str) -> list[Node]:
    """The documents of a file that others' tools read too: several, and with merges (`<<`).

    Raises ConfigError with the line.
    """
    return _read(data, path, _Reader.documents)


def _read(data: bytes, path: str, take: Callable[[_Reader], Read]) -> Read:
    if len(data) > MAX_BYTES:
        raise ConfigError(
            f"`{path}` is too large: {len(data)} bytes, and at most {MAX_BYTES} are read.",
            advice="Keep the files that gate reads small.",
            path=path,
        )
    loader = yaml.CSafeLoader(_text(data, path))
    try:
        return take(_Reader(loader, path))
    except yaml.YAMLError as error:
        raise _not_yaml(error, path) from error
    finally:
        loader.dispose()


def _text(data: bytes, path: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"`{path}` is not UTF-8.",
            advice="Save it as UTF-8.",
            path=path,
            line=data.count(b"\n", 0, error.start) + 1,
        ) from error
    wrong = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]", text)
    if wrong:
        raise ConfigError(
            f"`{path}` holds the control character U+{ord(wrong[0]):04X}.",
            advice="Remove it.",
            path=path,
            line=text.count("\n", 0, wrong.start()) + 1,
        )
    return text


def _not_yaml(error: yaml.YAMLError, path: str) -> ConfigError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "context", None) or str(error)
    return ConfigError(
        f"`{path}` is not valid YAML: {problem}.",
        advice=f"Mend the line, or the one before it. {QUOTE}",
        path=path,
        line=mark.line + 1 if mark else None,
        column=mark.column + 1 if mark else None,
    )


class _Reader:
    """Builds nodes from the events of one stream."""

    def __init__(self, loader: yaml.CSafeLoader, path: str) -> None:
        self._loader = loader
        self._path = path
        self._anchors: dict[str, Node | None] = {}
        self._merges = False

    def documents(self) -> list[Node]:
        self._merges = True
        self._next()
        found = []
        while not isinstance(self._next(), yaml.StreamEndEvent):
            self._anchors.clear()
            found.append(self._node(self._next(), 1))
            self._next()
        return found

    def document(self) -> Node:
        self._next()
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            return Node(None, Mark(1, 1))
        root = self._node(self._next(), 1)
        self._next()
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            raise self._error("there is more than one YAML document", event)
        return root

    def _next(self) -> yaml.Event:
        event = self._loader.get_event()
        assert event is not None, "the stream's end is an event"
        return event

    def _node(self, event: yaml.Event, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._error(f"it is nested deeper than {MAX_DEPTH} levels", event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        if event.tag is not None:
            raise self._error(f"the tag `{event.tag}` is not read here", event, QUOTE)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node = self._value(event, depth)
        if node.size > MAX_NODES:
            raise self._error(f"it holds more than {MAX_NODES} values", event)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _value(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return _quoted(event) if event.style else _bare(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(_mark(event), depth)
        return self._mapping(_mark(event), depth)

    def _alias(self, event: yaml.AliasEvent) -> Node:
        node = self._anchors.get(str(event.anchor))
        if node is None:
            message = f"the alias `*{event.anchor}` stands for nothing before it"
            raise self._error(message, event, QUOTE)
        return node

    def _items(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        while not isinstance(event := self._next(), end):
            yield event

    def _list(self, mark: Mark, depth: int) -> Node:
        items: list[Node] = []
        size = 1
        for event in self._items(yaml.SequenceEndEvent):
            item = self._node(event, depth + 1)
            items.append(item)
            size += item.size
        return Node(items, mark, size=size)

    def _mapping(self, mark: Mark, depth: int) -> Node:
        values: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        merged: list[Node] = []
        size = 1
        for event in self._items(yaml.MappingEndEvent):
            if self._merges and _is_merge(event):
                merged += self._merged(depth)
                continue
            key = self._key(event, depth)
            if key in values:
                raise self._error(
                    f"the key `{key}` is there twice (first in line {keys[key].line})", event
                )
            keys[key] = _mark(event)
            values[key] = self._node(self._next(), depth + 1)
            size += values[key].size
        for node in merged:
            assert isinstance(node.value, dict)
            size += node.size
            if size > MAX_NODES:
                break
            values = node.value | values
            keys = dict(node.keys) | keys
        return Node(values, mark, keys, size)

    def _merged(self, depth: int) -> list[Node]:
        """The mappings that a merge takes in; the first that has a key gives it."""
        event = self._next()
        node = self._node(event, depth + 1)
        found = node.value if isinstance(node.value, list) else [node]
        if not all(isinstance(each.value, dict) for each in found):
            raise self._error("a merge (`<<`) of something that is no mapping", event)
        return found

    def _key(self, event: yaml.Event, depth: int) -> str:
        if not isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            raise self._error("a key must be text", event)
        if _is_merge(event):
            raise self._error("merge keys (`<<`) are not read here", event)
        node = self._node(event, depth)
        if isinstance(event, yaml.ScalarEvent):
            return str(event.value)
        if not isinstance(node.value, str):
            raise self._error("a key must be text", event)
        return node.value

    def _error(
        self, message: str, event: yaml.Event, advice: str = "Mend the line."
    ) -> ConfigError:
        mark = _mark(event)
        return ConfigError(
            f"`{self._path}` cannot be read: {message}.",
            advice=advice,
            path=self._path,
            line=mark.line,
            column=mark.column,
        )


def _is_merge(event: yaml.Event) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.value == "<<" and not event.style


def _mark(event: yaml.Event) -> Mark:
    start = event.start_mark
    return Mark(start.line + 1, start.column + 1) if start else Mark(1, 1)


def _quoted(event: yaml.ScalarEvent) -> Node:
    return Node(event.value, _mark(event))


def _bare(event: yaml.ScalarEvent) -> Node:
    text: str = event.value
    mark = _mark(event)
    if text in _WORDS:
        return Node(_WORDS[text], mark)
    number = _number(text)
    if number is not None:
        return Node(number, mark)
    return Node(text, mark, ambiguous=_AMBIGUOUS.fullmatch(text) is not None)


def _number(text: str) -> int | float | None:
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > MAX_DIGITS:
        return None
    if match[1] is None and match[2] is None:
        return int(text)
    value = float(text)
    return value if math.isfinite(value) else None
