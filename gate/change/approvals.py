"""Who approves of an exemption, as GitHub knows it.

An exemption is claimed by a commit's trailer (`Gate-Exempt: incident`) or by a label
(`gate-exempt: incident`, `gate-exempt/incident`). Only where a change claims one is GitHub asked,
in this order:

1. The event, which the runner wrote, names the pull request; its head must be the judged commit.
2. The token goes to the API that the environment names, and never where an event says.
3. Only people count who neither opened the pull request nor wrote one of its commits.
4. A review counts that approves this very commit, is the last opinion of a person who may write to
   the repository, and was not dismissed.
5. A label counts that claims an exemption and is still there, for the person who set it last.

What cannot be learned approves of nothing, and `approvals_reason` says why.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gate.change.interface import ChangeRequest
from gate.clients.address import is_loopback
from gate.errors import UsageError
from gate.model.change import Approval, Change, Commit
from gate.model.times import moment, written

TRAILER = "gate-exempt"
LABEL = re.compile(r"gate-exempt\s*[:/]\s*\S.*", re.IGNORECASE)
"""A label that claims an exemption."""

EVENTS = frozenset({"pull_request", "pull_request_target", "pull_request_review"})
EVENT_BYTES = 32 * 1024 * 1024
API = "https://api.github.com"
KNOWN_COMMITS = 250
"""GitHub tells no more commits of a pull request."""

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*/[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*")
_SHA = re.compile(r"[0-9a-f]{40,64}")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_ADDRESS = re.compile(r"<(?:[0-9]+\+)?([^<>@+]+)@users\.noreply\.[^<>@]+>", re.IGNORECASE)
_OPINIONS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Event:
    """What is taken of an event. `repository` is `owner/name`, `author` a login."""

    repository: str
    number: int
    head: str
    author: str
    labels: tuple[str, ...]
    commits: int


class _UnknownError(Exception):
    """Why nobody's approval is known."""


def approved(change: Change, request: ChangeRequest) -> Change:
    """The change with the labels of its pull request, and with the approvals that hold where it
    claims an exemption. Raises UsageError for an `--event` that is no pull request's."""
    if change.kind == "tree":
        return change
    event, lost = _event(request)
    if event is not None:
        labels = dict.fromkeys((*change.labels, *event.labels))
        change = replace(change, labels=tuple(labels))
    if not claims_exemption(change):
        return change
    if event is None and lost is None:
        return replace(change, approvals_reason="nobody was asked: no pull request is known")
    try:
        found = _approvals(change, event, lost, offline=request.offline)
    except _UnknownError as error:
        return replace(change, approvals=(), approvals_reason=str(error))
    return replace(change, approvals=found)


def claims_exemption(change: Change) -> bool:
    """Whether a commit or a label claims an exemption."""
    return any(TRAILER in commit.trailers for commit in change.commits) or any(
        LABEL.fullmatch(label) for label in change.labels
    )


def _event(request: ChangeRequest) -> tuple[_Event | None, str | None]:
    """The event, or why there is none where a machine judges; neither by hand."""
    if request.event is not None:
        try:
            return _read(request.event), None
        except _UnknownError as error:
            raise UsageError(
                f"--event {request.event}: {error}.",
                advice="Give it the payload of a pull request's event.",
            ) from error
    if os.environ.get("GITHUB_ACTIONS") == "true":
        name = os.environ.get("GITHUB_EVENT_NAME", "")
        if name not in EVENTS:
            return None, f"the event {name or 'of this run'} is none of a pull request"
        try:
            return _read(Path(os.environ.get("GITHUB_EVENT_PATH") or "GITHUB_EVENT_PATH")), None
        except _UnknownError as error:
            return None, f"the event of this run: {error}"
    if os.environ.get("CI", "").lower() in ("", "0", "false", "no"):
        return None, None
    return None, "no event is named (`--event FILE`)"


def _read(file: Path) -> _Event:
    try:
        with file.open("rb") as stream:
            data = stream.read(EVENT_BYTES + 1)
        found: Any = json.loads(data) if len(data) <= EVENT_BYTES else None
    except OSError as error:
        raise _UnknownError(f"it cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _UnknownError("it is no JSON") from error
    try:
        pull = found["pull_request"]
        return _checked(
            _Event(
                repository=pull["base"]["repo"]["full_name"],
                number=pull["number"],
                head=pull["head"]["sha"],
                author=pull["user"]["login"],
                labels=tuple(label["name"] for label in pull["labels"]),
                commits=pull.get("commits", 0),
            )
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise _UnknownError("it is no event of a pull request") from error


def _checked(event: _Event) -> _Event:
    """It becomes part of an address: what it holds must be what it says."""
    right = (
        _is(_NAME, event.repository)
        and _is(_SHA, event.head)
        and isinstance(event.author, str)
        and all(isinstance(label, str) for label in event.labels)
        and all(type(number) is int for number in (event.number, event.commits))
        and event.number > 0
    )
    if not right:
        raise TypeError
    return event


def _is(pattern: re.Pattern[str], text: object) -> bool:
    return isinstance(text, str) and pattern.fullmatch(text) is not None


def _approvals(
    change: Change, event: _Event | None, lost: str | None, *, offline: bool
) -> tuple[Approval, ...]:
    if event is None:
        raise _UnknownError(lost)
    if change.head != event.head:
        judged = change.head[:7] if change.head else "what is no commit"
        raise _UnknownError(
            f"the event is about {event.head[:7]}, and {judged} is judged "
            f"(`--head {event.head[:7]}` judges the former)"
        )
    named = os.environ.get("GITHUB_REPOSITORY")
    if named and named.lower() != event.repository.lower():
        raise _UnknownError(f"the event is of {event.repository}, and this runs for {named}")
    if offline:
        raise _UnknownError("offline")
    token = os.environ.get("GATE_GITHUB_TOKEN") or os.environ.get("GITHUB_TOKEN")
    if not token:
        raise _UnknownError("there is no token (`GITHUB_TOKEN`, `GATE_GITHUB_TOKEN`)")
    return _asked(change.commits, event, token)


def _asked(commits: Sequence[Commit], event: _Event, token: str) -> tuple[Approval, ...]:
    from gate.clients.github import HEADERS, SECONDS, PullRequest
    from gate.clients.http import Access, Session

    access = Access(token=token, headers=HEADERS)
    until = time.monotonic() + SECONDS
    with _told(), Session(access) as session:
        asked = PullRequest(session, access, _api(), event.repository, event.number, until)
        listed = asked.commits()
        if max(event.commits, len(listed)) >= KNOWN_COMMITS:
            raise _UnknownError(f"who wrote its {KNOWN_COMMITS} commits and more is not known")
        if not any(each.get("sha") == event.head for each in listed):
            raise _UnknownError(f"the pull request does not hold {event.head[:7]} any more")
        own = {event.author.lower(), *_writers(commits), *_accounts(listed)}
        reviews = [
            review
            for review in _reviews(asked.reviews(), event.head)
            if review.by.lower() not in own and asked.may_write(review.by)
        ]
        labels = [each for each in _labels(asked.events()) if each.by.lower() not in own]
        return (*reviews, *labels)


@contextmanager
def _told() -> Iterator[None]:
    from gate.clients.http import Unreachable

    try:
        yield
    except Unreachable as error:
        raise _UnknownError(f"GitHub: {error.reason}") from error


def _api() -> str:
    """The address that the runner names. A token is not sent over a line that others can read."""
    address = (os.environ.get("GITHUB_API_URL") or API).rstrip("/")
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise _UnknownError("GITHUB_API_URL is no address") from error
    is_here = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not is_here:
        raise _UnknownError("GITHUB_API_URL is no address that begins with https://")
    return address


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
    return login if _is(_LOGIN, login) else None


def _time(text: object) -> str | None:
    found = moment(text) if isinstance(text, str) else None
    return None if found is None else written(found)
