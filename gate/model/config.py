"""The configuration as the stages take it. `gate.config` reads and checks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["deny", "warn", "off"]
OnUnavailable = Literal["deny", "warn", "undecided"]
Ways = Mapping[str, OnUnavailable]
"""What follows where evidence is unavailable, by the event that the change came through; `default`
stands for all others, and for a change that is judged by hand."""
Mode = Literal["enforce", "advisory"]

EVIDENCE_KINDS = ("slo", "freeze", "delivery", "incidents", "alerts")


@dataclass(frozen=True, slots=True)
class ManifestConfig:
    """Which files count, and what follows from those that cannot be read or rendered."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    unreadable: Literal["undecided", "list"] = "undecided"
    unrendered: Literal["undecided", "list"] = "list"


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    paths: tuple[str, ...] = ()
    tier: int | None = None
    owners: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    runbook: str | None = None


@dataclass(frozen=True, slots=True)
class RuleConfig:
    """None: as the rule's metadata says. `on_unavailable` says nothing of an event: as the whole
    config does."""

    level: Level | None = None
    on_unavailable: OnUnavailable | Ways | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """A time-limited exception. Exactly one of `resource`, `service`, `path` is set, or none:
    then it holds for the whole rule. `expires` is an RFC 3339 time; a bare date ends with that
    day in UTC."""

    rule: str
    expires: str
    reason: str
    resource: str | None = None
    service: str | None = None
    path: str | None = None
    ticket: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Conftest:
    """Policies that are written for conftest: a folder of Rego, the namespaces to ask (none: all),
    folders of data files, and whether all objects are one input (`--combine`)."""

    path: str
    namespaces: tuple[str, ...] = ("main",)
    data: tuple[str, ...] = ()
    combine: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """`.gate.yaml` with every default filled in. `path` is None for the built-in defaults."""

    path: str | None = None
    mode: Mode = "enforce"
    engine: str = "auto"
    policies: tuple[str | Conftest, ...] = ("builtin",)
    require: tuple[str, ...] = ()
    manifests: ManifestConfig = field(default_factory=ManifestConfig)
    environments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    services: Mapping[str, ServiceConfig] = field(default_factory=dict)
    bots: tuple[str, ...] = ()
    rules: Mapping[str, RuleConfig] = field(default_factory=dict)
    on_unavailable: OnUnavailable | Ways | None = None
    evidence: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    waivers_path: str | None = None
    waivers: tuple[Waiver, ...] = ()
