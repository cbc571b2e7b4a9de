"""When a change would pass, and what stands in its way until then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gate.model.manifest import Location
from gate.model.verdict import Outcome, Verdict

Ends = Literal["certain", "projection", "person", "unknown"]
"""How an obstacle ends: at a time that is fixed; at a time that holds if no more errors come; by
what a person does; or nobody can tell."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What blocks a change. `begins` None: it stands already. `at` is the first moment after it;
    `how` is what a person does, or what the time rests on. Times are RFC 3339 in UTC."""

    level: Literal["deny", "warn", "undecided", "error"]
    message: str
    ends: Ends
    rule: str | None = None
    resource: str | None = None
    service: str | None = None
    location: Location | None = None
    begins: str | None = None
    at: str | None = None
    how: str | None = None


@dataclass(frozen=True, slots=True)
class Passing:
    """From when on a change would pass, and until when; `until` None: no end is known."""

    at: str
    rests_on: Literal["certain", "projection"]
    verdict: Outcome
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """`verdict` is that of now. `earliest` None: it does not pass by waiting, or nobody can tell;
    `reasons` say why. `without` is the same if all were gone that does not end by itself; None
    where that is nothing, or it would not pass even then. `known_until` is where the calendars
    end. `judgements` counts how often the change was judged."""

    verdict: Verdict
    earliest: Passing | None
    without: Passing | None
    obstacles: Sequence[Obstacle]
    known_until: str | None
    reasons: Sequence[str]
    judgements: int

    @property
    def passes(self) -> bool:
        """Whether it would pass now."""
        return self.earliest is not None and self.earliest.at == self.verdict.evaluated_at

    @property
    def exit_code(self) -> int:
        """0: it would pass now. 1: not now. 2: it could not be judged. 3: undecided now."""
        if self.passes:
            return 0
        return {"error": 2, "undecided": 3}.get(self.verdict.verdict, 1)
