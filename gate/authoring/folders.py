"""Where a team's policies stand when no path says so: the folders that the config names."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gate.authoring.files import nowhere
from gate.change.folder import FolderTree, top_above
from gate.config import load as configs
from gate.decision.sources.read import BUNDLE, PIN, SUFFIX, WORDS
from gate.model.config import Config, Conftest

DEFAULT = "policies"


@dataclass(frozen=True, slots=True)
class New:
    """Where a new rule is written, and what is left to do so that it judges: None where the config
    names the folder already."""

    folder: str
    step: str | None


def own(repo: Path, path: str | None, tell: Callable[[str], None]) -> list[str]:
    """The folders and files of policies that the config of a repository names, else `policies`;
    relative to this folder, if they stand below it. `path` is another config's, relative to this
    folder. What is written for conftest is left out, which `tell` is told. Raises UsageError for
    what is not there."""
    top = top_above(repo)
    config = _config(top, path)
    named = config.policies if config else ()
    foreign = [each.path for each in named if isinstance(each, Conftest)]
    if foreign:
        tell(
            f"Left out, since it is written for conftest: {', '.join(foreign)} "
            "(`conftest verify` runs its tests)."
        )
    found = [top / each for each in _edited(named)] or [top / DEFAULT]
    missing = next((each for each in found if not each.exists()), None)
    if missing is not None:
        raise nowhere(
            _shown(missing),
            "Name a folder that holds Rego, or `builtin`; `gate policy new AREA.RULE` writes a "
            "first rule.",
        )
    return [_shown(each) for each in found]


def unnamed(repo: Path) -> str | None:
    """The folder `policies` where it holds Rego and no config says whether it judges."""
    top = top_above(repo)
    if _config(top, None) is not None or not any((top / DEFAULT).rglob(f"*{SUFFIX}")):
        return None
    return _shown(top / DEFAULT)


def for_new(repo: Path, folder: str | None) -> New:
    """The folder for a new rule: the given one, else the first that the config names, else
    `policies`."""
    top = top_above(repo)
    config = _config(top, None)
    policies = config.policies if config else ("builtin",)
    folders = [each for each in _edited(policies) if not each.endswith(SUFFIX)]
    place = Path(folder) if folder is not None else top / (folders or [DEFAULT])[0]
    known = any(_is_within(place, top / each) for each in folders)
    name = f"{_shown_from(place, top)}/"
    path = (config.path if config else None) or ".gate.yaml"
    step = f"add `{name}` to `policies` in {path}"
    if policies == ("builtin",):
        step = f"write `policies: [builtin, {name}]` in {path}"
    return New(_shown(place), None if known else step)


def _is_within(place: Path, folder: Path) -> bool:
    return place.resolve().is_relative_to(folder.resolve())


def _shown_from(place: Path, top: Path) -> str:
    """The path as the config of a repository names it."""
    return Path(os.path.relpath(place, top)).as_posix()


def _config(top: Path, path: str | None) -> Config | None:
    if path is None:
        return configs.load(FolderTree(top))
    full = Path(path)
    return configs.load(FolderTree(full.parent), path=full.name)


def _edited(policies: Sequence[str | Conftest]) -> list[str]:
    """The folders and files of a repository, written for gate, that their author edits."""
    return [
        each
        for each in policies
        if isinstance(each, str)
        and each not in WORDS
        and "://" not in each
        and not each.partition(PIN)[0].endswith(BUNDLE)
    ]


def _shown(path: Path) -> str:
    near = os.path.relpath(path)
    return path.absolute().as_posix() if near.startswith("..") else Path(near).as_posix()
