"""A tree with some files put in another's place. Nothing is written anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gate.model.change import MODE_FILE, Entry, Tree, Unread

_OWN = "doctor:"


class Overlay:
    """`files` gives paths their bytes; None: there is no such file. All others are the tree's."""

    def __init__(self, tree: Tree, files: Mapping[str, bytes | None]) -> None:
        self._tree = tree
        self._files = files
        self.label = tree.label

    def read(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, bytes | Unread]]:
        wanted = list(entries)
        others = self._tree.read([each for each in wanted if not each.oid.startswith(_OWN)])
        for entry in wanted:
            own = self._files.get(entry.path) if entry.oid.startswith(_OWN) else None
            yield (entry, own) if own is not None else next(others)

    def folder(self, path: str) -> Sequence[Entry]:
        here = path.strip("/")
        return self._laid(self._tree.folder(path), lambda name: name.rpartition("/")[0] == here)

    def find(self, path: str) -> Entry | None:
        if path in self._files:
            return self.entry(path)
        return self._tree.find(path)

    def below(self, path: str) -> Sequence[Entry]:
        start = f"{path.strip('/')}/" if path.strip("/") else ""
        return self._laid(self._tree.below(path), lambda name: name.startswith(start))

    def entry(self, path: str) -> Entry | None:
        """The entry of a file that is put there; None where it is taken away."""
        data = self._files[path]
        if data is None:
            return None
        return Entry(path, MODE_FILE, _OWN + hashlib.sha256(data).hexdigest())

    def _laid(self, entries: Sequence[Entry], is_here: object) -> list[Entry]:
        assert callable(is_here)
        kept = [each for each in entries if each.path not in self._files]
        own = (self.entry(path) for path in self._files if is_here(path))
        return sorted(
            [*kept, *(each for each in own if each is not None)], key=lambda each: each.path
        )
