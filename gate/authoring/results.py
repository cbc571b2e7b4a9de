"""What tests of rules say: plain typed data between running, reporting and the command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

A_SET = "A set is no test: its value must be true."
A_FUNCTION = "A function is no test: nobody calls it."

Outcome = Literal["pass", "fail", "error", "skip"]


@dataclass(frozen=True, slots=True)
class Place:
    """The expression that a test failed at. `text` is as written; `said` what became of it (`is
    false`, `is undefined`, `is true`, or nothing); `values` what stood in it: text and value."""

    line: int
    column: int
    text: str
    said: str = ""
    values: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Place:
        return cls(**{**value, "values": tuple((name, told) for name, told in value["values"])})


@dataclass(frozen=True, slots=True)
class Result:
    """One test, or one case of a test that is a table of cases.

    `package` and `name` are as OPA writes them, without `data.`; `line` is that of the rule.
    `message` says of an error what failed, and `place` where the first false statement is.
    """

    package: str
    name: str
    path: str
    line: int
    outcome: Outcome
    case: tuple[str, ...] = ()
    message: str = ""
    prints: tuple[str, ...] = ()
    place: Place | None = None

    @property
    def title(self) -> str:
        """`package.test_name`, with the case in brackets."""
        case = f" [{', '.join(self.case)}]" if self.case else ""
        return f"{self.package}.{self.name}{case}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Result:
        place = value.get("place")
        return cls(
            **{
                **value,
                "case": tuple(value.get("case", ())),
                "prints": tuple(value.get("prints", ())),
                "place": Place.from_json(place) if place else None,
            }
        )


@dataclass(frozen=True, slots=True)
class Report:
    """All results in the order of their places. `engine` is name, version and reason; `seconds`
    how long the tests of each file took."""

    results: Sequence[Result]
    engine: Mapping[str, str]
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How many there are of each outcome; as `opa test` counts."""
        found = Counter(result.outcome for result in self.results)
        return {
            "pass": found["pass"],
            "fail": found["fail"],
            "error": found["error"],
            "skip": found["skip"],
        }

    @property
    def exit_code(self) -> int:
        """0 where all pass, 1 where one fails, 2 where one could not be judged."""
        counts = self.counts
        return 2 if counts["error"] else int(counts["fail"] > 0)
