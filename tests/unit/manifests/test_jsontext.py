"""JSON, read as the YAML reader would, or left to it."""

from __future__ import annotations

from typing import Any

import pytest

from gate.manifests.jsontext import read_json
from gate.manifests.limits import Budget
from gate.manifests.reading import read_file


def read(data: bytes) -> list[Any] | None:
    values = read_json(data, Budget())
    return None if values is None else [found.value for found in values]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b' {"a": 1e3, "b": 1.0, "c": 1.5, "d": -0}', [{"a": 1000, "b": 1, "c": 1.5, "d": 0}]),
        (b"[9223372036854775807, 9223372036854775808]", [[2**63 - 1, 2.0**63]]),
        (b"[" + b"9" * 300 + b"]", [[float("9" * 300)]]),
        (b'{"a": 1}{"b": 2}\n[3]\n', [{"a": 1}, {"b": 2}, [3]]),
        (b'["\\ud83d\\ude00", "\\ud800", {"\\udc00": 1}]', [["😀", "\ufffd", {"\ufffd": 1}]]),
        (b'{"y": "yes"}', [{"y": "yes"}]),
    ],
)
def test_json_is_read_with_kubernetes_numbers(data: bytes, expected: list[Any]) -> None:
    assert read(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"a: 1",
        b"",
        b'"text"',
        b"{a: 1}",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b"[" + b"9" * 5000 + b"]",
        b'{"a": 1}\n---\n{"b": 2}',
        b'{"a": "\xff"}',
        b"[" * 100_000,
        b"[" + b"1," * 1_000_000 + b"1]",
    ],
)
def test_what_is_no_plain_json_is_left_to_the_yaml_reader(data: bytes) -> None:
    assert read(data) is None


def test_the_line_of_each_value_is_known() -> None:
    found = read_json(b'\n{"a":\n1}\n\n[2] [3]', Budget())
    assert found is not None
    assert [(value.line, value.start, value.end) for value in found] == [
        (1, 1, 9),
        (4, 11, 14),
        (4, 15, 18),
    ]


def test_too_many_values_in_a_row_are_named() -> None:
    reading = read_file("a.json", b"{}" * 20_001)
    assert [problem.kind for problem in reading.problems] == ["unreadable"]


def test_json_is_no_way_around_the_values_of_a_file() -> None:
    budget = Budget(values=3)
    assert read_json(b"[1, 2, 3, 4]", budget) is None
    assert read_json(b"[1]", budget) is not None
    assert budget.values < 3
