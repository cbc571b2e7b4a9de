"""Rules and the bundle they are loaded in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from gate.model.config import Conftest, Level

Origin = Literal["builtin", "repository", "server", "generated"]
"""Where Rego comes from: the wheel, a tree or bundle, the OPA server, or gate itself."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule's metadata. `id` is the package without `gate.`; `sets` the result sets it defines
    (`deny`, `warn`); `applies` whether it defines that too."""

    id: str
    title: str
    description: str
    path: str
    line: int
    origin: Origin
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
class PolicyFiles:
    """What one source of policies holds, read and not yet checked: Rego by path, and the base
    documents below `data`. With `conftest` they are read as conftest reads them; else each file
    is a rule or library of gate.

    `v0` are the paths of what is written in the Rego of before OPA 1.0. `by_path` says that a
    file's path names its package, as in a folder; in an archive it may have any name.
    """

    texts: Mapping[str, str]
    data: Mapping[str, Any] = field(default_factory=dict)
    origin: Literal["repository", "server"] = "repository"
    conftest: Conftest | None = None
    v0: frozenset[str] = frozenset()
    by_path: bool = True


@dataclass(frozen=True, slots=True)
class Module:
    """One Rego file. `rule` is the id of the rule that it defines, None for any other; `v0` says
    that it is written in the Rego of before OPA 1.0."""

    path: str
    text: str
    origin: Origin
    rule: str | None = None
    v0: bool = False


Taker = Literal["opa", "nobody", "missing", "unbound"]
"""Who takes what the embedded engine does not: OPA; no engine; none that is meant to, since it is
a name that no library has, and undefined to OPA; or most likely none, since a variable seems to
get no value, of which OPA has the last word."""


@dataclass(frozen=True, slots=True)
class Unfaithful:
    """A construct that the embedded engine may judge otherwise than OPA: what it is, the equal
    form that both judge the same (None where there is none), and who takes it as it stands."""

    line: int
    what: str
    instead: str | None = None
    only: Taker = "opa"

    @property
    def is_for_none(self) -> bool:
        """Whether it is refused whatever the engine."""
        return self.only in ("nobody", "missing")


@dataclass(frozen=True, slots=True)
class Bundle:
    """All that is judged by. `digest` is `sha256:` over texts and data; `entry` the
    generated module `gate_entry`; `data` the base documents; `unfaithful` what only OPA judges
    rightly, by the path of its module; `core` the text that the embedded engine judges in a
    module's place, by path, for all that are not from the wheel, where nothing is unfaithful;
    `files` what it was made of beside the wheel."""

    modules: Sequence[Module]
    rules: Mapping[str, Rule]
    digest: str
    entry: str
    data: Mapping[str, Any] = field(default_factory=dict)
    unfaithful: Mapping[str, Sequence[Unfaithful]] = field(default_factory=dict)
    core: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[PolicyFiles] = ()

    @property
    def is_of_the_wheel(self) -> bool:
        """Whether it holds nothing else: of other modules nobody knows what they read."""
        return not self.data and all(module.origin == "builtin" for module in self.modules)


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
