"""Random Rego, as rules of this gate are written.

All that is random comes from the `random.Random` that the caller gives: one seed, one policy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal, get_args

from tests.support.random_values import FLAVOURS, NUMBERS, WORDS
from tests.support.rego_tree import Node, text

Type = Literal["s", "n", "b", "a", "t", "o", "x", "r"]
"""A string, number, boolean, array, set, object, anything, or something like a resource."""

_SMALL = [0, 1, 2, 3, -1, 5, 1.0, 0.5]
_TABLE = """
startswith s s b | endswith s s b | contains s s b | lower s s | upper s s | trim_space s s
trim s s s | trim_left s s s | trim_right s s s | trim_prefix s s s | trim_suffix s s s
replace s s s s | split s s a | concat s S s | sprintf format A s | sprintf format A s
substring s i i s | indexof s s n | indexof_n s s a | strings.reverse s s | strings.count s s n
strings.any_prefix_match s S b | strings.any_suffix_match S s b | strings.replace_n R s s
format_int n base s | to_number x n | abs n n | ceil n n | floor n n | round n n
count c n | sum N n | product N n | max c x | min c x | sort c a
array.concat a a a | array.slice a i i a | array.reverse a a
union U t | intersection U t | object.get o k x x | object.get o P x x | object.keys o t
object.union o o o | object.union_n O o | object.remove o C o | object.filter o C o
object.subset c c b | json.filter o C o | json.remove o C o | json.patch o J x
json.marshal x s | json.unmarshal json x | json.is_valid json b
yaml.marshal x s | yaml.unmarshal yaml x | yaml.is_valid yaml b
base64.encode s s | base64.decode base64 s | base64.is_valid base64 b | base64url.encode s s
base64url.decode base64 s | base64url.encode_no_pad s s | hex.encode s s | urlquery.encode s s
urlquery.decode url s | urlquery.encode_object o s | urlquery.decode_object url o
regex.match regex s b | regex.is_valid regex b | regex.split regex s a | regex.find_n regex s i a
regex.replace s regex s s | regex.find_all_string_submatch_n regex s i a
glob.match glob D s b | glob.quote_meta s s
semver.compare version version n | semver.is_valid version b
time.parse_rfc3339_ns at n | time.parse_duration_ns lasts n | time.add_date ns i i i n
time.date ns a | time.clock ns a | time.weekday ns s | time.diff ns ns a | time.format ns s
time.date Z a | time.clock Z a | time.format Z s | time.parse_ns date at n
units.parse memory n | units.parse_bytes memory n | numbers.range j j a
numbers.range_step j j 1 a | bits.and i i n | bits.or i i n | bits.xor i i n | bits.lsh i j n
bits.rsh i j n | bits.negate i n | net.cidr_contains cidr cidr b | net.cidr_intersects cidr cidr b
net.cidr_is_valid cidr b | is_string x b | is_number x b | is_boolean x b | is_array x b
is_object x b | is_set x b | is_null x b | type_name x s | graph.reachable o c t
crypto.sha256 s s | crypto.md5 s s | array.flatten a a
"""
_COMMON = """
startswith endswith contains lower upper trim_space trim_prefix trim_suffix replace split
concat sprintf count sum max min sort array.concat object.get object.keys to_number
format_int regex.match is_string is_number is_object is_array type_name union
time.parse_rfc3339_ns object.union json.marshal
"""


@dataclass(frozen=True, slots=True)
class Builtin:
    """`takes` has a letter or word for each argument: see `_argument`."""

    name: str
    takes: tuple[str, ...]
    gives: Type


def _table() -> list[Builtin]:
    rows = [row.split() for line in _TABLE.splitlines() for row in line.split("|") if row.strip()]
    types: Mapping[str, Type] = {each: each for each in get_args(Type)}
    return [Builtin(row[0], tuple(row[1:-1]), types[row[-1]]) for row in rows]


BUILTINS = _table()
COMMON = [builtin for builtin in BUILTINS if builtin.name in _COMMON.split()]


@dataclass(slots=True)
class Scope:
    """What an expression may name. `inner` is how deep it may still nest."""

    random: Random
    variables: list[tuple[str, Type]]
    rules: list[tuple[str, Type]]
    functions: list[tuple[str, int, Type]]
    inner: int = 2

    def nested(self) -> Scope:
        """For a part with variables of its own."""
        return replace(self, variables=list(self.variables), inner=self.inner - 1)

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    def fresh(self, type_: Type) -> str:
        """A new variable; at times one that is named like one outside or like a rule."""
        taken = {name for name, _ in self.variables}
        names = [name for name in "vwxyzkmpqu" if name not in taken]
        if self.chance(0.04) and self.rules:
            names = [name for name, _ in self.rules if name not in taken] or names
        name = self.random.choice(names) if names else f"v{len(taken)}"
        self.variables.append((name, type_))
        return name


def _expression(*parts: Node | str) -> Node:
    return Node("expression", parts)


def _commas(nodes: Sequence[Node]) -> list[Node | str]:
    parts: list[Node | str] = []
    for node in nodes:
        parts += [", ", node] if parts else [node]
    return parts


FIELDS = [
    *("image", "name", "labels", "replicas", "weight", "ready", "owner", "tags", "containers"),
    *("spec", "old", "new", "a", "b", "missing", *FLAVOURS),
]
_DEPTHS = [0, 0, 0, 0, 1, 1, 2]
_OF_TYPE: dict[str, list[str]] = {
    "s": ["image", "name", "kind", "id"],
    "n": ["replicas", "weight"],
    "b": ["ready"],
    "a": ["tags", "containers", "changes"],
    "o": ["labels", "spec", "new", "old"],
}


def _string(word: str, random: Random) -> str:
    if "`" not in word and "\n" not in word and random.random() < 0.2:
        return f"`{word}`"
    return json.dumps(word, ensure_ascii=random.random() < 0.2)


def _literal(scope: Scope, type_: str) -> Node:
    random = scope.random
    if type_ == "x":
        type_ = random.choice("ssnnb0ato")
    if type_ == "s":
        return _expression(_string(random.choice(WORDS), random))
    if type_ == "n":
        return _expression(_number(random.choice(NUMBERS), random))
    if type_ == "b":
        return _expression(random.choice(["true", "false"]))
    if type_ == "0":
        return _expression("null")
    smaller = scope.nested()
    several = range(random.randrange(4))
    if type_ == "a":
        return _expression("[", *_commas([_value(smaller, "x") for _ in several]), "]")
    if type_ == "t":
        values = [_value(smaller, "x") for _ in several]
        return _expression("{", *_commas(values), "}") if values else _expression("set()")
    keys = random.sample(["a", "b", "name", "image", "é", "tags"], len(several))
    pairs = [_expression(json.dumps(key), ": ", _value(smaller, "x")) for key in keys]
    return _expression("{", *_commas(pairs), "}")


def _number(number: Any, random: Random) -> str:
    """In a policy, other than in the input, a number is rarely huge or written as `1.0`."""
    odd = abs(number) >= 1e18 or (isinstance(number, float) and number.is_integer())
    if odd and random.random() < 0.9:
        return str(random.randrange(4))
    return "1e3" if number == 1e3 else repr(number)


def _value(scope: Scope, type_: str) -> Node:
    """An expression that has, or may have, the type."""
    random = scope.random
    if scope.inner <= 0:
        return _reference(scope, type_) if scope.chance(0.7) else _literal(scope, type_)
    makers: list[tuple[int, Callable[[Scope, str], Node | None]]] = [
        (30, _reference),
        (14, _literal),
        (26, _call),
        (8, _own),
        (6, _operation),
        (7, _comprehension),
        (4, _user_call),
    ]
    weights = [weight for weight, _ in makers]
    for _ in range(4):
        (made,) = random.choices([maker for _, maker in makers], weights)
        found = made(scope, type_)
        if found is not None:
            return found
    return _literal(scope, type_)


def _own(scope: Scope, type_: str) -> Node | None:
    """A variable or rule of this type."""
    named = [name for name, has in scope.variables if type_ in ("x", has) or has == "x"]
    ruled = [name for name, has in scope.rules if type_ in ("x", has)]
    if not named and not ruled:
        return None
    return _expression(scope.random.choice(named * 2 + ruled))


def _reference(scope: Scope, type_: str) -> Node:
    """A path below input, a variable or a rule, that may lead nowhere."""
    random = scope.random
    things = [name for name, has in scope.variables if has == "r"]
    others = [name for name, has in scope.variables if has in ("x", "o")]
    base: Node | str = "input"
    if things and scope.chance(0.8):
        base = _expression(random.choice(things))
    elif others and scope.chance(0.2):
        base = _expression(random.choice(others))
    elif scope.chance(0.1) and (objects := [name for name, has in scope.rules if has == "o"]):
        return _expression(random.choice(objects), _step(scope, random.choice(["a", "name"])))
    likely = _OF_TYPE.get(type_, FIELDS)
    wanted = likely if scope.chance(0.9) else FIELDS
    middle = [
        random.choice(["new", "old", "spec", "labels"]) for _ in range(random.choice(_DEPTHS))
    ]
    return _expression(base, *(_step(scope, name) for name in (*middle, random.choice(wanted))))


def _step(scope: Scope, name: str) -> Node | str:
    random = scope.random
    luck = random.random()
    if luck < 0.8:
        return f".{name}"
    if luck < 0.9:
        return f'["{name}"]'
    if luck < 0.94:
        return f"[{random.randrange(3)}]"
    own = [variable for variable, has in scope.variables if has in ("s", "x", "n")]
    return f"[{random.choice(own)}]" if own else f".{name}"


def _call(scope: Scope, type_: str) -> Node | None:
    pool = COMMON if scope.chance(0.7) else BUILTINS
    fitting = [builtin for builtin in pool if type_ in ("x", builtin.gives)]
    if not fitting:
        return None
    chosen = scope.random.choice(fitting)
    return _expression(f"{chosen.name}(", *_commas(_arguments(scope.nested(), chosen)), ")")


def _arguments(scope: Scope, builtin: Builtin) -> list[Node]:
    return [_argument(scope, each) for each in builtin.takes]


def _argument(scope: Scope, code: str) -> Node:
    random = scope.random
    if code in FLAVOURS:
        if scope.chance(0.25):
            return _expression("input.", code)
        if scope.chance(0.15):
            return _value(scope, "s")
        return _expression(_string(random.choice(FLAVOURS[code]), random))
    if code in "snbatox":
        return _value(scope, code)
    if code in ("j", "1"):
        return _expression(code if code == "1" else repr(random.choice(_SMALL)))
    if code == "i":
        return _expression(repr(random.choice(_SMALL))) if scope.chance(0.8) else _value(scope, "n")
    if code == "base":
        return _expression(random.choice(["10", "10", "2", "16", "8", "7"]))
    if code == "k":
        return (
            _expression(f'"{random.choice(FIELDS)}"') if scope.chance(0.8) else _value(scope, "s")
        )
    if code in ("A", "S", "C", "N", "c", "O", "P"):
        return _collection(scope, code)
    return _odd(scope, code)


_ELEMENT = {"A": "x", "S": "s", "C": "s", "N": "n", "c": "x", "O": "o", "P": "s"}


def _collection(scope: Scope, code: str) -> Node:
    """A collection of what the builtin wants: written out, or from the input."""
    random = scope.random
    if code in "cSN" and scope.chance(0.6):
        return _value(scope, random.choice("aaot" if code == "c" else "aat"))
    opening, closing = ("[", "]") if code in "AOP" or scope.chance(0.7) else ("{", "}")
    few = 1 + random.randrange(3)
    return _expression(
        opening, *_commas([_value(scope, _ELEMENT[code]) for _ in range(few)]), closing
    )


def _odd(scope: Scope, code: str) -> Node:
    """The arguments of one builtin only."""
    random = scope.random
    if code == "U":
        return _expression("{", *_commas([_value(scope, "t") for _ in range(2)]), "}")
    if code == "R":
        return _expression('{"a": "b", "', random.choice("abx"), '": "', random.choice("xa"), '"}')
    if code == "D":
        return _expression(random.choice(["[]", "null", '["/"]', '["."]', '["/", ":"]']))
    if code == "J":
        operation = random.choice(["add", "remove", "replace", "test", "copy", "move"])
        path = random.choice(["/a", "a", "/tags/-", "/tags/0", "/missing/x", "", "/"])
        start = f'[{{"op": "{operation}", "path": "{path}", "from": "/name", "value": '
        return _expression(start, _value(scope, "x"), "}]")
    if code == "Z":
        zone = _string(random.choice(FLAVOURS["zone"]), random)
        return _expression("[", _argument(scope, "ns"), ", ", zone, "]")
    if scope.chance(0.5):
        return _expression("time.parse_rfc3339_ns(", _argument(scope, "at"), ")")
    return _expression(random.choice(["1763805600000000000", "0", "-1", "1e18", "input.ns"]))


def _user_call(scope: Scope, type_: str) -> Node | None:
    fitting = [each for each in scope.functions if type_ in ("x", each[2])]
    if not fitting:
        return None
    name, arity, _ = scope.random.choice(fitting)
    given = [_value(scope.nested(), "x") for _ in range(arity)]
    return _expression(f"{name}(", *_commas(given), ")")


def _operation(scope: Scope, type_: str) -> Node | None:
    random = scope.random
    below = scope.nested()
    operators = {"n": "+-*/%", "t": "&|-"}.get(type_)
    if type_ == "b" or (type_ == "x" and scope.chance(0.3)):
        return _expression("(", _comparison(below), ")")
    if operators is None:
        return None
    left, right = _value(below, type_), _value(below, type_)
    return _expression("(", left, f" {random.choice(operators)} ", right, ")")


def _comprehension(scope: Scope, type_: str) -> Node | None:
    below = scope.nested()
    if type_ not in ("a", "t", "o", "x"):
        return None
    body = Node("inline", tuple(_statements(below, 1 + below.random.randrange(2), loops=True)))
    if type_ == "o":
        key = _value(replace(below, inner=0), "s")
        return _expression("{", key, ": ", _value(replace(below, inner=1), "x"), " | ", body, "}")
    opening, closing = "[]" if type_ == "a" or (type_ == "x" and scope.chance(0.5)) else "{}"
    return _expression(opening, _value(replace(below, inner=1), "x"), " | ", body, closing)


def _comparison(scope: Scope) -> Node:
    operator = scope.random.choice(["==", "==", "!=", "<", "<=", ">", ">="])
    type_ = scope.random.choice("snnxxb")
    sides = [_value(scope, type_), _reference(scope, type_)]
    scope.random.shuffle(sides)
    return _expression(sides[0], f" {operator} ", sides[1])


def _iterable(scope: Scope) -> Node:
    """Something to walk through."""
    if scope.chance(0.7):
        return _reference(scope, scope.random.choice("aaaaaox"))
    return _value(replace(scope, inner=min(scope.inner, 2)), scope.random.choice("aato"))


def _statements(scope: Scope, count: int, *, loops: bool = False) -> list[Node | str]:
    made: list[Node | str] = [*_loop(scope)] if loops else []
    for _ in range(count):
        made += _loop(scope) if scope.chance(0.08) else [_statement(scope)]
    if scope.chance(0.05):
        scope.random.shuffle(made)
    return made


def _loop(scope: Scope) -> list[Node]:
    """A walk through something, and a statement that uses each name: OPA refuses unused ones."""
    type_: Type = "x" if scope.chance(0.4) else "r"
    over = _iterable(scope) if type_ == "x" else _expression("input.resources")
    luck = scope.random.random()
    if luck < 0.65:
        names = [scope.fresh(type_)]
        first: list[Node | str] = [f"some {names[0]} in ", over]
    elif luck < 0.85:
        names = [scope.fresh("n"), scope.fresh(type_)]
        first = [f"some {names[0]}, {names[1]} in ", over]
    elif luck < 0.93:
        index, names = scope.fresh("n"), [scope.fresh(type_)]
        first = [f"some {index}; {names[0]} := ", over, f"[{index}]"]
    else:
        names = [scope.fresh(type_)]
        first = [f"{names[0]} := ", over, "[_]"]
    return [Node("text", tuple(first)), *(_use(scope, name) for name in names)]


def _use(scope: Scope, name: str) -> Node:
    """A statement about one variable."""
    only = replace(scope, variables=[each for each in scope.variables if each[0] == name])
    luck = scope.random.random() * (1 if only.variables[0][1] == "r" else 0.7)
    if luck < 0.3:
        return Node("text", (_reference(only, "x") if only.variables[0][1] == "r" else name,))
    if luck < 0.5:
        return Node("text", (f"{name} != ", _literal(replace(only, inner=0), "x")))
    if luck < 0.7:
        return Node("text", (f"not {name}.{scope.random.choice(FIELDS)}",))
    return Node(
        "text",
        (
            f"{scope.fresh('x')} := object.get({name}, ",
            f'"{scope.random.choice(FIELDS)}"',
            ", ",
            _literal(replace(only, inner=0), "x"),
            ")",
        ),
    )


def _statement(scope: Scope) -> Node:
    made: list[tuple[int, Callable[[Scope], Node]]] = [
        (22, _compared),
        (14, _truth),
        (14, _negation),
        (14, _assignment),
        (6, _membership),
        (5, _every),
        (5, _unification),
        (4, _walk),
        (4, _bare),
        (4, _with),
    ]
    (chosen,) = scope.random.choices([each for _, each in made], [weight for weight, _ in made])
    return chosen(scope)


def _negation(scope: Scope) -> Node:
    below = scope.nested()
    below.inner = max(1, below.inner)
    chosen = scope.random.choice([_bare, _membership, _truth, _truth, _compared])
    return Node("text", ("not ", chosen(below)))


def _truth(scope: Scope) -> Node:
    value = _value(scope, "b")
    return _compared(scope) if text(value).startswith("(") else Node("text", (value,))


def _compared(scope: Scope) -> Node:
    """A comparison that does not start with `(`, which regorus takes for a call of what stands on
    the line above, and refuses."""
    found = _comparison(scope)
    return Node("text", (found if text(found)[0] != "(" else _reference(scope, "x"),))


def _bare(scope: Scope) -> Node:
    return Node("text", (_reference(scope, "x"),))


def _assignment(scope: Scope) -> Node:
    type_: Type = scope.random.choice(["s", "n", "x", "x", "a", "t", "o", "b"])
    value = _value(scope, type_)
    if scope.chance(0.08):
        first, second = scope.fresh("x"), scope.fresh("x")
        pattern = scope.random.choice([f"[{first}, {second}]", f'{{"a": {first}, "b": {second}}}'])
        return Node("text", (f"{pattern} := ", value))
    dynamic = text(value).startswith("input.")
    return Node("text", (f"{scope.fresh('x' if dynamic and type_ == 'x' else type_)} := ", value))


def _membership(scope: Scope) -> Node:
    looked = _value(scope, "x")
    if text(looked).startswith("("):
        looked = _reference(scope, "x")
    if scope.chance(0.15):
        return Node("text", (_value(scope, "s"), ", ", looked, " in ", _iterable(scope)))
    return Node("text", (looked, " in ", _iterable(scope)))


def _every(scope: Scope) -> Node:
    over = _iterable(scope)
    below = scope.nested()
    names = below.fresh("x") if scope.chance(0.7) else f"{below.fresh('x')}, {below.fresh('x')}"
    uses = [_use(below, name) for name in names.split(", ")]
    body = Node("inline", (*uses, *_statements(below, scope.random.randrange(2))))
    return Node("text", (f"every {names} in ", over, " { ", body, " }"))


def _unification(scope: Scope) -> Node:
    value = _value(scope, scope.random.choice("aox"))
    first = scope.fresh("x")
    patterns = [
        f"[{first}, _]",
        f'{{"name": {first}}}',
        first,
        f'["a", {first}]',
        f"[_, [{first}]]",
    ]
    pattern = scope.random.choice(patterns)
    sides = (pattern, " = ", value) if scope.chance(0.7) else (value, " = ", pattern)
    return Node("text", sides)


def _walk(scope: Scope) -> Node:
    over = _iterable(scope)
    path, value = scope.fresh("a"), scope.fresh("x")
    return Node("text", ("walk(", over, f", [{path}, {value}])"))


def _with(scope: Scope) -> Node:
    asked = (
        _own(replace(scope, variables=[]), "x") or _user_call(scope, "x") or _literal(scope, "b")
    )
    target = scope.random.choice(["input", "input.resources", "input.name", "input.labels.a"])
    return Node("text", (asked, f" with {target} as ", _value(scope.nested(), "x")))


def _block(scope: Scope, most: int = 3, *, loops: bool = False) -> Node:
    body = Node("body", tuple(_statements(scope, 1 + scope.random.randrange(most), loops=loops)))
    return Node("text", (" if {\n\t", body, "\n}"))


def _rule(scope: Scope, name: str) -> list[Node]:
    """The clauses of one helper, which is then known to the scope."""
    makers = [_plain, _plain, _condition, _chosen, _set, _set, _object, _function, _function, _deep]
    return scope.random.choice(makers)(scope, name)


def _fresh_scope(scope: Scope) -> Scope:
    return replace(scope, variables=[], inner=2)


def _plain(scope: Scope, name: str) -> list[Node]:
    type_: Type = scope.random.choice(["s", "n", "x", "a", "t", "o", "b"])
    inside = _fresh_scope(scope)
    made = [Node("text", (f"{name} := ", _value(inside, type_)))]
    scope.rules.append((name, type_))
    return made


def _condition(scope: Scope, name: str) -> list[Node]:
    clauses = [
        Node("text", (name, _block(_fresh_scope(scope))))
        for _ in range(scope.random.choice([1, 1, 2]))
    ]
    default = [
        Node("text", (f"default {name} := {scope.random.choice(['false', 'false', 'true'])}",))
    ]
    scope.rules.append((name, "b"))
    return (default if scope.chance(0.4) else []) + clauses


def _chosen(scope: Scope, name: str) -> list[Node]:
    """With a default or an `else`."""
    type_: Type = scope.random.choice(["s", "n", "x", "a", "b"])
    inside = _fresh_scope(scope)
    block = _block(inside)
    parts: list[Node | str] = [f"{name} := ", _value(replace(inside, inner=1), type_), block]
    if scope.chance(0.5):
        other = _fresh_scope(scope)
        second = _block(other) if scope.chance(0.6) else ""
        parts += [" else := ", _value(replace(other, inner=1), type_), second]
    made = [Node("text", tuple(parts))]
    if scope.chance(0.5):
        made.insert(0, Node("text", (f"default {name} := ", _constant(scope, type_))))
    scope.rules.append((name, type_))
    return made


def _constant(scope: Scope, type_: str) -> Node:
    return _literal(
        replace(scope, inner=0, variables=[], rules=[]), type_ if type_ in "snb" else "0"
    )


def _set(scope: Scope, name: str) -> list[Node]:
    made = []
    for _ in range(scope.random.choice([1, 1, 2])):
        inside = _fresh_scope(scope)
        block = _block(inside, loops=True)
        made.append(
            Node("text", (f"{name} contains ", _value(replace(inside, inner=1), "x"), block))
        )
    scope.rules.append((name, "t"))
    return made


def _object(scope: Scope, name: str) -> list[Node]:
    inside = _fresh_scope(scope)
    block = _block(inside, 2, loops=True)
    own = [variable for variable, _ in inside.variables]
    key = inside.random.choice(own or ['"a"'])
    value = _value(replace(inside, inner=1), "x")
    scope.rules.append((name, "o"))
    return [Node("text", (f"{name}[{key}] := ", value, block))]


def _deep(scope: Scope, name: str) -> list[Node]:
    """A head that is a reference."""
    inside = _fresh_scope(scope)
    block = _block(inside, 2)
    value = _value(replace(inside, inner=1), "x")
    form = scope.random.choice([f"{name}.a.b := ", f"{name}.a contains ", f'{name}["a"].b := '])
    scope.rules.append((name, "o"))
    return [Node("text", (form, value, block))]


def _function(scope: Scope, name: str) -> list[Node]:
    arity = scope.random.choice([1, 1, 2])
    type_: Type = scope.random.choice(["s", "b", "b", "n", "x"])
    made = []
    for _ in range(scope.random.choice([1, 1, 2, 3])):
        inside = _fresh_scope(scope)
        patterns = ['"a"', "1", "null", "_", "[g, _]", "true"]
        taken = [
            scope.random.choice(patterns) if scope.chance(0.15) else f"a{place}"
            for place in range(arity)
        ]
        inside.variables += [(each, "x") for each in taken if each[0] == "a"]
        block = _block(inside, 2)
        parts: list[Node | str] = [f"{name}({', '.join(taken)})"]
        if type_ != "b":
            parts += [" := ", _value(replace(inside, inner=1), type_)]
        parts.append(block)
        if scope.chance(0.15):
            parts += [" else := ", _constant(scope, type_)]
        made.append(Node("text", tuple(parts)))
    if scope.chance(0.15):
        blanks = ", ".join("_" for _ in range(arity))
        made.insert(0, Node("text", (f"default {name}({blanks}) := ", _constant(scope, type_))))
    scope.functions.append((name, arity, type_))
    return made


def _finding(scope: Scope, name: str) -> Node:
    """A clause of `deny` or `warn`, as rules have them."""
    inside = _fresh_scope(scope)
    block = _block(inside, 3, loops=inside.chance(0.9))
    below = replace(inside, inner=2)
    message = _call_of(below, "sprintf") if inside.chance(0.6) else _value(below, "s")
    head: tuple[Node | str, ...] = (message,)
    if inside.chance(0.4):
        head = ('{"message": ', message, ', "key": ', _value(replace(inside, inner=0), "x"), "}")
    return Node("text", (f"{name} contains ", _expression(*head), block))


def _call_of(scope: Scope, name: str) -> Node:
    builtin = next(each for each in BUILTINS if each.name == name)
    return _expression(f"{name}(", *_commas(_arguments(scope, builtin)), ")")


METADATA = """\
# METADATA
# title: Random
# description: Random.
# scope: package
# custom:
#   remediation: None.
"""


def policy(random: Random) -> Node:
    """A module: helpers, which may use those above them, then `deny` and at times `warn`."""
    scope = Scope(random, [], [], [])
    made: list[Node | str] = [f"{METADATA}package gate.random.policy"]
    for number in range(random.choice([0, 0, 1, 2, 3, 4])):
        made += _rule(scope, f"h{number}")
    made += [_finding(scope, "deny") for _ in range(random.choice([1, 1, 1, 2]))]
    made += [_finding(scope, "warn") for _ in range(random.choice([0, 0, 0, 1]))]
    return Node("module", tuple(made))
