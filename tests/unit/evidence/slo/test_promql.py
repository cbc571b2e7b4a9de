"""What is put into PromQL of somebody else's, and what is taken out of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.evidence.slo.promql import (
    MAX_LENGTH,
    UnclearError,
    cleaned,
    denominator,
    increase,
    is_ranged,
    measured,
    raw_counters,
    shortest_range,
)
from tests.support.promql import Query, Selector, matchers, queries, strings

WORDS = st.sampled_from(
    [
        *("a", "sum", "by", "or", "vector(0)", "clamp_min(", "(", ")", "{", "}", "[5m]", "[", "]"),
        *('"', "'", "`", "#", "\\", ",", "/", "*", "0", "1e3", "$window", "\n", " ", "=~"),
        *("9999999999999999999d", "[99999999999999999999y]", "offset", "@", "ü", "\x00", "on"),
    ]
)
ANYTHING = st.text(max_size=30) | st.lists(WORDS, max_size=20).map("".join)


@given(queries)
def test_a_clean_query_stays_as_it_is(query: Query) -> None:
    """But for its blanks, into which comments turn."""
    clean = cleaned(cleaned(query.text()))
    assert cleaned(clean) == clean


@given(queries, matchers)
def test_all_selectors_get_the_matchers_and_nothing_else_changes(query: Query, more: str) -> None:
    assert cleaned(query.text(), more) == cleaned(query.text(more))


@given(strings, matchers)
def test_texts_and_comments_get_no_matchers(text: str, more: str) -> None:
    query = f"label_replace(a, 'b', {text}, 'c', 'd') # e {text[1:-1]!r}"
    with_more = f"label_replace(a{{{more}}}, 'b', {text}, 'c', 'd')"
    assert cleaned(query, more) == with_more


@given(strings)
def test_a_text_that_reads_like_a_fallback_is_none(text: str) -> None:
    query = f"sum(rate(a{{b={text}}}[5m]))"
    assert measured(query) == query


@pytest.mark.parametrize(
    "work", [cleaned, measured, denominator, is_ranged, raw_counters, shortest_range]
)
@given(text=ANYTHING)
def test_whatever_it_is_it_is_worked_on_or_unclear(
    work: Callable[[str], object], text: str
) -> None:
    try:
        work(text)
        increase(text, "5m")
    except UnclearError as error:
        problem = str(error)
    else:
        problem = ""
    assert problem.isprintable()


@pytest.mark.parametrize(
    "made_up",
    [
        "vector(0)",
        "on() vector(0)",
        "on () (0 * sum(b))",
        "sum(b) * 0",
        "sum(b) * 0.0",
        "sum(b) * (0)",
        "0e5 * sum(b)",
        "absent(b)",
        "0 * absent_over_time(b[5m])",
        'label_replace(vector(0), "a", "b", "", "")',
    ],
)
def test_what_is_made_up_is_left_out(made_up: str) -> None:
    assert measured(f"sum(a) or {made_up}") == "sum(a)"
    assert measured(f"(sum(a) OR {made_up}) / sum(c)") == "(sum(a) ) / sum(c)"
    assert measured(f"sum(a or {made_up})") == "sum(a )"


@pytest.mark.parametrize(
    "query",
    [
        "sum(a) or sum(b)",
        "sum(a) or sum(b) * 0.5",
        "sum(a) or sum(b) * 10",
        "sum(a or b)",
        "a - 0",
        "or_total or by_total",
    ],
)
def test_what_is_measured_stays(query: str) -> None:
    assert measured(query) == query


def test_a_least_is_left_out() -> None:
    assert measured("a / clamp_min(sum(b), 1)") == "a / (sum(b))"
    assert measured("clamp_min(sum(b) or vector(1), 1)") == "(sum(b) )"


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("(a) / (b)", "(b)"),
        ("(a or vector(0))\n/\n(sum(b) or vector(1))", "(sum(b) or vector(1))"),
        ("sum by (x) (a) / on(x) b", None),
        ("1 - a / b", None),
        ("a / b / c", None),
        ("a / b or vector(0)", None),
        ("(a / b)", None),
        ("a", None),
        ("sum(a) / 2", "2"),
    ],
)
def test_what_a_query_is_divided_by(query: str, total: str | None) -> None:
    assert denominator(query) == total


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("a{b='c'}", "increase(a{b='c'}[5m])"),
        ("sum by (b) (a) + c", "sum by (b) (increase(a[5m])) + increase(c[5m])"),
        ("rate(a[1m])", None),
        ("a * 2", None),
        ("a[5m]", None),
    ],
)
def test_how_much_a_counter_rose(query: str, told: str | None) -> None:
    assert increase(query, "5m") == told


def test_a_rise_over_a_subquery_has_its_brackets() -> None:
    assert increase("a", "5m:1m") == "increase((a)[5m:1m])"


def test_ranges_and_counters() -> None:
    assert is_ranged("rate(a[5m])")
    assert not is_ranged("a{b='[5m]'}")
    assert shortest_range("rate(a[1h30m]) / rate(b[90s:1m])") == timedelta(seconds=90)
    assert shortest_range("a") is None
    assert shortest_range("rate(a[99999999999999999999y])") is None
    assert raw_counters("sum(a_total{b='c'}) / rate(c_count[5m]) + d") == ["a_total{b='c'}"]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "it is empty"),
        (" # all of it", "it is empty"),
        ("sum(a", "its brackets do not match"),
        ("a)(b", "its brackets do not match"),
        ('a{b="c}', 'it cannot be read from `{b="c}` on'),
        ("a ; b\n", "it cannot be read from `; b\\n` on"),
        ("a" * (MAX_LENGTH + 1), f"it is longer than {MAX_LENGTH} characters"),
    ],
)
def test_what_is_unclear_is_said(query: str, reason: str) -> None:
    with pytest.raises(UnclearError, match="it") as caught:
        cleaned(query)
    assert str(caught.value) == reason


def test_where_matchers_are_put() -> None:
    assert cleaned("a + b{} + {c='d',} + sum by (e) (f)", 'x="y"') == (
        'a{x="y"} + b{x="y"} + {c=\'d\',x="y"} + sum by (e) (f{x="y"})'
    )


def test_a_selector_writes_itself() -> None:
    assert Selector("a", ("b='c'",)).text("d='e'") == "a{b='c',d='e'}"
