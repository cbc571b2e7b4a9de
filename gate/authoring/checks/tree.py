"""Syntax trees of modules, made small: regorus' own take a hundred times the space of the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Node = Mapping[str, Any]
"""An expression or a literal as regorus has it, `{form: fields}`; `span` is the line, names that
regorus gives as places are text, and `a.b` is `a["b"]`."""

ClauseKind = Literal["set", "value", "function"]

_DROPPED = ("eidx", "sidx", "qidx")
_PLACE = {"line", "col", "start", "end"}


@dataclass(frozen=True, slots=True)
class Body:
    """One body of a clause with the value that it gives; None is true."""

    value: Node | None
    statements: Sequence[Node]
    line: int


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a rule. The value of a `set` clause is its element; `keys` are those of a head
    such as `a[x].b`."""

    kind: ClauseKind
    line: int
    keys: Sequence[Node]
    params: Sequence[Node]
    bodies: Sequence[Body]


@dataclass(frozen=True, slots=True)
class Tree:
    """A module: `aliases` gives for each imported name what it stands for."""

    path: str
    package: tuple[str, ...]
    line: int
    aliases: Mapping[str, tuple[str, ...]]
    rules: Mapping[str, Sequence[Clause]]


def of_module(path: str, text: str, ast: Mapping[str, Any]) -> Tree:
    """Reads one module of `Engine.get_ast_as_json`: its `ast`. Raises RecursionError for one that
    is nested too deeply."""
    module = _slim(ast, text.encode("utf-8"))
    rules: dict[str, list[Clause]] = {}
    for rule in module["rules"]:
        name, clause = _clause(rule)
        rules.setdefault(name, []).append(clause)
    package = module["package"]
    return Tree(
        path=path,
        package=names(package["refr"]),
        line=package["span"],
        aliases=dict(_alias(each) for each in module["imports"]),
        rules=rules,
    )


def names(node: Node) -> tuple[str, ...]:
    """The fixed start of a chain such as `a.b["c"][x]`: a, b, c."""
    base, steps = chain(node)
    start = base.get("Var")
    found = [start["value"]] if start else []
    for step in steps if start else ():
        text = literal_text(step)
        if text is None:
            break
        found.append(text)
    return tuple(found)


def chain(node: Node) -> tuple[Node, list[Node]]:
    """A reference as what it starts with and its steps; `.name` is a step of literal text."""
    steps: list[Node] = []
    while inner := node.get("RefBrack"):
        steps.append(inner["index"])
        node = inner["refr"]
    return node, steps[::-1]


def literal_text(node: Node) -> str | None:
    """The text of a literal text; None for any other node."""
    found = node.get("String") or node.get("RawString")
    return None if found is None else str(found["value"])


def line_of(node: Node) -> int:
    """The line that an expression begins in."""
    ((_, inner),) = node.items()
    line: int = inner["span"]
    return line


def _slim(node: Any, text: bytes) -> Any:
    if isinstance(node, list):
        return [_slim(each, text) for each in node]
    if not isinstance(node, dict):
        return node
    if node.keys() == _PLACE:
        return text[node["start"] : node["end"]].decode("utf-8", "replace")
    if inner := node.get("RefDot"):
        place, name = inner["field"]
        index = {"String": {"span": place["line"], "value": name}}
        line = inner["span"]["line"]
        return {"RefBrack": {"span": line, "refr": _slim(inner["refr"], text), "index": index}}
    return {
        key: value["line"] if key == "span" else _field(key, value, text)
        for key, value in node.items()
        if key not in _DROPPED
    }


def _field(key: str, value: Any, text: bytes) -> Any:
    """A pair of an object comes with its place in front."""
    if key == "fields":
        return [[_slim(each, text) for each in pair[1:]] for pair in value]
    return _slim(value, text)


def _alias(node: Node) -> tuple[str, tuple[str, ...]]:
    stands_for = names(node["refr"])
    return node.get("as") or stands_for[-1], stands_for


def _clause(node: Node) -> tuple[str, Clause]:
    if default := node.get("Default"):
        name, keys = _head(default["refr"])
        body = Body(default["value"], (), default["span"])
        kind: ClauseKind = "function" if default["args"] else "value"
        return name, Clause(kind, default["span"], keys, default["args"], [body])
    spec = node["Spec"]
    ((form, head),) = spec["head"].items()
    kinds: Mapping[str, ClauseKind] = {"Set": "set", "Func": "function"}
    name, keys = _head(head["refr"])
    assign = head.get("assign")
    value = head.get("key") if form == "Set" else assign and assign["value"]
    line = spec["span"]
    bodies = [_body(each, value) for each in spec["bodies"]] or [Body(value, (), line)]
    return name, Clause(kinds.get(form, "value"), line, keys, head.get("args") or (), bodies)


def _head(reference: Node) -> tuple[str, list[Node]]:
    base, steps = chain(reference)
    return base["Var"]["value"], steps


def _body(node: Node, value: Node | None) -> Body:
    if node["is_else"]:
        value = node["assign"] and node["assign"]["value"]
    return Body(value, node["query"]["stmts"], node["span"])
