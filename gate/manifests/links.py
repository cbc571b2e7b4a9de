"""Symbolic links, followed within one tree and never out of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from gate.model.change import MODE_LINK, MODE_SUBMODULE, Entry, Tree, Unread

MAX_HOPS = 40
"""Links on the way to one file, as Linux counts them (path_resolution(7))."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a link gives no file."""

    kind: Literal["outside", "folder", "broken"]
    message: str


def follow(tree: Tree, link: Entry) -> Entry | Fault:
    """The file that a link leads to, in the same tree."""
    done = link.path.split("/")[:-1]
    ahead = deque([link.path.rpartition("/")[2]])
    hops = 0
    while ahead:
        part = ahead.popleft()
        if part in ("", "."):
            continue
        if part == "..":
            if not done:
                return _OUTSIDE
            done.pop()
            continue
        entry = tree.find("/".join([*done, part]))
        if entry is None:
            done.append(part)
        elif entry.mode != MODE_LINK:
            return _arrival(entry, ahead)
        else:
            hops += 1
            target = _target(tree, entry) if hops <= MAX_HOPS else _ENDLESS
            if isinstance(target, Fault):
                return target
            ahead.extendleft(reversed(target.split("/")))
    return _end(tree, "/".join(done))


_OUTSIDE = Fault("outside", "a link out of the repository")
_ENDLESS = Fault("broken", "a link that leads to itself")
_NOWHERE = Fault("broken", "a link to nothing")


def _arrival(entry: Entry, ahead: Iterable[str]) -> Entry | Fault:
    if entry.mode == MODE_SUBMODULE:
        return Fault("broken", "a link into a submodule: its content is not here")
    return _NOWHERE if any(ahead) else entry


def _target(tree: Tree, link: Entry) -> str | Fault:
    data = next((data for _, data in tree.read([link])), None)
    if data is None or isinstance(data, Unread):
        return Fault("broken", "a link that cannot be read")
    target = data.decode("utf-8", "backslashreplace")
    return _OUTSIDE if target.startswith("/") else target


def _end(tree: Tree, path: str) -> Fault:
    if not path or tree.folder(path) or tree.below(path):
        return Fault("folder", "a link to a folder: read under its own path only")
    return _NOWHERE
