"""Lines and columns of what is shown, parsed only when asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from gate.manifests.identity import Item, Place
from gate.manifests.positions import Positions, positions
from gate.model.manifest import Location, Path, Side
from gate.model.places import place as saved


class Places:
    """The locator of one reading. `deleted` holds the ids whose place is in the base."""

    def __init__(self, items: Mapping[str, Item], deleted: Collection[str]) -> None:
        self._items = items
        self._deleted = deleted
        self._parsed: dict[tuple[str, int, tuple[str | int, ...], Side], Positions] = {}

    def __call__(self, resource_id: str, path: Path) -> Location | None:
        item = self._items.get(resource_id)
        if item is None:
            return None
        side = self._side(resource_id)
        if not item.place.known:
            return Location(item.place.path, side=side)
        found = self._positions(item.place, side)
        line, column = found.find(path if item.place.inside is None else item.place.inside)
        return Location(item.place.path, line, column, side)

    def positions(self) -> Mapping[str, Any]:
        return {
            identifier: saved(
                item.place.path,
                self._side(identifier),
                self._tree(item, self._side(identifier)) if item.place.known else None,
            )
            for identifier, item in self._items.items()
        }

    def _side(self, resource_id: str) -> Side:
        return "old" if resource_id in self._deleted else "new"

    def _positions(self, place: Place, side: Side) -> Positions:
        key = (place.path, place.index, place.item, side)
        if key not in self._parsed:
            self._parsed[key] = positions(place.data, place.index, place.item)
        return self._parsed[key]

    def _tree(self, item: Item, side: Side) -> list[Any]:
        found = self._positions(item.place, side)
        if item.place.inside is not None:
            return [*found.find(item.place.inside)]
        return found.tree
