"""Who an object is, and the ids that name it in the input."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gate.manifests.differences import canonical
from gate.manifests.reading import Document

FILE = "File"
KUSTOMIZE_GROUP = "kustomize.config.k8s.io"
KUSTOMIZATION_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(frozen=True, slots=True)
class Identity:
    """`name` is None for an object without one, and for a file that is no object."""

    group: str
    version: str
    kind: str
    namespace: str | None
    name: str | None


FILE_IDENTITY = Identity("file", "", FILE, None, None)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object's text stands: in document `index` of `data`, at `item` within it.

    `path` is what people see. `inside` leads to a string that holds the object as text; its lines
    are not known apart. `known` is False where `path` is the source of something rendered.
    """

    path: str
    data: bytes
    index: int
    item: tuple[str | int, ...] = ()
    inside: tuple[str | int, ...] | None = None
    known: bool = True


@dataclass(frozen=True)
class Item:
    """One object of one side, in the order of its file. `hidden`: a patch of a Secret; `veiled`:
    one of something that may be a Secret; `generates`: a file that a Secret is made of."""

    identity: Identity
    path: str
    order: int
    value: Any
    place: Place
    patch: bool = False
    hidden: bool = False
    veiled: bool = False
    generates: bool = False

    @property
    def is_file(self) -> bool:
        return self.identity.kind == FILE and self.identity.group == "file"

    @property
    def name(self) -> str:
        return self.path if self.is_file else self.identity.name or "_"

    @property
    def key(self) -> tuple[Hashable, ...]:
        """Equal for objects of one identity. Files of one path share it."""
        identity = self.identity
        return (identity.group, identity.kind, identity.namespace, identity.name)

    @property
    def is_one(self) -> bool:
        """Whether its identity stands for one object in the cluster, and no part of it."""
        name = self.identity.name
        return name is not None and not name.endswith("*") and not self.patch

    @property
    def plain_id(self) -> str:
        """The id without what tells copies apart."""
        identity = self.identity
        return "/".join((identity.group, identity.kind, identity.namespace or "_", self.name))

    @cached_property
    def fingerprint(self) -> str:
        """The content as canonical JSON."""
        return canonical(self.value)

    def equals(self, other: Item) -> bool:
        return bool(self.value == other.value) and self.fingerprint == other.fingerprint


def identify(document: Document) -> Identity:
    """The identity of a document: an object, a kustomization without a header, or a file."""
    value = document.value
    if document.is_object and isinstance(value, dict):
        return _of_object(value)
    if is_kustomization_file(document.path) and isinstance(value, dict):
        return _of_bare_kustomization(value)
    return FILE_IDENTITY


def is_kustomization_file(path: str) -> bool:
    return path.rpartition("/")[2] in KUSTOMIZATION_FILES


def _of_object(value: dict[str, Any]) -> Identity:
    group, _, version = str(value.get("apiVersion")).rpartition("/")
    metadata = mapping(value.get("metadata"))
    return Identity(
        group=group or "core",
        version=version,
        kind=str(value.get("kind")),
        namespace=_text(metadata.get("namespace")),
        name=_name(metadata),
    )


def _of_bare_kustomization(value: dict[str, Any]) -> Identity:
    metadata = mapping(value.get("metadata"))
    kind = _text(value.get("kind")) or "Kustomization"
    return Identity(
        group=KUSTOMIZE_GROUP,
        version="v1beta1" if kind == "Kustomization" else "v1alpha1",
        kind=kind,
        namespace=_text(metadata.get("namespace")),
        name=_name(metadata),
    )


def _name(metadata: dict[str, Any]) -> str | None:
    name = _text(metadata.get("name"))
    if name is not None:
        return name
    prefix = _text(metadata.get("generateName"))
    return None if prefix is None else f"{prefix}*"


def _text(value: Any) -> str | None:
    if value is None or value == "" or isinstance(value, dict | list):
        return None
    return value if isinstance(value, str) else json.dumps(value)


def mapping(value: Any) -> dict[str, Any]:
    """The value where it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def assign_ids(items: Sequence[Item], taken: Collection[str] = ()) -> list[str]:
    """An id for each item, none twice and none of `taken`.

    Where several share one, each gets `@<path>`, and `#<n>` within a file: n counts the objects
    of that identity in the input, in document order. A file has its path in its id already.
    """
    plain = [item.plain_id for item in items]
    shared = {name for name, count in Counter(plain).items() if count > 1} | {*taken}
    with_path = [
        name if item.is_file or name not in shared else f"{name}@{item.path}"
        for name, item in zip(plain, items, strict=True)
    ]
    return _distinct(_numbered(with_path, items), taken)


def _numbered(names: Sequence[str], items: Sequence[Item]) -> list[str]:
    places: dict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(names):
        places[name].append(index)
    result = list(names)
    for name, indexes in places.items():
        if len(indexes) > 1:
            for number, index in enumerate(sorted(indexes, key=lambda i: items[i].order), 1):
                result[index] = f"{name}#{number}"
    return result


def _distinct(names: Iterable[str], taken: Collection[str]) -> list[str]:
    seen = set(taken)
    result = []
    for name in names:
        chosen, number = name, 2
        while chosen in seen:
            chosen, number = f"{name}#{number}", number + 1
        seen.add(chosen)
        result.append(chosen)
    return result
