"""The workflows of GitHub Actions that run the gate, as the trusted tree holds them.

A job that is skipped counts as a success of its check, and one that may fail never blocks:
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax and
/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/troubleshooting-required-status-checks
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gate.errors import GateError
from gate.model.change import MODE_EXECUTABLE, MODE_FILE, Tree, Unread
from gate.model.diagnosis import Result
from gate.strict_yaml.nodes import plain
from gate.strict_yaml.parse import parse

FOLDER = ".github/workflows"
OWN_CHECK = "change-gate"
_ACTION = re.compile(r"(?:^|/)change-gate(?:@|/|$)")
_COMMAND = re.compile(r"\bgate\s+(?:-\S+\s+)*check\b")
_FILTERS = ("paths", "paths-ignore")
_INPUTS: Mapping[str, tuple[str, str]] = {
    "offline": ("true", "nothing is asked over the network, so rules that need it are skipped"),
    "fail-on": ("never", "no finding gives an exit code"),
}


@dataclass(frozen=True, slots=True)
class Job:
    """A job with a step that judges. `events` are the workflow's, by name."""

    path: str
    name: str
    job: Mapping[str, Any]
    step: Mapping[str, Any]
    events: Mapping[str, Any]
    permissions: Any

    @property
    def check(self) -> str:
        """What GitHub calls its check."""
        return str(self.job.get("name") or self.name)


def jobs(tree: Tree) -> tuple[Sequence[Job], Sequence[Result]]:
    """The jobs that judge, and which workflows cannot be read."""
    found: list[Job] = []
    lost: list[Result] = []
    entries = [
        each
        for each in tree.folder(FOLDER)
        if each.path.endswith((".yml", ".yaml")) and each.mode in (MODE_FILE, MODE_EXECUTABLE)
    ]
    for entry, data in tree.read(entries):
        try:
            content = None if isinstance(data, Unread) else plain(parse(data, entry.path))
        except GateError as error:
            told = f"it cannot be read: {error.message}"
            lost.append(Result("github", f"workflow {entry.path}", "not_looked", told))
            continue
        found += _jobs(entry.path, content if isinstance(content, dict) else {})
    return found, lost


def _jobs(path: str, content: Mapping[str, Any]) -> Iterator[Job]:
    named = content.get("jobs")
    for name, job in named.items() if isinstance(named, dict) else ():
        steps = job.get("steps") if isinstance(job, dict) else None
        for step in steps if isinstance(steps, list) else ():
            if isinstance(step, dict) and _judges(step):
                permissions = job.get("permissions", content.get("permissions"))
                yield Job(path, str(name), job, step, _events(content.get("on")), permissions)
                break


def _judges(step: Mapping[str, Any]) -> bool:
    inputs = step.get("with")
    if isinstance(inputs, dict) and inputs.get("command", "check") != "check":
        return False
    return bool(
        _ACTION.search(str(step.get("uses", ""))) or _COMMAND.search(str(step.get("run", "")))
    )


def _events(told: Any) -> Mapping[str, Any]:
    if isinstance(told, dict):
        return told
    names = told if isinstance(told, list) else [told]
    return {str(each): None for each in names if each}


def results(job: Job, *, queued: bool | None) -> Iterator[Result]:
    """What may let a change pass a job, or keep it from being told. `queued`: whether there is a
    merge queue, None where that is not known."""
    holes = list(_holes(job))
    yield from holes
    yield from _notes(job, queued)
    if not holes:
        told = f"{job.check} runs on {', '.join(job.events)}"
        yield Result("github", f"workflow {job.path}", "ok", told)


def _holes(job: Job) -> Iterator[Result]:
    def hole(told: str, todo: str, key: str) -> Result:
        return Result("github", f"workflow {job.path}", "hole", told, todo, f"{job.path}: {key}")

    for where, part in ((f"jobs.{job.name}", job.job), ("the step", job.step)):
        if part.get("continue-on-error") not in (None, False):
            told = f"{where} may fail, so it never blocks"
            yield hole(told, "Remove `continue-on-error`.", "continue-on-error")
        if part.get("if") is not None and not _is_always(part["if"]):
            told = f"{where} is skipped where `if` is false, and a skipped check counts as passed"
            yield hole(told, "Remove `if`.", "if")
    if job.job.get("needs") and not _is_always(job.job.get("if")):
        told = f"jobs.{job.name} is skipped where a job that it needs fails: that counts as passed"
        yield hole(told, "Remove `needs`, or add `if: always()`.", "needs")
    given = job.step.get("with")
    inputs = given if isinstance(given, dict) else {}
    for name, (value, told) in _INPUTS.items():
        if str(inputs.get(name, "")).lower() == value:
            yield hole(told, f"Remove `{name}`.", name)


def _is_always(condition: Any) -> bool:
    text = re.sub(r"^\$\{\{(.*)\}\}$", r"\1", str(condition or "").strip())
    return text.strip().replace(" ", "") in ("always()", "!cancelled()")


def _notes(job: Job, queued: bool | None) -> Iterator[Result]:
    def note(told: str, todo: str) -> Result:
        return Result("github", f"workflow {job.path}", "note", told, todo)

    for name in ("pull_request", "pull_request_target"):
        event = job.events.get(name)
        used = [each for each in _FILTERS if isinstance(event, dict) and each in event]
        if used:
            told = f"{name} has `{used[0]}`: where no path matches, a required check never reports"
            yield note(told, f"Remove `{used[0]}`: gate itself is quick where nothing concerns it.")
    if queued and "merge_group" not in job.events:
        told = "there is a merge queue, and it does not run on merge_group: nothing gets through"
        yield note(told, "Add `merge_group:` to `on`.")
