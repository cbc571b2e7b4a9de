"""What a person means who names no change: what is staged; else the branch; else the last
commit."""

from __future__ import annotations

from gate.change.git import Repository, closed_on_error, open_repository
from gate.change.history import (
    Point,
    current_branch,
    default_branch,
    find_point,
    merge_bases,
    parents,
    point,
    short_name,
    too_shallow,
)
from gate.change.interface import ChangeRequest, OpenSource
from gate.change.merging import is_merging
from gate.change.range import named, open_between, open_by_hand, open_commit
from gate.change.staged import staged_source
from gate.errors import ChangeError


def open_default(request: ChangeRequest) -> OpenSource:
    """The first of these that holds anything. Without commits: what is staged."""
    with closed_on_error(open_repository(request.repo)) as repository:
        if repository.top is not None:
            staged = staged_source(repository)
            if staged.change.files or staged.old is None or is_merging(repository):
                return staged
        elif find_point(repository, "HEAD") is None:
            raise ChangeError(
                "The repository has no commits yet.", advice="Name a commit with --head."
            )
        return _branch(repository, trust_head=request.trust == "head")


def _branch(repository: Repository, *, trust_head: bool) -> OpenSource:
    head = _head(repository)
    name = default_branch(repository)
    base = None if name is None else named(repository, name)
    meetings = [] if base is None else merge_bases(repository, base, head)
    if base is None or not meetings or meetings[0].sha == head.sha:
        return _last_commit(repository, head)
    if repository.top is None:
        return open_between(repository, base, head, trust_head=trust_head)
    return open_by_hand(repository, meetings, base, head)


def _head(repository: Repository) -> Point:
    found = point(repository, "HEAD")
    branch = current_branch(repository)
    label = short_name(branch) if branch else f"the detached head {found.short}"
    return Point(found.sha, found.tree, label)


def _last_commit(repository: Repository, head: Point) -> OpenSource:
    ids = parents(repository, head)
    before = find_point(repository, ids[0]) if ids else None
    if ids and before is None:
        raise too_shallow(f"The clone is too shallow: the commit before {head.short} is not in it.")
    return open_commit(repository, before, head)
