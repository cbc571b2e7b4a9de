"""The verdict on a context: the same context and bundle give the same verdict."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from gate.decision import bundle as bundles
from gate.decision import findings, outcomes, results
from gate.decision.case import Case, Json, open_case
from gate.decision.engines.interface import Engine
from gate.decision.findings import Found
from gate.decision.results import Checked
from gate.errors import GateError, PolicyError
from gate.model.manifest import Locator, Problem
from gate.model.policy import Answer, Bundle, Rule
from gate.model.verdict import (
    Evidence,
    Finding,
    Outcome,
    Preview,
    RuleOutcome,
    Verdict,
    WaiverState,
)

FailOn = Literal["deny", "warn", "never"]


@dataclass(frozen=True, slots=True)
class _Judgement:
    """All that was found out, before it is put into a verdict. `undecided` counts what is."""

    outcome: Outcome
    undecided: int
    findings: Sequence[Finding]
    rules: Sequence[RuleOutcome]
    idle_waivers: Sequence[WaiverState]
    reasons: Sequence[str]
    valid_until: str | None


def judge(
    context: Json,
    bundle: Bundle,
    engine: Engine,
    *,
    locate: Locator,
    include_existing: bool = False,
    fail_on: FailOn = "deny",
    decision_id: str | None = None,
    preview_bundle: Bundle | PolicyError | None = None,
    preview_engine: Engine | None = None,
) -> Verdict:
    """Judges a context (`gate.model.policy_input`) by the rules of a bundle.

    `include_existing` lets old debt block. `preview_bundle` holds the head's own policies, or why
    they do not load; None: they are those of `bundle`. `preview_engine` judges them where they are
    others, which a server does not have. Without a `decision_id` it follows from context and
    bundle. Raises PolicyError where nothing at all can be judged.
    """
    case = open_case(context, bundle, engine)
    judged = _judge(case, locate, include_existing=include_existing)
    change, gate = context["change"], context["gate"]
    return Verdict(
        verdict=judged.outcome,
        exit_code=outcomes.exit_code(
            judged.outcome, undecided=judged.undecided > 0, fail_on=fail_on, mode=gate["mode"]
        ),
        mode=gate["mode"],
        offline=gate["offline"],
        decision_id=decision_id or _decision_id(context, bundle),
        evaluated_at=context["now"],
        valid_until=judged.valid_until,
        description=gate["description"],
        judged_by=gate["judged_by"],
        summary=_summary(context, judged),
        change={
            **{key: change[key] for key in ("kind", "base", "head", "trusted")},
            "environments": list(change["environments"]),
            "services": _services(context),
            "files": len(change["files"]),
            "resources": len(context["resources"]),
        },
        findings=judged.findings,
        rules=judged.rules,
        evidence=list(_evidence(context)),
        problems=[Problem(**problem) for problem in gate["problems"]],
        engine=engine.about(bundle),
        policies={"digest": bundle.digest, "rules": len(bundle.rules)},
        waivers=judged.idle_waivers,
        preview=_preview(
            case,
            preview_bundle,
            preview_engine or engine,
            locate,
            include_existing=include_existing,
        ),
        reasons=judged.reasons,
    )


def _judge(case: Case, locate: Locator, *, include_existing: bool) -> _Judgement:
    answer = _ask(case)
    checked = {rule.id: results.check(rule, answer, case.resources) for rule in case.active}
    seen = {rule.id: _look(case, rule) for rule in case.active}
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
    return _Judgement(
        outcome=outcomes.verdict_of(
            rules, levels={each.level for each in found if each.counts}, undecided=bool(beside)
        ),
        undecided=sum(rule.outcome == "undecided" for rule in rules) + sum(n for n, _ in beside),
        findings=findings.finished(found, locate),
        rules=rules,
        idle_waivers=idle,
        reasons=[
            *_reasons(rules, "error"),
            *(reason for _, reason in beside),
            *_reasons(rules, "undecided"),
            *troubles,
        ],
        valid_until=findings.next_change(case, found),
    )


def _ask(case: Case) -> Answer:
    active = [rule.id for rule in case.active]
    if not active:
        return Answer({})
    return case.engine.evaluate(bundles.only(case.bundle, active), case.policy_input)


def _look(case: Case, rule: Rule) -> list[outcomes.Seen]:
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
        return RuleOutcome(rule.id, "off")
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
    for reason in outcomes.without_required(case.context, case.gate["require"], covered):
        yield 1, reason


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _reasons(rules: Sequence[RuleOutcome], outcome: str) -> Iterator[str]:
    for rule in rules:
        if rule.outcome == outcome:
            yield f"{rule.rule} {'failed' if outcome == 'error' else 'is undecided'}: {rule.reason}"


def _summary(context: Json, judged: _Judgement) -> dict[str, int]:
    counting = [each.level for each in judged.findings if each.counts]
    new = [each for each in judged.findings if each.status == "new"]
    return {
        "deny": counting.count("deny"),
        "warn": counting.count("warn"),
        "undecided": judged.undecided,
        "existing": len(judged.findings) - len(new),
        "waived": sum(each.waived is not None for each in new),
        "judged": len(context["resources"]),
        "indirect": context["gate"]["indirect"],
    }


def _services(context: Json) -> list[str]:
    named = {target["service"] for target in context["targets"]}
    named |= {resource["service"] for resource in context["resources"]}
    return sorted(named - {None})


def _evidence(context: Json) -> Iterator[Evidence]:
    for kind, services in sorted(context["evidence"].items()):
        for service, environments in sorted(services.items()):
            for environment, told in sorted(environments.items()):
                yield Evidence(
                    kind=kind, service=service, environment=environment, **_envelope(told)
                )


def _envelope(told: Json) -> dict[str, Any]:
    keys = ("status", "source", "observed_at", "reason", "value")
    return {key: told.get(key) for key in keys}


def _decision_id(context: Json, bundle: Bundle) -> str:
    """32 hex digits of a SHA-256: the same context and bundle, the same decision. The places of
    findings take no part, since only a saved input holds them."""
    gate = {key: value for key, value in context["gate"].items() if key != "positions"}
    text = json.dumps([{**context, "gate": gate}, bundle.digest], sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def _preview(
    case: Case,
    preview_bundle: Bundle | PolicyError | None,
    preview_engine: Engine,
    locate: Locator,
    *,
    include_existing: bool,
) -> Preview | None:
    """What the head's own config, policies and waivers would say. It binds nobody, so that an
    error in them is said and does not end the run."""
    told = case.gate["preview"]
    if told is None:
        return None
    changed = tuple(told["changed"])
    if "context" not in told:
        return Preview("error", changed, told["reason"])
    if isinstance(preview_bundle, PolicyError):
        return Preview("error", changed, _told(preview_bundle))
    bundle = preview_bundle or case.bundle
    engine = case.engine if bundle.digest == case.bundle.digest else preview_engine
    try:
        head = open_case(told["context"], bundle, engine)
        judged = _judge(head, locate, include_existing=include_existing)
    except GateError as error:
        return Preview("error", changed, _told(error))
    reason = "; ".join(judged.reasons) or None
    return Preview(judged.outcome, changed, reason, judged.findings)


def _told(error: GateError) -> str:
    return f"{error.place}: {error.message}" if error.place else error.message
