"""Text from a change cannot steer a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.report.escape import encodable, plain


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\x1b]0;title\x07b", r"a\x1b]0;title\x07b"),
        ("a\nb\rc\td", r"a\nb\rc\td"),
        ("a\x00b\x7fc", r"a\x00b\x7fc"),
        ("\x9b31m", r"\x9b31m"),
        ("a\x85b\u2028c\u2029d", r"a\x85b\u2028c\u2029d"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\u2066a\u2069\u200e\u061c", r"\u2066a\u2069\u200e\u061c"),
        (
            "a\u200bb\u200cc\u200dd\ufeffe\u2060f\u00adg",
            r"a\u200bb\u200cc\u200dd\ufeffe\u2060f\xadg",
        ),
        ("a\ud800b\udcffc", r"a\ud800b\udcffc"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("blank\u3164\u2800\u115f", r"blank\u3164\u2800\u115f"),
        ("na\ufe0fme\ufe00", r"na\ufe0fme\ufe00"),
        ("e" + "\u0301" * 6, "e" + "\u0301" * 4 + r"\u0301\u0301"),
    ],
)
def test_what_a_terminal_obeys_or_hides_becomes_visible(hostile: str, shown: str) -> None:
    assert plain(hostile) == shown


@pytest.mark.parametrize(
    "text",
    [
        "apps/checkout/deployment.yaml",
        r"name\xff.yaml",
        "Zoë Müller",
        "容器使用标签",
        "\u26a0\ufe0f mind 🚀",
        "1\ufe0f\u20e3",
        "नमस्ते",
        "ก็ที่นี้",
        "שלום",
        "",
    ],
)
def test_honest_text_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


@given(st.text(st.characters()))
@settings(deadline=None, max_examples=300)
def test_nothing_that_controls_or_separates_lines_is_left(text: str) -> None:
    shown = plain(text)
    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert plain(shown) == shown
    shown.encode("utf-8")


def test_every_format_character_and_ignorable_one_is_visible() -> None:
    for code in range(0x110000):
        char = chr(code)
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            assert plain(f"a{char}").isascii(), hex(code)


def test_lone_surrogates_can_be_written_as_utf8() -> None:
    assert encodable("a\ud800b") == r"a\ud800b"
    assert encodable("é\n") == "é\n"
