"""What a post is given, and what it gives back. It never changes the verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from gate.clients.event import PULL_EVENTS
from gate.errors import GateError
from gate.model.event import Event
from gate.model.verdict import Verdict

NAME = "change-gate"

_OF_A_MERGE = PULL_EVENTS | {"merge_group"}
_NO_WORD = re.compile(r"[^\w .,()/-]")
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Subject:
    """What is told about. `repository` is `owner/name` where it is known, `head` the judged
    commit's full id, None for what is no commit. `only` names the environments and services that
    the caller restricted it to. `check_run` is the number of one that said the same before: it is
    updated in its place, and the commit status stays."""

    event: Event | None
    repository: str | None
    head: str | None
    only: tuple[str, ...] = ()
    check_run: int | None = None

    @property
    def name(self) -> str:
        """What it is called on the commit: `change-gate` for what decides of a merge into the
        default branch. A merge into another one, a push, a deployment and a part of the whole have
        names of their own, or one that passes would stand for a pull request that does not."""
        event = self.event
        parts = [] if event is None else [*_of(event)]
        parts += self.only
        told = _NO_WORD.sub("_", ", ".join(parts))[:_LONGEST]
        return f"{NAME} ({told})" if told else NAME


def _of(event: Event) -> Iterator[str]:
    is_elsewhere = event.default_branch is not None and event.base_ref != event.default_branch
    if event.name not in _OF_A_MERGE:
        yield event.name
    elif is_elsewhere:
        yield f"into {event.base_ref}"
    if event.name == "push" and is_elsewhere:
        # No branch has a space in its name.
        yield event.base_ref or str(event.head_ref).replace("refs/tags/", "tag ", 1)
    if event.deployment is not None:
        yield event.deployment.environment


class Post(Protocol):
    """One way to tell: the function `post` of its module."""

    def __call__(self, told: Verdict | GateError, subject: Subject, /) -> Sequence[str]:
        """Tells the verdict, or the error that stands in its place. Gives back what could not be
        told and why, a line each. Raises nothing for what the outside does."""
