"""Elements of `deny` and `warn`, as far as they are known before they are judged: what
`gate.decision.results` would not take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gate.authoring.checks import shapes
from gate.authoring.checks.problem import Check, Problem, error
from gate.authoring.checks.shapes import Items, Literal, Object, Part, Shape
from gate.decision.results import Said
from gate.errors import did_you_mean

KEYS = tuple(name for name in Said.__dataclass_fields__ if name != "set")
"""What a finding may hold."""

_UNBLOCK = ("at", "how")
_TEXTS = ("message", "resource", "key", "service", "remediation")
_CHECK: Check = "finding"


def check(path: str, line: int, element: Shape) -> Iterator[Problem]:
    """What is wrong with one element; `line` is where it is written."""
    if isinstance(element, Object):
        yield from _object(path, line, element)
    elif fault := _no_text(element):
        message = f"A finding is text or an object with a message, not {fault}."
        yield error(path, line, _CHECK, message)


def _object(path: str, line: int, finding: Object) -> Iterator[Problem]:
    fields = dict(finding.fields)
    yield from _unknown(path, line, "A finding", fields, KEYS)
    if "message" not in fields:
        advice = "Say what is wrong, in a sentence that names the object."
        yield error(path, line, _CHECK, "The finding has no `message`.", advice)
    if "path" in fields and "resource" not in fields:
        advice = "Name the object whose path it is: `resource` is its `id`."
        yield error(path, line, _CHECK, "The finding has a `path` and no `resource`.", advice)
    for key in _TEXTS:
        fault = _no_text(fields[key]) if key in fields else None
        if fault and not (fault == "null" and key != "message"):
            advice = "Take its `id`." if key == "resource" else ""
            yield error(path, line, _CHECK, f"`{key}` must be text, not {fault}.", advice)
    place, unblock = fields.get("path"), fields.get("unblock")
    if isinstance(place, (Literal, Object)) and not _can_be_null(place):
        advice = 'Write it like this: `["spec", "replicas"]`.'
        yield error(path, line, _CHECK, "`path` must be a list of keys and indexes.", advice)
    if isinstance(unblock, Object):
        yield from _unknown(path, line, "`unblock`", dict(unblock.fields), _UNBLOCK)


def _unknown(
    path: str, line: int, what: str, keys: Iterable[str], known: Sequence[str]
) -> Iterator[Problem]:
    for key in keys:
        if key not in known:
            message = f"{what} has no key `{key}`{did_you_mean(key, known)}"
            yield error(path, line, _CHECK, message, f"It may have: {', '.join(known)}.")


def _no_text(shape: Shape) -> str | None:
    """What a value is that is never text; None for one that may be."""
    if isinstance(shape, Object):
        return "an object"
    if isinstance(shape, Items):
        return "a list or an object"
    types: set[str] = set()
    if isinstance(shape, Literal):
        types = {type_ for type_, _ in shape.values}
        if all(type_ == "string" and not value.strip() for type_, value in shape.values):
            return "blank text"
    elif isinstance(shape, Part):
        types = shapes.types(shape)
    if not types or "string" in types:
        return None
    return shapes.one_of(types)


def _can_be_null(shape: Shape) -> bool:
    return isinstance(shape, Literal) and any(type_ == "null" for type_, _ in shape.values)
