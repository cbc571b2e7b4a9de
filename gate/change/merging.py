"""A merge that is about to be committed: its other sides, and what it changes itself."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from gate.change.diff import staged
from gate.change.git import Repository
from gate.change.history import Point, find_point, is_ancestor
from gate.model.change import FileChange

_NAMED = re.compile(r"GITHEAD_([0-9a-f]{40,64})")


def merged(repository: Repository, head: Point | None) -> list[Point]:
    """The commits that the next one will have as parents beside `head`; none where no merge is
    under way.

    They stand in `MERGE_HEAD`, an id a line. Before it writes that, `git merge` has a hook
    (`pre-merge-commit`) run, and names them by variables: `GITHEAD_<id>`.
    """
    if head is None:
        return []
    ids = _written(repository) or _announced()
    others = [other for sha in ids if (other := find_point(repository, sha)) is not None]
    # What is merged already is none: a hook after a merge still has the variables.
    return [other for other in others if not is_ancestor(repository, other.sha, head.sha)]


def is_merging(repository: Repository) -> bool:
    """Whether the next commit is a merge's."""
    return bool(merged(repository, find_point(repository, "HEAD")))


def by_itself(
    repository: Repository, files: Sequence[FileChange], others: Sequence[Point]
) -> tuple[FileChange, ...]:
    """The files that none of the sides holds as the merge has them: what both sides agree on, or
    one of them brings, is no news of the merge."""
    for other in others:
        differ = {path for file in staged(repository, other.tree)[0] for path in _paths(file)}
        files = [file for file in files if not differ.isdisjoint(_paths(file))]
    return tuple(files)


def _written(repository: Repository) -> list[str]:
    if find_point(repository, "MERGE_HEAD") is None:
        return []
    name = repository.runner.run("rev-parse", "--git-path", "MERGE_HEAD")
    path = repository.runner.folder / os.fsdecode(name.removesuffix(b"\n"))
    return path.read_text("ascii").split() if Path(path).is_file() else []


def _announced() -> list[str]:
    return [found[1] for name in os.environ if (found := _NAMED.fullmatch(name))]


def _paths(file: FileChange) -> set[str]:
    return {entry.path for entry in (file.old, file.new) if entry is not None}
