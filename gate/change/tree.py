"""States of a repository: a commit, the index, nothing. Folders are listed when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gate.change.git import Objects, Repository
from gate.change.names import shown, steps
from gate.model.change import MODE_EXECUTABLE, MODE_FILE, MODE_SUBMODULE, Entry, Unread

_SUBMODULE = Unread("a submodule: its files are in another repository")
_MODE_FOLDER = "040000"


@dataclass(frozen=True, slots=True)
class Listing:
    """One folder: names of files to entries, names of subfolders to their tree's id. Paths of
    the entries are relative to this folder."""

    files: Sequence[Entry]
    folders: dict[str, str]


class Listings:
    """Reads tree objects, each once, for all commits of a repository."""

    def __init__(self, repository: Repository) -> None:
        self._objects = repository.objects
        self._width = len(repository.empty_tree) // 2
        self._known = {repository.empty_tree: Listing((), {})}

    def __getitem__(self, oid: str) -> Listing:
        if oid not in self._known:
            self._known[oid] = _parsed(self._objects.whole(oid, "tree"), self._width)
        return self._known[oid]


class CommitTree:
    """The files of a commit, by the id of its tree."""

    def __init__(self, repository: Repository, listings: Listings, oid: str, label: str) -> None:
        self._objects = repository.objects
        self._listings = listings
        self._oid = oid
        self.label = label

    def read(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, bytes | Unread]]:
        return read_blobs(self._objects, entries)

    def folder(self, path: str) -> Sequence[Entry]:
        names = steps(path)
        listing = None if names is None else self._walk(names)
        return () if names is None or listing is None else _placed(listing.files, names)

    def find(self, path: str) -> Entry | None:
        names = steps(path)
        if not names:
            return None
        wanted = "/".join(names)
        parent = self.folder("/".join(names[:-1]))
        return next((entry for entry in parent if entry.path == wanted), None)

    def below(self, path: str) -> Sequence[Entry]:
        names = steps(path)
        if names is None:
            return ()
        found: list[Entry] = []
        waiting = [(names, self._walk(names))]
        while waiting:
            here, listing = waiting.pop()
            if listing is None:
                continue
            found += _placed(listing.files, here)
            waiting += [
                ((*here, name), self._listings[oid]) for name, oid in listing.folders.items()
            ]
        return sorted(found, key=lambda entry: entry.path)

    def _walk(self, names: Sequence[str]) -> Listing | None:
        listing = self._listings[self._oid]
        for name in names:
            oid = listing.folders.get(name)
            if oid is None:
                return None
            listing = self._listings[oid]
        return listing


class IndexTree:
    """The files that a commit would now hold. `left_out` are paths that are only announced
    (`git add --intent-to-add`)."""

    label = "the index"

    def __init__(self, repository: Repository, left_out: frozenset[str]) -> None:
        self._repository = repository
        self._left_out = left_out
        self._folders: dict[str, list[Entry]] | None = None

    def read(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, bytes | Unread]]:
        return read_blobs(self._repository.objects, entries)

    def folder(self, path: str) -> Sequence[Entry]:
        names = steps(path)
        return () if names is None else self._listed().get("/".join(names), ())

    def find(self, path: str) -> Entry | None:
        names = steps(path)
        if not names:
            return None
        wanted = "/".join(names)
        parent = self.folder("/".join(names[:-1]))
        return next((entry for entry in parent if entry.path == wanted), None)

    def below(self, path: str) -> Sequence[Entry]:
        names = steps(path)
        if names is None:
            return ()
        start = "/".join(names)
        return [
            entry
            for folder, entries in self._listed().items()
            if not start or folder == start or folder.startswith(start + "/")
            for entry in entries
        ]

    def _listed(self) -> dict[str, list[Entry]]:
        if self._folders is None:
            folders: dict[str, list[Entry]] = {}
            answer = self._repository.runner.run("ls-files", "--stage", "-z")
            for line in answer.split(b"\0")[:-1]:
                about, name = line.split(b"\t", 1)
                mode, oid, _ = about.decode().split(" ")
                path = shown(name)
                if path not in self._left_out:
                    folders.setdefault(path.rpartition("/")[0], []).append(Entry(path, mode, oid))
            self._folders = folders
        return self._folders


def read_blobs(
    objects: Objects, entries: Iterable[Entry]
) -> Iterator[tuple[Entry, bytes | Unread]]:
    """The contents of entries, submodules excepted, in their order."""
    wanted = list(entries)
    contents = objects.blobs(entry.oid for entry in wanted if entry.mode != MODE_SUBMODULE)
    for entry in wanted:
        yield entry, _SUBMODULE if entry.mode == MODE_SUBMODULE else next(contents)


def _placed(files: Sequence[Entry], folder: Sequence[str]) -> list[Entry]:
    start = "".join(f"{name}/" for name in folder)
    return [Entry(start + entry.path, entry.mode, entry.oid) for entry in files]


def _parsed(tree: bytes, width: int) -> Listing:
    """A tree object: `<mode> <name>\\0<id>` for each entry, the id in bytes."""
    files: list[Entry] = []
    folders: dict[str, str] = {}
    place = 0
    while place < len(tree):
        space = tree.index(b" ", place)
        end = tree.index(b"\0", space)
        mode = tree[place:space].decode().zfill(6)
        name = shown(tree[space + 1 : end])
        place = end + 1 + width
        oid = tree[end + 1 : place].hex()
        if mode == _MODE_FOLDER:
            folders[name] = oid
        else:
            files.append(Entry(name, _canonical(mode), oid))
    return Listing(files, folders)


def _canonical(mode: str) -> str:
    """Old versions of Git wrote other rights of files, which mean one of these two."""
    if not mode.startswith("100"):
        return mode
    return MODE_EXECUTABLE if int(mode[3:], 8) & 0o100 else MODE_FILE
