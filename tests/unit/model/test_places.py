"""Places in a saved input."""

from __future__ import annotations

import pytest

from gate.model.manifest import Location, Path
from gate.model.places import place, saved_places

TREE = [1, 1, {"spec": [2, 1, {"list": [3, 3, [[4, 5], [5, 5, {"x": [6, 7]}]]]}]}]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), (1, 1)),
        (("spec",), (2, 1)),
        (("spec", "list", 1, "x"), (6, 7)),
        (("spec", "list", 1, "none", "x"), (5, 5)),
        (("spec", "list", 2), (3, 3)),
        (("spec", "list", -1), (3, 3)),
        (("spec", "list", "x"), (3, 3)),
        (("spec", 0), (2, 1)),
    ],
)
def test_the_nearest_existing_ancestor_is_found(path: Path, expected: tuple[int, int]) -> None:
    locate = saved_places({"id": place("a.yaml", "new", TREE)}, [])
    assert locate("id", path) == Location("a.yaml", *expected)


def test_an_unknown_id_has_no_place() -> None:
    assert saved_places({}, [])("id", ()) is None


def test_without_saved_lines_the_file_is_known() -> None:
    resources = [
        {"id": "one", "path": "a.yaml", "status": "deleted"},
        {"id": "two", "path": "b.yaml", "status": "modified"},
    ]
    locate = saved_places({"two": place("source.yaml", "new", None)}, resources)
    assert locate("one", ("spec",)) == Location("a.yaml", side="old")
    assert locate("two", ("spec",)) == Location("source.yaml")
    assert set(locate.positions()) == {"one", "two"}
