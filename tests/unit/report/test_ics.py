"""Freezes as iCalendar: valid, and read back to the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import recurring_ical_events
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from gate.evidence.freeze import ical
from gate.evidence.interface import Question
from gate.model.freezes import state
from gate.model.verdict import Evidence
from gate.report.freezes import states
from gate.report.ics import render
from tests.support.standing import NOW, calendar, failed, target, told, window
from tests.support.trees import MemoryTree

UNTIL = NOW + timedelta(days=31)
WEEKEND = window(
    "Weekend", "2026-11-20T17:00:00Z", "2026-11-23T06:00:00Z", reason="Nobody; is there, \\n",
    who="sre", line=3,
)  # fmt: skip
STOP = window("Stop", "2026-11-22T09:00:00Z", None)


def rendered(*evidence: Evidence, now: datetime = NOW) -> str:
    targets = [target(each.service, each.environment) for each in evidence]
    return render(states(targets, evidence, now), now, UNTIL)


def events(text: str) -> list[Event]:
    return list(Calendar.from_ical(text).walk("VEVENT"))


def read_back(text: str, now: datetime = NOW) -> Evidence:
    question = Question(
        "freezes.ics", "freeze", [target()], "freezes.ics", MemoryTree({"freezes.ics": text}), now
    )
    (found,) = ical.observe(question)
    return found


def test_the_same_freeze_of_several_targets_is_one_event() -> None:
    ledger = target("ledger")
    text = rendered(
        told("freeze", [calendar(WEEKEND)]), told("freeze", [calendar(WEEKEND)], ledger)
    )
    (event,) = events(text)
    assert str(event["summary"]) == "Weekend"
    assert event.decoded("dtstart") == datetime(2026, 11, 20, 17, tzinfo=UTC)
    assert event.decoded("dtend") == datetime(2026, 11, 23, 6, tzinfo=UTC)
    assert str(event["description"]).split("\n") == [
        "Nobody; is there, \\n",
        "By sre",
        "Frozen: checkout and ledger in production",
        "From freezes.yaml:3",
    ]


def test_a_freeze_keeps_its_id_from_day_to_day() -> None:
    def ids(now: datetime) -> set[str]:
        found = events(rendered(told("freeze", [calendar(WEEKEND, STOP)]), now=now))
        return {str(each["uid"]) for each in found}

    assert len(ids(NOW)) == 2
    assert ids(NOW) == ids(NOW + timedelta(hours=5))


def test_lines_are_as_the_rfc_says() -> None:
    text = rendered(told("freeze", [calendar(window("ü" * 200, "2026-11-20T17:00:00Z", None))]))
    assert text.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")


def test_an_open_end_goes_on_for_ever() -> None:
    text = rendered(told("freeze", [calendar(STOP)]))
    far = NOW + timedelta(days=1000)
    found = recurring_ical_events.of(Calendar.from_ical(text)).between(far, far)
    assert [str(each["summary"]) for each in found] == ["Stop (no end is known)"]
    assert state(read_back(text), NOW).frozen is True
    assert state(read_back(text, far), far).frozen is True


def test_what_is_not_known_is_not_silence() -> None:
    text = rendered(failed("freeze", "freezes.yaml: no such file"))
    (event,) = events(text)
    assert str(event["summary"]) == "Freezes not known: checkout in production"
    assert "no such file" in str(event["description"])
    assert state(read_back(text), NOW).frozen is True


def test_neither_is_what_is_known_for_a_while_only() -> None:
    text = rendered(told("freeze", [calendar(until="2026-12-01T00:00:00Z")]))
    (event,) = events(text)
    assert event.decoded("dtstart") == datetime(2026, 12, 1, tzinfo=UTC)
    assert event.decoded("dtend") == UNTIL


def test_no_freeze_is_an_empty_calendar() -> None:
    text = rendered(told("freeze", [calendar()]))
    assert events(text) == []
    assert state(read_back(text), NOW).frozen is False


@pytest.mark.parametrize("name", ["\x1b[2J", "a\r\nBEGIN:VEVENT", "x;y,z:\\", "\x00", "年末"])
def test_hostile_names_stay_names(name: str) -> None:
    text = rendered(told("freeze", [calendar(window(name, "2026-11-20T17:00:00Z", None))]))
    assert len(events(text)) == 1
    assert not any(char in text for char in "\x1b\x00")


minutes = st.integers(-3000, 40000)
spans = st.lists(st.tuples(minutes, st.integers(1, 5000)), max_size=6)


@given(spans, minutes.filter(lambda each: each >= 0))
def test_other_gates_read_the_same(found: list[tuple[int, int]], minute: int) -> None:
    def at(minutes: int) -> str:
        return (NOW + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")

    windows: list[Any] = [
        window(f"w{number}", at(start), at(start + length))
        for number, (start, length) in enumerate(found)
    ]
    mine = told("freeze", [calendar(*windows)])
    then = NOW + timedelta(minutes=minute)
    again = state(read_back(rendered(mine), then), then)
    assert (again.frozen, again.until) == (
        state(mine, then).frozen,
        state(mine, then).until,
    )
