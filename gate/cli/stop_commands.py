"""Keeps what is printed in a step of GitHub Actions from being taken for workflow commands.

The runner obeys each line of a step's output that begins with `::`, white space aside, or that
holds `##[` anywhere (actions/runner, ActionCommand). Text of a change must not say such things.
So a report stands between `::stop-commands::` and its end, which nobody can guess; and, since
standard output and standard error are two streams that the runner reads side by side, the marks
themselves are broken up on both: `:\\:error::`, `##\\[error]`.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

# Whatever is no visible character of ASCII may be white space to the runner.
_MARK = re.compile(rb"(?m)(?:^(?P<line>[^!-~\n]*:):|(?P<old>##)\[)")
_VISIBLE = re.compile(rb"[!-~]")
_KEPT = 256


class Breaker:
    """Breaks the marks up in what passes, however it is cut into pieces."""

    def __init__(self) -> None:
        self._line = b""

    def broken(self, data: bytes) -> bytes:
        """The next piece, as it may be written."""
        text = _MARK.sub(_broken, self._line + data)
        new = text[len(self._line) :]
        line = text.rpartition(b"\n")[2]
        if len(line) > _KEPT:
            line = (b"." if _VISIBLE.search(line) else b"") + line[-_KEPT + 1 :]
        self._line = line
        return new


def _broken(found: re.Match[bytes]) -> bytes:
    line, old = found.group("line", "old")
    return line + b"\\:" if old is None else old + b"\\["


def is_log(stream: TextIO, environ: Mapping[str, str] | None = None) -> bool:
    """Whether the runner reads what is written: in GitHub Actions, and not sent into a file."""
    env = os.environ if environ is None else environ
    if env.get("GITHUB_ACTIONS") != "true":
        return False
    try:
        return not stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return True


@contextmanager
def stopped(stream: TextIO) -> Iterator[None]:
    """What is written to the stream within holds no commands."""
    if not is_log(stream):
        yield
        return
    token = secrets.token_hex(16)
    _say(stream, f"::stop-commands::{token}\n")
    try:
        yield
    finally:
        _say(stream, f"::{token}::\n")


@contextmanager
def as_it_is(stream: TextIO) -> Iterator[None]:
    """What is written to the stream within is for the runner, or for a machine: it is not broken
    up."""
    raw: Any = getattr(getattr(stream, "buffer", None), "raw", None)
    if not hasattr(raw, "guarded"):
        yield
        return
    stream.flush()
    before, raw.guarded = raw.guarded, False
    try:
        yield
        stream.flush()
    finally:
        raw.guarded = before


def harmless(text: str) -> str:
    """JSON or XML that says the same without a mark of the older form, which the runner looks for
    anywhere in a line; the newer one stands only in XML at the beginning of a line."""
    if text.startswith("<"):
        return text.replace("##[", "#&#35;[").replace("::", ":&#58;")
    return text.replace("##[", "#\\u0023[")


def _say(stream: TextIO, text: str) -> None:
    with as_it_is(stream):
        stream.write(text)
        stream.flush()
