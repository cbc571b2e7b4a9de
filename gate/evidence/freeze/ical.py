"""Freezes of a calendar (iCalendar, RFC 5545), a file or an address: each event is a freeze.

What a calendar does not say clearly is `unavailable`, never "no freeze": `ical_file` says what is
read and what is refused, `ical_events` when an event happens. A calendar without any event is
whole and freezes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gate.errors import GateError
from gate.evidence.freeze.address import OUT_OF_BOUNDS, read
from gate.evidence.freeze.calendar import (
    Scope,
    answer,
    holds,
    later,
    misspelt,
    told,
    zone,
)
from gate.evidence.freeze.interface import Calendar
from gate.evidence.interface import Question, unavailable
from gate.model.manifest import Target
from gate.model.verdict import Evidence

ACCEPT = "text/calendar, */*;q=0.5"


def observe(question: Question) -> Sequence[Evidence]:
    """For each target the events of the calendar, where the source's scope holds for it."""
    from gate.evidence.freeze.ical_events import freezes, last_end
    from gate.evidence.freeze.ical_file import events

    settings: Mapping[str, Any] = question.settings if isinstance(question.settings, dict) else {}
    scope = _scope(settings.get("scope") or {})
    until = later(question.now, question.ahead)
    try:
        place = zone(settings["time_zone"]) if settings.get("time_zone") else None
        wrong = misspelt(scope, question)
        if wrong is not None:
            return unavailable(question, f"{question.name}: {wrong}")
        found = events(read(question, ACCEPT), question.name, place)
        told_ = tuple(freezes(found, question.name, question.now, until))
        end = last_end(found)
    except GateError as error:
        return unavailable(question, told(error))
    except OverflowError:
        return unavailable(question, f"{question.name}: {OUT_OF_BOUNDS}")

    def calendar(target: Target) -> Calendar:
        return Calendar(question.name, until, told_ if holds(scope, target) else (), end)

    return answer(question, calendar)


def _scope(settings: Mapping[str, Any]) -> Scope:
    return Scope(
        tuple(settings.get("environments", ())),
        tuple(settings.get("services", ())),
        tuple(settings.get("tiers", ())),
    )
