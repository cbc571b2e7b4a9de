"""Links to the lines of the judged commit, where it is known on which server it is."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from gate.clients.event import is_sha
from gate.model.manifest import Location
from gate.model.verdict import Verdict
from gate.report.escape import plain
from gate.report.markdown_text import code

_SERVER = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]+)?")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Links:
    """Where the two sides of the change can be read; None: nowhere that is known."""

    new: str | None = None
    old: str | None = None

    def place(self, location: Location) -> str:
        """`path:line` as Markdown, with a link where there is something to link to."""
        path, line = location.path, location.line
        shown = code(f"{path}:{line}" if line else path)
        side = self.old if location.side == "old" else self.new
        known = side is not None and "\\" not in path and plain(path) == path
        address = f"{side}/{quote(path, errors='replace')}" + (f"#L{line}" if line else "")
        linked = f"[{shown}]({address})" if known and len(address) <= _LONGEST else shown
        return linked + (" (in the base)" if location.side == "old" else "")


def links(verdict: Verdict, environ: Mapping[str, str] | None = None) -> Links:
    """The links for a verdict: GITHUB_SERVER_URL (https only) and GITHUB_REPOSITORY say where the
    commits are."""
    env = os.environ if environ is None else environ
    server, repository = env.get("GITHUB_SERVER_URL", ""), env.get("GITHUB_REPOSITORY", "")
    if not _SERVER.fullmatch(server) or not _REPOSITORY.fullmatch(repository):
        return Links()

    def at(commit: object) -> str | None:
        known = isinstance(commit, str) and is_sha(commit)
        return f"{server}/{repository}/blob/{commit}" if known else None

    return Links(new=at(verdict.change.get("head")), old=at(verdict.change.get("base")))
