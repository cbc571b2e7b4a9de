"""What `gate doctor` finds, for people and as JSON: `change-gate/doctor/v1`. Keys may be added,
never renamed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from gate.model.diagnosis import Diagnosis, Proof, Result, State
from gate.report.escape import plain
from gate.report.interface import Look
from gate.report.json import clean
from gate.report.layout import Style, Word, paint, paragraph, reflow
from gate.report.standing import as_text
from gate.report.tables import Cell, table

SCHEMA = "change-gate/doctor/v1"
_WORDS: Mapping[State, tuple[str, Style]] = {
    "ok": ("ok", "dim"),
    "note": ("note", "plain"),
    "hole": ("HOLE", "deny"),
    "not_looked": ("not looked", "warn"),
}
_STATES: Sequence[State] = ("ok", "hole", "not_looked", "note")
_SUMS = ("GROUP", "OK", "HOLES", "NOT LOOKED", "NOTES")
_EACH = ("GROUP", "CHECK", "RESULT", "FOUND")
_HANG = 12


def text(found: Diagnosis, look: Look) -> str:
    """A table a group, and what is to be done. With -v each check, with -q only what counts."""
    lines = _head(found, look)
    if look.verbose:
        rows = [_row(each) for each in found.results]
        lines += [*table(_EACH, rows, look, whole={1, 2}).splitlines(), ""]
    elif not look.quiet:
        lines += [*table(_SUMS, _counts(found), look).splitlines(), ""]
    for each in _told(found, look):
        lines += _entry(each, look)
    lines += _end(found, look)
    return "\n".join(lines).rstrip("\n") + "\n"


def as_json(found: Diagnosis) -> str:
    """All results, in their order."""
    told: dict[str, Any] = clean(
        {
            "schema": SCHEMA,
            "evaluated_at": found.now,
            "config": found.by,
            "exit_code": found.exit_code,
            "groups": list(found.groups),
            "targets": found.targets,
            "runs": found.runs,
            "summary": {
                **{state: found.count(state) for state in _WORDS},
                "accepted": sum(each.accepted for each in found.results),
            },
            "results": [_result(each) for each in found.results],
        }
    )
    return as_text(told)


def _result(each: Result) -> dict[str, Any]:
    return {
        "group": each.group,
        "check": each.check,
        "state": each.state,
        "accepted": each.accepted,
        "told": each.told,
        "todo": each.todo,
        "key": each.key,
        "proof": None if each.proof is None else _proof(each.proof),
    }


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "source": proof.source,
        "fault": proof.fault,
        "how": proof.how,
        "rules": list(proof.rules),
        "before": proof.before,
        "after": proof.after,
        "exit_code": proof.exit_code,
        "reason": proof.reason,
    }


def _head(found: Diagnosis, look: Look) -> list[str]:
    if look.quiet:
        return []
    targets = "1 target" if found.targets == 1 else f"{found.targets} targets"
    runs = "1 run" if found.runs == 1 else f"{found.runs} runs"
    line = f"By {plain(found.by)}: {targets}, {runs} of the gate."
    return [*paragraph(reflow(line, "dim"), look), ""]


def _row(each: Result) -> Sequence[Cell]:
    return (each.group, each.check, _state(each), each.told)


def _counts(found: Diagnosis) -> list[Sequence[Cell]]:
    """A row a group: how many results there are of each state."""
    rows: list[Sequence[Cell]] = []
    for group in found.groups:
        own = [each for each in found.results if each.group == group and not each.accepted]
        counts = Counter(each.state for each in own)
        rows.append((group, *(_number(counts[state], state) for state in _STATES)))
    return rows


def _number(count: int, state: State) -> Cell:
    return (str(count), _WORDS[state][1] if count else "dim")


def _told(found: Diagnosis, look: Look) -> list[Result]:
    """Those that are told in full, holes first; notes only with -v."""
    order: list[State] = ["hole", "not_looked"]
    if look.verbose:
        order.append("note")
    return [
        each
        for state in order
        for each in found.results
        if each.state == state and (look.verbose or not each.accepted)
    ]


def _entry(each: Result, look: Look) -> list[str]:
    word, style = _state(each)
    title = [Word(plain(each.group), "dim"), *reflow(each.check, "strong")]
    lines = paragraph(title, look, lead=Word(word, style), hang=_HANG)
    lines += _indented(reflow(each.told), look)
    for label, value in (("fix:", each.todo), ("key:", each.key)):
        if value is not None:
            lines += _indented([Word(label, "dim"), *reflow(value)], look)
    return [*lines, ""]


def _indented(words: Sequence[Word], look: Look) -> list[str]:
    return paragraph(words, look, indent=_HANG, hang=_HANG)


def _state(each: Result) -> tuple[str, Style]:
    return ("accepted", "dim") if each.accepted else _WORDS[each.state]


def _end(found: Diagnosis, look: Look) -> list[str]:
    """The last line: whether all is proven."""
    holes, lost = found.count("hole"), found.count("not_looked")
    accepted = sum(each.accepted for each in found.results)
    parts = []
    if holes:
        parts.append(f"{holes} {'hole' if holes == 1 else 'holes'}")
    if lost:
        parts.append(f"{lost} {'thing' if lost == 1 else 'things'} not looked at")
    if accepted:
        parts.append(f"{accepted} accepted")
    proven = not holes and not lost
    word = "All is proven" if proven else "Not all is proven"
    style: Style = "strong" if proven else "deny" if holes else "warn"
    return [paint(f"{word}{': ' if parts else ''}{', '.join(parts)}.", style, look)]
