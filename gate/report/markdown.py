"""The verdict as GitHub Flavored Markdown: for a pull request's comment, a check run, a step's
summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from gate.errors import GateError
from gate.model.verdict import Outcome, Verdict
from gate.report.escape import plain
from gate.report.headline import counts, headline, more_reasons, notes, reasons_beside_rules
from gate.report.interface import Look
from gate.report.markdown_links import links
from gate.report.markdown_parts import PLACES, Part, Tables, brief, fitting, folded, whole
from gate.report.markdown_text import code, prose, reflowed

TITLE = 140
"""The most characters of a title."""
LEAST = 2000
"""The least limit that a document can keep: the headline and the counts."""

_MARKS: dict[Outcome, str] = {
    "pass": "✅",
    "warn": "⚠️",
    "deny": "⛔",
    "undecided": "❔",
    "error": "❌",
}
_WHAT = 300
_RESERVED = 300
"""Bytes kept for the line that says what is left out."""
_SUMMARY = ("deny", "warn", "undecided", "existing", "waived")


def render(verdict: Verdict, look: Look) -> str:
    """The whole report. With -v every place is named; with -q only what decides is told."""
    return _fitted(_head(verdict), _parts(verdict, look), None)


def document(verdict: Verdict, limit: int) -> str:
    """The report within `limit` bytes of UTF-8 (2,000 at least): the headline and the counts, then
    as much as there is room for, worst first; what is left out is counted at the end."""
    return _fitted(_head(verdict), _parts(verdict, Look()), limit)


def title(verdict: Verdict) -> str:
    """The verdict in one line of plain text, not of Markdown, at most 140 characters."""
    name = verdict.verdict.upper()
    if verdict.mode == "advisory":
        name += " (advisory)"
    return _title(f"{name}: {headline(verdict)}")


def render_error(error: GateError) -> str:
    """What stands in a verdict's place where a run ends with an error."""
    return _joined(_error_head(error))


def error_document(error: GateError, limit: int) -> str:
    """As `document`, for an error that ended the run."""
    return _fitted(_error_head(error), (), limit)


def error_title(error: GateError) -> str:
    """As `title`, for an error that ended the run."""
    return _title(f"ERROR: {error.placed}")


def _title(text: str) -> str:
    line = plain(" ".join(text.split()))
    return line if len(line) <= TITLE else line[: TITLE - 3].rstrip() + "..."


def _head(verdict: Verdict) -> list[str]:
    """The headline and the counts, then the rest of what holds for the verdict as a whole."""
    who = prose(verdict.description, _WHAT), prose(verdict.judged_by, _WHAT)
    told = "<br>".join(f"**{prose(each)}**" for each in notes(verdict))
    return [
        f"### {_MARKS[verdict.verdict]} {prose(title(verdict))}",
        _counted(verdict),
        *([told] if told else []),
        "Judged: {}, by {}.".format(*who),
    ]


def _counted(verdict: Verdict) -> str:
    found = [(key, verdict.summary.get(key, 0)) for key in _SUMMARY]
    told = ", ".join(f"{count:,} {key}" for key, count in found if count)
    return counts(verdict).capitalize() + (f"; {told}" if told else "") + "."


def _error_head(error: GateError) -> list[str]:
    place = f"{code(error.place, _WHAT)}: " if error.place else ""
    return [
        f"### {_MARKS['error']} {prose(error_title(error))}",
        f"There is no verdict: the run ended with exit code {error.exit_code}.",
        f"**what:** {place}{reflowed(error.message)}",
        f"**fix:** {reflowed(error.advice)}",
    ]


def _parts(verdict: Verdict, look: Look) -> Iterator[Part]:
    """What follows the head, worst first."""
    tables = Tables(verdict, links(verdict), None if look.verbose else PLACES)
    cut = headline(verdict) not in title(verdict)
    yield tables.deciding(reasons_beside_rules(verdict) if cut else more_reasons(verdict))
    if look.quiet:
        return
    yield brief(verdict)
    warned = tables.warnings()
    yield warned if verdict.verdict == "warn" else folded("Warnings", warned)
    yield folded("Old findings, not counted", tables.excused("existing"))
    yield folded("Waived findings", tables.excused("waived"))
    yield folded("Rules, evidence and what judged", whole(verdict))


def _fitted(head: Sequence[str], parts: Iterable[Part], limit: int | None) -> str:
    """The head, and of the parts what there is room for; the first that does not fit is cut
    between its rows, and what follows it is left out."""
    told = _head_within(head, limit)
    left: Counter[str] = Counter()
    for part in parts:
        room = None if limit is None else limit - _size(told) - _RESERVED
        shown = 0 if left else fitting(part, room)
        if shown:
            told.append(part.text(shown))
        for row in part.rows[shown:]:
            left[part.label] += row.count
    if left:
        named = ", ".join(f"{label} {count:,}" for label, count in left.items())
        told.append(f"**And {left.total():,} more**, for which there is no room here: {named}.")
    return _joined(told)


def _head_within(head: Sequence[str], limit: int | None) -> list[str]:
    """As much of the head as there is room for, its first two lines at least."""
    kept = list(head[:2])
    for each in head[2:]:
        if limit is None or _size([*kept, each]) + _RESERVED <= limit:
            kept.append(each)
    return kept


def _joined(paragraphs: Iterable[str]) -> str:
    return "\n\n".join(paragraphs) + "\n"


def _size(paragraphs: Iterable[str]) -> int:
    """In bytes, with the empty line that would follow."""
    return len(_joined(paragraphs).encode()) + 1
