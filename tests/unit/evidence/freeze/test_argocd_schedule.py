"""When a sync window is open: as Argo CD's cron library reads it, minute by minute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gate.evidence.freeze.calendar import zone
from gate.evidence.freeze.interface import Span
from gate.evidence.freeze.sync_schedule import Opening, closed, comes, cron, duration, opened
from tests.unit.evidence.freeze.asked import utc

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kolkata",
)
MINUTE = timedelta(minutes=1)


def opening(schedule: str, length: str, place: str = "UTC") -> Opening:
    return Opening(cron(schedule), duration(length), zone(place))


def told(spans: Sequence[Span]) -> list[tuple[str, str | None]]:
    return [
        (f"{each.start:%Y-%m-%dT%H:%M}", f"{each.until:%Y-%m-%dT%H:%M}" if each.until else None)
        for each in spans
    ]


@pytest.mark.parametrize(
    ("schedule", "day", "fits"),
    [
        ("0 0 * * 0", "2026-11-22", True),
        ("0 0 * * sun", "2026-11-22", True),
        ("0 0 * * SUN", "2026-11-23", False),
        ("0 0 ? nov ?", "2026-11-22", True),
        ("0 0 1 * 0", "2026-11-22", True),
        ("0 0 1 * 0", "2026-12-01", True),
        ("0 0 1 * 0", "2026-11-24", False),
        ("0 0 */1 * 1", "2026-11-22", False),
        ("0 0 */2 * 1", "2026-11-23", True),
        ("0 0 */2 * 1", "2026-11-25", True),
        ("0 0 1-31 * 1", "2026-11-24", True),
        ("0 0 20/3 * *", "2026-11-23", True),
        ("0 0 20/3 * *", "2026-11-22", False),
        ("0 0 * jan-mar,DEC *", "2026-12-22", True),
        ("0 0 * jan-mar,DEC *", "2026-11-22", False),
        ("0 0 29 2 *", "2028-02-29", True),
    ],
)
def test_days_are_those_of_argo_cd_s_library(schedule: str, day: str, fits: bool) -> None:
    assert cron(schedule).fits(datetime.fromisoformat(day).date()) is fits


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        ("@daily", "is a name for a schedule, and Argo CD knows none"),
        ("@every 1h", "is a name for a schedule"),
        ("CRON_TZ=UTC 0 0 * * *", "holds a time zone, which belongs into `timeZone`"),
        ("0 0 0 * * *", "has 6 fields, and not 5"),
        ("", "has 0 fields, and not 5"),
        ("0 0 * * 7", "has a field (day of the week) out of 0 to 6: '7'"),
        ("60 0 * * *", "has a field (minute) out of 0 to 59: '60'"),
        ("0 24 * * *", "has a field (hour) out of 0 to 23: '24'"),
        ("0 0 0 * *", "has a field (day of the month) out of 1 to 31: '0'"),
        ("0 0 * 13 *", "has a field (month) out of 1 to 12: '13'"),
        ("0 0 * * fri-mon", "has a field (day of the week) out of 0 to 6: 'fri-mon'"),
        ("0 0 * foo *", "has a field (month) out of 1 to 12: 'foo'"),
        ("0 0 L * *", "has a field (day of the month) out of 1 to 31: 'L'"),
        ("*/0 0 * * *", "has a field (minute) out of 0 to 59: '*/0'"),
        ("0 0 * * 5#3", "has a field (day of the week) that cannot be read: '5#3'"),
        ("0,,5 0 * * *", "has a field (minute) that cannot be read: ''"),
        ("-5 0 * * *", "has a field (minute) that cannot be read: '-5'"),
        ("*-5 0 * * *", "has a field (minute) that cannot be read"),
    ],
)
def test_what_argo_cd_cannot_read_is_no_schedule(schedule: str, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        cron(schedule)
    assert str(error.value).startswith(why)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("1h", 60), ("1h30m", 90), ("+90m", 90), ("1.5h", 90), ("30m30s", 30.5), ("36h", 2160)],
)
def test_durations_are_those_of_go(text: str, minutes: float) -> None:
    assert duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "1", "1d", "1w", "1h 30m", "h", "1h30", "-1h", "0s", "0h0m"])
def test_other_durations_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(is no duration of Go|must be more than nothing)"):
        duration(text)


def test_a_schedule_that_never_comes_is_found_out() -> None:
    assert not comes(cron("0 0 30 2 *"), utc("2026-11-22"))
    assert comes(cron("0 0 29 2 *"), utc("2026-11-22"))


def test_a_window_is_whole_even_where_it_began_before_or_ends_after() -> None:
    window = opening("0 22 * * fri", "60h")
    expected = [("2026-11-20T22:00", "2026-11-23T10:00"), ("2026-11-27T22:00", "2026-11-30T10:00")]
    assert told(opened(window, utc("2026-11-22T10:00"), utc("2026-11-28T00:00"))) == expected


def test_windows_that_follow_each_other_are_one_and_may_have_no_end() -> None:
    start, end = utc("2026-11-22T10:00"), utc("2026-11-23T10:00")
    always = opening("* * * * *", "1m")
    assert [each.until for each in opened(always, start, end)] == [None]
    assert closed([always], start, end) == []
    year = opening("0 0 1 1 *", "8700h")
    assert told(opened(year, start, end)) == [("2026-01-01T00:00", "2026-12-29T12:00")]


def test_the_time_outside_is_whole_up_to_the_next_window_years_away() -> None:
    leap = opening("0 9 29 2 *", "8h")
    found = closed([leap], utc("2026-11-22T10:00"), utc("2026-11-23T10:00"))
    assert told(found) == [("2024-02-29T17:00", "2028-02-29T09:00")]


@pytest.mark.parametrize(
    ("schedule", "length", "expected"),
    [
        # The clock goes from 02:00 to 03:00: what is left is open.
        ("30 2 * * *", "1h", [("2026-03-29T01:00", "2026-03-29T01:30")]),
        ("30 2 * * *", "20m", []),
        ("0 22 28 3 *", "8h", [("2026-03-28T21:00", "2026-03-29T04:00")]),
    ],
)
def test_clocks_put_forward(schedule: str, length: str, expected: list[tuple[str, str]]) -> None:
    window = opening(schedule, length, "Europe/Berlin")
    assert told(opened(window, utc("2026-03-28T22:30"), utc("2026-03-29T12:00"))) == expected


def test_clocks_put_back_open_a_window_twice() -> None:
    window = opening("30 2 * * *", "15m", "Europe/Berlin")
    found = opened(window, utc("2026-10-24T22:00"), utc("2026-10-25T12:00"))
    assert told(found) == [
        ("2026-10-25T00:30", "2026-10-25T00:45"),
        ("2026-10-25T01:30", "2026-10-25T01:45"),
    ]


def _listed(values: Sequence[int]) -> str:
    return ",".join(map(str, values))


def fields(least: int, most: int) -> st.SearchStrategy[str]:
    values = st.integers(least, most)
    return st.one_of(
        st.just("*"),
        st.lists(values, min_size=1, max_size=4).map(_listed),
        st.tuples(values, values).map(lambda pair: f"{min(pair)}-{max(pair)}"),
        st.integers(2, 9).map(lambda step: f"*/{step}"),
    )


SCHEDULES = st.tuples(fields(0, 59), fields(0, 23), fields(1, 31), fields(1, 12), fields(0, 6)).map(
    " ".join
)
CHANGES = [
    "2026-03-29T01:00",
    "2026-10-25T01:00",
    "2026-03-08T07:00",
    "2026-11-01T06:00",
    "2026-04-04T15:00",
    "2026-10-03T15:30",
    "2026-02-15T02:00",
    "2026-03-22T02:00",
]


def _values(field: str, least: int, most: int) -> set[int]:
    """What a field means, written once more."""
    if field == "*":
        return set(range(least, most + 1))
    if field.startswith("*/"):
        return set(range(least, most + 1, int(field[2:])))
    if "-" in field:
        low, high = map(int, field.split("-"))
        return set(range(low, high + 1))
    return set(map(int, field.split(",")))


def minutes_open(
    schedule: str, length: int, place: ZoneInfo, start: datetime, count: int
) -> list[bool]:
    """Minute by minute: whether the clock shows less than `length` minutes since a beginning."""
    minute, hour, day, month, weekday = schedule.split()
    minutes, hours = _values(minute, 0, 59), _values(hour, 0, 23)
    days, months, weekdays = _values(day, 1, 31), _values(month, 1, 12), _values(weekday, 0, 6)

    def begins(shown: datetime) -> bool:
        fits = (shown.day in days, (shown.weekday() + 1) % 7 in weekdays)
        right_day = all(fits) if "*" in (day, weekday) else any(fits)
        right_time = shown.minute in minutes and shown.hour in hours
        return right_time and right_day and shown.month in months

    shown = [(start + at * MINUTE).astimezone(place).replace(tzinfo=None) for at in range(count)]
    first = min(shown) - length * MINUTE
    since: dict[datetime, datetime | None] = {}
    latest = None
    at = first
    while at <= max(shown):
        latest = at if begins(at) else latest
        since[at] = latest
        at += MINUTE
    return [(began := since[each]) is not None and each - began < length * MINUTE for each in shown]


@settings(deadline=None, max_examples=150)
@given(
    schedule=SCHEDULES,
    length=st.integers(1, 3000),
    place=st.sampled_from(ZONES),
    start=st.one_of(
        st.sampled_from(CHANGES).map(lambda text: utc(text) - timedelta(hours=6)),
        st.integers(0, 3650 * 24 * 60).map(lambda at: utc("2020-01-01") + at * MINUTE),
    ),
)
@example("30 2 * * *", 90, "Europe/Berlin", utc("2026-03-28T20:00"))
@example("45 1 * * *", 30, "Australia/Lord_Howe", utc("2026-04-04T10:00"))
def test_it_is_open_and_closed_minute_by_minute(
    schedule: str, length: int, place: str, start: datetime
) -> None:
    window = opening(schedule, f"{length}m", place)
    count = 24 * 60
    end = start + (count - 1) * MINUTE
    expected = minutes_open(schedule, length, zone(place), start, count)
    spans = opened(window, start, end)
    gaps = closed([window], start, end) if comes(cron(schedule), start) else []
    for at, is_open in enumerate(expected):
        moment = start + at * MINUTE
        assert _holds(spans, moment) is is_open
        assert not gaps or _holds(gaps, moment) is not is_open


def _holds(spans: Sequence[Span], moment: datetime) -> bool:
    return any(
        each.start <= moment and (each.until is None or moment < each.until) for each in spans
    )


@settings(deadline=None, max_examples=50)
@given(SCHEDULES, st.integers(1, 3000), st.sampled_from(ZONES))
def test_a_window_s_true_bounds_do_not_depend_on_what_is_asked_for(
    schedule: str, length: int, place: str
) -> None:
    window = opening(schedule, f"{length}m", place)
    start = utc("2026-10-24T10:00")
    wide = opened(window, start, start + timedelta(days=3))
    for hours in range(0, 72, 7):
        at = start + timedelta(hours=hours)
        expected = [each for each in wide if _holds([each], at)]
        if all(each.until is not None for each in expected):
            assert opened(window, at, at) == expected
