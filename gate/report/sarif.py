"""The verdict as SARIF 2.1.0, for code scanning and for viewers.

What the gate could not see is never told as if it were clean: the run then counts as unsuccessful
(`executionSuccessful`, 3.20.14), so that GitHub refuses it and closes no alert, and each rule that
could not judge is a result of kind `open` (3.27.9).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from typing import Any

import gate
from gate.errors import GateError
from gate.model.manifest import Location
from gate.model.verdict import Finding, RuleOutcome, Verdict
from gate.report.cases import NO_REASON, cases
from gate.report.escape import encodable, plain
from gate.report.headline import headline, reasons_beside_rules
from gate.report.interface import Look
from gate.report.sarif_parts import ROOT, descriptor, location, message, physical, said
from gate.report.words import moment, plural

Json = dict[str, Any]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
TOOL = "change-gate"
RESULTS = 25_000
"""GitHub refuses a file with more results, and shows the first 5,000."""
BYTES = 10_000_000
"""GitHub refuses a file that is larger once compressed."""
UNSEEN = "gate.unseen"
"""Stands for the rule where something beside the rules could not be seen."""

_LEVELS = {"deny": "error", "warn": "warning"}


def render(verdict: Verdict, look: Look) -> str:
    """The verdict as one run, worst first. How it is to look changes nothing."""
    del look
    rules = _rules(verdict)
    results = [*_results(verdict, rules), *_open(verdict, rules)]
    kept = results[:RESULTS]
    while True:
        text = _written(_run(verdict, rules, kept, len(results) - len(kept)))
        if len(text) <= BYTES or len(gzip.compress(text.encode("ascii"), 1)) <= BYTES:
            return text
        kept = kept[: len(kept) // 2]


def render_error(error: GateError) -> str:
    """A run that did not take place, and why."""
    at = Location(error.path, error.line, error.column) if error.path else None
    told = _notification("error", error.kind, f"{error.message} {error.advice}")
    if at:
        told["locations"] = [{"physicalLocation": physical(at)}]
    kinds = ("toolExecutionNotifications", "toolConfigurationNotifications")
    invocation = {
        "executionSuccessful": False,
        "exitCode": error.exit_code,
        "exitCodeDescription": plain(error.message),
        kinds[error.exit_code == 2]: [told],
    }
    return _written({"tool": _tool([]), "invocations": [invocation], "results": []})


def _written(run: Json) -> str:
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, separators=(",", ":"), allow_nan=False) + "\n"


def _run(verdict: Verdict, rules: Sequence[RuleOutcome], results: list[Json], left: int) -> Json:
    return {
        "tool": _tool([descriptor(each) for each in rules]),
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": message("The root of the repository.")}},
        "invocations": [_invocation(verdict, left)],
        "results": results,
        "properties": {
            "verdict": verdict.verdict,
            "mode": verdict.mode,
            **{name: plain(value) for name, value in _judgement(verdict) if value},
        },
    }


def _judgement(verdict: Verdict) -> Iterator[tuple[str, str | None]]:
    yield "decisionId", verdict.decision_id
    yield "evaluatedAt", verdict.evaluated_at
    yield "validUntil", verdict.valid_until
    for key in ("base", "head", "trusted"):
        yield key, verdict.change.get(key)


def _tool(rules: list[Json]) -> Json:
    return {"driver": {"name": TOOL, "semanticVersion": gate.__version__, "rules": rules}}


def _rules(verdict: Verdict) -> list[RuleOutcome]:
    """The rules that are on, and any other that has a finding."""
    known = {each.rule: each for each in verdict.rules}
    said_by = {each.rule for each in verdict.findings}
    on = [each for each in known.values() if each.outcome != "off" or each.rule in said_by]
    strange = sorted(said_by - known.keys(), key=encodable)
    unseen = [RuleOutcome(UNSEEN, "undecided")] if reasons_beside_rules(verdict) else []
    return [*on, *(RuleOutcome(name, "denied") for name in strange), *unseen]


def _results(verdict: Verdict, rules: Sequence[RuleOutcome]) -> Iterator[Json]:
    index = {each.rule: number for number, each in enumerate(rules)}
    for finding in sorted(verdict.findings, key=_rank):
        yield _result(finding, index[finding.rule])


def _rank(finding: Finding) -> tuple[bool, bool]:
    """Worst first; else in the verdict's order."""
    return (not finding.counts, finding.level != "deny")


def _result(finding: Finding, rule: int) -> Json:
    """A finding. One that does not count, existing or waived, is a note: GitHub reads neither
    `baselineState` nor `suppressions`, and would block the merge by its level."""
    written: Json = {
        "ruleId": plain(finding.rule),
        "ruleIndex": rule,
        "level": _LEVELS[finding.level] if finding.counts else "note",
        "message": message(said(finding)),
        "locations": [location(finding)],
        "partialFingerprints": {
            "changeGate/v1": plain(finding.fingerprint),
            "primaryLocationLineHash": plain(finding.fingerprint),
        },
        "baselineState": "new" if finding.status == "new" else "unchanged",
        "suppressions": list(_suppressions(finding)),
        "properties": dict(_properties(finding)),
    }
    return written


def _suppressions(finding: Finding) -> Iterator[Json]:
    """A waiver (3.35). Without one the list is empty: it is known that nobody suppressed it."""
    if finding.waived:
        waived = finding.waived
        ticket = f" ({waived.ticket})" if waived.ticket else ""
        yield {
            "kind": "external",
            "status": "accepted",
            "justification": plain(f"until {moment(waived.expires)}: {waived.reason}{ticket}"),
        }


def _properties(finding: Finding) -> Iterator[tuple[str, Any]]:
    yield "level", finding.level
    if finding.service:
        yield "service", plain(finding.service)
    if finding.remediation:
        yield "remediation", plain(" ".join(finding.remediation.split()))
    if finding.runbook:
        yield "runbook", plain(finding.runbook)
    if finding.unblock:
        told = {"at": finding.unblock.at, "how": finding.unblock.how}
        yield "unblock", {key: plain(value) for key, value in told.items() if value}


def _open(verdict: Verdict, rules: Sequence[RuleOutcome]) -> Iterator[Json]:
    """A result for each rule that could not judge, and for each reason of it; then what was not
    seen beside the rules."""
    index = {each.rule: number for number, each in enumerate(rules)}
    for outcome in ("error", "undecided"):
        for case in cases(verdict.rules, outcome):
            for rule in case.rules:
                targets = [name for name in case.targets if name not in case.reason]
                about = f" (for {', '.join(targets)})" if targets else ""
                yield _open_result(rule, index[rule], f"{case.reason}{about}")
    for reason in reasons_beside_rules(verdict):
        yield _open_result(UNSEEN, index[UNSEEN], reason)


def _open_result(rule: str, index: int, reason: str) -> Json:
    return {
        "ruleId": plain(rule),
        "ruleIndex": index,
        "kind": "open",
        "level": "none",
        "message": message(f"Could not be judged: {reason}"),
        "locations": [{"physicalLocation": physical(None)}],
    }


def _invocation(verdict: Verdict, left: int) -> Json:
    return {
        "executionSuccessful": _saw_all(verdict),
        "exitCode": verdict.exit_code,
        "exitCodeDescription": plain(f"{verdict.verdict}: {headline(verdict)}"),
        "toolExecutionNotifications": [*_notifications(verdict), *_left_out(left)],
    }


def _saw_all(verdict: Verdict) -> bool:
    """Whether nothing was left undecided: what is told is then all there is to tell."""
    return (
        verdict.verdict not in ("error", "undecided")
        and not cases(verdict.rules, "error")
        and not cases(verdict.rules, "undecided")
        and not reasons_beside_rules(verdict)
    )


def _notifications(verdict: Verdict) -> Iterator[Json]:
    """What was not seen, and why (3.20.21)."""
    for reason in reasons_beside_rules(verdict):
        yield _notification("error", "undecided", reason)
    for each in verdict.rules:
        if each.outcome in ("error", "undecided", "skipped"):
            level = "note" if each.outcome == "skipped" else "error"
            told = _notification(level, each.outcome, f"{each.rule}: {each.reason or NO_REASON}")
            yield {**told, "associatedRule": {"id": plain(each.rule)}}
    for problem in verdict.problems:
        level = "warning" if problem.kind == "unreadable" else "note"
        at = physical(Location(problem.path, problem.line))
        told = _notification(level, problem.kind, problem.message)
        yield {**told, "locations": [{"physicalLocation": at}]}
    indirect = verdict.summary.get("indirect", 0)
    if indirect:
        text = f"{plural(indirect, 'object')} rendered elsewhere: the result was not judged"
        yield _notification("note", "indirect", text)


def _left_out(count: int) -> Iterator[Json]:
    if count:
        text = (
            f"{plural(count, 'more result')} left out: the file would be larger than GitHub takes"
        )
        yield _notification("warning", "left_out", text)


def _notification(level: str, name: str, text: str) -> Json:
    return {"descriptor": {"id": name}, "level": level, "message": message(text)}
