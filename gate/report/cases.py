"""Rules that could not judge, by reason: what one missing source does is told once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gate.model.manifest import DEFAULT_ENVIRONMENT
from gate.model.verdict import RuleOutcome, RuleResult, TargetOutcome

NO_REASON = "no reason was given"

IsTold = Callable[[str, str | None], bool]


@dataclass(frozen=True, slots=True)
class Case:
    """One reason, the rules that it holds for, and the targets (none: the rule as a whole)."""

    reason: str
    rules: tuple[str, ...]
    targets: tuple[str, ...]


def cases(
    outcomes: Iterable[RuleOutcome], result: RuleResult, is_told: IsTold | None = None
) -> list[Case]:
    """All rules and targets with a result, those with equal reason and targets together.

    A target is told even where its rule as a whole came out worse. `is_told` says which reason
    of which rule stands elsewhere in the report; those are left out.
    """
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for rule in outcomes:
        for reason, targets in _reasons(rule, result).items():
            if is_told is None or not is_told(rule.rule, reason):
                found.setdefault((reason or NO_REASON, tuple(targets)), []).append(rule.rule)
    return [Case(reason, tuple(rules), targets) for (reason, targets), rules in found.items()]


def _reasons(rule: RuleOutcome, result: RuleResult) -> dict[str | None, list[str]]:
    """The targets by reason; no targets where the result is that of the rule as a whole."""
    named: dict[str | None, list[str]] = {}
    for target in rule.targets:
        if target.outcome == result:
            named.setdefault(target.reason or rule.reason, []).append(target_name(target))
    if named or rule.outcome != result:
        return named
    return {rule.reason: []}


def target_name(target: TargetOutcome) -> str:
    """`checkout in production`; without the environment where nobody names any."""
    if target.environment == DEFAULT_ENVIRONMENT:
        return target.service
    return f"{target.service} in {target.environment}"
