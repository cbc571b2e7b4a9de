"""What did not change and stands beside the change: rules follow references to it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from gate.manifests.gather import Gathered, Reader, has_manifest_suffix
from gate.manifests.identity import KUSTOMIZE_GROUP, Item, is_kustomization_file
from gate.manifests.kustomize import Kustomization, Kustomizations, kustomization
from gate.manifests.pairing import Pair
from gate.model.change import Entry, Tree
from gate.model.manifest import Problem

KINDS = frozenset(
    {
        "AnalysisTemplate",
        "Application",
        "ApplicationSet",
        "Canary",
        "ClusterAnalysisTemplate",
        "Component",
        "DaemonSet",
        "Deployment",
        "HelmRelease",
        "HorizontalPodAutoscaler",
        "Instrumentation",
        "Kustomization",
        "MetricTemplate",
        "Namespace",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "PodDisruptionBudget",
        "PodMonitor",
        "ReplicaSet",
        "Rollout",
        "ScaledObject",
        "Service",
        "ServiceMonitor",
        "StatefulSet",
    }
)
"""The kinds that a rule looks up from, or to, an object of the change."""

MAX_FILES = 500
MAX_BYTES = 4 * 1024 * 1024
MAX_LEVELS = 3
"""Kustomizations on the way from the nearest one to a file."""

_ALL_LEVELS = 100

_Name = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Around:
    """The pairs of the change, the paths of its files, the new tree, and the kustomizations that
    list what stands there, or stood there."""

    pairs: Sequence[Pair]
    changed: Collection[str]
    tree: Tree
    kustomizations: Kustomizations
    before: Kustomizations | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What rules look up: objects of some kinds, those that come or go in another place, and all
    that a kustomization has dropped from its lists and that still stands there."""

    named: frozenset[_Name]
    dropped: frozenset[str]

    def has(self, item: Item) -> bool:
        """Whether an object is wanted. A patch is but a part of one."""
        is_named = item.identity.kind in KINDS or _name(item) in self.named
        return not item.patch and (is_named or item.path in self.dropped)

    def kinds(self) -> re.Pattern[bytes]:
        """Finds a file that may hold such an object."""
        kinds = KINDS | {kind for _, kind, _ in self.named}
        return re.compile(b"|".join(re.escape(kind.encode()) for kind in sorted(kinds)))


def surroundings(around: Around, equal: Sequence[Pair], reader: Reader) -> Gathered:
    """The wanted objects that did not change: of `equal`, the pairs in the change's own files, of
    the files beside it, and of those that the nearest kustomization lists.

    Beyond the limits nothing is read, and a problem says so.
    """
    dropped = {entry.path: entry for entry in islice(_dropped(around), MAX_FILES + 1)}
    wanted = Wanted(frozenset(_named(around.pairs)), frozenset(dropped))
    beside = (entry for entry in _beside(around) if entry.path not in dropped)
    chosen = _first(chain(dropped.values(), beside), around.changed)
    result, found = Gathered(), Gathered()
    if len(chosen) > MAX_FILES:
        result.problems.append(_limit(chosen[MAX_FILES].path, wanted))
    _read(reader, chosen[:MAX_FILES], wanted, result, found)
    standing = [one.new for one in equal if one.new is not None]
    result.items = [item for item in (*standing, *found.items) if wanted.has(item)]
    result.problems += [
        Problem(problem.path, "unrendered", f"not part of the change: {problem.message}")
        for problem in found.problems
        if problem.kind == "unreadable"
    ]
    return result


def _first(entries: Iterable[Entry], changed: Collection[str]) -> list[Entry]:
    """The first entries of other files, each once, and one more than the limit."""
    others: dict[str, Entry] = {}
    for entry in entries:
        if entry.path not in changed:
            others[entry.path] = entry
        if len(others) > MAX_FILES:
            break
    return list(others.values())


def _named(pairs: Iterable[Pair]) -> Iterator[_Name]:
    one_sided = (one.current for one in pairs if one.old is None or one.new is None)
    return (_name(item) for item in one_sided if not item.is_file)


def _name(item: Item) -> _Name:
    return (item.identity.group, item.identity.kind, item.name)


def _read(
    reader: Reader, entries: list[Entry], wanted: Wanted, result: Gathered, found: Gathered
) -> None:
    size = 0
    kinds = wanted.kinds()
    for source, data in reader.contents(entries, found):
        is_needed = source.path in wanted.dropped or is_kustomization_file(source.path)
        if not is_needed and not kinds.search(data):
            continue
        size += len(data)
        if size > MAX_BYTES:
            result.problems.append(_limit(source.path, wanted))
            return
        reader.add(found, source, data)


def _limit(path: str, wanted: Wanted) -> Problem:
    """What leaves the cluster with this change must not be missed."""
    message = (
        f"not part of the change, and not read: more than {MAX_FILES} files "
        f"or {MAX_BYTES >> 20} MB stand beside it"
    )
    return Problem(path, "unreadable" if path in wanted.dropped else "unrendered", message)


def _beside(around: Around) -> Iterator[Entry]:
    items = [item for one in around.pairs for item in (one.old, one.new) if item]
    paths = sorted({item.path for item in items})
    for folder in sorted({posixpath.dirname(path) for path in paths}):
        entries = sorted(around.tree.folder(folder), key=lambda entry: entry.path)
        yield from (entry for entry in entries if has_manifest_suffix(entry.path))
    nearest = [
        kustomizations.nearest(path)
        for path in paths
        for kustomizations in (around.kustomizations, around.before)
        if kustomizations is not None
    ]
    listed = [found for found in nearest if found is not None]
    for one in dict.fromkeys(listed):
        yield from _entries(around, [one.path])
    yield from _listed(around, [path for one in listed for path in one.resources], MAX_LEVELS)


def _dropped(around: Around) -> Iterator[Entry]:
    """The files that stand there still and that a kustomization listed before and not now."""
    lists = [_lists(one) for one in around.pairs]
    return _listed(around, [path for one in lists for path in one], _ALL_LEVELS)


def _lists(one: Pair) -> list[str]:
    if one.old is None or one.old.identity.group != KUSTOMIZE_GROUP or one.old.patch:
        return []
    after = () if one.new is None else kustomization(one.new.path, one.new.value).resources
    before = kustomization(one.old.path, one.old.value).resources
    return [path for path in before if path not in after]


def _listed(around: Around, paths: Sequence[str], levels: int) -> Iterator[Entry]:
    """The files at these paths, and in folders among them those that a kustomization lists."""
    level, seen = list(dict.fromkeys(paths)), set(paths)
    for _ in range(levels):
        yield from _entries(around, level)
        below = [
            path
            for folder in level
            for found in _kustomizations(around, folder)
            for path in (found.path, *found.resources)
        ]
        level = [path for path in dict.fromkeys(below) if path not in seen]
        seen.update(level)


def _entries(around: Around, paths: Iterable[str]) -> Iterator[Entry]:
    found = (around.tree.find(path) for path in paths)
    return (entry for entry in found if entry is not None)


def _kustomizations(around: Around, path: str) -> Iterator[Kustomization]:
    """Those of a folder, now and before."""
    if around.tree.find(path) is None:
        for kustomizations in (around.kustomizations, around.before):
            found = kustomizations.of(path) if kustomizations else None
            if found is not None:
                yield found
