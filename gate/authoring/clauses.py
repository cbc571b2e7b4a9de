"""The tests of a module and their statements, from regorus' syntax tree and the text it was made
of. Spans are offsets in bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from gate.authoring.spans import Source, Tree, parts, reference, span_of

TEST = "test_"
SKIPPED = "todo_test_"
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_COMPREHENSIONS = frozenset({"ArrayCompr", "SetCompr", "ObjectCompr"})
_COLLECTIONS = frozenset({"Array", "Set", "Object"})
_OPERATIONS = frozenset({"Call", "ArithExpr", "BinExpr", *_COMPREHENSIONS})


@dataclass(frozen=True, slots=True)
class Every:
    """`every key, value in domain { body }`; `key` is empty where there is none."""

    key: str
    value: str
    domain: str
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a body. `bare` is `text` without its `with`, which are in `withs`; `asks`
    is what must be true (the negated part of a `not`); `operands` are the texts of what stands in
    it and has a value; `names` the variables that it mentions."""

    text: str
    line: int
    column: int
    bare: str
    withs: str
    kind: str
    asks: str
    operands: tuple[str, ...]
    names: frozenset[str] = frozenset()
    every: Every | None = None

    @property
    def probe(self) -> str:
        """The statement as it is evaluated: the value of a head must be true, and nothing else."""
        return f'json.marshal({self.text}) == "true"' if self.kind == "value" else self.text

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Statement:
        every = value["every"]
        if every is not None:
            every = Every(**{**every, "body": tuple(map(cls.from_json, every["body"]))})
        return cls(
            **{
                **value,
                "operands": tuple(value["operands"]),
                "names": frozenset(value["names"]),
                "every": every,
            }
        )


@dataclass(frozen=True, slots=True)
class Test:
    """One clause of a test rule. `query` is its reference below `data`; `keys` are the texts of a
    table's keys and `bound` the number of statements after which they have values."""

    package: str
    name: str
    query: str
    line: int
    kind: str
    statements: tuple[Statement, ...]
    keys: tuple[str, ...]
    bound: int
    skipped: bool

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Test:
        statements = tuple(map(Statement.from_json, value["statements"]))
        return cls(**{**value, "statements": statements, "keys": tuple(value["keys"])})


@dataclass(frozen=True, slots=True)
class Tests:
    """The tests of a module; `text` is the module as it is to be loaded, so that each clause can
    be asked for by itself; `package` its reference and `header` its package and imports."""

    tests: tuple[Test, ...]
    text: str
    package: str
    header: str

    def to_json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(json.dumps(asdict(self), default=sorted))
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Tests:
        return cls(**{**value, "tests": tuple(map(Test.from_json, value["tests"]))})


@dataclass(frozen=True, slots=True)
class _Head:
    """Where a rule's head stands, what follows its reference in it, its keys and its value."""

    start: int
    end: int
    rest: str
    keys: tuple[str, ...]
    value: str


def of_tree(tree: Tree, text: str, *, v0: bool = False) -> Tests:
    """The tests of one module. A name that stands on several clauses is several tests, as it is
    to OPA: the second is `name#01`."""
    source = Source(text)
    package = ["data", *reference(tree["package"]["refr"])]
    seen: dict[str, int] = {}
    tests: list[Test] = []
    edits: list[tuple[int, int, str]] = []
    for number, rule in enumerate(tree["rules"]):
        found = _test(rule, package, source)
        if found is None:
            continue
        test, head = found
        count = seen.get(test.name, 0)
        seen[test.name] = count + 1
        if test.kind == "cases" or (count and test.kind != "function"):
            alias = f"gate_test_{number}"
            edits.append((head.start, head.end, _aliased(alias, head, test.kind, v0=v0)))
            test = replace(test, query=_query([*package, alias]))
        name = f"{test.name}#{count:02d}" if count else test.name
        tests.append(replace(test, name=name))
    return Tests(tuple(tests), _edited(text, edits), _query(package), _header(tree, source))


def _aliased(alias: str, head: _Head, kind: str, *, v0: bool) -> str:
    """The head under another name. A table of cases becomes a set of keys with values, since
    regorus does not take every head of a table."""
    if kind != "cases":
        return alias + head.rest
    pair = f"[[{', '.join(head.keys)}], {head.value}]"
    return f"{alias}[{pair}]" if v0 else f"{alias} contains {pair}"


def _test(rule: Tree, package: Sequence[str], source: Source) -> tuple[Test, _Head] | None:
    """The test that a rule is, and its head; None for any other rule."""
    if "Default" in rule:
        head: Tree = rule["Default"]
        form, value, bodies = "Func" if head["args"] else "Compr", head["value"], []
    else:
        ((form, head),) = rule["Spec"]["head"].items()
        value = (head.get("assign") or {}).get("value")
        bodies = rule["Spec"]["bodies"]
    name_parts = parts(head["refr"])
    at = next(
        (i for i, (name, _) in enumerate(name_parts) if name.startswith((TEST, SKIPPED))), None
    )
    if at is None:
        return None
    keys = _keys(head["refr"], name_parts[at][1])
    statements = [_statement(each, source) for each in _first_body(bodies)]
    if value is not None and not _is_true(value):
        statements.append(_value(value, source))
    name = [part for part, _ in name_parts[: at + 1]]
    found = _head(head, value, keys, source)
    test = Test(
        package=_query(package).removeprefix("data").removeprefix("."),
        name=_query(name),
        query=_query([*package, *name]),
        line=source.place(found.start)[0],
        kind={"Func": "function", "Set": "set"}.get(form, "cases" if keys else "value"),
        statements=tuple(statements),
        keys=found.keys,
        bound=_bound(keys, statements),
        skipped=name[-1].startswith(SKIPPED),
    )
    return test, found


def _first_body(bodies: Sequence[Tree]) -> Sequence[Tree]:
    """The statements that are to hold; those of an `else` come after them."""
    return bodies[0]["query"]["stmts"] if bodies else ()


def _head(head: Tree, value: Tree | None, keys: Sequence[Tree], source: Source) -> _Head:
    start, end = source.edges(head["refr"])
    last = end
    for part in (value, head.get("key"), *head.get("args", ())):
        if part is not None:
            last = max(last, source.edges(part)[1])
    return _Head(
        start=start,
        end=last,
        rest=source.cut(end, last),
        keys=tuple(
            json.dumps(each["Field"]["value"]) if "Field" in each else source.text(each)
            for each in keys
        ),
        value="true" if value is None else source.text(value),
    )


def _is_true(value: Tree) -> bool:
    return bool(value.get("Bool", {}).get("value"))


def _keys(node: Tree, name: Tree) -> list[Tree]:
    """What follows the test's name in its head: the keys of a table of cases."""
    keys: list[Tree] = []
    while node is not name:
        ((form, inner),) = node.items()
        if form == "RefBrack":
            keys.append(inner["index"])
        else:
            span, text = inner["field"]
            keys.append({"Field": {"span": span, "value": text}})
        node = inner["refr"]
    return keys[::-1]


def _bound(keys: Sequence[Tree], statements: Sequence[Statement]) -> int:
    """After how many statements each key has its value: each variable's first use, the last."""
    names = {name for key in keys for name in _names(key)}
    first = [
        next((number for number, each in enumerate(statements, 1) if name in each.names), 0)
        for name in names
    ]
    return max(first, default=0)


def _statement(node: Tree, source: Source) -> Statement:
    start, finish = source.bounds(node["span"])
    mods = node.get("with_mods", ())
    end = mods[0]["span"]["start"] if mods else finish
    ((form, literal),) = node["literal"].items()
    line, column = source.place(start)
    bare = source.cut(start, end).rstrip()
    part, kind = _asked(form, literal)
    every = None
    if form == "Every":
        body = tuple(_statement(each, source) for each in literal["query"]["stmts"])
        key = _token(literal["key"], source) if literal["key"] else ""
        domain = source.text(literal["domain"])
        every = Every(key, _token(literal["value"], source), domain, body)
    names = frozenset(_names(literal)) if form != "SomeVars" else frozenset()
    return Statement(
        text=source.cut(start, finish),
        line=line,
        column=column,
        bare=bare,
        withs=" " + source.cut(end, finish) if mods else "",
        kind=kind,
        asks=source.text(part) if part is not None and kind in ("truth", "not") else "",
        operands=tuple(dict.fromkeys(_operands(part, source))) if part is not None else (),
        names=names,
        every=every,
    )


def _asked(form: str, literal: Tree) -> tuple[Tree | None, str]:
    """The part of a statement whose operands are shown, and what kind of statement it is."""
    if form == "Expr":
        expression: Tree = literal["expr"]
        if "AssignExpr" in expression:
            return expression["AssignExpr"]["rhs"], "binding"
        return expression, "truth"
    if form == "NotExpr":
        return literal["expr"], "not"
    if form == "SomeIn":
        return literal["collection"], "binding"
    return (literal["domain"], "binding") if form == "Every" else (None, "binding")


def _value(node: Tree, source: Source) -> Statement:
    """The value in a rule's head, as the last statement of its body."""
    text = source.text(node)
    line, column = source.place(span_of(node)["start"])
    return Statement(
        text=text,
        line=line,
        column=column,
        bare=text,
        withs="",
        kind="value",
        asks=text,
        operands=tuple(dict.fromkeys(_operands(node, source))),
        names=frozenset(_names(node)),
    )


def _token(node: Any, source: Source) -> str:
    return source.cut(node["start"], node["end"])


def _operands(node: Tree, source: Source) -> Iterator[str]:
    """What stands in an expression and has a value: the sides of a comparison, references and
    variables; not what is within a comprehension, whose variables are its own."""
    ((form, inner),) = node.items()
    if form in ("Var", "RefDot", "RefBrack"):
        yield source.text(node)
    if form in _COMPREHENSIONS:
        return
    for each in _parts_of(inner):
        yield from _operands(each, source)
    for each in inner.get("params", ()):
        yield from _side(each, source, _OPERATIONS)
    for name in ("lhs", "rhs", "key", "value", "collection"):
        if isinstance(inner.get(name), Mapping):
            yield from _side(inner[name], source, _OPERATIONS | _COLLECTIONS)


def _parts_of(inner: Tree) -> Iterator[Tree]:
    """The items of a collection."""
    yield from inner.get("items") or ()
    for _, key, value in inner.get("fields") or ():
        yield from (key, value)


def _side(node: Tree, source: Source, whole: frozenset[str]) -> Iterator[str]:
    """An operand: whole where it is made by a call, and what it is made of."""
    if next(iter(node)) in whole and _OPERATIONS & set(_forms(node)):
        yield source.text(node)
    yield from _operands(node, source)


def _forms(node: Any) -> Iterator[str]:
    """The kinds of nodes in a part of the tree."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            yield from part
            waiting.extend(part.values())


def _names(node: Any) -> Iterator[str]:
    """The variables in a part of the tree."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            if "Var" in part:
                yield part["Var"]["value"]
            else:
                waiting.extend(part.values())


def _edited(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    data = text.encode()
    for start, end, instead in sorted(edits, reverse=True):
        data = data[:start] + instead.encode() + data[end:]
    return data.decode()


def _header(tree: Tree, source: Source) -> str:
    """Package and imports, as they stand."""
    lines = [source.cut(tree["package"]["span"]["start"], tree["package"]["span"]["end"])]
    lines += [source.cut(each["span"]["start"], each["span"]["end"]) for each in tree["imports"]]
    return "\n".join(lines) + "\n"


def _query(parts: Sequence[str]) -> str:
    first, *rest = parts
    return first + "".join(
        f".{part}" if _NAME.fullmatch(part) else f"[{json.dumps(part)}]" for part in rest
    )
