"""A tree of files that a test writes down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from gate.model.change import MODE_FILE, MODE_LINK, Entry, Unread


class Files:
    """Files by their path: text or bytes, and a reason where they cannot be read."""

    label = "main"

    def __init__(
        self, files: Mapping[str, str | bytes | Unread], links: Sequence[str] = ()
    ) -> None:
        self._files = files
        self._links = links

    def read(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, bytes | Unread]]:
        for entry in entries:
            data = self._files[entry.path]
            yield entry, data.encode() if isinstance(data, str) else data

    def find(self, path: str) -> Entry | None:
        if path not in self._files:
            return None
        return Entry(path, MODE_LINK if path in self._links else MODE_FILE, path)

    def folder(self, path: str) -> Sequence[Entry]:
        return [entry for entry in self.below(path) if "/" not in entry.path[len(path) + 1 :]]

    def below(self, path: str) -> Sequence[Entry]:
        return [Entry(each, MODE_FILE, each) for each in self._files if each.startswith(path)]


def config(text: str | bytes) -> Files:
    """A tree with only a `.gate.yaml`."""
    return Files({".gate.yaml": text})
