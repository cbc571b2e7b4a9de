"""What is taken of an event of GitHub: a pull request, a merge queue's group, a push, and so on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PullRequest:
    """`author` is a login, `branch` the head's own name for itself, which may be of a fork.
    `commits` is how many GitHub counts, 0 where it does not say."""

    number: int
    author: str
    branch: str = ""
    labels: tuple[str, ...] = ()
    commits: int = 0


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is about to be deployed where. `number` is its id."""

    number: int
    environment: str


@dataclass(frozen=True, slots=True)
class Event:
    """An event, each part None where it has none.

    `name` is GitHub's (`pull_request`, `merge_group`, `push`, `deployment`, `workflow_dispatch`),
    `repository` is `owner/name`. `base` and `head` are full commit ids as the event tells them: of
    a push to a new branch there is no base, of a deleted one no head. `base_ref` is the branch
    that the change goes into, without `refs/heads/`; `head_ref` is the full ref of what is judged,
    as far as the event names one. `is_fork`: the head is of another repository, so that tokens
    may only read and there are no secrets.
    """

    name: str
    repository: str
    default_branch: str | None = None
    base: str | None = None
    base_ref: str | None = None
    head: str | None = None
    head_ref: str | None = None
    pull: PullRequest | None = None
    deployment: Deployment | None = None
    is_fork: bool = False
