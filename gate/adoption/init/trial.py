"""Tries a proposal before anybody sees it: the config must load, and its sources must answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from gate.adoption.init.sources import Source
from gate.config import load
from gate.evidence.gather import gather
from gate.manifests.services import Scope
from gate.model.change import Tree
from gate.model.config import Config
from gate.model.manifest import DEFAULT_ENVIRONMENT, NO_SERVICE, Target

CONFIG = ".gate.yaml"
_REASON = 200


def loaded(text: str, tree: Tree) -> Config:
    """The config as `gate check` will read it. Raises ConfigError: a fault of ours."""
    return load.read(text.encode(), CONFIG, tree)


def tried(
    sources: Sequence[Source], config: Config, services: Sequence[str], tree: Tree, now: datetime
) -> Iterator[Source]:
    """The sources, those of freezes that do not answer for some target with that as a doubt:
    they would make changes undecided that are not so now."""
    targets = list(_targets(config, services))
    for source in sources:
        reason = (
            None
            if source.doubt or source.kind != "freeze"
            else _fails(source, config, targets, tree, now)
        )
        yield source if reason is None else source.doubted(f"it does not answer: {reason}")


def _targets(config: Config, services: Sequence[str]) -> Iterator[Target]:
    yield from Scope(replace(config, services={}), (), services).reach(())[1]
    for environment in config.environments or (DEFAULT_ENVIRONMENT,):
        yield Target(NO_SERVICE, environment)


def _fails(
    source: Source, config: Config, targets: Sequence[Target], tree: Tree, now: datetime
) -> str | None:
    alone = replace(config, evidence={source.kind: [dict(source.settings)]})
    answers = gather([source.kind], targets, alone, tree, now=now, offline=True)
    return next((f"{each.reason}"[:_REASON] for each in answers if each.status != "ok"), None)
