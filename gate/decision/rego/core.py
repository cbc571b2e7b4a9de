"""The parts that core Rego is put together from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Term:
    """An expression in the core; `certain` where it is never undefined."""

    text: str
    certain: bool = False


class Unsafe(Exception):  # noqa: N818 - no error yet: a later statement may bind the variable
    """A variable that has no value yet."""

    def __init__(self, name: str, line: int) -> None:
        super().__init__(name)
        self.name = name
        self.line = line


@dataclass(slots=True)
class Scope:
    """The variables of one body, by the name they have in the source."""

    names: dict[str, str]
    outer: Scope | None = None

    def find(self, name: str) -> str | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None


@dataclass(slots=True)
class Place:
    """Where an expression stands: its scope, the variables that have a value, and the statements
    that come before it."""

    scope: Scope
    bound: set[str]
    before: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Body:
    """Statements with their lines."""

    lines: list[tuple[int, str]] = field(default_factory=list)

    @property
    def inline(self) -> str:
        return "; ".join(text for _, text in self.lines) or "true"


@dataclass(frozen=True, slots=True)
class Function:
    """What a call calls. `arity` is None where any number of arguments is taken."""

    name: str
    arity: int | None


class Output:
    """Text in which each statement stands on its line, as far as the order allows."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.line = 1

    def at(self, line: int, text: str, joint: str = "\n") -> None:
        """Puts text on a line, or, where that has passed, behind `joint`."""
        if line > self.line:
            self.parts.append("\n" * (line - self.line))
            self.line = line
        elif self.parts:
            self.parts.append(joint)
            self.line += joint.count("\n")
        self.parts.append(text)
        self.line += text.count("\n")

    def rule(self, lines: Sequence[tuple[int, str]]) -> None:
        first = True
        fresh = False
        for line, text in lines:
            if line == 0 or text.startswith(" else"):
                self.parts.append(text)
                fresh = text == " if {"
                continue
            joint = "\n" if first else (" " if fresh else "; ")
            if joint == "; " and line > self.line and not self.parts[-1].endswith("{"):
                # Else regorus takes `a`, and `(b)` on the next line, for the call `a(b)`.
                self.parts.append(";")
            self.at(line, text, joint)
            first, fresh = False, False

    @property
    def text(self) -> str:
        return "".join(self.parts) + "\n"


def wrapped(text: str) -> str:
    """In parentheses, unless it is one word."""
    return text if re.match(r'^[\w.]+$|^"[^"\\]*"$', text) else f"({text})"
