"""What is asked of an OPA, and how its answer is read: the same for a server and a local one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gate.decision.engines.connection import EvaluationError
from gate.decision.engines.inputs import input_text
from gate.errors import EngineError, GateError
from gate.model.policy import Answer, Rule, RuleFailure

ENTRY = "gate_entry"


class Ask(Protocol):
    """Asks for `data.<package>.<rule>`, or the whole package. See `connection.Connection.ask`."""

    def __call__(self, package: str, rule: str | None, policy_input: Any, /) -> Mapping[str, Any]:
        """The answer as OPA gives it."""


@dataclass(frozen=True, slots=True)
class Expected:
    """How the entry shows that it is the right one: the value of one of its names, and what to
    raise for another value (None: it has none)."""

    name: str
    value: str
    otherwise: Callable[[str | None], GateError]

    def check(self, found: Any) -> None:
        """Raises where it is another."""
        if found != self.value:
            raise self.otherwise(found if isinstance(found, str) else None)


def plain(policy_input: Mapping[str, Any]) -> Any:
    """The input as every engine sees it (`inputs.input_text`)."""
    return json.loads(input_text(policy_input))


def decide(ask: Ask, rules: Mapping[str, Rule], policy_input: Any, expected: Expected) -> Answer:
    """All rules in one question; where the evaluation fails, each by itself.

    Raises PolicyError or EngineError where there is no answer that can be trusted.
    """
    try:
        answer = ask(ENTRY, None, policy_input)
    except EvaluationError as error:
        told = one_by_one(ask, rules, policy_input, expected)
        if not told.failures:
            raise EngineError(
                f"The rules fail together, and each by itself does not: {error.message}",
                advice="Look whether another bundle of the server defines gate_entry too.",
            ) from error
        return told
    entry = answer.get("result")
    entry = entry if isinstance(entry, Mapping) else {}
    expected.check(entry.get(expected.name))
    return _read(entry.get("findings", {}), rules)


def one_by_one(
    ask: Ask, rules: Mapping[str, Rule], policy_input: Any, expected: Expected
) -> Answer:
    """Each rule by itself, so that one that fails takes no other with it. The right rules must be
    served before and after."""
    try:
        expected.check(ask(ENTRY, expected.name, {}).get("result"))
        answer = each(ask, rules.values(), policy_input)
        expected.check(ask(ENTRY, expected.name, {}).get("result"))
    except EvaluationError as error:
        raise failed(error) from error
    return answer


def failed(error: EvaluationError) -> EngineError:
    """For an evaluation that no rule takes part in."""
    return EngineError(
        f"OPA fails to answer: {error.message}",
        advice="Look at its log, and at its authorization policy.",
    )


def each(ask: Ask, rules: Iterable[Rule], policy_input: Any) -> Answer:
    """Asks for the sets of each rule."""
    results: dict[str, Mapping[str, Any]] = {}
    failures: dict[str, RuleFailure] = {}
    for rule in rules:
        try:
            results[rule.id] = dict(_asked(ask, rule, policy_input))
        except EvaluationError as error:
            failures[rule.id] = RuleFailure(error.message, error.file, error.line)
    return Answer(results, failures)


def names(rule: Rule) -> Sequence[str]:
    """The names of its package that are read."""
    return (*rule.sets, "applies") if rule.applies else rule.sets


def _asked(ask: Ask, rule: Rule, policy_input: Any) -> Iterator[tuple[str, Any]]:
    for name in names(rule):
        answer = ask(f"gate.{rule.id}", name, policy_input)
        if "result" in answer:
            yield name, answer["result"]


def _read(findings: Any, rules: Mapping[str, Rule]) -> Answer:
    """What the entry says of each rule. A rule that it lacks is no rule that found nothing."""
    if not isinstance(findings, Mapping):
        raise _shape("`findings` is no object")
    results: dict[str, Mapping[str, Any]] = {}
    failures: dict[str, RuleFailure] = {}
    for rule in rules:
        sets = findings.get(rule)
        if isinstance(sets, Mapping):
            results[rule] = sets
        elif sets is None:
            failures[rule] = RuleFailure("OPA's answer does not hold this rule.")
        else:
            raise _shape(f"what it says of {rule} is no object")
    return Answer(results, failures)


def _shape(what: str) -> EngineError:
    return EngineError(
        f"OPA's answer is not that of gate_entry: {what}.",
        advice="Look at what answers at this address, and whether it serves the bundle that "
        "`gate policy bundle` builds.",
    )
