"""How things stand, without a change: one kind of evidence for all that the config names."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import MAXYEAR, datetime, timedelta
from pathlib import Path

from gate import rulebook
from gate.change.folder import FolderTree, top_above
from gate.change.interface import ChangeRequest
from gate.change.registry import open_source
from gate.errors import UsageError
from gate.evidence.gather import gather
from gate.manifests.read import read
from gate.manifests.services import Scope
from gate.model.config import Config
from gate.model.freezes import state
from gate.model.manifest import Problem, Target
from gate.model.verdict import Evidence

_FARTHEST = timedelta(days=732)
_AGAIN = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom it is about, and when. `ahead` is how far the known future is told."""

    repo: Path
    now: datetime
    config: str | None = None
    environments: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    offline: bool = False
    ahead: timedelta = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Standing:
    """Each target with its evidence, by name. `by` says which config it is. `unread` are the
    manifests that cannot be read, whose services are missing here."""

    targets: Sequence[Target]
    evidence: Sequence[Evidence]
    by: str
    now: datetime
    until: datetime
    unread: Sequence[Problem] = ()


def standing(kind: str, asked: Asked) -> Standing:
    """What the sources of a kind say, by the config of the files on disk.

    Raises UsageError where there is no service to ask about.
    """
    top = top_above(asked.repo).absolute()
    tree = FolderTree(top, "the working tree")
    config, by = rulebook.config_of(tree, top, asked.config)
    targets, unread = _targets(config, top, asked)
    if not targets:
        raise UsageError(
            "No service is known here.",
            advice="Name services in the config under `services`, or with --service.",
        )
    evidence = gather(
        [kind], targets, config, tree, now=asked.now, offline=asked.offline, ahead=asked.ahead
    )
    return Standing(targets, evidence, by, asked.now, asked.now + asked.ahead, unread)


def freezes(asked: Asked) -> Standing:
    """The same for freezes, told at least until all that hold now are over: one that ends later
    than was asked may be followed by another."""
    found = standing("freeze", asked)
    for _ in range(_AGAIN):
        ends = [state(each, asked.now).until for each in found.evidence]
        far = max((each for each in ends if each is not None), default=asked.now)
        if far < found.until or far - asked.now > _FARTHEST or far.year >= MAXYEAR:
            break
        found = standing("freeze", replace(asked, ahead=far - asked.now + timedelta(days=1)))
    return found


def _targets(config: Config, top: Path, asked: Asked) -> tuple[Sequence[Target], Sequence[Problem]]:
    """The services that are asked about, else those of the config, else those of the manifests."""
    services = asked.services or tuple(config.services)
    if services:
        return Scope(config, asked.environments, services).reach(())[1], ()
    with closing(open_source(ChangeRequest(top, tree=top))) as source:
        found = read(source.change, source.old, source.new, config, environments=asked.environments)
    tells = config.manifests.unreadable == "undecided"
    unread = [each for each in found.problems if tells and each.kind == "unreadable"]
    return found.targets, unread
