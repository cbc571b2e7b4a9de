"""Existing findings: those that the old side had too, and the identity that tells them apart."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gate.decision.results import Said
from gate.model.manifest import MERGE_KEYS
from gate.model.policy import Rule

Json = Mapping[str, Any]
Identity = tuple[str, ...]
Names = dict[tuple[int, str], Counter[Any]]
"""How often each name stands in a list, by the list's `id` and the merge key ("" for elements that
are names themselves): counted once, however many findings point into the list. Valid while the
input lives."""


def unchanging(policy_input: Json) -> dict[str, Any]:
    """The change that changes nothing: what has an old side is as it was, and that is all."""
    return {
        **policy_input,
        "change": {**policy_input["change"], "files": [], "commits": [], "labels": []},
        "resources": [
            {
                **resource,
                "status": "modified",
                "path": resource["old_path"] or resource["path"],
                "old_path": None,
                "new": resource["old"],
                "changes": [],
            }
            for resource in policy_input["resources"]
            if resource["old"] is not None
        ],
        "evidence": {},
    }


def can_exist(rule: Rule, said: Said, resource: Json | None) -> bool:
    """Whether a finding can be old debt. What depends on evidence or on the change itself never
    is: else a freeze would never block."""
    return (
        resource is not None
        and said.resource is not None
        and resource["old"] is not None
        and not rule.requires
        and not rule.id.startswith("change.")
        and rule.existing != "never"
    )


def identity(rule: str, said: Said, resource: Json | None, names: Names) -> Identity:
    """What makes two findings one: rule, resource pair, and `key`, else `path`, else message."""
    if said.key is not None:
        mark = ("key", said.key)
    elif said.path is not None and resource is not None:
        side = resource["old"] if resource["new"] is None else resource["new"]
        mark = ("path", named_path(side, said.path, names))
    else:
        mark = ("message", said.message)
    return (rule, said.resource or "", said.service or "" if said.resource is None else "", *mark)


def named_path(value: Any, path: Sequence[str | int], names: Names) -> str:
    """The path with list elements named by their merge key: `containers[name=app].image`."""
    parts: list[str] = []
    for step in path:
        if isinstance(value, list) and isinstance(step, int):
            parts.append(f"[{_element_name(value, step, names)}]")
            value = value[step] if 0 <= step < len(value) else None
        else:
            parts.append(json.dumps(step, ensure_ascii=False))
            value = value.get(step) if isinstance(value, dict) else None
    return ".".join(parts)


def _element_name(elements: Sequence[Any], index: int, names: Names) -> str:
    """What names the element among the others and outlives a move; else its index."""
    if not 0 <= index < len(elements):
        return str(index)
    element = elements[index]
    if isinstance(element, dict):
        for key in MERGE_KEYS:
            value = element.get(key)
            if _is_name(value) and _count(elements, key, names)[value] == 1:
                return f"{key}={json.dumps(value)}"
    elif _is_name(element) and _count(elements, "", names)[element] == 1:
        return f"={json.dumps(element)}"
    return str(index)


def _is_name(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def _count(elements: Sequence[Any], key: str, names: Names) -> Counter[Any]:
    place = (id(elements), key)
    if place not in names:
        found = (each.get(key) if isinstance(each, dict) else None for each in elements)
        told = found if key else elements
        names[place] = Counter(each for each in told if _is_name(each))
    return names[place]


def excused(
    new: Sequence[tuple[Identity, Said]], old: Iterable[tuple[Identity, Said]]
) -> list[bool]:
    """For each new finding whether an old one excuses it: n old ones excuse at most n.

    An old `warn` excuses no `deny`. Where there are fewer old ones, those with the same message
    go first.
    """
    exact = Counter((mark, said.set, said.message) for mark, said in old)
    left = Counter[tuple[Identity, str]]()
    for (mark, set_, _), count in exact.items():
        left[mark, set_] += count
    verdicts = [False] * len(new)
    for same_message in (True, False):
        for index, (mark, said) in enumerate(new):
            full = (mark, said.set, said.message)
            if verdicts[index] or (same_message and not exact[full]) or not left[mark, said.set]:
                continue
            verdicts[index] = True
            left[mark, said.set] -= 1
            if same_message:
                exact[full] -= 1
    return verdicts


def lasting(mark: Identity, resource: Json | None) -> Identity:
    """The identity without what tells copies of an object apart: an id has that only while the
    other copies are in the input."""
    if resource is None:
        return mark
    parts = (resource["group"], resource["kind"], resource["namespace"] or "_", resource["name"])
    plain = "/".join(parts)
    return (mark[0], plain, *mark[2:]) if mark[1].startswith(plain) else mark


def fingerprints(found: Sequence[tuple[Identity, str]]) -> list[str]:
    """32 hex digits of the SHA-256 of each identity. Lines take no part; neither does the file,
    given beside it, but that the second of a kind in a file is told apart from the first: what
    stands in other files changes nothing."""
    seen = Counter[tuple[Identity, str]]()
    prints = []
    for mark, file in found:
        count = seen[mark, file]
        text = json.dumps([*mark, count] if count else mark)
        prints.append(hashlib.sha256(text.encode("ascii")).hexdigest()[:32])
        seen[mark, file] += 1
    return prints
