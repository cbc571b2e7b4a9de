"""Reading the syntax tree that regorus gives (`Engine.get_ast_as_json`): its nodes are dicts of
one key, the kind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from gate.model.policy import Taker, Unfaithful

Node = Mapping[str, Any]
Path = tuple[str, ...]

SCALARS = ("String", "RawString", "Number", "Bool", "Null")
COMPREHENSIONS = ("ArrayCompr", "SetCompr", "ObjectCompr")
KEYWORDS = frozenset(
    ("as", "contains", "default", "else", "every", "false", "if", "import", "in", "not", "null")
) | {"package", "set", "some", "true", "with"}

_FUTURE = ("contains", "every", "if", "in")


class Refused(Exception):  # noqa: N818 - it is told as a value, never shown as an error
    """A construct that has no form which both engines read alike."""

    def __init__(
        self, line: int, what: str, instead: str | None = None, only: Taker = "opa"
    ) -> None:
        super().__init__(what)
        self.told = Unfaithful(line, what, instead, only)


def line_of(node: Node) -> int:
    line: int = next(iter(node.values()))["span"]["line"]
    return line


def chain(node: Node) -> tuple[Node, list[str | Node]]:
    """Where a reference starts, and its parts: fixed ones as text."""
    backwards: list[str | Node] = []
    while True:
        ((form, inner),) = node.items()
        if form == "RefDot":
            backwards.append(inner["field"][1])
        elif form == "RefBrack":
            index = inner["index"]
            text = index.get("String") or index.get("RawString")
            backwards.append(text["value"] if text else index)
        else:
            return node, backwards[::-1]
        node = inner["refr"]


def is_dynamic(path: Sequence[str | Node]) -> bool:
    return not all(isinstance(part, str) for part in path)


def alternatives(bodies: Sequence[Node]) -> list[list[Node]]:
    """Bodies beside one another (of Rego v0) are rules of their own; `else` belongs to the last."""
    found: list[list[Node]] = []
    for body in bodies:
        if body["is_else"]:
            found[-1].append(body)
        else:
            found.append([body])
    return found or [[]]


def annotate(root: Any, source: bytes) -> None:
    """Puts the names where the tree has their places only."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            waiting.extend(node.values())
            for span in _named_spans(node):
                span["name"] = source[span["start"] : span["end"]].decode()


def _named_spans(node: Node) -> Iterator[dict[str, Any]]:
    """The places of names that a node holds: of `some`, of `every`, of imports."""
    if "SomeVars" in node:
        yield from node["SomeVars"]["vars"]
    if "Every" in node:
        yield from (node["Every"][side] for side in ("key", "value") if node["Every"].get(side))
    if "imports" in node:
        yield from (item["as"] for item in node["imports"] if item.get("as"))


def alias_of(item: Node) -> str:
    """The name that an import gives."""
    if item.get("as"):
        return str(item["as"]["name"])
    path = path_of(item["refr"])
    return path[-1] if path else ""


def is_wildcard(node: Node) -> bool:
    return bool("Var" in node and node["Var"]["value"] == "_")


def unification(name: str, pattern: Node) -> Node:
    span = next(iter(pattern.values()))["span"]
    left = {"Var": {"span": span, "value": name}}
    assign = {"span": span, "op": "Eq", "lhs": left, "rhs": pattern}
    return {"span": span, "literal": {"Expr": {"span": span, "expr": {"AssignExpr": assign}}}}


def is_assignment(stmt: Node) -> bool:
    expression = stmt["literal"].get("Expr")
    return bool(expression and "AssignExpr" in expression["expr"])


def declared_by(stmt: Node) -> Iterator[tuple[str, int]]:
    """The variables that a statement declares, with their lines."""
    ((form, inner),) = stmt["literal"].items()
    if form == "SomeVars":
        for span in inner["vars"]:
            yield span["name"], span["line"]
    elif form == "SomeIn":
        for side in ("key", "value"):
            if inner.get(side) is not None:
                yield from pattern_names(inner[side])
    elif form == "Expr" and "AssignExpr" in inner["expr"]:
        assign = inner["expr"]["AssignExpr"]
        if assign["op"] == "ColEq":
            yield from pattern_names(assign["lhs"])


def pattern_names(node: Node) -> Iterator[tuple[str, int]]:
    ((form, inner),) = node.items()
    if form == "Var":
        if inner["value"] != "_":
            yield inner["value"], inner["span"]["line"]
    elif form == "Array":
        for each in inner["items"]:
            yield from pattern_names(each)
    elif form == "Object":
        for _, _, value in inner["fields"]:
            yield from pattern_names(value)


def has_wildcard(node: Any) -> bool:
    """Whether a negated expression holds `_` where OPA leaves it behind the `not`: beside inner
    bodies and the calls in it, which OPA takes out."""
    ((form, inner),) = node.items()
    if form == "Var" or form in COMPREHENSIONS:
        return is_wildcard(node)
    return "_" in _wildcards(inner["params"] if form == "Call" else inner)


def _wildcards(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _wildcards(each)
    elif isinstance(node, dict):
        for form, inner in node.items():
            if form == "Var":
                yield inner["value"]
            elif form not in ("span", "field", "Call", *COMPREHENSIONS):
                yield from _wildcards(inner)


def some_names(stmt: Node) -> list[str]:
    inner = stmt["literal"].get("SomeVars")
    return [span["name"] for span in inner["vars"]] if inner else []


def names_in(node: Any, *, declared: bool, nested: bool = True) -> Iterator[str]:
    """The names of variables in a part of the tree, not of functions; without `declared`, not
    those that the statement itself declares; without `nested`, not those of bodies within."""
    if isinstance(node, list):
        for each in node:
            yield from names_in(each, declared=declared, nested=nested)
    elif isinstance(node, dict):
        for form, inner in node.items():
            if form == "Var":
                yield inner["value"]
            for part, own in _parts(form, inner, declared=declared, nested=nested):
                found = names_in(part, declared=declared or own is not None, nested=nested)
                yield from (name for name in found if name not in (own or ()))


def _parts(
    form: str, inner: Any, *, declared: bool, nested: bool
) -> Iterator[tuple[Any, Collection[str] | None]]:
    """The parts of a node to look for names in, and the names that each declares for itself alone,
    if it is an inner body."""
    if form in ("span", "field", "Var"):
        return
    if form in COMPREHENSIONS:
        if nested:
            yield inner, _declared_within(inner)
    elif form == "Every":
        yield inner["domain"], None
        if nested:
            yield inner["query"], _declared_within(inner)
    elif form == "with_mods":
        yield [each["as"] for each in inner], None
    elif part := _PARTS.get(form) or (None if declared else _given(form, inner)):
        yield inner[part], None
    else:
        yield inner, None


def _declared_within(inner: Node) -> set[str]:
    """The names that a comprehension or an `every` declares. They end with it."""
    spans = [inner[side] for side in ("key", "value") if "name" in (inner.get(side) or {})]
    stmts = inner["query"]["stmts"]
    return {span["name"] for span in spans} | {n for stmt in stmts for n, _ in declared_by(stmt)}


_PARTS = {"Call": "params"}


def _given(form: str, inner: Any) -> str | None:
    """The part of a declaration that declares nothing."""
    if form == "SomeIn":
        return "collection"
    return "rhs" if form == "AssignExpr" and inner["op"] == "ColEq" else None


def package_of(tree: Node) -> Path:
    path = path_of(tree["package"]["refr"])
    if path is None:
        raise Refused(tree["package"]["span"]["line"], "a package with a variable in its name")
    return ("data", *path)


def path_of(node: Node) -> Path | None:
    """The fixed parts of a reference; None where it has others."""
    backwards: list[str] = []
    while True:
        ((form, inner),) = node.items()
        if form == "Var":
            return (inner["value"], *reversed(backwards))
        if form == "RefDot":
            backwards.append(inner["field"][1])
        elif form == "RefBrack":
            text = inner["index"].get("String") or inner["index"].get("RawString")
            if text is None:
                return None
            backwards.append(text["value"])
        else:
            return None
        node = inner["refr"]


def is_import(path: Path) -> bool:
    """Whether OPA knows such an import."""
    if path[0] in ("data", "input"):
        return True
    if path[0] == "rego":
        return path == ("rego", "v1")
    if path[:2] == ("future", "keywords"):
        return len(path) == 2 or (len(path) == 3 and path[2] in _FUTURE)
    return False
