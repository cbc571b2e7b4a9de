"""The outcome of all rules. `gate.report.json` freezes how it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from gate.model.manifest import Location, Problem
from gate.model.policy import Rule

Outcome = Literal["pass", "warn", "deny", "undecided", "error"]
RuleResult = Literal[
    "error", "denied", "undecided", "warned", "passed", "skipped", "not_applicable", "off"
]
EvidenceStatus = Literal["ok", "stale", "unavailable", "not_configured", "skipped"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a source says about a target. `reason` says why where `status` is not ok."""

    kind: str
    service: str
    environment: str
    status: EvidenceStatus
    source: str | None = None
    observed_at: str | None = None
    reason: str | None = None
    value: Any = None


@dataclass(frozen=True, slots=True)
class Unblock:
    """When and how a finding ends. `at` is an RFC 3339 time."""

    at: str | None = None
    how: str | None = None


@dataclass(frozen=True, slots=True)
class Waived:
    """The waiver that covers a finding."""

    expires: str
    reason: str
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says about this change. `level` is what it counts as, before a waiver and
    before `status` (an existing or waived finding never blocks)."""

    level: Literal["deny", "warn"]
    rule: str
    message: str
    resource: str | None = None
    service: str | None = None
    location: Location | None = None
    status: Literal["new", "existing"] = "new"
    waived: Waived | None = None
    fingerprint: str = ""
    remediation: str | None = None
    runbook: str | None = None
    unblock: Unblock | None = None

    @property
    def counts(self) -> bool:
        """Whether it takes part in the verdict."""
        return self.status == "new" and self.waived is None


@dataclass(frozen=True, slots=True)
class TargetOutcome:
    service: str
    environment: str
    outcome: RuleResult
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """`excepted` counts findings that the policies themselves make an exception of (conftest).
    `about` is what the rule says of itself, None where nobody knows."""

    rule: str
    outcome: RuleResult
    reason: str | None = None
    targets: Sequence[TargetOutcome] = ()
    excepted: int = 0
    about: Rule | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class WaiverState:
    """A waiver that did nothing: expired, or nothing to waive."""

    rule: str
    state: Literal["expired", "unused"]
    expires: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What the head's own config, policies and waivers would say. It binds nobody.

    `verdict` error: they do not load, `reason` says why."""

    verdict: Outcome
    changed: Sequence[str]
    reason: str | None = None
    findings: Sequence[Finding] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome. `judged_by` says which config judged; `description` which change."""

    verdict: Outcome
    exit_code: int
    mode: Literal["enforce", "advisory"]
    offline: bool
    decision_id: str
    evaluated_at: str
    valid_until: str | None
    description: str
    judged_by: str
    summary: Mapping[str, int]
    change: Mapping[str, Any]
    findings: Sequence[Finding]
    rules: Sequence[RuleOutcome]
    evidence: Sequence[Evidence]
    problems: Sequence[Problem]
    engine: Mapping[str, str]
    policies: Mapping[str, Any]
    waivers: Sequence[WaiverState] = ()
    preview: Preview | None = None
    reasons: Sequence[str] = field(default=())
