"""Policies that are written for conftest, judged unchanged.

What conftest 0.71 does was read in its source (`policy/engine.go`, `runner/test.go`,
`output/result.go`) and is kept: which rules of a package are asked, how their answers and the
`exception` rule are read, how data files are merged. For each rule that is asked a module is
generated that asks it with each changed object as the input. The rest of gate takes that module for
a rule like any other.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gate.decision.bundle import Loaded, refused_uses, small
from gate.decision.limits import Limits
from gate.decision.rego import metadata
from gate.decision.rego.scan import Head, scan
from gate.decision.rego.syntax import Syntax
from gate.decision.sources import read as sources
from gate.decision.sources.documents import document, merged
from gate.errors import PolicyError, did_you_mean
from gate.model.change import MODE_EXECUTABLE, MODE_FILE, Entry, Tree, Unread
from gate.model.config import Conftest
from gate.model.policy import Module, PolicyFiles, Rule

DATA_SUFFIXES = (".json", ".yaml", ".yml")
_RESERVED = ("gate", "gate_entry", "system")
_WARNS = re.compile(r"warn(_[a-zA-Z0-9]+)*")
_DENIES = re.compile(r"(deny|violation)(_[a-zA-Z0-9]+)*")
_PREFIXES = ("violation_", "deny_", "warn_")
_WILDCARDS = frozenset("*?[")

Key = tuple[str, str]
"""A namespace and the name of a rule in it."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rule that is asked, with its first definition; `combine`: with all objects at once."""

    key: Key
    loaded: Loaded
    head: Head
    combine: bool

    @property
    def id(self) -> str:
        return ".".join(self.key)


def read(source: Conftest, tree: Tree) -> PolicyFiles:
    """The Rego of a source's folder and its data files. Raises PolicyError for a folder without
    policies, and for data that cannot be read or merged."""
    texts = dict(sources.folder(source.path, tree))
    return PolicyFiles(texts, data=data(source.data, tree), conftest=source)


def data(paths: Iterable[str], tree: Tree) -> dict[str, Any]:
    """The data files of folders as one document, as OPA's loader makes it.

    The folders below a path are names in the document, the files are not: what they hold is
    merged. Two files may not say something of the same name. Raises PolicyError.
    """
    found: dict[str, Any] = {}
    for path in paths:
        below = {entry.path: (names, entry) for names, entry in _data_files(path, tree)}
        for entry, content in tree.read([entry for _, entry in below.values()]):
            found = _with_file(found, below[entry.path][0], entry.path, content)
    return found


def modules(
    given: Iterable[PolicyFiles], limits: Limits
) -> tuple[Sequence[Loaded], Sequence[Rule]]:
    """The modules of all sources, as one folder, with those that ask them, and their rules.

    Raises PolicyError with path and line for what does not parse, what no policy may do, and for
    a namespace in which there is no rule.
    """
    files = [each for each in given if each.conftest is not None and each.texts]
    if not files:
        return (), ()
    loaded = _parsed(files, limits)
    for each in loaded:
        _check(each)
    asked = _asked(files, loaded)
    tells_file = any(
        reference.parts[:2] == ("data", "conftest")
        for each in loaded
        for reference in each.syntax.data
    )
    generated = [_generated(each, tells_file=tells_file) for each in asked]
    return [*loaded, *generated], [_rule(each) for each in asked]


def _data_files(path: str, tree: Tree) -> Iterator[tuple[tuple[str, ...], Entry]]:
    """The data files at or below a path, each with the names of the folders between."""
    folder = sources.within(path)
    single = tree.find(folder) if folder else None
    if single is not None:
        yield (), _plain_file(single)
        return
    below = [each for each in tree.below(folder) if each.path.endswith(DATA_SUFFIXES)]
    if not below:
        raise PolicyError(
            f"There are no data files in {path}.",
            advice="Data files end in .json, .yaml or .yml.",
            path=path,
        )
    for entry in sorted(below, key=lambda each: each.path):
        inner = posixpath.relpath(entry.path, folder or ".")
        yield tuple(inner.split("/")[:-1]), _plain_file(entry)


def _plain_file(entry: Entry) -> Entry:
    if entry.mode not in (MODE_FILE, MODE_EXECUTABLE):
        raise PolicyError("Data must be a file, not a link.", path=entry.path)
    return entry


def _with_file(
    found: Mapping[str, Any], below: tuple[str, ...], path: str, content: bytes | Unread
) -> dict[str, Any]:
    if isinstance(content, Unread):
        raise PolicyError(f"The data file cannot be read: {content.reason}.", path=path)
    value = document(path, content)
    for name in reversed(below):
        value = {name: value}
    if not isinstance(value, dict):
        raise PolicyError(
            "A data file must hold an object: its keys are names below `data`.", path=path
        )
    try:
        return merged([found, value])
    except ValueError as error:
        raise PolicyError(
            f"This data file and another one say something of {error}.",
            advice="Rename one of the keys, or put a file into a folder of its own.",
            path=path,
        ) from error


def _parsed(files: Sequence[PolicyFiles], limits: Limits) -> list[Loaded]:
    from gate.decision.engines import confined

    texts: dict[str, str] = {}
    for each in files:
        for path, text in each.texts.items():
            if texts.setdefault(path, text) != text:
                raise PolicyError("Two policies have this path.", path=path)
    paths = sorted(texts)
    scans = {path: small(path, texts[path], limits) for path in paths}
    parsed = confined.parse([(path, texts[path]) for path in paths], limits, older=True)
    return [
        Loaded(Module(path, texts[path], "repository", v0=syntax.v0), scans[path], syntax)
        for path, syntax in zip(paths, parsed, strict=True)
    ]


def _namespace(loaded: Loaded) -> str:
    """The package as conftest names it: `main`, `a.b`, `a["b.c"]`."""
    first, *others = loaded.syntax.package
    return first + "".join(f".{each}" if _is_name(each) else f'["{each}"]' for each in others)


def _check(loaded: Loaded) -> None:
    """Refuses what a policy may not be or do."""
    syntax, path = loaded.syntax, loaded.path
    if syntax.package[0] == "gate":
        raise PolicyError(
            f"The package {_namespace(loaded)} is a rule of gate, not one for conftest.",
            advice="Name its folder with `--policy`, or as a plain entry of `policies`.",
            path=path,
            line=syntax.line,
        )
    if syntax.package[0] in _RESERVED:
        raise PolicyError(
            f"The package name {syntax.package[0]} is taken.",
            advice="Give the package another name.",
            path=path,
            line=syntax.line,
        )
    for fault in refused_uses(path, syntax):
        raise fault
    for reference in syntax.data:
        if reference.parts[1:2] in (("gate_entry",), ("system",)):
            raise PolicyError(
                f"data.{reference.parts[1]} is not for policies: each engine has another one.",
                advice="Policies read `input` and data files.",
                path=path,
                line=reference.line,
            )
    for use in syntax.conftest:
        raise PolicyError(
            f"{use.parts[0]} reads files while it judges, and only conftest has it.",
            advice="Give the files as data (`--data`, or `data` in the config).",
            path=path,
            line=use.line,
        )
    for head in syntax.named:
        if is_rule(head.name) and head.kind in ("other", "function"):
            what = "a function" if head.kind == "function" else "neither a set nor a list"
            raise PolicyError(
                f"`{head.name}` is {what}, and conftest asks what has this name for findings.",
                advice=f"Write `{head.name} contains msg if {{ ... }}`.",
                path=path,
                line=head.line,
            )


def is_rule(name: str) -> bool:
    """Whether conftest asks a rule of this name."""
    return bool(_WARNS.fullmatch(name) or _DENIES.fullmatch(name))


def exception_name(name: str) -> str:
    """What `exception` calls a rule: empty for the plain ones, else without what is before it."""
    if name in ("violation", "deny", "warn"):
        return ""
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name


def _asked(files: Sequence[PolicyFiles], loaded: Sequence[Loaded]) -> list[_Asked]:
    """The rules of all namespaces that are asked for."""
    rules = dict(_definitions(loaded))
    known = {namespace for namespace, _ in rules}
    wanted: dict[str, Conftest] = {}
    for each in files:
        source = each.conftest
        assert source is not None
        own = {_namespace(one) for one in loaded if one.path in each.texts} & known
        for namespace in _namespaces(source, own, known):
            if wanted.setdefault(namespace, source).combine != source.combine:
                raise PolicyError(
                    f"The namespace {namespace} is asked both with all objects at once and with "
                    "each by itself.",
                    advice="Set `combine` for all folders of this namespace, or for none.",
                    path=source.path,
                )
    for namespace in wanted:
        _check_name(namespace, rules)
    return [
        _Asked(key, one, head, wanted[key[0]].combine)
        for key, (one, head) in sorted(rules.items())
        if key[0] in wanted
    ]


def _definitions(loaded: Iterable[Loaded]) -> Iterator[tuple[Key, tuple[Loaded, Head]]]:
    """The rules that conftest asks, each with its first definition."""
    seen: set[Key] = set()
    for each in loaded:
        for head in each.syntax.named:
            key = (_namespace(each), head.name)
            if is_rule(head.name) and key not in seen:
                seen.add(key)
                yield key, (each, head)


def _namespaces(source: Conftest, own: set[str], known: set[str]) -> list[str]:
    """The namespaces with rules that a source asks for. `own` are those in its folder, `known`
    those in any."""
    if not source.namespaces:
        if not known:
            raise _without_rules(source, "in any namespace")
        return sorted(known)
    found: list[str] = []
    for name in source.namespaces:
        here = [each for each in sorted(known) if _matches(name, each)]
        if not here:
            raise _without_rules(source, f"in the namespace {name}", name, known)
        found += here
    if own and not own & set(found):
        names = ", ".join(source.namespaces)
        raise _without_rules(source, f"in the namespace {names}", names, own)
    return found


def _without_rules(
    source: Conftest, where: str, name: str = "", known: Collection[str] = ()
) -> PolicyError:
    hint = did_you_mean(name, known) if name else "."
    advice = "A rule is `deny`, `violation` or `warn`, also with a suffix: `deny_latest`."
    if known:
        there = ", ".join(sorted(known))
        advice = f"Namespaces with rules: {there}. Name one with `--namespace`, or take all of them"
        advice += " with `--all-namespaces`."
    return PolicyError(
        f"The folder {source.path} has no rule {where}{hint}", advice=advice, path=source.path
    )


def _matches(pattern: str, namespace: str) -> bool:
    """conftest's wildcards: `*`, `?` and `[...]`; a dot is a character like any other."""
    if not _WILDCARDS & set(pattern):
        return pattern == namespace
    import fnmatch

    return fnmatch.fnmatchcase(namespace, pattern.replace("[^", "[!"))


def _check_name(namespace: str, rules: Mapping[Key, tuple[Loaded, Head]]) -> None:
    loaded = next(one for (known, _), (one, _) in rules.items() if known == namespace)
    odd = next((each for each in loaded.syntax.package if not _is_name(each)), None)
    if odd is None:
        return
    raise PolicyError(
        f"`{odd}` cannot be part of a rule's name: use letters, digits and _.",
        advice="Rename the package.",
        path=loaded.path,
        line=loaded.syntax.line,
    )


def _is_name(part: str) -> bool:
    return part.isidentifier() and part.isascii()


def _rule(asked: _Asked) -> Rule:
    namespace, name = asked.key
    told = _told(asked)
    custom = told.get("custom")
    remediation = custom.get("remediation") if isinstance(custom, dict) else None
    path = asked.loaded.path
    warns = _WARNS.fullmatch(name) is not None
    return Rule(
        id=asked.id,
        title=_text(told.get("title")) or f"What `{name}` of {namespace} finds",
        description=_text(told.get("description"))
        or f"A policy that is written for conftest, in {path}.",
        path=path,
        line=asked.head.line,
        origin="repository",
        level="warn" if warns else "deny",
        remediation=_text(remediation) or "",
        sets=("deny",),
    )


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _told(asked: _Asked) -> Mapping[str, Any]:
    """The METADATA above the rule's first definition; empty where there is none that is read."""
    scanned = asked.loaded.scanned
    before = max(
        (head.line for head in asked.loaded.syntax.named if head.line < asked.head.line),
        default=scanned.package_row,
    )
    for block in metadata.blocks(scanned.comments):
        if before < block.row < asked.head.line:
            with suppress(PolicyError):
                return metadata.values(asked.loaded.path, block)
    return {}


def _generated(asked: _Asked, *, tells_file: bool) -> Loaded:
    """The module that asks a rule for gate, and gives the answer as findings."""
    package = ("gate", *asked.id.split("."))
    text = _text_of(asked, tells_file=tells_file)
    module = Module(f"conftest:{asked.id}.rego", text, "generated", asked.id)
    syntax = Syntax(package, 1, (Head("deny", "set", 1),), defined=("deny",))
    return Loaded(module, scan(text), syntax)


def _text_of(asked: _Asked, *, tells_file: bool) -> str:
    namespace, name = asked.key
    template = _TOGETHER if asked.combine else _EACH
    return template.format(
        id=asked.id,
        rule=f"data.{asked.id}",
        exceptions=f"data.{namespace}.exception",
        name=exception_name(name),
        file=(_FILE_OF_ALL if asked.combine else _FILE_OF_EACH) if tells_file else "",
        beside=_WITH_FILE if tells_file else "",
        findings=_FINDINGS.format(rule=f"data.{asked.id}"),
    )


_EACH = """\
package gate.{id}

deny contains finding if {{
	some resource in input.resources
	resource.new != null
	not _left_out(resource){file}
	answer := {rule} with input as resource.new{beside}
	exceptions := [1 | {exceptions}[_][_] == "{name}" with input as resource.new{beside}]
	some found in _findings(answer, count(exceptions) > 0)
	finding := object.union({{"resource": resource.id}}, found)
}}
{findings}"""

_TOGETHER = """\
package gate.{id}

deny contains finding if {{
	everything := [{{"path": resource.path, "contents": resource.new}} |
		some place in sort(_places)
		resource := input.resources[place[1]]
	]
	count(everything) > 0{file}
	answer := {rule} with input as everything{beside}
	exceptions := [1 | {exceptions}[_][_] == "{name}" with input as everything{beside}]
	some finding in _findings(answer, count(exceptions) > 0)
}}

_places contains [resource.path, index] if {{
	some index, resource in input.resources
	resource.new != null
	not _left_out(resource)
}}
{findings}"""

_FINDINGS = """
# The config, waivers and evidence of gate are no manifests.
_left_out(resource) if {{
	resource.group == "file"
	resource.path in input.change.gate_paths
}}

# A patch within a kustomization is text to conftest; the kustomization itself is judged.
_left_out(resource) if {{
	resource.patch
	steps := split(resource.path, "/")
	steps[count(steps) - 1] in {{"kustomization.yaml", "kustomization.yml", "Kustomization"}}
}}

_findings(answer, excepted) := [finding |
	some found in answer
	finding := _finding(found, excepted)
] if {{
	type_name(answer) in {{"array", "set"}}
}}

_findings(answer, _) := [{{"conftest": {{"wrong": message}}}}] if {{
	not type_name(answer) in {{"array", "set"}}
	message := sprintf("{rule} is of the type %s, and no set.", [type_name(answer)])
}}

_finding(found, excepted) := {{
	"message": found,
	"conftest": {{"excepted": excepted}},
}} if {{
	is_string(found)
}}

_finding(found, excepted) := {{
	"message": found.msg,
	"conftest": {{"excepted": excepted, "metadata": object.remove(found, ["msg"])}},
}} if {{
	is_object(found)
	is_string(found.msg)
}}

_finding(found, _) := {{"conftest": {{"wrong": message}}}} if {{
	not _has_message(found)
	message := sprintf("a value of the type %s without a text `msg`.", [type_name(found)])
}}

_has_message(found) if is_string(found)

_has_message(found) if {{
	is_object(found)
	is_string(found.msg)
}}
"""

_WITH_FILE = " with data.conftest.file as file"

_FILE_OF_EACH = """
	names := split(resource.path, "/")
	last := count(names) - 1
	folder := concat("", ["/", concat("/", array.slice(names, 0, last))])
	file := {"name": names[last], "dir": folder}"""

_FILE_OF_ALL = """
	file := {"name": "Combined", "dir": "/"}"""
