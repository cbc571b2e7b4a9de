"""A tree that several threads may read: one at a time, since behind it is one process of Git."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence

from gate.model.change import Entry, Tree, Unread


class OneAtATime:
    """The tree behind a lock. What is read is whole before the next may read."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._lock = threading.Lock()

    @property
    def label(self) -> str:
        return self._tree.label

    def read(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, bytes | Unread]]:
        with self._lock:
            found = list(self._tree.read(entries))
        return iter(found)

    def folder(self, path: str) -> Sequence[Entry]:
        with self._lock:
            return self._tree.folder(path)

    def find(self, path: str) -> Entry | None:
        with self._lock:
            return self._tree.find(path)

    def below(self, path: str) -> Sequence[Entry]:
        with self._lock:
            return self._tree.below(path)
