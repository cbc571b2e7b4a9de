"""One line a category: what did not decide, and what was not looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gate.model.manifest import Problem
from gate.model.verdict import Finding, Preview, Verdict
from gate.report.cases import cases
from gate.report.escape import plain
from gate.report.findings import at_line, is_open
from gate.report.interface import Look
from gate.report.layout import Word, listing, paragraph, prose, reflow
from gate.report.words import moment, plural, where

NAMED = 3

_LABELS = 16
_NARROW = 60

Item = list[Word]
Category = tuple[str, list[Item]]


def categories(verdict: Verdict, look: Look) -> list[str]:
    """The lines, those of empty categories left out. With -v everything is named."""
    lines: list[str] = []
    for label, items in listed(verdict, look):
        for number, item in enumerate(items):
            lead = Word(label, "dim") if number == 0 else None
            lines += paragraph(item, look, lead=lead, hang=_LABELS if look.width >= _NARROW else 4)
    return lines


def listed(verdict: Verdict, look: Look) -> Iterator[Category]:
    """Each category's label and its items, none where it is empty."""
    yield "existing:", _existing(verdict, look)
    yield "waived:", _waived(verdict, look)
    yield "excepted:", _excepted(verdict, look)
    yield "idle waivers:", _idle_waivers(verdict)
    yield "skipped:", _skipped(verdict, look)
    yield "not applicable:", _rules_of(verdict, look, "not_applicable")
    if look.verbose:
        yield "off:", _rules_of(verdict, look, "off")
        yield "passed:", _rules_of(verdict, look, "passed")
        yield "evidence:", _evidence(verdict)
    yield "indirect:", _indirect(verdict)
    yield "not seen:", _not_seen(verdict, look)
    yield "preview:", _preview(verdict.preview) if verdict.preview else []
    if look.verbose:
        yield "judged with:", _judged_with(verdict)


def _limit(look: Look) -> int | None:
    return None if look.verbose else NAMED


def _existing(verdict: Verdict, look: Look) -> list[Item]:
    found = [each for each in verdict.findings if each.status == "existing"]
    if not found:
        return []
    counted = f"{plural(len(found), 'old finding')}, not counted:"
    return [[*reflow(counted), *listing(_by_rule(found), "dim", _limit(look))]]


def _by_rule(findings: Sequence[Finding]) -> list[str]:
    counts = Counter(each.rule for each in findings)
    return [f"{rule} ({count:,})" if count > 1 else rule for rule, count in sorted(counts.items())]


def _waived(verdict: Verdict, look: Look) -> list[Item]:
    """A waiver is named once, with how many findings it covers."""
    covered: dict[tuple[str, str, str, str | None], list[Finding]] = {}
    for each in verdict.findings:
        if each.waived and each.status == "new":
            waived = each.waived
            key = (each.rule, waived.expires, waived.reason, waived.ticket)
            covered.setdefault(key, []).append(each)
    items = [
        [
            Word(plain(rule)),
            *_covered(findings),
            *reflow(f"until {moment(expires)}:", "dim"),
            *reflow(reason + (f" ({ticket})" if ticket else ""), "dim"),
        ]
        for (rule, expires, reason, ticket), findings in sorted(
            covered.items(), key=lambda pair: (pair[0][:3], pair[0][3] or "")
        )
    ]
    return _first(items, look)


def _excepted(verdict: Verdict, look: Look) -> list[Item]:
    """What policies written for conftest make an exception of themselves."""
    counts = {each.rule: each.excepted for each in verdict.rules if each.excepted}
    if not counts:
        return []
    counted = f"{plural(sum(counts.values()), 'finding')}, by the policies' own exceptions:"
    return [[*reflow(counted), *listing(sorted(counts), "dim", _limit(look))]]


def _covered(findings: Sequence[Finding]) -> Item:
    at = where(findings[0])
    if len(findings) == 1:
        return [Word("at", "dim"), Word(plain(at))] if at else []
    return reflow(f"({plural(len(findings), 'finding')})")


def _first(items: list[Item], look: Look) -> list[Item]:
    """The first few items, and a line that says how many more there are."""
    limit = _limit(look)
    if limit is None or len(items) <= limit:
        return items
    return [*items[:limit], reflow(f"and {len(items) - limit:,} more (-v lists them)", "dim")]


def _idle_waivers(verdict: Verdict) -> list[Item]:
    return [
        [Word(plain(each.rule)), *reflow(_idle(each.state, each.expires, each.line), "dim")]
        for each in verdict.waivers
    ]


def _idle(state: str, expires: str, line: int | None) -> str:
    at = f" (line {line} of the waivers)" if line else ""
    if state == "expired":
        return f"expired on {moment(expires)}{at}"
    return f"waives nothing here, ends on {moment(expires)}{at}"


def _skipped(verdict: Verdict, look: Look) -> list[Item]:
    items = []
    for case in cases(verdict.rules, "skipped"):
        targets = [Word("for", "dim"), *listing(case.targets, "dim", _limit(look))]
        items.append(
            [
                *reflow(case.reason + ":"),
                *listing(case.rules, "dim", _limit(look)),
                *(targets if case.targets and look.verbose else []),
            ]
        )
    return items


def _rules_of(verdict: Verdict, look: Look, outcome: str) -> list[Item]:
    rules = [each.rule for each in verdict.rules if each.outcome == outcome]
    if not rules:
        return []
    if look.verbose:
        return [[*reflow(plural(len(rules), "rule") + ":"), *listing(rules, "dim")]]
    return [reflow(plural(len(rules), "rule"))]


def _evidence(verdict: Verdict) -> list[Item]:
    return [
        [
            *prose(f"{each.kind} of {each.service} in {each.environment}:"),
            *prose(each.status, "plain" if each.status == "ok" else "strong"),
            *prose(f"from {each.source}" if each.source else "", "dim"),
            *prose(f"at {moment(each.observed_at)}" if each.observed_at else "", "dim"),
            *reflow(f"({each.reason})" if each.reason else "", "dim"),
        ]
        for each in verdict.evidence
    ]


def _indirect(verdict: Verdict) -> list[Item]:
    count = verdict.summary.get("indirect", 0)
    if not count:
        return []
    verb = "renders" if count == 1 else "render"
    return [reflow(f"{plural(count, 'object')} {verb} elsewhere; the result was not judged")]


def _not_seen(verdict: Verdict, look: Look) -> list[Item]:
    """Unreadable files with their reason, unless they are told above; others by reason."""
    unread = [
        [Word(plain(at_line(each)) + ":"), *prose(each.message, "dim")]
        for each in verdict.problems
        if each.kind == "unreadable" and not is_open(verdict, each)
    ]
    return [*_first(unread, look), *_unrendered(verdict.problems, look)]


def _unrendered(problems: Sequence[Problem], look: Look) -> list[Item]:
    by_message: dict[str, list[str]] = {}
    for each in problems:
        if each.kind != "unreadable":
            by_message.setdefault(each.message, []).append(at_line(each))
    return [
        [
            *reflow(f"{plural(len(paths), 'file')} not rendered:"),
            *listing(sorted(paths), limit=_limit(look)),
            *reflow(f"({message})", "dim"),
        ]
        for message, paths in by_message.items()
    ]


def _preview(preview: Preview) -> list[Item]:
    own = "with this change's own"
    words = [*reflow(own), *listing(preview.changed, "strong", NAMED)]
    if preview.verdict == "error":
        return [[*words, *reflow("nothing could be judged:"), *reflow(preview.reason or "")]]
    counted = sum(each.counts for each in preview.findings)
    said = f" ({plural(counted, 'finding')})" if counted else ""
    reason = f": {preview.reason}" if preview.reason else ""
    return [
        [
            *words,
            *reflow("it would be"),
            Word(preview.verdict.upper(), preview.verdict),
            *reflow(said + reason),
        ]
    ]


def _judged_with(verdict: Verdict) -> list[Item]:
    engine, policies = verdict.engine, verdict.policies
    return [
        reflow(f"{engine.get('name', '?')} {engine.get('version', '')}"),
        *([reflow(engine["reason"])] if "reason" in engine else []),
        reflow(f"{policies.get('rules', '?')} rules, {policies.get('digest', '?')}"),
        reflow(f"decision {verdict.decision_id} at {moment(verdict.evaluated_at)}"),
    ]
