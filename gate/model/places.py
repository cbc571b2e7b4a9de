"""Places in a saved input: lines and columns without the files they stand in.

For each resource id: `{"path", "side", "tree"}`. A node of the tree is `[line, column]`, with what
is below it as a third element where there is something: an object for a mapping, an array for a
list. `tree` is null where only the file is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gate.model.manifest import Location, Locator, Path, Side


class SavedPlaces:
    """Reads what `Locator.positions` gave."""

    def __init__(self, places: Mapping[str, Any]) -> None:
        self._places = places

    def __call__(self, resource_id: str, path: Path) -> Location | None:
        place = self._places.get(resource_id)
        if place is None:
            return None
        line, column = _nearest(place["tree"], path)
        return Location(place["path"], line, column, place["side"])

    def positions(self) -> Mapping[str, Any]:
        return self._places


def saved_places(places: Mapping[str, Any], resources: Iterable[Mapping[str, Any]]) -> Locator:
    """The places of a saved input's resources; of one that was saved without, its file."""
    files = {
        resource["id"]: place(_file(resource), _side(resource), None) for resource in resources
    }
    return SavedPlaces({**files, **places})


def place(path: str, side: Side, tree: list[Any] | None) -> dict[str, Any]:
    """One resource's places as they are saved."""
    return {"path": path, "side": side, "tree": tree}


def _file(resource: Mapping[str, Any]) -> str:
    path: str = resource["path"]
    return path


def _side(resource: Mapping[str, Any]) -> Side:
    return "old" if resource["status"] == "deleted" else "new"


def _nearest(tree: list[Any] | None, path: Path) -> tuple[int | None, int | None]:
    if tree is None:
        return None, None
    for key in path:
        inner = _step(tree, key)
        if inner is None:
            break
        tree = inner
    return tree[0], tree[1]


def _step(tree: list[Any], key: str | int) -> list[Any] | None:
    below = tree[2] if len(tree) > 2 else None
    inner: list[Any] | None = None
    if isinstance(below, dict) and isinstance(key, str):
        inner = below.get(key)
    elif isinstance(below, list) and isinstance(key, int) and 0 <= key < len(below):
        inner = below[key]
    return inner
