"""What an event of GitHub is about: base and head of a pull request, a merge queue's group, a push
or a deployment.

The tip of the branch that the change goes into judges, as `origin` has it now, and not as it was
when the event was written: today's freeze holds for the branches of last week.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from gate.change.clone import NAME_IT, Clone, MissingError, local_name
from gate.change.fetch import Origin
from gate.change.git import Repository, closed_on_error, open_repository
from gate.change.history import (
    Point,
    commits,
    find_point,
    is_ancestor,
    merge_bases,
    parents,
)
from gate.change.interface import ChangeRequest, ObjectsOf, OpenSource
from gate.change.range import open_between, open_step
from gate.clients.event import PULL_EVENTS, queued
from gate.errors import ChangeError
from gate.model.change import Rollback
from gate.model.event import Event


def open_event(request: ChangeRequest) -> OpenSource:
    """The change that the request's event is about. Raises ChangeError."""
    event = request.event
    assert isinstance(event, Event)
    opener = _OPENERS.get("pull_request" if event.name in PULL_EVENTS else event.name)
    if opener is None:
        raise ChangeError(f"The event {event.name} does not say what changes.", advice=NAME_IT)
    with closed_on_error(open_repository(request.repo)) as repository:
        origin = Origin(repository, event.repository, offline=request.offline)
        if origin.stranger is not None:
            raise ChangeError(
                f"origin is {origin.stranger}, and not {event.repository}, of which the event is.",
                advice="Judge it in a clone of that repository: none of another one's branches is "
                f"trusted. {NAME_IT}",
            )
        clone = Clone(repository, origin, event, request.trust == "head")
        if origin.is_partial and not request.offline:
            repository.objects.absent = clone.complete
        return opener(clone)


def _pull_request(clone: Clone) -> OpenSource:
    """A pull request's head against the tip of its branch, from where they met."""
    event = clone.event
    assert event.pull is not None
    assert event.head is not None
    assert event.base_ref is not None
    of_fork = " of a fork" if event.is_fork else ""
    name = f"pull request {event.pull.number} ({event.pull.branch}{of_fork})"
    base = clone.tip(event.base_ref)
    return _between(clone, base, clone.commit(event.head, name, event.head_ref))


def _merge_group(clone: Clone) -> OpenSource:
    """What a group adds to what is queued before it. That is not merged yet, so that the tip of the
    branch judges."""
    event = clone.event
    assert event.base is not None
    assert event.head is not None
    assert event.base_ref is not None
    number = queued(event)
    what = "the merge group" if number is None else f"pull request {number} in the merge queue"
    trusted = clone.tip(event.base_ref)
    base = clone.commit(event.base, f"what {event.base_ref} will be")
    head = clone.commit(event.head, what, event.head_ref)
    source = _step(clone, base, head, trusted, f"{what} against {trusted.label}")
    return replace(source, holds=partial(_holds, clone, base, head))


def _push(clone: Clone) -> OpenSource:
    """What a push changes, judged by what was there before; a tag, which judges nothing, by the
    default branch."""
    event = clone.event
    ref = event.head_ref or ""
    what = f"tag {local_name(ref)}" if ref.startswith("refs/tags/") else f"branch {local_name(ref)}"
    if event.head is None:
        return _nothing(clone, f"the {what} was deleted: nothing to judge")
    head = clone.commit(event.head, f"the push to the {what}", ref)
    if event.base is None:
        return _new_ref(clone, head, what)
    try:
        base = clone.commit(event.base, f"{local_name(ref)} before the push")
    except MissingError:
        if event.base_ref == clone.default_branch():
            raise
        return _new_ref(clone, head, f"{what}, of which the commit before cannot be had")
    trusted = clone.default_tip() if event.base_ref is None else base
    return _step(clone, base, head, trusted, head.label)


def _new_ref(clone: Clone, head: Point, what: str) -> OpenSource:
    """A branch or a tag that was not there before, against the default branch."""
    name = clone.default_branch()
    if clone.event.base_ref == name:
        return _step(clone, None, head, None, f"the first push to the {what}: everything is new")
    found = replace(head, label=f"the new {what}")
    return _between(clone, clone.tip(name), found)


def _deployment(clone: Clone) -> OpenSource:
    """What a deployment changes where it goes: since the last one there that succeeded."""
    event = clone.event
    assert event.deployment is not None
    assert event.head is not None
    to = event.deployment.environment
    trusted = clone.default_tip()
    head = clone.commit(event.head, f"the deployment to {to}")
    last = _last_deployed(clone)
    if last is None:
        what = f"the first deployment to {to} ({head.short}): everything is new"
        source = _step(clone, None, head, trusted, what)
    else:
        base = clone.commit(last, f"what is deployed to {to}")
        source = _step(clone, base, head, trusted, f"{head.label} since the last one there")
    return replace(source, change=replace(source.change, deployed_to=to))


_OPENERS: Mapping[str, Callable[[Clone], OpenSource]] = {
    "pull_request": _pull_request,
    "merge_group": _merge_group,
    "push": _push,
    "deployment": _deployment,
    "deployment_status": _deployment,
}


def _between(clone: Clone, base: Point, head: Point) -> OpenSource:
    """A head against a branch, from where they met."""
    clone.meet(base, head)
    for meeting in merge_bases(clone.repository, base, head):
        clone.bring_changed(meeting.tree, head.tree)
    return _quick(clone, open_between(clone.repository, base, head, trust_head=clone.trust_head))


def _step(
    clone: Clone, base: Point | None, head: Point, trusted: Point | None, description: str
) -> OpenSource:
    """One state and the next: also where the next is no successor, as after a forced push."""
    repository = clone.repository
    if base is not None:
        clone.meet(base, head)
    start = repository.empty_tree if base is None else base.tree
    clone.bring_changed(start, head.tree)
    # Where everything is new, what is told of the commits before binds nobody now.
    most = 1 if base is None else None
    source = open_step(
        repository,
        base,
        head,
        description=f"{description} ({base.short}..{head.short})" if base else description,
        written=commits(repository, head, () if base is None else (base.sha,), most=most),
        trusted=trusted,
        look_from=trusted if base is None or _is_apart(repository, base, trusted) else base,
        trust_head=clone.trust_head,
        nothing="the branch before its first push",
    )
    return _quick(clone, source)


def _is_apart(repository: Repository, base: Point, trusted: Point | None) -> bool:
    return trusted is not None and not is_ancestor(repository, base.sha, trusted.sha)


def _nothing(clone: Clone, description: str) -> OpenSource:
    """No change. The commit that is checked out stands for both sides."""
    head = find_point(clone.repository, "HEAD")
    if head is None:
        raise ChangeError("The repository has no commits yet.", advice=NAME_IT)
    source = _step(clone, head, head, head, description)
    return replace(source, change=replace(source.change, description=description))


def _quick(clone: Clone, source: OpenSource) -> OpenSource:
    """A partial clone is not asked for all that its history held."""
    objects, look_back = clone.repository.objects, source.look_back

    def looked(objects_of: ObjectsOf) -> Rollback | None:
        absent, objects.absent = objects.absent, None
        try:
            return look_back(objects_of)
        finally:
            objects.absent = absent

    return replace(source, look_back=looked)


def _holds(clone: Clone, base: Point, head: Point, number: int, sha: str) -> str | None:
    """A queue merges a pull request's head as it is, or writes its changes anew: then what differs
    must be the same, file by file."""
    if parents(clone.repository, head) == [base.sha, sha]:
        return None
    own = f"pull request {number} ({sha[:7]})"
    try:
        other = clone.commit(sha, own, f"refs/pull/{number}/head")
        clone.meet(base, other)
        meetings = merge_bases(clone.repository, base, other)
    except ChangeError as error:
        return error.message.rstrip(".")
    ours = clone.changed(base.tree, head.tree)
    theirs = [clone.changed(at.tree, other.tree) for at in meetings]
    if [ours] == theirs:
        return None
    return f"the merge queue's files are not those that {own} changes"


def _last_deployed(clone: Clone) -> str | None:
    from gate.change.deployments import last_deployed
    from gate.clients.http import Unreachable

    deployment = clone.event.deployment
    assert deployment is not None
    try:
        return last_deployed(clone.event, offline=clone.origin.offline)
    except Unreachable as error:
        raise ChangeError(
            f"What is deployed to {deployment.environment} is not known: {error.reason}.",
            advice=f"The job needs a token with `deployments: read`. {NAME_IT}",
        ) from error
