"""Runs a program with less memory: `python -I -m gate.authoring.limited BYTES PROGRAM ARGS...`."""

from __future__ import annotations

import os
import sys

from gate.decision.engines.keeper import restrict


def main() -> None:
    """Becomes the program."""
    memory, program, *arguments = sys.argv[1:]
    restrict(int(memory))
    os.execv(program, [program, *arguments])  # noqa: S606 - there is to be no shell


if __name__ == "__main__":
    main()
