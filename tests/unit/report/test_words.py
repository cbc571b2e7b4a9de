"""Numbers, moments and places in words."""

from __future__ import annotations

import pytest

from gate.model.manifest import Location
from gate.report.words import moment, place, plural


def test_nouns_follow_their_number() -> None:
    assert [plural(count, "finding") for count in (0, 1, 2, 1200)] == [
        "0 findings",
        "1 finding",
        "2 findings",
        "1,200 findings",
    ]


@pytest.mark.parametrize(
    ("time", "now", "said"),
    [
        ("2026-11-27T17:00:00Z", None, "2026-11-27 17:00 UTC"),
        ("2026-11-27T17:00:05Z", None, "2026-11-27 17:00:05 UTC"),
        ("2026-11-27T19:00:00+02:00", None, "2026-11-27 17:00 UTC"),
        ("2026-11-27T17:00:00Z", "2026-11-22T10:00:00Z", "2026-11-27 17:00 UTC (in 5d 7h)"),
        ("2026-11-22T17:00:00Z", "2026-11-22T10:00:00Z", "2026-11-22 17:00 UTC (in 7h)"),
        ("2026-11-22T10:40:00Z", "2026-11-22T10:00:00Z", "2026-11-22 10:40 UTC (in 40min)"),
        ("2026-11-23T10:40:00Z", "2026-11-22T10:00:00Z", "2026-11-23 10:40 UTC (in 1d)"),
        ("2026-11-22T10:00:01Z", "2026-11-22T10:00:00Z", "2026-11-22 10:00:01 UTC (in 1min)"),
        ("2026-11-01T17:00:00Z", "2026-11-22T10:00:00Z", "2026-11-01 17:00 UTC"),
        ("2026-12-01", "2026-11-22T10:00:00Z", "2026-12-01"),
        ("2026-11-27T17:00:00", None, "2026-11-27T17:00:00"),
        ("Tomorrow", None, "Tomorrow"),
    ],
)
def test_a_moment_is_in_utc_and_says_how_far_it_is(time: str, now: str | None, said: str) -> None:
    assert moment(time, now) == said


@pytest.mark.parametrize(
    ("location", "said"),
    [
        (Location("a.yaml", 3, 5), "a.yaml:3:5"),
        (Location("a.yaml", 3), "a.yaml:3"),
        (Location("a.yaml"), "a.yaml"),
        (Location("a.yaml", None, 5), "a.yaml"),
        (Location("a.yaml", 3, 5, "old"), "a.yaml:3:5 (in the base)"),
    ],
)
def test_a_place_is_as_exact_as_it_is_known(location: Location, said: str) -> None:
    assert place(location) == said
