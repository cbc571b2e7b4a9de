"""The least set of fields that differ between two objects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile, zip_longest
from typing import Any

from gate.model.manifest import MERGE_KEYS, FieldChange

_ABSENT = object()
_Path = tuple[str | int, ...]


def differences(old: Any, new: Any) -> tuple[FieldChange, ...]:
    """The values that differ. Elements of a list are matched by their merge key where every one
    has it and none twice, else by position after what both lists begin and end with; an equal
    element that moved is no change."""
    return tuple(_compare((), old, new))


def _compare(path: _Path, old: Any, new: Any) -> Iterator[FieldChange]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _compare_mappings(path, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _compare_lists(path, old, new)
    elif _ABSENT in (old, new) or not same(old, new):
        yield _change(path, old, new)


def same(old: Any, new: Any) -> bool:
    """Equal as JSON: `true` is not `1`."""
    return bool(old == new) and canonical(old) == canonical(new)


def canonical(value: Any) -> str:
    """JSON in which equal values have equal text; the order of keys does not count."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _change(path: _Path, old: Any, new: Any) -> FieldChange:
    if old is _ABSENT:
        return FieldChange(path, "add", new=new)
    if new is _ABSENT:
        return FieldChange(path, "remove", old=old)
    return FieldChange(path, "replace", old=old, new=new)


def _compare_mappings(
    path: _Path, old: dict[str, Any], new: dict[str, Any]
) -> Iterator[FieldChange]:
    for key, value in new.items():
        yield from _compare((*path, key), old.get(key, _ABSENT), value)
    for key, value in old.items():
        if key not in new:
            yield _change((*path, key), value, _ABSENT)


def _compare_lists(path: _Path, old: list[Any], new: list[Any]) -> Iterator[FieldChange]:
    key = _shared_key(old, new)
    if key is None:
        yield from _compare_positions(path, old, new)
        return
    before = {repr(element[key]): index for index, element in enumerate(old)}
    for index, element in enumerate(new):
        found = before.pop(repr(element[key]), None)
        yield from _compare((*path, index), _ABSENT if found is None else old[found], element)
    for index in before.values():
        yield _change((*path, index), old[index], _ABSENT)


def _shared_key(old: list[Any], new: list[Any]) -> str | None:
    everything = [*old, *new]
    if not old or not new or not all(isinstance(element, dict) for element in everything):
        return None
    return next(
        (key for key in MERGE_KEYS if _names_each(key, old) and _names_each(key, new)), None
    )


def _names_each(key: str, elements: Sequence[Any]) -> bool:
    values = [element.get(key) for element in elements]
    scalar = all(isinstance(value, str | int) for value in values)
    return scalar and len(set(map(repr, values))) == len(values)


def _compare_positions(path: _Path, old: list[Any], new: list[Any]) -> Iterator[FieldChange]:
    start = _equal_run(zip(old, new, strict=False))
    room = min(len(old), len(new)) - start
    end = min(room, _equal_run(zip(reversed(old), reversed(new), strict=False)))
    befores, afters = old[start : len(old) - end], new[start : len(new) - end]
    for index, (before, after) in enumerate(zip_longest(befores, afters, fillvalue=_ABSENT), start):
        yield from _compare((*path, index), before, after)


def _equal_run(pairs: Iterable[tuple[Any, Any]]) -> int:
    return sum(1 for _ in takewhile(lambda pair: same(*pair), pairs))
