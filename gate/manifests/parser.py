"""One YAML document to one value, as Kubernetes reads it.

It is built from libyaml's events with a stack of its own, so that depth, size and aliases are
counted before anything grows: composing nodes recursively, as PyYAML's loaders do, crashes on
deep nesting. The meaning of tags, merges and repeated keys is that of go.yaml.in/yaml/v2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from gate.manifests.documents import Part
from gate.manifests.limits import (
    MAX_DEPTH,
    MAX_DIRECTIVE_BYTES,
    Budget,
    LimitError,
    ReadingError,
    too_deep,
)
from gate.manifests.scalars import HINTS, json_number, key_text, plain, tagged

_MERGE = object()
_MERGE_FAULT = "a merge (`<<`) of something that is no mapping"
_NO_KEY = object()
_MERGE_TAG = "tag:yaml.org,2002:merge"
_BARE_TAG = re.compile(rb"!(?=[\s,\]}]|\Z)")
_COMMENT = re.compile(r"(?:^|\s)#.*")


@dataclass(frozen=True, slots=True)
class Built:
    """A document's value, and the keys that stand twice in one mapping: (line from 1, key).

    `fault`: behind the value stands something that is no YAML; Kubernetes ignores that."""

    value: Any
    duplicates: tuple[tuple[int, str], ...]
    fault: ReadingError | None = None


@dataclass(slots=True)
class _Anchored:
    """What an anchor names, and how large it is once it is whole."""

    value: Any
    values: int
    text: int
    is_whole: bool


def build(part: Part, budget: Budget) -> Built:
    """Parses one document. Raises `ReadingError`; `FileLimitError` where the budget is spent.

    What several aliases name is one object in the value: it must not be changed in place.
    """
    builder = _Builder(part, budget)
    fault = None
    try:
        builder.run()
    except ReadingError as error:
        if not builder.is_whole:
            raise
        fault = error
    return Built(builder.root[0] if builder.root else None, tuple(builder.duplicates), fault)


def events(part: Part) -> Iterator[Any]:
    """libyaml's events of one document. Raises `ReadingError` with the file's line."""
    if part.directives > MAX_DIRECTIVE_BYTES:
        message = f"more than {MAX_DIRECTIVE_BYTES:,} bytes of YAML directives"
        raise LimitError(message, part.line + 1)
    parser = CParser(part.data)
    try:
        while (event := parser.get_event()) is not None:
            yield event
    except yaml.YAMLError as error:
        raise _translated(error, part) from error
    except UnicodeDecodeError as error:
        raise ReadingError("not YAML: a tag that is not UTF-8", part.line + 1) from error


def is_merge(event: ScalarEvent) -> bool:
    """Whether a key is the merge of another mapping, and not the text `<<`."""
    return event.value == "<<" and bool(event.implicit[0] or event.tag == _MERGE_TAG)


def _translated(error: yaml.YAMLError, part: Part) -> ReadingError:
    if isinstance(error, yaml.reader.ReaderError):
        line = part.data.count(b"\n", 0, error.position)
        return ReadingError(f"not YAML: {error.reason}", part.line + line + 1)
    problem = getattr(error, "problem", None) or "cannot be parsed"
    mark = getattr(error, "problem_mark", None)
    line = mark.line if mark is not None else 0
    hint = " (a tab?)" if "cannot start any token" in problem else ""
    return ReadingError(f"not YAML: {problem}{hint}", part.line + line + 1)


class _Builder:
    """Puts the events of a document together.

    `top` is the container that is open, `key` the key that waits for its value there: None in a
    list, `_NO_KEY` where the next node is a key. Each step takes both and returns both.
    """

    def __init__(self, part: Part, budget: Budget) -> None:
        self.root: list[Any] = []
        self.duplicates: list[tuple[int, str]] = []
        self.is_whole = False
        self._part = part
        self._budget = budget
        self._stack: list[tuple[Any, Any, _Anchored | None]] = []
        self._anchors: dict[str, _Anchored] = {}
        self._merged: dict[int, set[str]] = {}
        self._has_bare_tags = _BARE_TAG.search(part.data) is not None
        self._source: str | None = None
        self._values = 0
        self._text = 0

    def run(self) -> None:
        """Takes all events. Text without tag and anchor, which is most, goes the short way."""
        steps: dict[type[Event], Any] = {
            ScalarEvent: self._scalar,
            AliasEvent: self._alias,
            MappingStartEvent: self._start,
            SequenceStartEvent: self._start,
            MappingEndEvent: self._end,
            SequenceEndEvent: self._end,
        }
        top: Any = self.root
        key: Any = None
        for event in events(self._part):
            step = steps.get(event.__class__)
            if step is None:
                self.is_whole = self.is_whole or event.__class__ is DocumentEndEvent
                continue
            if self.is_whole:
                raise ReadingError("a second document in one", self._line(event))
            try:
                top, key = step(event, top, key)
            except ReadingError as error:
                error.line = error.line or self._line(event)
                raise
        self._budget.spend(self._values, self._text)

    def _line(self, event: Any) -> int:
        return int(self._part.line + event.start_mark.line + 1)

    def _scalar(self, event: ScalarEvent, top: Any, key: Any) -> tuple[Any, Any]:
        text: str = event.value
        self._values += 1
        self._text += len(text)
        if self._values > self._budget.values:
            self._spend()
        value: Any = text
        if event.tag is not None:
            value = tagged(event.tag, text)
        elif text[:1] in HINTS and event.implicit[0] and self._is_plain(event):
            value = plain(text)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(value, 1, len(text), is_whole=True)
        if key is _NO_KEY:
            if text == "<<" and is_merge(event):
                return top, _MERGE
            key = value if value is text else key_text(value)
            if key in top:
                self._note_duplicate(key, event, top)
            return top, key
        return self._put(value if value is text else json_number(value), top, key)

    def _is_plain(self, event: Any) -> bool:
        """Whether the scalar has neither quotes nor the tag `!`, which libyaml swallows and which
        makes text of it."""
        if event.style:
            return False
        if not self._has_bare_tags:
            return True
        if self._source is None:
            self._source = self._part.data.decode()
        before = self._source[event.start_mark.index : event.end_mark.index - len(event.value)]
        return "!" not in _COMMENT.sub("", before).split()

    def _alias(self, event: Any, top: Any, key: Any) -> tuple[Any, Any]:
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            raise ReadingError("an alias whose anchor does not stand before it in its document")
        if not anchored.is_whole:
            raise ReadingError("an alias within what it names")
        self._values += anchored.values
        self._text += anchored.text
        if self._values > self._budget.values or self._text > self._budget.text:
            self._spend()
        if key is _NO_KEY:
            return self._take_key(anchored.value, event, top)
        if key is _MERGE and type(anchored.value) is not dict:
            raise ReadingError(_MERGE_FAULT)
        return self._put(json_number(anchored.value), top, key)

    def _start(
        self, event: MappingStartEvent | SequenceStartEvent, top: Any, key: Any
    ) -> tuple[Any, Any]:
        if len(self._stack) == MAX_DEPTH:
            raise too_deep()
        self._values += 1
        if self._values > self._budget.values:
            self._spend()
        container: Any = {} if event.__class__ is MappingStartEvent else []
        anchored = None
        if event.anchor is not None:
            anchored = _Anchored(container, 1 - self._values, -self._text, is_whole=False)
            self._anchors[event.anchor] = anchored
        self._stack.append((top, key, anchored))
        return container, _NO_KEY if event.__class__ is MappingStartEvent else None

    def _end(self, event: Event, top: Any, _: Any) -> tuple[Any, Any]:
        outer, key, anchored = self._stack.pop()
        if self._merged:
            self._merged.pop(id(top), None)
        if anchored is not None:
            anchored.values += self._values
            anchored.text += self._text
            anchored.is_whole = True
        if key is _NO_KEY:
            return self._take_key(top, event, outer)
        return self._put(top, outer, key)

    def _spend(self) -> None:
        self._budget.spend(self._values, self._text)

    def _take_key(self, value: Any, event: Event, top: Any) -> tuple[Any, Any]:
        key = key_text(value)
        if key in top:
            self._note_duplicate(key, event, top)
        return top, key

    def _note_duplicate(self, key: str, event: Event, top: Any) -> None:
        if key not in self._merged.get(id(top), ()):
            self.duplicates.append((self._line(event), key))

    def _put(self, value: Any, top: Any, key: Any) -> tuple[Any, Any]:
        if key is None:
            top.append(value)
            return top, None
        if key is _MERGE:
            self._merge(value, top)
        else:
            top[key] = value
            if self._merged:
                self._merged.get(id(top), set()).discard(key)
        return top, _NO_KEY

    def _merge(self, value: Any, top: Any) -> None:
        """Takes over the entries of a mapping, or of a list of mappings, the first of which win.
        They replace what stands above the `<<`, and give way to what stands below."""
        mappings = value if type(value) is list else [value]
        if not all(type(mapping) is dict for mapping in mappings):
            raise ReadingError(_MERGE_FAULT)
        for mapping in reversed(mappings):
            top.update(mapping)
            self._merged.setdefault(id(top), set()).update(mapping)
