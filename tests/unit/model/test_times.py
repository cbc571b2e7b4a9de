from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.model import times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T10:00:00Z", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2026-11-22t10:00:00z", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2026-11-22T10:00:00+02:00", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("2026-11-22T10:00:00.5Z", datetime(2026, 11, 22, 10, 0, 0, 500000, tzinfo=UTC)),
        ("2026-11-22", None),
        ("2026-11-22T10:00:00", None),
        ("20261122T100000Z", None),
        ("2026-13-22T10:00:00Z", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("soon", None),
    ],
)
def test_a_moment_is_an_rfc_3339_time(text: str, expected: datetime | None) -> None:
    assert times.moment(text) == expected


def test_a_bare_date_lasts_until_the_end_of_its_day() -> None:
    assert times.end("2026-11-22") == datetime(2026, 11, 23, tzinfo=UTC)


def test_a_time_is_still_valid_at_itself() -> None:
    at = datetime(2026, 11, 22, 10, tzinfo=UTC)
    end = times.end("2026-11-22T10:00:00Z")
    assert end is not None
    assert end > at
    assert times.written(end) == "2026-11-22T10:00:00Z"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "0999-12-31T23:59:59Z"])
def test_a_year_is_written_with_four_digits(text: str) -> None:
    at = times.moment(text)
    assert at is not None
    assert times.written(at) == text


def test_the_last_day_of_all_has_an_end() -> None:
    assert times.end("9999-12-31") is not None


def test_what_is_no_date_has_no_day() -> None:
    assert times.day("2026-02-30") is None
    assert times.end("whenever") is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("1h30m", 5400),
        ("500ms", 0.5),
        ("2d", 172800),
        ("1w", 604800),
        ("1y", 365 * 86400),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert times.duration(text).total_seconds() == seconds


@pytest.mark.parametrize(
    "text", ["", "1", "h", "1M", "1.5h", "-1h", "1h ", "1h30", "x1h", "\u0661h", f"{10**30}w"]
)
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|too long"):
        times.duration(text)
