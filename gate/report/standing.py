"""What the commands about how things stand have in common: evidence a target, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from gate.model.manifest import Target
from gate.model.times import written
from gate.model.verdict import Evidence
from gate.report.interface import Look
from gate.report.layout import paragraph, reflow
from gate.report.words import moment

Json = dict[str, Any]


def pairs(
    targets: Sequence[Target], evidence: Sequence[Evidence]
) -> Iterator[tuple[Target, Evidence]]:
    """Each target with its evidence."""
    told = {(each.service, each.environment): each for each in evidence}
    for target in targets:
        yield target, told[target.service, target.environment]


def base(target: Target, evidence: Evidence) -> Json:
    """The keys that every target has."""
    return {
        "service": target.service,
        "environment": target.environment,
        "tier": target.tier,
        "status": evidence.status,
        "source": evidence.source,
        "observed_at": evidence.observed_at,
        "reason": evidence.reason,
    }


def document(schema: str, now: datetime, by: str, targets: list[Json], **others: Any) -> Json:
    """The whole answer of a command."""
    head = {"schema": schema, "evaluated_at": written(now), "config": by}
    return {**head, **others, "targets": targets}


def as_text(told: Json) -> str:
    """The answer as indented JSON in ASCII."""
    return json.dumps(told, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def heading(now: datetime, by: str, look: Look) -> list[str]:
    """The first lines: when, and by which config."""
    text = f"At {moment(written(now))}, by {by}:"
    return [] if look.quiet else [*paragraph(reflow(text, "dim"), look), ""]


def whose(targets: Iterable[Target]) -> str:
    """`checkout and ledger in production`: services by environment, in the order given."""
    services: dict[tuple[str, ...], list[str]] = {}
    places: dict[str, list[str]] = {}
    for target in targets:
        places.setdefault(target.service, []).append(target.environment)
    for service, environments in places.items():
        services.setdefault(tuple(environments), []).append(service)
    return "; ".join(f"{joined(names)} in {joined(where)}" for where, names in services.items())


def joined(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def sources(
    targets: Sequence[Target], evidence: Sequence[Evidence], look: Look
) -> Iterator[list[str]]:
    """With -v: who said it, and when it was looked at."""
    asked: dict[tuple[str, str | None], list[Target]] = {}
    for target, found in pairs(targets, evidence) if look.verbose else ():
        if found.source:
            asked.setdefault((found.source, found.observed_at), []).append(target)
    for (source, at), those in asked.items():
        when = f", observed at {moment(at)}" if at else ""
        yield paragraph(reflow(f"{whose(those)}: by {source}{when}", "dim"), look)
