"""What a rule says that it reads against what it does read: evidence and settings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gate.authoring.checks.modules import Module
from gate.authoring.checks.problem import Problem, error, warning
from gate.authoring.checks.shapes import Path
from gate.decision.rego import metadata
from gate.errors import PolicyError, did_you_mean
from gate.model.config import EVIDENCE_KINDS


@dataclass(frozen=True, slots=True)
class _Told:
    """What the metadata declares, whatever else is wrong with it."""

    requires: Sequence[str]
    settings: Mapping[str, Any]


def check(
    module: Module, uses: Sequence[tuple[Path, int]], rules: Collection[str]
) -> Iterator[Problem]:
    """Compares what a rule reads (paths below `input`, with lines) with its metadata. `rules` are
    the ids of all rules that are known."""
    told = _declared(module)
    if told is not None:
        yield from _evidence(module, uses, told)
        yield from _settings(module, uses, told, rules)


def _declared(module: Module) -> _Told | None:
    found = [
        block
        for block in metadata.blocks(module.scanned.comments)
        if block.row < module.scanned.package_row
    ]
    try:
        custom = metadata.values(module.path, found[0]).get("custom") if found else None
    except PolicyError:
        return None
    custom = custom if isinstance(custom, dict) else {}
    requires, settings = custom.get("requires"), custom.get("settings")
    return _Told(
        requires if isinstance(requires, list) else [],
        settings if isinstance(settings, dict) else {},
    )


def _evidence(module: Module, uses: Sequence[tuple[Path, int]], told: _Told) -> Iterator[Problem]:
    kinds = _first(uses, "evidence")
    for kind, line in kinds.items():
        if kind is None:
            yield warning(
                module.path,
                line,
                "evidence",
                "Which kind of evidence is read here cannot be seen.",
                "Name it, as in `input.evidence.slo`, so that it can be compared with `requires`.",
            )
        elif kind not in EVIDENCE_KINDS:
            yield error(
                module.path,
                line,
                "evidence",
                f"There is no evidence called `{kind}`{did_you_mean(kind, EVIDENCE_KINDS)}",
                f"The kinds are: {', '.join(EVIDENCE_KINDS)}.",
            )
        elif kind not in told.requires:
            yield error(
                module.path,
                line,
                "evidence",
                f"The rule reads the evidence `{kind}` and does not require it: where it is "
                "missing, nothing is found and the rule passes.",
                f"Write `requires: [{', '.join([*told.requires, kind])}]` under `custom`.",
            )
    if None in kinds:
        return
    for kind in told.requires:
        if kind in EVIDENCE_KINDS and kind not in kinds:
            yield warning(
                module.path,
                metadata.row(module.path, module.scanned, "custom", "requires"),
                "evidence",
                f"The rule requires the evidence `{kind}` and does not read it.",
                "Leave it out: where it is missing, the rule is undecided for no reason.",
            )


def _settings(
    module: Module, uses: Sequence[tuple[Path, int]], told: _Told, rules: Collection[str]
) -> Iterator[Problem]:
    owners = _first(uses, "settings")
    for owner, line in owners.items():
        if owner is not None and owner != module.rule:
            yield _foreign(module, owner, line, rules)
    own = [(path[1:], line) for path, line in uses if path[:2] == ("settings", module.rule)]
    read = _first(own, module.rule)
    for name, line in read.items():
        if name is not None and name not in told.settings:
            yield error(
                module.path,
                line,
                "settings",
                f"The rule has no setting `{name}`{did_you_mean(name, told.settings)}",
                "Declare it with its default under `custom.settings`.",
            )
    if None in read or None in owners:
        return
    for name in told.settings:
        if name not in read:
            yield warning(
                module.path,
                metadata.row(module.path, module.scanned, "custom", "settings", name),
                "settings",
                f"The setting `{name}` is declared and not read.",
                f'Leave it out, or read `input.settings["{module.rule}"].{name}`.',
            )


def _foreign(module: Module, owner: str, line: int, rules: Collection[str]) -> Problem:
    if owner in rules:
        return warning(
            module.path,
            line,
            "settings",
            f"These are the settings of another rule, {owner}.",
            "Declare an own setting: whoever changes the other rule's does not think of this one.",
        )
    return error(
        module.path,
        line,
        "settings",
        f"No rule is called `{owner}`{did_you_mean(owner, {*rules, module.rule})}",
        f'The settings of this rule are `input.settings["{module.rule}"]`.',
    )


def _first(uses: Sequence[tuple[Path, int]], root: str) -> dict[str | None, int]:
    """What is read below a root, each with the first line in which it is."""
    found: dict[str | None, int] = {}
    for path, line in sorted(uses, key=lambda use: use[1]):
        if path[:1] == (root,) and len(path) > 1:
            found.setdefault(path[1], line)
    return found
