"""A range of commits: from where the head left the base, to the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from gate.change.diff import between
from gate.change.folder import FolderTree
from gate.change.git import Repository, closed_on_error, open_repository
from gate.change.history import (
    Point,
    commits,
    default_branch,
    is_nothing,
    merge_bases,
    point,
    short_name,
)
from gate.change.interface import ChangeRequest, OpenSource
from gate.change.rollback import rollback
from gate.change.tree import CommitTree, Listings
from gate.errors import ChangeError
from gate.model.change import Change, Commit, FileChange, Tree


def open_range(request: ChangeRequest) -> OpenSource:
    """The commits that a head has and a base has not. Trusted is the tip of the base."""
    with closed_on_error(open_repository(request.repo)) as repository:
        head = point(repository, "HEAD" if request.head is None else request.head)
        base = _base(repository, request.base)
        return open_between(repository, base, head, trust_head=request.trust == "head")


def open_between(
    repository: Repository, base: Point, head: Point, *, trust_head: bool = False
) -> OpenSource:
    """A head against a base, judged by the base's tip."""
    meetings = merge_bases(repository, base, head)
    if not meetings:
        raise ChangeError(
            f"{head.label} and {base.label} have no commit in common.",
            advice="Name a base that the head is built on.",
        )
    listings = Listings(repository)
    new = CommitTree(repository, listings, head.tree, head.label)
    tip = CommitTree(repository, listings, base.tree, base.label)
    change = described(repository, meetings, base, head, (head if trust_head else base).sha)
    return OpenSource(
        change=change,
        old=CommitTree(repository, listings, meetings[0].tree, meetings[0].short),
        new=new,
        trusted=new if trust_head else tip,
        head_tree=None if trust_head else new,
        top=repository.top,
        on_close=repository.close,
        look_back=partial(rollback, repository, base, change.base, change.files),
    )


def open_by_hand(
    repository: Repository, meetings: Sequence[Point], base: Point, head: Point
) -> OpenSource:
    """A head against a base, judged by the working tree."""
    assert repository.top is not None
    listings = Listings(repository)
    change = described(repository, meetings, base, head, None)
    return OpenSource(
        change=change,
        old=CommitTree(repository, listings, meetings[0].tree, meetings[0].short),
        new=CommitTree(repository, listings, head.tree, head.label),
        trusted=working_tree(repository),
        top=repository.top,
        on_close=repository.close,
        look_back=partial(rollback, repository, base, change.base, change.files),
    )


def open_commit(repository: Repository, before: Point | None, head: Point) -> OpenSource:
    """One commit against its first parent, or the first commit of all. Judged by the working
    tree, or where there is none by the parent."""
    written = commits(repository, head, () if before is None else (before.sha,))
    old = None if before is None else replace(before, label=before.short)
    return open_step(
        repository,
        old,
        head,
        description=f"the last commit {head.short} ({written[0].subject})",
        written=written,
        trusted=old,
        by_hand=repository.top is not None,
        look_from=before,
    )


def open_step(
    repository: Repository,
    base: Point | None,
    head: Point,
    *,
    description: str,
    written: Sequence[Commit],
    trusted: Point | None,
    look_from: Point | None,
    trust_head: bool = False,
    by_hand: bool = False,
    nothing: str = "nothing",
) -> OpenSource:
    """One state and the next, wherever they met. Judged by the working tree (`by_hand`), by the
    head (`trust_head`), or by `trusted`. No `base` and no `trusted` is a state without files,
    called `nothing`. What is brought back is looked for from `look_from` on."""
    listings = Listings(repository)
    empty = Point("", repository.empty_tree, nothing)
    start, tip = base or empty, trusted or empty
    old = CommitTree(repository, listings, start.tree, start.label)
    new = CommitTree(repository, listings, head.tree, head.label)
    judge = None if by_hand else head if trust_head else trusted
    change = Change(
        kind="range",
        base=None if base is None else base.sha,
        head=head.sha,
        trusted=None if judge is None else judge.sha,
        description=description,
        author=written[0].author if written else None,
        commits=written,
        files=between(repository, start.tree, head.tree),
    )
    if by_hand:
        judged_by: Tree = working_tree(repository)
    elif trust_head:
        judged_by = new
    else:
        differs = tip != start
        judged_by = CommitTree(repository, listings, tip.tree, tip.label) if differs else old
    return OpenSource(
        change=change,
        old=None if base is None else old,
        new=new,
        trusted=judged_by,
        head_tree=None if by_hand or trust_head else new,
        top=repository.top,
        on_close=repository.close,
        look_back=partial(rollback, repository, look_from, change.base, change.files),
    )


def working_tree(repository: Repository) -> FolderTree:
    """The files on disk."""
    assert repository.top is not None
    return FolderTree(repository.top, "the working tree")


def described(
    repository: Repository,
    meetings: Sequence[Point],
    base: Point,
    head: Point,
    trusted: str | None,
) -> Change:
    """A head against a base, from where they met."""
    meeting = meetings[0]
    written = commits(repository, head, (base.sha,))
    return Change(
        kind="range",
        base=meeting.sha,
        head=head.sha,
        trusted=trusted,
        description=f"{head.label} against {base.label} (merge base {meeting.short}..{head.short})",
        author=written[0].author if written else None,
        commits=written,
        files=_since(repository, meetings, head),
    )


def _since(
    repository: Repository, meetings: Sequence[Point], head: Point
) -> tuple[FileChange, ...]:
    """What the head changes. Where they met in several commits, a merge takes each file from the
    one that changed it: a head that has it as it was in another one brings that back."""
    first, *others = meetings
    files = list(between(repository, first.tree, head.tree))
    for other in others:
        known = {path for file in files for path in _paths(file)}
        theirs = {
            path
            for start in merge_bases(repository, first, other)[:1]
            for file in between(repository, start.tree, other.tree)
            for path in _paths(file)
        }
        files += [
            file
            for file in between(repository, other.tree, head.tree)
            if known.isdisjoint(_paths(file)) and not theirs.isdisjoint(_paths(file))
        ]
    return tuple(files)


def _paths(file: FileChange) -> set[str]:
    return {entry.path for entry in (file.old, file.new) if entry is not None}


def _base(repository: Repository, ref: str | None) -> Point:
    if ref is not None and not is_nothing(ref):
        return point(repository, ref)
    name = default_branch(repository)
    if name is None:
        raise ChangeError(
            "No base is given, and the default branch is not known.",
            advice="Name it with --base, or run: git remote set-head origin --auto",
        )
    return named(repository, name)


def named(repository: Repository, ref: str) -> Point:
    """A ref by its full name, called by its short one."""
    found = point(repository, ref)
    return Point(found.sha, found.tree, short_name(ref))
