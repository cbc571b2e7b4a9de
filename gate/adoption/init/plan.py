"""What is to be written: from a look at a repository to files, and what stands in their way."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from gate.adoption.init import hook, render, trial, workflow
from gate.adoption.init.environments import Environment, environments
from gate.adoption.init.look import Seen, look
from gate.adoption.init.services import MAX_SERVICES, Service, services
from gate.adoption.init.sources import Source, sources
from gate.change.folder import FolderTree
from gate.change.git import Repository
from gate.change.history import find_point
from gate.change.tree import CommitTree, IndexTree, Listings
from gate.config import CONFIG_NAMES
from gate.config.load import load
from gate.errors import ConfigError
from gate.model.change import Tree, Unread, content_at
from gate.model.config import Config

Part = Literal["config", "workflow", "hook"]
PARTS: tuple[Part, ...] = ("config", "workflow", "hook")


@dataclass(frozen=True, slots=True)
class File:
    """A file to be written. `old` is what it holds now, None where there is none; `new` begins
    with that."""

    path: str
    new: bytes
    old: bytes | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """A file that is there and stays as it is, why, and what would have to be added to it."""

    path: str
    why: str
    add: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """`found` says in a few words what the repository holds. `top` is the folder that paths are
    relative to."""

    top: Path
    found: Sequence[str]
    files: Sequence[File]
    left: Sequence[Left]


@dataclass(frozen=True, slots=True)
class _Proposal:
    """What a config is made of."""

    seen: Seen
    environments: Sequence[Environment]
    services: Sequence[Service]
    sources: Sequence[Source]

    @property
    def clear_environments(self) -> list[str]:
        return [each.name for each in self.environments if each.doubt is None]

    @property
    def listed_services(self) -> list[str]:
        names = [each.name for each in self.services]
        return names if len(names) <= MAX_SERVICES else []

    @property
    def text(self) -> str:
        return render.config(self.seen, self.environments, self.services, self.sources)


def plan(repository: Repository, parts: Collection[Part], now: datetime) -> Plan:
    """Looks at the tracked files of a working tree, as they are staged, and plans `parts`. Where
    nothing is staged (`git clone --no-checkout`), at those of the last commit."""
    assert repository.top is not None
    tracked = _tracked(repository)
    disk = FolderTree(repository.top, "the working tree")
    proposal = _proposal(tracked, now)
    planned = {"config": _config, "workflow": _workflows, "hook": _hook}
    found = [each for part in PARTS if part in parts for each in planned[part](disk, proposal)]
    files = tuple(each for each in found if isinstance(each, File))
    left = tuple(each for each in found if isinstance(each, Left))
    return Plan(repository.top, tuple(_found(proposal)), files, left)


def difference(file: File) -> str:
    """A unified diff of a file as it is and as it will be."""
    old = (file.old or b"").decode("utf-8", "replace").splitlines(keepends=True)
    new = file.new.decode("utf-8", "replace").splitlines(keepends=True)
    before = "/dev/null" if file.old is None else f"a/{file.path}"
    lines = difflib.unified_diff(old, new, before, f"b/{file.path}")
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _tracked(repository: Repository) -> Tree:
    staged = IndexTree(repository, frozenset())
    head = find_point(repository, "HEAD")
    if head is None or staged.below(""):
        return staged
    return CommitTree(repository, Listings(repository), head.tree, "HEAD")


def _proposal(tree: Tree, now: datetime) -> _Proposal:
    seen = look(tree)
    places = environments(seen)
    running = services(seen, tree)
    first = _Proposal(seen, places, running, ())
    names = [each.name for each in running]
    found = sources(seen, names, first.clear_environments)
    config = trial.loaded(first.text, tree)
    tried = tuple(trial.tried(found, config, names, tree, now))
    whole = _Proposal(seen, places, running, tried)
    trial.loaded(whole.text, tree)
    return whole


def _config(disk: Tree, proposal: _Proposal) -> Iterator[File | Left]:
    there = [name for name in CONFIG_NAMES if disk.find(name) is not None]
    if not there:
        yield File(CONFIG_NAMES[0], proposal.text.encode())
        return
    data = content_at(disk, there[0])
    try:
        config = load(disk)
    except ConfigError as error:
        yield Left(there[0], f"it does not load: {error.message}")
        return
    missing = list(_missing(proposal, config)) if config and isinstance(data, bytes) else []
    yield Left(there[0], "it is there", "".join(f"{line}\n" for line in missing))


def _missing(proposal: _Proposal, config: Config) -> Iterator[str]:
    """What was found and the config does not name."""
    places = [name for name in proposal.clear_environments if name not in config.environments]
    if places:
        yield f"environments: {', '.join(places)}"
    names = [name for name in proposal.listed_services if name not in config.services]
    if names and config.services:
        yield f"services: {', '.join(names)}"
    configured = {name for each in config.evidence.values() for one in each for name in one}
    for source in proposal.sources:
        name = next(iter(source.settings))
        if source.doubt is None and name not in configured:
            yield f"evidence.{source.kind}: {name} ({source.why})"


def _workflows(disk: Tree, _: _Proposal) -> Iterator[File | Left]:
    other = next((path for path in workflow.OTHERS if disk.find(path) is not None), None)
    if other is not None and not disk.below(".github"):
        yield Left(other, "another CI than GitHub's; let it run `gate check --base` on changes")
        return
    used = {
        entry.path
        for entry, data in disk.read(disk.folder(workflow.FOLDER))
        if not isinstance(data, Unread) and workflow.uses_the_action(data)
    }
    for name in workflow.NAMES:
        path = f"{workflow.FOLDER}/{name}"
        text = workflow.text(name)
        data = content_at(disk, path)
        if data is None and not (used and name == workflow.NAMES[0]):
            yield File(path, text.encode())
        elif path in used or data == text.encode():
            yield Left(path, "it is there")
        elif data is None:
            yield Left(min(used), "it uses the action")
        else:
            yield Left(path, "it is there, and does not use the action", text)


def _hook(disk: Tree, _: _Proposal) -> Iterator[File | Left]:
    data = content_at(disk, hook.PATH)
    if data is None:
        yield File(hook.PATH, hook.new().encode())
    elif isinstance(data, Unread):
        yield Left(hook.PATH, data.reason, hook.lines())
    elif hook.has_hook(data):
        yield Left(hook.PATH, "the hook is there")
    else:
        text = hook.appended(data)
        if text is None:
            yield Left(hook.PATH, "its form leaves no place at the end", hook.lines())
        else:
            yield File(hook.PATH, text, old=data)


def _found(proposal: _Proposal) -> Iterator[str]:
    seen = proposal.seen
    yield (
        f"{_number(len(seen.paths), 'tracked file')}, {seen.looked_at:,} of them YAML, JSON or "
        "calendars"
    )
    if seen.left_out:
        yield f"{_number(seen.left_out, 'such file')} more, not looked at"
    if not seen.paths:
        yield "`git add` your manifests first, so that there is something to look at"
    elif not seen.objects:
        yield "no manifests: the config is the least there is"
    counts = [_number(count, what) for what, count in sorted(seen.counts.items())]
    if counts:
        yield ", ".join(counts)
    if proposal.environments:
        names = proposal.clear_environments
        doubtful = len(proposal.environments) - len(names)
        more = f" ({doubtful} more in doubt, as comments)" if doubtful else ""
        yield f"environments: {', '.join(names) or 'none for sure'}{more}"
    if proposal.services:
        yield _number(len(proposal.services), "service")
    for source in proposal.sources:
        doubt = "" if source.doubt is None else f", as a comment: {source.doubt}"
        yield f"{source.kind}: {source.why}{doubt}"


def _number(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
