"""Where a team's policies stand when no path says so: the folders that the config names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from gate.change.folder import FolderTree, top_above
from gate.config import load as configs
from gate.errors import UsageError
from gate.model.config import Config

DEFAULT = "policies"


@dataclass(frozen=True, slots=True)
class New:
    """Where a new rule is written, and what is left to do so that it judges: None where the config
    names the folder already."""

    folder: str
    step: str | None


def own(repo: Path, path: str | None = None) -> list[str]:
    """The folders and files of policies that the config of a repository names, else `policies`;
    relative to this folder, if they stand below it. `path` is another config's, relative to this
    folder. Raises UsageError where there is none."""
    top = top_above(repo)
    config = _config(top, path)
    named = [each for each in config.policies if isinstance(each, str)] if config else []
    found = [top / each for each in named if not _is_elsewhere(each)] or [top / DEFAULT]
    missing = [each for each in found if not each.exists()]
    if missing:
        raise UsageError(
            f"There is no {_shown(missing[0])}.",
            advice="Name a folder that holds Rego, or `builtin`; `gate policy new AREA.RULE` "
            "writes a first rule.",
        )
    return [_shown(each) for each in found]


def for_new(repo: Path, folder: str | None) -> New:
    """The folder for a new rule: the given one, else the first that the config names, else
    `policies`."""
    top = top_above(repo)
    config = _config(top, None)
    policies = config.policies if config else ("builtin",)
    own = [each for each in policies if isinstance(each, str) and not _is_elsewhere(each)]
    folders = [each for each in own if not each.endswith(".rego")]
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


def _is_elsewhere(policy: str) -> bool:
    """Whether a policy is not a folder or file of the repository that its author edits."""
    return policy in ("builtin", "server") or "://" in policy or policy.endswith(".tar.gz")


def _shown(path: Path) -> str:
    near = os.path.relpath(path)
    return path.absolute().as_posix() if near.startswith("..") else Path(near).as_posix()
