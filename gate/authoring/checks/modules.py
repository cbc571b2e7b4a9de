"""What is wrong with one module by itself: what the loader refuses, its METADATA, its tests."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from gate.authoring.checks.problem import Check, Problem, error, warning
from gate.decision import bundle
from gate.decision.rego import metadata
from gate.decision.rego.scan import Scan
from gate.decision.rego.syntax import Syntax
from gate.decision.sources.read import SUFFIX, TESTS
from gate.errors import PolicyError
from gate.model.policy import Unfaithful

_TESTED = "test_"


@dataclass(frozen=True, slots=True)
class Module:
    """A module that was parsed. `full` is its path with the folders that it stands in."""

    path: str
    full: str
    text: str
    scanned: Scan
    syntax: Syntax

    @property
    def is_test(self) -> bool:
        return self.path.endswith(TESTS)

    @property
    def is_gates(self) -> bool:
        """Whether it is written for gate; anything else has other rules."""
        return self.syntax.package[0] == "gate"

    @property
    def is_rule(self) -> bool:
        library = bundle.is_library(self.syntax.package)
        return self.is_gates and not self.is_test and not library

    @property
    def rule(self) -> str:
        """The id of the rule that it defines."""
        return ".".join(self.syntax.package[1:])


def check(module: Module, names: Collection[str]) -> Iterator[Problem]:
    """All problems of a module. `names` are the paths of all files that are linted."""
    yield from _told(module, "refused", bundle.refused_uses(module.path, module.syntax))
    yield from _ignored_metadata(module)
    if module.is_test:
        yield from _test(module)
        return
    yield from _told(module, "package", bundle.package_faults(module.full, module.syntax))
    if not module.is_gates:
        return
    yield from _told(module, "sets", bundle.head_faults(module.path, module.syntax))
    yield from _metadata(module)
    if module.path.removesuffix(SUFFIX) + TESTS not in names:
        name = PurePosixPath(module.path).stem
        yield warning(
            module.path,
            module.syntax.line,
            "test",
            "The file has no tests.",
            f"Write them beside it, in {name}{TESTS}: one that finds something, one that does not.",
        )


def _told(module: Module, name: Check, faults: Iterator[PolicyError]) -> Iterator[Problem]:
    for fault in faults:
        advice = fault.advice if fault.advice != PolicyError.default_advice else ""
        yield error(module.path, fault.line or 1, name, fault.message, advice)


def unfaithful(module: Module, told: Sequence[Unfaithful]) -> Iterator[Problem]:
    """What the embedded engine does not judge as OPA does; and what none of them takes."""
    for each in told:
        if each.only != "opa":
            advice = f"Write it as {each.instead}." if each.instead else ""
            message = f"No engine takes this: {each.what}."
            yield error(module.path, each.line, "load", message, advice)
            continue
        yield warning(
            module.path,
            each.line,
            "unfaithful",
            f"Only OPA judges this rightly: {each.what}.",
            f"Write it as {each.instead}." if each.instead else "Judge with `--engine opa`.",
        )


def _metadata(module: Module) -> Iterator[Problem]:
    if module.is_rule:
        faults: Sequence[PolicyError] = metadata.problems(module.path, module.scanned)
    else:
        faults = [
            fault
            for block in metadata.blocks(module.scanned.comments)
            for fault in metadata.unknown_keys(module.path, block)
        ]
    yield from _told(module, "metadata", iter(faults))


def _ignored_metadata(module: Module) -> Iterator[Problem]:
    """Blocks that OPA does not read, or that gate does not."""
    for comment in module.scanned.comments:
        if not comment.first and comment.text.strip().startswith("METADATA"):
            yield warning(
                module.path,
                comment.row,
                "metadata",
                "This METADATA is not in column 1, so that nobody reads it.",
                "Begin each of its lines in column 1.",
            )
    if not module.is_rule:
        return
    for block in metadata.blocks(module.scanned.comments):
        if block.row > module.scanned.package_row:
            yield from _custom_of_a_clause(module, block)


def _custom_of_a_clause(module: Module, block: metadata.Block) -> Iterator[Problem]:
    try:
        holds = "custom" in metadata.values(module.path, block)
    except PolicyError as fault:
        yield from _told(module, "metadata", iter([fault]))
        return
    if holds:
        yield warning(
            module.path,
            block.row,
            "metadata",
            "This `custom` is below the package, where gate does not read it.",
            "Move it to the block above the package.",
        )


def _test(module: Module) -> Iterator[Problem]:
    parts = PurePosixPath(module.full.replace(":", "/").removesuffix(SUFFIX)).parts[-2:]
    wanted = ("gate", *parts)
    if module.syntax.package != wanted:
        found, right = ".".join(module.syntax.package), ".".join(wanted)
        yield warning(
            module.path,
            module.syntax.line,
            "package",
            f"The package is {found}, the path says {right}.",
            "Name the package of tests like that of the rule, with _test at its end.",
        )
    if not any(name.startswith(_TESTED) for name in module.syntax.defined):
        yield warning(
            module.path,
            module.syntax.line,
            "test",
            f"The file holds no test: none of its rules begins with {_TESTED}.",
            f"Name them so: `{_TESTED}a_workload_without_team if {{ ... }}`.",
        )
