"""What kustomization files list: which files are patches, and which stand beside a change."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gate.manifests.identity import KUSTOMIZATION_FILES, mapping
from gate.manifests.links import Fault, follow
from gate.manifests.reading import read_file
from gate.manifests.secrets import Reach, reach
from gate.model.change import MODE_LINK, Entry, Tree, Unread

PATCH_KEYS = ("patches", "patchesJson6902", "patchesStrategicMerge")
LISTING_KEYS = ("resources", "bases", "components", "crds")
_REACHES: tuple[Reach, ...] = ("other", "maybe", "secret")


@dataclass(frozen=True, slots=True)
class InlinePatch:
    """A patch that stands as text within a kustomization, at `path`."""

    path: tuple[str | int, ...]
    text: str
    reach: Reach = "maybe"


@dataclass(frozen=True, slots=True)
class Kustomization:
    """What one kustomization lists, as paths from the root. Addresses are left out."""

    path: str
    resources: tuple[str, ...]
    patches: frozenset[str]
    reaches: Mapping[str, Reach] = field(default_factory=dict, hash=False)
    secrets: frozenset[str] = frozenset()

    @property
    def listed(self) -> frozenset[str]:
        return self.patches.union(self.resources)


def kustomization(path: str, value: Any) -> Kustomization:
    """Reads the lists of a kustomization at `path`."""
    content = mapping(value)
    folder = posixpath.dirname(path)
    listed = [text for key in LISTING_KEYS for text in _strings(content.get(key))]
    resources = [_join(folder, text) for text in listed if not _is_address(text)]
    patches = [(_join(folder, text), reached) for text, reached in _patch_files(content)]
    return Kustomization(
        path=path,
        resources=tuple(found for found in resources if found is not None),
        patches=frozenset(found for found, _ in patches if found is not None),
        reaches=_worst((found, reached) for found, reached in patches if found is not None),
        secrets=frozenset(
            found for text in _secret_files(content) if (found := _join(folder, text)) is not None
        ),
    )


def inline_patches(value: Any) -> Iterator[InlinePatch]:
    """The patches that a kustomization holds as text."""
    content = mapping(value)
    for key in PATCH_KEYS:
        for index, element in enumerate(_list(content.get(key))):
            text = mapping(element).get("patch")
            if isinstance(text, str):
                yield InlinePatch((key, index, "patch"), text, reach(element))
            elif isinstance(element, str) and _is_text(element):
                yield InlinePatch((key, index), element)


class Kustomizations:
    """The kustomizations of one tree, each read once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._by_folder: dict[str, Kustomization | None] = {}

    def nearest(self, path: str) -> Kustomization | None:
        """The kustomization of the file's folder, or of the first folder above that has one."""
        folder = posixpath.dirname(path)
        while True:
            found = self.of(folder)
            if found is not None or not folder:
                return found
            folder = posixpath.dirname(folder)

    def of(self, folder: str) -> Kustomization | None:
        """The kustomization directly in a folder."""
        if folder not in self._by_folder:
            self._by_folder[folder] = self._read(folder)
        return self._by_folder[folder]

    def is_patch(self, path: str) -> bool:
        nearest = self.nearest(path)
        return nearest is not None and path in nearest.patches

    def is_resource(self, path: str) -> bool:
        nearest = self.nearest(path)
        return nearest is not None and path in nearest.resources

    def reach(self, path: str) -> Reach | None:
        """What the patch in a file may change; None where the file is not listed as one."""
        nearest = self.nearest(path)
        return None if nearest is None else nearest.reaches.get(path)

    def makes_secret_of(self, path: str) -> bool:
        """Whether a Secret is generated from the file."""
        nearest = self.nearest(path)
        return nearest is not None and path in nearest.secrets

    def _read(self, folder: str) -> Kustomization | None:
        for name in KUSTOMIZATION_FILES:
            path = posixpath.join(folder, name)
            entry = self._tree.find(path)
            data = None if entry is None else content(self._tree, entry)
            if data is not None:
                documents = read_file(path, data).documents
                return kustomization(path, documents[0].value if documents else None)
        return None


def content(tree: Tree, entry: Entry) -> bytes | None:
    """The bytes of one file, links followed; None where they cannot be read."""
    if entry.mode == MODE_LINK:
        target = follow(tree, entry)
        if isinstance(target, Fault):
            return None
        entry = target
    data = next((data for _, data in tree.read([entry])), None)
    return None if data is None or isinstance(data, Unread) else data


def holds_patch_directive(value: Any) -> bool:
    """Whether `$patch`, the directive of a strategic merge patch, stands in it."""
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            if "$patch" in current:
                return True
            waiting.extend(current.values())
        elif isinstance(current, list):
            waiting.extend(current)
    return False


def is_json_patch(value: Any) -> bool:
    """A list of operations as in RFC 6902."""
    return bool(
        isinstance(value, list)
        and value
        and all(isinstance(step, dict) and "op" in step and "path" in step for step in value)
    )


def _secret_files(content: dict[str, Any]) -> Iterator[str]:
    """The files that secretGenerator reads: `path`, or `key=path`."""
    for generator in map(mapping, _list(content.get("secretGenerator"))):
        for text in _strings(generator.get("files")):
            yield text.partition("=")[2] or text
        yield from _strings(generator.get("envs"))
        yield from _strings([generator.get("env")])


def _patch_files(content: dict[str, Any]) -> Iterator[tuple[str, Reach]]:
    for key in PATCH_KEYS:
        for element in _list(content.get(key)):
            path = element.get("path") if isinstance(element, dict) else element
            if isinstance(path, str) and not _is_text(path):
                yield path, reach(element)


def _worst(reaches: Iterable[tuple[str, Reach]]) -> dict[str, Reach]:
    """One file may be listed for several targets."""
    worst: dict[str, Reach] = {}
    for path, reached in reaches:
        worst[path] = max(reached, worst.get(path, reached), key=_REACHES.index)
    return worst


def _is_text(element: str) -> bool:
    """`patchesStrategicMerge` takes a file or the patch itself."""
    return "\n" in element or ":" in element


def _is_address(text: str) -> bool:
    return "://" in text or "?" in text or text.startswith("git@")


def _join(folder: str, text: str) -> str | None:
    if text.startswith("/"):
        return None
    path = posixpath.normpath(posixpath.join(folder, text))
    if path == ".." or path.startswith("../"):
        return None
    return "" if path == "." else path


def _strings(value: Any) -> list[str]:
    return [element for element in _list(value) if isinstance(element, str)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
