"""What a source of evidence is: a function that answers a question about targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gate.model.change import Tree
from gate.model.manifest import Target
from gate.model.verdict import Evidence


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a source. `name` is what people see of it, without a variable's value;
    `settings` is what the config says, with variables filled in. Files are read from `tree`, the
    trusted ref's."""

    name: str
    kind: str
    targets: Sequence[Target]
    settings: Any
    tree: Tree
    now: datetime


class Source(Protocol):
    """A source observes targets."""

    def __call__(self, question: Question) -> Sequence[Evidence]:
        """One envelope a target. What cannot be observed is `unavailable` with a reason, never
        an exception and never left out. A value that is to be joined with other sources' is a
        list."""
