"""Blocks of the text report: a mark, a rule, where, what, and the way out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from gate.model.manifest import Problem
from gate.model.verdict import Finding, Verdict
from gate.report.cases import SHOWN_TARGETS, Case, cases, merged
from gate.report.escape import plain
from gate.report.groups import (
    Way,
    cases_without_findings,
    counted,
    order,
    shape,
    way,
    ways_out,
)
from gate.report.headline import reasons_beside_rules
from gate.report.interface import Look
from gate.report.layout import Style, Word, listing, paragraph, prose, reflow
from gate.report.words import plural, where

SHOWN_PER_RULE = 10
SHOWN_UNREAD = 10
SHOWN_REASONS = 6

UNREAD = Word("unread", "undecided")

Block = list[str]

FIX_RULE = "Mend the rule where it fails. The other rules were judged."
FIX_EVIDENCE = (
    "Let the source answer, or configure one, then run again. A rule's `on_unavailable` says "
    "what it counts as until then."
)
FIX_UNREAD = "Mend the file, or leave it out with `manifests.exclude` in the configuration."


def deciding_blocks(verdict: Verdict, look: Look) -> list[Block]:
    """What decides: failed rules, denials, and what leaves the verdict open."""
    return [
        *_cases_as_blocks(cases(verdict.rules, "error"), "error", look),
        *_finding_blocks(verdict, look, "deny"),
        *_cases_as_blocks(cases(verdict.rules, "undecided"), "undecided", look),
        *_unread_blocks(verdict, look),
    ]


def blocks(verdict: Verdict, look: Look) -> list[Block]:
    """Warnings, and with -v also what an exception or age excuses."""
    shown = _finding_blocks(verdict, look, "warn")
    if look.verbose:
        existing = [each for each in verdict.findings if each.status == "existing"]
        waived = [each for each in verdict.findings if each.status == "new" and each.waived]
        shown += _blocks_of(existing, "existing", "dim", verdict, look)
        shown += _blocks_of(waived, "waived", "dim", verdict, look)
    return shown


def is_open(verdict: Verdict, problem: Problem) -> bool:
    """Whether an unreadable file is told near the verdict: something beside the rules left it
    open."""
    return problem.kind == "unreadable" and bool(reasons_beside_rules(verdict))


def _finding_blocks(verdict: Verdict, look: Look, level: Literal["deny", "warn"]) -> list[Block]:
    return [
        *_blocks_of(counted(verdict, level), level, level, verdict, look),
        *_cases_as_blocks(cases_without_findings(verdict, level), level, look),
    ]


def _blocks_of(
    findings: Sequence[Finding], mark: str, style: Style, verdict: Verdict, look: Look
) -> list[Block]:
    kept, folded = _folded(sorted(findings, key=order), look)
    groups: dict[tuple[str, Way], list[Finding]] = {}
    for finding in kept:
        groups.setdefault((finding.rule, way(finding)), []).append(finding)
    totals = Counter((each.rule, way(each)) for each in findings)
    shown = [
        _block(group, totals[key], Word(mark, style), verdict.evaluated_at, look)
        for key, group in groups.items()
    ]
    last = {rule: number for number, (rule, _) in enumerate(groups)}
    for rule, rest in folded.items():
        note = f"and {rest:,} more of {rule} (-v lists them)"
        shown[last[rule]] += paragraph(reflow(note, "dim"), look, hang=len(mark) + 2)
    return shown


def _folded(findings: Iterable[Finding], look: Look) -> tuple[list[Finding], Counter[str]]:
    """The findings to show, and how many of each rule are left out."""
    seen: Counter[str] = Counter()
    folded: Counter[str] = Counter()
    kept = []
    for finding in findings:
        seen[finding.rule] += 1
        if look.verbose or seen[finding.rule] <= SHOWN_PER_RULE:
            kept.append(finding)
        else:
            folded[finding.rule] += 1
    return kept, folded


def _block(group: Sequence[Finding], total: int, mark: Word, now: str, look: Look) -> Block:
    """Findings of one rule with one way out: those of `total` that are shown."""
    hang = len(mark.text) + 2
    first = group[0]
    head = [Word(plain(first.rule), "strong")]
    if total == 1:
        head += _places(group, look, gap=2)
        body = _message(first, look, hang)
    else:
        head.append(Word(f"({plural(total, 'finding')})", "dim"))
        body = _messages_with_places(group, look, hang)
    return [
        *paragraph(head, look, lead=mark, hang=hang),
        *body,
        *_way_out(first, now, look, hang),
    ]


def _messages_with_places(group: Sequence[Finding], look: Look, hang: int) -> Block:
    by_message: dict[str, list[Finding]] = {}
    for finding in group:
        told = finding.message if look.verbose or finding.location else shape(finding)
        by_message.setdefault(told, []).append(finding)
    lines: Block = []
    for alike in by_message.values():
        lines += _message(alike[0], look, hang)
        if alike[0].location or len(alike) == 1:
            for word in _places(alike, look):
                lines += paragraph([word], look, hang=hang + 2)
        else:
            lines += paragraph(_others(alike[1:]), look, hang=hang)
    return lines


def _others(alike: Sequence[Finding]) -> list[Word]:
    """`and 3 like it, of s2, s3, s4`: findings on no line that say the same of other services."""
    services = list(dict.fromkeys(each.service for each in alike if each.service))
    named = [Word("of", "dim"), *listing(services, "dim")] if services else []
    return [*reflow(f"and {len(alike):,} like it", "dim"), *named]


def _message(finding: Finding, look: Look, hang: int) -> Block:
    return paragraph(prose(finding.message), look, hang=hang)


def _places(findings: Iterable[Finding], look: Look, gap: int = 1) -> list[Word]:
    return [Word(plain(at), "place", gap) for at in (_place(each, look) for each in findings) if at]


def _place(finding: Finding, look: Look) -> str | None:
    """The place, and with -v also the id by which a waiver can name the resource."""
    at = where(finding)
    if look.verbose and finding.location and finding.resource:
        return f"{at} {finding.resource}"
    return at


def _way_out(finding: Finding, now: str, look: Look, hang: int) -> Block:
    lines: Block = []
    for label, text in ways_out(finding, now):
        lines += _line(f"{label}:", text, look, hang)
    return lines


def _line(label: str, text: str, look: Look, hang: int) -> Block:
    return paragraph(reflow(text), look, lead=Word(label, "dim"), indent=hang, hang=hang + 7)


def _cases_as_blocks(found: Sequence[Case], mark: Style, look: Look) -> list[Block]:
    """One block for the rules that fail for the same reasons; under the last, how to mend all."""
    by_rules: dict[tuple[str, ...], list[Case]] = {}
    for case in found if look.verbose else merged(found):
        by_rules.setdefault(case.rules, []).append(case)
    shown = [_case_block(rules, alike, mark, look) for rules, alike in by_rules.items()]
    if shown:
        fix = FIX_RULE if mark == "error" else FIX_EVIDENCE
        shown[-1] += _line("fix:", fix, look, len(mark) + 2)
    return shown


def _case_block(rules: Sequence[str], alike: Sequence[Case], mark: Style, look: Look) -> Block:
    hang = len(mark) + 2
    shown = alike if look.verbose else alike[:SHOWN_REASONS]
    lines = paragraph(listing(rules, "strong"), look, lead=Word(mark, mark), hang=hang)
    for case in shown:
        lines += paragraph(reflow(case.reason), look, hang=hang)
        lines += paragraph(_targets(case, look), look, hang=hang)
    if len(shown) < len(alike):
        note = f"and {plural(len(alike) - len(shown), 'more reason')} (-v lists them)"
        lines += paragraph(reflow(note, "dim"), look, hang=hang)
    return lines


def _targets(case: Case, look: Look) -> list[Word]:
    """`for checkout in production`, unless the reason says so itself."""
    if not case.targets or all(target in case.reason for target in case.targets):
        return []
    limit = None if look.verbose else SHOWN_TARGETS
    return [Word("for", "dim"), *listing(case.targets, "dim", limit)]


def _unread_blocks(verdict: Verdict, look: Look) -> list[Block]:
    unread = [each for each in verdict.problems if is_open(verdict, each)]
    if not unread:
        return []
    kept = unread if look.verbose else unread[:SHOWN_UNREAD]
    hang = len(UNREAD.text) + 2
    shown = [_unread_block(each, look, hang) for each in kept]
    if len(unread) > len(kept):
        note = f"and {plural(len(unread) - len(kept), 'more file')} (-v lists them)"
        shown[-1] += paragraph(reflow(note, "dim"), look, hang=hang)
    shown[-1] += _line("fix:", FIX_UNREAD, look, hang)
    return shown


def _unread_block(problem: Problem, look: Look, hang: int) -> Block:
    return [
        *paragraph([Word(plain(at_line(problem)), "place")], look, lead=UNREAD, hang=hang),
        *paragraph(prose(problem.message), look, hang=hang),
    ]


def at_line(problem: Problem) -> str:
    """A problem's place."""
    return f"{problem.path}:{problem.line}" if problem.line else problem.path
