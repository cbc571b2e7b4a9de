"""The summary and the outputs of a step of GitHub Actions.

Source: docs.github.com, Workflow commands for GitHub Actions: a step's summary holds 1 MiB, and
above that it is dropped whole; outputs of several lines stand between delimiters.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from gate.errors import GateError
from gate.model.verdict import Verdict
from gate.report.groups import deciding
from gate.report.interface import Look
from gate.report.json import render, render_error
from gate.report.markdown import LEAST, document, error_document
from gate.report.posts.interface import Subject

SUMMARY = 1024 * 1024
"""Bytes that a step's summary may have."""

_Told = Verdict | GateError


class _UnsaidError(Exception):
    """What could not be told, and why."""


def post(told: Verdict | GateError, subject: Subject) -> Sequence[str]:
    """Appends to the step's summary, writes the verdict (or the error) as JSON to a file of its own
    in RUNNER_TEMP, and sets the outputs `verdict`, `decision-id`, `findings` (how many decide) and
    `verdict-file`. Gives back what could not be told and why."""
    del subject
    env = os.environ
    if env.get("GITHUB_ACTIONS") != "true":
        return ["Actions: this is no step of GitHub Actions, so nothing is posted there."]
    complaints: list[str] = []
    _tried("the step's summary", partial(_summary, told, env), complaints)
    file = _tried("the verdict's file", partial(_file, told, env), complaints)
    _tried("the step's outputs", partial(_outputs, told, file or "", env), complaints)
    return complaints


def outputs(told: Verdict | GateError, file: str) -> dict[str, str]:
    """The step's outputs. For an error `decision-id` and `findings` are empty: there is none, and
    nobody counted."""
    if isinstance(told, GateError):
        return {"verdict": "error", "decision-id": "", "findings": "", "verdict-file": file}
    return {
        "verdict": told.verdict,
        "decision-id": told.decision_id,
        "findings": str(len(deciding(told))),
        "verdict-file": file,
    }


def _tried(what: str, write: Callable[[], str | None], complaints: list[str]) -> str | None:
    try:
        return write()
    except _UnsaidError as error:
        complaints.append(f"Actions: {what} is not written: {error}.")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        complaints.append(f"Actions: {what} is not written: {why}.")
    return None


def _summary(told: _Told, env: Mapping[str, str]) -> None:
    path = _named("GITHUB_STEP_SUMMARY", env)
    before = path.stat().st_size if path.exists() else 0
    gap = "\n\n" if before else ""
    room = SUMMARY - before - len(gap)
    if room < LEAST:
        raise _UnsaidError(f"it holds {before:,} bytes already, and {SUMMARY:,} are allowed")
    written = document(told, room) if isinstance(told, Verdict) else error_document(told, room)
    _append(path, gap + written)


def _file(told: _Told, env: Mapping[str, str]) -> str:
    folder = _named("RUNNER_TEMP", env)
    text = render(told, Look()) if isinstance(told, Verdict) else render_error(told)
    handle, name = tempfile.mkstemp(prefix="change-gate-", suffix=".json", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return name


def _outputs(told: _Told, file: str, env: Mapping[str, str]) -> None:
    path = _named("GITHUB_OUTPUT", env)
    lines = []
    for name, value in outputs(told, file).items():
        end = f"end-{secrets.token_hex(16)}"
        lines += [f"{name}<<{end}", value, end]
    _append(path, "\n".join(lines) + "\n")


def _named(variable: str, env: Mapping[str, str]) -> Path:
    name = env.get(variable)
    if not name:
        raise _UnsaidError(f"{variable} is not set")
    return Path(name)


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(text)
