"""By what is judged: a config, the rules it names, and what the one makes of the other.

Trust step 1: config, policies and waivers come from the trusted tree. A path of the command line
that lies in the repository is read from there too; any other path is the operator's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gate.change.folder import FolderTree, top_above
from gate.change.interface import Source
from gate.change.tree import CommitTree
from gate.config import load as configs
from gate.decision import bundle as bundles
from gate.decision.rules import effective
from gate.decision.sources import read as sources
from gate.errors import UsageError
from gate.model.change import Tree
from gate.model.config import Config, Conftest, Level, OnUnavailable
from gate.model.policy import Bundle, PolicyFiles


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says of the rules: config and policies as paths, or as they stand in a
    config. None and empty: as the trusted config says."""

    config: str | None = None
    policies: tuple[str | Conftest, ...] = ()
    engine: str | None = None
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Rulebook:
    """`judged_by` says for people which config it is."""

    config: Config
    bundle: Bundle
    levels: Mapping[str, Level]
    settings: Mapping[str, Mapping[str, Any]]
    on_unavailable: Mapping[str, OnUnavailable]
    judged_by: str

    @property
    def evidence_needed(self) -> set[str]:
        """The kinds that some rule, or the config, requires."""
        asked = {
            kind
            for rule in self.bundle.rules.values()
            if self.levels[rule.id] != "off"
            for kind in rule.requires
        }
        return asked | set(self.config.require)


def of_source(source: Source, tree: Tree, asked: Asked) -> Rulebook:
    """The rulebook of one of a change's trees."""
    return _rulebook(tree, source.top, asked, source.change.event)


def of_folder(folder: Path, asked: Asked) -> Rulebook:
    """The rulebook of the files on disk in or above a folder."""
    top = top_above(folder).absolute()
    return _rulebook(FolderTree(top, "the working tree"), top, asked)


def to_serve(folder: Path, asked: Asked) -> Bundle:
    """What an OPA server is given to judge by the files on disk: all rules but its own."""
    top = top_above(folder).absolute()
    tree = FolderTree(top, "the working tree")
    config, _ = config_of(tree, top, asked.config)
    wanted = [each for each in asked.policies or config.policies if each != sources.SERVER]
    return _bundle(replace(config, policies=tuple(wanted)), tree, top, asked)


def _rulebook(tree: Tree, top: Path | None, asked: Asked, event: str | None = None) -> Rulebook:
    config, judged_by = config_of(tree, top, asked.config)
    _refuse_unnamed_server(config, tree, asked)
    if asked.policies:
        config = replace(config, policies=tuple(asked.policies))
    bundle = _bundle(config, tree, top, asked)
    if asked.policies:
        # The config speaks of its own policies' rules too, which take no part.
        known = {name: told for name, told in config.rules.items() if name in bundle.rules}
        config = replace(config, rules=known)
    levels, settings, on_unavailable = effective(bundle, config, event)
    return Rulebook(config, bundle, levels, settings, on_unavailable, judged_by)


def _refuse_unnamed_server(config: Config, tree: Tree, asked: Asked) -> None:
    """A token goes to a server that the caller or a commit of the target branch names: the config
    of a working tree may be the change's own."""
    unnamed = asked.engine is None and not asked.offline and not isinstance(tree, CommitTree)
    if unnamed and "://" in config.engine and os.environ.get("GATE_ENGINE_TOKEN"):
        raise UsageError(
            f"The config of {tree.label} names an OPA server, and GATE_ENGINE_TOKEN is set: a "
            "token is not sent where only a working tree says so.",
            advice="Name the server yourself: `--engine URL`, or GATE_ENGINE.",
            path=config.path,
        )


def _bundle(config: Config, tree: Tree, top: Path | None, asked: Asked) -> Bundle:
    engine = asked.engine or config.engine
    given: list[PolicyFiles] = []
    for policy in config.policies:
        where, name = _place_of(policy, tree, top) if asked.policies else (tree, policy)
        given += sources.read([name], where, engine=engine, offline=asked.offline)
        if asked.policies and isinstance(policy, Conftest):
            given += _data_of(policy, tree, top)
    return bundles.load(sources.BUILTIN in config.policies, sources.once(given))


def _place_of(policy: str | Conftest, tree: Tree, top: Path | None) -> tuple[Tree, str | Conftest]:
    """Where a policy of the command line is read from."""
    if isinstance(policy, Conftest):
        where, name = _place(tree, top, policy.path)
        return where, replace(policy, path=name, data=())
    if policy in sources.WORDS or "://" in policy:
        return tree, policy
    path, *digest = policy.partition(sources.PIN)
    where, name = _place(tree, top, path)
    return where, "".join((name, *digest))


def _data_of(policy: Conftest, tree: Tree, top: Path | None) -> Iterator[PolicyFiles]:
    """The data of the command line, each folder from its own place."""
    from gate.decision.sources import conftest

    for path in policy.data:
        where, name = _place(tree, top, path)
        yield PolicyFiles({}, data=conftest.data([name], where))


def config_of(tree: Tree, top: Path | None, path: str | None) -> tuple[Config, str]:
    """The config that judges in a tree, or that of `path`, and what people call it."""
    if path is not None:
        where, name = _place(tree, top, path)
        found = configs.load(where, path=name)
        assert found is not None
        return found, f"{path} of {tree.label}" if where is tree else path
    found = configs.load(tree)
    if found is not None:
        return found, f"{found.path} of {tree.label}"
    return configs.load_defaults(tree), f"the built-in defaults ({tree.label} has no .gate.yaml)"


def _place(tree: Tree, top: Path | None, path: str) -> tuple[Tree, str]:
    """The tree that a path of the command line is read from, and its path there."""
    full = Path(os.path.abspath(path))  # noqa: PTH100 - follows no link
    inside = None if top is None else _inside(top.resolve(), full)
    if inside is not None:
        return tree, inside
    if full.is_symlink() and full.exists():
        return _place(tree, top, str(full.parent / full.readlink()))
    return FolderTree(full.parent), full.name


def _inside(top: Path, full: Path) -> str | None:
    """The path within the repository. Links in it are not followed: those on disk are the head's,
    which must not choose what is read in their place."""
    for folder in reversed(full.parents):
        here = folder.resolve()
        if here.is_relative_to(top):
            return (here.relative_to(top) / full.relative_to(folder)).as_posix()
    return "." if full.resolve() == top else None
