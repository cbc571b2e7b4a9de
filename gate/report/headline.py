"""The sentence beside the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from gate.model.verdict import RuleResult, Verdict
from gate.report.cases import cases
from gate.report.words import moment, plural

DENIED = 1
"""The exit code by which findings block."""

_JUDGED: frozenset[RuleResult] = frozenset({"passed", "warned", "denied"})


def headline(verdict: Verdict) -> str:
    """One short sentence that says why the verdict is what it is."""
    match verdict.verdict:
        case "pass":
            return _passed(verdict)
        case "warn":
            return _warned(verdict)
        case "deny":
            return _denied(verdict)
        case "undecided":
            return _undecided(verdict)
        case "error":
            return _failed(verdict)


def rules_that_judged(verdict: Verdict) -> int:
    """How many rules had something to judge, and did."""
    return sum(each.outcome in _JUDGED for each in verdict.rules)


def reasons_beside_rules(verdict: Verdict) -> list[str]:
    """The verdict's reasons without those of its rules, which the report tells by themselves."""
    rules = {each.rule for each in verdict.rules}
    return [reason for reason in verdict.reasons if reason.split(" ")[0].rstrip(":") not in rules]


def more_reasons(verdict: Verdict) -> list[str]:
    """The reasons beside the rules that the headline does not tell."""
    said = headline(verdict)
    return [reason for reason in reasons_beside_rules(verdict) if reason not in said]


def counts(verdict: Verdict) -> str:
    """`12 rules judged 2, indirect 3`: two counts of objects, as `summary` has them."""
    rules = rules_that_judged(verdict)
    by = f"{plural(rules, 'rule')} " if rules else ""
    judged, indirect = (verdict.summary.get(key, 0) for key in ("judged", "indirect"))
    return f"{by}judged {judged:,}, indirect {indirect:,}"


def notes(verdict: Verdict) -> Iterator[str]:
    """What holds for the verdict as a whole: advisory mode, offline, until when it is valid."""
    if verdict.mode == "advisory":
        yield f"advisory mode: told, not enforced (exit code {verdict.exit_code})"
    elif verdict.verdict == "deny" and verdict.exit_code != DENIED:
        yield f"exit code {verdict.exit_code}: --fail-on lets findings go"
    if verdict.offline:
        yield "offline: nothing was asked over the network"
    if verdict.valid_until:
        yield f"valid until {moment(verdict.valid_until, verdict.evaluated_at)}"


def _passed(verdict: Verdict) -> str:
    if rules_that_judged(verdict):
        return "nothing blocks this change"
    if any(each.outcome == "skipped" for each in verdict.rules):
        return "no rule could judge: what they need was skipped"
    return "no rule applies to this change"


def _warned(verdict: Verdict) -> str:
    count, said = _subject(verdict, "warn", "warning")
    if verdict.exit_code == DENIED:
        return f"{said} {_verb(count, 'block')} this change, as --fail-on asks"
    return f"{said}, nothing blocks this change"


def _denied(verdict: Verdict) -> str:
    count, said = _subject(verdict, "deny", "finding")
    if verdict.exit_code == DENIED:
        return f"{said} {_verb(count, 'block')} this change"
    return f"{said} would block this change"


def _undecided(verdict: Verdict) -> str:
    rules = {rule for case in cases(verdict.rules, "undecided") for rule in case.rules}
    open_rules = [f"{plural(len(rules), 'rule')} could not be judged"] if rules else []
    parts = [*open_rules, *(reasons_beside_rules(verdict))]
    return "; ".join(parts) or "not everything could be judged"


def _failed(verdict: Verdict) -> str:
    failed = [each.rule for each in verdict.rules if each.outcome == "error"]
    if len(failed) == 1:
        return f"rule {failed[0]} failed"
    return f"{len(failed)} rules failed" if failed else "; ".join(verdict.reasons) or "failed"


def _subject(verdict: Verdict, level: Literal["deny", "warn"], noun: str) -> tuple[int, str]:
    """What decides, counted: findings, or the rules that have none (a source did not answer)."""
    count = sum(each.counts and each.level == level for each in verdict.findings)
    if count:
        return count, plural(count, noun)
    result = "denied" if level == "deny" else "warned"
    count = sum(each.outcome == result for each in verdict.rules)
    return count, plural(count, "rule")


def _verb(count: int, verb: str) -> str:
    return f"{verb}s" if count == 1 else verb
