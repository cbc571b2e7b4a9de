"""Where a verdict goes: standard output, standard error, or files."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import click

from gate.errors import GateError, UsageError, unexpected
from gate.model.verdict import Verdict
from gate.report.look import Color, Look, look
from gate.report.registry import FORMATS, renderer

MACHINE = frozenset(FORMATS) - {"text"}


@dataclass(frozen=True, slots=True)
class Destination:
    """A format and the file that it goes to; None is a standard stream."""

    format: str
    file: Path | None


def destinations(outputs: Sequence[str]) -> list[Destination]:
    """Reads `FORMAT[=FILE]`. Of the machine formats one alone may take standard output."""
    found = []
    for output in outputs or ("text",):
        name, _, file = output.partition("=")
        renderer(name)
        found.append(Destination(name, Path(file) if file else None))
    machine = [each.format for each in found if each.file is None and each.format in MACHINE]
    if len(machine) > 1:
        raise UsageError(
            f"{' and '.join(machine)} cannot both go to standard output.",
            advice=f"Give one of them a file: -o {machine[1]}=FILE.",
        )
    return found


def write(verdict: Verdict, to: Sequence[Destination], options: Look) -> None:
    """Machine formats go to standard output alone; text then goes to standard error. What cannot
    be written keeps nothing else from being written."""
    taken = any(each.file is None and each.format in MACHINE for each in to)
    failures: list[GateError] = []
    for each in to:
        try:
            _write(verdict, each, options, taken=taken)
        except GateError as error:
            failures.append(error)
    if failures:
        raise failures[0]


def write_error(error: Exception, to: Sequence[Destination]) -> None:
    """Puts the error where the verdict would have been, so that no earlier one is taken for it."""
    from gate.report.json import error_json

    told = error if isinstance(error, GateError) else unexpected(error)
    for each in to:
        if each.file is not None and each.format == "json":
            with suppress(GateError):
                _put(each.file, json.dumps(error_json(told), indent=2) + "\n")


def _write(verdict: Verdict, to: Destination, options: Look, *, taken: bool) -> None:
    render = renderer(to.format)
    if to.file is not None:
        plain = replace(options, color=False, terminal=False)
        _put(to.file, render(verdict, plain))
    else:
        to_error = taken and to.format == "text"
        click.echo(render(verdict, options), nl=False, err=to_error, color=options.color)


def standard_look(
    outputs: Sequence[Destination], color: Color, *, quiet: bool, verbose: int
) -> Look:
    """How the stream looks that the text goes to."""
    taken = any(each.file is None and each.format in MACHINE for each in outputs)
    stream = sys.stderr if taken else sys.stdout
    return look(stream, color=color, quiet=quiet, verbose=verbose)


def _put(path: Path, text: str) -> None:
    """Writes the whole file or nothing; into a pipe or a device, whose name stays what it is."""
    try:
        if _is_stream(path):
            with path.open("a", encoding="utf-8") as stream:
                stream.write(text)
        else:
            _replace(path, text)
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


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    made = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        made.chmod(0o644)
        made.replace(path)
    except OSError:
        made.unlink(missing_ok=True)
        raise
