"""GitHub: is the gate's check required, may the token post, does the workflow always report?

Only GET: nothing is left behind. So what the token may write is not known, and told so.

https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch and
/rest/branches/branches#get-a-branch
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gate.adoption.doctor import unavailable, workflows
from gate.adoption.doctor.place import Place
from gate.adoption.doctor.workflows import OWN_CHECK, Job
from gate.change.origin import origin
from gate.clients.github import Repository, opened
from gate.clients.github_environment import token
from gate.clients.http import Unreachable
from gate.model.diagnosis import Result

_READS: Mapping[str, tuple[str, str]] = {
    "checks": ("commits/{sha}/check-runs", "an earlier verdict is not found again"),
    "statuses": ("commits/{sha}/statuses", "an earlier status is not found again"),
    "pull-requests": ("pulls", "approvals and labels are not known"),
    "deployments": ("deployments", "what a deployment is compared with is not known"),
}
"""Permissions, what is asked to see whether they are there, and what is missing without."""


@dataclass(frozen=True, slots=True)
class Required:
    """The checks that a branch requires, by name, with who must report them (None: anybody).
    `loose`: its merge queue asks only the last of several pull requests for them."""

    checks: Mapping[str, int | None]
    queued: bool
    loose: bool


def results(place: Place) -> Iterator[Result]:
    """What GitHub and the workflows say."""
    found, lost = workflows.jobs(place.tree)
    required, told = _asked(place, found)
    lax = unavailable.warned(place.book).get(unavailable.PULL_REQUEST)
    if lax and required is not None and not required.queued:
        yield unavailable.hole("github", place.book, unavailable.PULL_REQUEST, lax)
    for job in found:
        yield from workflows.results(job, queued=None if required is None else required.queued)
    yield from lost
    if not found and not lost:
        text = f"no workflow in {workflows.FOLDER} runs the gate"
        yield _note("workflow", text, "`gate init` proposes one; another CI may do it as well.")
    yield from told


def _asked(place: Place, found: Sequence[Job]) -> tuple[Required | None, Sequence[Result]]:
    """What GitHub requires of the branch, and the results of asking it."""
    name = os.environ.get("GITHUB_REPOSITORY") or origin(place.request.what.repo)
    if place.request.offline:
        return None, [_lost("required check", "--offline: GitHub was not asked")]
    if not name:
        why = "no repository on GitHub is known: neither GITHUB_REPOSITORY nor `origin` names one"
        return None, [_lost("required check", why, "Elsewhere, leave this out with --only.")]
    if token() is None:
        why = "there is no token (`GITHUB_TOKEN`, `GATE_GITHUB_TOKEN`)"
        todo = "GITHUB_TOKEN=$(gh auth token) gate doctor"
        return None, [_lost("required check", f"{name}: {why}", todo)]
    try:
        with opened(name) as repository:
            branch = _branch(place, repository)
            required = _required(repository, branch)
            checks = [*_check(required, branch, found), *_token(place, repository)]
            return required, checks
    except Unreachable as error:
        return None, [_lost("required check", f"{name}: {error.reason}")]


def _branch(place: Place, repository: Repository) -> str:
    if place.branch is not None:
        return place.branch.removeprefix("origin/")
    return str(repository.one()["default_branch"])


def _required(repository: Repository, branch: str) -> Required:
    """From rulesets, and from the branch's protection."""
    place = quote(branch, safe="")
    checks: dict[str, int | None] = {}
    queued = loose = False
    for rule in repository.every(f"rules/branches/{place}"):
        if rule.get("type") == "merge_queue":
            queued = True
            loose = loose or _map(rule.get("parameters")).get("grouping_strategy") == "HEADGREEN"
        if rule.get("type") == "required_status_checks":
            for each in _list(_map(rule.get("parameters")).get("required_status_checks")):
                checks[str(each.get("context"))] = each.get("integration_id")
    protection = _map(repository.one(f"branches/{place}").get("protection"))
    told = _map(protection.get("required_status_checks"))
    if told.get("enforcement_level") != "off":
        for context in told.get("contexts") or ():
            checks.setdefault(str(context), None)
        for each in _list(told.get("checks")):
            checks[str(each.get("context"))] = each.get("app_id")
    return Required(checks, queued, loose)


def _check(required: Required, branch: str, found: Sequence[Job]) -> Iterator[Result]:
    names = dict.fromkeys([OWN_CHECK, *(job.check for job in found)])
    own = [name for name in names if name in required.checks]
    if not own:
        others = ", ".join(required.checks)
        told = f"{branch} does not require the gate's check" + (
            f" (it requires {others})" if others else ""
        )
        wanted = found[0].check if found else OWN_CHECK
        todo = f"Require `{wanted}` in a ruleset or the branch's protection."
        yield Result("github", "required check", "hole", told, todo, "required check")
        return
    yield Result("github", "required check", "ok", f"{branch} requires {' and '.join(own)}")
    for name in own:
        if required.checks[name] is None:
            told = f"anybody who may write statuses can report {name}"
            yield _note("required check", told, "Choose GitHub Actions as its source.")
    if required.loose:
        told = "it merges several at once where the last one passes, and each run judges one alone"
        todo = "Turn on `Only merge non-failing pull requests` in the queue's settings."
        yield Result("github", "merge queue", "hole", told, todo, "merge queue")
        return
    yield Result("github", "merge queue", "ok", "on" if required.queued else "off")


def _token(place: Place, repository: Repository) -> Iterator[Result]:
    """What the token may read. What it may write shows only when something is written."""
    lost = []
    for name, (path, without) in _READS.items():
        if "{sha}" in path and place.sha is None:
            continue
        reply = repository.reply(path.format(sha=place.sha), {"per_page": "1"})
        if reply.status in (401, 403, 404):
            lost.append(name)
            yield _note(
                f"token: {name}",
                f"it may not read them ({reply.status}): {without}",
                f"`permissions: {{{name}: read}}`, or write to post.",
            )
    if not lost:
        yield Result("github", "token", "ok", "it may read what the gate reads")
    told = "what it may write shows only when something is posted; the verdict needs none of it"
    yield _note("token: writing", told, "Look at `permissions` of the workflow.")


def _map(told: Any) -> Mapping[str, Any]:
    return told if isinstance(told, dict) else {}


def _list(told: Any) -> Sequence[Mapping[str, Any]]:
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


def _note(check: str, told: str, todo: str) -> Result:
    return Result("github", check, "note", told, todo)


def _lost(check: str, told: str, todo: str | None = None) -> Result:
    return Result("github", check, "not_looked", told, todo)
