"""Asks the configured sources how things stand, and makes one envelope of their answers."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from gate.evidence.interface import Question
from gate.evidence.registry import KINDS, find, needs_network
from gate.evidence.variables import filled, missing
from gate.model.change import Tree
from gate.model.config import Config
from gate.model.manifest import Target
from gate.model.verdict import Evidence, EvidenceStatus

WORST_FIRST: tuple[EvidenceStatus, ...] = (
    "unavailable",
    "stale",
    "skipped",
    "ok",
    "not_configured",
)
UNJOINED = "several sources answer, and values that are not lists cannot be joined"


def gather(
    kinds: Collection[str],
    targets: Sequence[Target],
    config: Config,
    tree: Tree,
    *,
    now: datetime,
    offline: bool,
) -> list[Evidence]:
    """One envelope for each kind that is asked for and each target, sorted by kind.

    `tree` is the one that recorded files are read from. Several sources of a kind must all
    answer: the worst status wins, and their values are joined to one list.
    """
    return [
        evidence
        for kind in sorted(set(kinds))
        for evidence in _kind(kind, targets, config, tree, now=now, offline=offline)
    ]


def _kind(
    kind: str,
    targets: Sequence[Target],
    config: Config,
    tree: Tree,
    *,
    now: datetime,
    offline: bool,
) -> Iterator[Evidence]:
    answers = [
        _by_target(_ask(name, question, offline=offline))
        for source in config.evidence.get(kind, ())
        for name, settings in source.items()
        for question in [Question(_shown(name, settings), kind, targets, settings, tree, now)]
    ]
    for target in targets:
        place = (target.service, target.environment)
        given = [each.get(place) or _silent(kind, target) for each in answers]
        yield _joined(given) if given else _not_configured(kind, target)


def _shown(name: str, settings: Any) -> str:
    """A source's file, as the config writes it, or the source's name."""
    path = settings.get("path") if isinstance(settings, dict) else settings
    return path if name == "file" and isinstance(path, str) else name


def _ask(name: str, question: Question, *, offline: bool) -> Sequence[Evidence]:
    if offline and needs_network(name, question.settings):
        return _all(question, "skipped", f"--offline: {name} was not asked")
    source = find(name)
    if source is None:
        return _all(question, "unavailable", f"source {name} is not supported by this version")
    unset = missing(question.settings, os.environ)
    if unset:
        names = " and ".join(f"${{{each}}}" for each in unset)
        verb = "is" if len(unset) == 1 else "are"
        return _all(question, "unavailable", f"{names} {verb} not set")
    return source(replace(question, settings=filled(question.settings, os.environ)))


def _all(question: Question, status: EvidenceStatus, reason: str) -> list[Evidence]:
    return [
        Evidence(
            question.kind,
            target.service,
            target.environment,
            status,
            source=question.name,
            reason=reason,
        )
        for target in question.targets
    ]


def _by_target(answers: Sequence[Evidence]) -> Mapping[tuple[str, str], Evidence]:
    return {(each.service, each.environment): each for each in answers}


def _silent(kind: str, target: Target) -> Evidence:
    reason = "the source gave no answer"
    return Evidence(kind, target.service, target.environment, "unavailable", reason=reason)


def _not_configured(kind: str, target: Target) -> Evidence:
    """A kind that does not exist can never be had: a rule that needs it must not be skipped."""
    known = kind in KINDS
    return Evidence(
        kind,
        target.service,
        target.environment,
        "not_configured" if known else "unavailable",
        reason=f"{kind} is not configured" if known else f"there is no evidence called {kind}",
    )


def _joined(given: Sequence[Evidence]) -> Evidence:
    first, *others = given
    if not others:
        return first
    status = min((each.status for each in given), key=WORST_FIRST.index)
    telling = [each for each in given if each.status == status]
    reason = _distinct([each.reason for each in telling])
    values: list[Any] = [each.value for each in telling] if status == "ok" else [None]
    if len(values) > 1 and not all(isinstance(each, list) for each in values):
        status, reason, values = "unavailable", UNJOINED, [None]
    return Evidence(
        first.kind,
        first.service,
        first.environment,
        status=status,
        source=_distinct([each.source for each in given], ", "),
        observed_at=min(
            (each.observed_at for each in telling if each.observed_at is not None),
            key=datetime.fromisoformat,
            default=None,
        ),
        reason=reason,
        value=values[0] if len(values) == 1 else [item for each in values for item in each],
    )


def _distinct(texts: Sequence[str | None], link: str = "; ") -> str | None:
    return link.join(dict.fromkeys(text for text in texts if text)) or None
