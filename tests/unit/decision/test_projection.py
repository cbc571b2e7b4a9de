"""A context at a later time: freezes as they are, budgets as their projections say."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.decision import projection
from gate.model.times import moment, written

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
TARGET = {"service": "checkout", "environment": "production", "tier": 1}


def hour(number: float) -> str:
    return written(NOW + timedelta(hours=number))


def context(kind: str, value: Any, status: str = "ok") -> dict[str, Any]:
    envelope = {"status": status, "value": value, "observed_at": hour(0), "reason": None}
    told = {kind: {"checkout": {"production": envelope}}}
    return {"now": hour(0), "targets": [TARGET], "evidence": told, "gate": {"a": 1}}


def entry(**more: Any) -> dict[str, Any]:
    return {
        "name": "availability",
        "objective": 0.999,
        "window": "30d",
        "remaining": -0.12,
        "state": "exhausted",
        "reason": None,
        "burn_rate": 3.2,
        "pairs": [
            {"short": "5m", "long": "1h", "short_rate": 16, "long_rate": 20, "exceeded": True},
            {"short": "6h", "long": "3d", "short_rate": 2, "long_rate": 3, "exceeded": True},
        ],
        "exhausted_at": None,
        "projection": [
            {"at": hour(5), "remaining": -0.1},
            {"at": hour(9), "remaining": 0.1},
            {"at": hour(20), "remaining": 0.3},
        ],
        **more,
    }


def budget(of: dict[str, Any], hours: float, status: str = "ok") -> dict[str, Any]:
    later = projection.at(context("slo", [of], status), NOW + timedelta(hours=hours))
    assert later["now"] == hour(hours)
    (found,) = later["evidence"]["slo"]["checkout"]["production"]["value"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("hours", "remaining", "state", "burn_rate", "exceeded"),
    [
        (0, -0.12, "exhausted", 3.2, [True, True]),
        (0.05, -0.12, "exhausted", 3.2, [True, True]),
        (1 / 12, -0.12, "exhausted", 3.2, [False, True]),
        (1, -0.12, "exhausted", 0, [False, True]),
        (5, -0.1, "exhausted", 0, [False, True]),
        (8.9, -0.1, "exhausted", 0, [False, False]),
        (9, 0.1, "warning", 0, [False, False]),
        (19, 0.1, "warning", 0, [False, False]),
        (20, 0.3, "ok", 0, [False, False]),
        (999, 0.3, "ok", 0, [False, False]),
    ],
)
def test_a_budget_without_new_errors(
    hours: float, remaining: float, state: str, burn_rate: float, exceeded: list[bool]
) -> None:
    found = budget(entry(), hours)
    assert (found["remaining"], found["state"]) == (remaining, state)
    assert found["burn_rate"] == burn_rate
    assert [pair["exceeded"] for pair in found["pairs"]] == exceeded


def test_a_burning_pair_alone_is_a_warning() -> None:
    burning = entry(remaining=0.9, state="warning", projection=[])
    assert [budget(burning, hours)["state"] for hours in (5, 6)] == ["warning", "ok"]


@pytest.mark.parametrize(
    "of",
    [
        entry(remaining=None, state="insufficient_data"),
        entry(state="insufficient_data"),
        entry(remaining="0.5"),
        entry(remaining=True),
        {},
    ],
)
def test_what_could_not_be_measured_stays_so(of: dict[str, Any]) -> None:
    assert budget(of, 100) == of


@pytest.mark.parametrize("status", ["stale", "unavailable", "skipped", "not_configured"])
def test_what_is_not_there_stays_so(status: str) -> None:
    assert budget(entry(), 100, status) == entry()


def test_a_projection_of_the_past_tells_nothing() -> None:
    past = entry(projection=[{"at": hour(-5), "remaining": 0.5}])
    assert budget(past, 100)["remaining"] == -0.12


def test_no_budget_has_more_than_all_of_it() -> None:
    assert budget(entry(projection=[{"at": hour(5), "remaining": 1.2}]), 5)["remaining"] == 1


def test_the_context_of_now_is_left_as_it_is() -> None:
    given = context("slo", [entry()])
    before = copy.deepcopy(given)
    later = projection.at(given, NOW + timedelta(hours=30))
    assert given == before
    assert later["gate"] is given["gate"]


def test_freezes_stay_as_their_calendars_say() -> None:
    given = context("freeze", [{"windows": [{"from": hour(1), "until": hour(2)}]}])
    assert projection.at(given, NOW + timedelta(hours=9))["evidence"] == given["evidence"]


def test_the_moments_that_evidence_names() -> None:
    windows = [
        {"from": hour(-5), "until": hour(3)},
        {"from": hour(3), "until": None},
        {"from": hour(-9), "until": hour(-8)},
    ]
    calendar = {"windows": windows, "until": hour(700), "last_end": hour(800), "review_by": None}
    given = context("freeze", [calendar])
    given["evidence"]["slo"] = context("slo", [entry()])["evidence"]["slo"]
    told = [NOW + timedelta(hours=3), NOW, NOW + timedelta(hours=4, microseconds=1)]
    found = projection.boundaries(given, told)
    assert [(written(each.at), set(each.kinds), each.begins) for each in found] == [
        (hour(1 / 12), {"slo"}, False),
        (hour(1), {"slo"}, False),
        (hour(3), {"freeze", "clock"}, True),
        (written(NOW + timedelta(hours=4, seconds=1)), {"clock"}, False),
        (hour(5), {"slo"}, False),
        (hour(6), {"slo"}, False),
        (hour(9), {"slo"}, False),
        (hour(20), {"slo"}, False),
        (hour(800), {"freeze"}, False),
    ]
    assert projection.known_until(given) == NOW + timedelta(hours=700)


def test_only_the_targets_of_the_change_count() -> None:
    given = context("freeze", [{"windows": [{"from": hour(1), "until": None}], "until": hour(9)}])
    given["targets"] = []
    assert projection.boundaries(given) == []
    assert projection.known_until(given) is None


def test_a_moment_beyond_all_times_is_none() -> None:
    pair = {"short": "999999w", "exceeded": True}
    given = context("slo", [{"remaining": 0.5, "burn_rate": None, "pairs": [pair]}])
    assert projection.boundaries(given) == []
    endless = context("freeze", [{"windows": [{"until": "9999-12-31T23:59:59.9Z"}]}])
    assert [written(each.at) for each in projection.boundaries(endless)] == ["9999-12-31T23:59:59Z"]
    assert projection.at(given, NOW + timedelta(hours=1))["evidence"]["slo"]


@pytest.mark.parametrize(
    ("points", "stays"), [([], True), ([(5, -0.1)], True), ([(5, 0.1)], False), ([(-5, 1)], True)]
)
def test_what_nothing_foretells_the_end_of(points: list[tuple[float, float]], stays: bool) -> None:
    told = [{"at": hour(at), "remaining": left} for at, left in points]
    given = context("slo", [entry(remaining=None), entry(projection=told)])
    assert projection.stays_spent(given, "checkout") is stays
    assert projection.stays_spent(given, None) is stays
    assert not projection.stays_spent(given, "ledger")


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "5m", "999999w", "x", hour(3), "9999-12-31T23:59:59.9Z", "ok"])
    | st.text(max_size=3)
)
NAMES = """
at remaining projection pairs short long exceeded state burn_rate exhausted_at
windows from until last_end review_by
"""
KEYS = st.sampled_from(NAMES.split())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


@given(value=VALUES, kind=st.sampled_from(["slo", "freeze"]), hours=st.floats(0.1, 10_000))
def test_whatever_a_file_holds_has_a_later_time(value: Any, kind: str, hours: float) -> None:
    given = context(kind, value)
    found = projection.boundaries(given)
    assert all(each.at > NOW and each.at.microsecond == 0 for each in found)
    assert [each.at for each in found] == sorted({each.at for each in found})
    later = projection.at(given, NOW + timedelta(hours=hours))
    json.dumps(later, allow_nan=False)
    projection.known_until(given)
    projection.stays_spent(given, "checkout")
    assert moment(later["now"]) is not None
