"""Which old object became which new one.

One object's name in several files is normal (kustomize bases and overlays, rendered copies), so
the file comes first. The numbers are those of design.md, "Manifests"; the first match wins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from gate.manifests.identity import Item

Key = Hashable | None
KeyOf = Callable[[Item], Key]
Count = Callable[[int, int], bool]


@dataclass(frozen=True, slots=True)
class Pair:
    """The same object before and after; None where it does not exist. `environments` are those in
    which that is so; None where its place tells them."""

    old: Item | None
    new: Item | None
    environments: frozenset[str] | None = None

    @property
    def current(self) -> Item:
        """The new side, or the old one of what is deleted."""
        side = self.new or self.old
        assert side is not None
        return side


def pair(old: Sequence[Item], new: Sequence[Item], renames: Mapping[str, str]) -> list[Pair]:
    """Pairs the objects of two sides; each stands in exactly one pair.

    Of copies in one file the last one is what the cluster gets: it is paired with what was last.
    `renames` maps old paths to new ones, as Git found them. The new side comes first, in its
    order, then what is deleted.
    """
    left = _Left(list(old), list(new))
    left.match(_content_of_file, _content_of_file, _any)
    left.match(_in_file, _in_file, _any)  # (1)
    left.match(lambda item: _in_renamed_file(item, renames), _in_file, _any)  # (2)
    left.match(_content, _content, _as_many)  # (3)
    left.match(_named, _named, _one)  # (4)
    left.match(_loose, _loose, _one, _group_or_namespace_appeared)  # (5)
    return left.pairs()


def _content_of_file(item: Item) -> Key:
    """The documents of a file that holds no objects: their order means nothing."""
    return (item.path, item.fingerprint) if item.is_file else None


def _in_file(item: Item) -> Key:
    return (item.path, item.key, _is_inline(item))


def _in_renamed_file(item: Item, renames: Mapping[str, str]) -> Key:
    path = renames.get(item.path)
    return None if path is None else (path, item.key, _is_inline(item))


def _content(item: Item) -> Key:
    file_name = item.path.rpartition("/")[2] if item.is_file else None
    return (item.key, file_name, item.fingerprint, _is_inline(item))


def _named(item: Item) -> Key:
    """What has no name is nothing but its file."""
    return None if item.identity.name is None else (item.key, _is_inline(item))


def _loose(item: Item) -> Key:
    name = (item.path, item.identity.kind, item.identity.name, _is_inline(item))
    return None if item.is_file else name


def _is_inline(item: Item) -> bool:
    """A patch within a kustomization is never the object itself."""
    return item.place.inside is not None


def _group_or_namespace_appeared(old: Item, new: Item) -> bool:
    one, other = old.identity, new.identity
    groups = one.group == other.group or "core" in (one.group, other.group)
    namespaces = one.namespace == other.namespace or None in (one.namespace, other.namespace)
    return groups and namespaces


def _any(_old: int, _new: int) -> bool:
    return True


def _one(old: int, new: int) -> bool:
    return old == new == 1


def _as_many(old: int, new: int) -> bool:
    """As many copies before as after: which went where makes no difference."""
    return old == new


class _Left:
    """The objects that no rule has paired yet, by their position in each side."""

    def __init__(self, old: list[Item], new: list[Item]) -> None:
        self._old, self._new = old, new
        self._left_old = dict.fromkeys(range(len(old)))
        self._left_new = dict.fromkeys(range(len(new)))
        self._before: dict[int, int] = {}

    def match(
        self,
        old_key: KeyOf,
        new_key: KeyOf,
        fits: Count,
        agree: Callable[[Item, Item], bool] = lambda _old, _new: True,
    ) -> None:
        if not self._left_old or not self._left_new:
            return
        before = _grouped(self._old, self._left_old, old_key)
        after = _grouped(self._new, self._left_new, new_key)
        for key, news in after.items():
            olds = before.get(key, [])
            if not olds or not fits(len(olds), len(news)):
                continue
            step = -1 if self._old[olds[0]].is_one else 1
            for old, new in zip(olds[::step], news[::step], strict=False):
                if agree(self._old[old], self._new[new]):
                    self._before[new] = old
                    del self._left_old[old], self._left_new[new]

    def pairs(self) -> list[Pair]:
        standing = [
            Pair(self._old[self._before[index]] if index in self._before else None, item)
            for index, item in enumerate(self._new)
        ]
        return standing + [Pair(self._old[index], None) for index in self._left_old]


def _grouped(items: Sequence[Item], left: Mapping[int, None], key: KeyOf) -> dict[Key, list[int]]:
    groups: dict[Key, list[int]] = defaultdict(list)
    for index in left:
        found = key(items[index])
        if found is not None:
            groups[found].append(index)
    return groups
