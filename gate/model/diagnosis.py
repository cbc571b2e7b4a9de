"""What `gate doctor` finds: a result for each thing that it looks at."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

Group = Literal["setup", "sources", "github", "faults"]
State = Literal["ok", "note", "hole", "not_looked"]

GROUPS: tuple[Group, ...] = ("setup", "sources", "github", "faults")
HOLE = 1
NOT_LOOKED = 3


@dataclass(frozen=True, slots=True)
class Proof:
    """One fault, and what became of the verdict.

    `how` says how real it was. `rules` are those that are on and need what the fault takes away.
    `before` and `after` are what they say (where no rule is named, the verdict), `exit_code` and
    `reason` those of the run with the fault: why the evidence could not be used.
    """

    source: str
    fault: str
    how: str
    rules: Sequence[str]
    before: str
    after: str
    exit_code: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What was looked at, and what was found.

    `hole`: something passes that should not. `not_looked`: it could not be seen. `note`: worth
    knowing, and no hole. `key` is what makes a hole: a key of the config, an option or a variable.
    `accepted` holes are those that somebody lives with on purpose: they do not count.
    """

    group: Group
    check: str
    state: State
    told: str
    todo: str | None = None
    key: str | None = None
    proof: Proof | None = None
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All results. `by` says which config judges; `runs` how often the whole gate was run."""

    by: str
    now: str
    results: Sequence[Result]
    targets: int
    runs: int
    groups: Collection[Group] = GROUPS

    @property
    def exit_code(self) -> int:
        """1 a hole, 3 something could not be looked at, 0 all is proven."""
        states = {each.state for each in self.results if not each.accepted}
        if "hole" in states:
            return HOLE
        return NOT_LOOKED if "not_looked" in states else 0

    def count(self, state: State) -> int:
        """How many results there are of a state; accepted holes are none."""
        return sum(each.state == state and not each.accepted for each in self.results)
