"""Who approves of an exemption, as GitHub knows it.

An exemption is claimed by a commit's trailer (`Gate-Exempt: incident`) or by a label
(`gate-exempt: incident`, `gate-exempt/incident`). Only where a change claims one is GitHub asked,
in this order:

1. The event, which the runner wrote, names the pull request; its head must be the judged commit.
   A merge queue's event names it by its branch: GitHub tells its labels and its head, whose change
   the queue's commit must hold, and nothing else.
2. The token goes to the API that the environment names, and never where an event says.
3. Only people count who may write to the repository, and who neither opened the pull request nor
   wrote one of its commits.
4. A review counts that approves the pull request's very head, is the last opinion of its author,
   and was not dismissed.
5. A label counts that claims an exemption and is still there, for the person who set it last.

What cannot be learned approves of nothing, and `approvals_reason` says why.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gate.change.interface import ChangeRequest, Holds
from gate.clients.event import PULL_EVENTS, UnknownEvent, foreign, of_pull, of_run, queued
from gate.errors import UsageError
from gate.model.change import Approval, Change, Commit
from gate.model.event import Event, PullRequest
from gate.model.times import moment, written

if TYPE_CHECKING:
    from gate.clients import github

TRAILER = "gate-exempt"
LABEL = re.compile(r"gate-exempt\s*[:/]\s*\S.*", re.IGNORECASE)
"""A label that claims an exemption."""

KNOWN_COMMITS = 250
"""GitHub tells no more commits of a pull request."""

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_ADDRESS = re.compile(r"<(?:[0-9]+\+)?([^<>@+]+)@users\.noreply\.[^<>@]+>", re.IGNORECASE)
_OPINIONS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")

Json = Mapping[str, Any]


class _UnknownError(Exception):
    """Why nobody's approval is known."""


def event_of(request: ChangeRequest) -> tuple[Event | None, str | None]:
    """The event of a run, or why there is none where a machine judges; neither by hand. Raises
    UsageError for an `--event` that is none."""
    if isinstance(request.event, Event):
        return request.event, None
    try:
        found = of_run(request.event)
    except UnknownEvent as error:
        if isinstance(request.event, Path):
            raise UsageError(
                f"--event {request.event}: {error.reason}.",
                advice="Give it the payload of one of GitHub's events.",
            ) from error
        return None, f"the event of this run: {error.reason}"
    if found is not None or os.environ.get("CI", "").lower() in ("", "0", "false", "no"):
        return found, None
    return None, "no event is named (`--event FILE`)"


def approved(
    change: Change, event: Event | None, lost: str | None, holds: Holds, *, offline: bool
) -> Change:
    """The change with the labels of its pull request, and with the approvals that hold where it
    claims an exemption. `lost` says why there is no event where there should be one."""
    if change.kind == "tree":
        return change
    if event is None and lost is None:
        reason = "nobody was asked: no pull request is known" if claims_exemption(change) else None
        return replace(change, approvals_reason=reason)
    try:
        if event is not None and event.name == "merge_group":
            return _approved_in_queue(change, event, holds, offline=offline)
        if event is not None and event.pull is not None:
            change = _labelled(change, event.pull)
        if not claims_exemption(change):
            return change
        if event is None or event.name not in PULL_EVENTS:
            raise _UnknownError(lost or _no_pull_request(event))
        _same_head(change, event)
        with _asking(event, offline=offline) as repository:
            return replace(change, approvals=_approvals(change.commits, event, repository))
    except _UnknownError as error:
        return replace(change, approvals=(), approvals_reason=str(error))


def claims_exemption(change: Change) -> bool:
    """Whether a commit or a label claims an exemption."""
    return any(TRAILER in commit.trailers for commit in change.commits) or any(
        LABEL.fullmatch(label) for label in change.labels
    )


def _labelled(change: Change, pull: PullRequest) -> Change:
    return replace(change, labels=tuple(dict.fromkeys((*change.labels, *pull.labels))))


def _no_pull_request(event: Event | None) -> str:
    return f"the event {event.name if event else 'of this run'} is none of a pull request"


def _same_head(change: Change, event: Event) -> None:
    head = event.head or ""
    if change.head != head:
        judged = change.head[:7] if change.head else "what is no commit"
        raise _UnknownError(
            f"the event is about {head[:7]}, and {judged} is judged "
            f"(`--head {head[:7]}` judges the former)"
        )


def _approved_in_queue(change: Change, event: Event, holds: Holds, *, offline: bool) -> Change:
    """The same of the pull request that a merge queue tries."""
    number = queued(event)
    if number is None:
        raise _UnknownError("the merge queue's event names no pull request")
    try:
        with _asking(event, offline=offline) as repository:
            told = repository.one(f"pulls/{number}")
        tried = of_pull("pull_request", told, event.repository)
    except (_UnknownError, UnknownEvent) as error:
        raise _UnknownError(f"pull request {number} is not known: {error}") from error
    assert tried.pull is not None
    assert tried.head is not None
    change = _labelled(change, tried.pull)
    if not claims_exemption(change):
        return change
    try:
        why = holds(number, tried.head)
        if why is not None:
            raise _UnknownError(why)
        with _asking(event, offline=offline) as repository:
            return replace(change, approvals=_approvals(change.commits, tried, repository))
    except _UnknownError as error:
        return replace(change, approvals=(), approvals_reason=str(error))


@contextmanager
def _asking(event: Event, *, offline: bool) -> Iterator[github.Repository]:
    from gate.clients import github
    from gate.clients.http import Unreachable

    reason = foreign(event) or ("offline" if offline else None)
    if reason is not None:
        raise _UnknownError(reason)
    try:
        with github.opened(event.repository, github.SECONDS) as repository:
            yield repository
    except Unreachable as error:
        raise _UnknownError(f"GitHub: {error.reason}") from error


def _approvals(
    commits: Sequence[Commit], event: Event, repository: github.Repository
) -> tuple[Approval, ...]:
    from gate.clients.github import PullRequest

    assert event.pull is not None
    head = event.head or ""
    asked = PullRequest(repository, event.pull.number)
    listed = asked.commits()
    if max(event.pull.commits, len(listed)) >= KNOWN_COMMITS:
        raise _UnknownError(f"who wrote its {KNOWN_COMMITS} commits and more is not known")
    if not any(each.get("sha") == head for each in listed):
        raise _UnknownError(f"the pull request does not hold {head[:7]} any more")
    own = {event.pull.author.lower(), *_writers(commits), *_accounts(listed)}
    return tuple(
        each
        for each in (*_reviews(asked.reviews(), head), *_labels(asked.events()))
        if each.by.lower() not in own and asked.may_write(each.by)
    )


def _writers(commits: Iterable[Commit]) -> Iterator[str]:
    """The logins that addresses of GitHub's own kind tell."""
    for commit in commits:
        together = commit.trailers.get("co-authored-by", ())
        for person in (commit.author, commit.committer, *together):
            yield from (found.lower() for found in _ADDRESS.findall(person))


def _accounts(listed: Iterable[Json]) -> Iterator[str]:
    """The accounts that GitHub knows the commits of."""
    for each in listed:
        for side in ("author", "committer"):
            login = _login(each.get(side))
            if login is not None:
                yield login.lower()


def _reviews(listed: Iterable[Json], head: str) -> Iterator[Approval]:
    """The last opinion of each person, where it is an approval of this head."""
    last: dict[str, Json] = {}
    for each in listed:
        login = _person(each.get("user"))
        if login is not None and each.get("state") in _OPINIONS:
            last[login] = each
    for login, each in last.items():
        at = _time(each.get("submitted_at"))
        if each["state"] == "APPROVED" and each.get("commit_id") == head and at:
            yield Approval(login, "review", None, at)


def _labels(events: Iterable[Json]) -> Iterator[Approval]:
    """The labels that claim an exemption and are there, with who set them last."""
    last: dict[str, Json] = {}
    for each in events:
        if each.get("event") in ("labeled", "unlabeled"):
            last[_label(each).lower()] = each
    for each in last.values():
        login, at = _person(each.get("actor")), _time(each.get("created_at"))
        is_set = each["event"] == "labeled" and LABEL.fullmatch(_label(each))
        if is_set and login is not None and at:
            yield Approval(login, "label", _label(each), at)


def _label(event: Json) -> str:
    label = event.get("label")
    name = label.get("name") if isinstance(label, dict) else None
    return name if isinstance(name, str) else ""


def _person(user: object) -> str | None:
    """The login of a person; None for a program and for an account that is gone."""
    is_person = isinstance(user, dict) and user.get("type") == "User"
    return _login(user) if is_person else None


def _login(user: object) -> str | None:
    login = user.get("login") if isinstance(user, dict) else None
    return login if isinstance(login, str) and _LOGIN.fullmatch(login) else None


def _time(text: object) -> str | None:
    found = moment(text) if isinstance(text, str) else None
    return None if found is None else written(found)
