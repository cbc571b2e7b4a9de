"""Checks nodes against a JSON Schema and says what is wrong, where, and what is right.

It knows the keywords that the config's schema uses (`KEYWORDS`); jsonschema knows no lines and
takes longer to import than the whole check. A schema's `errorMessage` is the words for what it
allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gate.strict_yaml.nodes import Mark, Node, plain

Schema = Mapping[str, Any]

KEYWORDS = frozenset(
    {"$ref", "additionalProperties", "anyOf", "enum", "exclusiveMaximum", "exclusiveMinimum"}
    | {"items", "maxProperties", "minItems"}
    | {"minLength", "minProperties", "minimum", "not", "oneOf", "pattern", "properties"}
    | {"propertyNames", "required", "type", "uniqueItems"}
)
MAX_SHOWN = 60
_END = re.compile(r"(?<!\\)\$")
"""The end of a pattern: in JSON Schema not before a newline that ends the text."""
_TYPES: Mapping[str, str] = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "null": "empty",
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong; `message` is a sentence."""

    message: str
    mark: Mark


def check(node: Node, schema: Schema, root: Schema, where: str = "") -> Iterator[Wrong]:
    """What is wrong with a value. `where` is its place in the document, for people."""
    schema = _resolve(schema, root)
    reason = _own(node, schema, root)
    if reason is not None:
        yield Wrong(_must(where, schema.get("errorMessage", reason), node), node.mark)
        return
    branches = _fitting(node, schema.get("oneOf", ()), root)
    if len(branches) == 1:
        yield from check(node, branches[0], root, where)
    if isinstance(node.value, list) and "items" in schema:
        for index, item in enumerate(node.value):
            yield from check(item, schema["items"], root, f"{where}[{index}]")
    if isinstance(node.value, dict):
        yield from _members(node, node.value, schema, root, where)


def suggestion(word: str, known: Iterable[str]) -> str:
    """` Did you mean …?`, else what is known, with a space before it."""
    known = list(known)
    import difflib

    close = difflib.get_close_matches(word[:MAX_SHOWN].lower(), known, n=1)
    if close:
        return f" Did you mean `{close[0]}`?"
    return f" Known: {listed(sorted(known), 'and')}." if known else ""


def listed(words: Sequence[str], link: str) -> str:
    """`a`, `b` and `c`."""
    return joined([f"`{word}`" for word in words], link)


def joined(words: Sequence[str], link: str) -> str:
    """The words with commas, and `link` before the last."""
    return f" {link} ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def shown(text: str) -> str:
    """Text in a message: short, on one line, in backticks."""
    short = text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
    return f"`{short.encode('unicode_escape').decode() if not short.isprintable() else short}`"


def _resolve(schema: Schema, root: Schema) -> Schema:
    """The schema that a reference within the document stands for."""
    while "$ref" in schema:
        found = root
        for key in schema["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        schema = found
    return schema


def _own(node: Node, schema: Schema, root: Schema) -> str | None:
    """What the value itself must be, where it is not; its members are not looked at."""
    if not _has_type(node.value, schema):
        return listed_types(schema)
    if "enum" in schema and not any(_same(node.value, each) for each in schema["enum"]):
        return listed([str(each) for each in schema["enum"]], "or")
    reason = _by_type(node.value, schema)
    if reason is not None or _combined(node, schema, root):
        return reason
    return "another value"


def _by_type(value: object, schema: Schema) -> str | None:
    if isinstance(value, str):
        return _text(value, schema)
    if isinstance(value, list):
        return _list(value, schema)
    if isinstance(value, dict):
        return None if _right_size(value, schema) else "a mapping with other keys"
    if isinstance(value, int | float):
        return _number(value, schema)
    return None


def _number(value: float, schema: Schema) -> str | None:
    if value < schema.get("minimum", value):
        return f"{schema['minimum']} or more"
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        return f"more than {schema['exclusiveMinimum']}"
    if "exclusiveMaximum" in schema and value >= schema["exclusiveMaximum"]:
        return f"less than {schema['exclusiveMaximum']}"
    return None


def _text(value: str, schema: Schema) -> str | None:
    if len(value) < schema.get("minLength", 0):
        return "text"
    pattern = schema.get("pattern")
    if pattern is not None and not re.search(_END.sub(r"\\Z", pattern), value):
        return f"text like `{pattern}`"
    return None


def _list(value: list[Node], schema: Schema) -> str | None:
    if len(value) < schema.get("minItems", 0):
        return "a list that is not empty"
    if schema.get("uniqueItems") and len({repr(plain(item)) for item in value}) < len(value):
        return "a list without repetition"
    return None


def _right_size(value: Mapping[str, Node], schema: Schema) -> bool:
    at_least: int = schema.get("minProperties", 0)
    at_most: int = schema.get("maxProperties", len(value))
    return at_least <= len(value) <= at_most


def _combined(node: Node, schema: Schema, root: Schema) -> bool:
    """Whether the combinations (`not`, `anyOf`, `oneOf`) hold, as far as they are not reported
    by a branch's own messages."""
    if "not" in schema and _valid(node, schema["not"], root):
        return False
    if "anyOf" in schema and not any(_valid(node, each, root) for each in schema["anyOf"]):
        return False
    if "oneOf" not in schema:
        return True
    fitting = _fitting(node, schema["oneOf"], root)
    return len(fitting) == 1 or sum(_valid(node, each, root) for each in fitting) == 1


def _fitting(node: Node, branches: Sequence[Schema], root: Schema) -> list[Schema]:
    """The branches of a `oneOf` whose type is the value's."""
    resolved = [_resolve(each, root) for each in branches]
    return [each for each in resolved if _has_type(node.value, each)]


def _valid(node: Node, schema: Schema, root: Schema) -> bool:
    return next(check(node, schema, root), None) is None


def _members(
    node: Node, members: Mapping[str, Node], schema: Schema, root: Schema, where: str
) -> Iterator[Wrong]:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for key in schema.get("required", ()):
        if key not in members:
            yield Wrong(f"{_place(where)} lacks `{key}`.", node.mark)
    inside = f" in `{where}`" if where else ""
    for key, member in members.items():
        below = f"{where}.{key}" if where else key
        yield from _key(key, node.keys[key], schema, root, inside)
        if key in properties:
            yield from check(member, properties[key], root, below)
        elif others is False:
            hint = suggestion(key, properties)
            yield Wrong(f"unknown key {shown(key)}{inside}.{hint}", node.keys[key])
        elif others is not True:
            yield from check(member, others, root, below)


def _key(key: str, mark: Mark, schema: Schema, root: Schema, inside: str) -> Iterator[Wrong]:
    """What is wrong with a key, where the schema says what keys must be."""
    names = schema.get("propertyNames")
    if names is None:
        return
    names = _resolve(names, root)
    reason = _own(Node(key, mark), names, root)
    if reason is not None:
        expected = names.get("errorMessage", reason)
        yield Wrong(f"the key {shown(key)}{inside} must be {expected}.", mark)


def _has_type(value: object, schema: Schema) -> bool:
    allowed = schema.get("type")
    if allowed is None:
        return True
    return (
        _is_a(value, allowed)
        if isinstance(allowed, str)
        else any(_is_a(value, each) for each in allowed)
    )


def _is_a(value: object, name: str) -> bool:
    if name == "integer":
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return whole and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    types: Mapping[str, type] = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "null": type(None),
    }
    return isinstance(value, types[name])


def _same(value: object, other: object) -> bool:
    """Equality of JSON: true is not 1."""
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)


def listed_types(schema: Schema) -> str:
    """The types that a schema allows, in words."""
    allowed = schema["type"]
    names = [allowed] if isinstance(allowed, str) else allowed
    return " or ".join(_TYPES[name] for name in names)


def _place(where: str) -> str:
    return shown(where) if where else "the file"


def _must(where: str, expected: str, node: Node) -> str:
    return f"{_place(where)} must be {expected}, and is {_described(node)}."


def _described(node: Node) -> str:
    value = node.value
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str) and "://" in value and "@" in value:
        return "an address with a user or password in it (not shown)"
    if isinstance(value, str):
        return f"the text {shown(value)}" if value else "empty text"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, dict):
        keys = [shown(key) for key in list(value)[:5]]
        return f"a mapping with {joined(keys, 'and')}" if keys else "an empty mapping"
    return f"the number {value}"
