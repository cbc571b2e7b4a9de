"""Asks the configured sources how things stand, all at once, and makes one envelope of their
answers."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gate.clients.deadline import within
from gate.errors import GateError
from gate.evidence.interface import AHEAD, Question, unavailable
from gate.evidence.one_at_a_time import OneAtATime
from gate.evidence.registry import KINDS, find, needs_network
from gate.evidence.variables import filled, missing
from gate.model.change import Tree
from gate.model.config import Config
from gate.model.manifest import DEFAULT_ENVIRONMENT, NO_SERVICE, Target
from gate.model.verdict import Evidence, EvidenceStatus

WORST_FIRST: tuple[EvidenceStatus, ...] = (
    "unavailable",
    "stale",
    "skipped",
    "ok",
    "not_configured",
)
_LISTED = ("freeze", "slo")
UNJOINED = "several sources answer, and values that are not lists cannot be joined"


SECONDS = 30.0
"""How long a source may take with all it asks, before its evidence is unavailable."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A source with what it is asked."""

    source: str
    question: Question


def gather(
    kinds: Collection[str],
    targets: Sequence[Target],
    config: Config,
    tree: Tree,
    *,
    now: datetime,
    offline: bool,
    ahead: timedelta = AHEAD,
    seconds: float = SECONDS,
) -> list[Evidence]:
    """One envelope for each kind that is asked for and each target, sorted by kind.

    `tree` is the one that files are read from. All sources are asked at once, and each has
    `seconds` of time: a slow or broken one costs its own evidence. Several sources of a kind must
    all answer: the worst status wins, and their values are joined to one list. `ahead` is how far
    from `now` the known future is told.
    """
    if not targets:
        return []
    from concurrent.futures import ThreadPoolExecutor

    whole = Question("", "", targets, None, OneAtATime(tree), now, ahead, tuple(config.services))
    whole = replace(whole, environments=tuple(config.environments) or _unnamed(targets))
    asked = [
        _Asked(name, _question(whole, kind, name, settings))
        for kind in sorted(set(kinds))
        for source in config.evidence.get(kind, ())
        for name, settings in source.items()
    ]
    with ThreadPoolExecutor(max_workers=max(1, len(asked))) as pool:
        answers = list(pool.map(lambda each: _ask(each, offline, seconds), asked))
    return [
        evidence for kind in sorted(set(kinds)) for evidence in _kind(kind, targets, asked, answers)
    ]


def _unnamed(targets: Sequence[Target]) -> tuple[str, ...]:
    """The environments where the config names none: the one that stands for them, else those that
    the caller named, who may know others too."""
    found = {target.environment for target in targets}
    return tuple(found) if found == {DEFAULT_ENVIRONMENT} else ()


def _question(whole: Question, kind: str, name: str, settings: Any) -> Question:
    """What a source is asked. One that says for which environments it speaks is asked about
    these alone."""
    targets = whole.targets
    if isinstance(settings, dict) and "environments" in settings:
        only = settings["environments"]
        settings = {key: value for key, value in settings.items() if key != "environments"}
        targets = [target for target in targets if target.environment in only]
    if kind != "freeze":
        targets = [target for target in targets if target.service != NO_SERVICE]
    return replace(
        whole, name=_shown(name, settings), kind=kind, targets=targets, settings=settings
    )


def _kind(
    kind: str,
    targets: Sequence[Target],
    asked: Sequence[_Asked],
    answers: Sequence[Mapping[tuple[str, str], Evidence]],
) -> Iterator[Evidence]:
    is_configured = any(each.question.kind == kind for each in asked)
    for target in targets:
        place = (target.service, target.environment)
        if target.service == NO_SERVICE and kind != "freeze" and is_configured:
            # Budgets, alerts and the like are those of services.
            yield Evidence(kind, *place, "ok", value=[])
            continue
        given = [
            answer.get(place) or _silent(each.question, target)
            for each, answer in zip(asked, answers, strict=True)
            if each.question.kind == kind and target in each.question.targets
        ]
        yield _joined(given) if given else _not_configured(kind, target)


def _shown(name: str, settings: Any) -> str:
    """A source's file, as the config writes it, or the source's name."""
    path = settings.get("path") if isinstance(settings, dict) else settings
    return path if isinstance(path, str) and "://" not in path else name


def _ask(asked: _Asked, offline: bool, seconds: float) -> Mapping[tuple[str, str], Evidence]:
    question = asked.question
    if not question.targets:
        return {}
    return _by_target(_answers(asked.source, question, offline=offline, seconds=seconds))


def _answers(name: str, question: Question, *, offline: bool, seconds: float) -> Sequence[Evidence]:
    unset = missing(question.settings, os.environ)
    settings = question.settings if unset else filled(question.settings, os.environ)
    if offline and needs_network(name, settings):
        return unavailable(question, f"--offline: {name} was not asked", "skipped")
    source = find(question.kind, name)
    if source is None:
        return unavailable(question, f"source {name} is not supported by this version")
    if unset:
        names = " and ".join(f"${{{each}}}" for each in unset)
        verb = "is" if len(unset) == 1 else "are"
        return unavailable(question, f"{names} {verb} not set")
    whole = replace(question, settings=settings)
    try:
        return within(lambda: source(whole), seconds)
    except TimeoutError:
        return unavailable(question, f"no answer within {seconds:g} seconds")
    except GateError as error:
        return unavailable(question, error.placed)


def _by_target(answers: Sequence[Evidence]) -> Mapping[tuple[str, str], Evidence]:
    return {(each.service, each.environment): each for each in answers}


def _silent(question: Question, target: Target) -> Evidence:
    (told,) = unavailable(replace(question, targets=[target]), "it gave no answer")
    return told


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
    values: list[Any] = [each.value for each in given if each.status == "ok"]
    if status != "ok":
        # What is known of freezes and budgets holds whatever another source would say.
        known = [each for each in values if first.kind in _LISTED and isinstance(each, list)]
        values = known or [None]
        if known and status == "stale":
            # It is not old: it is the other source that cannot be used.
            status = "unavailable"
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
