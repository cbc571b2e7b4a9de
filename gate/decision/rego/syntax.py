"""What the gate needs to know of a module: its package, the heads it reads, and what it asks for.

`of_tree` takes it from regorus' syntax tree, exactly; `of_scan` from a light look, for the
modules of the wheel, which the tests hold to be the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gate.decision.rego.scan import NAMES, Head, HeadKind, Scan

REFUSED: Mapping[str, tuple[int, str]] = {
    "http.send": (1, "reaches out of the gate"),
    "json.match_schema": (2, "reads files and addresses that a schema names"),
    "json.verify_schema": (1, "reads files and addresses that a schema names"),
    "net.lookup_ip_addr": (1, "reaches out of the gate"),
    "opa.runtime": (0, "reaches out of the gate"),
    "rand.intn": (2, "is not the same twice"),
    "time.now_ns": (0, "is not the same twice (input.now is)"),
    "uuid.rfc4122": (1, "is not the same twice"),
}
"""Builtins that no rule may use: how many arguments they take, and why."""

CONFTEST_ONLY = ("parse_config", "parse_config_file", "parse_combined_config_files")
"""Builtins that conftest adds to OPA's."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference that starts with a fixed name; `parts` ends before the first variable part."""

    parts: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Syntax:
    """`defined` names the rules and functions of the module; `data` what it reads of other
    packages; `refused` the uses of builtins in REFUSED; `named` the heads of all its
    rules and functions; `conftest` the uses of builtins in CONFTEST_ONLY; `v0` that it is Rego of
    before OPA 1.0. All from `defined` on are empty in `of_scan`."""

    package: tuple[str, ...]
    line: int
    heads: tuple[Head, ...]
    defined: tuple[str, ...] = ()
    data: tuple[Reference, ...] = ()
    refused: tuple[Reference, ...] = ()
    named: tuple[Head, ...] = ()
    conftest: tuple[Reference, ...] = ()
    v0: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Syntax:
        return cls(
            package=tuple(value["package"]),
            line=value["line"],
            heads=tuple(Head(**head) for head in value["heads"]),
            defined=tuple(value["defined"]),
            data=tuple(Reference(tuple(each["parts"]), each["line"]) for each in value["data"]),
            refused=tuple(
                Reference(tuple(each["parts"]), each["line"]) for each in value["refused"]
            ),
            named=tuple(Head(**head) for head in value["named"]),
            conftest=tuple(
                Reference(tuple(each["parts"]), each["line"]) for each in value["conftest"]
            ),
            v0=value["v0"],
        )


def of_scan(scanned: Scan) -> Syntax | None:
    """None where no package is found."""
    if scanned.package is None:
        return None
    return Syntax(scanned.package, scanned.package_row, scanned.heads)


def of_tree(tree: Mapping[str, Any], *, v0: bool = False) -> Syntax:
    """Reads one module of `Engine.get_ast_as_json`: its `ast`."""
    package = _reference(tree["package"]["refr"])
    rules = [_rule(rule) for rule in tree["rules"]]
    references = list(_references([tree["imports"], tree["rules"]]))
    defined = {head.name for head in rules}
    return Syntax(
        package=package.parts,
        line=tree["package"]["span"]["line"],
        heads=tuple(head for head in rules if head.name in NAMES),
        defined=tuple(sorted(defined)),
        data=tuple(found for found in references if found.parts[0] == "data"),
        refused=tuple(found for found in references if ".".join(found.parts[:2]) in REFUSED),
        named=tuple(rules),
        conftest=tuple(
            found
            for found in references
            if found.parts[0] in CONFTEST_ONLY and found.parts[0] not in defined
        ),
        v0=v0,
    )


def _rule(node: Mapping[str, Any]) -> Head:
    if default := node.get("Default"):
        kind: HeadKind = "function" if default["args"] else "default"
        return _head(default["refr"], kind)
    ((form, head),) = node["Spec"]["head"].items()
    kinds: dict[str, HeadKind] = {"Set": "set", "Compr": "value", "Func": "function"}
    return _head(head["refr"], kinds.get(form, "other"))


def _head(reference: Mapping[str, Any], kind: HeadKind) -> Head:
    found = _reference(reference)
    plain = "Var" in reference
    return Head(found.parts[0], kind if plain else "other", found.line)


def _reference(node: Mapping[str, Any]) -> Reference:
    """The fixed start of a chain of `.name` and `["name"]`; `parts` is empty where it does not
    start with a name."""
    backwards: list[str | None] = []
    while True:
        ((form, inner),) = node.items()
        if form == "Var":
            backwards.append(inner["value"])
            break
        if form == "RefDot":
            backwards.append(inner["field"][1])
        elif form == "RefBrack":
            text = inner["index"].get("String") or inner["index"].get("RawString")
            backwards.append(text["value"] if text else None)
        else:
            return Reference((), inner["span"]["line"])
        node = inner["refr"]
    parts = list(reversed(backwards))
    fixed = parts[: parts.index(None)] if None in parts else parts
    return Reference(tuple(part for part in fixed if part is not None), inner["span"]["line"])


def _references(root: Any) -> Iterator[Reference]:
    """All references in a part of the tree that start with a name, the longest of each chain."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            waiting.extend(_below(node))
            if len(node) == 1 and next(iter(node)) in ("Var", "RefDot", "RefBrack"):
                found = _reference(node)
                if found.parts:
                    yield found


def _below(node: dict[str, Any]) -> Iterator[Any]:
    """What hangs below a node; of a chain only its variable parts and where it starts."""
    form = next(iter(node), None)
    if len(node) != 1 or form not in ("RefDot", "RefBrack"):
        yield from node.values()
        return
    while form in ("RefDot", "RefBrack"):
        inner = node[form]
        yield inner.get("index")
        node = inner["refr"]
        form = next(iter(node), None)
    if form != "Var":
        yield node
