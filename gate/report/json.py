"""The verdict as JSON: `change-gate/verdict/v1`. Keys may be added, never renamed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gate.errors import GateError
from gate.model.manifest import Location, Problem
from gate.model.verdict import (
    Evidence,
    Finding,
    Preview,
    RuleOutcome,
    TargetOutcome,
    Unblock,
    Verdict,
    Waived,
    WaiverState,
)
from gate.report.escape import encodable
from gate.report.interface import Look

SCHEMA = "change-gate/verdict/v1"

Json = dict[str, Any]

_SUMMARY = ("deny", "warn", "undecided", "existing", "waived", "judged", "indirect")
_CHANGE = (
    "kind",
    "event",
    "pull_request",
    "base",
    "head",
    "trusted",
    "environments",
    "services",
    "files",
    "resources",
)


def render(verdict: Verdict, look: Look) -> str:
    """The verdict as indented JSON in ASCII. How it is to look changes nothing."""
    del look
    return json.dumps(to_json(verdict), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def render_error(error: GateError) -> str:
    """What is printed instead of a verdict where a run ends with an error (exits 2 and 4)."""
    return json.dumps(error_json(error), indent=2) + "\n"


def to_json(verdict: Verdict) -> Json:
    """The verdict as plain data, its keys in the order of the schema."""
    written: Json = clean(
        {
            "schema": SCHEMA,
            "verdict": verdict.verdict,
            "exit_code": verdict.exit_code,
            "mode": verdict.mode,
            "offline": verdict.offline,
            "decision_id": verdict.decision_id,
            "evaluated_at": verdict.evaluated_at,
            "valid_until": verdict.valid_until,
            "summary": _ordered(verdict.summary, _SUMMARY),
            "change": _ordered(verdict.change, _CHANGE),
            "findings": [_finding(each) for each in verdict.findings],
            "rules": [_rule(each) for each in verdict.rules],
            "evidence": [_evidence(each) for each in verdict.evidence],
            "problems": [_problem(each) for each in verdict.problems],
            "engine": _ordered(verdict.engine, ("name", "version", "reason")),
            "policies": _ordered(verdict.policies, ("digest", "rules")),
            "judged_by": verdict.judged_by,
            "description": verdict.description,
            "waivers": [_waiver(each) for each in verdict.waivers],
            "preview": None if verdict.preview is None else _preview(verdict.preview),
            "reasons": list(verdict.reasons),
        }
    )
    return written


def error_json(error: GateError) -> Json:
    """The same as plain data."""
    written: Json = clean(
        {
            "schema": SCHEMA,
            "verdict": "error",
            "exit_code": error.exit_code,
            "error": {
                "kind": error.kind,
                "message": error.message,
                "advice": error.advice,
                "path": error.path,
                "line": error.line,
                "column": error.column,
            },
        }
    )
    return written


def _finding(finding: Finding) -> Json:
    return {
        "level": finding.level,
        "rule": finding.rule,
        "message": finding.message,
        "resource": finding.resource,
        "service": finding.service,
        "location": None if finding.location is None else location(finding.location),
        "status": finding.status,
        "waived": None if finding.waived is None else _waived(finding.waived),
        "fingerprint": finding.fingerprint,
        "remediation": finding.remediation,
        "runbook": finding.runbook,
        "unblock": None if finding.unblock is None else _unblock(finding.unblock),
    }


def location(place: Location) -> Json:
    """A finding's place as plain data."""
    return {
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "side": place.side,
    }


def _waived(waived: Waived) -> Json:
    return {"expires": waived.expires, "reason": waived.reason, "ticket": waived.ticket}


def _unblock(unblock: Unblock) -> Json:
    return {"at": unblock.at, "how": unblock.how}


def _rule(rule: RuleOutcome) -> Json:
    return {
        "rule": rule.rule,
        "outcome": rule.outcome,
        "reason": rule.reason,
        "targets": [_target(each) for each in rule.targets],
        "excepted": rule.excepted,
    }


def _target(target: TargetOutcome) -> Json:
    return {
        "service": target.service,
        "environment": target.environment,
        "outcome": target.outcome,
        "reason": target.reason,
    }


def _evidence(evidence: Evidence) -> Json:
    """Without its value: what a source said may be private, and belongs to the input."""
    return {
        "kind": evidence.kind,
        "service": evidence.service,
        "environment": evidence.environment,
        "source": evidence.source,
        "status": evidence.status,
        "observed_at": evidence.observed_at,
        "reason": evidence.reason,
    }


def _problem(problem: Problem) -> Json:
    return {
        "path": problem.path,
        "line": problem.line,
        "kind": problem.kind,
        "message": problem.message,
    }


def _waiver(waiver: WaiverState) -> Json:
    return {
        "rule": waiver.rule,
        "state": waiver.state,
        "expires": waiver.expires,
        "line": waiver.line,
    }


def _preview(preview: Preview) -> Json:
    return {
        "verdict": preview.verdict,
        "changed": list(preview.changed),
        "reason": preview.reason,
        "findings": [_finding(each) for each in preview.findings],
    }


def _ordered(values: Mapping[str, Any], first: Sequence[str]) -> Json:
    """The mapping with the known keys first, the others by name."""
    known = [key for key in first if key in values]
    return {key: values[key] for key in [*known, *sorted(values.keys() - set(known))]}


def clean(value: Any) -> Any:
    """The same data as JSON has it, without lone surrogates, which no reader of UTF-8 takes."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, Mapping):
        return {encodable(key): clean(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [clean(each) for each in value]
    return value
