"""Tells a verdict on GitHub, from any CI: a check run and a commit status on the judged commit, and
one comment on its pull request. Each stands for itself: one that cannot be written keeps nothing
else from being written.

https://docs.github.com/en/rest/commits/statuses
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gate.clients import github
from gate.clients.event import is_repository, is_sha
from gate.clients.http import Unreachable
from gate.errors import GateError
from gate.model.verdict import Verdict
from gate.report import markdown
from gate.report.posts import check_run, comment
from gate.report.posts.interface import Subject
from gate.report.posts.redact import redacted, secrets
from gate.report.posts.stamp import Stamp, stamp

SECONDS = 30.0
"""How long all posts together may take."""
DESCRIPTION = 140
"""Signs of a status's description."""

_PERMISSIONS = {
    "check run": "checks",
    "commit status": "statuses",
    "comment": "pull-requests",
}
_FOR_APPS = "GitHub App"
"""What GitHub's refusal of a check run names where the token is a person's."""
_PERSON = (
    "GitHub: the check run is not written: GitHub takes one from an app's token alone, and this is "
    "a person's (403). The commit status stands for it"
)
_PAGE = re.compile(r"https?://[^\s@\\]+")


def post(told: Verdict | GateError, subject: Subject) -> Sequence[str]:
    """Tells it. See `gate.report.posts.interface.Post`."""
    if subject.head is None or not is_sha(subject.head):
        return ["GitHub: nothing is posted: what was judged is no commit"]
    if subject.repository is None or not is_repository(subject.repository):
        return ["GitHub: nothing is posted: no repository is known (`GITHUB_REPOSITORY`)"]
    hidden = secrets()
    try:
        with github.opened(subject.repository, SECONDS) as repository:
            said = stamp(told, subject.head)
            return _posted(repository, redacted(told, hidden), said, subject, hidden)
    except Unreachable as error:
        return [f"GitHub: nothing is posted: {redacted(error.reason, hidden)}"]


def _posted(
    repository: github.Repository,
    told: Verdict | GateError,
    said: Stamp,
    subject: Subject,
    hidden: Sequence[str],
) -> list[str]:
    page, known = _page(), subject.check_run
    ways: dict[str, Callable[[], object]] = {
        "commit status": lambda: _status(repository, told, subject.name, said.head, page, hidden),
        "check run": lambda: check_run.create(repository, told, subject.name, said, page, hidden),
        "comment": lambda: comment.keep(repository, told, said, subject, hidden),
    }
    if known is not None:
        # GitHub takes 1,000 statuses of a name and commit, and then the last one stands for ever.
        del ways["commit status"]
        ways["check run"] = lambda: check_run.update(repository, told, said, known, hidden)
    complaints, forbidden = [], []
    for name, way in ways.items():
        try:
            way()
        except github.Forbidden as error:
            if _FOR_APPS in error.reason:
                complaints.append(_PERSON)
            else:
                forbidden.append(name)
        except (Unreachable, comment.Unclear) as error:
            complaints.append(
                f"GitHub: the {name} is not written: {redacted(error.reason, hidden)}"
            )
    return [*([_forbidden(forbidden)] if forbidden else []), *complaints]


def _forbidden(names: Sequence[str]) -> str:
    asked = ", ".join(f"{_PERMISSIONS[name]}: write" for name in names)
    what = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return (
        f"GitHub: the token may not write the {what} (403). Give the job `permissions: {{{asked}}}`"
        "; the token of a fork's pull request and of Dependabot may only read, and there the exit "
        "code is the verdict"
    )


def _status(
    repository: github.Repository,
    told: Verdict | GateError,
    name: str,
    head: str,
    page: str | None,
    hidden: Sequence[str],
) -> None:
    title = markdown.error_title(told) if isinstance(told, GateError) else markdown.title(told)
    body = {
        "state": _STATES.get(told.exit_code, "failure"),
        "context": name,
        "description": redacted(title, hidden)[:DESCRIPTION],
        **({} if page is None else {"target_url": page}),
    }
    repository.tell("POST", f"statuses/{head}", body, again=True)


_STATES: Mapping[int, str] = {0: "success", 2: "error", 4: "error"}
"""By the exit code. GitHub lets neither a failure nor an error pass."""


def _page() -> str | None:
    """The page of this run, in GitHub Actions, Jenkins or GitLab."""
    run = [os.environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    in_actions = "{}/{}/actions/runs/{}".format(*run) if all(run) else None
    found: Any = in_actions or os.environ.get("BUILD_URL") or os.environ.get("CI_JOB_URL")
    return found if found and _PAGE.fullmatch(found) else None
