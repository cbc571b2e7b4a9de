"""Findings on their way from a rule's answer to the verdict: old or new, waived or not, placed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from gate.decision import bundle as bundles
from gate.decision import existing, results, waivers
from gate.decision.case import Case, Json
from gate.decision.outcomes import Seen
from gate.decision.results import Said
from gate.model import times
from gate.model.manifest import Location, Locator
from gate.model.policy import Rule
from gate.model.verdict import Finding, Waived, WaiverState


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule said, and what became of it. `old` is existing debt; `waived` is the waiver
    with the moment at which it ends."""

    rule: Rule
    said: Said
    level: Literal["deny", "warn"]
    resource: Json | None
    identity: existing.Identity
    old: bool = False
    waived: tuple[Waived, datetime] | None = None

    @property
    def service(self) -> str | None:
        """The service that it is about: as the rule says, else its resource's."""
        if self.said.service is not None or self.resource is None:
            return self.said.service
        service: str | None = self.resource["service"]
        return service

    @property
    def counts(self) -> bool:
        """Whether it takes part in the verdict."""
        return not self.old and self.waived is None


def found(case: Case, rule: Rule, said: Iterable[Said], seen: Iterable[Seen]) -> Iterator[Found]:
    """What a rule said, and one finding for each target whose unavailable evidence denies or
    warns."""
    early = case.takes_effect(rule) is not None
    names: existing.Names = {}
    for each in said:
        denies = each.set == "deny" and case.levels[rule.id] == "deny" and not early
        yield _found(case, rule, each, "deny" if denies else "warn", names)
    for target in seen:
        if target.sight in ("deny", "warn"):
            blind = Said(
                set="deny" if target.sight == "deny" else "warn",
                message=target.reason or "its evidence is unavailable",
                service=target.service,
                key=f"unavailable in {target.environment}",
                remediation="Make the source of the evidence available, and judge again.",
            )
            denies = target.sight == "deny" and not early
            yield _found(case, rule, blind, "deny" if denies else "warn", names)


def _found(
    case: Case, rule: Rule, said: Said, level: Literal["deny", "warn"], names: existing.Names
) -> Found:
    resource = case.resources[said.resource] if said.resource is not None else None
    return Found(rule, said, level, resource, existing.identity(rule.id, said, resource, names))


def mark_existing(case: Case, all_found: Sequence[Found]) -> tuple[list[Found], list[str]]:
    """Marks old debt; then why some of it could not be told from new.

    Evaluates the change that changes nothing, by the rules that have a finding which can be old,
    and only if there is one.
    """
    can = [
        index
        for index, each in enumerate(all_found)
        if existing.can_exist(each.rule, each.said, each.resource)
    ]
    rules = {all_found[index].rule.id: all_found[index].rule for index in can}
    if not rules:
        return list(all_found), []
    before = existing.unchanging(case.policy_input)
    resources = {resource["id"]: resource for resource in before["resources"]}
    answer = case.engine.evaluate(bundles.only(case.bundle, rules), before)
    old: list[tuple[existing.Identity, Said]] = []
    troubles: list[str] = []
    names: existing.Names = {}
    for rule in rules.values():
        checked = results.check(rule, answer, resources)
        old += [
            (existing.identity(rule.id, said, resources[said.resource], names), said)
            for said in checked.said
            if said.resource is not None
        ]
        troubles += [
            f"{rule.id} cannot judge how it was before, so all it says is new: {failure.message}"
            for failure in checked.failures[:1]
        ]
    pairs = [(all_found[index].identity, all_found[index].said) for index in can]
    excused = {index for index, yes in zip(can, existing.excused(pairs, old), strict=True) if yes}
    return [
        replace(each, old=True) if index in excused else each
        for index, each in enumerate(all_found)
    ], troubles


def mark_waived(
    case: Case, all_found: Sequence[Found]
) -> tuple[list[Found], Sequence[WaiverState]]:
    """Marks what is waived; then the waivers that do nothing."""
    subjects = [waivers.Subject(each.rule.id, each.resource, each.service) for each in all_found]
    coverage = waivers.cover(subjects, case.gate["waivers"], case.now, case.gate["service_paths"])
    marked = [
        replace(each, waived=waived)
        for each, waived in zip(all_found, coverage.waived, strict=True)
    ]
    return marked, coverage.idle


def next_change(case: Case, all_found: Iterable[Found]) -> datetime | None:
    """The earliest time at which the same findings could be judged otherwise: a waiver ends, a rule
    takes effect, a finding ends by itself. None where no such time is known."""
    moments = []
    for each in all_found:
        if each.old:
            continue
        if each.waived is not None:
            moments.append(each.waived[1])
            continue
        if each.said.set == "deny" and (effect := case.takes_effect(each.rule)):
            moments.append(effect)
        if each.said.unblock is not None and each.said.unblock.at is not None:
            moments.append(times.moment(each.said.unblock.at) or case.now)
    later = [moment for moment in moments if moment > case.now]
    return min(later, default=None)


def finished(all_found: Iterable[Found], locate: Locator) -> list[Finding]:
    """The findings with place and fingerprint: deny before warn, new before existing, then by
    path, line, rule and message."""
    placed = sorted(((each, _location(each, locate)) for each in all_found), key=_order)
    prints = _fingerprints(placed)
    return [
        _finding(each, location, fingerprint)
        for (each, location), fingerprint in zip(placed, prints, strict=True)
    ]


def _fingerprints(placed: Sequence[tuple[Found, Location | None]]) -> list[str]:
    """Counted in the order of lines, which no waiver and no age of a finding changes."""
    order = sorted(range(len(placed)), key=lambda index: _order(placed[index])[_PLACE:])
    marks = [
        (existing.lasting(each.identity, each.resource), location.path if location else "")
        for each, location in (placed[index] for index in order)
    ]
    found = dict(zip(order, existing.fingerprints(marks), strict=True))
    return [found[index] for index in range(len(placed))]


def _location(each: Found, locate: Locator) -> Location | None:
    if each.said.resource is None:
        return None
    return locate(each.said.resource, each.said.path or ())


_PLACE = 3
"""From where on an order speaks of places, and no longer of what a finding counts as."""


def _order(placed: tuple[Found, Location | None]) -> tuple[object, ...]:
    each, location = placed
    return (
        each.level != "deny",
        each.old,
        each.waived is not None,
        location is None,
        location.path if location else "",
        (location.line or 0) if location else 0,
        each.rule.id,
        each.said.message,
        each.identity,
    )


def _finding(each: Found, location: Location | None, fingerprint: str) -> Finding:
    return Finding(
        level=each.level,
        rule=each.rule.id,
        message=each.said.message,
        resource=each.said.resource,
        service=each.service,
        location=location,
        status="existing" if each.old else "new",
        waived=each.waived[0] if each.waived else None,
        fingerprint=fingerprint,
        remediation=each.said.remediation or each.rule.remediation or None,
        runbook=each.rule.runbook,
        unblock=each.said.unblock,
    )
