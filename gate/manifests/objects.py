"""The objects of one file, to be compared with those of another version of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping

from gate.manifests.differences import canonical
from gate.manifests.identity import FILE_IDENTITY, identify
from gate.manifests.reading import read_file


def objects_of(path: str, data: bytes) -> Mapping[Hashable, Hashable] | None:
    """Each identity with the contents that stand under it, in their order. None where the file
    holds anything that is no object, or cannot be read wholly and in one way."""
    reading = read_file(path, data)
    if reading.problems or reading.duplicates:
        return None
    found: dict[Hashable, list[str]] = defaultdict(list)
    for document in reading.documents:
        who = identify(document)
        if who == FILE_IDENTITY:
            return None
        found[(who.group, who.kind, who.namespace, who.name)].append(canonical(document.value))
    return {key: tuple(contents) for key, contents in found.items()}
