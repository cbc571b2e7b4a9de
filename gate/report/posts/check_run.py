"""A verdict as a check run, with a mark on each line that it speaks of.

https://docs.github.com/en/rest/checks/runs
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gate.clients.github import Repository
from gate.clients.http import Unreachable
from gate.errors import GateError
from gate.model.verdict import Finding, Verdict
from gate.report import markdown
from gate.report.escape import plain
from gate.report.posts.redact import redacted
from gate.report.posts.stamp import Stamp, written

BATCH = 50
"""Annotations that one request may hold."""
MOST = 200
"""Annotations that are sent, the worst first."""
BYTES = 60_000
"""Of the summary, of which GitHub takes 65,535."""
_TITLE = 255
_MESSAGE = 4_000

Json = dict[str, Any]


def create(
    repository: Repository,
    told: Verdict | GateError,
    name: str,
    said: Stamp,
    page: str | None,
    hidden: Sequence[str],
) -> None:
    """Makes a new check run on the commit that `said` names. A conclusion other than success and
    failure would let a merge pass. Raises Unreachable."""
    found = redacted(marks(told), hidden)
    output = _output(told, said, len(found), hidden)
    made = repository.tell(
        "POST",
        "check-runs",
        {
            "name": name,
            "head_sha": said.head,
            "status": "completed",
            "conclusion": "success" if told.exit_code == 0 else "failure",
            "external_id": told.decision_id if isinstance(told, Verdict) else "error",
            **({} if page is None else {"details_url": page}),
            "output": {**output, "annotations": found[:BATCH]},
        },
        again=False,
    )
    for start in range(BATCH, min(len(found), MOST), BATCH):
        some = found[start : min(start + BATCH, MOST)]
        body = {"output": {**output, "annotations": some}}
        number = made.get("id")
        if type(number) is not int:
            raise Unreachable("its answer does not name the check run")
        repository.tell("PATCH", f"check-runs/{number}", body, again=False)


def update(
    repository: Repository,
    told: Verdict | GateError,
    said: Stamp,
    number: int,
    hidden: Sequence[str],
) -> None:
    """Renews the text of a check run whose verdict and annotations stay. Raises Unreachable."""
    output = _output(told, said, len(marks(told)), hidden)
    repository.tell("PATCH", f"check-runs/{number}", {"output": output}, again=True)


def marks(told: Verdict | GateError) -> list[Json]:
    """A mark for each new finding and each unreadable file that has a place in the head, the worst
    first."""
    if isinstance(told, GateError):
        return []
    found = [each for each in told.findings if each.counts]
    denied = (each for each in found if each.level == "deny")
    warned = (each for each in found if each.level == "warn")
    return [*_findings(denied, "failure"), *_problems(told), *_findings(warned, "warning")]


def _findings(found: Iterator[Finding], level: str) -> Iterator[Json]:
    for each in found:
        place = each.location
        if place is not None and place.side == "new":
            yield _mark(place.path, place.line, level, each.message, each.rule, _details(each))


def _problems(verdict: Verdict) -> Iterator[Json]:
    if verdict.verdict == "undecided":
        for each in verdict.problems:
            if each.kind == "unreadable":
                yield _mark(each.path, each.line, "failure", each.message, "unreadable", None)


def _mark(
    path: str, line: int | None, level: str, message: str, title: str, details: str | None
) -> Json:
    at = max(line or 1, 1)
    made = {
        "path": plain(path),
        "start_line": at,
        "end_line": at,
        "annotation_level": level,
        "title": _cut(title, _TITLE),
        "message": _cut(message, _MESSAGE).strip() or "(no message)",
    }
    return made if details is None else {**made, "raw_details": details}


def _details(finding: Finding) -> str | None:
    unblock = finding.unblock
    lines = {
        "resource": finding.resource,
        "service": finding.service,
        "fix": finding.remediation,
        "until": None if unblock is None else unblock.at,
        "ends when": None if unblock is None else unblock.how,
        "see": finding.runbook,
    }
    said = [f"{name}: {_cut(text, _MESSAGE)}" for name, text in lines.items() if text]
    return "\n".join(said) or None


def _output(told: Verdict | GateError, said: Stamp, count: int, hidden: Sequence[str]) -> Json:
    if isinstance(told, GateError):
        title, summary = markdown.error_title(told), markdown.error_document(told, BYTES)
        text = "Nothing was judged, and that blocks."
    else:
        title, summary = markdown.title(told), markdown.document(told, BYTES)
        text = "\n\n".join(_about(told, count))
    shown = redacted({"title": title, "summary": summary, "text": text}, hidden)
    return {**shown, "text": f"{shown['text']}\n\n{written(said)}"}


def _about(verdict: Verdict, count: int) -> Iterator[str]:
    trusted = verdict.change.get("trusted")
    by = f", by the rules of `{trusted[:12]}`" if trusted else ""
    yield f"Judged at {verdict.evaluated_at}{by}. Decision `{verdict.decision_id}`."
    if verdict.valid_until is not None:
        yield (
            f"Valid until **{verdict.valid_until}**: from then on the same change may be judged "
            "otherwise."
        )
    if count > MOST:
        yield f"The {MOST} worst places are marked, and {count - MOST:,} more are not."


def _cut(text: str, most: int) -> str:
    """The text, made safe, in at most so many signs."""
    shown = plain(text[: most + 1])
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
