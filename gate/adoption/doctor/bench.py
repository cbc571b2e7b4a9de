"""Runs the gate's own pipeline on the probe, as it is and with something broken in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gate import pipeline
from gate.adoption.doctor.place import Place
from gate.adoption.doctor.probe import Probe
from gate.errors import GateError
from gate.evidence.gather import gather
from gate.model.manifest import Target
from gate.model.policy import Rule
from gate.model.verdict import Evidence, Verdict
from gate.pipeline import Gather, Step

STOPS = frozenset({"undecided", "denied", "error"})
"""Outcomes of a rule that keep a change from passing."""


@dataclass(frozen=True, slots=True)
class Source:
    """A configured source. `status` is the worst that it says of a target, None: it is asked
    nothing."""

    kind: str
    index: int
    name: str
    settings: Any
    shown: str
    status: str | None = None

    @property
    def key(self) -> str:
        """Its place in the config."""
        return f"evidence.{self.kind}[{self.index}].{self.name}"

    def speaks_of(self, target: Target | Evidence) -> bool:
        """Whether its `environments` name the target's; without any it speaks of all."""
        settings = self.settings if isinstance(self.settings, dict) else {}
        return target.environment in settings.get("environments", (target.environment,))


@dataclass(slots=True)
class Bench:
    """`first` is the verdict with all as it is, or why there is none; `kept` the evidence of it.
    `ask` asks the sources; `runs` counts the judgements."""

    place: Place
    probe: Probe
    step: Step
    ask: Gather = gather
    sources: Sequence[Source] = ()
    runs: int = 0
    first: Verdict | GateError | None = None
    kept: list[Evidence] = field(default_factory=list)

    def start(self) -> Verdict | GateError:
        """Judges the probe with all as it is."""

        def asked(*what: Any, **how: Any) -> list[Evidence]:
            self.kept = self.ask(*what, **how)
            return self.kept

        self.first = self.run(asked)
        return self.first

    def run(self, ask: Gather | None = None, **others: Any) -> Verdict | GateError:
        """Judges the probe; `others` take the place of the request's, `book` of the rules. An
        error that ends the run is its outcome."""
        self.runs += 1
        place = self.place
        book = others.pop("book", place.book)
        source = others.pop("source", self.probe.source)
        request = replace(place.request, **others)
        try:
            return pipeline.check_open(source, book, request, _quiet, ask or self.as_it_was)
        except GateError as error:
            return error

    def as_it_was(self, kinds: Collection[str], *_: Any, **__: Any) -> list[Evidence]:
        """The evidence of the first run."""
        return [each for each in self.kept if each.kind in kinds]

    def needing(self, kind: str) -> list[Rule]:
        """The rules that are on and need a kind of evidence."""
        book = self.place.book
        rules = book.bundle.rules.values()
        return [each for each in rules if kind in each.requires and book.levels[each.id] != "off"]


def _quiet(_: str) -> None:
    """The steps of one run among many are not told."""


def outcomes(verdict: Verdict, rules: Collection[str]) -> Mapping[tuple[str, str, str], str]:
    """What the rules say, by rule, service and environment."""
    return {
        (rule.rule, each.service, each.environment): each.outcome
        for rule in verdict.rules
        if rule.rule in rules
        for each in rule.targets
    }


def said(found: Mapping[tuple[str, str, str], str]) -> str:
    """The outcomes in one word each."""
    return ", ".join(sorted(set(found.values()))) or "nothing"
