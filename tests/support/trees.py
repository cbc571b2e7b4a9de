"""Trees in memory, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gate.model.change import (
    MODE_FILE,
    MODE_LINK,
    MODE_SUBMODULE,
    Change,
    ChangeKind,
    Entry,
    FileChange,
    FileStatus,
    Unread,
)


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str


@dataclass(frozen=True)
class Submodule:
    """A commit of another repository."""


Content = str | bytes | Link | Submodule | Unread


@dataclass
class MemoryTree:
    """Files by path. `reads` counts the calls of `read`, `opened` lists the paths asked for."""

    files: Mapping[str, Content]
    label: str = "memory"
    reads: int = 0
    opened: list[str] = field(default_factory=list)

    def read(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, bytes | Unread]]:
        self.reads += 1
        for entry in entries:
            self.opened.append(entry.path)
            yield entry, _bytes(self.files[entry.path])

    def folder(self, path: str) -> Sequence[Entry]:
        return [entry for entry in self.below(path) if entry.path.rpartition("/")[0] == path]

    def find(self, path: str) -> Entry | None:
        return _entry(path, self.files[path]) if path in self.files else None

    def below(self, path: str) -> Sequence[Entry]:
        start = f"{path}/" if path else ""
        return [_entry(name, self.files[name]) for name in self.files if name.startswith(start)]


def _bytes(content: Content) -> bytes | Unread:
    match content:
        case Unread() | bytes():
            return content
        case Link(target):
            return target.encode()
        case Submodule():
            return Unread("a submodule")
        case str():
            return content.encode()


def _entry(path: str, content: Content) -> Entry:
    mode = MODE_FILE
    if isinstance(content, Link):
        mode = MODE_LINK
    elif isinstance(content, Submodule):
        mode = MODE_SUBMODULE
    return Entry(path, mode, f"{hash(content):x}")


def change_between(
    old: MemoryTree | None,
    new: MemoryTree,
    *,
    kind: ChangeKind = "range",
    renames: Mapping[str, str] | None = None,
) -> Change:
    """The change from one tree to the other; `renames` maps old paths to new ones."""
    moved = dict(renames or {})
    before = old.files if old else {}
    files = [
        FileChange("renamed", _entry(source, before[source]), _entry(path, new.files[path]))
        for source, path in moved.items()
    ]
    for path in sorted({*before, *new.files} - {*moved, *moved.values()}):
        if path in before and path in new.files and before[path] == new.files[path]:
            continue
        files.append(
            FileChange(
                _status(path, before, new.files, kind),
                _entry(path, before[path]) if path in before else None,
                _entry(path, new.files[path]) if path in new.files else None,
            )
        )
    return Change(kind, None, None, None, "a change in memory", files=files)


def _status(
    path: str, old: Mapping[str, Content], new: Mapping[str, Content], kind: ChangeKind
) -> FileStatus:
    if kind == "tree":
        return "present"
    if path not in old:
        return "added"
    return "modified" if path in new else "deleted"
