"""The bytes of a file as the documents that Kubernetes would read in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gate.manifests.documents import decode, source_comment, split
from gate.manifests.files import (
    begins_an_object,
    has_json_name,
    has_template_name,
    has_yaml_name,
    is_lfs_pointer,
    is_template,
    names_an_object,
)
from gate.manifests.jsontext import read_json
from gate.manifests.limits import (
    MAX_BYTES,
    MAX_DUPLICATES,
    MAX_KEY,
    MAX_PROBLEMS,
    Budget,
    FileLimitError,
    LimitError,
    ReadingError,
    too_large,
)
from gate.manifests.lists import expand, is_object
from gate.manifests.parser import build
from gate.manifests.secrets import without_sops
from gate.model.manifest import Problem

_TEMPLATE = "a Helm template: not evaluated until rendered"


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file, or one object of a list in it.

    `index` counts the documents of the file from 0, empty ones too. `item` is where the object
    stands in its document, such as `("items", 3)`; empty where it is the document. `value` is JSON
    as Kubernetes reads it, a mapping where `is_object` (it has an apiVersion and a kind). Parts of
    it may be shared: it must not be changed in place. `source` is the path in the document's
    `# Source:` comment.
    """

    path: str
    index: int
    item: tuple[str | int, ...]
    value: Any
    is_object: bool
    source: str | None = None


@dataclass(frozen=True, slots=True)
class FileReading:
    """What a file holds, what could not be read in it, and the keys that stand twice in a mapping
    (the line of the second, from 1, and the key): the last one holds."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    duplicates: tuple[tuple[int, str], ...] = ()
    limited: bool = False
    """Whether a limit of the gate, not the text itself, kept some of it from being read."""


def looks_like_manifest(path: str, data: bytes) -> bool:
    """Whether a file counts as one of manifests: YAML by name; JSON that holds `apiVersion` and
    `kind`; any other file that begins with a Kubernetes object, or is wholly readable and holds
    one."""
    if has_yaml_name(path):
        return True
    try:
        text = decode(data)
    except ReadingError:
        return False
    if has_json_name(path):
        return names_an_object(text)
    if len(data) > MAX_BYTES:
        return False
    if has_template_name(path):
        return begins_an_object(text)
    return begins_an_object(text, indented=True) and _holds_objects(read_file(path, data))


def read_file(path: str, data: bytes) -> FileReading:
    """Reads a file, whatever its bytes are, within the limits of `gate.manifests.limits`.

    Nothing is raised: what cannot be read is among the problems, as `unreadable`, or `unrendered`
    where it is a template.
    """
    reading = _Reading(path)
    try:
        if len(data) > MAX_BYTES:
            raise too_large(len(data))
        if is_lfs_pointer(data):
            raise ReadingError("a Git LFS pointer: its content is not in the repository", 1)
        reading.read(decode(data))
    except ReadingError as error:
        reading.add_fault(error)
    return reading.result()


def _holds_objects(reading: FileReading) -> bool:
    found = [document.is_object for document in reading.documents]
    if not reading.problems:
        return any(found)
    return found[:1] == [True] and reading.documents[0].index == 0


@dataclass(slots=True)
class _Reading:
    """A file that is being read."""

    path: str
    documents: list[Document] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    duplicates: list[tuple[int, str]] = field(default_factory=list)
    omitted_problems: int = 0
    omitted_duplicates: int = 0
    template_line: int | None = None
    limited: bool = False

    def read(self, data: bytes) -> None:
        budget = Budget()
        values = read_json(data, budget)
        if values is not None:
            for index, found in enumerate(values):
                self._add(index, found.value, found.line + 1)
            return
        for index, part in enumerate(split(data)):
            try:
                built = build(part, budget)
            except FileLimitError:
                raise
            except ReadingError as fault:
                is_limit = isinstance(fault, LimitError)
                self.add_fault(fault, not is_limit and is_template(self.path, part.data))
            else:
                self._add_duplicates(built.duplicates)
                self._add(index, built.value, part.line + 1, source_comment(part.data))
                if built.fault is not None:
                    self.add_fault(built.fault)

    def _add(self, index: int, value: Any, line: int, source: str | None = None) -> None:
        """An empty document holds nothing, but has its number."""
        if value is None:
            return
        for item, element in expand(without_sops(value)):
            found = is_object(element)
            if item[-2:-1] == ("items",) and not found:
                message = f"a list whose item {item[-1]} has no apiVersion and kind"
                self.add_fault(ReadingError(message, line))
            else:
                self.documents.append(Document(self.path, index, item, element, found, source))

    def _add_duplicates(self, duplicates: Sequence[tuple[int, str]]) -> None:
        room = MAX_DUPLICATES - len(self.duplicates)
        self.duplicates += [(line, key[:MAX_KEY]) for line, key in duplicates[:room]]
        self.omitted_duplicates += len(duplicates[room:])

    def add_fault(self, fault: ReadingError, is_template: bool = False) -> None:
        """Of the templates of a file one problem is enough."""
        self.limited = self.limited or isinstance(fault, LimitError)
        if is_template:
            self.template_line = self.template_line or fault.line or 1
        elif len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(self.path, "unreadable", fault.message, fault.line))
        else:
            self.omitted_problems += 1

    def result(self) -> FileReading:
        if self.omitted_problems:
            message = f"{self.omitted_problems:,} more documents that cannot be read"
            self.problems.append(Problem(self.path, "unreadable", message))
        if self.omitted_duplicates:
            last = self.duplicates[-1][0]
            self.duplicates.append((last, f"… and {self.omitted_duplicates:,} more keys"))
        if self.template_line:
            self.problems.append(
                Problem(self.path, "unrendered", _TEMPLATE, self.template_line),
            )
        return FileReading(
            tuple(self.documents), tuple(self.problems), tuple(self.duplicates), self.limited
        )
