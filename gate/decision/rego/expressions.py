"""Rewrites expressions into core Rego (see `gate.decision.rego.rewrite`)."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence

from gate.decision.rego.core import Body, Function, Place, Scope, Term, Unsafe, wrapped
from gate.decision.rego.faithful import BUILTINS, GUARDED, World, advice
from gate.decision.rego.nodes import (
    COMPREHENSIONS,
    KEYWORDS,
    SCALARS,
    Node,
    Refused,
    alias_of,
    annotate,
    chain,
    line_of,
    package_of,
    path_of,
)
from gate.decision.rego.patterns import READS
from gate.errors import PolicyError
from gate.model.policy import Unfaithful

_PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_OPERATIONS = {"Add": "plus", "Sub": "minus", "Mul": "times", "Div": "divided"}
_NUMBER = re.compile(r"^-?\d+$|^-?\d{1,12}\.\d{0,2}[1-9]$")
_ORDERS = ("Lt", "Le", "Gt", "Ge")
COMPOSITE = '{"array", "object", "set"}'
_CALLS = ("Call", "Membership", "BoolExpr", "ArithExpr", "BinExpr")
_SETS = {"Union": "|", "Intersection": "&"}
_RELATIONS = {"Lt": "<", "Le": "<=", "Eq": "==", "Ge": ">=", "Gt": ">", "Ne": "!="}


_ROOTS = {name.partition(".")[0] for name in BUILTINS} | {"input", "data", "print", "walk"}
_KINDS = {
    "AssignExpr": "an assignment within an expression",
    "UnaryExpr": "`-` before what is no number",
    "OrExpr": "`or`",
}


def _refuse_literal(text: str, check: Callable[[str], object], line: int) -> None:
    """Refuses a pattern that is written in the rule and that the engine could not read later."""
    if not text.startswith('"'):
        return
    pattern = json.loads(text)
    try:
        check(pattern)
    except PolicyError as error:
        raise Refused(line, f"the pattern `{pattern[:80]}`") from error


def _is_longer(node: Node, length: int) -> bool:
    return "Array" in node and len(node["Array"]["items"]) > length


def _is_call(node: Node) -> bool:
    """Whether OPA evaluates it as a call, operators among them."""
    return any(form in node for form in _CALLS)


class Expressions(ABC):
    """Expressions, references, patterns and calls of one module; with the state of its rewriting:
    fresh names, findings, what each rule reads."""

    def __init__(self, tree: Node, source: bytes, here: World) -> None:
        self.tree = tree
        self.source = source
        self.world = here
        self.package = package_of(tree)
        annotate(tree, source)
        self.own = here.names[self.package]
        self.imports = dict(self._imports())
        self.unfaithful: list[Unfaithful] = []
        self.changed: list[Unfaithful] = []
        self.reads: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
        self.read: set[tuple[str, ...]] = set()
        self.lines: dict[tuple[str, ...], int] = {}
        self.under_with: list[tuple[int, frozenset[tuple[str, ...]]]] = []
        self.count = 0
        self.taken: set[str] = set()

    def _imports(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for item in self.tree["imports"]:
            path = path_of(item["refr"])
            if path is not None and path[0] in ("data", "input"):
                yield alias_of(item), path

    @abstractmethod
    def body(
        self, stmts: Sequence[Node], terms: Sequence[Node], scope: Scope, bound: set[str]
    ) -> tuple[Body, list[str]]:
        """The statements of an inner body, and its terms."""

    def _local(self, node: Node, place: Place) -> str:
        name = place.scope.find(node["Var"]["value"])
        if name is None:
            raise Refused(line_of(node), f"`{node['Var']['value']}` as a variable")
        return name

    # Conditions and unification

    def _condition(self, node: Node, place: Place) -> list[str]:
        ((form, inner),) = node.items()
        if form == "AssignExpr":
            if inner["op"] == "ColEq":
                return self._assign(inner, place)
            return self._unify(inner["lhs"], inner["rhs"], place)
        if form == "Call":
            return self._call_statement(node, inner, place)
        return [self._expression(node, place).text]

    def _assign(self, inner: Node, place: Place) -> list[str]:
        value = self._expression(inner["rhs"], place)
        if "Var" in inner["lhs"] and inner["lhs"]["Var"]["value"] != "_":
            name = self._local(inner["lhs"], place)
            place.bound.add(name)
            return [f"{name} := {value.text}"]
        return self._match(inner["lhs"], value.text, place)

    def _unify(self, left: Node, right: Node, place: Place) -> list[str]:
        if (
            "Array" in left
            and "Array" in right
            and (self._is_open(left, place) or self._is_open(right, place))
        ):
            if len(left["Array"]["items"]) != len(right["Array"]["items"]):
                raise Refused(line_of(left), "two lists of different length that are unified")
            sides = [self._early(side["Array"]["items"], place) for side in (left, right)]
            pairs = list(zip(*sides, strict=True))
            return self._unify_all(pairs, place)
        if self._is_open(left, place):
            return self._match(left, self._expression(right, place).text, place)
        if self._is_open(right, place):
            return self._match(right, self._expression(left, place).text, place)
        return [f"{self._operand(left, place)} == {self._operand(right, place)}"]

    def _early(self, items: Sequence[Node], place: Place) -> list[Node]:
        """The items, those that are calls by a name: OPA evaluates them first."""
        found: list[Node] = []
        for item in items:
            aside = Place(place.scope, set(place.bound))
            try:
                text = self._expression(item, aside).text if _is_call(item) else None
            except Unsafe:
                text = None
            if text is None:
                found.append(item)
                continue
            named = self._fresh()
            place.scope.names[named] = named
            place.bound |= {*aside.bound, named}
            place.before += [*aside.before, f"{named} := {text}"]
            span = next(iter(item.values()))["span"]
            found.append({"Var": {"span": span, "value": named}})
        return found

    def _unify_all(self, pairs: Sequence[tuple[Node, Node]], place: Place) -> list[str]:
        """Pair by pair, those first that have what they need."""
        made: list[str] = []
        waiting = list(pairs)
        while waiting:
            late, failed = [], None
            for left, right in waiting:
                aside = Place(place.scope, set(place.bound))
                try:
                    found = self._unify(left, right, aside)
                except Unsafe as unsafe:
                    failed = unsafe
                    late.append((left, right))
                    continue
                place.bound |= aside.bound
                made += [*aside.before, *found]
            if failed is not None and len(late) == len(waiting):
                raise failed
            waiting = late
        return made

    def _is_open(self, node: Node, place: Place) -> bool:
        """Whether a pattern holds a variable that has no value yet."""
        ((form, inner),) = node.items()
        if form == "Var":
            name = inner["value"]
            if name == "_":
                return True
            local = place.scope.find(name)
            return local is not None and local not in place.bound
        if form == "Array":
            return any(self._is_open(each, place) for each in inner["items"])
        if form == "Object":
            return any(self._is_open(value, place) for _, _, value in inner["fields"])
        return False

    def _match(self, pattern: Node, text: str, place: Place) -> list[str]:
        """Statements that hold where a value has a pattern's form, and bind its variables."""
        ((form, inner),) = pattern.items()
        if not self._is_open(pattern, place):
            aside = Place(place.scope, place.bound)
            value = self._expression(pattern, aside)
            return [*aside.before, f"{wrapped(text)} == {wrapped(value.text)}"]
        if form == "Var":
            name = self._fresh() if inner["value"] == "_" else self._local(pattern, place)
            if inner["value"] != "_":
                place.bound.add(name)
            return [f"{name} := {text}"]
        named = self._fresh()
        made = [f"{named} := {text}"]
        if form == "Array":
            made.append(f"is_array({named})")
            made.append(f"count({named}) == {len(inner['items'])}")
            for number, item in enumerate(inner["items"]):
                made += self._match(item, f"{named}[{number}]", place)
            return made
        made.append(f"is_object({named})")
        made.append(f"count({named}) == {len(inner['fields'])}")
        for _, key, value in inner["fields"]:
            if not any(kind in key for kind in SCALARS):
                raise Refused(line_of(key), "a pattern with a variable key")
            made += self._match(value, f"{named}[{self._index(key)}]", place)
        return made

    def _call_statement(self, node: Node, inner: Node, place: Place) -> list[str]:
        """A call as a statement; with one argument more than it takes, that is its result."""
        target = self._target(inner)
        given = inner["params"]
        if target.name == "walk" and len(given) == 2:
            return self._walk(given, place)
        if target.name == "print":
            return self._print(given, place)
        if target.arity is not None and len(given) == target.arity + 1:
            call = {"Call": {**inner, "params": given[:-1]}}
            return self._unify(call, given[-1], place)
        return [self._expression(node, place).text]

    def _walk(self, given: Sequence[Node], place: Place) -> list[str]:
        named = self._named(given[0], place)
        pair = self._fresh()
        return [f"walk({named}, {pair})", *self._match(given[1], pair, place)]

    def _print(self, given: Sequence[Node], place: Place) -> list[str]:
        texts = []
        for each in given:
            aside = Place(place.scope, set(place.bound))
            term = self._expression(each, aside)
            if aside.before or "[_]" in term.text or aside.bound != place.bound:
                raise Refused(line_of(each), "`print` of an expression", "give it a name first")
            texts.append(term.text)
        return [f"print({', '.join(texts)})"]

    # Expressions

    def _named(self, node: Node, place: Place) -> str:
        """The expression as a variable that has its value."""
        term = self._expression(node, place)
        if term.certain and _PLAIN.match(term.text):
            return term.text
        named = self._fresh()
        place.before.append(f"{named} := {term.text}")
        return named

    def _operand(self, node: Node, place: Place) -> str:
        return wrapped(self._part(node, place).text)

    def _part(self, node: Node, place: Place) -> Term:
        """A part of an expression. OPA evaluates calls within an expression before it."""
        term = self._expression(node, place)
        if _is_call(node):
            return Term(self._short(term.text, place), certain=True)
        return term

    def _expression(self, node: Node, place: Place) -> Term:
        ((form, inner),) = node.items()
        if form in SCALARS:
            return Term(self._scalar(form, inner), certain=True)
        if form in ("Var", "RefDot", "RefBrack"):
            return self._reference(node, place)
        if form in COMPREHENSIONS:
            return self._comprehension(form, inner, place)
        if form == "Call":
            return self._call(node, inner, place)
        work = {
            "Array": self._list,
            "Set": self._set,
            "Object": self._object,
            "Membership": self._membership,
            "BoolExpr": self._comparison,
            "ArithExpr": self._arithmetic,
            "BinExpr": self._sets,
            "UnaryExpr": self._negative,
        }.get(form)
        if work is None:
            raise Refused(line_of(node), _KINDS.get(form, f"an expression of the kind {form}"))
        return work(inner, place)

    def _list(self, inner: Node, place: Place) -> Term:
        items = [self._part(each, place) for each in inner["items"]]
        shown = ", ".join(each.text for each in items)
        return Term(f"[{shown}]", all(each.certain for each in items))

    def _set(self, inner: Node, place: Place) -> Term:
        items = [self._part(each, place) for each in inner["items"]]
        shown = ", ".join(each.text for each in items)
        return Term(f"{{{shown}}}" if items else "set()", all(each.certain for each in items))

    def _comparison(self, inner: Node, place: Place) -> Term:
        left, right = (self._part(inner[side], place).text for side in ("lhs", "rhs"))
        return Term(self._relation(inner, left, right, place))

    def _sets(self, inner: Node, place: Place) -> Term:
        left, right = self._operand(inner["lhs"], place), self._operand(inner["rhs"], place)
        return Term(f"{left} {_SETS[inner['op']]} {right}")

    def _negative(self, inner: Node, _: Place) -> Term:
        if "Number" not in inner["expr"]:
            raise Refused(inner["span"]["line"], _KINDS["UnaryExpr"])
        text = self._scalar("Number", inner["expr"]["Number"])
        return Term(text[1:] if text.startswith("-") else f"-{text}", certain=True)

    def _relation(self, inner: Node, left: str, right: str, place: Place) -> str:
        """A comparison. Where neither side is a literal, the order of their types is checked."""
        sides = [inner["lhs"], inner["rhs"]]
        if inner["op"] in _ORDERS and not any(kind in each for kind in SCALARS for each in sides):
            left, right = self._short(left, place), self._short(right, place)
            place.before.append(
                f"gate.ordered({{type_name(gate__p[1]) | type_name({left}) in {COMPOSITE}; "
                f"walk([{left}, {right}], gate__p)}})"
            )
        return f"{wrapped(left)} {_RELATIONS[inner['op']]} {wrapped(right)}"

    def _short(self, text: str, place: Place) -> str:
        """The text of an expression, if it is a name; else a name for it."""
        if _PLAIN.match(text):
            return text
        named = self._fresh()
        place.before.append(f"{named} := {text}")
        return named

    def _arithmetic(self, inner: Node, place: Place) -> Term:
        """regorus counts with doubles, OPA with more digits: so each operation is a call."""
        left, right = (self._part(inner[side], place) for side in ("lhs", "rhs"))
        operator = inner["op"]
        if operator == "Mod":
            return Term(f"{wrapped(left.text)} % {wrapped(right.text)}")
        if operator != "Sub" or "Number" in inner["lhs"] or "Number" in inner["rhs"]:
            return Term(f"gate.{_OPERATIONS[operator]}({left.text}, {right.text})")
        names = []
        for side in (left, right):
            name = side.text
            if not (side.certain and _PLAIN.match(name)):
                name = self._fresh()
                place.before.append(f"{name} := {side.text}")
            names.append(name)
        first, second = names
        found = self._fresh()
        place.before.append(
            f"{found} := array.concat([gate.minus({first}, {second}) | is_set({first}) == false], "
            f"[({first} - {second}) | is_set({first})])"
        )
        return Term(f"{found}[0]")

    def _scalar(self, form: str, inner: Node) -> str:
        if form in ("String", "RawString"):
            return json.dumps(inner["value"], ensure_ascii=False)
        if form == "Number":
            text = self._text(inner["span"])
            if not _NUMBER.match(text):
                raise Refused(inner["span"]["line"], f"the number {text}")
            return text
        return json.dumps(inner["value"])

    def _object(self, inner: Node, place: Place) -> Term:
        shown, certain = [], True
        seen = set()
        for _, key, value in inner["fields"]:
            left, right = self._part(key, place), self._part(value, place)
            if any(kind in key for kind in SCALARS):
                if left.text in seen:
                    raise Refused(line_of(key), f"the key {left.text} twice")
                seen.add(left.text)
            elif len(inner["fields"]) > 1:
                raise Refused(line_of(key), "an object of several keys, one of them variable")
            certain = certain and left.certain and right.certain
            shown.append(f"{left.text}: {right.text}")
        return Term("{" + ", ".join(shown) + "}", certain)

    def _comprehension(self, form: str, inner: Node, place: Place) -> Term:
        terms = [inner["key"], inner["value"]] if form == "ObjectCompr" else [inner["term"]]
        scope = Scope({}, place.scope)
        stmts = inner["query"]["stmts"]
        made, texts = self.body(stmts, terms, scope, set(place.bound))
        term = ": ".join(texts)
        opening, closing = ("[", "]") if form == "ArrayCompr" else ("{", "}")
        return Term(f"{opening}{term} | {made.inline}{closing}", certain=True)

    def _membership(self, inner: Node, place: Place) -> Term:
        if inner.get("key") is None:
            value, collection = self._members([inner["value"], inner["collection"]], place)
            return Term(f"{wrapped(value)} in {wrapped(collection)}", certain=True)
        nodes = [inner["key"], inner["value"], inner["collection"]]
        key, value, collection = self._members(nodes, place)
        held = self._short(collection, place)
        return Term(f"(count([1 | {held}[{key}] == {wrapped(value)}]) > 0)", certain=True)

    def _members(self, nodes: Sequence[Node], place: Place) -> list[str]:
        """Operands that must have a value. OPA evaluates calls before what stands beside them."""
        found: dict[int, str] = {}
        order = sorted(range(len(nodes)), key=lambda n: not _is_call(nodes[n]))
        for number in order:
            found[number] = self._member(nodes[number], place)
        return [found[number] for number in range(len(nodes))]

    def _member(self, node: Node, place: Place) -> str:
        """An operand that must have a value."""
        term = self._part(node, place)
        if term.certain:
            return term.text
        named = self._fresh()
        place.before.append(f"{named} := {term.text}")
        return named

    def _call(self, node: Node, inner: Node, place: Place) -> Term:
        target = self._target(inner)
        given = inner["params"]
        line = line_of(node)
        terms = [self._part(each, place) for each in given]
        certain = target.name in BUILTINS and all(term.certain for term in terms)
        return Term(self._called(target, [term.text for term in terms], line, place), certain)

    def _called(self, target: Function, given: Sequence[str], line: int, place: Place) -> str:
        """A call with its arguments, by the form that is faithful."""
        if target.name in ("print", "walk"):
            raise Refused(line, f"`{target.name}` within an expression", "a statement of its own")
        if target.arity != len(given):
            raise Refused(line, f"`{target.name}` with {len(given)} arguments")
        shape = GUARDED.get(target.name)
        if shape is None:
            return f"{target.name}({', '.join(given)})"
        for position, check in READS.get(target.name, {}).items():
            _refuse_literal(given[position], check, line)
        names = [text if text.startswith('"') else self._short(text, place) for text in given]
        first, _, last = shape.format(*names).rpartition(";; ")
        if first:
            place.before.append(first)
        return last

    def _target(self, inner: Node) -> Function:
        base, path = chain(inner["fcn"])
        line = inner["span"]["line"]
        if "Var" not in base or not all(isinstance(part, str) for part in path):
            raise Refused(line, "a call of what is no name")
        parts = (base["Var"]["value"], *(str(part) for part in path))
        if parts[0] in self.imports and parts[0] not in self.own:
            parts = (*self.imports[parts[0]], *parts[1:])
        elif parts[0] in self.own:
            parts = (*self.package, *parts)
        if parts[0] == "data":
            arity = self.world.functions.get(parts)
            if arity is None:
                what = f"the function `{'.'.join(parts)}`, which is not known"
                raise Refused(line, what, only="nobody")
            self.read.add(parts)
            return Function(".".join(parts), arity)
        name = ".".join(parts)
        if name in ("print", "walk"):
            return Function(name, None if name == "print" else 1)
        if name == "time.format" and any(_is_longer(each, 2) for each in inner["params"]):
            raise Refused(line, "`time.format` with a layout", "`sprintf` of `time.date(...)`")
        known = BUILTINS.get(name)
        if known is None:
            raise Refused(line, f"the builtin `{name}`", advice(name))
        return Function(name, known)

    # References

    def _reference(self, node: Node, place: Place, outer: Place | None = None) -> Term:
        """A reference; what stands in its brackets, and where it starts, goes to `outer`."""
        outer = outer or place
        path: Sequence[str | Node]
        base, path = chain(node)
        if "Var" in base:
            text, certain, path = self._root(base, path, place)
        else:
            text, certain = self._named(base, outer), True
        for part in path:
            text += self._step(part) if isinstance(part, str) else f"[{self._key(part, outer)}]"
        return Term(text, certain and not path)

    def _root(
        self, base: Node, path: Sequence[str | Node], place: Place
    ) -> tuple[str, bool, Sequence[str | Node]]:
        name = base["Var"]["value"]
        local = place.scope.find(name)
        if local is not None:
            if local not in place.bound:
                raise Unsafe(name, line_of(base))
            return local, True, path
        if name == "_":
            raise Refused(line_of(base), "`_` as a value")
        if name == "input":
            return name, False, path
        if name in self.own:
            self._note((*self.package, name), base)
            self._told_hollow((*self.package, name), path, base)
            return self._held((*self.package, name), name, path, place)
        if name in self.imports:
            target = self.imports[name]
            path = (*target[1:], *path)
            name = target[0]
            if name == "input":
                return name, False, path
        if name != "data":
            raise Unsafe(name, line_of(base))
        return self._data(base, path, place)

    def _data(
        self, base: Node, path: Sequence[str | Node], place: Place
    ) -> tuple[str, bool, Sequence[str | Node]]:
        """A reference to `data`: its fixed start, as a variable where an index follows."""
        fixed: list[str] = []
        for part in path:
            if not isinstance(part, str):
                break
            fixed.append(part)
        full = ("data", *fixed)
        if self.world.is_above(full):
            raise Refused(line_of(base), f"`{'.'.join(full)}`, a whole package, as a value")
        self._note(full, base)
        length = self.world.length_of_rule(full)
        if length is None:
            # Undefined to Rego: a rule that asks a library for it would silently never fire.
            if full[:3] == ("data", "gate", "lib") and full[:4] in self.world.names:
                what = f"`{'.'.join(full)}`, which nothing defines"
                raise Refused(line_of(base), what, only="missing")
            return "data" + self._path_text(fixed), False, path[len(fixed) :]
        self._told_hollow(full[:length], path[length - 1 :], base)
        text = "data" + self._path_text(fixed[: length - 1])
        return self._held(full[:length], text, path[length - 1 :], place)

    def _held(
        self, rule: tuple[str, ...], text: str, path: Sequence[str | Node], place: Place
    ) -> tuple[str, bool, Sequence[str | Node]]:
        """A rule's value, as a variable where a path leads into it: regorus looks for rules
        along a path, and does not look into sets. An object of objects without a member is empty
        to OPA and undefined to regorus."""
        if not path and rule not in self.world.hollow:
            return text, False, path
        named = self._fresh()
        if path:
            place.before.append(f"{named} := {text}")
            return named, True, path
        either = self._fresh()
        place.before += [
            f"{either} := array.concat([gate__n | gate__n := {text}], [{{}}])",
            f"{named} := {either}[0]",
        ]
        return named, True, path

    def _told_hollow(self, rule: tuple[str, ...], path: Sequence[str | Node], base: Node) -> None:
        if rule in self.world.hollow and not path:
            self._change(base, "an object of objects that may be empty")

    def _note(self, path: tuple[str, ...], base: Node) -> None:
        if path in self.world.functions:
            raise Refused(line_of(base), f"the function `{'.'.join(path)}` as a value")
        self.read.add(path)

    def _key(self, node: Node, place: Place) -> str:
        """What stands in brackets: a value, or a variable that runs over the keys."""
        ((form, inner),) = node.items()
        if form == "Var":
            if inner["value"] == "_":
                return "_"
            local = place.scope.find(inner["value"])
            if local is not None and local in place.bound:
                return f"[{local}][0]"
            if local is not None:
                place.bound.add(local)
                return local
        if form in SCALARS:
            return self._index(node)
        if self._is_open(node, place):
            raise Refused(line_of(node), "a pattern as an index")
        return f"[{self._named(node, place)}][0]"

    def _index(self, node: Node) -> str:
        ((form, inner),) = node.items()
        if form in ("String", "RawString"):
            return self._step(inner["value"], line_of(node))[1:-1]
        return self._scalar(form, inner)

    def _step(self, part: str, line: int = 0) -> str:
        """One fixed part of a reference. regorus does not read escapes there."""
        shown = json.dumps(part, ensure_ascii=False)
        if shown == f'"{part}"':
            return f"[{shown}]"
        if "`" not in part and part.isprintable():
            return f"[`{part}`]"
        raise Refused(line, "a key with control characters")

    def _path_text(self, path: Sequence[str | Node]) -> str:
        return "".join(
            f".{part}" if _PLAIN.match(part) and part not in KEYWORDS else self._step(part)
            for part in path
            if isinstance(part, str)
        )

    # Names and text

    def _fresh(self, name: str = "gate") -> str:
        if name != "gate" and name not in self.taken and not self._is_taken(name):
            self.taken.add(name)
            return name
        self.count += 1
        return f"{name}__{self.count}"

    def _is_taken(self, name: str) -> bool:
        return (
            name in self.own
            or name in self.imports
            or name in KEYWORDS
            or name in _ROOTS
            or "__" in name
        )

    def _change(self, node: Node, what: str, instead: str | None = None) -> None:
        self.changed.append(Unfaithful(line_of(node), what, instead))

    def _slice(self, node: Node) -> str:
        return self._text(next(iter(node.values()))["span"])

    def _text(self, span: Node) -> str:
        return self.source[span["start"] : span["end"]].decode()
