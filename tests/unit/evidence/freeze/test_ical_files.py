"""Calendars that nobody here wrote: what each must give, and what must make it unavailable."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.evidence.freeze.ical import observe
from gate.evidence.freeze.ical_file import events
from gate.evidence.freeze.ical_zones import first
from gate.model.verdict import Evidence
from tests.support.tools import real_data
from tests.unit.evidence.freeze.asked import ask, reason, times, utc, windows

DAYS = 40 * 365.25


def calendar(
    name: str, time_zone: str | None = None, *, now: str = "1990-01-01", days: float = DAYS
) -> list[Evidence]:
    """What a calendar says of the years from 1990 to 2030, unless said."""
    content = (real_data("icalendar") / f"{name}.ics").read_bytes()
    settings = {"path": "a.ics"} | ({"time_zone": time_zone} if time_zone else {})
    return ask(observe, settings, {"a.ics": content}, name="a.ics", now=utc(now), days=days)


def test_a_rule_with_an_exception_and_a_period() -> None:
    found = times(calendar("period_with_timezone"))
    assert len(found) == 9
    assert found[0] == ("2023-09-20T19:00", "2023-09-20T21:00")
    assert ("2023-12-13T20:00", "2023-12-13T23:00") in found
    hours = {begin[:7]: begin[11:13] for begin, _ in found}
    assert (hours["2023-10"], hours["2023-11"], hours["2024-02"], hours["2024-03"]) == (
        *("19", "20", "20", "19"),
    )
    assert not any(begin.startswith("2023-12-20") for begin, _ in found)


def test_a_bare_event_with_exceptions_on_five_lines() -> None:
    found = times(calendar("event_with_recurrence_exdates_on_different_lines"))
    assert len(found) == 10
    assert found[-1] == ("2012-07-03T08:00", "2012-07-03T16:00")


@pytest.mark.parametrize("place", ["UTC", "Europe/Berlin", "America/New_York"])
def test_a_bare_event_without_zone(place: str) -> None:
    assert len(windows(calendar("event_with_recurrence", place))) == 97
    assert "has no time zone" in reason(calendar("event_with_recurrence"))


def test_a_zone_of_its_own_with_a_change_of_two_hours() -> None:
    content = (real_data("icalendar") / "issue_722_timezone_transition_ambiguity.ics").read_bytes()
    ((winter, summer, after, before),) = events(content, "a.ics", None)
    begins = [
        first(each.start, each.place)
        for each in (winter, summer, after, before)
        if isinstance(each.start, datetime)
    ]
    assert begins == [
        datetime(2024, 3, 2, 20, tzinfo=UTC),
        datetime(2024, 8, 2, 22, tzinfo=UTC),
        datetime(2024, 5, 4, 22, 0, 1, tzinfo=UTC),
        datetime(2024, 5, 4, 19, 0, 1, tzinfo=UTC),
    ]
    told = reason(calendar("issue_722_timezone_transition_ambiguity"))
    assert "has a beginning and no end" in told


def test_a_windows_zone() -> None:
    assert times(calendar("issue_836_do_not_quote_tzid")) == [
        ("2024-10-28T21:00", "2024-10-28T22:00")
    ]


def test_holidays_last_all_day_though_they_end_as_they_begin() -> None:
    assert len(windows(calendar("example"))) == 3
    noon = calendar("example", now="2022-01-01T12:00", days=1 / 24)
    assert times(noon) == [("2022-01-01T00:00", "2022-01-02T00:00")]


def test_an_empty_calendar_is_the_only_honest_no_freeze() -> None:
    assert windows(calendar("issue_1050_empty_calendar")) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("issue_722_missing_VTIMEZONE_custom", "a.ics:3: The time zone `CUSTOM_tzid` is unknown"),
        ("issue_1081_invalid_rrule_freq", "a.ics:7: The event `Test Event` has a rule that cannot"),
        ("issue_1050_multiple_calendars", "a.ics:4: The event `Event 1` has no DTSTART."),
        ("small_bad_calendar", "a.ics:1: It is cut short: `BEGIN:VCALENDAR` has no end."),
        ("rfc_7953_3", "a.ics:2: It holds `VAVAILABILITY`, which may mean a freeze"),
    ],
)
def test_what_would_open_a_freeze_in_silence(name: str, told: str) -> None:
    assert reason(calendar(name, "UTC", now="2026-11-22", days=31)).startswith(told)
