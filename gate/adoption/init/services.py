"""Services, by the labels of what is deployed, and who owns their folders."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gate.adoption.init.look import Found, Seen
from gate.manifests.files import is_not_deployed
from gate.model.change import Tree, content_at
from gate.model.globs import Matcher, matcher

MAX_SERVICES = 50
"""More are not listed: they are found by their labels anyhow."""

OWNERS_FILES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, in this order: the first that is there counts."""

_MAX_OWNERS_BYTES = 3 * 1024 * 1024
_FEW = 5
_SOURCES = ("src", "services", "cmd")
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_OWNER = re.compile(r"[@A-Za-z0-9_./+-]+")
_FOLDER = re.compile(r"[A-Za-z0-9_@+][A-Za-z0-9_@+. /-]*")


@dataclass(frozen=True, slots=True)
class Service:
    """One that is proposed. `paths` is empty where its files lie among those of others; `source`
    is a folder of its name, which may hold its code."""

    name: str
    objects: int
    paths: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    source: str | None = None


def services(seen: Seen, tree: Tree) -> tuple[Service, ...]:
    """What is deployed as something that runs, by name. Of more than `MAX_SERVICES` nothing but
    the names and how many objects they have."""
    running = {each.service for each in seen.objects if each.is_workload and each.service}
    named = sorted(name for name in running if _NAME.fullmatch(name))
    objects = Counter(each.service for each in seen.objects)
    if len(named) > MAX_SERVICES:
        return tuple(Service(name, objects[name]) for name in named)
    homes = _homes(seen.objects)
    owners = _Owners(tree)
    return tuple(
        Service(
            name=name,
            objects=objects[name],
            paths=tuple(f"{home}/**" for home in homes.get(name, ())),
            owners=owners.of(homes.get(name, ()), seen.paths),
            source=next(_source(name, homes.get(name, ()), seen.paths), None),
        )
        for name in named
    )


def _homes(objects: Sequence[Found]) -> dict[str, tuple[str, ...]]:
    """The folders that are called after a service and hold no objects of another one: for each
    service the outermost, if they are few."""
    holders: dict[str, set[str]] = {}
    for each in objects:
        for above in _upwards(each.path.rpartition("/")[0]) if each.service else ():
            holders.setdefault(above, set()).add(str(each.service))
    found: dict[str, list[str]] = {}
    for folder in sorted(folder for folder, names in holders.items() if len(names) == 1):
        (service,) = holders[folder]
        mine = found.setdefault(service, [])
        is_home = folder.rpartition("/")[2] == service and _FOLDER.fullmatch(folder)
        is_below = any(folder.startswith(f"{other}/") for other in mine)
        if is_home and not is_below and not is_not_deployed(f"{folder}/x"):
            mine.append(folder)
    return {name: tuple(each) for name, each in found.items() if len(each) <= _FEW}


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def _source(name: str, homes: Sequence[str], paths: Sequence[str]) -> Iterator[str]:
    for folder in (f"{each}/{name}" for each in _SOURCES):
        if folder not in homes and any(path.startswith(f"{folder}/") for path in paths):
            yield folder


class _Owners:
    """A CODEOWNERS file, as GitHub reads it: of the lines that match a file, the last one counts.

    The format: https://docs.github.com/repositories ("About code owners"). A pattern that ends in
    `/*` takes no folders below.
    """

    def __init__(self, tree: Tree) -> None:
        self._lines = list(_owner_lines(tree))

    def of(self, folders: Sequence[str], paths: Sequence[str]) -> tuple[str, ...]:
        """The owners of folders, where all files below them have the same."""
        if not self._lines or not folders:
            return ()
        within = tuple(f"{folder}/" for folder in folders)
        found = {self._of_file(path) for path in paths if path.startswith(within)}
        return found.pop() if len(found) == 1 else ()

    def _of_file(self, path: str) -> tuple[str, ...]:
        return next((owners for takes, owners in self._lines if takes(path)), ())


def _owner_lines(tree: Tree) -> Iterator[tuple[Matcher, tuple[str, ...]]]:
    """The lines, the last one first."""
    for name in OWNERS_FILES:
        data = content_at(tree, name)
        if not isinstance(data, bytes):
            continue
        text = data[:_MAX_OWNERS_BYTES].decode("utf-8", "replace")
        for line in reversed(text.splitlines()):
            pattern, *owners = line.split("#")[0].split() or [""]
            if pattern and not pattern.startswith(("!", "[", "^")):
                yield _takes(pattern), tuple(owner for owner in owners if _OWNER.fullmatch(owner))
        return


def _takes(pattern: str) -> Matcher:
    takes = matcher([pattern])
    if not pattern.endswith("/*") or pattern.endswith("**/*"):
        return takes
    depth = pattern.strip("/").count("/")
    return lambda path: takes(path) and path.count("/") == depth
