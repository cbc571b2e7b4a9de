"""What of Rego means the same to regorus and to OPA: an allow-list. All else is refused.

The list holds builtins with the number of their arguments; `rewrite` holds the kinds of nodes. Each
entry is held against OPA's own compliance cases (`benchmarks/conformance`) and random policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gate.decision.rego.nodes import Node, Path, chain, package_of, path_of

BUILTINS: Mapping[str, int] = {
    "abs": 1,
    "array.concat": 2,
    "array.reverse": 1,
    "array.slice": 3,
    "base64.decode": 1,
    "base64.encode": 1,
    "base64.is_valid": 1,
    "base64url.decode": 1,
    "base64url.encode": 1,
    "base64url.encode_no_pad": 1,
    "bits.and": 2,
    "bits.lsh": 2,
    "bits.negate": 1,
    "bits.or": 2,
    "bits.rsh": 2,
    "bits.xor": 2,
    "ceil": 1,
    "concat": 2,
    "contains": 2,
    "count": 1,
    "endswith": 2,
    "re_match": 2,
    "any": 1,
    "all": 1,
    "array.flatten": 1,
    "glob.match": 3,
    "units.parse_bytes": 1,
    "units.parse": 1,
    "crypto.hmac.equal": 2,
    "crypto.hmac.sha512": 2,
    "crypto.hmac.sha256": 2,
    "crypto.hmac.sha1": 2,
    "crypto.hmac.md5": 2,
    "crypto.sha256": 1,
    "crypto.sha1": 1,
    "crypto.md5": 1,
    "strings.split_n": 3,
    "floor": 1,
    "format_int": 2,
    "glob.quote_meta": 1,
    "graph.reachable": 2,
    "graph.reachable_paths": 2,
    "hex.decode": 1,
    "hex.encode": 1,
    "indexof": 2,
    "indexof_n": 2,
    "intersection": 1,
    "is_array": 1,
    "is_boolean": 1,
    "is_null": 1,
    "is_number": 1,
    "is_object": 1,
    "is_set": 1,
    "is_string": 1,
    "json.marshal": 1,
    "json.unmarshal": 1,
    "lower": 1,
    "max": 1,
    "min": 1,
    "net.cidr_contains": 2,
    "net.cidr_expand": 1,
    "net.cidr_is_valid": 1,
    "numbers.range": 2,
    "numbers.range_step": 3,
    "object.filter": 2,
    "object.get": 3,
    "object.keys": 1,
    "object.remove": 2,
    "object.subset": 2,
    "object.union": 2,
    "object.union_n": 1,
    "product": 1,
    "regex.find_all_string_submatch_n": 3,
    "regex.find_n": 3,
    "regex.match": 2,
    "regex.replace": 3,
    "regex.split": 2,
    "replace": 3,
    "round": 1,
    "semver.compare": 2,
    "semver.is_valid": 1,
    "sort": 1,
    "split": 2,
    "sprintf": 2,
    "startswith": 2,
    "strings.any_prefix_match": 2,
    "strings.any_suffix_match": 2,
    "strings.count": 2,
    "strings.replace_n": 2,
    "strings.reverse": 1,
    "substring": 3,
    "sum": 1,
    "time.add_date": 4,
    "time.clock": 1,
    "time.date": 1,
    "time.diff": 2,
    "time.format": 1,
    "time.parse_duration_ns": 1,
    "time.parse_rfc3339_ns": 1,
    "time.weekday": 1,
    "to_number": 1,
    "trim": 2,
    "trim_left": 2,
    "trim_prefix": 2,
    "trim_right": 2,
    "trim_space": 1,
    "trim_suffix": 2,
    "type_name": 1,
    "union": 1,
    "upper": 1,
    "urlquery.decode": 1,
    "urlquery.encode": 1,
}
"""Builtins that agree, with the number of their arguments."""

_TYPES = "{{type_name(gate__p[1]) | walk({0}, gate__p)}}"
_EACH = "{{type_name(gate__v) | gate__v := {0}[_]}}"

GUARDED: Mapping[str, str] = {
    "all": "gate.gathered(type_name({0}));; (count([1 | gate__v := {0}[_]; gate__v != true]) == 0)",
    "any": "gate.gathered(type_name({0}));; (count([1 | gate__v := {0}[_]; gate__v == true]) > 0)",
    "array.flatten": "gate.listed(type_name({0}));; [gate__w | gate__v := {0}[_]; "
    "gate__u := array.concat([gate__x | is_array(gate__v); gate__x := gate__v[_]], "
    "[gate__v | is_array(gate__v) == false]); gate__w := gate__u[_]]",
    "array.slice": "array.slice({0}, gate.whole({1}), gate.whole({2}))",
    "base64.decode": "gate.decoded(base64.decode({0}))",
    "base64url.decode": "gate.decoded(base64url.decode({0}))",
    "indexof": "indexof({0}, gate.some_text({1}))",
    "indexof_n": "indexof_n({0}, gate.some_text({1}))",
    "intersection": f"gate.sets({_EACH});; intersection({{0}})",
    "json.marshal": "gate.marshalled(json.marshal({0}))",
    "json.unmarshal": "json.unmarshal(gate.plain_json({0}))",
    "max": f"gate.ordered({_TYPES});; max({{0}})",
    "min": f"gate.ordered({_TYPES});; min({{0}})",
    "numbers.range": "numbers.range(gate.whole({0}), gate.whole({1}))",
    "numbers.range_step": "numbers.range_step(gate.whole({0}), gate.whole({1}), gate.step({2}))",
    "object.subset": "gate.alike(type_name({0}), type_name({1}));; object.subset({0}, {1})",
    "re_match": "regex.match(gate.regex({0}), {1})",
    "regex.find_all_string_submatch_n": "regex.find_all_string_submatch_n("
    "gate.regex_all({0}), {1}, gate.whole({2}))",
    "regex.find_n": "regex.find_n(gate.regex_all({0}), {1}, gate.whole({2}))",
    "regex.match": "regex.match(gate.regex({0}), {1})",
    "regex.replace": "regex.replace({0}, gate.regex_all({1}), gate.replacement({2}))",
    "regex.split": "regex.split(gate.regex_all({0}), {1})",
    "replace": "replace({0}, gate.some_text({1}), {2})",
    "sort": f"gate.ordered({_TYPES});; sort({{0}})",
    "sprintf": "gate.sprintf({0}, {1}, json.marshal({1}))",
    "substring": "substring({0}, gate.whole({1}), gate.whole({2}))",
    "time.format": "time.format(gate.no_layout({0}))",
    "to_number": "to_number(gate.numeric({0}))",
    "union": f"gate.sets({_EACH});; union({{0}})",
}
"""Builtins that are called in another form, by their arguments: statements that come before, and
the call."""


@dataclass(frozen=True, slots=True)
class World:
    """What the modules of a bundle define: the names of each package, functions by their path
    with the number of arguments; the rules (package and name) that make objects of objects or
    sets, by fixed keys (`deep`) or variable ones (`hollow`)."""

    names: Mapping[Path, frozenset[str]]
    functions: Mapping[Path, int]
    deep: frozenset[Path] = frozenset()
    hollow: frozenset[Path] = frozenset()

    def is_rule(self, path: Path) -> bool:
        """Whether a path leads to a rule, or into one, or to what holds one."""
        return any(
            path[: len(package)] == package and path[len(package)] in names
            for package, names in self.names.items()
            if len(path) > len(package)
        )

    def length_of_rule(self, path: Path) -> int | None:
        """How many parts of a path lead to a rule; None where it leads to none."""
        return next(
            (
                len(package) + 1
                for package, names in self.names.items()
                if path[: len(package)] == package
                and len(path) > len(package)
                and path[len(package)] in names
            ),
            None,
        )

    def is_above(self, path: Path) -> bool:
        """Whether a path is that of a package or of what holds packages."""
        return any(package[: len(path)] == path for package in self.names)


def world(trees: Iterable[Node]) -> World:
    """What the modules define, from the `ast` of each."""
    names: dict[Path, set[str]] = {}
    functions: dict[Path, int] = {}
    deep: set[Path] = set()
    hollow: set[Path] = set()
    for tree in trees:
        package = package_of(tree)
        here = names.setdefault(package, set())
        for rule in tree["rules"]:
            ((kind, inner),) = rule.items()
            form, head = ("", inner) if kind == "Default" else next(iter(inner["head"].items()))
            base, path = chain(head["refr"])
            if "Var" not in base:
                continue
            root = base["Var"]["value"]
            here.add(root)
            if head.get("args"):
                fixed = path_of(head["refr"])
                if fixed is not None:
                    functions[(*package, *fixed)] = len(head["args"])
            elif len(path) + (form == "Set") > 1:
                (deep if isinstance(path[0], str) else hollow).add((*package, root))
    all_names = {package: frozenset(each) for package, each in names.items()}
    return World(all_names, functions, frozenset(deep), frozenset(hollow))


def reaching(reads: Mapping[Path, Iterable[Path]], wanted: Iterable[Path]) -> set[Path]:
    """The rules that read one of some rules, straight or through others, and those themselves."""
    found = set(wanted)
    edges = _edges(reads) if found else {}
    while more := {rule for rule, to in edges.items() if found & set(to)} - found:
        found |= more
    return found


def touches(path: Path, rules: Iterable[Path]) -> bool:
    """Whether a path leads to one of some rules, into it, or to what holds it."""
    return any(path[: len(rule)] == rule or rule[: len(path)] == path for rule in rules)


def cycles(reads: Mapping[Path, Iterable[Path]]) -> set[Path]:
    """The rules (package and name) that read themselves, straight or through others. A rule is
    read by what names it, what it holds, or what holds it."""
    edges = _on_cycles(_edges(reads))
    return {rule for rule in edges if rule in _reached(edges, rule)}


def _edges(reads: Mapping[Path, Iterable[Path]]) -> dict[Path, list[Path]]:
    """The rules that each rule reads. A path leads to the rule that it starts with."""
    return {
        rule: [
            path[:length]
            for path in paths
            for length in range(2, len(path) + 1)
            if path[:length] in reads
        ]
        for rule, paths in reads.items()
    }


def _on_cycles(edges: Mapping[Path, Sequence[Path]]) -> dict[Path, list[Path]]:
    """The edges without rules that read none that is left, again and again."""
    left = {rule: list(to) for rule, to in edges.items()}
    readers: dict[Path, list[Path]] = {}
    for rule, to in left.items():
        for other in to:
            readers.setdefault(other, []).append(rule)
    ends = [rule for rule, to in left.items() if not to]
    while ends:
        ended = ends.pop()
        del left[ended]
        for rule in readers.get(ended, ()):
            left[rule].remove(ended)
            if not left[rule]:
                ends.append(rule)
    return left


def _reached(edges: Mapping[Path, Sequence[Path]], start: Path) -> set[Path]:
    reached: set[Path] = set()
    waiting = list(edges[start])
    while waiting:
        rule = waiting.pop()
        if rule not in reached:
            reached.add(rule)
            waiting.extend(edges[rule])
    return reached


_ADVICE: Mapping[str, str] = {
    "json.filter": "an object comprehension over the keys that are kept",
    "json.remove": "an object comprehension over the keys that are kept",
    "regex.is_valid": "a pattern that is written in the rule",
    "time.now_ns": "`time.parse_rfc3339_ns(input.now)`",
    "walk": "a statement of its own: `walk(x, [path, value])`",
}


def advice(name: str) -> str | None:
    """The equal form of a refused builtin."""
    return _ADVICE.get(name)
