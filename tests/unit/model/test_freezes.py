"""Freezes as evidence tells them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.model.freezes import Window, over, state
from tests.support.standing import NOW, calendar, failed, told, window

HOUR = timedelta(hours=1)


def at(hours: int) -> datetime:
    return NOW + hours * HOUR


hours = st.integers(-20, 60)
lengths = st.one_of(st.none(), st.integers(0, 20))
windows = st.lists(
    st.builds(
        lambda start, length: Window(
            "w", at(start), None if length is None else at(start + length)
        ),
        hours,
        lengths,
    ),
    max_size=8,
)


@given(windows, hours)
def test_the_end_is_the_first_free_hour(found: list[Window], hour: int) -> None:
    """Against an oracle that looks at each hour."""
    free = next(
        (at(each) for each in range(hour, 200) if not any(w.holds(at(each)) for w in found)), None
    )
    assert over(found, at(hour)) == free


def test_the_end_skips_over_windows_that_overlap_or_follow() -> None:
    value = [
        calendar(window("c", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z")),
        calendar(
            window("a", "2026-11-20T00:00:00Z", "2026-11-22T12:00:00+01:00"),
            window("b", "2026-11-22T11:00:00Z", "2026-11-23T00:00:00Z"),
            window("d", "2026-11-24T00:00:01Z", "2026-11-25T00:00:00Z"),
        ),
    ]
    found = state(told("freeze", value), NOW)
    assert found.frozen is True
    assert found.until == datetime(2026, 11, 24, tzinfo=UTC)
    assert [each.name for each in found.windows] == ["a", "b", "c", "d"]
    coming = found.next(NOW)
    assert coming is not None
    assert coming.name == "b"


def test_an_open_end_has_none() -> None:
    stop = window("stop", "2026-11-20T00:00:00Z", None)
    found = state(told("freeze", [calendar(stop)]), NOW)
    assert (found.frozen, found.until) == (True, None)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "the value is no list"),
        ({}, "the value is no list"),
        (["x"], "a calendar is no object"),
        ([{}], "`windows` is no list"),
        ([calendar("x")], "a window is no object"),
        ([calendar({"name": "x"})], "a time is not in RFC 3339"),
        ([calendar(window("x", "soon", None))], "a time is not in RFC 3339"),
        ([calendar(window("x", "2026-11-22T10:00:00", None))], "a time is not in RFC 3339"),
        ([calendar(window("x", "2026-11-22T10:00:00Z", "never"))], "a time is not in RFC 3339"),
        (
            [calendar(window("x", "2026-11-22T10:00:00Z", "2026-11-21T10:00:00Z"))],
            "a window ends before it begins",
        ),
        ([calendar(until="x")], "a time is not in RFC 3339"),
        ([calendar(window("x", "2026-11-22T10:00:00Z", None, who=1))], "`who` is no text"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_not_free(value: Any, why: str) -> None:
    found = state(told("freeze", value), NOW)
    assert (found.frozen, found.reason) == (None, f"recorded.json: {why}")


def test_what_could_not_be_asked_is_not_free() -> None:
    assert state(failed("freeze", "refused"), NOW).reason == "refused"
    assert state(failed("freeze", None), NOW).frozen is None


def test_a_freeze_that_is_known_holds_where_another_calendar_does_not_answer() -> None:
    stop = calendar(window("stop", "2026-11-20T00:00:00Z", "2026-11-23T00:00:00Z"))
    found = state(replace(failed("freeze", "refused"), value=[stop]), NOW)
    assert (found.frozen, found.until) == (True, datetime(2026, 11, 23, tzinfo=UTC))
    assert (found.known, found.reason) == (NOW, "refused")
    soon = calendar(window("soon", "2026-11-23T00:00:00Z", None))
    found = state(replace(failed("freeze", "refused"), value=[soon]), NOW)
    assert (found.frozen, found.reason) == (None, "refused")
    assert [each.name for each in found.windows] == ["soon"]
    for value in (None, {}, [1]):
        assert state(replace(failed("freeze", "refused"), value=value), NOW).frozen is None


def test_a_calendar_that_ends_before_now_says_nothing() -> None:
    found = state(told("freeze", [calendar(until="2026-11-22T10:00:00Z")]), NOW)
    assert found.frozen is None
    assert found.reason == "recorded.json says nothing after 2026-11-22T10:00:00Z"
    assert state(told("freeze", [calendar(until="2026-11-22T10:00:01Z")]), NOW).frozen is False
    stop = calendar(window("stop", "2026-11-20T00:00:00Z", None), until="2026-11-21T00:00:00Z")
    assert state(told("freeze", [stop]), NOW).frozen is True


def test_no_calendar_and_no_window_are_free() -> None:
    assert state(told("freeze", []), NOW).frozen is False
    assert state(told("freeze", [calendar()]), NOW).frozen is False
