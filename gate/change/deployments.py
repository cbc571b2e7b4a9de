"""What is deployed to an environment now, as GitHub knows it.

https://docs.github.com/en/rest/deployments/deployments and /rest/deployments/statuses
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gate.clients import github
from gate.clients.event import foreign, is_sha
from gate.clients.http import Unreachable
from gate.model.event import Event

_STANDING = frozenset({"success", "inactive"})
"""The last states of a deployment that went well; GitHub sets the second one when another one
follows."""


def last_deployed(event: Event, *, offline: bool) -> str | None:
    """The commit of the newest deployment to the environment of the event that succeeded, without
    the event's own; None where there is none yet. Raises Unreachable."""
    deployment = event.deployment
    assert deployment is not None
    reason = "GitHub is not asked with --offline" if offline else foreign(event)
    if reason is not None:
        raise Unreachable(reason)
    with github.opened(event.repository) as repository:
        known = repository.newest("deployments", {"environment": deployment.environment})
        for each in known:
            number, sha = each.get("id"), each.get("sha")
            if number == deployment.number:
                continue
            if type(number) is not int or not isinstance(sha, str) or not is_sha(sha):
                raise Unreachable("it tells of a deployment without a commit")
            if _succeeded(repository.newest(f"deployments/{number}/statuses", {})):
                return sha
    if len(known) >= github.PAGE:
        raise Unreachable(f"none of the last {github.PAGE} deployments there succeeded")
    return None


def _succeeded(statuses: Sequence[Mapping[str, Any]]) -> bool:
    dated = [each for each in statuses if type(each.get("id")) is int]
    states = [each.get("state") for each in sorted(dated, key=lambda each: -each["id"])]
    return "success" in states and states[0] in _STANDING
