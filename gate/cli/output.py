"""Where a verdict goes: standard output, standard error, or files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from gate.cli.stop_commands import as_it_is, harmless, is_log, stopped
from gate.errors import GateError, UsageError, unexpected
from gate.model.verdict import Verdict
from gate.report.look import Color, Look, look
from gate.report.registry import FORMATS, error_renderer, renderer
from gate.report.text import render_error as text_of_error

Render = Callable[[str, Look], str]
"""Makes the text of a format, named first."""

_FOR_LOGS = ("text", "github")
"""Formats that may share standard output."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A format and the file that it goes to; None is a standard stream."""

    format: str
    file: Path | None


def destinations(
    outputs: Sequence[str], check: Callable[[str], object] = renderer
) -> list[Destination]:
    """Reads `FORMAT[=FILE]`; `check` raises UsageError for a format that is not known. Of the
    machine formats, all but `text`, one alone may take standard output."""
    found = []
    for output in outputs or ("text",):
        name, _, file = output.partition("=")
        check(name)
        found.append(Destination(name, Path(file) if file else None))
    machine = [each.format for each in found if each.file is None and each.format != "text"]
    if len(machine) > 1:
        raise UsageError(
            f"{' and '.join(machine)} cannot both go to standard output.",
            advice=f"Give one of them a file: -o {machine[1]}=FILE.",
        )
    return found


def write(verdict: Verdict, to: Sequence[Destination], options: Look) -> None:
    """Writes a verdict in all its formats."""
    write_all(lambda name, seen: renderer(name)(verdict, seen), to, options)


def write_all(render: Render, to: Sequence[Destination], options: Look) -> None:
    """Machine formats go to standard output alone; text then goes to standard error, but beside
    commands to GitHub's runner it stays, so that the two are read in order. What cannot be
    written keeps nothing else from being written."""
    taken = _is_taken(to)
    failures: list[GateError] = []
    for each in to:
        try:
            _write(render, each, options, taken=taken)
        except GateError as error:
            failures.append(error)
    if failures:
        raise failures[0]


def show(render: Callable[[Look], str], looks: Mapping[str, Any]) -> None:
    """Writes text for people to standard output."""
    write_all(lambda _, seen: render(seen), [Destination("text", None)], look(sys.stdout, **looks))


def write_error(
    error: Exception,
    to: Sequence[Destination],
    others: Mapping[str, Callable[[GateError], str]] | None = None,
) -> None:
    """Puts the error where the verdict would have been, so that no earlier one is taken for it;
    `others` are formats of a command's own."""
    told = error if isinstance(error, GateError) else unexpected(error)
    for each in to:
        report = (others or {}).get(each.format) or error_report(each.format)
        if each.file is not None and report is not None:
            with suppress(GateError):
                put(each.file, report(told).encode())


def error_report(name: str) -> Callable[[GateError], str] | None:
    """What a format makes of an error that ended the run; None for what is no format of a
    verdict."""
    return error_renderer(name) if name in FORMATS else None


def show_error(error: GateError, more: str, wanted: Collection[str]) -> None:
    """Writes the error, and `more` of it, to standard error. To standard output it goes in the
    machine format that was to go there; where that is commands to GitHub's runner, the text goes
    there too, so that the two are read in order."""
    machine = [name for name in FORMATS if name in wanted and name not in _FOR_LOGS]
    ours = "github" in wanted and not machine
    for name in machine[:1] or (["github"] if ours else []):
        report = error_report(name)
        if report is not None:
            with suppress(GateError):
                _print(name, report(error))
    people(text_of_error(error) + more, error=not (ours and is_log(sys.stdout)))


def _write(render: Render, to: Destination, options: Look, *, taken: bool) -> None:
    if to.file is not None:
        plain = replace(options, color=False, terminal=False)
        put(to.file, render(to.format, plain).encode())
    elif to.format == "text":
        people(render("text", options), color=options.color, error=taken)
    else:
        _print(to.format, render(to.format, options))


def _print(name: str, said: str) -> None:
    """Writes a format to standard output."""
    match name:
        case "github":
            commands(said)
        case "json" | "sarif" | "junit":
            data(said)
        case _:
            click.echo(said, nl=False)


def people(text: str, *, color: bool | None = None, error: bool = False) -> None:
    """Writes a report for people to a standard stream. In a step of GitHub Actions it stands where
    it holds no commands."""
    with stopped(sys.stderr if error else sys.stdout):
        click.echo(text, nl=False, err=error, color=color)


def commands(text: str, *, error: bool = False) -> None:
    """Writes commands to GitHub's runner."""
    with as_it_is(sys.stderr if error else sys.stdout):
        click.echo(text, nl=False, err=error)


def data(text: str) -> None:
    """Writes JSON or XML to standard output, where it holds no commands either."""
    with as_it_is(sys.stdout):
        click.echo(harmless(text) if is_log(sys.stdout) else text, nl=False)


def _is_taken(to: Sequence[Destination]) -> bool:
    """Whether a machine format has standard output for itself."""
    return any(each.file is None and each.format not in _FOR_LOGS for each in to)


def standard_look(
    outputs: Sequence[Destination], color: Color, *, quiet: bool, verbose: int
) -> Look:
    """How the stream looks that the text goes to."""
    stream = sys.stderr if _is_taken(outputs) else sys.stdout
    return look(stream, color=color, quiet=quiet, verbose=verbose)


def put(path: Path, data: bytes) -> None:
    """Writes the whole file or nothing; into a pipe or a device, whose name stays what it is."""
    try:
        if _is_stream(path):
            with path.open("ab") as stream:
                stream.write(data)
        else:
            _replace(path, data)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.",
            advice="Name another file, in a folder that is there and has room.",
        ) from error


def _is_stream(path: Path) -> bool:
    """A pipe, a device, or a name such as /dev/stdout, which may stand for a file."""
    if path.absolute().is_relative_to("/dev"):
        return True
    return path.exists() and not path.is_file() and not path.is_dir()


def _replace(path: Path, data: bytes) -> None:
    import tempfile

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        made.chmod(0o644)
        made.replace(path)
    except OSError:
        made.unlink(missing_ok=True)
        raise
