"""The verdict as text that a person reads in ten seconds: what, why, where, and the way out."""

from __future__ import annotations

from gate.errors import GateError
from gate.model.verdict import Verdict
from gate.report.categories import categories
from gate.report.escape import plain
from gate.report.findings import blocks, deciding_blocks
from gate.report.headline import counts, headline, more_reasons, notes
from gate.report.interface import Look
from gate.report.layout import Word, paragraph, prose, reflow


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


def render_error(error: GateError) -> str:
    """What is printed where a run ends with an error: what is wrong, and what to do."""
    place = f"{plain(error.place)}: " if error.place else ""
    return f"gate: {place}{plain(error.message)}\n  {plain(error.advice)}\n"


def _judged(verdict: Verdict, look: Look) -> list[str]:
    words = [*prose(f"{verdict.description},"), *prose(f"judged by {verdict.judged_by}", "dim")]
    return paragraph(words, look, hang=0)


def _verdict(verdict: Verdict, look: Look) -> list[str]:
    words = [*reflow(headline(verdict), "strong"), *reflow(f"({counts(verdict)})", "dim")]
    lead = Word(verdict.verdict.upper(), verdict.verdict)
    return paragraph(words, look, lead=lead, hang=_hang(verdict))


def _hang(verdict: Verdict) -> int:
    return len(verdict.verdict) + 2


def _notes(verdict: Verdict, look: Look) -> list[str]:
    reasons = [
        line
        for reason in more_reasons(verdict)
        for line in paragraph(reflow(reason), look, hang=_hang(verdict))
    ]
    return reasons + [
        line
        for note in notes(verdict)
        for line in paragraph(reflow(note, "dim"), look, hang=_hang(verdict))
    ]
