"""What a push takes along: what the remote's branch will hold, against what it holds.

Who pushes says so. pre-commit and prek do it by variables: `PRE_COMMIT_FROM_REF` and
`PRE_COMMIT_TO_REF`, or where the remote has nothing of the history `PRE_COMMIT_LOCAL_BRANCH` alone.
Git tells its hook on standard input, in a line for each ref: the local ref and its commit, the
remote ref and its commit, zeros where there is none (githooks(5), pre-push). By hand nobody says
so, and it is what `git push` would take along now.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gate.change.git import Repository, closed_on_error, open_repository
from gate.change.history import (
    Point,
    commits,
    default_branch,
    find_point,
    is_nothing,
    merge_bases,
    point,
    short_name,
)
from gate.change.interface import ChangeRequest, OpenSource
from gate.change.range import named, open_between, open_step
from gate.change.tree import CommitTree, Listings
from gate.errors import ChangeError
from gate.model.change import Change

_FIELDS = 4


@dataclass(frozen=True, slots=True)
class Push:
    """A ref that is pushed. `base` is what the remote has in its place: '' where it has nothing of
    this history, None where it has no such ref yet. `to` is the remote's ref, '' where nobody
    pushes and two commits are only named."""

    head: str
    base: str | None
    to: str


def open_pushed(request: ChangeRequest) -> OpenSource:
    """The one change that a push makes. Trusted is what the remote has. Several changes at once
    are a ChangeError."""
    with closed_on_error(open_repository(request.repo)) as repository:
        pushes = told(os.environ, repository)
        opened: dict[tuple[str | None, str | None], OpenSource] = {}
        for push in pushes:
            source = _opened(repository, push, trust_head=request.trust == "head")
            if source.change.base != source.change.head:
                opened.setdefault((source.change.base, source.change.head), source)
        if len(opened) > 1:
            raise _several(list(opened.values()))
        return next(iter(opened.values()), None) or _nothing_new(repository)


def told(environ: Mapping[str, str], repository: Repository) -> Sequence[Push]:
    """What is pushed, by who says so; refs that are only deleted are none. Raises ChangeError for
    lines that Git does not write."""
    to = environ.get("PRE_COMMIT_REMOTE_BRANCH", "")
    head = environ.get("PRE_COMMIT_TO_REF")
    if head:
        base = environ.get("PRE_COMMIT_FROM_REF", "")
        return [Push(head, None if is_nothing(base) else base, to)]
    branch = environ.get("PRE_COMMIT_LOCAL_BRANCH")
    if branch:
        return [Push(branch, "", to)]
    lines = sys.stdin.read() if "PRE_COMMIT" not in environ and _is_piped() else ""
    if lines:
        return told_by_git(lines)
    return [_would_be_pushed(repository)]


def told_by_git(lines: str) -> Sequence[Push]:
    """The same from the standard input of Git's `pre-push`."""
    pushes = []
    for line in lines.splitlines():
        # A local ref is what was written after `git push`, and may hold spaces.
        fields = line.rsplit(maxsplit=_FIELDS - 1)
        if len(fields) != _FIELDS:
            raise ChangeError(
                f"Standard input holds what no pre-push hook is told: {line[:80]!r}.",
                advice="Give --pushed to Git's pre-push hook or to pre-commit; by hand, without "
                "standard input: `gate check --pushed </dev/null`.",
            )
        _, head, to, base = fields
        if not is_nothing(head):
            pushes.append(Push(head, None if is_nothing(base) else base, to))
    return pushes


def _is_piped() -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def _would_be_pushed(repository: Repository) -> Push:
    there = find_point(repository, "@{push}") or find_point(repository, "@{upstream}")
    return Push("HEAD", there.sha if there else None, "")


def _opened(repository: Repository, push: Push, *, trust_head: bool) -> OpenSource:
    head = point(repository, push.head)
    if push.base and push.to:
        return _between(repository, push, point(repository, push.base), head, trust_head=trust_head)
    if push.base:
        return open_between(repository, point(repository, push.base), head, trust_head=trust_head)
    name = default_branch(repository) if push.base is None else None
    base = None if name is None else named(repository, name)
    if base is not None and merge_bases(repository, base, head):
        return open_between(repository, base, head, trust_head=trust_head)
    return _between(repository, push, None, head, trust_head=trust_head)


def _between(
    repository: Repository, push: Push, base: Point | None, head: Point, *, trust_head: bool
) -> OpenSource:
    """What the remote's ref holds, against what it will hold: also what a push takes away. Where
    it holds nothing the working tree judges, as before a first commit."""
    old = None if base is None else replace(base, label=base.short)
    what = f"what is pushed to {short_name(push.to)}" if push.to else "what is pushed"
    span = f"{base.short}..{head.short}" if base else f"everything up to {head.short}"
    return open_step(
        repository,
        old,
        head,
        description=f"{what} ({span})",
        written=commits(repository, head, () if base is None else (base.sha,)),
        trusted=old,
        look_from=base,
        trust_head=trust_head,
        by_hand=base is None and repository.top is not None and not trust_head,
    )


def _nothing_new(repository: Repository) -> OpenSource:
    """A push that only deletes, or names what the remote has."""
    head = find_point(repository, "HEAD")
    tree = repository.empty_tree if head is None else head.tree
    state = CommitTree(repository, Listings(repository), tree, "HEAD")
    sha = None if head is None else head.sha
    return OpenSource(
        change=Change("range", sha, sha, sha, "a push that brings nothing new"),
        old=state,
        new=state,
        trusted=state,
        top=repository.top,
        on_close=repository.close,
    )


def _several(opened: Sequence[OpenSource]) -> ChangeError:
    what = "; ".join(source.change.description for source in opened)
    return ChangeError(
        f"The push takes {len(opened)} changes along, and one is judged at a time: {what}.",
        advice="Push one branch after the other.",
    )
