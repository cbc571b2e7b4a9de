"""YAML is read strictly, and whatever is in a file, the process stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gate.errors import ConfigError
from gate.strict_yaml.nodes import Mark, plain
from gate.strict_yaml.parse import MAX_DEPTH, MAX_NODES, parse


@pytest.mark.parametrize(
    ("text", "value", "ambiguous"),
    [
        ("", None, False),
        ("~", None, False),
        ("null", None, False),
        ("true", True, False),
        ("False", False, False),
        ("yes", "yes", True),
        ("Off", "Off", True),
        ("n", "n", True),
        ("'yes'", "yes", False),
        ("0", 0, False),
        ("-12", -12, False),
        ("014", "014", True),
        ("08", "08", True),
        ("0o14", "0o14", True),
        ("0x1F", "0x1F", True),
        ("0b11", "0b11", True),
        ("1_000", "1_000", True),
        ("+5", "+5", True),
        (".5", ".5", True),
        ("5.", "5.", True),
        ("0.5", 0.5, False),
        ("1e3", 1000.0, False),
        ("1e999", "1e999", True),
        (".inf", ".inf", True),
        ("9" * 31, "9" * 31, True),
        ("22:22", "22:22", False),
        ("1.2.3", "1.2.3", False),
        ("2026-11-22", "2026-11-22", False),
        ("2026-11-22 10:00:00", "2026-11-22 10:00:00", False),
        ("=", "=", False),
        ("|\n  a\n  b\n", "a\nb\n", False),
        ('"\\u00e9\\n"', "é\n", False),
    ],
)
def test_scalars_are_read_as_json_writes_them(text: str, value: Any, ambiguous: bool) -> None:
    node = parse(f"- {text}".encode(), "x")
    assert isinstance(node.value, list)
    (item,) = node.value
    assert (item.value, type(item.value), item.ambiguous) == (value, type(value), ambiguous)


def test_places_count_from_one_and_keys_have_their_own() -> None:
    node = parse(b"a: 1\nb:\n  - x\n  -   y\n", "x")
    assert isinstance(node.value, dict)
    assert node.keys == {"a": Mark(1, 1), "b": Mark(2, 1)}
    items = node.value["b"].value
    assert isinstance(items, list)
    assert [item.mark for item in items] == [Mark(3, 5), Mark(4, 7)]


def test_caps_hold_just_where_they_say() -> None:
    assert plain(parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, "x"))
    with pytest.raises(ConfigError, match="nested deeper"):
        parse(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "x")
    parse(b"[" + b"1," * (MAX_NODES - 1) + b"]", "x")
    with pytest.raises(ConfigError, match="more than"):
        parse(b"[" + b"1," * MAX_NODES + b"]", "x")


def test_an_alias_may_be_a_key_where_it_is_text() -> None:
    assert plain(parse(b"- &name checkout\n- {*name : 1}\n", "x")) == ["checkout", {"checkout": 1}]
    with pytest.raises(ConfigError, match="a key must be text"):
        parse(b"- &name 1\n- {*name : 1}\n", "x")


text = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff\ufeff\u2028\u2029"
    ),
    max_size=6,
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
@settings(max_examples=300, deadline=None)
def test_json_is_read_as_json(value: Any) -> None:
    found = plain(parse(json.dumps(value, ensure_ascii=False, indent=1).encode(), "x"))
    assert json.dumps(found, sort_keys=True) == json.dumps(value, sort_keys=True)


SIGNS = [": ", ":\n", "- ", "\n", "  ", "[", "]", "{", "}", ",", "|", ">", "? ", "'", '"', "\\"]
WORDS = ["a", "&a ", "*a", "!", "!!str ", "%YAML 1.1\n", "---\n", "...\n", "<<", "#", "@", "`", "0"]
CHARACTERS = ["\t", "\r", "\u2028", "\ufeff", "é", "\x00", "\x85", "\U0001f600"]
pieces = st.sampled_from([*SIGNS, *WORDS, *CHARACTERS])


@example(data=b"\xc2\x80")
@given(st.lists(pieces, max_size=40).map("".join).map(str.encode) | st.binary(max_size=60))
@example(b'"\\ud800"')
@example(b"\xff\xfea\x00")
@settings(max_examples=500, deadline=None)
def test_any_bytes_are_read_or_refused_with_a_reason(data: bytes) -> None:
    refusal = None
    try:
        json.dumps(plain(parse(data, "x")), allow_nan=False).encode()
    except ConfigError as error:
        refusal = error
    assert refusal is None or (refusal.path == "x" and refusal.message.isprintable())
