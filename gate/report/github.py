"""The verdict as workflow commands: GitHub Actions shows them in the log and on the changed lines.

Source: docs.github.com, Workflow commands for GitHub Actions. GitHub shows ten of a type a step, so
there are no more: worst first, each category once before any twice, and the last says how many
more there are. What does not block is never an error, so that red marks mean a red verdict.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Literal

from gate.errors import GateError
from gate.model.manifest import Location
from gate.model.verdict import Finding, Verdict
from gate.report.cases import Case, cases, for_whom, merged
from gate.report.categories import listed
from gate.report.escape import plain, workflow_command
from gate.report.findings import FIX_EVIDENCE, FIX_RULE, FIX_UNREAD, is_open
from gate.report.groups import Category, alike, cases_without_findings, counted, ways_out
from gate.report.headline import DENIED, reasons_beside_rules
from gate.report.interface import Look
from gate.report.layout import line_of
from gate.report.words import place

PER_TYPE = 10
MESSAGE = 4096
"""The most characters of a message."""
TITLE = 200

Type = Literal["error", "warning", "notice"]

_BREAKS = re.compile("[ \t\r\n]+")
_NOT_WORTH_IT = ("not applicable:",)


@dataclass(frozen=True, slots=True)
class _Note:
    """What is said beside a line, or of the change as a whole."""

    title: str
    lines: Sequence[str]
    location: Location | None = None


def render(verdict: Verdict, look: Look) -> str:
    """The commands, a line each; nothing where there is nothing to say. How it is to look changes
    nothing."""
    del look
    warned = [*_findings(verdict, "warn"), *_without_findings(verdict, "warn")]
    failed = [*_failed(verdict), *_findings(verdict, "deny"), *_without_findings(verdict, "deny")]
    failed += _undecided(verdict)
    if verdict.exit_code == 0:
        failed, warned = [], [*failed, *warned]
    elif verdict.exit_code == DENIED and verdict.verdict == "warn":
        failed, warned = warned, []
    commands = [
        *_commands("error", failed),
        *_commands("warning", warned),
        *_commands("notice", list(_rest(verdict))),
    ]
    return "".join(f"{each}\n" for each in commands)


def render_error(error: GateError) -> str:
    """The command that says that nothing was judged, and why."""
    at = Location(error.path, error.line, error.column) if error.path else None
    note = _Note("change-gate: nothing was judged", [error.message, f"fix: {error.advice}"], at)
    return _command("error", note) + "\n"


def _commands(type_: Type, notes: Sequence[_Note]) -> Iterator[str]:
    shown = notes if len(notes) <= PER_TYPE else notes[: PER_TYPE - 1]
    for each in shown:
        yield _command(type_, each)
    if len(shown) < len(notes):
        more = f"{len(notes) - len(shown):,} more: see the step's summary or its log"
        yield _command(type_, _Note("change-gate", [more]))


def _command(type_: Type, note: _Note) -> str:
    """One command. A line of the base is no line of the judged commit: it is said, not pointed
    at."""
    lines = [plain(_BREAKS.sub(" ", each)) for each in note.lines]
    at = note.location
    properties = {}
    if at is not None:
        properties["file"] = at.path
        if at.side == "old":
            lines.append(f"at: {plain(place(at))}")
        else:
            properties |= {"line": str(at.line or ""), "col": str(at.column or "")}
    properties["title"] = plain(note.title)[:TITLE]
    text = "\n".join(lines)
    if len(text) > MESSAGE:
        text = text[: MESSAGE - 3] + "..."
    return workflow_command(type_, text, properties)


def _findings(verdict: Verdict, level: Literal["deny", "warn"]) -> Iterator[_Note]:
    """The findings of a level: of each category the first, then of each the second, and so on.
    Those of a category that are on no line are told once for all."""
    categories = [list(_once(each, verdict)) for each in alike(counted(verdict, level))]
    for note in chain.from_iterable(zip_longest(*categories)):
        if note is not None:
            yield note


def _once(category: Category, verdict: Verdict) -> Iterator[_Note]:
    nowhere = [each for each in category.findings if each.location is None]
    for finding in [each for each in category.findings if each.location] + nowhere[:1]:
        more = len(nowhere) - 1 if finding.location is None else 0
        yield _note(finding, verdict.evaluated_at, more)


def _note(finding: Finding, now: str, more: int) -> _Note:
    """`more`: how many others are told by it."""
    about = finding.resource if finding.location is None else None
    lines = [
        finding.message,
        *([f"at: {about}"] if about else []),
        *([f"and {more:,} like it"] if more else []),
        *(f"{label}: {text}" for label, text in ways_out(finding, now)),
    ]
    return _Note(finding.rule, lines, finding.location)


def _failed(verdict: Verdict) -> Iterator[_Note]:
    return _cases(cases(verdict.rules, "error"), FIX_RULE)


def _without_findings(verdict: Verdict, level: Literal["deny", "warn"]) -> Iterator[_Note]:
    return _cases(cases_without_findings(verdict, level), FIX_EVIDENCE)


def _undecided(verdict: Verdict) -> Iterator[_Note]:
    """What leaves the verdict open: files, then rules, then what is neither."""
    for each in verdict.problems:
        if is_open(verdict, each):
            lines = [each.message, f"fix: {FIX_UNREAD}"]
            yield _Note("could not be read", lines, Location(each.path, each.line))
    yield from _cases(cases(verdict.rules, "undecided"), FIX_EVIDENCE)
    for reason in reasons_beside_rules(verdict):
        yield _Note("change-gate: undecided", [reason])


def _cases(found: Iterable[Case], fix: str) -> Iterator[_Note]:
    for case in merged(found):
        yield _Note(", ".join(case.rules), [case.reason, *for_whom(case), f"fix: {fix}"])


def _rest(verdict: Verdict) -> Iterator[_Note]:
    """What does not count, was skipped or not seen, and the preview: a line a category."""
    for label, items in listed(verdict, Look()):
        if items and label not in _NOT_WORTH_IT:
            yield _Note(f"change-gate: {label.rstrip(':')}", [line_of(each) for each in items])
