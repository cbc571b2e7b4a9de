"""Zones, spans, repetition and scopes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import ConfigError
from gate.evidence.freeze.calendar import (
    FIRST,
    LAST,
    MOST,
    MOST_FREEZES,
    Scope,
    answer,
    contents,
    earliest,
    holds,
    later,
    latest,
    merged,
    misspelt,
    overlapping,
    repeated,
    told,
    without,
    zone,
)
from gate.evidence.freeze.interface import Calendar, Freeze, Span
from gate.evidence.interface import Question
from gate.model.change import Unread
from gate.model.manifest import Target
from tests.unit.config.trees import Files
from tests.unit.evidence.freeze.asked import CHECKOUT, NOW, utc

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BERLIN = zone("Europe/Berlin")


def question(**fields: object) -> Question:
    asked = {"tree": Files({}), "now": NOW, "settings": "f", "targets": [CHECKOUT], **fields}
    return Question("f", "freeze", **asked)  # type: ignore[arg-type]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def minutes(*pairs: tuple[int, int | None]) -> list[Span]:
    return [
        Span(NOW + timedelta(minutes=start), None if end is None else NOW + timedelta(minutes=end))
        for start, end in pairs
    ]


def test_zones_have_their_names_and_no_others() -> None:
    assert zone("Europe/Berlin") is zone("Europe/Berlin")
    assert zone("UTC") is zone("Z")
    assert str(zone("America/Argentina/Buenos_Aires")) == "America/Argentina/Buenos_Aires"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("europe/berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("Europe/Berln", "Europe/Berlin"),
        ("utc", "UTC"),
        ("", None),
        ("../../etc/passwd", None),
        ("/etc/localtime", None),
        ("right/Europe/Berlin", "Europe/Berlin"),
        ("Europe", None),
        ("x" * 10_000, None),
    ],
)
def test_an_unknown_zone_is_told_with_what_was_meant(name: str, near: str | None) -> None:
    with pytest.raises(ConfigError) as error:
        zone(name)
    assert "There is no time zone" in error.value.message
    assert len(error.value.message) < 200
    if near:
        assert f"Did you mean `{near}`?" in error.value.message


def test_spans_that_overlap_or_touch_become_one() -> None:
    assert merged(minutes((5, 7), (0, 2), (2, 3), (6, 9), (4, 4), (20, 10))) == minutes(
        (0, 3), (5, 9)
    )
    assert merged(minutes((5, None), (0, 2), (1, 3))) == minutes((0, 3), (5, None))
    assert merged(minutes((0, None), (5, 6))) == minutes((0, None))
    assert merged(minutes((0, 5), (2, None))) == minutes((0, None))
    assert merged([]) == []


def test_holes_are_taken_out() -> None:
    assert without(minutes((0, 10)), minutes((2, 4), (4, 5), (8, 20))) == minutes((0, 2), (5, 8))
    assert without(minutes((0, None)), minutes((2, 4))) == minutes((0, 2), (4, None))
    assert without(minutes((0, None)), minutes((2, None))) == minutes((0, 2))
    assert without(minutes((3, 9)), minutes((2, None))) == []
    assert without(minutes((0, 5), (3, 9)), []) == minutes((0, 5), (3, 9))


LISTS = st.lists(
    st.tuples(st.integers(0, 40), st.one_of(st.none(), st.integers(0, 40))), max_size=6
)


@settings(deadline=None)
@given(LISTS, LISTS)
def test_spans_are_sets_of_minutes(one: list[tuple[int, int]], two: list[tuple[int, int]]) -> None:
    def held(spans: list[Span]) -> set[int]:
        return {
            minute
            for span in spans
            for minute in range(60)
            if span.start <= NOW + timedelta(minutes=minute) < (span.until or LAST)
        }

    spans, holes = minutes(*one), minutes(*two)
    union = merged(spans)
    assert held(union) == held(spans)
    assert all(a.until < b.start for a, b in pairwise(union) if a.until)
    assert held(without(spans, holes)) == held(spans) - held(holes)


def test_a_time_that_clocks_show_twice_or_never() -> None:
    twice = local("2026-10-25T02:30")
    assert (earliest(twice, BERLIN), latest(twice, BERLIN)) == (
        utc("2026-10-25T00:30"),
        utc("2026-10-25T01:30"),
    )
    never = local("2026-03-29T02:30")
    assert earliest(never, BERLIN) == latest(never, BERLIN) == utc("2026-03-29T01:00")
    left_out = local("2011-12-30T12:00")
    assert earliest(left_out, zone("Pacific/Apia")) == utc("2011-12-30T10:00")


def test_moments_out_of_every_calendar_are_the_first_and_the_last() -> None:
    assert later(NOW, timedelta.max) == LAST
    assert later(NOW, timedelta.min) == FIRST
    assert earliest(LAST.replace(tzinfo=None), zone("America/New_York")) == LAST
    assert earliest(FIRST.replace(tzinfo=None), zone("Asia/Kathmandu")) == FIRST


def nights(cron: str, lasts: timedelta, start: str, end: str, **fields: bool) -> list[str]:
    spans = repeated(cron, lasts, BERLIN, utc(start), utc(end), **fields)
    return [
        f"{span.start:%d %H:%M}-{span.until:%d %H:%M}" if span.until else f"{span.start:%d %H:%M}-"
        for span in spans
    ]


def test_a_beginning_that_the_clocks_leave_out_is_that_change() -> None:
    asked = ("2026-03-28T12:00", "2026-03-29T12:00")
    assert nights("30 2 * * *", HOUR, *asked) == ["29 01:00-29 02:00"]
    assert nights("*/30 2 * * *", HOUR, *asked) == ["29 01:00-29 02:00"]
    assert nights("30 2 * * *", HOUR, *asked, longer=False) == []


def test_a_beginning_that_the_clocks_show_twice_counts_twice() -> None:
    asked = ("2026-10-24T12:00", "2026-10-25T12:00")
    assert nights("30 2 * * *", 2 * HOUR, *asked) == ["25 00:30-25 03:30"]
    assert nights("30 2 * * *", HOUR / 6, *asked) == ["25 00:30-25 00:40", "25 01:30-25 01:40"]
    assert nights("30 2 * * *", 2 * HOUR, *asked, longer=False) == ["25 00:30-25 02:30"]


def test_an_hourly_window_has_no_hole_where_clocks_change() -> None:
    for day in ("2026-03-29", "2026-10-25"):
        (span,) = repeated("0 * * * *", HOUR, BERLIN, utc(f"{day}T00:00"), utc(f"{day}T06:00"))
        assert span.until is None


def test_a_duration_is_elapsed_time() -> None:
    assert nights("0 22 * * 6", 8 * HOUR, "2026-10-24T12:00", "2026-10-25T12:00") == [
        "24 20:00-25 04:00"
    ]
    assert nights("0 22 * * 6", 8 * HOUR, "2026-03-28T12:00", "2026-03-29T12:00") == [
        "28 21:00-29 05:00"
    ]


def test_what_began_before_is_told_whole() -> None:
    assert nights("0 15 * * 5", 57 * HOUR, "2026-11-22T10:00", "2026-11-22T11:00") == [
        "20 14:00-22 23:00"
    ]
    assert nights("0 0 * * 1-5", DAY, "2026-11-20T10:00", "2026-11-20T11:00") == [
        "15 23:00-20 23:00"
    ]


def test_the_end_of_what_follows_without_a_break_is_found() -> None:
    asked = ("2026-11-22T10:00", "2026-12-01T10:00")
    assert nights("0 0 * 12 *", DAY, *asked) == ["30 23:00-31 23:00"]
    assert nights("* * 1-20 * *", HOUR / 60, *asked) == ["30 23:00-20 23:00"]
    assert nights("* * * * *", HOUR, *asked)[0].endswith("-")
    (allowed,) = repeated("0 * * * *", HOUR, BERLIN, *map(utc, asked), longer=False)
    assert allowed.until is not None


def test_leap_days_and_month_ends() -> None:
    assert nights("0 0 29 2 *", DAY, "2027-01-01T00:00", "2028-12-31T00:00") == [
        "28 23:00-29 23:00"
    ]
    days = repeated(
        "0 0 31 * *", DAY, zone("UTC"), utc("2026-01-01T00:00"), utc("2026-12-31T00:00")
    )
    assert [span.start.month for span in days] == [1, 3, 5, 7, 8, 10, 12]
    last = repeated("0 0 L * *", DAY, zone("UTC"), utc("2028-02-01T00:00"), utc("2028-03-02T00:00"))
    assert [span.start.day for span in last] == [29]


@pytest.mark.parametrize("year", [1, 2, 1970, 9990, 9999])
def test_a_clock_that_is_wrong_does_not_break_it(year: int) -> None:
    now = datetime(year, 12, 31, tzinfo=UTC)
    for name in ("UTC", "Asia/Kathmandu", "America/New_York"):
        spans = repeated("0 15 * * *", 2 * HOUR, zone(name), now, later(now, 31 * DAY))
        assert spans
        assert spans == merged(spans)


@pytest.mark.parametrize(
    "cron",
    [
        *("", "* * * *", "* * * * * *", "@daily", "@every 5m", "61 * * * *", "0 0 31 2 *"),
        *("0 24 * * *", "0 0 ? * *", "*/0 * * * *", "5-1 * * * *", "a * * * *", "0 0 * * 8"),
        *("5L/2 * * * *", "0 0 * * 5L/2", "0 0 * * 5#6", "0 0 * * \u00b2L", "0\n0 * * *"),
        *("9" * 90 + " * * * *", "0 0 * * 5-5/1", "0 0 * * FRI-5/2", "0 0 * 2-02/3 *"),
    ],
)
def test_what_is_no_cron_of_five_fields_is_refused(cron: str) -> None:
    with pytest.raises(ConfigError, match="is no cron expression") as error:
        repeated(cron, HOUR, BERLIN, NOW, NOW + DAY)
    assert error.value.advice.startswith("Write ")


@settings(deadline=None)
@given(st.text(alphabet="0123456789*,-/#LWMONFRI ", max_size=30))
def test_no_cron_ends_in_another_error(cron: str) -> None:
    try:
        spans = repeated(cron, HOUR, BERLIN, NOW, NOW + 3 * DAY)
    except ConfigError:
        return
    assert spans == overlapping(merged(spans), NOW, NOW + 3 * DAY)


@settings(deadline=None)
@given(
    st.sampled_from(["0", "*/30"]),
    st.sampled_from(["0", "2", "*", "9-17"]),
    st.sampled_from(["*", "1", "1-12", "31", "L"]),
    st.sampled_from(["*", "1-5", "5", "1"]),
    st.integers(1, 9 * 24),
    st.integers(0, 366 * 24),
)
def test_an_end_is_the_same_however_far_is_asked(
    minute: str, hour: str, day: str, weekday: str, hours: int, hour_of_year: int
) -> None:
    now = utc("2026-01-01T00:00") + hour_of_year * HOUR
    asked = (f"{minute} {hour} {day} * {weekday}", hours * HOUR, BERLIN)
    far = repeated(*asked, now, now + 90 * DAY)
    for span in repeated(*asked, now, now + DAY):
        (whole,) = (each for each in far if each.start == span.start)
        assert span.until == whole.until


@pytest.mark.parametrize("lasts", [timedelta(0), -HOUR, timedelta(days=367)])
def test_a_duration_has_bounds(lasts: timedelta) -> None:
    with pytest.raises(ConfigError, match="cannot be repeated"):
        repeated("0 0 * * *", lasts, BERLIN, NOW, NOW + DAY)


def test_too_many_repetitions_are_refused() -> None:
    with pytest.raises(ConfigError, match=f"over {MOST} times"):
        repeated("* * * * *", HOUR / 60, BERLIN, NOW, NOW + 365 * DAY)
    assert repeated("* * * * *", HOUR / 60, BERLIN, NOW, NOW + 31 * DAY)


def test_a_scope_holds_for_what_fits_all_of_it() -> None:
    assert holds(Scope(), CHECKOUT)
    assert holds(Scope(("production",), ("checkout",), (1, 2)), CHECKOUT)
    assert not holds(Scope(("staging",)), CHECKOUT)
    assert not holds(Scope((), ("cart",)), CHECKOUT)
    assert not holds(Scope((), (), (2,)), CHECKOUT)


def test_an_unknown_tier_is_frozen_and_not_excepted() -> None:
    target = Target("cart", "production")
    assert holds(Scope(tiers=(1,)), target)
    assert not holds(Scope(tiers=(1,)), target, longer=False)


def test_a_misspelt_name_is_found() -> None:
    known = question(services=("checkout", "cart"), environments=("production",))
    assert misspelt(Scope(("production",), ("cart",)), known) is None
    assert misspelt(Scope((), ("chekout",)), known) == (
        "The config knows no service `chekout`. Did you mean `checkout`?"
    )
    assert misspelt(Scope(("prod",)), known) is not None
    assert misspelt(Scope(("prod",), ("x",)), question()) is None


def test_an_answer_has_an_envelope_for_each_target() -> None:
    targets = [Target(name, "production") for name in ("a", "b", "c")]
    end = NOW + DAY

    def of(target: Target) -> Calendar | str:
        if target.service == "a":
            return Calendar("f", end, (Freeze("x", Span(NOW, None)),))
        if target.service == "b":
            return "it is not there"
        raise ConfigError("It is wrong.", advice="Mend it.", path="f", line=3)

    good, bad, wrong = answer(question(targets=targets), of)
    assert (good.status, good.observed_at) == ("ok", "2026-11-22T10:00:00Z")
    assert good.value[0]["windows"][0]["until"] is None
    assert (bad.status, bad.reason, bad.value) == ("unavailable", "it is not there", None)
    assert wrong.reason == "f:3: It is wrong. Mend it."
    (dated,) = answer(question(), lambda _: Calendar("f", end), observed_at=NOW - HOUR)
    assert dated.observed_at == "2026-11-22T09:00:00Z"


def test_more_freezes_than_anybody_reads_are_unavailable() -> None:
    many = (Freeze("x", Span(NOW, NOW + HOUR)),) * (MOST_FREEZES + 1)
    (found,) = answer(question(), lambda _: Calendar("f", NOW, many))
    assert found.status == "unavailable"


def test_files_that_cannot_be_read_are_told() -> None:
    tree = Files({"f": "x", "link": "f", "big": Unread("it is too large")}, ["link"])
    assert contents(question(tree=tree), "f") == b"x"
    for path, why in (
        ("none", "There is no file `none` in main"),
        ("link", "symbolic link"),
        ("big", "it is too large"),
    ):
        with pytest.raises(ConfigError, match=why):
            contents(question(tree=tree), path)
    with pytest.raises(ConfigError) as error:
        contents(question(tree=tree), "s3cret/f", "windows")
    assert "s3cret" not in told(error.value)
