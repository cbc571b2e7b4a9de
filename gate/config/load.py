"""Loads `.gate.yaml` and the waivers from a tree: the trusted ref's, or a folder's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, takewhile
from typing import Any

from gate import schemas
from gate.config import CONFIG_NAMES, WAIVERS_NAME
from gate.config.waivers import waivers
from gate.errors import ConfigError, did_you_mean
from gate.model.change import Tree, Unread, content_at
from gate.model.config import Config, Conftest, ManifestConfig, RuleConfig, ServiceConfig, Waiver
from gate.strict_yaml.check import Schema, Wrong, check, shown
from gate.strict_yaml.nodes import Node, plain

POLICY_WORDS = ("builtin", "server")
BUNDLE_DIGEST = "#sha256="
MAX_REPORTED = 5
_WILDCARDS = frozenset("*?[{")


def load(tree: Tree, *, path: str | None = None) -> Config | None:
    """The config of a tree, with its waivers, every default filled in; None where it has none.

    `path` names another file than `.gate.yaml`; then it must be there. Raises ConfigError.
    """
    if path is not None:
        data = _contents(tree, path)
        if data is None:
            raise ConfigError(
                f"There is no file `{path}` in {tree.label}.",
                advice="Name a file that is there, with its path from the repository's root.",
                path=path,
            )
        return read(data, path, tree)
    found = [name for name in CONFIG_NAMES if tree.find(name) is not None]
    if len(found) > 1:
        raise ConfigError(
            f"There are both `{found[0]}` and `{found[1]}` in {tree.label}.",
            advice="Keep one of them.",
            path=found[1],
        )
    data = _contents(tree, found[0]) if found else None
    return None if data is None else read(data, found[0], tree)


def load_defaults(tree: Tree | None = None) -> Config:
    """The config that judges where there is none. With a tree, its `.gate/waivers.yaml` holds."""
    path, exceptions = _read_waivers(None, tree) if tree is not None else (None, ())
    return Config(waivers_path=path, waivers=exceptions)


def read(data: bytes, path: str, tree: Tree) -> Config:
    """The config in a file's bytes; what it names is read from the tree. Raises ConfigError."""
    document = _document(data, path, schemas.load("config"))
    values = plain(document) or {}
    _refuse_ambiguous(document, path)
    _refuse_unkept_records(values, document, path)
    _refuse_unknown_environments(values, document, path)
    waivers_path, exceptions = _read_waivers(values.get("waivers"), tree)
    return Config(
        path=path,
        mode=values.get("mode", "enforce"),
        engine=values.get("engine", "auto"),
        policies=_policies(values.get("policies", ["builtin"])),
        require=tuple(values.get("require", ())),
        manifests=_manifests(values.get("manifests", {})),
        environments={
            name: tuple(each.get("paths", ()))
            for name, each in values.get("environments", {}).items()
        },
        services={name: _service(each) for name, each in values.get("services", {}).items()},
        bots=tuple(values.get("bots", ())),
        rules=_rules(values.get("rules", {}), document),
        on_unavailable=values.get("on_unavailable"),
        evidence=values.get("evidence", {}),
        waivers_path=waivers_path,
        waivers=exceptions,
    )


def gate_paths(config: Config) -> tuple[str, ...]:
    """The gate's own files and folders that a config names, and those read by their name.

    Paths from the repository's root, sorted; `""` is the whole repository. Of a pattern, the
    folder that it starts in.
    """
    paths = set(CONFIG_NAMES) if config.path in (None, *CONFIG_NAMES) else {str(config.path)}
    for policy in config.policies:
        if isinstance(policy, Conftest):
            paths |= {policy.path, *policy.data}
        elif policy not in POLICY_WORDS and "://" not in policy:
            paths.add(policy.partition(BUNDLE_DIGEST)[0])
    paths.add(config.waivers_path or WAIVERS_NAME)
    for sources in config.evidence.values():
        for source in sources:
            paths |= set(_source_paths(source))
    return tuple(sorted(paths))


def touched(config: Config, paths: Iterable[str]) -> tuple[str, ...]:
    """Those of the paths that are the gate's own (`gate_paths`), in their order."""
    own = gate_paths(config)
    return tuple(path for path in paths if any(_inside(path, each) for each in own))


def _inside(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _contents(tree: Tree, path: str) -> bytes | None:
    data = content_at(tree, path)
    if isinstance(data, Unread):
        raise ConfigError(
            f"`{path}` in {tree.label} cannot be read: {data.reason}.",
            advice="Put a small text file there.",
            path=path,
        )
    return data


def _document(data: bytes, path: str, schema: Schema, root: Schema | None = None) -> Node:
    from gate.strict_yaml.parse import parse

    document = parse(data, path)
    if document.value is not None:
        problems = list(islice(check(document, schema, root or schema), MAX_REPORTED))
        if problems:
            raise _refusal(problems, path)
    return document


def _refusal(problems: Sequence[Wrong], path: str) -> ConfigError:
    first, *others = sorted(problems, key=lambda wrong: wrong.mark)
    message = first.message[0].upper() + first.message[1:]
    also = " ".join(f"Line {wrong.mark.line}: {wrong.message}" for wrong in others)
    return ConfigError(
        message,
        advice=f"More is wrong. {also}" if also else None,
        path=path,
        line=first.mark.line,
        column=first.mark.column,
    )


def _read_waivers(path: str | None, tree: Tree) -> tuple[str | None, tuple[Waiver, ...]]:
    name = path or WAIVERS_NAME
    data = _contents(tree, name)
    if data is None and path is None:
        return None, ()
    if data is None:
        raise ConfigError(
            f"The config names the waivers file `{path}`, and {tree.label} has none.",
            advice="Add the file, or remove the key `waivers`.",
            path=path,
        )
    root = schemas.load("config")
    document = _document(data, name, root["$defs"]["waivers_file"], root)
    return name, waivers(document, name)


def _refuse_ambiguous(document: Node, path: str) -> None:
    """Settings are free, so no type tells what `yes` or `014` means in them."""
    for node in _free(document):
        if not node.ambiguous:
            continue
        raise ConfigError(
            f"The value {shown(str(node.value))} is text to some YAML readers, and not to others.",
            advice="Write `true`, `false` or a plain number, or quote it.",
            path=path,
            line=node.mark.line,
            column=node.mark.column,
        )


def _free(document: Node) -> Iterator[Node]:
    """The values whose type the schema leaves open."""
    for rule in _children(_member(document, "rules")):
        yield from _below(_member(rule, "settings"))
    yield from _below(_member(document, "evidence"))


def _member(node: Node, key: str) -> Node | None:
    return node.value.get(key) if isinstance(node.value, dict) else None


def _children(node: Node | None) -> Iterable[Node]:
    if node is not None and isinstance(node.value, dict):
        return node.value.values()
    return node.value if node is not None and isinstance(node.value, list) else ()


def _below(node: Node | None) -> Iterator[Node]:
    for child in _children(node):
        yield child
        yield from _below(child)


def _refuse_unkept_records(values: Mapping[str, Any], document: Node, path: str) -> None:
    """A promise that this version cannot keep is not accepted in silence."""
    if values.get("records", {}).get("required"):
        raise ConfigError(
            "`records.required` is true, and this version keeps no records.",
            advice="Set it to false.",
            path=path,
            line=document.keys["records"].line,
        )


def _refuse_unknown_environments(values: Mapping[str, Any], document: Node, path: str) -> None:
    """A source for an environment that is none is never asked, which looks like calm."""
    known = values.get("environments", {})
    for kind in _children(_member(document, "evidence")):
        for settings in (each for source in _children(kind) for each in _children(source)):
            for node in _children(_member(settings, "environments")):
                name = str(node.value)
                if name not in known:
                    raise ConfigError(
                        f"The config names no environment {shown(name)}{did_you_mean(name, known)}",
                        advice="Name it under the key `environments` at the top, or mend it here.",
                        path=path,
                        line=node.mark.line,
                        column=node.mark.column,
                    )


def _policies(entries: Sequence[Any]) -> tuple[str | Conftest, ...]:
    return tuple(
        _conftest(entry) if isinstance(entry, dict) else entry.rstrip("/") for entry in entries
    )


def _conftest(values: Mapping[str, Any]) -> Conftest:
    namespaces = values.get("namespaces", ("main",))
    return Conftest(
        path=values["conftest"].rstrip("/"),
        namespaces=() if namespaces == "all" else tuple(namespaces),
        data=tuple(path.rstrip("/") for path in values.get("data", ())),
        combine=values.get("combine", False),
    )


def _manifests(values: Mapping[str, Any]) -> ManifestConfig:
    return ManifestConfig(
        include=tuple(values.get("include", ())),
        exclude=tuple(values.get("exclude", ())),
        unreadable=values.get("unreadable", "undecided"),
        unrendered=values.get("unrendered", "list"),
    )


def _service(values: Mapping[str, Any]) -> ServiceConfig:
    return ServiceConfig(
        paths=tuple(values.get("paths", ())),
        tier=int(values["tier"]) if "tier" in values else None,
        owners=tuple(values.get("owners", ())),
        depends_on=tuple(values.get("depends_on", ())),
        runbook=values.get("runbook"),
    )


def _rules(values: Mapping[str, Any], document: Node) -> dict[str, RuleConfig]:
    rules = _member(document, "rules")
    marks = rules.keys if rules is not None else {}
    return {rule: _rule(value, marks[rule].line) for rule, value in values.items()}


def _rule(value: Any, line: int) -> RuleConfig:
    fields = value if isinstance(value, dict) else {"level": value}
    level = fields.get("level")
    return RuleConfig(
        level="off" if level is False else level,
        on_unavailable=fields.get("on_unavailable"),
        settings=fields.get("settings", {}),
        line=line,
    )


def _source_paths(source: Mapping[str, Any]) -> Iterator[str]:
    """The files of the repository that a source reads, as far as the config names them."""
    for settings in source.values():
        if isinstance(settings, str):
            named: list[Any] = [settings]
        else:
            named = [settings.get(key) for key in ("path", "projects", "specs")]
        for each in named:
            for path in each if isinstance(each, list) else [each]:
                if isinstance(path, str) and "://" not in path and not path.startswith("!"):
                    yield _literal(path)


def _literal(pattern: str) -> str:
    """The path before the first part with a wildcard or a variable."""
    parts = pattern.rstrip("/").split("/")
    return "/".join(takewhile(lambda part: not (_WILDCARDS | {"$"}) & set(part), parts))
