"""Two rendered folders, judged by the tip of the branch that the change goes into."""

from __future__ import annotations

from dataclasses import replace

from gate.change.folder import compared
from gate.change.git import closed_on_error, open_repository
from gate.change.history import point
from gate.change.interface import ChangeRequest, OpenSource
from gate.change.tree import CommitTree, Listings


def open_rendered(request: ChangeRequest) -> OpenSource:
    """As two folders, but what is rendered has no say in how it is judged."""
    assert request.base is not None
    folders = compared(request)
    with closed_on_error(open_repository(request.repo)) as repository:
        tip = point(repository, request.base)
        return replace(
            folders,
            change=replace(folders.change, trusted=tip.sha),
            trusted=CommitTree(repository, Listings(repository), tip.tree, tip.label),
            head_tree=None,
            top=repository.top,
            on_close=repository.close,
        )
