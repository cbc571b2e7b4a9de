"""The objects of both sides of a change, and what could not be read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, Literal

from gate.manifests.files import cannot_hold_an_object, is_lfs_pointer, is_not_deployed
from gate.manifests.identity import (
    FILE_IDENTITY,
    KUSTOMIZE_GROUP,
    Item,
    Place,
    identify,
    is_kustomization_file,
)
from gate.manifests.kustomize import (
    InlinePatch,
    Kustomizations,
    holds_patch_directive,
    inline_patches,
    is_json_patch,
)
from gate.manifests.links import Fault, follow
from gate.manifests.reading import Document, FileReading, looks_like_manifest, read_file
from gate.manifests.secrets import Reach
from gate.manifests.services import Scope
from gate.model.change import MODE_LINK, MODE_SUBMODULE, Entry, FileChange, Tree, Unread
from gate.model.config import ManifestConfig
from gate.model.globs import matcher
from gate.model.manifest import Problem, Side

SUFFIXES = (".yaml", ".yml", ".json")
_RENDERED = re.compile(r"values[^/]*$|(?:^|/)Chart\.|(?:^|/)\.gate", re.IGNORECASE)
"""Files that are no objects and make some: Helm values and charts; and those of the gate itself."""


class Selection:
    """Which files count, as the configuration says."""

    def __init__(self, config: ManifestConfig) -> None:
        self._is_included = matcher(config.include)
        self._is_excluded = matcher(config.exclude)
        self._limited = bool(config.include)

    def may_count(self, path: str) -> bool:
        """Whether the file is to be opened."""
        return not self._is_excluded(path) and (not self._limited or self._is_included(path))

    def counts(self, path: str, data: bytes) -> bool:
        """Whether a file that may count holds manifests."""
        named = is_kustomization_file(path) or (self._limited and has_manifest_suffix(path))
        return named or looks_like_manifest(path, data)

    def names(self, path: str) -> bool:
        """Whether the configuration names the file as one of manifests."""
        return self._limited and self._is_included(path)

    def left_out_by(self, path: str) -> str:
        """The key of the configuration that leaves a file out."""
        return "`manifests.exclude`" if self._is_excluded(path) else "`manifests.include`"

    def excludes_folder(self, path: str) -> bool:
        """Whether a folder, or all in it, is left out."""
        return self._is_excluded(path) or self._is_excluded(f"{path}/x.yaml")

    def names_folder(self, path: str) -> bool:
        """Whether the configuration names a folder, or something in it, as one of manifests."""
        return self._is_included(path) or self._is_included(f"{path}/x.yaml")


def has_manifest_suffix(path: str) -> bool:
    """Whether the cluster's tools take a file of this name for a manifest."""
    return path.lower().endswith(SUFFIXES) or is_kustomization_file(path)


@dataclass(slots=True)
class Gathered:
    """The objects of one side, in the order of the files, and its problems.

    `remarks` are about what was read and may mean something else than it seems. `unread` holds
    the files that may hold more objects than were found.
    """

    items: list[Item] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be read: `path` is where it stands in the change, `entry` what is read."""

    path: str
    entry: Entry


class Reader:
    """Reads one side of a change. What it looks up in the tree it looks up once."""

    def __init__(self, tree: Tree, selection: Selection, scope: Scope, *, rendered: bool) -> None:
        self.kustomizations = Kustomizations(tree)
        self._tree = tree
        self._selection = selection
        self._scope = scope
        self._rendered = rendered
        self._charts: dict[str, bool] = {}
        self._listings: dict[str, list[str]] = {}

    def gather(self, entries: Sequence[Entry]) -> Gathered:
        """The objects of these files."""
        result = Gathered()
        self._list(entry.path for entry in entries if is_kustomization_file(entry.path))
        result.remarks += self._left_out(entries)
        for source, data in self.contents(entries, result):
            self.add(result, source, data)
        return result

    def contents(
        self, entries: Sequence[Entry], result: Gathered
    ) -> Iterator[tuple[Source, bytes]]:
        """The bytes of those files that count, in one reading; problems go to `result`."""
        sources = list(self._sources(entries, result))
        if not sources:
            return
        read = self._tree.read([source.entry for source in sources])
        for source, (_, data) in zip(sources, read, strict=True):
            if isinstance(data, Unread):
                self._add_unread(result, source.path, data.reason)
            elif self._counts(source.path, data):
                yield source, data

    def _counts(self, path: str, data: bytes) -> bool:
        return (
            self._selection.counts(path, data)
            or self.listed_by(path) is not None
            or (path.endswith(".tpl") and self.is_chart_template(path))
        )

    def add(self, result: Gathered, source: Source, data: bytes) -> None:
        """Parses one file."""
        is_template = b"{{" in data or source.path.endswith(".tpl")
        if is_template and self.is_chart_template(source.path):
            message = "a Helm template: not evaluated until rendered"
            result.problems.append(Problem(source.path, "unrendered", message))
            return
        reading = read_file(source.path, data)
        if reading.problems and self._is_harmless(source.path, data, reading):
            reading = replace(reading, problems=_as_unrendered(reading.problems))
        result.problems += reading.problems
        result.remarks += _duplicates(source.path, reading)
        if any(problem.kind == "unreadable" for problem in reading.problems):
            result.unread.add(source.path)
        items = [self._item(source, data, document) for document in reading.documents]
        for item in items:
            result.items.append(replace(item, order=len(result.items)))
            self._add_inline_patches(result, item)

    def is_chart_template(self, path: str) -> bool:
        """Whether a file stands in the templates of a Helm chart."""
        return any(
            parent.name == "templates" and self._is_chart(parent.parent)
            for parent in PurePosixPath(path).parents
        )

    def _is_chart(self, folder: PurePosixPath) -> bool:
        path = str(folder / "Chart.yaml")
        if path not in self._charts:
            self._charts[path] = self._tree.find(path) is not None
        return self._charts[path]

    def _sources(self, entries: Iterable[Entry], result: Gathered) -> Iterator[Source]:
        for entry in entries:
            if entry.mode == MODE_SUBMODULE:
                self._add_submodule(result, entry.path)
            elif not self._selection.may_count(entry.path):
                continue
            elif entry.mode == MODE_LINK:
                target = follow(self._tree, entry)
                if isinstance(target, Fault):
                    self._add_fault(result, entry.path, target)
                else:
                    yield Source(entry.path, target)
            else:
                yield Source(entry.path, entry)

    def _add_submodule(self, result: Gathered, path: str) -> None:
        if self._selection.excludes_folder(path):
            return
        named = self._selection.names_folder(path) or self._scope.holds_folder(path)
        message = "a submodule: its content is not in this repository"
        result.problems.append(Problem(path, "unreadable" if named else "unrendered", message))

    def _add_fault(self, result: Gathered, path: str, fault: Fault) -> None:
        """A link without a suffix may stand for a folder of manifests."""
        expected = has_manifest_suffix(path)
        if not expected and PurePosixPath(path).suffix:
            return
        blocks = fault.kind == "outside" or (expected and fault.kind == "broken")
        kind: Literal["unreadable", "unrendered"] = "unreadable" if blocks else "unrendered"
        result.problems.append(Problem(path, kind, fault.message))
        result.unread.add(path)

    def _add_unread(self, result: Gathered, path: str, reason: str) -> None:
        if has_manifest_suffix(path) or self.listed_by(path) is not None:
            result.problems.append(Problem(path, "unreadable", reason))
            result.unread.add(path)

    def listed_by(self, path: str) -> str | None:
        """The first kustomization that lists a file."""
        return next(iter(self.listing(path)), None)

    def listing(self, path: str, *, beside: str | None = None) -> list[str]:
        """The kustomizations that list a file: of the nearest one, that of a place `beside` it,
        and those of the change."""
        found = [self.kustomizations.nearest(each) for each in (path, beside) if each is not None]
        nearest = [each.path for each in found if each is not None and path in each.listed]
        return [*nearest, *self._listings.get(path, ())]

    def is_patch(self, path: str, value: Any) -> bool:
        """Whether what stands in a file is but a part of an object. What stands in a kustomization
        itself is none: policies for conftest leave out its inline patches, and nothing else."""
        if is_json_patch(value):
            return True
        if is_kustomization_file(path):
            return False
        is_patch = holds_patch_directive(value) or self.kustomizations.is_patch(path)
        return is_patch and not self.kustomizations.is_resource(path)

    def _list(self, kustomizations: Iterable[str]) -> None:
        for path in kustomizations:
            found = self.kustomizations.of(posixpath.dirname(path))
            for listed in found.listed if found is not None else ():
                self._listings.setdefault(listed, []).append(path)

    def _left_out(self, entries: Iterable[Entry]) -> list[Problem]:
        """Files that a kustomization builds from and the configuration leaves out."""
        changed = {
            entry.path
            for entry in entries
            if has_manifest_suffix(entry.path) and not self._selection.may_count(entry.path)
        }
        problems = []
        for path in sorted(changed.union(self._listings)):
            by, file = self.listed_by(path), self._file(path)
            if by is None or file is None or not self._selection.may_count(by):
                continue
            if not self._selection.may_count(file):
                message = f"listed by `{by}`, but left out by {self._selection.left_out_by(file)}"
                problems.append(Problem(file, "unrendered", message))
        return problems

    def _file(self, path: str) -> str | None:
        """The file that an entry of a kustomization stands for; a folder has one of its own."""
        if self._tree.find(path) is not None:
            return path
        found = self.kustomizations.of(path)
        return None if found is None else found.path

    def _is_harmless(self, path: str, data: bytes, reading: FileReading) -> bool:
        """Whether nothing that a cluster or a rule reads can stand in what is broken."""
        return not (
            not is_not_deployed(path)
            or reading.limited
            or is_lfs_pointer(data)
            or not cannot_hold_an_object(data)
            or is_kustomization_file(path)
            or self.listed_by(path) is not None
            or self._selection.names(path)
            or self._scope.named_environments(path)
            or _RENDERED.search(path) is not None
        )

    def _item(self, source: Source, data: bytes, document: Document) -> Item:
        identity = identify(document)
        from_chart = self._rendered and document.source is not None
        reached = self.kustomizations.reach(source.path)
        return Item(
            identity=identity,
            path=source.path,
            order=0,
            value=document.value,
            place=Place(
                path=(document.source or source.path) if from_chart else source.entry.path,
                data=data,
                index=document.index,
                item=tuple(document.item),
                known=not from_chart,
            ),
            patch=self.is_patch(source.path, document.value),
            hidden=reached == "secret",
            veiled=_is_veiled(document, reached),
            generates=not document.is_object and self._makes_secret_of(source.path),
        )

    def _makes_secret_of(self, path: str) -> bool:
        """Helm values may be handed over in a Secret: their images must stay in sight."""
        return _RENDERED.search(path) is None and self.kustomizations.makes_secret_of(path)

    def _add_inline_patches(self, result: Gathered, item: Item) -> None:
        if item.identity.group != KUSTOMIZE_GROUP:
            return
        for patch in inline_patches(item.value):
            reading = read_file(item.path, patch.text.encode())
            result.problems += _within(reading.problems)
            if any(problem.kind == "unreadable" for problem in reading.problems):
                result.unread.add(item.path)
            result.items += [
                _inline_item(item, patch, document, len(result.items) + offset)
                for offset, document in enumerate(reading.documents)
            ]


def sides(files: Iterable[FileChange], side: Side) -> list[Entry]:
    """The entries of one side. The origin of a copy stays what it was, so it is no old side."""
    if side == "new":
        return [file.new for file in files if file.new is not None]
    return [file.old for file in files if file.old is not None and file.status != "copied"]


def _inline_item(item: Item, patch: InlinePatch, document: Document, order: int) -> Item:
    return Item(
        identity=identify(document) if document.is_object else FILE_IDENTITY,
        path=item.path,
        order=order,
        value=document.value,
        place=replace(item.place, inside=patch.path),
        patch=True,
        hidden=patch.reach == "secret",
        veiled=_is_veiled(document, patch.reach),
    )


def _is_veiled(document: Document, reached: Reach | None) -> bool:
    """A patch that names no kind, its own or that of its target, may be one of a Secret."""
    is_patch = reached == "maybe" or (reached is None and is_json_patch(document.value))
    return is_patch and not document.is_object


def _as_unrendered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(replace(problem, kind="unrendered") for problem in problems)


def _duplicates(path: str, reading: FileReading) -> list[Problem]:
    return [
        Problem(path, "unrendered", f"the key `{key}` stands twice: the last one counts", line)
        for line, key in reading.duplicates
    ]


def _within(problems: Iterable[Problem]) -> list[Problem]:
    return [
        replace(problem, message=f"in a patch: {problem.message}", line=None)
        for problem in problems
    ]
