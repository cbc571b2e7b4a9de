"""Where the doctor looks: a repository, the tree whose config judges, and its rules."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from gate import rulebook
from gate.change.folder import FolderTree, top_above
from gate.change.git import Repository, closed_on_error, open_repository
from gate.change.history import Point, default_branch, find_point, short_name
from gate.change.interface import OpenSource
from gate.change.range import named, working_tree
from gate.change.tree import CommitTree, Listings
from gate.config import CONFIG_NAMES
from gate.errors import ChangeError
from gate.model.change import Change, Tree
from gate.pipeline import Request
from gate.rulebook import Rulebook

DISK = "the working tree"


@dataclass(frozen=True, slots=True)
class Place:
    """`tree` is the trusted one: the tip of the default branch, or the files on disk.

    `source` is a change of nothing in it. `branch` is the default branch, None where it is not
    known; `sha` its commit, None where the files on disk are looked at. `disk` are those files,
    where there are any.
    """

    request: Request
    source: OpenSource
    disk: Tree | None
    book: Rulebook
    repository: Repository | None = None
    branch: str | None = None
    sha: str | None = None

    @property
    def tree(self) -> Tree:
        """The trusted tree."""
        return self.source.trusted

    @property
    def is_config_only_on_disk(self) -> bool:
        """Whether there is a config, and the default branch does not have it."""
        return self.sha is None and self.branch is not None and self.request.what.trust == "base"


@contextmanager
def opened(request: Request) -> Iterator[Place]:
    """Opens the repository of a request. Its trusted tree is the tip of the default branch, as for
    a pull request; the files on disk where that has no config and they do, on request (`trust`
    head), and where there is no Git. Raises GateError where config or rules do not load."""
    folder = request.what.repo
    try:
        repository = open_repository(folder)
    except ChangeError:
        if _is_in_git(request):
            raise
        disk = FolderTree(top_above(folder).absolute(), DISK)
        yield _place(request, disk, disk)
        return
    with closed_on_error(repository):
        yield _in_git(request, repository)
    repository.close()


def _is_in_git(request: Request) -> bool:
    folder = request.what.repo.absolute()
    return any((each / ".git").exists() for each in (folder, *folder.parents))


def _in_git(request: Request, repository: Repository) -> Place:
    disk = None if repository.top is None else working_tree(repository)
    name = request.what.base or default_branch(repository)
    branch = None if name is None else short_name(name)
    tip = _tip(repository, name)
    tree = None
    if tip is not None:
        tree = CommitTree(repository, Listings(repository), tip.tree, tip.label)
    by_disk = request.what.trust == "head" or tree is None or _is_first(request, tree, disk)
    if disk is not None and by_disk:
        return replace(_place(request, disk, disk, repository), branch=branch)
    if tree is None or tip is None:
        raise ChangeError("The repository has no commits yet.", advice="Commit something first.")
    return replace(_place(request, tree, disk, repository, tip.sha), branch=branch)


def _tip(repository: Repository, name: str | None) -> Point | None:
    return find_point(repository, "HEAD") if name is None else named(repository, name)


def _is_first(request: Request, tree: Tree, disk: Tree | None) -> bool:
    """Whether a person prepares a first adoption: only the files on disk hold a config. On a CI
    system they may be a stranger's, whose config must not say where secrets go."""
    if os.environ.get("CI") or request.config is not None or disk is None:
        return False
    return not _has(tree) and _has(disk)


def _has(tree: Tree) -> bool:
    return any(tree.find(name) is not None for name in CONFIG_NAMES)


def _place(
    request: Request,
    tree: Tree,
    disk: Tree | None,
    repository: Repository | None = None,
    sha: str | None = None,
) -> Place:
    top = top_above(request.what.repo).absolute() if repository is None else repository.top
    change = Change("range", base=sha, head=None, trusted=sha, description="a probe of gate doctor")
    source = OpenSource(change, old=tree, new=tree, trusted=tree, top=top)
    book = rulebook.of_source(source, tree, request.rules)
    return Place(request, source, disk, book, repository, sha=sha)
