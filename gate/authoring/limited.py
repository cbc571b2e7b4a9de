"""Runs a program with less memory: `python -I -m gate.authoring.limited BYTES PROGRAM ARGS...`."""

from __future__ import annotations

import os
import sys

from gate.decision.engines.keeper import environment, restrict


def main() -> None:
    """Becomes the program, which gets nothing of this environment."""
    memory, program, *arguments = sys.argv[1:]
    restrict(int(memory))
    os.execve(program, [program, *arguments], environment(int(memory)))  # noqa: S606 - there is to be no shell


if __name__ == "__main__":
    main()
