"""What the tests of rules reach: `gate policy coverage`.

A line is one on which a statement or a clause of a rule begins. It is covered if all that begins
there was reached: each statement evaluated, each clause true. The tests' own files do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from gate.authoring import testing
from gate.authoring.files import Files, is_test
from gate.authoring.marks import Marked
from gate.authoring.results import Report
from gate.authoring.testing import Wanted
from gate.decision.limits import Limits
from gate.errors import PolicyError

_CHILD = "gate.authoring.child"


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of a rule that was never true. `entered`: its first statement was evaluated."""

    name: str
    line: int
    entered: bool


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """The numbers of the lines, from 1."""

    path: str
    covered: tuple[int, ...]
    missed: tuple[int, ...]
    clauses: int
    never: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The tests' results, and what they reached; no files where a test did not pass."""

    tests: Report
    files: Sequence[FileCoverage] = ()

    @property
    def percent(self) -> float:
        """Of all lines, those that are covered; 100 only if all are."""
        return percent(
            sum(len(each.covered) for each in self.files),
            sum(len(each.missed) for each in self.files),
        )


def percent(covered: int, missed: int) -> float:
    """In hundredths, cut and not rounded, so that 100 says all; 100 where there is nothing."""
    total = covered + missed
    return 100.0 if not missed else int(10_000 * covered / total) / 100


def measure(given: Files, wanted: Wanted, step: Callable[[str], None]) -> Coverage:
    """Runs the tests over marked modules. Raises as `testing.run`, and PolicyError where no rule
    is among the files."""
    step("reading the policies")
    rules = {path: text for path, text in given.modules.items() if not is_test(path)}
    if not rules:
        raise PolicyError(
            f"There is no rule in {given.named}: only tests.",
            advice="Name the folder of the rules: their tests stand beside them.",
        )
    marked = _marked(rules, wanted.limits)
    texts = {path: each.text for path, each in marked.items()}
    run = testing.run(replace(given, modules={**given.modules, **texts}), wanted, step)
    if run.report.exit_code:
        return Coverage(run.report)
    return Coverage(run.report, [_file(path, each, run.reached) for path, each in marked.items()])


def _marked(rules: Mapping[str, str], limits: Limits) -> dict[str, Marked]:
    from gate.decision.engines import confined

    request = {"do": "mark", "modules": list(rules.items())}
    answers, death = confined.ask(_CHILD, request, limits)
    if death is not None:
        raise PolicyError(f"Reading the policies {death}.", path=list(rules)[len(answers)])
    found: dict[str, Marked] = {}
    for path, answer in zip(rules, answers, strict=True):
        if answer["described"] is None:
            raise PolicyError("It cannot be parsed, so that no line can be counted.", path=path)
        found[path] = Marked.from_json(answer["described"])
    return found


def _file(path: str, marked: Marked, reached: Set[int]) -> FileCoverage:
    missed = {line for number, line in marked.lines.items() if number not in reached}
    never = [each for each in marked.clauses if each.true not in reached]
    return FileCoverage(
        path=path,
        covered=tuple(sorted(set(marked.lines.values()) - missed)),
        missed=tuple(sorted(missed)),
        clauses=len(marked.clauses),
        never=tuple(Clause(each.name, each.line, each.entered in reached) for each in never),
    )
