"""The `opa` of the PATH."""

from __future__ import annotations

import os
import shutil

PROGRAM = "opa"


def path() -> str | None:
    """Where it is; None where there is none. Only folders with an absolute path count: any other
    depends on where gate is started, and may be the head's."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return shutil.which(PROGRAM, path=os.pathsep.join(filter(os.path.isabs, folders)))
