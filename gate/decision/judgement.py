"""What all rules say of a context, before it is put into a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gate.decision import bundle as bundles
from gate.decision import findings, outcomes, results
from gate.decision.case import Case, Json
from gate.decision.findings import Found
from gate.decision.results import Checked
from gate.model.policy import Answer, Rule
from gate.model.verdict import Outcome, RuleOutcome, WaiverState

NOT_FOR_ROLLBACKS = frozenset({"slo", "freeze"})
"""Evidence that never holds a rollback up, whatever it says or does not say."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`beside` says what is undecided and is no rule, and how often; `troubles` why some old debt
    could not be told from new."""

    outcome: Outcome
    found: Sequence[Found]
    rules: Sequence[RuleOutcome]
    idle_waivers: Sequence[WaiverState]
    beside: Sequence[tuple[int, str]]
    troubles: Sequence[str]

    @property
    def undecided(self) -> int:
        """How much is undecided: rules, and what is none."""
        rules = sum(rule.outcome == "undecided" for rule in self.rules)
        return rules + sum(count for count, _ in self.beside)

    @property
    def reasons(self) -> Sequence[str]:
        """Why it is undecided or an error, a sentence each."""
        return [
            *_reasons(self.rules, "error"),
            *(reason for _, reason in self.beside),
            *_reasons(self.rules, "undecided"),
            *self.troubles,
        ]


def judged(case: Case, *, include_existing: bool) -> Judgement:
    """Judges a case. `include_existing` lets old debt count. Raises PolicyError where nothing at
    all can be judged."""
    answer = _ask(case)
    checked = {rule.id: results.check(rule, answer, case.resources) for rule in case.active}
    seen = {rule.id: _look(case, rule, checked[rule.id]) for rule in case.active}
    found = [
        each
        for rule in case.active
        for each in findings.found(case, rule, checked[rule.id].said, seen[rule.id])
    ]
    troubles: list[str] = []
    if not include_existing:
        found, troubles = findings.mark_existing(case, found)
    found, idle = findings.mark_waived(case, found)
    rules = [
        _outcome(case, rule, checked.get(rule.id), seen.get(rule.id, []), found)
        for rule in case.bundle.rules.values()
    ]
    beside = list(_undecided_beside_rules(case))
    return Judgement(
        outcome=outcomes.verdict_of(
            rules, levels={each.level for each in found if each.counts}, undecided=bool(beside)
        ),
        found=found,
        rules=rules,
        idle_waivers=idle,
        beside=beside,
        troubles=troubles,
    )


def _ask(case: Case) -> Answer:
    active = [rule.id for rule in case.active]
    if not active:
        return Answer({})
    return case.engine.evaluate(bundles.only(case.bundle, active), case.policy_input)


def _look(case: Case, rule: Rule, checked: Checked) -> list[outcomes.Seen]:
    """Where a rollback is nothing to a rule (`applies`), neither budgets nor calendars need to be
    seen. Any other rule needs what it requires: what it says of itself may rest on that."""
    if case.is_rollback and checked.applies is False and set(rule.requires) <= NOT_FOR_ROLLBACKS:
        return []
    ways = case.gate["on_unavailable"]
    way = ways.get(rule.id, "undecided")
    return outcomes.look(rule, case.context, case.gate["require"], way)


def _outcome(
    case: Case,
    rule: Rule,
    checked: Checked | None,
    seen: Sequence[outcomes.Seen],
    found: Sequence[Found],
) -> RuleOutcome:
    if checked is None:
        return RuleOutcome(rule.id, "off", about=rule)
    counting = [
        outcomes.Counting(
            level=each.level,
            message=each.said.message,
            service=each.service,
            environments=each.resource["environments"] if each.resource is not None else (),
        )
        for each in found
        if each.rule.id == rule.id and each.counts
    ]
    outcome = outcomes.of_rule(
        rule,
        failures=checked.failures,
        seen=seen,
        findings=counting,
        applicable=_applicable(case.context, rule, checked),
    )
    return replace(outcome, excepted=checked.excepted)


def _applicable(context: Json, rule: Rule, checked: Checked) -> bool:
    """Whether the input holds something that the rule speaks of. A rule that does not say so
    (`applies`) speaks of resources and targets, one of the area `change` of changed files."""
    if checked.applies is not None:
        return checked.applies
    if rule.id.startswith("change."):
        return context["change"]["kind"] != "tree" and bool(context["change"]["files"])
    return bool(context["resources"] or context["targets"])


def _undecided_beside_rules(case: Case) -> Iterator[tuple[int, str]]:
    """What makes the verdict undecided and is no rule: how many, and why."""
    if not case.active:
        yield 1, "every rule is off" if case.bundle.rules else "no rule is loaded"
    for kind, said in (("unreadable", "could not be read"), ("unrendered", "not rendered")):
        paths = {each["path"] for each in case.gate["problems"] if each["kind"] == kind}
        if paths and case.gate[kind] == "undecided":
            files = "1 file" if len(paths) == 1 else f"{len(paths)} files"
            problems = sum(each["kind"] == kind for each in case.gate["problems"])
            verb = said if kind == "unreadable" else f"{_are(len(paths))} {said}"
            yield problems, f"{files} {verb}"
    covered = {kind for rule in case.active for kind in rule.requires}
    if case.is_rollback:
        covered |= NOT_FOR_ROLLBACKS
    for reason in outcomes.without_required(case.context, case.gate["require"], covered):
        yield 1, reason


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _reasons(rules: Sequence[RuleOutcome], outcome: str) -> Iterator[str]:
    for rule in rules:
        if rule.outcome == outcome:
            yield f"{rule.rule} {'failed' if outcome == 'error' else 'is undecided'}: {rule.reason}"
