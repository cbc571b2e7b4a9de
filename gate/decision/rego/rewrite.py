"""Rewrites a module into an equal one in a small core of Rego, which both engines read alike.

regorus is exact on that core and differs from OPA, silently, beside it: `not` over what may be
undefined, an undefined term in a rule's head, `in` and `every` over what is no collection, sums of
decimals. So each rule is taken apart and put together anew: terms that may be undefined get a name
in a statement of their own, patterns become comparisons, `not E` becomes `count([1 | E]) == 0`,
`some x in c` becomes `x := c[_]`, local variables get names of their own, imports their full paths.
Statements stay on their lines. What has no form in the core is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from gate.decision.rego.core import Body, Output, Place, Scope, Unsafe
from gate.decision.rego.expressions import COMPOSITE, Expressions
from gate.decision.rego.faithful import BUILTINS, World, cycles, reaching, touches, world
from gate.decision.rego.nodes import (
    KEYWORDS,
    SCALARS,
    Node,
    Refused,
    alias_of,
    alternatives,
    chain,
    declared_by,
    has_wildcard,
    is_assignment,
    is_dynamic,
    is_import,
    is_wildcard,
    line_of,
    names_in,
    path_of,
    some_names,
    unification,
)
from gate.model.policy import Unfaithful


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The module in the core; what could not be rewritten; and the lines where the text as it
    stands would be judged otherwise by the embedded engine."""

    text: str
    unfaithful: tuple[Unfaithful, ...]
    changed: tuple[Unfaithful, ...]
    reads: Mapping[tuple[str, ...], frozenset[tuple[str, ...]]]
    lines: Mapping[tuple[str, ...], int]
    under_with: Sequence[tuple[int, frozenset[tuple[str, ...]]]] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A module's text and its `ast`."""

    path: str
    text: str
    tree: Node


def rewrite_all(sources: Sequence[Source], known: Iterable[Node] = ()) -> dict[str, Rewritten]:
    """Rewrites modules that are judged together, by path. `known` are the trees of modules that
    they may read and that are faithful as they stand. Recursion is refused."""
    try:
        here = world([*known, *(source.tree for source in sources)])
    except Refused as refused:
        nothing = Rewritten("", (refused.told,), (), {}, {})
        return {source.path: nothing for source in sources}
    made = {source.path: rewrite(source.tree, source.text, here) for source in sources}
    reads: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for each in made.values():
        for rule, read in each.reads.items():
            reads.setdefault(rule, set()).update(read)
    circular = cycles(reads)
    deep = reaching(reads, here.deep)
    return {path: _without(each, circular, deep) for path, each in made.items()}


def _without(
    made: Rewritten, circular: Collection[tuple[str, ...]], deep: Collection[tuple[str, ...]]
) -> Rewritten:
    found = [
        Unfaithful(made.lines[rule], f"recursion (`{rule[-1]}` reads itself)", only="nobody")
        for rule in sorted(circular)
        if rule in made.lines
    ]
    found += [
        Unfaithful(line, "`with` over a rule whose name has three parts (`a.b.c := ...`)")
        for line, read in made.under_with
        if any(touches(path, deep) for path in read)
    ]
    return replace(made, unfaithful=(*made.unfaithful, *found))


def rewrite(tree: Node, text: str, here: World) -> Rewritten:
    """Rewrites one module of `Engine.get_ast_as_json`, its `ast` and source, in its world."""
    return _Module(tree, text.encode(), here).run()


class _Module(Expressions):
    """One module: its rules, their bodies and statements."""

    # The module and its rules

    def run(self) -> Rewritten:
        out = Output()
        package = self.tree["package"]
        out.at(package["span"]["line"], f"package {self._slice(package['refr'])}")
        for item in self.tree["imports"]:
            self._guard(partial(self._import, item), item["span"]["line"])
        for rule in self.tree["rules"]:
            ((kind, inner),) = rule.items()
            made = self._guard(partial(self._rule, kind, inner), inner["span"]["line"])
            for lines in made or []:
                out.rule(lines)
        return Rewritten(
            out.text,
            tuple(self.unfaithful),
            tuple(self.changed),
            {rule: frozenset(read) for rule, read in self.reads.items()},
            self.lines,
            self.under_with,
        )

    def _guard(self, work: Callable[[], Any], line: int) -> Any:
        try:
            return work()
        except Refused as refused:
            self.unfaithful.append(refused.told)
        except Unsafe as unsafe:
            what = f"the variable `{unsafe.name}`, which no statement gives a value"
            self.unfaithful.append(Unfaithful(unsafe.line, what, only="unbound"))
        except RecursionError:
            self.unfaithful.append(Unfaithful(line, "an expression that is nested too deeply"))
        return None

    def _import(self, item: Node) -> None:
        line = item["span"]["line"]
        path = path_of(item["refr"])
        if path is None or not is_import(path):
            raise Refused(line, "an import that OPA does not know")
        if path[0] in ("data", "input"):
            alias = alias_of(item)
            if alias in self.own:
                raise Refused(line, f"an import with the name of a rule (`{alias}`)")

    def _rule(self, kind: str, inner: Node) -> list[list[tuple[int, str]]]:
        self.read = set()
        self.taken = set()
        if kind == "Default":
            return [self._default(inner)]
        ((form, head),) = inner["head"].items()
        base, path = chain(head["refr"])
        name = self._head_name(base)
        made = [
            self._clause(form, head, name, path, bodies, inner["span"]["line"])
            for bodies in alternatives(inner["bodies"])
        ]
        self._keep(name, inner)
        return made

    def _keep(self, name: str, inner: Node) -> None:
        """Notes what a rule reads, and where it stands."""
        self.reads.setdefault((*self.package, name), set()).update(self.read)
        self.lines.setdefault((*self.package, name), inner["span"]["line"])

    def _head_name(self, base: Node) -> str:
        if "Var" not in base:
            raise Refused(line_of(base), "a rule whose name is no name")
        name: str = base["Var"]["value"]
        if name in KEYWORDS or name in ("input", "data"):
            raise Refused(line_of(base), f"a rule named `{name}`")
        if name in BUILTINS or name in ("gate", "print", "walk"):
            raise Refused(line_of(base), f"a rule with the name of a builtin (`{name}`)")
        return name

    def _default(self, inner: Node) -> list[tuple[int, str]]:
        base, path = chain(inner["refr"])
        name = self._head_name(base)
        if not all(isinstance(part, str) for part in path):
            raise Refused(line_of(base), "a default for a rule with a variable in its name")
        scope = Scope({})
        place = Place(scope, set())
        arguments = ""
        if inner["args"]:
            if not all("Var" in each for each in inner["args"]):
                raise Refused(line_of(base), "a default function with a pattern for an argument")
            arguments = "(" + ", ".join("_" for _ in inner["args"]) + ")"
        value = self._expression(inner["value"], place)
        if place.before or not value.certain:
            raise Refused(line_of(base), "a default that may be undefined")
        self._keep(name, inner)
        text = f"default {name}{self._path_text(path)}{arguments} = {value.text}"
        return [(inner["span"]["line"], text)]

    def _clause(
        self,
        form: str,
        head: Node,
        name: str,
        path: Sequence[str | Node],
        bodies: Sequence[Node],
        line: int,
    ) -> list[tuple[int, str]]:
        if len(bodies) > 1 and (form == "Set" or is_dynamic(path)):
            raise Refused(line, "`else` at a rule that makes a set or an object")
        scope = Scope({})
        first: list[Node] = []
        arguments = ""
        if form == "Func":
            arguments, first = self._arguments(head["args"], scope)
        out: list[tuple[int, str]] = []
        for number, body in enumerate(bodies or [{}]):
            assign = head.get("assign") if number == 0 else body.get("assign")
            wanted = [part for part in path if not isinstance(part, str)] if number == 0 else []
            terms = list(wanted)
            if form == "Set":
                terms.append(head["key"])
            elif assign:
                terms.append(assign["value"])
            stmts = [*first, *(body["query"]["stmts"] if body else [])]
            inner = Scope({}, scope)
            several = form != "Func" or number + 1 < len(bodies)
            lines, texts = self.body(stmts, terms, inner, set(scope.names.values()), heads=several)
            value = texts[len(wanted)] if len(texts) > len(wanted) else "true"
            if number == 0:
                keys = iter(texts)
                shown = name + "".join(
                    self._path_text([part]) if isinstance(part, str) else f"[{next(keys)}]"
                    for part in path
                )
                start = (
                    f"{shown} contains {value}"
                    if form == "Set"
                    else f"{shown}{arguments} = {value}"
                )
                out.append((line, start))
            else:
                out.append((body["span"]["line"], f" else = {value}"))
            if body or lines.lines:
                out.append((0, " if {"))
                out += lines.lines or [(0, "true")]
                out.append((0, "}"))
        return out

    def _arguments(self, given: Sequence[Node], scope: Scope) -> tuple[str, list[Node]]:
        """Each argument becomes a variable; a pattern becomes a statement of the body."""
        names, first = [], []
        for each in given:
            if "Var" in each and each["Var"]["value"] != "_":
                name = each["Var"]["value"]
                if name in scope.names:
                    raise Refused(line_of(each), f"the argument `{name}` twice")
                scope.names[name] = self._fresh(name)
                names.append(scope.names[name])
            else:
                made = self._fresh()
                scope.names[made] = made
                names.append(made)
                if "Var" not in each:
                    first.append(unification(made, each))
        return "(" + ", ".join(names) + ")", first

    # Bodies

    def body(
        self,
        stmts: Sequence[Node],
        terms: Sequence[Node],
        scope: Scope,
        bound: set[str],
        *,
        heads: bool = False,
    ) -> tuple[Body, list[str]]:
        """The statements in an order in which each variable has its value, and the terms of the
        head, which get names where they may be undefined."""
        self._declare(stmts, terms, scope)
        out = Body()
        waiting = list(stmts)
        failed: Unsafe | None = None
        while waiting:
            late = []
            for stmt in waiting:
                attempt = set(bound)
                try:
                    made = self._statement(stmt, scope, attempt)
                except Unsafe as unsafe:
                    failed = failed or unsafe
                    late.append(stmt)
                    continue
                bound.update(attempt)
                out.lines += [(stmt["span"]["line"], text) for text in made]
            if len(late) == len(waiting) and failed is not None:
                raise failed
            waiting, failed = late, None
        texts = []
        for term in terms:
            place = Place(scope, bound)
            made_term = self._expression(term, place)
            if place.before or not made_term.certain or "(" in made_term.text:
                if heads and not made_term.certain and (stmts or "[_]" in made_term.text):
                    self._change(
                        term,
                        "a term in a rule's head that may be undefined",
                        "a name that gets its value in the body",
                    )
                named = self._fresh()
                out.lines += [(line_of(term), text) for text in place.before]
                out.lines.append((line_of(term), f"{named} := {made_term.text}"))
                texts.append(named)
            else:
                texts.append(made_term.text)
        return out, texts

    def _declare(self, stmts: Sequence[Node], terms: Sequence[Node], scope: Scope) -> None:
        """Gives the body's variables their names: first those that are declared, then those that
        only occur."""
        seen: set[str] = set()
        for stmt in stmts:
            used = set(names_in(stmt, declared=False))
            for name, line in declared_by(stmt):
                if name in scope.names:
                    raise Refused(line, f"the variable `{name}` twice")
                if name in seen or (name in used and is_assignment(stmt)):
                    raise Refused(line, f"the variable `{name}` before it is declared")
                if name in ("input", "data") or name in KEYWORDS:
                    raise Refused(line, f"a variable named `{name}`")
                scope.names[name] = self._fresh(name)
                used.add(name)
            seen |= used
        _refuse_unused(stmts, terms)
        for node in (*stmts, *terms):
            for name in names_in(node, declared=True, nested=False):
                if scope.find(name) is None and not self._is_global(name):
                    scope.names[name] = self._fresh(name)

    def _is_global(self, name: str) -> bool:
        return name in self.own or name in self.imports or name in ("input", "data", "_")

    def _statement(self, stmt: Node, scope: Scope, bound: set[str]) -> list[str]:
        if not stmt.get("with_mods"):
            return self._plain_statement(stmt, scope, bound)
        before, self.read = self.read, set()
        made = self._plain_statement(stmt, scope, bound)
        self.under_with.append((stmt["span"]["line"], frozenset(self.read)))
        self.read |= before
        return made

    def _plain_statement(self, stmt: Node, scope: Scope, bound: set[str]) -> list[str]:
        ((form, inner),) = stmt["literal"].items()
        place = Place(scope, bound)
        modifiers = stmt.get("with_mods") or []
        if form == "NotExpr":
            return self._negation(stmt, inner, place)
        made: list[str] = []
        if modifiers:
            if form == "Expr" and any(kind in inner["expr"] for kind in SCALARS):
                raise Refused(stmt["span"]["line"], "`with` behind a literal")
            suffix, first = self._with(modifiers, place)
        if form == "SomeVars":
            made = []
        elif form == "SomeIn":
            made = self._some_in(inner, place)
        elif form == "Every":
            made = self._every(inner, place)
        elif form == "Expr":
            made = self._condition(inner["expr"], place)
        else:
            raise Refused(stmt["span"]["line"], f"a statement of the kind {form}")
        whole = [*place.before, *made]
        if modifiers:
            return [*first, *(f"{text}{suffix}" for text in whole)]
        return whole

    def _with(self, modifiers: Sequence[Node], place: Place) -> tuple[str, list[str]]:
        """The modifiers as text, and the statements before that give their values names."""
        first: list[str] = []
        suffix = ""
        for each in modifiers:
            path = path_of(each["refr"])
            line = each["span"]["line"]
            if path is None:
                raise Refused(line, "`with` over a variable path")
            if path[0] in self.imports and path[0] not in self.own:
                path = (*self.imports[path[0]], *path[1:])
            if path[0] not in ("input", "data"):
                raise Refused(line, "`with` over a function")
            if path[0] == "data" and self.world.is_rule(path):
                raise Refused(line, "`with` over a rule")
            aside = Place(place.scope, place.bound)
            value = self._expression(each["as"], aside)
            named = self._fresh()
            first += [*aside.before, f"{named} := {value.text}"]
            suffix += f" with {path[0]}{self._path_text(path[1:])} as {named}"
        return suffix, first

    def _negation(self, stmt: Node, inner: Node, place: Place) -> list[str]:
        """`not E` holds where E has no true value: where the list of its values is empty. OPA
        takes references and calls within E out and puts them before the `not`, all but E itself
        and the sides of `==` that are references: what they ask for must be there."""
        for name, line in _unbound(inner["expr"], place):
            raise Unsafe(name, line)
        if any(kind in inner["expr"] for kind in SCALARS):
            raise Refused(stmt["span"]["line"], "`not` before a literal")
        if has_wildcard(inner["expr"]):
            raise Refused(
                line_of(inner["expr"]),
                "`_` behind `not`",
                "`not` before a helper rule that holds the loop",
                only="nobody",
            )
        modifiers = stmt.get("with_mods") or []
        suffix, first = self._with(modifiers, place) if modifiers else ("", [])
        within = Place(place.scope, set(place.bound))
        text = self._negated(inner["expr"], place, within)
        if place.before:
            self._change(
                inner["expr"],
                "`not` before what may be undefined",
                "a statement that gives the value a name (`image := r.new.image`), before "
                "`not startswith(image, ...)`",
            )
        inside = "; ".join(f"{each}{suffix}" for each in (*within.before, text))
        before = [f"{each}{suffix}" for each in place.before]
        return [*first, *before, f"count([1 | {inside}]) == 0"]

    def _negated(self, node: Node, place: Place, within: Place) -> str:
        """What is negated, with what OPA takes out in `place`, the rest in `within`."""
        ((form, inner),) = node.items()
        if form in ("Var", "RefDot", "RefBrack"):
            return self._reference(node, within, place).text
        if form == "AssignExpr":
            if inner["op"] != "Eq":
                raise Refused(line_of(node), "`not` before an assignment")
            form = "BoolExpr"
            inner = {**inner, "op": "Eq"}
        if form == "BoolExpr":
            left, right = self._negated_sides(inner, place, within)
            return self._relation(inner, left, right, within)
        if form == "Call":
            given = self._members(inner["params"], place)
            return self._called(self._target(inner), given, line_of(node), within)
        if form == "Membership":
            return self._expression(node, place).text
        return self._member(node, place)

    def _negated_sides(self, inner: Node, place: Place, within: Place) -> list[str]:
        sides = [inner["lhs"], inner["rhs"]]
        stay = [
            inner["op"] == "Eq" and next(iter(side)) in ("Var", "RefDot", "RefBrack")
            for side in sides
        ]
        out = iter(
            self._members([s for s, stays in zip(sides, stay, strict=True) if not stays], place)
        )
        return [
            self._reference(side, within, place).text if stays else next(out)
            for side, stays in zip(sides, stay, strict=True)
        ]

    def _some_in(self, inner: Node, place: Place) -> list[str]:
        collection = self._named(inner["collection"], place)
        key = inner.get("key")
        made: list[str] = []
        index = "_"
        if key is not None and not is_wildcard(key):
            index = self._variable_or_fresh(key, place)
        value = self._fresh()
        if "Var" in inner["value"] and inner["value"]["Var"]["value"] != "_":
            value = self._local(inner["value"], place)
            place.bound.add(value)
        made.append(f"{value} := {collection}[{index}]")
        if key is not None and not is_wildcard(key) and "Var" not in key:
            made += self._match(key, index, place)
        if "Var" not in inner["value"]:
            made += self._match(inner["value"], value, place)
        return made

    def _variable_or_fresh(self, key: Node, place: Place) -> str:
        if "Var" in key:
            name = self._local(key, place)
            place.bound.add(name)
            return name
        return self._fresh()

    def _every(self, inner: Node, place: Place) -> list[str]:
        domain = self._named(inner["domain"], place)
        names = {}
        for side in ("key", "value"):
            span = inner.get(side)
            if span is not None:
                text = self._text(span)
                if text != "_":
                    names[text] = self._fresh(text)
        scope = Scope(names, place.scope)
        key = self._text(inner["key"]) if inner.get("key") is not None else "_"
        value = self._text(inner["value"])
        index = names.get(key, "_")
        item = names.get(value) or self._fresh()
        bound = {*place.bound, *names.values()}
        made, _ = self.body(inner["query"]["stmts"], [], Scope({}, scope), bound)
        fails = f"count([1 | {made.inline}]) == 0"
        place.before.append(f"type_name({domain}) in {COMPOSITE}")
        return [f"count([1 | {item} := {domain}[{index}]; {fails}]) == 0"]


def _unbound(node: Node, place: Place) -> Iterator[tuple[str, int]]:
    """The variables of a negated expression that have no value yet."""
    for name in names_in(node, declared=True, nested=False):
        local = place.scope.find(name)
        if local is not None and local not in place.bound:
            yield name, line_of(node)


def _refuse_unused(stmts: Sequence[Node], terms: Sequence[Node]) -> None:
    """A variable of `some` that is never used: OPA refuses it."""
    declared = {name: stmt["span"]["line"] for stmt in stmts for name in some_names(stmt)}
    if declared:
        used = set(names_in([*stmts, *terms], declared=True))
        for name, line in declared.items():
            if name not in used:
                raise Refused(line, f"the variable `{name}`, never used")
