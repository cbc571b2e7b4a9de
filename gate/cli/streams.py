"""The standard streams, made safe: closed ones, full ones, and readers that have gone."""

from __future__ import annotations

import io
import os
import select
import sys
from typing import TYPE_CHECKING

from gate.cli.stop_commands import Breaker, is_log
from gate.errors import GateError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Stream(io.FileIO):
    """Writes until nobody reads or nothing more fits; what comes after that is dropped. In a log
    of GitHub Actions, marks of commands are broken up while it is `guarded`."""

    ended = False
    guarded = False
    breaker: Breaker

    def write(self, data: ReadableBuffer, /) -> int:
        size = memoryview(data).nbytes
        if self.ended:
            return size
        try:
            return self._write_broken(data) if self.guarded else super().write(data)
        except OSError as error:
            self.ended = True
            if isinstance(error, BrokenPipeError) or self.fileno() == 2:
                return size
            raise GateError(
                f"Standard output cannot be written: {error.strerror}.",
                advice="Make room there, or write elsewhere.",
            ) from error

    def _write_broken(self, data: ReadableBuffer) -> int:
        """All of it, or nothing is known of how much: a piece cannot be tried again."""
        left = self.breaker.broken(bytes(data))
        while left:
            written: int | None = super().write(left)
            if written is None:
                select.select((), (self,), ())
            else:
                left = left[written:]
        return memoryview(data).nbytes


def open_streams() -> None:
    """Makes the three streams usable: one that is closed leads nowhere, before another file takes
    its number, and a character that an encoding lacks is written as its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8")
    if sys.stdout is sys.__stdout__:
        sys.stdout = _text(1, sys.stdout.encoding if sys.stdout else "utf-8")
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(2, sys.stderr.encoding if sys.stderr else "utf-8")


def _text(number: int, encoding: str) -> io.TextIOWrapper:
    stream = _Stream(number, "w", closefd=False)
    stream.breaker = Breaker()
    text = io.TextIOWrapper(
        io.BufferedWriter(stream),
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=True,
    )
    stream.guarded = is_log(text)
    return text
