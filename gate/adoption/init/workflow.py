"""The workflows: those of `examples/workflows`, which come with gate."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = "change-gate/change-gate"
"""Who uses the action names it so: its repository on GitHub."""

FOLDER = ".github/workflows"
NAMES = ("change-gate.yml", "change-gate-recheck.yml")
OTHERS = (
    ".gitlab-ci.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    ".circleci/config.yml",
    "Jenkinsfile",
)
"""What tells of another CI, in a repository that has no `.github`."""

_BRANCH = re.compile(r"[A-Za-z][A-Za-z0-9_/.-]*")
_INSTALLED = Path(__file__).parents[2] / "examples" / "workflows"
_CHECKOUT = Path(__file__).parents[3] / "examples" / "workflows"


def text(name: str, branch: str | None = None) -> str:
    """The workflow of this name, for a repository with this default branch."""
    folder = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
    found = (folder / name).read_text(encoding="utf-8")
    if branch is None or not _BRANCH.fullmatch(branch):
        return found
    return found.replace("branches: [main]", f"branches: [{branch}]")


def uses_the_action(data: bytes) -> bool:
    """Whether a workflow uses the action already, at whatever version."""
    return re.search(rb"uses:\s*[\"']?" + PROJECT.encode() + rb"(/\S*)?@", data) is not None
