"""The entry in `.pre-commit-config.yaml`: a new file, or lines at the end of one that is there."""

from __future__ import annotations

import re
from typing import Any

from gate import __version__
from gate.adoption.init.workflow import PROJECT
from gate.manifests.identity import mapping
from gate.manifests.reading import read_file

PATH = ".pre-commit-config.yaml"
HOOKS = ("gate-check", "gate-check-push")
_LAST_ITEM = re.compile(rb"^([ ]*)-[ ]", re.MULTILINE)

_ENTRY = f"""\
- repo: https://github.com/{PROJECT}
  rev: v{__version__}
  hooks:
    - id: gate-check       # what is staged, offline
    - id: gate-check-push  # what is pushed
"""
_NEW = """\
# `pre-commit install` sets them up.
default_install_hook_types: [pre-commit, pre-merge-commit, pre-push]
repos:
"""


def new() -> str:
    """The file where there is none."""
    return _NEW + _entry("  ")


def has_hook(data: bytes) -> bool:
    """Whether one of the hooks is there already."""
    return any(
        mapping(hook).get("id") in HOOKS
        for repo in _repos(_read(data)) or ()
        for hook in _list(mapping(repo).get("hooks"))
    )


def appended(data: bytes) -> bytes | None:
    """The file with the entry behind all that is there; None where it cannot be put there so that
    nothing else is changed."""
    before = _read(data)
    repos = _repos(before)
    if repos is None:
        return None
    separator = b"" if data.endswith(b"\n") else b"\n"
    indents = [found.decode() for found in _LAST_ITEM.findall(data)] or ["  "]
    for indent in sorted(set(indents), key=len):
        text = data + separator + _entry(indent).encode()
        after = _read(text)
        entry = [_read(_entry("").encode())[0]]
        if after is not None and after == {**before, "repos": [*repos, *entry]}:
            return text
    return None


def lines() -> str:
    """What is to be added below `repos`, for people."""
    return _entry("  ")


def _entry(indent: str) -> str:
    return "".join(f"{indent}{line}\n" for line in _ENTRY.splitlines())


def _read(data: bytes) -> Any:
    """The one document of a file; None where it is not readable wholly."""
    reading = read_file(PATH, data)
    if reading.problems or reading.duplicates or len(reading.documents) != 1:
        return None
    return reading.documents[0].value


def _repos(value: Any) -> list[Any] | None:
    repos = mapping(value).get("repos")
    return repos if isinstance(repos, list) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
