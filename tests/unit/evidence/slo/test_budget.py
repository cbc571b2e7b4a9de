"""The arithmetic of budgets, by example and by property."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.evidence.recorded import checked
from gate.evidence.slo.budget import POINTS, entry, unknown, written_window
from gate.evidence.slo.interface import WINDOWS, Measured, Plan, Unplanned

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
DAY = timedelta(days=1)
PLAN = Plan("checkout", None, "availability", 0.999, 30 * DAY, bad="", place="slo.yaml:3")


def told(bad: float | None = 0.0005, plan: Plan = PLAN, **measured: Any) -> dict[str, Any]:
    return entry(plan, Measured(bad, **measured), at=AT, source="prometheus (query)")


def test_a_whole_entry() -> None:
    rates = {"1h": 0.02, "5m": 0.016, "6h": 0.001}
    assert told(0.0005, rates=rates, badness=((AT - 2 * DAY, 3.0), (AT - DAY, 1.0))) == {
        "name": "availability",
        "objective": 0.999,
        "window": "30d",
        "remaining": 0.5,
        "state": "warning",
        "reason": None,
        "burn_rate": 20.0,
        "pairs": [
            {
                "severity": "page",
                "long": "1h",
                "short": "5m",
                "factor": 14.4,
                "long_rate": 20.0,
                "short_rate": 16.0,
                "exceeded": True,
            }
        ],
        "exhausted_at": "2026-11-23T04:00:00Z",
        "projection": [
            {"at": "2026-12-21T10:00:00Z", "remaining": 0.875},
            {"at": "2026-12-22T10:00:00Z", "remaining": 1.0},
        ],
        "source": "prometheus (query)",
        "place": "slo.yaml:3",
    }


@pytest.mark.parametrize(
    ("bad", "remaining", "state"),
    [
        (0, 1, "ok"),
        (0.0008, 0.2, "ok"),
        (0.00081, 0.19, "warning"),
        (0.001, 0, "exhausted"),
        (0.002, -1, "exhausted"),
        (1, -999, "exhausted"),
        (-1e-9, 1, "ok"),
    ],
)
def test_remaining_and_state(bad: float, remaining: float, state: str) -> None:
    found = told(bad)
    assert (found["remaining"], found["state"]) == (pytest.approx(remaining, abs=1e-8), state)


@pytest.mark.parametrize(
    ("bad", "plan", "reason"),
    [
        (None, PLAN, "there is no data of it"),
        (math.nan, PLAN, "its share of errors is NaN"),
        (math.inf, PLAN, "its share of errors is infinite"),
        (-0.1, PLAN, "its share of errors is -0.1, which no share can be"),
        (1.1, PLAN, "its share of errors is 1.1, which no share can be"),
        (0.1, Plan("a", None, "b", 1.0, DAY, ""), "its objective is 1, and must be"),
        (0.1, Plan("a", None, "b", math.nan, DAY, ""), "its objective is nan, and must be"),
        (0.1, Plan("a", None, "b", 0.9, 9999 * DAY, ""), "its window is 9999d"),
        (0.1, Plan("a", None, "b", 0.9, 0 * DAY, ""), "its window is 0d"),
    ],
)
def test_what_is_no_share_is_insufficient_data(bad: float | None, plan: Plan, reason: str) -> None:
    found = told(bad, plan)
    assert (found["state"], found["remaining"]) == ("insufficient_data", None)
    assert found["reason"].startswith(reason)
    json.dumps(found, allow_nan=False)


def test_a_reason_beats_a_number() -> None:
    assert told(0.0, reason="nobody counts errors")["reason"] == "nobody counts errors"
    found = unknown(Unplanned("a", None, "b", "no spec", 0.9, "x:1"), source="s")
    assert (found["state"], found["reason"]) == ("insufficient_data", "no spec")


def test_factors_follow_the_window() -> None:
    rates = dict.fromkeys(WINDOWS, 0.01)
    factors = {
        days: [
            pair["factor"]
            for pair in told(0, Plan("a", None, "b", 0.9, days * DAY, ""), rates=rates)["pairs"]
        ]
        for days in (30, 28, 7, 1)
    }
    assert factors == {
        30: [14.4, 6.0, 3.0, 1.0],
        28: [13.44, 5.6, 2.8, pytest.approx(0.9333333333)],
        7: [3.36, 1.4, 0.7, pytest.approx(0.2333333333)],
        1: [0.48, 0.2, 0.1],
    }


def test_both_windows_must_exceed_the_factor() -> None:
    for long, short, exceeded in ((0.02, 0.01, False), (0.01, 0.02, False), (0.02, 0.02, True)):
        (pair,) = told(0, rates={"1h": long, "5m": short})["pairs"]
        assert pair["exceeded"] is exceeded
    (pair,) = told(0, rates={"1h": 0.0144, "5m": 0.0144})["pairs"]
    assert pair["exceeded"] is (0.0144 / (1 - 0.999) > 14.4)


def test_a_window_of_the_calendar_starts_anew() -> None:
    plan = Plan("a", None, "b", 0.999, 30 * DAY, "", starts=AT - 20 * DAY, resets=AT + 10 * DAY)
    found = told(0.0005, plan, rates={"1h": 0.001})
    assert found["projection"] == [{"at": "2026-12-02T10:00:00Z", "remaining": 1.0}]
    assert found["exhausted_at"] is None
    assert told(0.0005, plan, rates={"1h": 0.01})["exhausted_at"] == "2026-11-23T22:00:00Z"


def test_a_slow_burn_never_gets_there() -> None:
    assert told(0.0005, rates={"1h": 0.0001})["exhausted_at"] is None
    assert told(0.0, rates={"1h": 0.0})["exhausted_at"] is None
    assert told(0.002, rates={"1h": 0.5})["exhausted_at"] is None


@pytest.mark.parametrize(
    ("window", "text"),
    [(30 * DAY, "30d"), (DAY / 2, "12h"), (DAY / 96, "15m"), (timedelta(seconds=90), "90s")],
)
def test_windows_are_written_in_their_largest_unit(window: timedelta, text: str) -> None:
    assert written_window(window) == text


numbers = st.floats(allow_nan=True, allow_infinity=True)
shares = st.floats(0, 1)
points = st.lists(st.tuples(st.integers(0, 720), numbers), max_size=200, unique_by=lambda p: p[0])


@given(
    st.floats(0.0001, 0.99999),
    shares | numbers,
    st.dictionaries(st.sampled_from(WINDOWS), shares | numbers),
    points,
    st.integers(1, 90),
    st.none() | st.integers(-5, 40),
)
def test_every_entry_has_the_form_of_a_recorded_one(
    objective: float,
    bad: float,
    rates: dict[str, float],
    hours: list[tuple[int, float]],
    days: int,
    resets: int | None,
) -> None:
    plan = Plan(
        "a",
        None,
        "b",
        objective,
        days * DAY,
        "",
        resets=None if resets is None else AT + resets * DAY,
    )
    badness = tuple((AT - timedelta(hours=ago), amount) for ago, amount in hours)
    found = told(bad, plan, rates=rates, badness=badness)
    json.dumps(found, allow_nan=False)
    assert checked("slo", [found], "x") == [found]
    risen = [point["remaining"] for point in found["projection"]]
    assert len(risen) <= POINTS
    assert risen == sorted(set(risen))
    assert all(found["remaining"] < each <= 1 for each in risen)
    assert all(datetime.fromisoformat(p["at"]) >= AT for p in found["projection"])


@given(st.floats(0.5, 0.9999), shares, shares)
def test_more_errors_never_leave_more(objective: float, one: float, other: float) -> None:
    plan = Plan("a", None, "b", objective, 30 * DAY, "")
    less, more = sorted((one, other))
    assert told(less, plan)["remaining"] >= told(more, plan)["remaining"]
    assert told(one, plan)["remaining"] == pytest.approx(1 - one / (1 - objective), abs=1e-6)


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=120), st.floats(0.0001, 0.01))
def test_a_projection_is_what_the_later_window_holds(amounts: list[float], bad: float) -> None:
    """Against counting what of the errors is still in the window then."""
    step = 30 * DAY / len(amounts)
    badness = tuple((AT - 30 * DAY + index * step, each) for index, each in enumerate(amounts))
    found = told(bad, badness=badness)
    for point in found["projection"]:
        start = datetime.fromisoformat(point["at"]) - 30 * DAY + timedelta(seconds=1)
        ends = [begin + step for begin, _ in badness]
        left = math.fsum(a for end, a in zip(ends, amounts, strict=True) if end > start)
        expected = 1 - (1 - found["remaining"]) * left / math.fsum(amounts)
        assert point["remaining"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("rates", "reason"),
    [
        (
            {"5m": math.inf},
            "its share of errors in 5m is infinite: errors are counted, and no events",
        ),
        ({"5m": 0.1, "1h": -math.inf}, "its share of errors in 1h is infinite: errors are counted"),
        ({"1h": math.nan, "5m": 0.1}, "its share of errors in 1h is NaN, and that in 5m is not"),
        ({"3d": math.nan, "6h": 0.1}, "its share of errors in 3d is NaN, and that in 6h is not"),
        ({"5m": math.nan, "1h": 0.1, "3d": 0.1}, None),
        ({"5m": math.nan, "1h": math.nan}, None),
    ],
)
def test_shares_of_windows_that_cannot_be_true(rates: dict[str, float], reason: str | None) -> None:
    found = told(rates=rates)
    assert (found["remaining"] is None) == (reason is not None)
    assert (found["reason"] or "").startswith(reason or "")
