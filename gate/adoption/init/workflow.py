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

_INSTALLED = Path(__file__).parents[2] / "examples" / "workflows"
_CHECKOUT = Path(__file__).parents[3] / "examples" / "workflows"


def text(name: str) -> str:
    """The workflow of this name."""
    folder = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
    return (folder / name).read_text(encoding="utf-8")


def uses_the_action(data: bytes) -> bool:
    """Whether a workflow uses the action already, at whatever version."""
    return re.search(rb"uses:\s*[\"']?" + PROJECT.encode() + rb"(/\S*)?@", data) is not None
