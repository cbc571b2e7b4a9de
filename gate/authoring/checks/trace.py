"""Follows values through rules without judging anything: which parts of the policy input a rule
reads, also through helpers, libraries, other names and function calls; and where it asks for what
is never there.

A function is followed anew for each shape of its arguments. What is wrong for one caller and right
for another is not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gate.authoring.checks import shapes
from gate.authoring.checks.problem import Check, Problem, error, warning
from gate.authoring.checks.shapes import (
    ANY,
    NOTHING,
    TRUE,
    Fallback,
    Input,
    Items,
    Literal,
    Object,
    Part,
    Path,
    Shape,
)
from gate.authoring.checks.tree import (
    Body,
    Clause,
    Node,
    Tree,
    chain,
    line_of,
    literal_text,
)
from gate.authoring.checks.tree import names as names_of
from gate.errors import did_you_mean

_WATCHED = ("evidence", "settings")
_MOST_CALLS = 60
_DEEPEST = 50
_WALKED = {"sort", "array.slice", "array.reverse"}
_SCALARS = {"String", "RawString", "Number", "Bool", "Null"}

Env = dict[str, Shape]


@dataclass(frozen=True, slots=True)
class Use:
    """That a module reads a part of evidence or settings, itself or through what it calls. A path
    that ends in None, or is as short as its root, means all that is there."""

    path: Path
    line: int


@dataclass(slots=True)
class _Frame:
    """One rule or function that is being followed. `finds` says that a finding asks for it,
    `negative` that it does so under `not`; `loops` that its statements are those of a rule, not of
    a comprehension."""

    module: Tree
    finds: bool
    negative: bool
    uses: set[Use] = field(default_factory=set)
    loops: bool = True


@dataclass(frozen=True, slots=True)
class _Asked:
    """One way in which a rule or function is asked for."""

    path: str
    name: str
    arguments: tuple[Shape, ...] | None
    finds: bool
    negative: bool


class Tracer:
    """Follows rules through some modules. With `documents` what no module defines may stand in a
    data file."""

    def __init__(
        self, modules: Sequence[Tree], schema: Mapping[str, Any], *, documents: bool = False
    ) -> None:
        self._documents = documents
        self._input = Input(schema)
        self._modules: dict[tuple[str | None, ...], Tree] = {
            module.package: module for module in modules
        }
        self._memo: dict[_Asked, tuple[Shape, frozenset[Use]]] = {}
        self._active: set[tuple[str, str]] = set()
        self._calls: dict[tuple[str, str], set[tuple[Shape, ...]]] = {}
        self._right: set[tuple[int, str]] = set()
        self._wrong: dict[tuple[int, str], Problem] = {}
        self._seen: set[Problem] = set()
        self._words: dict[tuple[str, str, int], list[Node]] = {}
        self._frame = _Frame(Tree("", (), 1, {}, {}), finds=False, negative=False)

    def rule(self, module: Tree, name: str) -> tuple[Shape, frozenset[Use]]:
        """What is known of a rule's value, and what it reads."""
        self._frame.finds = name in ("deny", "warn")
        return self._asked(module, name, None)

    def function(self, module: Tree, name: str) -> frozenset[Use]:
        """What a function reads that may be called with anything, or as it was called until now."""
        calls = self._calls.get((module.path, name), set())
        arity = max(len(clause.params) for clause in module.rules[name])
        self._frame.finds = False
        used = [
            self._asked(module, name, arguments)[1]
            for arguments in sorted(calls, key=repr) or [(ANY,) * arity]
        ]
        return frozenset().union(*used)

    def elements(self, module: Tree, name: str) -> list[tuple[int, Shape]]:
        """What is known of each element of a set, with the line where it is written."""
        self._frame = _Frame(module, finds=False, negative=False)
        return [
            (_written(body, clause), self._body(body, clause, {}))
            for clause in module.rules[name]
            if clause.kind == "set" and not clause.keys
            for body in clause.bodies
        ]

    def problems(self) -> list[Problem]:
        """What is wrong however it is called."""
        wrong = {each for key, each in self._wrong.items() if key not in self._right}
        return sorted(wrong | self._seen)

    # Rules and functions.

    def _asked(
        self, module: Tree, name: str, arguments: tuple[Shape, ...] | None
    ) -> tuple[Shape, frozenset[Use]]:
        place = (module.path, name)
        if place in self._active or len(self._active) >= _DEEPEST:
            return ANY, frozenset()
        if arguments is not None:
            arguments = self._counted(place, arguments)
        outer = self._frame
        asked = _Asked(module.path, name, arguments, outer.finds, outer.negative)
        if asked not in self._memo:
            self._active.add(place)
            self._frame = _Frame(module, outer.finds, outer.negative)
            try:
                shape = self._clauses(module.rules[name], arguments)
                self._memo[asked] = (shape, frozenset(self._frame.uses))
            finally:
                self._frame = outer
                self._active.discard(place)
        return self._memo[asked]

    def _counted(self, place: tuple[str, str], arguments: tuple[Shape, ...]) -> tuple[Shape, ...]:
        """The arguments, or nothing about them where a function is called in too many ways."""
        calls = self._calls.setdefault(place, set())
        if arguments not in calls and len(calls) >= _MOST_CALLS:
            arguments = (ANY,) * len(arguments)
        calls.add(arguments)
        return arguments

    def _ask(self, module: Tree, name: str, arguments: list[Shape] | None, line: int) -> Shape:
        """Asks for a rule or function from where we are; what it reads is read from here."""
        told = None if arguments is None else tuple(arguments)
        shape, uses = self._asked(module, name, told)
        same = module is self._frame.module
        self._frame.uses |= {use if same else Use(use.path, line) for use in uses}
        return shape

    def _clauses(self, clauses: Sequence[Clause], arguments: tuple[Shape, ...] | None) -> Shape:
        found: list[Shape] = []
        for clause in clauses:
            given = list(zip(clause.params, arguments or (), strict=False))
            if any(_is_another(parameter, shape) for parameter, shape in given):
                continue
            for body in clause.bodies:
                env: Env = {}
                for parameter, shape in given:
                    self._bind(parameter, shape, env)
                found.append(self._body(body, clause, env))
        whole = _hiding(found, clauses, arguments)
        depths = {len(clause.keys) + (clause.kind == "set") for clause in clauses}
        if len(depths) > 1:
            return ANY
        for _ in range(depths.pop()):
            whole = shapes.items(whole)
        return whole

    def _body(self, body: Body, clause: Clause, env: Env) -> Shape:
        self._statements(body.statements, env)
        for key in clause.keys:
            self._value(key, env)
        return TRUE if body.value is None else self._value(body.value, env)

    # Statements.

    def _statements(self, statements: Sequence[Node], env: Env) -> None:
        for statement in statements:
            for changed in statement.get("with_mods", ()):
                self._value(changed["as"], env)
            ((form, inner),) = statement["literal"].items()
            follow = {
                "SomeVars": self._some_vars,
                "SomeIn": self._some_in,
                "Every": self._every,
                "Expr": self._expression,
                "NotExpr": self._not,
            }[form]
            follow(inner, env)

    def _some_vars(self, node: Node, env: Env) -> None:
        for name in node["vars"]:
            env[name] = ANY

    def _some_in(self, node: Node, env: Env) -> None:
        collection = self._value(node["collection"], env)
        self._generates(node["collection"], collection)
        item, key = self._each(collection, node["collection"])
        if node["key"] is not None:
            self._bind(node["key"], key, env)
        self._bind(node["value"], item, env)

    def _every(self, node: Node, env: Env) -> None:
        domain = self._value(node["domain"], env)
        if self._frame.finds and self._frame.negative and isinstance(domain, Fallback):
            self._seen.add(
                warning(
                    self._frame.module.path,
                    node["span"],
                    "fail-open",
                    "`every` is true of the empty value that stands in for missing evidence, so "
                    "that nothing is found.",
                    "Leave the fallback out: `every` is not true of evidence that is not there.",
                )
            )
        item, key = self._each(domain, node["domain"])
        inner = dict(env)
        inner[node["value"]] = item
        if node["key"] is not None:
            inner[node["key"]] = key
        self._query(node["query"], inner)

    def _expression(self, node: Node, env: Env) -> None:
        self._never(node["expr"])
        self._value(node["expr"], env)

    def _not(self, node: Node, env: Env) -> None:
        self._frame.negative = not self._frame.negative
        self._value(node["expr"], dict(env))
        self._frame.negative = not self._frame.negative

    def _query(self, query: Node, env: Env) -> None:
        """The statements of a comprehension or of `every`."""
        loops, self._frame.loops = self._frame.loops, False
        self._statements(query["stmts"], env)
        self._frame.loops = loops

    def _never(self, node: Node) -> None:
        if node.get("Bool", {}).get("value") is False:
            self._seen.add(
                error(
                    self._frame.module.path,
                    line_of(node),
                    "never",
                    "`false` is never true: this clause never says anything.",
                    "Remove the clause, or turn the rule off with `level: off`.",
                )
            )

    def _generates(self, node: Node, collection: Shape) -> None:
        """Tells of a loop over what is empty where evidence is missing, that a finding needs."""
        frame = self._frame
        asked = frame.finds and frame.loops and not frame.negative
        if asked and isinstance(collection, Fallback):
            self._seen.add(
                warning(
                    frame.module.path,
                    line_of(node),
                    "fail-open",
                    "This loops over what is empty where the evidence says nothing (line "
                    f"{collection.line}): then nothing is found.",
                    "Leave the fallback out and require the evidence, or find its absence in a "
                    "clause of its own.",
                )
            )

    def _each(self, collection: Shape, node: Node) -> tuple[Shape, Shape]:
        """An element of a collection, and its key."""
        shape = shapes.plain(collection)
        if isinstance(shape, Part):
            return self._below(shape, ANY, node), ANY
        if isinstance(shape, Items):
            return (ANY if shape.item == NOTHING else shape.item), ANY
        if isinstance(shape, Object):
            keys = shapes.joined(shapes.of_scalar(key) for key, _ in shape.fields)
            return shapes.joined(each for _, each in shape.fields), keys
        return ANY, ANY

    # Binding.

    def _bind(self, pattern: Node, shape: Shape, env: Env) -> None:
        """Gives the names in a pattern what is known of their values."""
        ((form, inner),) = pattern.items()
        if form == "Var":
            if inner["value"] != "_":
                env[inner["value"]] = shape
        elif form == "Array":
            item = self._each(shape, pattern)[0] if inner["items"] else ANY
            for each in inner["items"]:
                self._bind(each, item, env)
        elif form == "Object":
            for key, value in inner["fields"]:
                text = literal_text(key)
                found = ANY if text is None else self._step(shape, shapes.of_scalar(text), key)
                self._bind(value, found, env)

    def _is_new(self, node: Node, env: Env) -> bool:
        """Whether a node is a name without a value, or holds one."""
        if name := node.get("Var", {}).get("value"):
            module = self._frame.module
            return not (name in env or name in module.rules or name in module.aliases)
        nested = node.get("Array", {}).get("items", ())
        pairs = node.get("Object", {}).get("fields", ())
        return any(self._is_new(each, env) for each in (*nested, *(pair[1] for pair in pairs)))

    # Expressions.

    def _value(self, node: Node, env: Env) -> Shape:
        ((form, inner),) = node.items()
        if form in _SCALARS:
            return shapes.of_scalar(inner["value"])
        if form in ("Var", "RefBrack"):
            return self._reference(node, env)
        follow = {
            "Call": self._call,
            "Array": self._listed,
            "Set": self._listed,
            "Object": self._object,
            "ArrayCompr": self._comprehension,
            "SetCompr": self._comprehension,
            "ObjectCompr": self._comprehension,
            "AssignExpr": self._assign,
            "BoolExpr": self._compare,
            "Membership": self._membership,
            "BinExpr": self._operation,
            "ArithExpr": self._operation,
            "UnaryExpr": self._unary,
        }.get(form)
        return follow(inner, env) if follow else ANY

    def _listed(self, node: Node, env: Env) -> Shape:
        return shapes.items(shapes.joined(self._value(each, env) for each in node["items"]))

    def _object(self, node: Node, env: Env) -> Shape:
        fields: list[tuple[str, Shape]] = []
        known = True
        for key, value in node["fields"]:
            self._value(key, env)
            shape = self._value(value, env)
            text = literal_text(key)
            known = known and text is not None
            fields.append((text or "", shape))
        if known:
            return shapes.objects(fields)
        return shapes.items(shapes.joined(shape for _, shape in fields))

    def _comprehension(self, node: Node, env: Env) -> Shape:
        inner = dict(env)
        self._query(node["query"], inner)
        if "key" in node:
            self._value(node["key"], inner)
        return shapes.items(self._value(node.get("term") or node["value"], inner))

    def _assign(self, node: Node, env: Env) -> Shape:
        left, right = node["lhs"], node["rhs"]
        if node["op"] == "ColEq" or self._is_new(left, env):
            self._bind(left, self._value(right, env), env)
        elif self._is_new(right, env):
            self._bind(right, self._value(left, env), env)
        else:
            self._compare({**node, "op": "Eq"}, env)
        return TRUE

    def _compare(self, node: Node, env: Env) -> Shape:
        left, right = self._value(node["lhs"], env), self._value(node["rhs"], env)
        self._escape(left, node["span"])
        self._escape(right, node["span"])
        if node["op"] in ("Eq", "Ne"):
            self._check_equal(node["lhs"], left, node["rhs"], right)
        return ANY

    def _check_equal(self, one: Node, left: Shape, other: Node, right: Shape) -> None:
        if one.keys() <= _SCALARS and other.keys() <= _SCALARS:
            self._check_literals(one, left, right)
        elif other.keys() <= _SCALARS:
            self._check_known(left, other, right)
        elif one.keys() <= _SCALARS:
            self._check_known(right, one, left)

    def _check_literals(self, node: Node, left: Shape, right: Shape) -> None:
        if left != right:
            self._tell(node, "never", "Two different literals are compared: it never changes.", "")

    def _check_known(self, shape: Shape, node: Node, literal: Shape) -> None:
        """Tells of a literal that a part of the input can never be."""
        part = shapes.plain(shape)
        if not isinstance(part, Part) or not isinstance(literal, Literal):
            self._is_right(node, "value")
            return
        ((type_, value),) = literal.values
        known, types = shapes.known_values(part), shapes.types(part)
        name = shapes.spoken(part.path)
        if known and value not in known:
            words = [each for each in known if isinstance(each, str)]
            hint = did_you_mean(value.lower(), words) if isinstance(value, str) else "."
            message = f"{_shown(value)} is never what {name} is{hint}"
            self._tell(node, "value", message, f"It is one of: {', '.join(words)}.")
        elif types and type_ not in types:
            message = f"{_shown(value)} is never what {name} is: that is {shapes.one_of(types)}."
            self._tell(node, "value", message, "")
        else:
            self._is_right(node, "value")

    def _membership(self, node: Node, env: Env) -> Shape:
        if node["key"] is not None:
            self._value(node["key"], env)
        value = self._value(node["value"], env)
        collection = self._value(node["collection"], env)
        self._escape(collection, node["span"])
        listed = node["collection"].get("Set") or node["collection"].get("Array") or {}
        for each in listed.get("items", ()):
            if each.keys() <= _SCALARS:
                self._check_known(value, each, self._value(each, env))
        return ANY

    def _operation(self, node: Node, env: Env) -> Shape:
        left, right = self._value(node["lhs"], env), self._value(node["rhs"], env)
        if node["op"] == "Union":
            return shapes.join(left, right)
        if node["op"] in ("Sub", "Intersection"):
            return left if isinstance(left, Items) else ANY
        for each in (left, right):
            self._escape(each, node["span"])
        return ANY

    def _unary(self, node: Node, env: Env) -> Shape:
        self._value(node["expr"], env)
        return ANY

    # Calls.

    def _call(self, node: Node, env: Env) -> Shape:
        name, params = names_of(node["fcn"]), node["params"]
        target = self._target(node["fcn"], env)
        if target is not None:
            return self._own_call(target, node, env)
        arguments = [self._value(each, env) for each in params]
        dotted = ".".join(name)
        if dotted == "object.get" and len(params) == 3:
            return self._get(arguments, node)
        if dotted == "object.union" and len(params) == 2:
            return self._union(arguments, node)
        if dotted == "array.concat":
            return shapes.joined(arguments)
        for each in arguments:
            self._escape(each, node["span"])
        return arguments[0] if dotted in _WALKED and arguments else ANY

    def _own_call(self, target: tuple[Tree, str], node: Node, env: Env) -> Shape:
        module, function = target
        arity = max(len(clause.params) for clause in module.rules[function])
        params = node["params"]
        arguments = [self._value(each, env) for each in params[:arity]]
        shape = self._ask(module, function, arguments, node["span"])
        for extra in params[arity:]:
            if self._is_new(extra, env):
                self._bind(extra, shape, env)
        return shape

    def _target(self, node: Node, env: Env) -> tuple[Tree, str] | None:
        """The function of a module that the name of a call stands for."""
        name = names_of(node)
        module = self._frame.module
        if not name or name[0] in env:
            return None
        if len(name) == 1:
            if name[0].startswith("_") and name[0] not in module.rules:
                self._tell_undefined(module, name[0], node)
            return (module, name[0]) if name[0] in module.rules else None
        full = (*module.aliases.get(name[0], name[:1]), *name[1:])
        if full[0] != "data":
            return None
        other = self._modules.get(full[1:-1])
        if other is not None and full[-1] not in other.rules:
            self._tell_undefined(other, full[-1], node)
        return (other, full[-1]) if other and full[-1] in other.rules else None

    def _get(self, arguments: list[Shape], node: Node) -> Shape:
        """`object.get(object, key or path, default)`."""
        params, found = node["params"], arguments[0]
        steps = params[1].get("Array", {}).get("items")
        if steps is None:
            found = self._step(found, arguments[1], params[1])
        for step in steps or ():
            literal = shapes.of_scalar(text) if (text := literal_text(step)) is not None else ANY
            found = self._step(found, literal, step)
        if shapes.is_empty(arguments[2]) and shapes.is_evidence(found):
            return Fallback(found, node["span"])
        return shapes.join(found, arguments[2])

    def _union(self, arguments: list[Shape], node: Node) -> Shape:
        one, other = arguments
        if isinstance(one, Object) and isinstance(other, Object):
            return shapes.objects([*one.fields, *other.fields])
        for each in arguments:
            self._escape(each, node["span"])
        return ANY

    # References.

    def _reference(self, node: Node, env: Env) -> Shape:
        base, steps = chain(node)
        if "Var" not in base:
            shape = self._value(base, env)
        else:
            shape, steps = self._start(base["Var"]["value"], steps, env, line_of(base))
        for step in steps:
            key: Shape = ANY
            if self._is_new(step, env):
                self._generates(step, shape)
            else:
                key = self._value(step, env)
            shape = self._step(shape, key, step)
        return shape

    def _start(self, name: str, steps: list[Node], env: Env, line: int) -> tuple[Shape, list[Node]]:
        """What a name stands for, and the steps that are left."""
        module = self._frame.module
        if name in env:
            return env[name], steps
        if name in module.rules and name not in ("input", "data"):
            return self._rule(module, name, line), steps
        prefix = module.aliases.get(name, (name,))
        words = self._words.setdefault(
            (module.path, name, line),
            [{"String": {"span": line, "value": word}} for word in prefix[1:]],
        )
        if prefix[0] == "input":
            return self._input.root, [*words, *steps]
        return self._data([*words, *steps], line) if prefix[0] == "data" else (ANY, steps)

    def _rule(self, module: Tree, name: str, line: int) -> Shape:
        if any(clause.kind == "function" for clause in module.rules[name]):
            return ANY
        return self._ask(module, name, None, line)

    def _data(self, steps: list[Node], line: int) -> tuple[Shape, list[Node]]:
        names = tuple(literal_text(step) for step in steps)
        for length in range(len(names) - 1, 0, -1):
            module = self._modules.get(names[:length])
            name = names[length]
            if module is None or name is None:
                continue
            if name in module.rules:
                return self._rule(module, name, line), steps[length + 1 :]
            if not any(package[: length + 1] == names[: length + 1] for package in self._modules):
                self._tell_undefined(module, name, steps[length])
        return ANY, []

    def _step(self, shape: Shape, key: Shape, node: Node) -> Shape:
        """What stands below a value. `node` is the step, for problems."""
        shape = shapes.plain(shape)
        if isinstance(shape, Part):
            return self._below(shape, key, node)
        self._is_right(node, "input")
        if isinstance(shape, Items):
            return ANY if shape.item == NOTHING else shape.item
        if isinstance(shape, Object) and isinstance(key, Literal) and len(key.values) == 1:
            ((_, value),) = key.values
            return (shape.get(value) if isinstance(value, str) else None) or ANY
        return ANY

    def _below(self, part: Part, key: Shape, node: Node) -> Shape:
        """The same for a part of the input: each key that is possible is looked for."""
        steps: Iterable[str | None] = [None]
        if isinstance(key, Literal):
            steps = [value if isinstance(value, str) else None for _, value in key.values]
        found = {step: self._input.below(part, step) for step in steps}
        there = [each for each in found.values() if each is not None]
        if not there:
            self._tell_missing(part, found, node)
            return ANY
        self._is_right(node, "input")
        for each in there:
            self._use(each.path, line_of(node))
        return shapes.joined(there)

    def _use(self, path: Path, line: int) -> None:
        if path[:1] and path[0] in _WATCHED:
            self._frame.uses.add(Use(path[:3], line))

    def _escape(self, shape: Shape, line: int) -> None:
        """A part goes where it is not followed: all of it may be read there."""
        for part in shapes.parts_in(shape):
            roots = _WATCHED if not part.path else part.path[:1]
            for root in roots:
                whole = (*part.path, None) if part.path else (root, None)
                self._use(whole, line)

    # Problems.

    def _tell_missing(self, part: Part, keys: Iterable[str | None], node: Node) -> None:
        """`keys` is what was asked for below a part that has none of it."""
        name = next(iter(keys))
        known = list(part.schema.get("properties", ()))
        where = shapes.spoken(part.path) if part.path else "`input`"
        advice = f"It has: {', '.join(sorted(known))}." if known else ""
        if name == "gate" and not part.path:
            message, advice = "Rules do not see `input.gate`.", "It is the verdict's own."
        elif name is None:
            message = f"Nothing stands below {where}: it is {shapes.one_of(shapes.types(part))}."
        elif part.schema.get("type") == "array":
            message = f"{_upper(where)} is a list, which has no `{name}`."
            advice = "Name an element first: `some each in ...`."
        elif known:
            message = f"{_upper(where)} has no `{name}`{did_you_mean(name, known)}"
        else:
            kinds = shapes.one_of(shapes.types(part))
            message = f"{_upper(where)} has no `{name}`: it is {kinds}."
        self._tell(node, "input", message, advice)

    def _tell_undefined(self, module: Tree, name: str, node: Node) -> None:
        if self._documents and module is not self._frame.module:
            return
        package = ".".join(module.package)
        message = f"data.{package} defines no `{name}`{did_you_mean(name, module.rules)}"
        self._tell(node, "reference", message, "What is not there is undefined: it never holds.")

    def _tell(self, node: Node, check: Check, message: str, advice: str) -> None:
        found = error(self._frame.module.path, line_of(node), check, message, advice)
        self._wrong[id(node), check] = found

    def _is_right(self, node: Node, check: Check) -> None:
        self._right.add((id(node), check))


def _hiding(
    found: Sequence[Shape], clauses: Sequence[Clause], arguments: tuple[Shape, ...] | None
) -> Shape:
    """What is known of a value that comes from one of some bodies. Where one of them is evidence,
    and another one empty, the empty one hides that the evidence says nothing; not so where the
    evidence is an argument as it is, since a call without one has no value at all."""
    whole = shapes.joined(found)
    line = next(
        (
            body.line
            for clause in clauses
            for body in clause.bodies
            if body.value is not None and _is_empty_literal(body.value)
        ),
        None,
    )
    told = [each for each in found if shapes.is_evidence(each) and each not in (arguments or ())]
    return Fallback(shapes.plain(whole), line) if line is not None and told else whole


def _written(body: Body, clause: Clause) -> int:
    """The line of a value, or of the statement that gives it its name."""
    if body.value is None:
        return clause.line
    name = body.value.get("Var", {}).get("value")
    for statement in body.statements:
        assign = statement["literal"].get("Expr", {}).get("expr", {}).get("AssignExpr")
        if name and assign and assign["lhs"].get("Var", {}).get("value") == name:
            return line_of(assign["rhs"])
    return line_of(body.value)


def _is_another(parameter: Node, shape: Shape) -> bool:
    """Whether a parameter is a literal that an argument never is."""
    ((form, inner),) = parameter.items()
    if form not in _SCALARS or not isinstance(shape, Literal):
        return False
    return not shapes.of_scalar(inner["value"]).values & shape.values


def _is_empty_literal(node: Node) -> bool:
    return any(
        form in node and not node[form][part]
        for form, part in (("Array", "items"), ("Set", "items"), ("Object", "fields"))
    )


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
