"""The verdict on a context: the same context and bundle give the same verdict."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from gate.decision import findings, outcomes
from gate.decision import outlook as outlooks
from gate.decision.case import Case, Json, open_case
from gate.decision.engines.interface import Engine
from gate.decision.findings import Found
from gate.decision.judgement import Judgement, judged
from gate.decision.memory import Remembering
from gate.decision.outcomes import FailOn
from gate.decision.outlook import Timeline
from gate.decision.sparing import Sparing
from gate.errors import GateError, PolicyError
from gate.model.manifest import NO_SERVICE, Locator, Problem
from gate.model.outlook import Outlook
from gate.model.policy import Bundle
from gate.model.verdict import Evidence, Finding, Preview, Verdict


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
    line = _timeline(context, bundle, engine, include_existing=include_existing)
    return replace(
        _verdict(line, outlooks.unblocked(line), locate, fail_on=fail_on),
        valid_until=outlooks.valid_until(line),
        decision_id=decision_id or _decision_id(context, bundle),
        preview=_preview(
            line.case,
            preview_bundle,
            engine,
            preview_engine or engine,
            locate,
            include_existing=include_existing,
        ),
    )


def foresee(
    context: Json,
    bundle: Bundle,
    engine: Engine,
    *,
    locate: Locator,
    include_existing: bool = False,
    fail_on: FailOn = "deny",
) -> Outlook:
    """Says when a change would pass, judged as `judge` does; the mode `advisory` takes no part."""
    line = _timeline(context, bundle, engine, include_existing=include_existing)
    verdict = _verdict(line, line.first.found, locate, fail_on=fail_on)
    return outlooks.outlook(replace(line, fail_on=fail_on, left=outlooks.ALL), verdict, locate)


def _timeline(context: Json, bundle: Bundle, engine: Engine, *, include_existing: bool) -> Timeline:
    case = open_case(context, bundle, engine)
    memory = Remembering(Sparing(engine), bundle, [rule.id for rule in case.active])
    return outlooks.timeline(replace(case, engine=memory), memory, include_existing)


def _verdict(
    line: Timeline, all_found: Sequence[Found], locate: Locator, *, fail_on: FailOn
) -> Verdict:
    """The verdict of now, without a look at later times."""
    case, first = line.case, line.first
    context, bundle = case.context, case.bundle
    change, gate = context["change"], context["gate"]
    found = findings.finished(all_found, locate)
    return Verdict(
        verdict=first.outcome,
        exit_code=outcomes.exit_code(
            first.outcome, undecided=first.undecided > 0, fail_on=fail_on, mode=gate["mode"]
        ),
        mode=gate["mode"],
        offline=gate["offline"],
        decision_id=_decision_id(context, bundle),
        evaluated_at=context["now"],
        valid_until=None,
        description=gate["description"],
        judged_by=gate["judged_by"],
        summary=_summary(context, found, first),
        change={
            **{key: change[key] for key in ("kind", "base", "head", "trusted")},
            **{key: change.get(key) for key in ("event", "pull_request")},
            "environments": list(change["environments"]),
            "services": _services(context),
            "files": len(change["files"]),
            "resources": len(context["resources"]),
        },
        findings=found,
        rules=first.rules,
        evidence=list(_evidence(context)),
        problems=[Problem(**problem) for problem in gate["problems"]],
        engine=case.engine.about(bundle),
        policies={"digest": bundle.digest, "rules": len(bundle.rules)},
        waivers=first.idle_waivers,
        reasons=first.reasons,
    )


def _summary(context: Json, found: Sequence[Finding], judgement: Judgement) -> dict[str, int]:
    counting = [each.level for each in found if each.counts]
    new = [each for each in found if each.status == "new"]
    return {
        "deny": counting.count("deny"),
        "warn": counting.count("warn"),
        "undecided": judgement.undecided,
        "existing": len(found) - len(new),
        "waived": sum(each.waived is not None for each in new),
        "judged": len(context["resources"]),
        "indirect": context["gate"]["indirect"],
    }


def _services(context: Json) -> list[str]:
    named = {target["service"] for target in context["targets"]}
    named |= {resource["service"] for resource in context["resources"]}
    return sorted(named - {None, NO_SERVICE})


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
    engine: Engine,
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
        return Preview("error", changed, preview_bundle.placed)
    bundle = preview_bundle or case.bundle
    by = engine if bundle.digest == case.bundle.digest else preview_engine
    try:
        head = open_case(told["context"], bundle, by)
        judgement = judged(head, include_existing=include_existing)
    except GateError as error:
        return Preview("error", changed, error.placed)
    reason = "; ".join(judgement.reasons) or None
    return Preview(judgement.outcome, changed, reason, findings.finished(judgement.found, locate))
