"""What the manifests say: resources with an old and a new side, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

ResourceStatus = Literal["added", "modified", "deleted", "present", "unchanged"]
ProblemKind = Literal["unreadable", "unrendered"]
Side = Literal["old", "new"]
Path = Sequence[str | int]

MERGE_KEYS = (
    "name",
    "containerPort",
    "port",
    "key",
    "ip",
    "mountPath",
    "devicePath",
    "topologyKey",
    "uid",
    "type",
    "path",
    "alert",
    "record",
    "id",
)
"""What names an element of a list: the merge keys of Kubernetes' strategic merge patch (its
`+patchMergeKey` marks), then those of Prometheus rules and other lists of named things."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that differs. `path` holds keys and list indexes, of the new object, or of the
    old one where `op` is `remove`. A value that is absent is None."""

    path: tuple[str | int, ...]
    op: Literal["add", "remove", "replace"]
    old: Any = None
    new: Any = None


@dataclass(frozen=True, slots=True)
class Resource:
    """One manifest object, as it was (`old`) and as it will be (`new`).

    `id` is `group/Kind/namespace/name`, unique in the input. A file that is no Kubernetes object
    has kind `File` and group `file`.
    """

    id: str
    group: str
    version: str
    kind: str
    namespace: str | None
    name: str
    status: ResourceStatus
    path: str
    old_path: str | None = None
    service: str | None = None
    environments: tuple[str, ...] = ()
    old: Any = None
    new: Any = None
    changes: tuple[FieldChange, ...] = ()
    patch: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the gate cannot see. `unreadable` makes the verdict undecided (a setting),
    `unrendered` is listed."""

    path: str
    kind: ProblemKind
    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """Where a finding stands. Lines and columns count from 1. `side` old: in the base."""

    path: str
    line: int | None = None
    column: int | None = None
    side: Side = "new"


class Locator(Protocol):
    """Finds lines, only for what is shown: it parses again, with positions."""

    def __call__(self, resource_id: str, path: Path) -> Location | None:
        """The place of the nearest existing ancestor of `path` in the new object; for a deleted
        one its line in the base. None for an id that is not in the input."""

    def positions(self) -> Mapping[str, Any]:
        """All places, as JSON, for a saved input. `gate.model.places.SavedPlaces` reads it."""


@dataclass(frozen=True, slots=True)
class Service:
    """What is deployed and has SLOs. `tier` 1 is mission-critical; None is not known."""

    name: str
    tier: int | None = None
    owners: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    runbook: str | None = None


DEFAULT_ENVIRONMENT = "default"
"""The one environment where nobody names any."""

NO_SERVICE = "(no service)"
"""Stands for the service of objects that belong to none: a freeze holds for these too."""


@dataclass(frozen=True, slots=True)
class Target:
    """A service in an environment."""

    service: str
    environment: str
    tier: int | None = None


@dataclass(frozen=True, slots=True)
class Manifests:
    """What one reading of a change gives."""

    resources: Sequence[Resource]
    unchanged: Sequence[Resource]
    services: Mapping[str, Service]
    targets: Sequence[Target]
    problems: Sequence[Problem]
    indirect: int
    locate: Locator
    environments: Sequence[str] = field(default=())
