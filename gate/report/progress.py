"""A status line for long work, while a person watches."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from gate.report.escape import plain
from gate.report.interface import Look
from gate.report.layout import cut, paint
from gate.report.look import is_terminal

Step = Callable[[str], None]

SILENT_FOR = 0.5
_INTERVAL = 0.1
_ERASE = "\r\x1b[2K"


@contextmanager
def progress(
    look: Look,
    doing: str,
    *,
    stream: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
    silent_for: float = SILENT_FOR,
) -> Iterator[Step]:
    """Shows what is being done; the yielded function says what is done next.

    Only on a terminal, and not in CI, under pre-commit or with -q. Nothing shows for the first
    `silent_for` seconds, and nothing is left at the end.
    """
    target = stream or sys.stderr
    if not is_watched(look, target, os.environ if environ is None else environ):
        yield _nothing
        return
    with _line(look, doing, target, silent_for) as step:
        yield step


def is_watched(look: Look, stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether a status line would be seen, and not be noise."""
    if look.quiet or environ.get("TERM") == "dumb":
        return False
    return is_terminal(stream) and not (environ.get("CI") or environ.get("PRE_COMMIT"))


def _nothing(doing: str) -> None:
    """Nobody watches."""


@contextmanager
def _line(look: Look, doing: str, stream: TextIO, silent_for: float) -> Iterator[Step]:
    """One line, written again by a thread of its own, so that the work is never held up."""
    current = doing
    ended = threading.Event()
    start = time.monotonic()

    def step(text: str) -> None:
        nonlocal current
        current = text

    def show() -> None:
        shown = ""
        pause = silent_for
        while not ended.wait(pause):
            line = f"{current} ({time.monotonic() - start:.0f} s)"
            if line != shown:
                text = cut(plain(line), look.width - 1)
                stream.write(_ERASE + paint(text, "dim", look))
                stream.flush()
            shown = line
            pause = _INTERVAL
        if shown:
            stream.write(_ERASE)
            stream.flush()

    thread = threading.Thread(target=show, name="progress", daemon=True)
    thread.start()
    try:
        yield step
    finally:
        ended.set()
        thread.join()
