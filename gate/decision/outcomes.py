"""From findings and evidence to the outcome of each rule, and from those to the verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gate.model.config import OnUnavailable
from gate.model.policy import Rule, RuleFailure
from gate.model.verdict import Outcome, RuleOutcome, RuleResult, TargetOutcome

Json = Mapping[str, Any]
FailOn = Literal["deny", "warn", "never"]
Sight = Literal["judged", "deny", "warn", "undecided", "skipped"]

_WORST_FIRST: tuple[RuleResult, ...] = (
    "error",
    "denied",
    "undecided",
    "warned",
    "passed",
    "skipped",
    "not_applicable",
    "off",
)
_BY_LEVEL: Mapping[str, RuleResult] = {"deny": "denied", "warn": "warned"}


@dataclass(frozen=True, slots=True)
class Seen:
    """A target as a rule sees it: judged, or what follows from evidence that is not there.

    `deny` and `warn` are the rule's way with unavailable evidence: each makes a finding.
    """

    service: str
    environment: str
    sight: Sight
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Counting:
    """A finding that takes part in the verdict, and whom it is about."""

    level: Literal["deny", "warn"]
    message: str
    service: str | None = None
    environments: Collection[str] = ()


def look(
    rule: Rule, context: Json, require: Collection[str], on_unavailable: OnUnavailable
) -> list[Seen]:
    """How much of each target the rule can see; empty for a rule that requires no evidence."""
    if not rule.requires:
        return []
    return [
        _look_at(rule, target, context, require, on_unavailable) for target in context["targets"]
    ]


def _look_at(
    rule: Rule,
    target: Json,
    context: Json,
    require: Collection[str],
    on_unavailable: OnUnavailable,
) -> Seen:
    service, environment = target["service"], target["environment"]
    found = {kind: envelope(context, kind, service, environment) for kind in rule.requires}
    where = f"of {service} in {environment}"
    for kind, told in found.items():
        if told["status"] not in ("ok", "not_configured", "skipped"):
            why = f": {told['reason']}" if told["reason"] else ""
            return Seen(
                service, environment, on_unavailable, f"{kind} {where} is {told['status']}{why}"
            )
    missing = [kind for kind, told in found.items() if told["status"] == "not_configured"]
    if needed := [kind for kind in missing if kind in require]:
        reason = f"{needed[0]} is required and not configured for {service} in {environment}"
        return Seen(service, environment, "undecided", reason)
    if missing:
        return Seen(service, environment, "skipped", f"{missing[0]} is not configured")
    offline = [kind for kind, told in found.items() if told["status"] == "skipped"]
    if offline:
        reason = found[offline[0]]["reason"] or f"{offline[0]} was not asked"
        return Seen(service, environment, "skipped", reason)
    return Seen(service, environment, "judged")


def envelope(context: Json, kind: str, service: str, environment: str) -> Json:
    """The evidence of a target. What nobody gathered is unavailable, never silently fine."""
    told: Json | None = context["evidence"].get(kind, {}).get(service, {}).get(environment)
    return told or {"status": "unavailable", "reason": "it was not gathered"}


def without_required(
    context: Json, require: Iterable[str], covered: Collection[str]
) -> Iterator[str]:
    """Why the verdict is undecided for want of required evidence that no active rule asks for
    (`covered` are the kinds that one does)."""
    for kind in require:
        if kind in covered:
            continue
        for target in context["targets"]:
            service, environment = target["service"], target["environment"]
            status = envelope(context, kind, service, environment)["status"]
            if status not in ("ok", "skipped"):
                status = "not configured" if status == "not_configured" else status
                yield f"{kind} is required and {status} for {service} in {environment}"
                break


def of_rule(
    rule: Rule,
    *,
    failures: Sequence[RuleFailure],
    seen: Sequence[Seen],
    findings: Sequence[Counting],
    applicable: bool,
) -> RuleOutcome:
    """The outcome of a rule that is on: the worst of its targets', its findings' and failures'."""
    targets = [_of_target(each, findings) for each in seen]
    outcomes: list[tuple[RuleResult, str | None]] = [
        ("error", _failure_text(failure)) for failure in failures
    ]
    outcomes += [(_BY_LEVEL[each.level], each.message) for each in findings]
    outcomes += [(each.outcome, each.reason) for each in targets]
    if not targets:
        speaks = applicable and not rule.requires
        outcomes.append(("passed", None) if speaks else ("not_applicable", None))
    worst, reason = min(outcomes, key=lambda each: _WORST_FIRST.index(each[0]))
    return RuleOutcome(rule=rule.id, outcome=worst, reason=reason, targets=targets, about=rule)


def _failure_text(failure: RuleFailure) -> str:
    place = ":".join(str(part) for part in (failure.path, failure.line) if part)
    return f"{place}: {failure.message}" if place else failure.message


def _of_target(seen: Seen, findings: Sequence[Counting]) -> TargetOutcome:
    about = [each for each in findings if _is_about(each, seen)]
    outcomes: list[tuple[RuleResult, str | None]] = [
        (_BY_LEVEL[each.level], each.message) for each in about
    ]
    if seen.sight in ("undecided", "skipped"):
        outcomes.append(("undecided" if seen.sight == "undecided" else "skipped", seen.reason))
    else:
        outcomes.append(("passed", None))
    worst, reason = min(outcomes, key=lambda each: _WORST_FIRST.index(each[0]))
    return TargetOutcome(seen.service, seen.environment, worst, reason)


def _is_about(finding: Counting, seen: Seen) -> bool:
    if finding.service is not None and finding.service != seen.service:
        return False
    return not finding.environments or seen.environment in finding.environments


def verdict_of(
    rules: Iterable[RuleOutcome], *, levels: Collection[str], undecided: bool
) -> Outcome:
    """Precedence: error, deny, undecided, warn, pass. `levels` are those of the findings that
    count; `undecided` says that something beside the rules is."""
    outcomes = {each.outcome for each in rules}
    if "error" in outcomes:
        return "error"
    if "deny" in levels:
        return "deny"
    if undecided or "undecided" in outcomes:
        return "undecided"
    return "warn" if "warn" in levels else "pass"


def exit_code(verdict: Outcome, *, undecided: bool, fail_on: FailOn, mode: str) -> int:
    """The exit code of a verdict. `fail_on` speaks of findings alone: where it lets a deny go,
    what is `undecided` beside it still counts. Advisory mode lets all go but an error."""
    if verdict == "error":
        return 2
    if mode == "advisory":
        return 0
    if verdict == "deny" and fail_on != "never":
        return 1
    if undecided or verdict == "undecided":
        return 3
    return 1 if verdict == "warn" and fail_on == "warn" else 0
