"""Reads an event of GitHub: the payload of a webhook, as GitHub Actions leaves it in a file.

https://docs.github.com/en/webhooks/webhook-events-and-payloads

What it holds becomes part of addresses, of Git's refspecs and of what people read, so that each
part is looked at; one that is not as GitHub writes it is refused with a reason.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gate.model import strict_json
from gate.model.event import Deployment, Event, PullRequest

PULL_EVENTS = frozenset({"pull_request", "pull_request_target", "pull_request_review"})
"""The events that hold their pull request."""

EVENT_BYTES = 32 * 1024 * 1024
GHOST = "ghost"
"""GitHub's name for an account that is gone."""

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_ZEROS = re.compile(r"0+")
_PART = r"[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*"
_REPOSITORY = re.compile(rf"(?!-){_PART}/{_PART}")
_WORD = re.compile(r"[a-z][a-z_]{0,63}")
_NO_REF = re.compile(
    r"\.\.|@\{|//|[\x00-\x20\x7f~^:?*\[\\]|^-|(?:^|/)\.|\.lock(?:/|$)|[./]$|^/|^@?$"
)
_QUEUED = re.compile(r"refs/heads/gh-readonly-queue/.+/pr-([1-9][0-9]{0,14})-[0-9a-f]{40,64}")
_NUMBERS = 2**53
_NAME_LENGTH = 1024

Json = Mapping[str, Any]


class UnknownEvent(Exception):  # noqa: N818 - it is a state of the world, not a fault
    """No event can be read. `reason` says why: a clause to stand after the event's name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def of_run(file: Path | None = None) -> Event | None:
    """The event of a file, whose kind its content tells; without one the event that GitHub Actions
    runs for, None where this is no run of it. Raises UnknownEvent."""
    path = os.environ.get("GITHUB_EVENT_PATH")
    name: str | None = os.environ.get("GITHUB_EVENT_NAME")
    in_actions = os.environ.get("GITHUB_ACTIONS") == "true"
    if file is None:
        if not in_actions:
            return None
        if not path:
            raise UnknownEvent("`GITHUB_EVENT_PATH` names no file")
        file = Path(path)
    elif not in_actions or str(file) != path:
        name = None
    found = _payload(file)
    return of_payload(name or _kind(found), found)


def of_payload(name: str, payload: Json) -> Event:
    """The event of a webhook's body. One of a kind that says nothing of a change has neither base
    nor head. Raises UnknownEvent."""
    if _WORD.fullmatch(name) is None:
        raise UnknownEvent("its name is none of an event")
    known = "pull_request" if name in PULL_EVENTS else name.removesuffix("_status")
    return replace(_READERS.get(known, _any)(payload), name=name)


def of_pull(name: str, pull: object, repository: str | None = None) -> Event:
    """The event that a pull request would have, as GitHub's REST API tells of it
    (`GET /repos/{owner}/{repo}/pulls/{number}`). It must be one of `repository`, where that is
    given. Raises UnknownEvent."""
    event = of_payload(name, {"pull_request": pull})
    if repository is not None and repository.lower() != event.repository.lower():
        raise UnknownEvent(f"it is of {event.repository}, and not of {repository}")
    return event


def queued(event: Event) -> int | None:
    """The number of the pull request that a merge queue tries: its branch is named after it."""
    named = _QUEUED.fullmatch(event.head_ref or "") if event.name == "merge_group" else None
    return int(named[1]) if named else None


def foreign(event: Event) -> str | None:
    """Why nothing is asked of GitHub with this run's token: the event is of another repository
    than the run."""
    named = os.environ.get("GITHUB_REPOSITORY")
    if not named or named.lower() == event.repository.lower():
        return None
    return f"the event is of {event.repository}, and this runs for {named}"


def is_sha(text: str) -> bool:
    """Whether it is a full commit id."""
    return _SHA.fullmatch(text) is not None


def is_repository(name: str) -> bool:
    """Whether it is `owner/name`."""
    return _REPOSITORY.fullmatch(name) is not None


def is_ref(name: str) -> bool:
    """Whether Git takes a name for a branch, a tag or a full ref (git-check-ref-format(1)). It is
    never an option or a pattern."""
    return len(name) <= _NAME_LENGTH and _NO_REF.search(name) is None and _is_text(name)


def _payload(file: Path) -> Json:
    try:
        with file.open("rb") as stream:
            data = stream.read(EVENT_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its name is none of a file"
        raise UnknownEvent(f"it cannot be read: {why}") from error
    if len(data) > EVENT_BYTES:
        raise UnknownEvent(f"it is larger than {EVENT_BYTES // 1024**2} MB")
    try:
        found = strict_json.read(data)
    except ValueError as error:
        raise UnknownEvent("it is no JSON") from error
    if not isinstance(found, dict):
        raise UnknownEvent("it is no event of GitHub")
    return found


def _kind(payload: Json) -> str:
    """What an event is, as only its own parts tell it."""
    kinds = (
        ("merge_group", ("merge_group",)),
        ("pull_request_review", ("pull_request", "review")),
        ("pull_request", ("pull_request",)),
        ("deployment_status", ("deployment_status", "deployment")),
        ("deployment", ("deployment",)),
        ("push", ("ref", "before", "after")),
        ("workflow_dispatch", ("inputs", "ref", "workflow")),
        ("schedule", ("schedule",)),
    )
    for name, parts in kinds:
        if all(part in payload for part in parts):
            return name
    raise UnknownEvent("it is no event that tells of a change")


def _pull_request(payload: Json) -> Event:
    repository = _repository(payload, "pull_request.base.repo.full_name")
    number = _number(payload, "pull_request.number")
    own = _at(payload, "pull_request.head.repo.full_name")
    return Event(
        name="",
        repository=repository,
        default_branch=_branch(payload, "pull_request.base.repo.default_branch", optional=True),
        base=_sha(payload, "pull_request.base.sha"),
        base_ref=_branch(payload, "pull_request.base.ref"),
        head=_sha(payload, "pull_request.head.sha"),
        head_ref=f"refs/pull/{number}/head",
        pull=PullRequest(
            number=number,
            author=_author(payload),
            branch=_branch(payload, "pull_request.head.ref") or "",
            labels=_labels(payload),
            commits=_commits(payload),
        ),
        is_fork=not isinstance(own, str) or own.lower() != repository.lower(),
    )


def _merge_group(payload: Json) -> Event:
    base_ref = _ref(payload, "merge_group.base_ref")
    if not base_ref.startswith("refs/heads/"):
        raise _wrong("merge_group.base_ref")
    return replace(
        _any(payload),
        base=_sha(payload, "merge_group.base_sha"),
        base_ref=base_ref.removeprefix("refs/heads/"),
        head=_sha(payload, "merge_group.head_sha"),
        head_ref=_ref(payload, "merge_group.head_ref"),
    )


def _push(payload: Json) -> Event:
    ref = _ref(payload, "ref")
    before, after = _sha(payload, "before"), _sha(payload, "after")
    return replace(
        _any(payload),
        base=None if _ZEROS.fullmatch(before) else before,
        base_ref=ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None,
        head=None if _ZEROS.fullmatch(after) else after,
        head_ref=ref,
    )


def _deployment(payload: Json) -> Event:
    environment = _at(payload, "deployment.environment")
    if not isinstance(environment, str) or not environment or not _is_text(environment):
        raise _wrong("deployment.environment")
    return replace(
        _any(payload),
        head=_sha(payload, "deployment.sha"),
        deployment=Deployment(_number(payload, "deployment.id"), environment),
    )


def _any(payload: Json) -> Event:
    """What all events tell. A scheduled run's payload may not say for which repository it runs."""
    if _at(payload, "repository") is None:
        payload = {**payload, "repository": {"full_name": os.environ.get("GITHUB_REPOSITORY")}}
    return Event(
        name="",
        repository=_repository(payload, "repository.full_name"),
        default_branch=_branch(payload, "repository.default_branch", optional=True),
    )


_READERS: Mapping[str, Callable[[Json], Event]] = {
    "pull_request": _pull_request,
    "merge_group": _merge_group,
    "push": _push,
    "deployment": _deployment,
}


def _at(payload: Json, place: str) -> Any:
    """The value at a place such as `pull_request.head.sha`; None where there is none."""
    found: Any = payload
    for key in place.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _wrong(place: str) -> UnknownEvent:
    return UnknownEvent(f"its `{place}` is missing, or not what GitHub writes there")


def _sha(payload: Json, place: str) -> str:
    found = _at(payload, place)
    if not isinstance(found, str) or not is_sha(found):
        raise _wrong(place)
    return found


def _ref(payload: Json, place: str) -> str:
    found = _at(payload, place)
    if not isinstance(found, str) or not found.startswith("refs/") or not is_ref(found):
        raise _wrong(place)
    return found


def _branch(payload: Json, place: str, *, optional: bool = False) -> str | None:
    found = _at(payload, place)
    if found is None and optional:
        return None
    if not isinstance(found, str) or not is_ref(found):
        raise _wrong(place)
    return found


def _repository(payload: Json, place: str) -> str:
    found = _at(payload, place)
    if not isinstance(found, str) or not is_repository(found):
        raise _wrong(place)
    return found


def _number(payload: Json, place: str) -> int:
    found = _at(payload, place)
    if type(found) is not int or not 0 < found < _NUMBERS:
        raise _wrong(place)
    return found


def _commits(payload: Json) -> int:
    pull = _at(payload, "pull_request")
    found = pull.get("commits", 0)
    if type(found) is not int or not 0 <= found < _NUMBERS:
        raise _wrong("pull_request.commits")
    return found


def _author(payload: Json) -> str:
    if "user" in _at(payload, "pull_request") and _at(payload, "pull_request.user") is None:
        return GHOST
    found = _at(payload, "pull_request.user.login")
    if not isinstance(found, str) or not found or not _is_text(found):
        raise _wrong("pull_request.user.login")
    return found


def _labels(payload: Json) -> tuple[str, ...]:
    found = _at(payload, "pull_request.labels")
    if not isinstance(found, list):
        raise _wrong("pull_request.labels")
    names = [name for each in found if isinstance(name := _at(each, "name"), str)]
    if len(names) < len(found):
        raise _wrong("pull_request.labels")
    return tuple(names)


def _is_text(text: str) -> bool:
    """Whether it is text without control characters, which a file in UTF-8 can hold."""
    return not any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 for sign in text)
