"""What every report says of findings: their order, the way out, and which of them are alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from gate.model.verdict import Finding, RuleResult, Unblock, Verdict, Waived
from gate.report.cases import Case, cases
from gate.report.words import moment

Way = tuple[str | None, Unblock | None, str | None, Waived | None]

_QUOTED = re.compile('`[^`]*`|"[^"]*"')
_AROUND = "()[],.;:!?"
_NO_LANGUAGE = re.compile(r"[0-9/@_=.:-]")
"""What stands in names, numbers, paths and versions rather than in language."""


@dataclass(frozen=True, slots=True)
class Category:
    """Findings of one rule that say the same of different things, with one way out."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        return self.findings[0]


def order(finding: Finding) -> tuple[str, str, int, int, str, str]:
    """Findings in the order in which a report names them."""
    at = finding.location
    return (
        finding.rule,
        at.path if at else "",
        (at.line if at else None) or 0,
        (at.column if at else None) or 0,
        finding.message,
        finding.resource or "",
    )


def way(finding: Finding) -> Way:
    """How a finding ends; those with the same can be told together."""
    return finding.remediation, finding.unblock, finding.runbook, finding.waived


def ways_out(finding: Finding, now: str) -> Iterator[tuple[str, str]]:
    """A label and a text for each thing that is known of how a finding ends."""
    if finding.remediation:
        yield "fix", finding.remediation
    if finding.unblock and (finding.unblock.at or finding.unblock.how):
        at = moment(finding.unblock.at, now) if finding.unblock.at else None
        yield "until", ": ".join(part for part in (at, finding.unblock.how) if part)
    if finding.runbook:
        yield "see", finding.runbook
    if finding.waived:
        waived = finding.waived
        ticket = f" ({waived.ticket})" if waived.ticket else ""
        yield "waived", f"until {moment(waived.expires)}: {waived.reason}{ticket}"


def counted(verdict: Verdict, level: Literal["deny", "warn"]) -> list[Finding]:
    """The findings of a level that take part in the verdict."""
    return [each for each in verdict.findings if each.counts and each.level == level]


def deciding(verdict: Verdict) -> list[Finding]:
    """The findings that decide: denials that count, or, where there are none and warnings block,
    these."""
    denied = counted(verdict, "deny")
    blocked = verdict.verdict == "warn" and verdict.exit_code != 0
    return counted(verdict, "warn") if blocked and not denied else denied


def cases_without_findings(verdict: Verdict, level: Literal["deny", "warn"]) -> list[Case]:
    """What rules of a level say without a finding: a source did not answer, say."""
    result: RuleResult = "denied" if level == "deny" else "warned"
    told: dict[str, list[str]] = {}
    for each in verdict.findings:
        told.setdefault(each.rule, []).append(each.message)

    def is_told(rule: str, reason: str | None) -> bool:
        """Whether a finding tells it: not so where a source did not answer."""
        return rule in told and (not reason or any(reason in said for said in told[rule]))

    return cases(verdict.rules, result, is_told)


def alike(findings: Iterable[Finding], *, exactly: bool = False) -> list[Category]:
    """The findings in their order, those of one category together; `exactly`: only those with one
    message."""
    found: dict[tuple[str, str, Way], list[Finding]] = {}
    for each in sorted(findings, key=order):
        said = each.message if exactly else shape(each)
        found.setdefault((each.rule, said, way(each)), []).append(each)
    return [Category(tuple(each)) for each in found.values()]


def shape(finding: Finding) -> str:
    """A message without what it speaks of, namely quoted text, names, numbers, paths and versions:
    equal for `Deployment web: image a:1 ...` and `Deployment api: image b:2 ...`."""
    own = {finding.service, *(finding.resource or "").split("/")}
    words = (each.strip(_AROUND) for each in _QUOTED.sub("…", finding.message).split())
    return " ".join("…" if each in own or _NO_LANGUAGE.search(each) else each for each in words)
