"""Looks at the tracked files of a repository. Nothing is executed, and the cost is bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gate.manifests.files import is_not_deployed
from gate.manifests.gather import has_manifest_suffix
from gate.manifests.identity import Identity, identify, is_kustomization_file, mapping
from gate.manifests.kustomize import Kustomizations, kustomization
from gate.manifests.reading import Document, read_file
from gate.manifests.services import NAMED_KINDS, Scope
from gate.model.change import MODE_EXECUTABLE, MODE_FILE, Entry, Tree, Unread
from gate.model.config import Config

MAX_FILES = 20_000
"""Files whose content is read, by the order of their paths. All others are counted."""

MAX_BYTES = 256 * 1024 * 1024
"""Bytes that are parsed in all."""

CALENDAR = ".ics"

_PLAIN = re.compile(r"[\w.@+~,= /-]+")
_WORDS = (b"apiVersion", b"windows", b"prometheus/v1")
_SHOWN_ONLY = frozenset({"doc", "docs", "example", "examples", "test", "tests", "testdata"})
_RUNNING = NAMED_KINDS - {("core", "Pod"), ("batch", "Job"), ("apps", "ReplicaSet")}
_ARGO = "argoproj.io"
_FLUX = "kustomize.toolkit.fluxcd.io"
_KINDS = {
    (_ARGO, "Application"): "Argo CD Application",
    (_ARGO, "ApplicationSet"): "Argo CD ApplicationSet",
    (_ARGO, "AppProject"): "Argo CD AppProject",
    (_FLUX, "Kustomization"): "Flux Kustomization",
    ("helm.toolkit.fluxcd.io", "HelmRelease"): "Flux HelmRelease",
}
_TOOLS = {
    ("sloth.slok.dev", "PrometheusServiceLevel"): "sloth",
    ("pyrra.dev", "ServiceLevelObjective"): "pyrra",
    ("openslo", "SLO"): "openslo",
}


@dataclass(frozen=True, slots=True)
class Found:
    """An object of a manifest, reduced to what proposals are made of.

    `service` is what its labels say, or its own name where that means something. `uses` holds the
    paths that it takes further manifests from, as they are written, from the root.
    """

    path: str
    group: str
    kind: str
    name: str | None
    service: str | None
    is_workload: bool
    uses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncWindow:
    """What a sync window of an AppProject selects Applications by."""

    path: str
    project: str
    applications: tuple[str, ...]
    selects_otherwise: bool


@dataclass(slots=True)
class Seen:
    """What a repository holds. `paths` are all its files. Of those that may hold manifests or
    calendars, `looked_at` is how many were read, `left_out` how many were not (beyond the limits,
    not in this clone, or of an odd name); `unreadable` are those that could not be parsed."""

    paths: tuple[str, ...]
    objects: list[Found] = field(default_factory=list)
    windows: list[SyncWindow] = field(default_factory=list)
    files: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    looked_at: int = 0
    left_out: int = 0

    def note(self, what: str, path: str) -> None:
        """Remembers a file by what it holds: `sloth`, `pyrra`, `openslo`, `windows`, `ical`. What
        lies among documents, examples and tests holds for nobody."""
        if not is_meant(path):
            return
        paths = self.files.setdefault(what, [])
        if path not in paths:
            paths.append(path)


def look(tree: Tree) -> Seen:
    """Reads what may be manifests, SLOs or freezes. Links are not followed."""
    entries = {entry.path: entry for entry in tree.below("") if _is_file(entry)}
    seen = Seen(paths=tuple(sorted(entries)))
    possible = [path for path in seen.paths if _may_hold_any(path)]
    candidates = [entries[path] for path in possible if _PLAIN.fullmatch(path)]
    seen.left_out = len(possible) - len(candidates[:MAX_FILES])
    kustomizations = Kustomizations(tree)
    scope = Scope(Config())
    room = MAX_BYTES
    for entry, data in tree.read(candidates[:MAX_FILES]):
        if isinstance(data, Unread) or len(data) > room:
            seen.left_out += 1
            continue
        seen.looked_at += 1
        if entry.path.endswith(CALENDAR):
            if data.lstrip(b"\xef\xbb\xbf \r\n").upper().startswith(b"BEGIN:VCALENDAR"):
                seen.note("ical", entry.path)
        elif is_kustomization_file(entry.path) or any(word in data for word in _WORDS):
            room -= len(data)
            _read(seen, entry.path, data, scope, kustomizations)
    return seen


def _is_file(entry: Entry) -> bool:
    return entry.mode in (MODE_FILE, MODE_EXECUTABLE)


def is_meant(path: str) -> bool:
    """Whether a file lies not among documents, examples and tests."""
    return _is_deployed(path) and _SHOWN_ONLY.isdisjoint(path.lower().split("/"))


def _is_deployed(path: str) -> bool:
    return not is_not_deployed(path) and not path.startswith(".") and "/." not in path


def _may_hold_any(path: str) -> bool:
    return has_manifest_suffix(path) or path.endswith(CALENDAR)


def _read(seen: Seen, path: str, data: bytes, scope: Scope, kustomizations: Kustomizations) -> None:
    reading = read_file(path, data)
    if any(problem.kind == "unreadable" for problem in reading.problems):
        seen.unreadable.append(path)
    is_patch = bool(reading.documents) and kustomizations.is_patch(path)
    for document in reading.documents:
        identity = identify(document)
        if document.is_object or is_kustomization_file(path):
            _note_object(seen, document, identity, scope, is_patch=is_patch)
        else:
            _note_file(seen, path, mapping(document.value))


def _note_object(
    seen: Seen, document: Document, identity: Identity, scope: Scope, *, is_patch: bool
) -> None:
    group, kind, name = identity.group, identity.kind, identity.name
    value = mapping(document.value)
    counted = _KINDS.get((group, kind))
    if counted and not is_patch:
        seen.counts[counted] = seen.counts.get(counted, 0) + 1
    if (group, kind) == (_ARGO, "AppProject") and is_meant(document.path):
        seen.windows += _sync_windows(document.path, name or "", mapping(value.get("spec")))
    tool = _TOOLS.get((group, kind))
    if tool and (tool != "openslo" or identity.version == "v1"):
        seen.note(tool, document.path)
    seen.objects.append(
        Found(
            path=document.path,
            group=group,
            kind=kind,
            name=name,
            service=None if is_patch else scope.service(group, kind, name, value, document.path),
            is_workload=(group, kind) in _RUNNING and not is_patch and _is_deployed(document.path),
            uses=tuple(_uses(document.path, group, kind, value)),
        )
    )


def _note_file(seen: Seen, path: str, value: dict[str, Any]) -> None:
    windows = value.get("windows")
    if value.get("version") == "prometheus/v1" and isinstance(value.get("slos"), list):
        seen.note("sloth", path)
    elif isinstance(windows, list) and windows and all(map(_is_window, windows)):
        seen.note("windows", path)


def _is_window(value: Any) -> bool:
    """Whether it is a window of a file of freezes (`gate schema freezes`)."""
    return "name" in mapping(value) and not {"from", "weekly", "cron"}.isdisjoint(value)


def _uses(path: str, group: str, kind: str, value: dict[str, Any]) -> Iterator[str]:
    spec = mapping(value.get("spec"))
    if is_kustomization_file(path):
        yield from kustomization(path, value).resources
    elif (group, kind) == (_FLUX, "Kustomization"):
        yield from _paths([spec])
    elif (group, kind) == (_ARGO, "Application"):
        yield from _paths([spec.get("source"), *_list(spec.get("sources"))])
    elif (group, kind) == (_ARGO, "ApplicationSet"):
        made = mapping(mapping(spec.get("template")).get("spec"))
        yield from _paths([made.get("source"), *_list(made.get("sources"))])
        yield from _paths([{"path": text} for text in _texts(spec.get("generators"))])


def _paths(values: Sequence[Any]) -> Iterator[str]:
    for value in values:
        path = mapping(value).get("path")
        if isinstance(path, str) and path.strip("./"):
            yield path.removeprefix("./").strip("/")


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value that may be paths."""
    if isinstance(value, str) and "/" in value and "://" not in value:
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _sync_windows(path: str, project: str, spec: dict[str, Any]) -> Iterator[SyncWindow]:
    for window in map(mapping, _list(spec.get("syncWindows"))):
        names = [str(name) for name in _list(window.get("applications"))]
        otherwise = bool(window.get("namespaces") or window.get("clusters"))
        yield SyncWindow(path, project, tuple(names), otherwise)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
