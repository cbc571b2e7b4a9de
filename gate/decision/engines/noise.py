"""Catches what a library writes to file descriptor 2, so that it does not reach the terminal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

_ERRORS = 2
_owned = False


def own() -> None:
    """Says that descriptor 2 is a file, kept by who started this process for the last words of a
    crash: from now on `caught` reads it where it is."""
    global _owned  # noqa: PLW0603 - descriptor 2 is one for the process, and so is this
    _owned = True


@contextmanager
def caught() -> Iterator[Callable[[], str]]:
    """Catches until the end of the block; the value gives what came so far as text."""
    if _owned:
        with os.fdopen(os.dup(_ERRORS), "rb") as kept:
            yield _reading(kept)
        return
    with _scratch() as scratch:
        before = os.dup(_ERRORS)
        os.dup2(scratch.fileno(), _ERRORS)
        try:
            yield _reading(scratch)
        finally:
            os.dup2(before, _ERRORS)
            os.close(before)


def _scratch() -> BinaryIO:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("noise"), "w+b")
    from tempfile import TemporaryFile

    return cast(BinaryIO, TemporaryFile())


def _reading(file: BinaryIO) -> Callable[[], str]:
    start = os.fstat(file.fileno()).st_size

    def read() -> str:
        size = os.fstat(file.fileno()).st_size - start
        return os.pread(file.fileno(), size, start).decode("utf-8", "replace") if size > 0 else ""

    return read
