"""Paths for people are unique, and lead back to their bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.change.names import over_limit, raw, shown, steps

NAMES = st.binary(max_size=12) | st.lists(
    st.sampled_from([b"\\", b"x", b"5c", b"ff", b"\xff", "é".encode(), b" ", b"\n"]), max_size=8
).map(b"".join)


@settings(deadline=None, max_examples=400)
@given(NAMES)
def test_a_shown_name_leads_back_to_its_bytes(name: bytes) -> None:
    assert raw(shown(name)) == name


def test_bytes_that_are_not_utf_8_are_escaped() -> None:
    assert shown(b"caf\xe9.yaml") == r"caf\xe9.yaml"
    assert shown("café.yaml".encode()) == "café.yaml"


def test_a_name_that_looks_escaped_differs_from_one_that_is() -> None:
    assert shown(rb"caf\xe9") == r"caf\x5cxe9"
    assert shown(rb"a\b") == r"a\b"


def test_lone_surrogates_have_bytes_too() -> None:
    assert raw("\ud800") == b"\xed\xa0\x80"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("", ()),
        (".", ()),
        ("a/b", ("a", "b")),
        ("./a//b/", ("a", "b")),
        ("../a", None),
        ("a/../../b", None),
        ("/a", None),
    ],
)
def test_a_path_is_split_and_never_leaves_the_root(
    path: str, names: tuple[str, ...] | None
) -> None:
    assert steps(path) == names


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (12 * 2**20, "12 MB, over the limit of 8 MB"),
        (8 * 2**20 + 1, "8.1 MB, over the limit of 8 MB"),
    ],
)
def test_a_size_over_the_limit_is_never_shown_as_the_limit(size: int, said: str) -> None:
    assert over_limit(size, 8 * 2**20) == said
