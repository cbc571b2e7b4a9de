"""What lint finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["error", "warning"]

Check = Literal[
    "evidence",
    "fail-open",
    "finding",
    "input",
    "load",
    "metadata",
    "never",
    "package",
    "reference",
    "refused",
    "sets",
    "settings",
    "syntax",
    "test",
    "unfaithful",
    "value",
]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong: where (`line` from 1), what, and what to do about it. `check` is
    the one that found it."""

    path: str
    line: int
    level: Level
    check: Check
    message: str
    advice: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Problem:
        return cls(**value)


def error(path: str, line: int, check: Check, message: str, advice: str = "") -> Problem:
    """What keeps the rule from being loaded, or from meaning what it says."""
    return Problem(path, line, "error", check, message, advice)


def warning(path: str, line: int, check: Check, message: str, advice: str = "") -> Problem:
    """What its author should look at again."""
    return Problem(path, line, "warning", check, message, advice)
