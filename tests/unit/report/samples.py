"""Verdicts of every kind, as the decision makes them.

`python -m tests.unit.report.samples deny always 100` prints one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from gate.model.manifest import Location, Problem
from gate.model.verdict import (
    Evidence,
    Finding,
    Preview,
    RuleOutcome,
    RuleResult,
    TargetOutcome,
    Unblock,
    Verdict,
    Waived,
    WaiverState,
)
from gate.report.look import Look
from gate.report.text import render

PASSED = Verdict(
    verdict="pass",
    exit_code=0,
    mode="enforce",
    offline=False,
    decision_id="01936c1e-7f3a-7c44-9d0e-5c1b8f6a2e10",
    evaluated_at="2026-11-22T10:00:00Z",
    valid_until=None,
    description="checkout-v2 against origin/main: 3 files in 2 commits",
    judged_by=".gate.yaml of origin/main at 4f5e6d7",
    summary={
        "deny": 0,
        "warn": 0,
        "undecided": 0,
        "existing": 0,
        "waived": 0,
        "judged": 3,
        "indirect": 0,
    },
    change={
        "kind": "range",
        "base": "1" * 40,
        "head": "2" * 40,
        "trusted": "3" * 40,
        "environments": ["production"],
        "services": ["checkout"],
        "files": 3,
        "resources": 3,
    },
    findings=(),
    rules=(
        RuleOutcome("change.deletes_stateful", "passed"),
        RuleOutcome("change.major_upgrade", "passed"),
        RuleOutcome("observability.alert_runbook", "not_applicable"),
        RuleOutcome("observability.telemetry", "off"),
        RuleOutcome("slo.objective_lowered", "not_applicable"),
        RuleOutcome("workload.image_pinned", "passed"),
        RuleOutcome("workload.resources_missing", "passed"),
    ),
    evidence=(),
    problems=(),
    engine={"name": "embedded", "version": "0.13.0"},
    policies={"digest": "sha256:" + "ab" * 32, "rules": 7},
)

VERIFICATION = Finding(
    level="deny",
    rule="delivery.verification_required",
    message="Rollout checkout shifts traffic to the new version without measuring it.",
    resource="argoproj.io/Rollout/shop/checkout",
    service="checkout",
    location=Location("apps/checkout/rollout.yaml", 12, 5),
    fingerprint="f1",
    remediation="Add an analysis with at least one metric to spec.strategy.canary.",
    runbook="docs/runbooks/checkout.md",
)
FREEZE = Finding(
    level="deny",
    rule="freeze.active",
    message="The freeze `Black Friday` holds for checkout in production.",
    service="checkout",
    fingerprint="f2",
    remediation="Wait, or ask the release manager for a waiver.",
    unblock=Unblock("2026-11-27T17:00:00Z", "the freeze ends"),
)
PINNED = Finding(
    level="deny",
    rule="workload.image_pinned",
    message="Container app uses shop/checkout:latest, a tag that moves.",
    resource="apps/Deployment/shop/checkout",
    service="checkout",
    location=Location("apps/checkout/deployment.yaml", 21, 16),
    fingerprint="f3",
    remediation="Name a version or a digest.",
)
RESOURCES = Finding(
    level="warn",
    rule="workload.resources_missing",
    message="Container app has no memory limit.",
    resource="apps/Deployment/shop/cart",
    service="cart",
    location=Location("apps/cart/deployment.yaml", 31, 9),
    fingerprint="f4",
    remediation="Set resources.requests and resources.limits.memory.",
)
REMOVED = replace(
    PINNED,
    rule="change.deletes_stateful",
    message="StatefulSet ledger is deleted, and its volumes with it.",
    location=Location("apps/ledger/statefulset.yaml", 1, 1, "old"),
    remediation="Keep it, or set `Prune=false` first.",
)


def outcomes(verdict: Verdict, **changed: RuleResult) -> tuple[RuleOutcome, ...]:
    """The verdict's rules with some outcomes replaced (`__` stands for the dot)."""
    new = {name.replace("__", "."): outcome for name, outcome in changed.items()}
    known = {each.rule for each in verdict.rules}
    return (
        *(replace(each, outcome=new.get(each.rule, each.outcome)) for each in verdict.rules),
        *(RuleOutcome(rule, outcome) for rule, outcome in new.items() if rule not in known),
    )


def passed() -> Verdict:
    return PASSED


def nothing_applies() -> Verdict:
    return replace(
        PASSED,
        description="docs-fix against origin/main: 1 file in 1 commit",
        summary={**PASSED.summary, "judged": 0},
        rules=tuple(replace(each, outcome="not_applicable") for each in PASSED.rules),
    )


def deny() -> Verdict:
    return replace(
        PASSED,
        verdict="deny",
        exit_code=1,
        valid_until="2026-11-27T17:00:00Z",
        summary={**PASSED.summary, "deny": 2, "warn": 1, "existing": 2, "indirect": 2},
        findings=(
            VERIFICATION,
            FREEZE,
            RESOURCES,
            replace(PINNED, status="existing"),
            replace(PINNED, status="existing", location=Location("apps/old/job.yaml", 9, 11)),
        ),
        rules=(
            *outcomes(
                PASSED,
                delivery__verification_required="denied",
                freeze__active="denied",
                workload__resources_missing="warned",
            ),
            RuleOutcome("slo.budget_exhausted", "skipped", "slo is not configured"),
        ),
        problems=(
            Problem(
                "charts/web/templates/deployment.yaml",
                "unrendered",
                "a Helm template: not evaluated until rendered",
            ),
        ),
    )


def many() -> Verdict:
    findings = [
        replace(
            RESOURCES,
            message=f"Container {'app' if number % 3 else 'sidecar'} has no memory limit.",
            location=Location(f"apps/s{number:02}/deployment.yaml", 30 + number, 9),
        )
        for number in range(23)
    ]
    problems = [
        Problem(f"charts/web/templates/t{number}.yaml", "unrendered", "a Helm template")
        for number in range(14)
    ]
    return replace(
        PASSED,
        verdict="deny",
        exit_code=1,
        summary={**PASSED.summary, "deny": 1, "warn": 23, "judged": 1234},
        findings=(*findings, REMOVED),
        rules=outcomes(
            PASSED, change__deletes_stateful="denied", workload__resources_missing="warned"
        ),
        problems=problems,
    )


def warn() -> Verdict:
    return replace(
        PASSED,
        verdict="warn",
        summary={**PASSED.summary, "warn": 1},
        findings=(RESOURCES,),
        rules=outcomes(PASSED, workload__resources_missing="warned"),
    )


def warn_that_fails() -> Verdict:
    return replace(warn(), exit_code=1)


def evidence_missing() -> Verdict:
    reason = "prometheus http://prom:9090 did not answer within 10 s"
    said = f"slo of checkout in production is unavailable: {reason}"
    targets = (
        TargetOutcome("checkout", "production", "undecided", said),
        TargetOutcome("checkout", "staging", "passed"),
        TargetOutcome("cart", "production", "undecided", said.replace("checkout", "cart")),
    )
    return replace(
        PASSED,
        verdict="undecided",
        exit_code=3,
        summary={**PASSED.summary, "undecided": 3},
        rules=(
            *PASSED.rules,
            RuleOutcome("slo.budget_exhausted", "undecided", said, targets),
            RuleOutcome("slo.budget_low", "undecided", said, targets),
        ),
        reasons=(
            f"slo.budget_exhausted is undecided: {said}",
            f"slo.budget_low is undecided: {said}",
            "freeze is required and not configured for checkout in production",
        ),
        evidence=(
            Evidence("slo", "checkout", "production", "unavailable", "prometheus", None, reason),
            Evidence("slo", "cart", "production", "unavailable", "prometheus", None, reason),
            Evidence("slo", "checkout", "staging", "ok", "prometheus", "2026-11-22T09:59:58Z"),
        ),
    )


def unreadable() -> Verdict:
    return replace(
        PASSED,
        verdict="undecided",
        exit_code=3,
        problems=(
            Problem(
                "apps/cart/deployment.yaml",
                "unreadable",
                "not YAML: mapping values are not allowed here",
                14,
            ),
        ),
        reasons=("1 file could not be read",),
    )


def no_rules() -> Verdict:
    return replace(
        PASSED, verdict="undecided", exit_code=3, rules=(), reasons=("no rule is loaded",)
    )


def rule_failed() -> Verdict:
    return replace(
        deny(),
        verdict="error",
        exit_code=2,
        rules=(
            *deny().rules,
            RuleOutcome(
                "team.naming",
                "error",
                "policies/team/naming.rego:14: divide by zero",
            ),
        ),
    )


def denied_and_undecided() -> Verdict:
    return replace(
        deny(),
        exit_code=3,
        problems=unreadable().problems,
        reasons=unreadable().reasons,
    )


def advisory() -> Verdict:
    return replace(deny(), exit_code=0, mode="advisory", offline=True)


def fail_on_never() -> Verdict:
    return replace(deny(), exit_code=0)


def excused() -> Verdict:
    waived = Waived("2026-12-01T00:00:00Z", "the vendor ships no versions", "PAY-12")
    return replace(
        PASSED,
        summary={**PASSED.summary, "existing": 3, "waived": 3},
        findings=(
            replace(RESOURCES, status="existing"),
            replace(RESOURCES, status="existing", location=Location("apps/web/web.yaml", 7, 3)),
            replace(VERIFICATION, status="existing"),
            replace(PINNED, waived=waived),
            replace(REMOVED, waived=replace(waived, ticket=None)),
            replace(
                REMOVED,
                waived=replace(waived, ticket=None),
                location=Location("apps/b.yaml", 1, 1, "old"),
            ),
        ),
        waivers=(
            WaiverState("workload.capacity_drop", "expired", "2026-11-01T00:00:00Z", 9),
            WaiverState("workload.selector_changed", "unused", "2027-01-31T00:00:00Z"),
        ),
        problems=(
            Problem("apps/old.yaml", "unreadable", "larger than 5 MB"),
            Problem("apps/utf16.yaml", "unreadable", "not UTF-8", 1),
        ),
    )


def preview() -> Verdict:
    own = Preview("pass", (".gate.yaml", ".gate/waivers.yaml"))
    return replace(deny(), preview=own)


def preview_denied() -> Verdict:
    return replace(PASSED, preview=Preview("deny", (".gate.yaml",), findings=(PINNED, FREEZE)))


def preview_broken() -> Verdict:
    own = Preview("error", (".gate.yaml",), ".gate.yaml:3: unknown key `rulez`")
    return replace(PASSED, preview=own)


def hostile() -> Verdict:
    evil = "a\x1b[2K\x1b[1A\rPASS  nothing blocks\nb\u202egpj.\u2066\u200b\ud800\u2028\x9b31m"
    finding = replace(
        PINNED,
        message=f"Container {evil} moves.",
        location=Location(f"apps/{evil}.yaml", 3, 1),
        remediation=f"Fix\n{evil}",
        runbook=evil,
        unblock=Unblock(evil, evil),
    )
    return replace(
        deny(),
        description=evil,
        judged_by=evil,
        findings=(
            finding,
            replace(finding, level="warn", rule=evil),
            replace(finding, status="existing", rule=evil),
            replace(finding, waived=Waived(evil, evil, evil)),
        ),
        rules=(RuleOutcome(evil, "error", evil), RuleOutcome(evil, "skipped", evil)),
        problems=(Problem(evil, "unreadable", evil), Problem(evil, "unrendered", evil)),
        waivers=(WaiverState(evil, "unused", evil),),
        preview=Preview("error", (evil,), evil),
        reasons=(evil,),
    )


def wide() -> Verdict:
    text = "容器使用会移动的标签，请改用固定的版本或摘要，否则回滚时无法知道运行的是什么。"
    return replace(
        deny(),
        findings=(
            replace(PINNED, message=text * 2, location=Location("应用/结帐/部署.yaml", 21, 16)),
            replace(RESOURCES, message="Container 🚀🚀 has no limit. " * 5),
        ),
    )


SAMPLES: dict[str, Callable[[], Verdict]] = {
    each.__name__: each
    for each in (
        passed,
        nothing_applies,
        deny,
        many,
        warn,
        warn_that_fails,
        evidence_missing,
        unreadable,
        no_rules,
        rule_failed,
        denied_and_undecided,
        advisory,
        fail_on_never,
        excused,
        preview,
        preview_denied,
        preview_broken,
        hostile,
        wide,
    )
}

if __name__ == "__main__":
    name, color, width, *flags = sys.argv[1:]
    options = Look(
        width=int(width), color=color == "always", verbose="-v" in flags, quiet="-q" in flags
    )
    sys.stdout.write(render(SAMPLES[name](), options))
