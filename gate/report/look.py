"""Finds out what a stream can show. Follows no-color.org and force-color.org."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, TextIO

from gate.report.interface import Look

__all__ = ["Color", "Look", "look"]

Color = Literal["auto", "always", "never"]

DEFAULT_WIDTH = 80


def look(
    stream: TextIO,
    *,
    color: Color = "auto",
    quiet: bool = False,
    verbose: int = 0,
    environ: Mapping[str, str] | None = None,
) -> Look:
    """How text written to `stream` is to look.

    Colours, first match wins: `color` if not `auto`, NO_COLOR (not empty: none), FORCE_COLOR (not
    empty, not 0: colours), TERM=dumb (none), a terminal (colours). The width is COLUMNS, else the
    terminal's, else 80, so that what goes to a pipe does not depend on who looks.
    """
    env = os.environ if environ is None else environ
    terminal = is_terminal(stream)
    return Look(
        width=_width(stream, env, terminal),
        color=_wants_color(color, env, terminal),
        verbose=verbose,
        quiet=quiet,
        terminal=terminal,
    )


def is_terminal(stream: TextIO) -> bool:
    """Whether a person may be watching; no for a closed stream."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def _wants_color(color: Color, env: Mapping[str, str], terminal: bool) -> bool:
    if color != "auto":
        return color == "always"
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return terminal and env.get("TERM") != "dumb"


def _width(stream: TextIO, env: Mapping[str, str], terminal: bool) -> int:
    given = env.get("COLUMNS", "")
    if given.isascii() and given.isdigit() and int(given) > 0:
        return int(given)
    if terminal:
        try:
            return os.get_terminal_size(stream.fileno()).columns or DEFAULT_WIDTH
        except (OSError, ValueError):
            return DEFAULT_WIDTH
    return DEFAULT_WIDTH
