"""The verdict as text that a person reads in ten seconds: what, why, where, and the way out."""

from __future__ import annotations

from collections.abc import Iterator

from gate.model.verdict import Verdict
from gate.report.categories import categories
from gate.report.findings import blocks, deciding_blocks
from gate.report.headline import DENIED, headline, reasons_beside_rules, rules_that_judged
from gate.report.interface import Look
from gate.report.layout import Word, paragraph, prose, reflow
from gate.report.words import moment, plural


def render(verdict: Verdict, look: Look) -> str:
    """The report: who judged what, the verdict, what decides, then a line for each category."""
    if look.quiet:
        sections = [_verdict(verdict, look), *deciding_blocks(verdict, look)]
    else:
        sections = [
            _judged(verdict, look),
            [*_verdict(verdict, look), *_notes(verdict, look)],
            *deciding_blocks(verdict, look),
            *blocks(verdict, look),
            categories(verdict, look),
        ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _judged(verdict: Verdict, look: Look) -> list[str]:
    words = [*prose(f"{verdict.description},"), *prose(f"judged by {verdict.judged_by}", "dim")]
    return paragraph(words, look, hang=0)


def _verdict(verdict: Verdict, look: Look) -> list[str]:
    words = [*reflow(headline(verdict), "strong"), *reflow(_counts(verdict), "dim")]
    lead = Word(verdict.verdict.upper(), verdict.verdict)
    return paragraph(words, look, lead=lead, hang=_hang(verdict))


def _counts(verdict: Verdict) -> str:
    """`(12 rules judged 2, indirect 3)`: two counts of objects, as `summary` has them."""
    rules = rules_that_judged(verdict)
    by = f"{plural(rules, 'rule')} " if rules else ""
    judged, indirect = (verdict.summary.get(key, 0) for key in ("judged", "indirect"))
    return f"({by}judged {judged:,}, indirect {indirect:,})"


def _hang(verdict: Verdict) -> int:
    return len(verdict.verdict) + 2


def _notes(verdict: Verdict, look: Look) -> list[str]:
    said = headline(verdict)
    reasons = [
        line
        for reason in reasons_beside_rules(verdict)
        if reason not in said
        for line in paragraph(reflow(reason), look, hang=_hang(verdict))
    ]
    return reasons + [
        line
        for note in _note_texts(verdict)
        for line in paragraph(reflow(note, "dim"), look, hang=_hang(verdict))
    ]


def _note_texts(verdict: Verdict) -> Iterator[str]:
    if verdict.mode == "advisory":
        yield f"advisory mode: told, not enforced (exit code {verdict.exit_code})"
    elif verdict.verdict == "deny" and verdict.exit_code != DENIED:
        yield f"exit code {verdict.exit_code}: --fail-on lets findings go"
    if verdict.offline:
        yield "offline: nothing was asked over the network"
    if verdict.valid_until:
        yield f"valid until {moment(verdict.valid_until, verdict.evaluated_at)}"
