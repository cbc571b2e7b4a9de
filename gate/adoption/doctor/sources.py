"""The sources, each asked now: does it answer, is that fresh, of whom does it speak?"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

from gate.adoption.doctor.bench import Bench, Source
from gate.errors import did_you_mean
from gate.evidence.gather import WORST_FIRST
from gate.evidence.variables import missing
from gate.model.change import Unread, content_at
from gate.model.diagnosis import Result
from gate.model.manifest import Target
from gate.model.times import moment
from gate.model.verdict import Evidence

_MOST_NAMED = 5


def ask_each(bench: Bench) -> tuple[list[Source], list[Result]]:
    """Asks each source by itself: the sources, with what came of it."""
    found: list[Source] = []
    results: list[Result] = []
    for kind, sources in bench.place.book.config.evidence.items():
        for index, told in enumerate(sources):
            for name, settings in told.items():
                source = Source(kind, index, name, settings, _shown(name, settings))
                bench.step(f"asking {kind} {source.shown}")
                answers = _asked(bench, source)
                status = min((each.status for each in answers), key=WORST_FIRST.index, default=None)
                found.append(replace(source, status=status))
                results += _told(bench, source, answers)
    return found, results


def _shown(name: str, settings: Any) -> str:
    """`windows freezes.yaml`, `prometheus`: never an address, which may hold a secret."""
    path = settings.get("path") if isinstance(settings, dict) else settings
    return f"{name} {path}" if isinstance(path, str) and "://" not in path else name


def _asked(bench: Bench, source: Source) -> list[Evidence]:
    """What it alone says of the targets that it speaks of."""
    place, request = bench.place, bench.place.request
    targets = [each for each in bench.probe.targets if source.speaks_of(each)]
    config = replace(place.book.config, evidence={source.kind: [{source.name: source.settings}]})
    return bench.ask(
        [source.kind],
        targets,
        config,
        place.tree,
        now=request.now,
        offline=request.offline,
        ahead=request.ahead,
    )


def _told(bench: Bench, source: Source, answers: Sequence[Evidence]) -> Iterator[Result]:
    check = f"{source.kind} {source.shown}"
    unset = missing(source.settings, os.environ)
    if unset:
        names = " and ".join(f"${{{each}}}" for each in unset)
        yield Result(
            "sources",
            check,
            "not_looked",
            f"{names} {'is' if len(unset) == 1 else 'are'} not set here",
            "Set it where gate runs; forks have no secrets.",
        )
        return
    if not answers:
        told = "it speaks of no target of this repository"
        yield Result("sources", check, "note", told, "Look at its `environments`.")
        return
    worst = min(answers, key=lambda each: WORST_FIRST.index(each.status))
    if worst.status != "ok":
        where = f"{worst.service} in {worst.environment}"
        told = f"{worst.status} for {where}: {worst.reason or 'no reason is given'}"
        todo = (
            "Run it without --offline, where the source can be reached."
            if worst.status == "skipped"
            else "Until it answers, each change that needs it is undecided."
        )
        yield Result("sources", check, "not_looked", told, todo)
        return
    yield Result("sources", check, "ok", _count(source, answers))
    yield from _empty(source, answers)
    yield from _strangers(bench, source)


def _count(source: Source, answers: Sequence[Evidence]) -> str:
    items = [len(each.value) for each in answers if isinstance(each.value, list)]
    if source.kind == "freeze":
        windows = sum(
            len(calendar.get("windows", ()))
            for each in answers
            for calendar in (each.value if isinstance(each.value, list) else ())
            if isinstance(calendar, Mapping)
        )
        what = f"{windows} {'window' if windows == 1 else 'windows'}"
    else:
        what = f"{sum(items)} {'entry' if sum(items) == 1 else 'entries'}"
    observed = [each.observed_at for each in answers if each.observed_at]
    oldest = min((at for at in map(moment, observed) if at), default=None)
    age = "" if oldest is None else f", observed {oldest.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{_targets(answers)}: {what}{age}"


def _targets(answers: Sequence[Any]) -> str:
    return f"{len(answers)} {'target' if len(answers) == 1 else 'targets'}"


def _empty(source: Source, answers: Sequence[Evidence]) -> Iterator[Result]:
    """Targets of which a source of budgets names none: maybe it calls them otherwise."""
    if source.kind != "slo":
        return
    lost = [each for each in answers if each.value == []]
    if lost:
        yield Result(
            "sources",
            f"slo {source.shown}: names",
            "note",
            f"no SLO of {_listed(lost)}",
            "Does the source call them so? `labels` of the source, or `services` of the config.",
        )


def _listed(targets: Sequence[Target | Evidence]) -> str:
    named = [f"{each.service} in {each.environment}" for each in targets]
    more = len(named) - _MOST_NAMED
    return ", ".join(named[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _strangers(bench: Bench, source: Source) -> Iterator[Result]:
    """Services that a file names, and the config does not."""
    config = bench.place.book.config
    if source.name != "file" or not config.services:
        return
    settings = source.settings
    path = str(settings["path"] if isinstance(settings, dict) else settings)
    data = content_at(bench.place.tree, path)
    try:
        named = json.loads(b"{}" if data is None or isinstance(data, Unread) else data)
    except ValueError:
        return
    for name in sorted(set(named) - set(config.services)):
        yield Result(
            "sources",
            f"{source.kind} {source.shown}: names",
            "note",
            f"the config names no service {name}{did_you_mean(name, config.services)}",
            "Mend the name: what is told of it reaches nobody.",
        )


def without_source(bench: Bench) -> Iterator[Result]:
    """Rules that are on and can never fire: nobody tells them what they need."""
    config = bench.place.book.config
    kinds = sorted(
        {kind for rule in bench.place.book.bundle.rules.values() for kind in rule.requires}
    )
    for kind in sorted({*kinds, *config.require}):
        rules = [each.id for each in bench.needing(kind)]
        lost = [
            each for each in bench.kept if each.kind == kind and each.status == "not_configured"
        ]
        if not lost or not (rules or kind in config.require):
            continue
        check = f"{kind}: no source"
        all_of = len(lost) == len([each for each in bench.kept if each.kind == kind])
        where = "" if all_of else f" for {_listed(lost)}"
        if kind in config.require:
            told = f"none is configured{where}: each change of it is undecided, as `require` says"
            yield Result("sources", check, "ok", told)
            continue
        yield Result(
            "sources",
            check,
            "hole",
            f"none is configured{where}, so {_rules(rules)} never judge",
            f"Name a source under `evidence.{kind}`, or `require: [{kind}]`.",
            f"evidence.{kind}",
        )


def _rules(rules: Sequence[str]) -> str:
    return rules[0] if len(rules) == 1 else f"{', '.join(rules[:-1])} and {rules[-1]}"
