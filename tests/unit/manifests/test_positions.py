"""Lines and columns of what is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.manifests import positions as module
from gate.manifests.positions import Positions, positions
from gate.manifests.reading import read_file

MANIFEST = b"""\
# licence
apiVersion: v1
kind: Pod
metadata:
  name: a
spec:
  containers:
  - name: app
    image: "app:1"
  -
    name: side
---
x: &x
  a: 1
merged:
  <<: *x
  b: 2
lists:
  <<: [*x, {c: 3}]
aliased: *x
yes: on
? long
: {inner: [1, 2]}
"""


@pytest.mark.parametrize(
    ("index", "path", "place"),
    [
        (0, [], (2, 1)),
        (0, ["metadata"], (4, 1)),
        (0, ["metadata", "name"], (5, 3)),
        (0, ["metadata", "labels", "x"], (4, 1)),
        (0, ["spec", "containers", 0], (8, 5)),
        (0, ["spec", "containers", 0, "image"], (9, 5)),
        (0, ["spec", "containers", 0, "resources"], (8, 5)),
        (0, ["spec", "containers", 1, "name"], (11, 5)),
        (0, ["spec", "containers", 2], (7, 3)),
        (0, ["spec", "containers", "0"], (7, 3)),
        (0, ["spec", 0], (6, 1)),
        (1, ["merged", "a"], (14, 3)),
        (1, ["merged", "b"], (17, 3)),
        (1, ["lists", "a"], (14, 3)),
        (1, ["lists", "c"], (19, 13)),
        (1, ["aliased"], (20, 1)),
        (1, ["aliased", "a"], (14, 3)),
        (1, ["true"], (21, 1)),
        (1, ["long", "inner", 1], (23, 15)),
    ],
)
def test_the_nearest_existing_place_is_found(
    index: int, path: list[str | int], place: tuple[int, int]
) -> None:
    found = positions(MANIFEST, index, ())
    assert found.find(path) == place
    assert Positions.from_json(found.as_json()).find(path) == place


def test_an_item_of_a_list_has_places_of_its_own() -> None:
    data = b"apiVersion: v1\nkind: List\nitems:\n- {kind: A}\n- kind: B\n  spec: {size: 1}\n"
    assert positions(data, 0, ("items", 1)).find([]) == (5, 3)
    assert positions(data, 0, ("items", 1)).find(["spec", "size"]) == (6, 10)
    assert positions(data, 0, ("items", 7)).find(["spec"]) == (3, 1)


def test_json_has_places_too_also_where_yaml_cannot_read_it() -> None:
    data = b'{"a": 1} {\n "b": [1,\n  {"c": 2}]}\n{"d": "\\ud83d\\ude00"}'
    assert positions(data, 0, ()).find(["a"]) == (1, 2)
    assert positions(data, 1, ()).find([]) == (1, 10)
    assert positions(data, 1, ()).find(["b", 1, "c"]) == (3, 4)
    assert positions(data, 2, ()).find(["d"]) == (4, 1)


@pytest.mark.parametrize(
    ("data", "index", "place"),
    [
        (b"", 0, (1, 1)),
        (b"a: 1\n", 5, (1, 1)),
        (b"a: 1\n---\n[\n", 1, (2, 1)),
        (b"\n" + b"[" * 50_000, 0, (1, 1)),
        (b"- *a\n", 0, (1, 1)),
        (b"&a [*a]\n", 0, (1, 1)),
        (b"a: 1\n---\n# empty\n", 1, (4, 1)),
        ("a".encode("utf-32"), 0, (1, 1)),
        (b"#" * (8 * 1024 * 1024 + 1), 0, (1, 1)),
        (b"!!int x: 1", 0, (1, 1)),
        (b"[a]: 1\n", 0, (1, 1)),
        (b"&k a: 1\n*k : 2\n", 0, (1, 1)),
    ],
)
def test_what_cannot_be_read_has_the_place_of_its_document(
    data: bytes, index: int, place: tuple[int, int]
) -> None:
    assert positions(data, index, ()).find(["x"]) == place


def test_utf16_has_the_places_of_its_text() -> None:
    data = "é: 1\nb: {c: 2}\n".encode("utf-16")
    assert positions(data, 0, ()).find(["b", "c"]) == (2, 5)


def test_too_many_places_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PLACES", 20)
    assert positions(b"a:\n" + b"- 1\n" * 30, 0, ()).find(["a", 2]) == (1, 1)


def test_too_many_documents_leave_the_first_ones_their_places() -> None:
    data = b"---\na: 1\n" * 20_001
    assert positions(data, 19_999, ()).find(["a"]) == (40_000, 1)
    assert positions(data, 20_000, ()).find(["a"]) == (1, 1)


NAMES = st.text("abcxyzé -'\"", min_size=1, max_size=8).map(lambda text: f"k{text}")
VALUES = st.recursive(
    st.integers(0, 99) | st.booleans() | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner: list[Any] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path, *(found for key, each in inner for found in paths(each, (*path, key)))]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.dictionaries(NAMES, VALUES, min_size=1), min_size=1, max_size=3))
def test_every_key_stands_on_the_line_that_is_found(documents: list[dict[str, Any]]) -> None:
    data = yaml.safe_dump_all(documents, allow_unicode=True, width=10_000).encode()
    lines = data.decode().split("\n")
    for document in read_file("a.yaml", data).documents:
        found = positions(data, document.index, document.item)
        for path in paths(document.value):
            line, column = found.find(path)
            rest = lines[line - 1][column - 1 :]
            if path and isinstance(path[-1], str):
                assert yaml.safe_load(rest.split(": ")[0].removesuffix(":")) == path[-1]
        assert json.loads(found.as_json()) == found.tree
