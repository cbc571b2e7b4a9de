"""Marks in a module that print when they are reached: how coverage is measured, on any engine.

A mark stands before each statement, and at the end of each clause, where the clause is true. A mark
keeps to its line, so that all lines stay what they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gate.authoring.spans import Source, Tree, reference

MARK = "gate-mark:"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a rule: the marks of its statements (the first says that it was entered), and
    the mark that it was true."""

    name: str
    line: int
    true: int
    entered: int | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """A module with its marks. `lines` gives the line of each mark, by its number."""

    text: str
    lines: Mapping[int, int]
    clauses: tuple[Clause, ...]

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "lines": list(self.lines.items())}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Marked:
        clauses = tuple(Clause(**each) for each in value["clauses"])
        return cls(value["text"], dict(value["lines"]), clauses)


def number_of(line: str) -> int | None:
    """The number of the mark that a printed line is; None for what a rule prints itself."""
    return int(line.removeprefix(MARK)) if line.startswith(MARK) else None


def of_tree(tree: Tree, text: str, first: int, *, v0: bool = False) -> Marked:
    """Marks a module; numbers begin with `first`."""
    marker = _Marker(Source(text), first, "" if v0 else "if ")
    clauses = [clause for rule in tree["rules"] for clause in _clauses(rule, marker)]
    return Marked(_edited(text, marker.edits), marker.lines, tuple(clauses))


class _Marker:
    """Collects marks: their lines, and what is to be inserted where (offsets in bytes)."""

    def __init__(self, source: Source, first: int, opening: str) -> None:
        self.source = source
        self.opening = opening
        self.lines: dict[int, int] = {}
        self.edits: list[tuple[int, int, str]] = []
        self._next = first

    def mark(self, line: int) -> tuple[int, str]:
        """A new mark of a line: its number and its statement."""
        number = self._next
        self._next += 1
        self.lines[number] = line
        return number, f"print({json.dumps(f'{MARK}{number}')})"

    def insert(self, at: int, text: str) -> None:
        self.edits.append((at, len(self.edits), text))

    def statements(self, query: Tree) -> int | None:
        """Marks the statements of a body and of all within them; the number of the first."""
        first: int | None = None
        for statement in query["stmts"]:
            start, _ = self.source.bounds(statement["span"])
            number, text = self.mark(self.source.place(start)[0])
            self.insert(start, f"{text}; ")
            first = number if first is None else first
            self.within(statement["literal"])
        return first

    def within(self, node: Any) -> None:
        """Marks the bodies in an expression: of comprehensions and `every`."""
        for query in _queries(node):
            self.statements(query)


def _clauses(rule: Tree, marker: _Marker) -> Iterator[Clause]:
    """The clauses of a rule and of its `else`. A default is no clause: it has nothing to reach."""
    if "Default" in rule:
        return
    spec = rule["Spec"]
    ((_, head),) = spec["head"].items()
    name = ".".join(reference(head["refr"]))
    start, _ = marker.source.edges(head["refr"])
    line = marker.source.place(start)[0]
    if not spec["bodies"]:
        yield _constant(name, line, _end(head, marker.source), marker)
    marker.within({key: value for key, value in head.items() if key != "refr"})
    for number, body in enumerate(spec["bodies"]):
        if number:
            line = marker.source.place(body["span"]["start"])[0]
        marker.within(body.get("assign"))
        if body["query"]["stmts"]:
            yield _clause(name, line, body["query"], marker)
        else:
            end = marker.source.edges(body["assign"]["value"])[1]
            yield _constant(name, line, end, marker)


def _clause(name: str, line: int, query: Tree, marker: _Marker) -> Clause:
    """A clause with a body, in braces or without."""
    start, _ = marker.source.bounds(query["span"])
    bare = not marker.source.cut(*marker.source.bounds(query["span"])).startswith("{")
    if bare:
        marker.insert(start, "{ ")
    entered = marker.statements(query)
    number, text = marker.mark(line)
    _, end = marker.source.bounds(query["stmts"][-1]["span"])
    marker.insert(end, f"; {text}{' }' if bare else ''}")
    return Clause(name, line, number, entered)


def _constant(name: str, line: int, end: int, marker: _Marker) -> Clause:
    """A clause without a body gets one."""
    number, text = marker.mark(line)
    marker.insert(end, f" {marker.opening}{{ {text} }}")
    return Clause(name, line, number)


def _end(head: Tree, source: Source) -> int:
    parts = [head["refr"], (head.get("assign") or {}).get("value"), head.get("key")]
    ends = [source.edges(part)[1] for part in (*parts, *head.get("args", ())) if part]
    end = max(ends)
    return end + 1 if head.get("args") and source.cut(end, end + 1) == ")" else end


def _queries(node: Any) -> Iterator[Tree]:
    """The bodies in a part of the tree, without those within them."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            waiting.extend(value for key, value in part.items() if key != "query")
            if "query" in part:
                yield part["query"]


def _edited(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    """The text with all insertions; of those at one place the first stands first."""
    data = text.encode()
    for at, _, inserted in sorted(edits, reverse=True):
        data = data[:at] + inserted.encode() + data[at:]
    return data.decode()
