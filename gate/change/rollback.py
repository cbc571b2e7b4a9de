"""A rollback, recognised by content and not by claim: what the change touches is as an earlier
commit of the trusted branch held it.

The states that the branch held are those along its first parents. A file is as it was where its
bytes and its mode are, or where the bytes differ but the objects that change in it are as they
were. What the branch went back from already is no rollback: of a state that it left for an older
one, and of which the change would have it again.
"""

from __future__ import annotations

import subprocess
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from gate.change.git import Repository
from gate.change.history import Point
from gate.change.interface import ObjectsOf
from gate.change.names import raw, shown, text
from gate.change.tree import CommitTree, Listings
from gate.model.change import (
    MODE_EXECUTABLE,
    MODE_FILE,
    MODE_SUBMODULE,
    Entry,
    FileChange,
    Rollback,
    Unread,
)
from gate.model.times import written

FILES = 500
"""A change of more files is not looked for in the history."""

STEPS = 200
"""So many commits that touch the files are looked at, the newest first."""

SECONDS = 10.0
"""How long Git may look for them."""

PARSED = 4 * 1024 * 1024
"""So many bytes of earlier versions are read for their objects."""

_OBJECT_FILES = (".yaml", ".yml", ".json", "/kustomization")
_FORMAT = "tformat:%H%x00%P%x00%ct%x00%s"
_FIELDS = 4

_State = Mapping[str, Entry | None]
_Objects = Mapping[Hashable, Hashable]
_Changed = dict[Hashable, tuple[Hashable, Hashable]]


@dataclass(frozen=True, slots=True)
class _Side:
    """A file of the change: as it was, as it will be, and as the tip of the branch has it."""

    old: Entry | None
    new: Entry | None
    tip: Entry | None


@dataclass(frozen=True, slots=True)
class _Commit:
    sha: str
    parent: str | None
    at: str | None
    subject: str
    before: _State
    """The files that it touches, as they were before."""


def rollback(
    repository: Repository,
    tip: Point | None,
    base: str | None,
    files: Sequence[FileChange],
    objects_of: ObjectsOf,
) -> Rollback | None:
    """The commit before `tip` whose files, or objects, the change brings back; the newest of
    several. None where there is none, or where the history that is there does not tell. `base` is
    the commit that the change is taken from."""
    if tip is None or not 0 < len(files) <= FILES or any(map(_is_submodule, files)):
        return None
    sides = _sides(files, None if tip.sha == base else _tree(repository, tip))
    if any("\n" in path for path in sides):
        return None
    commits = _commits(repository, tip.sha, sides)
    if not commits:
        return None
    found = _Search(repository, sides, objects_of).find(commits)
    if found is None:
        return None
    if found + 1 < len(commits):
        return _as_found(commits[found + 1])
    parent = commits[found].parent
    before = _commits(repository, parent, {}) if parent else []
    return _as_found(before[0]) if before else None


def _as_found(commit: _Commit) -> Rollback:
    return Rollback(commit.sha, commit.at, commit.subject)


def _is_submodule(file: FileChange) -> bool:
    return any(side is not None and side.mode == MODE_SUBMODULE for side in (file.old, file.new))


def _tree(repository: Repository, commit: Point) -> CommitTree:
    return CommitTree(repository, Listings(repository), commit.tree, commit.label)


def _sides(files: Sequence[FileChange], tip: CommitTree | None) -> dict[str, _Side]:
    """By path: a file that is renamed is one that goes and one that comes. Without a tip it is
    where the change is taken from."""
    old = {file.old.path: file.old for file in files if file.old is not None}
    new = {file.new.path: file.new for file in files if file.new is not None}
    paths = old | new
    now = old
    if tip is not None:
        folders = dict.fromkeys(path.rpartition("/")[0] for path in paths)
        now = {entry.path: entry for folder in folders for entry in tip.folder(folder)}
    return {path: _Side(old.get(path), new.get(path), now.get(path)) for path in paths}


class _Search:
    """Compares the states of the branch with both sides of the change."""

    def __init__(
        self, repository: Repository, sides: Mapping[str, _Side], objects_of: ObjectsOf
    ) -> None:
        self._repository = repository
        self._sides = sides
        self._objects_of = objects_of
        self._known: dict[tuple[str, str], _Objects | None] = {}
        self._changed: dict[str, _Changed] = {}
        self._left = PARSED

    def find(self, commits: Sequence[_Commit]) -> int | None:
        """The newest commit before which the files were as they will be. None too where nothing is
        brought back, where the tip has moved on in what changes, and where they were as they are
        before they ever were so."""
        if not all(self._is_current(path) for path in self._sides):
            return None
        if not any(self._restores(path) for path in self._sides):
            return None
        state = {path: side.tip for path, side in self._sides.items()}
        newest = oldest = None
        last_as_now = -1
        for index, commit in enumerate(commits[:STEPS]):
            state |= commit.before
            if self._left < 0:
                break
            if self._is_as(state, after=True):
                newest = index if newest is None else newest
                oldest = index
            elif self._is_as(state, after=False):
                last_as_now = index
        return newest if oldest is not None and oldest > last_as_now else None

    def _restores(self, path: str) -> bool:
        """Whether something stands there after the change that it brings back: what only goes away
        is no earlier state that is known to have worked."""
        if self._sides[path].new is None:
            return False
        changed = self._changed_in(path)
        return not changed or any(after is not None for _, after in changed.values())

    def _is_current(self, path: str) -> bool:
        """Whether a merge would give what the change has: the tip has not changed it otherwise."""
        side = self._sides[path]
        if _same(side.tip, side.old) or _same(side.tip, side.new):
            return True
        changed = self._changed_in(path)
        tip = self._objects(side.tip)
        if not changed or tip is None or not _one_mode(side.old, side.new, side.tip):
            return False
        return all(tip.get(key) in pair for key, pair in changed.items())

    def _is_as(self, state: _State, *, after: bool) -> bool:
        """Whether all files of a state are as those of a side; what is new on the other side is
        then no mark of it."""
        marks = [path for path, side in self._sides.items() if after or side.old is not None]
        return bool(marks) and all(self._file_is_as(path, state, after) for path in marks)

    def _file_is_as(self, path: str, state: _State, after: bool) -> bool:
        side, was = self._sides[path], state[path]
        if _same(was, side.new if after else side.old):
            return True
        changed = self._changed_in(path)
        if not changed or not _one_mode(side.old, side.new, was):
            return False
        then = self._objects(was)
        if then is None:
            return False
        return all(then.get(key) == pair[after] for key, pair in changed.items())

    def _changed_in(self, path: str) -> _Changed:
        """The objects that differ, before and after; none where a side cannot tell."""
        if path not in self._changed:
            old, new = self._objects(self._sides[path].old), self._objects(self._sides[path].new)
            pairs = (
                {}
                if old is None or new is None
                else {key: (old.get(key), new.get(key)) for key in old.keys() | new.keys()}
            )
            self._changed[path] = {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
        return self._changed[path]

    def _objects(self, entry: Entry | None) -> _Objects | None:
        if entry is None:
            return {}
        if entry.mode not in (MODE_FILE, MODE_EXECUTABLE):
            return None
        if not f"/{entry.path}".lower().endswith(_OBJECT_FILES):
            return None
        known = (entry.path, entry.oid)
        if known not in self._known:
            data = next(self._repository.objects.blobs([entry.oid], PARSED))
            self._known[known] = None if isinstance(data, Unread) else self._read(entry, data)
        return self._known[known]

    def _read(self, entry: Entry, data: bytes) -> _Objects | None:
        self._left -= len(data)
        return self._objects_of(entry.path, data) if self._left >= 0 else None


def _same(one: Entry | None, other: Entry | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.mode, one.oid) == (other.mode, other.oid)


def _one_mode(*entries: Entry | None) -> bool:
    return len({entry.mode for entry in entries if entry is not None}) == 1


def _commits(repository: Repository, start: str, paths: Mapping[str, _Side]) -> list[_Commit]:
    """The commits along the first parents that touch the paths, newest first; without paths the
    first one alone. Nothing where Git cannot tell."""
    limit = STEPS + 1 if paths else 1
    process = repository.runner.start(
        *("-c", "log.follow=false", "-c", "log.diffMerges=first-parent"),
        *("log", "--stdin", "-z", "-m", "--first-parent", f"--max-count={limit}"),
        *(("--raw",) if paths else ("--no-patch",)),
        *("--no-abbrev", "--no-renames", "--no-ext-diff", "--no-relative", "--no-textconv"),
        *("--ignore-submodules=none", f"--format={_FORMAT}", "--encoding=UTF-8", "--no-color"),
        *("--no-decorate", "--no-mailmap", "--no-notes", "--no-show-signature"),
    )
    asked = b"\n".join([start.encode(), b"--", *map(raw, paths), b""])
    with process:
        try:
            out, _ = process.communicate(asked, SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return []
    return list(_parsed(out, paths)) if process.returncode == 0 else []


def _parsed(out: bytes, paths: Mapping[str, _Side]) -> Iterator[_Commit]:
    fields = out.split(b"\0")[:-1]
    place = 0
    while place + _FIELDS <= len(fields):
        sha, parents, at, subject = map(text, fields[place : place + _FIELDS])
        place += _FIELDS
        before: dict[str, Entry | None] = {}
        while place + 1 < len(fields) and fields[place].lstrip(b"\n").startswith(b":"):
            old_mode, _, old_oid, *_ = fields[place].lstrip(b"\n").decode()[1:].split(" ")
            path = shown(fields[place + 1])
            place += 2
            if path in paths:
                is_absent = not old_mode.strip("0")
                before[path] = None if is_absent else Entry(path, old_mode, old_oid)
        parent = parents.split(" ")[0] or None
        yield _Commit(sha, parent, _time(at), subject, before)


def _time(seconds: str) -> str | None:
    with suppress(ValueError, OverflowError, OSError):
        return written(datetime.fromtimestamp(int(seconds), UTC))
    return None
