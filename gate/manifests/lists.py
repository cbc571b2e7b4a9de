"""Lists of objects, taken apart: `kind: List`, typed lists, and sequences at the top."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_Item = tuple[str | int, ...]
_SUFFIX = "List"


def is_object(value: Any) -> bool:
    """Whether a value is a Kubernetes object: a mapping with an apiVersion and a kind."""
    return isinstance(value, dict) and all(
        isinstance(value.get(key), str) and value[key] for key in ("apiVersion", "kind")
    )


def expand(value: Any, item: _Item = ()) -> Iterator[tuple[_Item, Any]]:
    """The objects of a document and where they stand in it; the document itself where it is no
    list of objects.

    Kubernetes takes any object with `items` for a list, whatever its kind; it gives an item
    without apiVersion and kind those of a typed list (`DeploymentList`). The sequence at the top
    is how files of SLO tools look.
    """
    if isinstance(value, list) and any(map(is_object, value)):
        for index, element in enumerate(value):
            yield from expand(element, (*item, index))
    elif is_object(value) and _is_list(value):
        for index, element in enumerate(value.get("items") or ()):
            yield from expand(_typed(element, value), (*item, "items", index))
    else:
        yield item, value


def _is_list(value: dict[str, Any]) -> bool:
    if "items" not in value:
        return bool(value["kind"] == _SUFFIX)
    items = value["items"]
    if value["kind"].endswith(_SUFFIX):
        return items is None or isinstance(items, list)
    return isinstance(items, list) and any(map(is_object, items))


def _typed(element: Any, outer: dict[str, Any]) -> Any:
    kind = outer["kind"].removesuffix(_SUFFIX)
    if not kind or kind == outer["kind"] or not isinstance(element, dict):
        return element
    if element.get("apiVersion") or element.get("kind"):
        return element
    return {**element, "apiVersion": outer["apiVersion"], "kind": kind}
