"""Other programs: where they are, and how gate runs modules of its own as programs."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence

KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
"""What Python may need to start; a module that runs as a program gets nothing else."""


def found(name: str) -> str | None:
    """The path of a program of the PATH, None where there is none. Only folders with an absolute
    path count: any other depends on where gate is started, and may be the head's."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return shutil.which(name, path=os.pathsep.join(filter(os.path.isabs, folders)))


def module(name: str, *arguments: str) -> Sequence[str]:
    """The command that runs a module of gate, whatever the environment and the folder are."""
    return (sys.executable, "-I", "-B", "-m", name, *arguments)


def environment(*more: str) -> Mapping[str, str]:
    """The environment of such a program: what Python needs, and `more` by name."""
    kept = (*KEPT_VARIABLES, *more)
    return {name: os.environ[name] for name in kept if name in os.environ}
