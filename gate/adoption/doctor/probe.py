"""A change on which the rules really judge: for each target a real object of the repository, with
one more annotation. It is made in memory; nothing is written, nothing fetched."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gate.adoption.doctor.overlay import Overlay
from gate.adoption.doctor.place import Place
from gate.change.interface import OpenSource
from gate.manifests.identity import FILE, identify
from gate.manifests.read import read
from gate.manifests.reading import read_file
from gate.manifests.services import Scope
from gate.model.change import MODE_EXECUTABLE, MODE_FILE, Entry, FileChange, Tree, Unread
from gate.model.manifest import NO_SERVICE, Resource, Target

MOST_FILES = 3_000
"""How many manifests are looked through for objects, at most."""
MOST_TARGETS = 30
"""How many targets are tried, at most: those of the config's services first."""
ANNOTATION = "change-gate/doctor"
_SUFFIXES = (".yaml", ".yml", ".json")
_FIRST = ("Rollout", "Deployment", "StatefulSet", "DaemonSet", "HelmRelease", "Application")
_HIDDEN = ("Secret", "SealedSecret")


@dataclass(frozen=True, slots=True)
class Probe:
    """`source` is the open change. `without` are targets of which no object was found, `left` how
    many were left out, since there are so many; `cut` says that not all files were looked through.
    """

    source: OpenSource
    targets: Sequence[Target]
    without: Sequence[Target]
    left: int
    cut: bool


def probe(place: Place) -> Probe:
    """The change for all targets that the repository's objects, and the config, name."""
    tree, request, config = place.tree, place.request, place.book.config
    scope = Scope(config, request.environments, request.services)
    entries = [each for each in tree.below("") if each.mode in (MODE_FILE, MODE_EXECUTABLE)]
    chosen, cut = _chosen(entries, scope)
    present = replace(
        place.source.change,
        kind="tree",
        files=tuple(FileChange("present", None, each) for each in chosen),
    )
    found = read(
        present,
        None,
        tree,
        config,
        environments=request.environments,
        services=request.services,
    )
    known = config.services
    files: dict[str, bytes] = {}
    reached: set[tuple[str, str]] = set()
    left: set[tuple[str, str]] = set()
    for one in sorted(found.resources, key=lambda one: (one.service not in known, *_order(one))):
        places = {(one.service, name) for name in one.environments} if one.service else set()
        if places <= reached:
            continue
        if len(reached) >= MOST_TARGETS:
            left |= places
            continue
        data = files.get(one.path) or _bytes(tree, one.path)
        altered = _altered(one, data) if data is not None else None
        if altered is not None:
            files[one.path] = altered
            reached |= places
    _touch_others(files, reached, entries, scope, tree)
    targets = _all_targets(found.targets, place)
    left -= reached
    return Probe(
        source=_source(place, files),
        targets=[each for each in targets if (each.service, each.environment) in reached],
        without=[
            each for each in targets if (each.service, each.environment) not in reached | left
        ],
        left=len(left),
        cut=cut,
    )


def _chosen(entries: Iterable[Entry], scope: Scope) -> tuple[Sequence[Entry], bool]:
    """The manifests to look through, those of the config's services first."""
    named = [each for each in entries if each.path.endswith(_SUFFIXES)]
    named.sort(key=lambda each: not any(scope.services_of_file(each.path)))
    return named[:MOST_FILES], len(named) > MOST_FILES


def _order(one: Resource) -> tuple[int, bool, str]:
    rank = _FIRST.index(one.kind) if one.kind in _FIRST else len(_FIRST)
    return (rank, one.patch, one.id)


def _all_targets(found: Sequence[Target], place: Place) -> list[Target]:
    """Those of the objects, and services that only the config names, in each environment."""
    config, request = place.book.config, place.request
    known = {(each.service, each.environment): each for each in found}
    named = {each.service for each in found}
    services = request.services or tuple(config.services)
    asked = Scope(config, request.environments, services).reach(())[1] if services else []
    known |= {(each.service, each.environment): each for each in asked if each.service not in named}
    return [known[key] for key in sorted(known) if key[0] != NO_SERVICE]


def _touch_others(
    files: dict[str, bytes],
    reached: set[tuple[str, str]],
    entries: Iterable[Entry],
    scope: Scope,
    tree: Tree,
) -> None:
    """A service without manifests is reached by any file of its paths."""
    for entry in entries:
        if entry.path in files or entry.path.endswith(_SUFFIXES):
            continue
        services = set(scope.services_of_file(entry.path))
        places = {(each, name) for each in services for name in scope.environments(entry.path)}
        if places <= reached:
            continue
        data = _bytes(tree, entry.path)
        if data is not None:
            files[entry.path] = data + b"\n"
            reached |= places


def _bytes(tree: Tree, path: str) -> bytes | None:
    entry = tree.find(path)
    if entry is None:
        return None
    ((_, data),) = tree.read([entry])
    return None if isinstance(data, Unread) else data


def _altered(one: Resource, data: bytes) -> bytes | None:
    """The file with an annotation more in that object, each object as JSON; None where the file
    cannot be written anew without a loss."""
    reading = read_file(one.path, data)
    if reading.problems or one.kind in (FILE, *_HIDDEN):
        return None
    values: list[Any] = []
    is_done = False
    for document in reading.documents:
        value = document.value
        who = identify(document)
        if not is_done and (who.kind, who.name) == (one.kind, one.name):
            value = _annotated(value)
            is_done = True
        values.append(value)
    try:
        texts = [json.dumps(value, allow_nan=False) for value in values]
    except (TypeError, ValueError):
        return None
    return "\n---\n".join(texts).encode() if is_done else None


def _annotated(value: Mapping[str, Any]) -> Mapping[str, Any]:
    made = copy.deepcopy(dict(value))
    metadata = made.setdefault("metadata", {})
    annotations = metadata.get("annotations") or {}
    metadata["annotations"] = {**annotations, ANNOTATION: "probe"}
    return made


def _source(place: Place, files: Mapping[str, bytes]) -> OpenSource:
    new = Overlay(place.tree, files)
    changes = tuple(
        FileChange("modified", place.tree.find(path), new.entry(path)) for path in sorted(files)
    )
    return replace(place.source, new=new, change=replace(place.source.change, files=changes))
