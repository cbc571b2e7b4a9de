"""One document to one value: budgets, tags, merges."""

from __future__ import annotations

import pytest

from gate.manifests.documents import Part
from gate.manifests.limits import Budget, FileLimitError, ReadingError
from gate.manifests.parser import build


@pytest.mark.parametrize(
    "data",
    [b"[1, 2, 3, 4]", b"[[], [], [], []]", b"- &a [1]\n- *a\n- *a\n", b"- &a x\n- *a\n- *a\n- *a"],
)
def test_more_values_than_are_left_end_the_file(data: bytes) -> None:
    with pytest.raises(FileLimitError) as caught:
        build(Part(data, 6), Budget(values=4))
    assert caught.value.line in {7, 8, 9, 10}


def test_what_a_document_spends_is_gone_for_the_next() -> None:
    budget = Budget()
    build(Part(b"a: &x {b: cc}\nd: *x\n", 0), budget)
    before = Budget()
    assert (before.values - budget.values, before.text - budget.text) == (9, 8)


def test_text_counts_as_often_as_aliases_repeat_it() -> None:
    with pytest.raises(FileLimitError, match="characters"):
        build(Part(b"- &a xxxxx\n- *a\n", 0), Budget(text=9))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"[! 5, 5, !!int 5]", ["5", 5, 5]),
        (b"- &a ! 5\n- ! &b 5\n- &c 5\n", ["5", "5", 5]),
        (b"- & 5\n", None),
        (b"- !\n  5\n- &d # ! no tag\n  5\n", ["5", 5]),
        ("- é\n- ! 5\n- 5\n".encode(), ["é", "5", 5]),
    ],
)
def test_a_bare_exclamation_mark_makes_text(data: bytes, expected: object) -> None:
    if expected is None:
        with pytest.raises(ReadingError):
            build(Part(data, 0), Budget())
    else:
        assert build(Part(data, 0), Budget()).value == expected


@pytest.mark.parametrize(
    "data",
    [b"a: &a [{x: 1}]\nb: {<<: *a}\n", b"a: &a x\nb: {<<: *a}\n", b"{<<: [[{a: 1}]]}", b"{<<: ~}"],
)
def test_only_mappings_merge(data: bytes) -> None:
    with pytest.raises(ReadingError, match="merge"):
        build(Part(data, 0), Budget())


def test_merges_nest_and_the_first_of_a_list_wins() -> None:
    data = b"""\
x: &x {a: 1, b: 1}
w: &w {<<: *x, b: 2, c: 2}
z: {<<: [*w, *x], d: 3}
t: {!!merge <<: *x}
"""
    value = build(Part(data, 0), Budget()).value
    assert value["z"] == {"a": 1, "b": 2, "c": 2, "d": 3}
    assert value["t"] == {"a": 1, "b": 1}


def test_a_merge_after_a_key_replaces_it_and_a_repetition_is_still_seen() -> None:
    built = build(Part(b"x: &x {a: 2}\nz: {a: 1, <<: *x, a: 3, a: 4}\n", 0), Budget())
    assert built.value["z"] == {"a": 4}
    assert built.duplicates == ((2, "a"),)
