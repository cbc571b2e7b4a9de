"""What is known of a value in a rule before it is judged: a part of the policy input, a literal,
an object or a list of those; or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | None, ...]
"""Keys from `input` down; None is a key or index that only the input tells. A part that the schema
names begins with that name instead: `resource`."""

_NAMED = ("resource", "field_change", "service", "target")
_SPOKEN = {
    "resource": "a resource",
    "field_change": "one of a resource's changes",
    "service": "a service",
    "target": "a target",
}
_MOST = 40
_DEPTH = 6
_TYPES = {
    "string": "text",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is known."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No value: what an empty list holds."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the policy input. `schema` describes it; empty: it can be anything."""

    path: Path
    schema: Mapping[str, Any] = field(compare=False, hash=False)


@dataclass(frozen=True, slots=True)
class Literal:
    """One of some scalars, each with the name of its type in JSON."""

    values: frozenset[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Object:
    """An object all of whose keys are known."""

    fields: tuple[tuple[str, Shape], ...]

    def get(self, key: str) -> Shape | None:
        return dict(self.fields).get(key)


@dataclass(frozen=True, slots=True)
class Items:
    """A list, a set, or an object by its values."""

    item: Shape


@dataclass(frozen=True, slots=True)
class Fallback:
    """What evidence says, or an empty list, set or object where it says nothing; `line` is where
    that is written."""

    shape: Shape
    line: int


Shape = Unknown | Nothing | Part | Literal | Object | Items | Fallback

ANY = Unknown()
NOTHING = Nothing()
TRUE = Literal(frozenset({("boolean", True)}))


class Input:
    """The policy input as its JSON Schema describes it."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._definitions: Mapping[str, Any] = schema["$defs"]
        properties = {key: each for key, each in schema["properties"].items() if key != "gate"}
        self.root = Part((), {**schema, "properties": properties})

    def below(self, part: Part, key: str | None) -> Part | None:
        """What stands below a part: None where nothing can. `key` None is any key or index."""
        schema = part.schema
        if not schema.keys() & {"type", "properties", "enum", "const"}:
            return self._part(part, key, {})
        if key is not None and key in schema.get("properties", ()):
            return self._part(part, key, schema["properties"][key])
        if isinstance(more := schema.get("additionalProperties"), dict):
            return self._part(part, key, more)
        if schema.get("type") == "object" and ("properties" not in schema or key is None):
            return self._part(part, key, {})
        if "array" in types(part) and key is None:
            return self._part(part, None, schema.get("items", {}))
        return None

    def _part(self, part: Part, key: str | None, schema: Mapping[str, Any]) -> Part:
        path = (*part.path, key)[:_DEPTH]
        while name := schema.get("$ref", "").rpartition("/")[2]:
            schema = self._definitions[name]
            path = (name,) if name in _NAMED else path
        return Part(path, schema)


def of_scalar(value: Any) -> Literal:
    return Literal(frozenset({(type_of(value), value)}))


def type_of(value: Any) -> str:
    """The name that JSON Schema has for the type of a scalar."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number"


def types(part: Part) -> set[str]:
    """The types of scalars and others that a part can have; empty where it can be anything."""
    schema = part.schema
    if "enum" in schema or "const" in schema:
        return {type_of(value) for value in known_values(part)}
    told = schema.get("type", [])
    found = {told} if isinstance(told, str) else set(told)
    return {"number" if each == "integer" else each for each in found}


def known_values(part: Part) -> list[Any]:
    """The only values that a part can have; empty where there are others."""
    return list(part.schema.get("enum", ())) or [
        part.schema[key] for key in ("const",) if key in part.schema
    ]


def one_of(types: Iterable[str]) -> str:
    """Types for people: `text or null`."""
    return " or ".join(_TYPES[each] for each in sorted(types, key=list(_TYPES).index))


def spoken(path: Path) -> str:
    """A path for people: `input.resources`, `a resource`, `input.evidence.slo[_]`."""
    if path and path[0] in _SPOKEN:
        start, rest = _SPOKEN[str(path[0])], path[1:]
        return f"`{_dotted(rest)[1:]}` of {start}" if rest else start
    return f"`input{_dotted(path)}`"


def _dotted(path: Path) -> str:
    return "".join("[_]" if step is None else _step(step) for step in path)


def _step(step: str) -> str:
    return f".{step}" if step.isidentifier() else f'["{step}"]'


def plain(shape: Shape) -> Shape:
    """Without the mark that something empty may stand for it."""
    return shape.shape if isinstance(shape, Fallback) else shape


def is_empty(shape: Shape) -> bool:
    """Whether it is a literal list, set or object that holds nothing."""
    return shape in (Items(NOTHING), Object(()))


def is_evidence(shape: Shape) -> bool:
    return isinstance(shape, Part) and shape.path[:1] == ("evidence",)


def objects(fields: Iterable[tuple[str, Shape]]) -> Shape:
    """The last value of a key holds."""
    found = dict(fields)
    return shallow(Object(tuple(found.items()))) if len(found) <= _MOST else ANY


def items(shape: Shape) -> Shape:
    return shallow(Items(shape))


def shallow(shape: Shape) -> Shape:
    """Nothing for what is nested too deeply to be of use."""
    return ANY if _depth(shape) > _DEPTH else shape


def _depth(shape: Shape) -> int:
    if isinstance(shape, Object):
        return 1 + max((_depth(each) for _, each in shape.fields), default=0)
    if isinstance(shape, Items):
        return 1 + _depth(shape.item)
    return _depth(shape.shape) if isinstance(shape, Fallback) else 0


def joined(shapes: Iterable[Shape]) -> Shape:
    """What is known of a value that is one of these."""
    found: Shape = NOTHING
    for each in shapes:
        found = join(found, each)
    return found


def join(one: Shape, other: Shape) -> Shape:
    """What is known of a value that is one or the other."""
    if other in (one, NOTHING):
        return one
    if one == NOTHING:
        return other
    if isinstance(one, Fallback):
        return Fallback(join(one.shape, plain(other)), one.line)
    if isinstance(other, Fallback):
        return Fallback(join(one, other.shape), other.line)
    for empty, full in ((one, other), (other, one)):
        if is_empty(empty) and isinstance(full, (Part, Items, Object)):
            return full
    if isinstance(one, Literal) and isinstance(other, Literal):
        values = one.values | other.values
        return Literal(values) if len(values) <= _MOST else ANY
    if isinstance(one, Items) and isinstance(other, Items):
        return Items(join(one.item, other.item))
    if isinstance(one, Object) and isinstance(other, Object):
        return _join_objects(one, other)
    return ANY


def _join_objects(one: Object, other: Object) -> Shape:
    """An object with the keys of both; with other keys, nothing is known."""
    if {key for key, _ in one.fields} != {key for key, _ in other.fields}:
        return ANY
    return Object(tuple((key, join(each, other.get(key) or ANY)) for key, each in one.fields))


def parts_in(shape: Shape) -> Iterator[Part]:
    """All parts of the input that a value holds."""
    if isinstance(shape, Part):
        yield shape
    elif isinstance(shape, Object):
        for _, each in shape.fields:
            yield from parts_in(each)
    elif isinstance(shape, Items):
        yield from parts_in(shape.item)
    elif isinstance(shape, Fallback):
        yield from parts_in(shape.shape)
