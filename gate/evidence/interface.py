"""What a source of evidence is: a function that answers a question about targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from gate.model.change import Tree
from gate.model.manifest import Target
from gate.model.verdict import Evidence, EvidenceStatus

AHEAD = timedelta(days=31)
"""How far into the future evidence tells what is known of it, unless more is asked for."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a source.

    `name` is what people see of it, without a variable's value; `settings` is what the config
    says, with variables filled in. Files are read from `tree`, the trusted ref's. `ahead` is how
    far from `now` what is known of the future is wanted. `services` and `environments` are all
    that the config names, so that a misspelt one is found out; empty: it names none.
    """

    name: str
    kind: str
    targets: Sequence[Target]
    settings: Any
    tree: Tree
    now: datetime
    ahead: timedelta = AHEAD
    services: Sequence[str] = ()
    environments: Sequence[str] = ()


class Source(Protocol):
    """A source observes targets."""

    def __call__(self, question: Question) -> Sequence[Evidence]:
        """One envelope a target. What cannot be observed is `unavailable` with a reason, never
        an exception and never left out. A value that is to be joined with other sources' is a
        list. It runs in a thread of its own, beside other sources."""


def unavailable(
    question: Question, reason: str, status: EvidenceStatus = "unavailable"
) -> list[Evidence]:
    """The same reason for each target."""
    return [
        Evidence(
            question.kind,
            target.service,
            target.environment,
            status,
            source=question.name,
            reason=reason,
        )
        for target in question.targets
    ]
