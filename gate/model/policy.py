"""Rules and the bundle they are loaded in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from gate.model.config import Level


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule's metadata. `id` is the package without `gate.`; `sets` the result sets it defines
    (`deny`, `warn`); `applies` whether it defines that too."""

    id: str
    title: str
    description: str
    path: str
    line: int
    origin: Literal["builtin", "repository"]
    level: Level = "deny"
    remediation: str = ""
    requires: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    standard: str | None = None
    existing: Literal["judge", "never"] = "judge"
    effective_on: str | None = None
    runbook: str | None = None
    sets: tuple[str, ...] = ()
    applies: bool = False


@dataclass(frozen=True, slots=True)
class Module:
    """One Rego file. `rule` is the id of the rule that it defines, None for a library."""

    path: str
    text: str
    origin: Literal["builtin", "repository"]
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """All that is judged by. `digest` is `sha256:` over paths and texts; `entry` the generated
    module `gate_entry`."""

    modules: Sequence[Module]
    rules: Mapping[str, Rule]
    digest: str
    entry: str


@dataclass(frozen=True, slots=True)
class RuleFailure:
    """A rule that failed while it was evaluated."""

    message: str
    path: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine says: for each rule its sets, or its failure. Raw JSON, not yet checked."""

    results: Mapping[str, Mapping[str, Any]]
    failures: Mapping[str, RuleFailure] = field(default_factory=dict)
