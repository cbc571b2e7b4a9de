"""What moves to another file: where it leaves, where it stays, and where it arrives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gate.manifests.gather import Reader, has_manifest_suffix
from gate.manifests.identity import Item
from gate.manifests.pairing import Pair
from gate.manifests.services import Scope
from gate.model.manifest import Problem


def by_environment(one: Pair, scope: Scope, after: Reader) -> Iterator[Pair]:
    """A pair as it is in each environment: added where the object arrives, deleted where it leaves,
    compared where it was and is."""
    if one.old is None or one.new is None:
        yield one
        return
    old, new = one.old, _as_whole(one.old, one.new)
    before = frozenset(scope.environments(old.path))
    now = frozenset(scope.environments(new.path))
    stays = old.path == new.path or _is_still_read(old, new, scope, after)
    if stays and before == now:
        yield Pair(old, new)
        return
    if now - before:
        yield Pair(None, new, now - before)
    if before & now and (stays or not old.equals(new)):
        yield Pair(old, new, before & now)
    if not stays or before - now:
        yield Pair(old, None, before - now if stays else before)


def _as_whole(old: Item, new: Item) -> Item:
    """What was a whole object does not become a patch by being called one."""
    return replace(new, patch=False) if new.patch and not old.patch and not new.is_file else new


def _is_still_read(old: Item, new: Item, scope: Scope, after: Reader) -> bool:
    """Whether the environments of the old file may still get what stands in the new one: by its
    name and its place it is a manifest as the old one was, or a kustomization of theirs lists it.
    """
    hides = has_manifest_suffix(old.path) and not has_manifest_suffix(new.path)
    leaves = scope.named_environments(old.path) and not scope.named_environments(new.path)
    if not hides and not leaves:
        return True
    needed = set(scope.environments(old.path))
    listing = after.listing(new.path, beside=old.path)
    return any(needed.issubset(scope.environments(path)) for path in listing)


def shadowed(pairs: Iterable[Pair], items: Iterable[Item], after: Reader) -> list[Problem]:
    """What arrives where the same object stands already with another content, among `items`: in
    its file, its folder, or another file that its kustomization lists."""
    standing: dict[object, list[Item]] = {}
    for item in items:
        if item.is_one:
            standing.setdefault(item.key, []).append(item)
    return [
        Problem(one.new.path, "unrendered", _message(one.new, other))
        for one in pairs
        if one.new is not None and (one.old is None or one.old.path != one.new.path)
        for other in standing.get(one.new.key, ())
        if one.new.is_one and not one.new.equals(other) and _is_beside(one.new, other, after)
    ]


def _message(item: Item, other: Item) -> str:
    place = "twice" if item.path == other.path else f"in {other.path} too"
    return f"{item.plain_id} stands {place}: what is applied last wins"


def _is_beside(item: Item, other: Item, after: Reader) -> bool:
    if item.path == other.path:
        return item.order != other.order
    if item.path.rpartition("/")[0] == other.path.rpartition("/")[0]:
        return True
    nearest = after.kustomizations.nearest(item.path)
    return nearest is not None and {item.path, other.path}.issubset(nearest.resources)
