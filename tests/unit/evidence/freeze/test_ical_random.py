"""Repeated events, against recurring-ical-events and against a count by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from gate.evidence.freeze.calendar import earliest, latest, zone
from gate.evidence.freeze.ical import observe
from tests.unit.evidence.freeze.asked import ask, times, utc

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kolkata",
)
START = datetime.fromisoformat("2026-01-01")
DAY = timedelta(days=1)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def written(local: date) -> str:
    return local.strftime("%Y%m%dT%H%M%S" if isinstance(local, datetime) else "%Y%m%d")


def calendar(*lines: str) -> str:
    inside = ["BEGIN:VEVENT", "UID:1", "SUMMARY:x", *lines, "END:VEVENT"]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *inside, "END:VCALENDAR", ""])


def read(text: str, now: datetime, days: int) -> list[tuple[str, str | None]]:
    return times(ask(observe, {"path": "a.ics"}, {"a.ics": text}, name="a.ics", now=now, days=days))


@st.composite
def rules(draw: st.DrawFn) -> str:
    often = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={often}", f"INTERVAL={draw(st.integers(1, 3))}"]
    if often == "WEEKLY" or draw(st.booleans()):
        days = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True))
        at = draw(st.sampled_from(["", "1", "-1"])) if often == "MONTHLY" else ""
        parts.append("BYDAY=" + ",".join(at + day for day in days))
    end = draw(st.sampled_from(["", "COUNT", "UNTIL"]))
    if end == "COUNT":
        parts.append(f"COUNT={draw(st.integers(1, 200))}")
    elif end:
        until = START + timedelta(hours=draw(st.integers(0, 365 * 24)))
        parts.append(f"UNTIL={written(until)}Z")
    return ";".join(parts)


@settings(deadline=None, max_examples=200)
@given(
    rule=rules(),
    begin=st.integers(0, 6 * 365 * 24),
    hour=st.sampled_from([5, 12, 17]),
    hours=st.integers(1, 3),
    place=st.sampled_from([each for each in ZONES if each != "Africa/Casablanca"]),
    offset=st.integers(0, 400),
)
def test_rules_are_those_of_the_usual_reader(
    rule: str, begin: int, hour: int, hours: int, place: str, offset: int
) -> None:
    """By day, in zones of which all versions of the time zone database say the same."""
    start = (datetime.fromisoformat("2020-01-01") + timedelta(hours=begin)).replace(hour=hour)
    text = calendar(
        f"DTSTART;TZID={place}:{written(start)}",
        f"DTEND;TZID={place}:{written(start + timedelta(hours=hours))}",
        f"RRULE:{rule}",
    )
    now = utc("2026-01-01T00:00") + timedelta(days=offset)
    theirs = recurring_ical_events.of(Calendar.from_ical(text)).between(now, now + 60 * DAY)
    expected = sorted(
        {
            tuple(
                each[key].dt.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
                for key in ("DTSTART", "DTEND")
            )
            for each in theirs
        }
    )
    found = sorted(set(read(text, now, 60)))
    # An event whose rule ends before it begins happens once (RFC 5545, 3.8.5.3).
    first = earliest(start, zone(place)).strftime("%Y-%m-%dT%H:%M")
    assert [each for each in found if each[0] != first] == [
        each for each in expected if each[0] != first
    ]
    assert {each[0] for each in expected} <= {each[0] for each in found}


def by_hand(
    start: datetime, hours: Sequence[int], days: int, place: ZoneInfo, length: timedelta
) -> list[tuple[datetime, datetime]]:
    found = []
    for day in range(days):
        for hour in hours:
            local = start.replace(hour=hour) + day * DAY
            begin, end = earliest(local, place), latest(local + length, place)
            found.append((begin, end if end > begin else begin + length))
    return found


@settings(deadline=None, max_examples=200)
@given(
    hours=st.lists(st.integers(0, 23), min_size=1, max_size=4, unique=True),
    place=st.sampled_from(ZONES),
    first=st.integers(0, 330),
    left_out=st.sets(st.integers(0, 60), max_size=5),
    moved=st.sets(st.integers(0, 60), max_size=3),
    form=st.sampled_from(["utc", "zone"]),
    minutes=st.integers(1, 40 * 60),
)
def test_what_is_left_out_and_moved_is_just_that(
    hours: list[int],
    place: str,
    first: int,
    left_out: set[int],
    moved: set[int],
    form: str,
    minutes: int,
) -> None:
    """Several times a day, in all zones, over clock changes."""
    where, hours, length = zone(place), sorted(hours), timedelta(minutes=minutes)
    start = (START + first * DAY).replace(hour=hours[0])
    spans = by_hand(start, hours, 20, where, length)
    locals_ = [start.replace(hour=hour) + day * DAY for day in range(20) for hour in hours]

    def named(at: int) -> str:
        if form == "utc":
            return f":{written(spans[at][0])}Z"
        return f";TZID={place}:{written(locals_[at])}"

    left_out = {at for at in left_out if at < len(spans)}
    moved = {at for at in moved if at < len(spans)} - left_out
    by = ",".join(map(str, hours))
    text = calendar(
        f"DTSTART;TZID={place}:{written(start)}",
        f"DTEND;TZID={place}:{written(start + length)}",
        f"RRULE:FREQ=DAILY;BYHOUR={by};UNTIL={written(spans[-1][0])}Z",
        *(f"EXDATE{named(at)}" for at in left_out),
    )
    far = utc("2028-01-01T00:00")
    changes = [
        "\r\n".join(
            [
                "BEGIN:VEVENT",
                "UID:1",
                f"RECURRENCE-ID{named(at)}",
                f"DTSTART:{written(far + at * DAY)}Z",
                "DURATION:PT1H",
                "END:VEVENT",
            ]
        )
        for at in moved
    ]
    text = text.replace("END:VCALENDAR", "\r\n".join([*changes, "END:VCALENDAR"]))
    expected = {span for at, span in enumerate(spans) if at not in left_out | moved}
    # A clock that is put forward may make two beginnings one moment.
    gone = {spans[at][0] for at in left_out | moved}
    expected = {span for span in expected if span[0] not in gone}
    expected |= {(far + at * DAY, far + at * DAY + timedelta(hours=1)) for at in moved}
    found = read(text, utc("2025-12-30T00:00"), 3 * 365)
    assert sorted(set(found)) == sorted(
        (f"{begin:%Y-%m-%dT%H:%M}", f"{end:%Y-%m-%dT%H:%M}") for begin, end in expected
    )
