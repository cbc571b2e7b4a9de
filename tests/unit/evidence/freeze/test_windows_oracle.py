"""Freezes are those that a reading of the clock, minute by minute, finds."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from gate.evidence.freeze.calendar import zone
from gate.evidence.freeze.windows import observe
from gate.evidence.interface import Question
from gate.model.manifest import Target
from tests.unit.config.trees import Files
from tests.unit.evidence.freeze.oracle import MINUTE, Window, changes, frozen

EXAMPLES = int(os.environ.get("FREEZE_EXAMPLES", "80"))
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "Africa/Casablanca",  # by the moon
    "Asia/Kathmandu",  # 5:45
    "America/Sao_Paulo",  # at midnight, until 2019
    "Pacific/Apia",  # 30 December 2011 was left out
)
YEARS = (2011, 2021)
BEFORE = timedelta(days=11)
"""How far the oracle looks back: the longest duration, and a day."""
HONEST = ("`to` is not after `from`", "Bad day-of-month", "one value with a step")
"""Why a random file is refused: it ends before it begins, means 30 February, or what
readers of cron read in two ways."""
TARGET = Target("checkout", "production", 1)

CHANGES = {name: changes(zone(name), *YEARS) for name in ZONES}
ENDS = [
    datetime(year, month, 1, tzinfo=UTC) - timedelta(days=1)
    for year in range(YEARS[0], YEARS[1] + 1)
    for month in range(1, 13)
] + [datetime(year, 2, 29, tzinfo=UTC) for year in (2012, 2016, 2020)]


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    """A field of a cron expression."""
    one = st.integers(low, high)
    pair = st.tuples(one, one).map(sorted)
    return st.one_of(
        st.just("*"),
        one.map(str),
        st.integers(2, 20).map(lambda step: f"*/{step}"),
        pair.map(lambda each: f"{each[0]}-{each[1]}"),
        st.tuples(pair, st.integers(1, 5)).map(lambda each: f"{each[0][0]}-{each[0][1]}/{each[1]}"),
        st.lists(one, min_size=2, max_size=4).map(lambda each: ",".join(map(str, each))),
    )


def often(usual: str, other: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just(usual), st.just(usual), other)


CRONS = st.tuples(
    st.one_of(st.sampled_from(["0", "30", "15"]), numbers(0, 59)),
    st.one_of(st.sampled_from(["0", "1", "2", "3", "23", "1-3"]), numbers(0, 23)),
    often("*", st.one_of(numbers(1, 31), st.sampled_from(["29", "30", "31"]))),
    often("*", numbers(1, 12)),
    often("*", numbers(0, 7)),
).map(" ".join)
MINUTES = st.one_of(
    st.sampled_from([1, 10, 30, 45, 60, 90, 120, 24 * 60, 57 * 60, 9 * 24 * 60]),
    st.integers(1, 3 * 24 * 60),
)
CLOCKS = st.one_of(
    st.sampled_from(["00:00", "00:30", "01:30", "02:00", "02:30", "03:00", "23:59"]),
    st.tuples(st.integers(0, 23), st.integers(0, 59)).map("{0[0]:02}:{0[1]:02}".format),
)
WEEKTIMES = st.tuples(
    st.sampled_from(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Sun"]), CLOCKS
).map(" ".join)


@st.composite
def times(draw: st.DrawFn, near: datetime) -> str:
    """A date, a local time or a time in UTC, some days from a moment."""
    day = (near + timedelta(days=draw(st.integers(-4, 6)))).date().isoformat()
    form = draw(st.sampled_from(["date", "local", "local", "utc"]))
    if form == "date":
        return day
    return f"{day} {draw(CLOCKS)}" if form == "local" else f"{day}T{draw(CLOCKS)}:00Z"


@st.composite
def windows(draw: st.DrawFn, name: str, near: datetime) -> dict[str, Any]:
    """A window, with what the oracle wants to know."""
    made: dict[str, Any] = {"name": "w", "time_zone": draw(often(name, st.sampled_from(ZONES)))}
    if draw(st.integers(0, 3)) == 0:
        made["kind"] = "allow"
    form = draw(st.sampled_from(["once", "cron", "cron", "weekly"]))
    if form == "once":
        made |= {"from": draw(times(near)), "to": draw(times(near))}
        return made
    if form == "cron":
        made |= {"cron": draw(CRONS), "minutes": draw(MINUTES)}
    else:
        made["weekly"] = {"from": draw(WEEKTIMES), "to": draw(WEEKTIMES)}
        assume(made["weekly"]["from"] != made["weekly"]["to"])
    for key in ("from", "to"):
        if draw(st.integers(0, 5)) == 0:
            made[key] = draw(times(near))
    return made


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Window], datetime, timedelta]:
    """A file's windows, the present moment, and how far to look ahead."""
    name = draw(st.sampled_from(ZONES))
    near = draw(st.sampled_from([*CHANGES[name], *ENDS] if draw(st.booleans()) else ENDS))
    if CHANGES[name] and draw(st.integers(0, 2)):
        near = draw(st.sampled_from(CHANGES[name]))
    found = draw(st.lists(windows(name, near), min_size=1, max_size=4))
    now = near + timedelta(minutes=draw(st.integers(-3 * 1440, 1440)))
    return found, now, timedelta(minutes=draw(st.integers(60, 5 * 1440)))


def written(window: Window) -> dict[str, Any]:
    fields = dict(window)
    if "minutes" in fields:
        fields["duration"] = f"{fields.pop('minutes')}m"
    return fields


def spans(found: list[Window], now: datetime, ahead: timedelta) -> list[tuple[datetime, datetime]]:
    """When gate says that it is frozen, from `now` on."""
    text = json.dumps({"windows": [written(each) for each in found]})
    question = Question("f", "freeze", [TARGET], "f", Files({"f": text}), now, ahead)
    (evidence,) = observe(question)
    if evidence.status != "ok":
        assert any(each in str(evidence.reason) for each in HONEST), evidence.reason
        assume(False)
    (calendar,) = evidence.value
    horizon = now + ahead
    return [
        (
            max(datetime.fromisoformat(each["from"]), now),
            min(datetime.fromisoformat(each["until"] or "9999-01-01T00:00:00Z"), horizon),
        )
        for each in calendar["windows"]
    ]


def compare(found: list[Window], now: datetime, ahead: timedelta) -> None:
    start = now - BEFORE
    minutes = (BEFORE + ahead) // MINUTE
    expected = frozen(found, start, minutes, zone)[BEFORE // MINUTE :]
    told = [False] * len(expected)
    for begin, end in spans(found, now, ahead):
        assert begin.second == end.second == 0
        for index in range((begin - now) // MINUTE, (end - now) // MINUTE):
            told[index] = True
    event("frozen" if any(expected) else "never frozen")
    different = [index for index, yes in enumerate(expected) if yes != told[index]]
    assert not different, (
        f"{len(different)} minutes differ, from {now + different[0] * MINUTE}: "
        f"by the clock frozen is {expected[different[0]]}"
    )


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(cases())
def test_frozen_is_what_the_clock_says(case: tuple[list[Window], datetime, timedelta]) -> None:
    """Each minute of the time is compared, so that each boundary is."""
    compare(*case)
