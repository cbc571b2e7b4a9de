"""Rules that could not judge, by reason: what one missing source does is told once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gate.model.manifest import DEFAULT_ENVIRONMENT
from gate.model.verdict import RuleOutcome, RuleResult, TargetOutcome

NO_REASON = "no reason was given"
SHOWN_TARGETS = 6

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


def merged(found: Iterable[Case]) -> list[Case]:
    """The same with those as one that differ in nothing but the target that their reason names:
    `slo of 3 targets is unavailable: ...`."""
    alike: dict[tuple[str, tuple[str, ...]], list[Case]] = {}
    for case in found:
        alike.setdefault((_without_target(case), case.rules), []).append(case)
    return [
        each[0]
        if len(each) == 1
        else Case(
            reason.replace("\0", f"{len(each):,} targets"),
            rules,
            tuple(target for case in each for target in case.targets),
        )
        for (reason, rules), each in alike.items()
    ]


def _without_target(case: Case) -> str:
    """Its reason with a NUL in the place of its one target."""
    if len(case.targets) != 1:
        return case.reason
    named = case.targets[0]
    full = named if " in " in named else f"{named} in {DEFAULT_ENVIRONMENT}"
    return case.reason.replace(f" of {full} is ", " of \0 is ", 1)


def for_whom(case: Case, limit: int | None = SHOWN_TARGETS) -> list[str]:
    """`for checkout in production`, unless the reason says so itself."""
    if all(each in case.reason for each in case.targets):
        return []
    shown = case.targets[:limit]
    more = len(case.targets) - len(shown)
    return [f"for {', '.join(shown)}" + (f" and {more:,} more" if more else "")]


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
