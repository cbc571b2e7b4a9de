"""What a child process may use, and how large a policy may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` is wall clock, `memory` bytes of address space (where the system can limit it),
    `answer` and `file` bytes, `depth` that of brackets in a policy."""

    seconds: float = 30.0
    memory: int = 2 * 1024**3
    answer: int = 64 * 1024**2
    file: int = 512 * 1024
    depth: int = 100


DEFAULT = Limits()
