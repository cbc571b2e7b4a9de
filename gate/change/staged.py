"""What is staged: the index against the last commit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gate.change.diff import staged
from gate.change.git import Repository, closed_on_error, open_repository
from gate.change.history import Point, find_point, writer
from gate.change.interface import ChangeRequest, OpenSource
from gate.change.merging import by_itself, merged
from gate.change.range import working_tree
from gate.change.rollback import rollback
from gate.change.tree import CommitTree, IndexTree, Listings
from gate.errors import ChangeError
from gate.model.change import Change


def open_staged(request: ChangeRequest) -> OpenSource:
    """The index against HEAD, judged by the working tree."""
    with closed_on_error(open_repository(request.repo)) as repository:
        if repository.top is None:
            raise ChangeError(
                "Nothing can be staged here: there is no working tree.",
                advice="Name the change with --base and --head.",
            )
        return staged_source(repository)


def staged_source(repository: Repository) -> OpenSource:
    """The same of an open repository. Before the first commit everything is added. Of a merge only
    what differs from all that it merges."""
    head = find_point(repository, "HEAD")
    files, announced = staged(repository, head.tree if head else repository.empty_tree)
    others = merged(repository, head)
    own = by_itself(repository, files, others)
    old = None
    if head is not None:
        old = CommitTree(repository, Listings(repository), head.tree, f"HEAD ({head.short})")
    change = Change(
        kind="staged",
        base=None if head is None else head.sha,
        head=None,
        trusted=None,
        description=_described(old, others, len(files) - len(own)),
        author=writer(repository),
        files=own,
    )
    return OpenSource(
        change=change,
        old=old,
        new=IndexTree(repository, announced),
        trusted=working_tree(repository),
        top=repository.top,
        on_close=repository.close,
        look_back=partial(rollback, repository, head, change.base, own),
    )


def _described(old: CommitTree | None, others: Sequence[Point], left: int) -> str:
    if old is None:
        return "staged changes before any commit"
    if not others:
        return f"staged changes against {old.label}"
    names = ", ".join(other.short for other in others)
    files = "1 file is" if left == 1 else f"{left:,} files are"
    aside = f", {files} left out as one side has them" if left else ""
    return f"the staged merge of {names} against {old.label}{aside}"
