"""The real pre-commit and prek, with the hooks of this project's tree as it is now."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.git import Repo
from tests.support.tools import ROOT, need

PACKAGED = (
    *("gate", "policies", "examples", "pyproject.toml"),
    *("README.md", "LICENSE", "CHANGELOG.md", ".pre-commit-hooks.yaml"),
)
MANAGERS = ("pre-commit", "prek")
CONFIG = """\
repos:
  - repo: file://{path}
    rev: {rev}
    hooks: [{{id: gate-check}}, {{id: gate-check-push}}, {{id: gate-policy-test}}]
"""
INSTALL = (
    *("install", "--install-hooks"),
    *("-t", "pre-commit", "-t", "pre-merge-commit", "-t", "pre-push"),
)


@dataclass(frozen=True)
class Hooks:
    """A repository with the hooks, and where the managers keep what they install."""

    path: Path
    rev: str
    homes: Path

    @property
    def config(self) -> str:
        """A `.pre-commit-config.yaml` that names all hooks."""
        return CONFIG.format(path=self.path, rev=self.rev)

    @property
    def env(self) -> dict[str, str]:
        return {
            "PRE_COMMIT_HOME": str(self.homes / "pre-commit"),
            "PREK_HOME": str(self.homes / "prek"),
        }


@contextmanager
def published(shared: Path) -> Iterator[Hooks]:
    """This project's tree as a Git repository. What the managers install of it is installed once
    for all processes that share the folder."""
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = shared / "change-gate"
        if not path.exists():
            _copy(path)
            Repo(path).commit("as it is")
        yield Hooks(path, Repo(path).sha("HEAD"), shared / "homes")


def _copy(path: Path) -> None:
    Repo.init(path)
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PACKAGED],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, names.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, path / name)


@dataclass(frozen=True)
class Done:
    """What a Git command came to: its exit status, all that was printed, and the verdicts of the
    hooks that ran."""

    code: int
    said: str
    verdicts: Sequence[Any]

    @property
    def judged(self) -> set[str]:
        """The files that the one hook that ran blocks."""
        return {
            finding["location"]["path"]
            for finding in self.verdict["findings"]
            if finding["level"] == "deny" and finding["status"] == "new"
        }

    @property
    def verdict(self) -> Any:
        assert len(self.verdicts) == 1, self.said
        return self.verdicts[0]


@dataclass
class Hooked:
    """A repository in which a manager runs the hooks."""

    repo: Repo
    manager: str
    env: Mapping[str, str]
    out: Path = field(init=False)

    def __post_init__(self) -> None:
        self.out = self.repo.path.parent / f"{self.repo.path.name}.json"

    def install(self) -> None:
        """Has the manager write its hooks."""
        done = subprocess.run(
            [need(self.manager), *INSTALL],
            cwd=self.repo.path,
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def git(self, *arguments: str, cwd: Path | None = None, **env: str) -> Done:
        """Runs Git, with its hooks."""
        self.out.unlink(missing_ok=True)
        self.repo.clock += 1
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=cwd or self.repo.path,
            env={
                **os.environ,
                **self.repo._identity(),
                **self.env,
                "GIT_EDITOR": "true",
                "GATE_OUTPUT": f"text json={self.out}",
                **env,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        verdicts = [json.loads(self.out.read_text())] if self.out.exists() else []
        return Done(done.returncode, done.stdout, verdicts)

    def commit(self, *arguments: str, **env: str) -> Done:
        """Commits with the hooks."""
        return self.git("commit", "--message=m", *arguments, **env)
