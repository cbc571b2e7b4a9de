"""Waivers: which findings they cover, until when, and which of them do nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gate.errors import InputError
from gate.model import times
from gate.model.globs import matcher
from gate.model.verdict import Waived, WaiverState

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a waiver is matched against: a finding's rule, resource and service."""

    rule: str
    resource: Json | None
    service: str | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The waiver of each finding (None: not waived) and the moment at which it ends; then the
    waivers that are expired or match nothing."""

    waived: Sequence[tuple[Waived, datetime] | None]
    idle: Sequence[WaiverState]


def cover(
    subjects: Sequence[Subject],
    waivers: Sequence[Json],
    now: datetime,
    service_paths: Mapping[str, Sequence[str]],
) -> Coverage:
    """Matches findings with waivers. Of several that match, the one that lasts longest counts."""
    ends = [_end(waiver) for waiver in waivers]
    valid = [index for index, end in enumerate(ends) if end > now]
    valid.sort(key=lambda index: ends[index], reverse=True)
    used: set[int] = set()
    waived: list[tuple[Waived, datetime] | None] = []
    for subject in subjects:
        matching = [index for index in valid if matches(waivers[index], subject, service_paths)]
        used.update(matching)
        waived.append((_waived(waivers[matching[0]]), ends[matching[0]]) if matching else None)
    idle = [
        WaiverState(
            rule=waiver["rule"],
            state="unused" if end > now else "expired",
            expires=waiver["expires"],
            line=waiver["line"],
        )
        for index, (waiver, end) in enumerate(zip(waivers, ends, strict=True))
        if index not in used
    ]
    return Coverage(waived, idle)


def _end(waiver: Json) -> datetime:
    end = times.end(waiver["expires"])
    if end is None:
        raise InputError(f"A waiver expires at `{waiver['expires']}`, which is no time.")
    return end


def _waived(waiver: Json) -> Waived:
    return Waived(expires=waiver["expires"], reason=waiver["reason"], ticket=waiver["ticket"])


def matches(waiver: Json, subject: Subject, service_paths: Mapping[str, Sequence[str]]) -> bool:
    """Whether a waiver is for this finding. Each of `resource`, `service` and `path` that it
    names must fit; one that names none of them is for the whole rule. A service that has paths
    is waived for the files there: a label, which is the author's, claims no other's waiver."""
    if waiver["rule"] != subject.rule:
        return False
    resource = subject.resource
    if waiver["service"] is not None:
        paths = service_paths.get(waiver["service"])
        if waiver["service"] != subject.service:
            return False
        if resource is not None and paths and not matcher(paths)(resource["path"]):
            return False
    if waiver["resource"] is not None and not (
        resource is not None and _names(waiver["resource"], resource)
    ):
        return False
    return waiver["path"] is None or (
        resource is not None and matcher([waiver["path"]])(resource["path"])
    )


def _names(named: str, resource: Json) -> bool:
    """The id as it stands in a finding; or without the `@<path>` and `#<n>` that tell objects of
    one id apart, which come and go with what else changes."""
    plain = "/".join(
        (resource["group"], resource["kind"], resource["namespace"] or "_", resource["name"])
    )
    return named in (resource["id"], plain, f"{plain}@{resource['path']}")
