"""Words become lines of a width."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.report.layout import Word, columns, cut, listing, paragraph, prose, reflow
from gate.report.look import Look

NARROW = Look(width=30)


def test_prose_is_wrapped_with_a_hanging_indent() -> None:
    lines = paragraph(
        prose("the quick brown fox jumps over the dog"),
        NARROW,
        lead=Word("fix:"),
        indent=2,
        hang=9,
    )
    assert lines == ["  fix:   the quick brown fox", "         jumps over the dog"]


def test_a_long_lead_pushes_only_its_own_line() -> None:
    lines = paragraph(prose("one two three four"), NARROW, lead=Word("a long label:"), hang=4)
    assert lines == ["a long label: one two three", "    four"]


def test_a_lead_without_words_says_nothing() -> None:
    assert paragraph([], NARROW, lead=Word("fix:"), hang=6) == []


def test_a_word_wider_than_the_line_stays_whole() -> None:
    path = "apps/a-very-long-folder/deployment.yaml:12:5"
    assert paragraph([Word("at"), Word(path)], NARROW, hang=2) == ["  at", f"  {path}"]


def test_prose_is_never_wider_than_a_hundred_columns() -> None:
    lines = paragraph(prose("word " * 60), Look(width=400))
    assert max(map(len, lines)) <= 100


def test_east_asian_text_breaks_between_its_characters() -> None:
    lines = paragraph(prose("容器使用会移动的标签请改用固定的版本"), NARROW)
    assert [columns(line) for line in lines] == [30, 6]
    assert "".join(lines) == "容器使用会移动的标签请改用固定的版本"


def test_a_combining_mark_stays_with_its_letter() -> None:
    lines = paragraph(prose("か\u3099" * 20), NARROW)
    assert all(line.startswith("か\u3099") for line in lines)
    assert columns("か\u3099") == 2


def test_breaks_of_folded_text_are_spaces_and_other_separators_stay_visible() -> None:
    assert [word.text for word in reflow("a\n  b\r\nc\u2028d\n")] == ["a", "b", r"c\u2028d"]


def test_a_long_listing_says_how_many_more() -> None:
    assert [word.text for word in listing(["a", "b", "c d", "e", "f"], limit=3)] == [
        "a,",
        "b,",
        "c d",
        "and",
        "2",
        "more",
    ]
    assert [word.text for word in listing(["a", "b"], limit=2)] == ["a,", "b"]


def test_colour_is_written_once_for_words_of_one_style() -> None:
    words = [Word("two", "strong"), Word("words", "strong"), Word("three")]
    assert paragraph(words, Look(color=True)) == ["\x1b[1mtwo words\x1b[0m three"]
    assert paragraph(words, Look(color=False)) == ["two words three"]


def test_a_cut_text_ends_in_dots_and_fits() -> None:
    assert cut("observability", 10) == "observa..."
    assert cut("容器使用会", 8) == "容器..."
    assert cut("short", 10) == "short"
    assert cut("longer", 2) == ".."


@given(st.text(), st.integers(1, 120), st.integers(0, 12))
@settings(deadline=None, max_examples=200)
def test_no_word_is_lost_and_lines_fit(text: str, width: int, hang: int) -> None:
    words = prose(text)
    lines = paragraph(words, Look(width=width), hang=hang)
    joined = re.sub(" +", "", "".join(lines))
    assert joined == re.sub(" +", "", "".join(word.text for word in words))
    widest = max((columns(word.text) for word in words), default=0)
    assert all(columns(line) <= max(width, 24, hang + widest) for line in lines)
