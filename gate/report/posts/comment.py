"""A verdict as the one comment of a pull request: made where there is something to say, and from
then on kept up to date.

https://docs.github.com/en/rest/issues/comments
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gate.clients.event import PULL_EVENTS
from gate.clients.github import Repository
from gate.errors import GateError
from gate.model.verdict import Verdict
from gate.report import markdown
from gate.report.posts.interface import Subject
from gate.report.posts.redact import redacted
from gate.report.posts.stamp import Stamp, read, written

MARKER = "<!-- {}: the verdict of this pull request -->"
BYTES = 64_000
"""Of the report, in a comment, which has up to 65,536 characters."""


class Unclear(Exception):  # noqa: N818 - it is a state of the world, not a fault
    """It is not clear which comment to write. `reason` says why: a clause."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def keep(
    repository: Repository,
    told: Verdict | GateError,
    said: Stamp,
    subject: Subject,
    hidden: Sequence[str],
) -> None:
    """Writes the comment of the subject's pull request, unless it says that already. Raises
    Unreachable, and Unclear."""
    number = _number(repository, subject)
    if number is None:
        return
    mark = MARKER.format(subject.name)
    own = _own(repository, number, mark)
    body = f"{mark}\n{redacted(_document(told), hidden)}\n\n{written(said)}"
    if own is not None:
        if read(own.get("body")) != said:
            path = f"issues/comments/{int(own['id'])}"
            repository.tell("PATCH", path, {"body": body}, again=True)
    elif isinstance(told, GateError) or told.verdict != "pass":
        repository.tell("POST", f"issues/{number}/comments", {"body": body}, again=False)


def _document(told: Verdict | GateError) -> str:
    if isinstance(told, GateError):
        return markdown.error_document(told, BYTES)
    return markdown.document(told, BYTES)


def _number(repository: Repository, subject: Subject) -> int | None:
    """The open pull request whose head was judged; None where the event is of something else."""
    event = subject.event
    if event is None:
        return _only(repository, str(subject.head))
    if event.pull is None or event.name not in PULL_EVENTS:
        return None
    pull = repository.one(f"pulls/{event.pull.number}")
    if pull.get("state") != "open":
        return None
    if _head(pull) != subject.head:
        raise Unclear(f"#{event.pull.number} has another head than {str(subject.head)[:7]} by now")
    return event.pull.number


def _only(repository: Repository, head: str) -> int | None:
    listed = repository.every(f"commits/{head}/pulls")
    numbers = [
        each["number"]
        for each in listed
        if each.get("state") == "open"
        and _head(each) == head
        and type(each.get("number")) is int
        and _is_of(each, repository.name)
    ]
    if len(numbers) > 1:
        named = ", ".join(f"#{number}" for number in numbers)
        raise Unclear(f"{head[:7]} is the head of several pull requests: {named}")
    return numbers[0] if numbers else None


def _is_of(pull: Any, name: str) -> bool:
    try:
        return bool(pull["base"]["repo"]["full_name"].lower() == name.lower())
    except (KeyError, TypeError, AttributeError):
        return False


def _head(pull: Any) -> object:
    head = pull.get("head")
    return head.get("sha") if isinstance(head, dict) else None


def _own(repository: Repository, number: int, mark: str) -> Any:
    """The comment that gate wrote before. The mark alone proves nothing: anybody can write it."""
    marked = [
        each
        for each in repository.every(f"issues/{number}/comments")
        if isinstance(each.get("body"), str) and each["body"].startswith(mark)
    ]
    if not marked:
        return None
    who = repository.who()
    return next((each for each in marked if _author(each) == who), None)


def _author(comment: Any) -> object:
    user = comment.get("user")
    return user.get("login") if isinstance(user, dict) else None
