"""Paths for people, and the bytes that they stand for."""

from __future__ import annotations

import math
import re

_ESCAPE_LOOKALIKE = re.compile(rb"\\(?=x[0-9a-f]{2})")
_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")


def shown(raw: bytes) -> str:
    """A path as text; bytes that are not UTF-8 become `\\xNN`.

    A backslash that would read as such an escape becomes `\\x5c`, so that two names never
    look the same.
    """
    return _ESCAPE_LOOKALIKE.sub(rb"\\x5c", raw).decode("utf-8", "backslashreplace")


def raw(path: str) -> bytes:
    """The bytes that `shown` was given."""
    parts = _ESCAPE.split(path)
    return b"".join(
        bytes([int(part, 16)]) if index % 2 else part.encode("utf-8", "surrogatepass")
        for index, part in enumerate(parts)
    )


def text(value: bytes) -> str:
    """Text of a commit; bytes that are not UTF-8 become `\\xNN`."""
    return value.decode("utf-8", "backslashreplace")


def steps(path: str) -> tuple[str, ...] | None:
    """The names along a path from the root; None where it leaves the root or is absolute."""
    if path.startswith("/"):
        return None
    names = tuple(name for name in path.split("/") if name not in {"", "."})
    return None if ".." in names else names


def over_limit(size: int, limit: int) -> str:
    """Why a file of `size` bytes is not read."""
    return f"{_megabytes(size)} MB, over the limit of {_megabytes(limit)} MB"


def _megabytes(size: int) -> str:
    return f"{math.ceil(size / 2**20 * 10) / 10:g}"
