"""Which repository on GitHub a clone is of."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from gate.change.git import Runner
from gate.clients.github_environment import server
from gate.errors import GateError

_ADDRESS = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^@/]*@)?(?P<host>[^/:@]+)(?::[0-9]+)?/|(?:[^@/]*@)(?P<short>[^/:]+):)"
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9-_.]*/[A-Za-z0-9._-]+?)(?:\.git)?/?"
)


def origin(folder: Path) -> str | None:
    """`owner/name` of the remote `origin`, where it is on the GitHub that the environment names
    (`GITHUB_SERVER_URL`); else None."""
    try:
        found = Runner(folder).attempt("remote", "get-url", "origin")
    except GateError:
        return None
    address = _ADDRESS.fullmatch(found.out.decode("utf-8", "replace").strip())
    if found.status != 0 or address is None:
        return None
    here = urlsplit(server()).hostname
    host = address["host"] or address["short"]
    return address["name"] if host.lower() in (here, f"ssh.{here}") else None


def commit_of(folder: Path, ref: str) -> str | None:
    """The full id of the commit that a name means; None where it means none."""
    try:
        found = Runner(folder).attempt(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"
        )
    except GateError:
        return None
    return found.out.decode("ascii", "replace").strip() if found.status == 0 else None
