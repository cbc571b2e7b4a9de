"""A clone in which an event is looked up: what it lacks is brought from `origin`, and what cannot
be had is an error that says what to set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from gate.change.diff import without_contents
from gate.change.fetch import NotFetchedError, Origin
from gate.change.git import Repository
from gate.change.history import Point, default_branch, find_point, is_ancestor, short_name
from gate.errors import ChangeError
from gate.model.change import Entry
from gate.model.event import Event

LET_IT_FETCH = (
    "Let the job fetch: leave `persist-credentials` at actions/checkout as it is, or give a token "
    "(the action's `token`, GATE_GITHUB_TOKEN). Where nothing can be fetched, `fetch-depth: 0` "
    "brings all branches."
)
NAME_IT = "Name what is judged: the action's inputs `base` and `head`, or --base and --head."


@dataclass(frozen=True, slots=True)
class Clone:
    """The clone, its `origin`, and the event."""

    repository: Repository
    origin: Origin
    event: Event
    trust_head: bool

    def commit(self, sha: str, label: str, ref: str | None = None) -> Point:
        """A commit that the event names, fetched where the clone lacks it; `ref` holds it too."""
        why = "origin has no such commit"
        ways = [partial(self.origin.bring, sha)]
        if ref is not None:
            ways.append(partial(self.origin.bring_ref, ref))
        found = find_point(self.repository, sha)
        for bring in ways:
            if found is None:
                why = _failure(bring) or why
                found = find_point(self.repository, sha)
        if found is None:
            raise MissingError(
                f"{label} ({sha[:7]}) is not in this clone, and cannot be fetched: {why}.",
                advice=LET_IT_FETCH,
            )
        return Point(found.sha, found.tree, label)

    def tip(self, branch: str) -> Point:
        """What a branch is at origin now. Where nobody can say: as it was fetched last, if that is
        no older than the event."""
        ref = f"refs/heads/{branch}"
        try:
            sha = self.origin.tip(ref)
        except NotFetchedError as error:
            return self._last_known(branch, error.reason)
        if sha is None:
            raise ChangeError(f"origin has no branch {branch} (any more).", advice=NAME_IT)
        return self.commit(sha, branch)

    def default_tip(self) -> Point:
        """The tip of the branch that others start from."""
        return self.tip(self.default_branch())

    def default_branch(self) -> str:
        """The name of that branch: the event tells it, else origin, else the clone."""
        found = self.event.default_branch or self._asked_default()
        if found is None:
            raise ChangeError("The default branch is not known.", advice=NAME_IT)
        return local_name(found)

    def meet(self, base: Point, head: Point) -> None:
        """Brings the history that tells where two commits met."""
        why = _failure(partial(self.origin.deepen, base.sha, head.sha))
        if why is not None:
            raise ChangeError(
                f"The clone is too shallow: where {head.label} left {base.label} is not in it, and "
                f"cannot be fetched: {why}.",
                advice=f"Set `fetch-depth: 0` at actions/checkout. {LET_IT_FETCH}",
            )

    def _last_known(self, branch: str, why: str) -> Point:
        found = find_point(self.repository, f"refs/remotes/origin/{branch}")
        known = self.event.base if self.event.base_ref == branch else None
        is_new = found is not None and (
            self.origin.offline if known is None else is_ancestor(self.repository, known, found.sha)
        )
        if found is None or not is_new:
            raise ChangeError(
                f"The tip of {branch}, which judges, cannot be fetched from origin: {why}.",
                advice=LET_IT_FETCH,
            )
        return Point(found.sha, found.tree, f"{branch} as of the last fetch")

    def _asked_default(self) -> str | None:
        try:
            return self.origin.default_branch()
        except NotFetchedError:
            return default_branch(self.repository)

    def complete(self, ids: Sequence[str]) -> None:
        """Brings files that a partial clone lacks."""
        why = _failure(partial(self.origin.bring_files, ids))
        if why is not None:
            raise ChangeError(
                f"The clone lacks files, and they cannot be fetched from origin: {why}.",
                advice=f"Check out without `filter`. {LET_IT_FETCH}",
            )

    def bring_changed(self, old: str, new: str) -> None:
        """In a partial clone, the files that differ between two trees, all at once."""
        if self.repository.objects.absent is not None:
            sides = self.changed(old, new).values()
            self.complete([side.oid for side in sides if side is not None])

    def changed(self, old: str, new: str) -> dict[str, Entry | None]:
        """Each path that differs between two trees, and what the second one has there."""
        files = without_contents(self.repository, old, new)
        gone = {file.old.path: None for file in files if file.old is not None}
        return gone | {file.new.path: file.new for file in files if file.new is not None}


class MissingError(ChangeError):
    """A commit is not there any more."""


def local_name(ref: str) -> str:
    """`main` for `refs/heads/main` and for `refs/remotes/origin/main`."""
    return short_name(ref.removeprefix("refs/remotes/origin/"))


def _failure(bring: Callable[[], None]) -> str | None:
    try:
        bring()
    except NotFetchedError as error:
        return error.reason
    return None
