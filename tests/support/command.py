"""Runs the installed command as its user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GATE = Path(sys.executable).with_name("gate")


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def __str__(self) -> str:
        return f"exit {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"


def gate(
    *arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None, stdin: str = ""
) -> Run:
    """`gate ARGUMENTS` in a folder; never a terminal."""
    done = subprocess.run(
        [str(GATE), *(str(each) for each in arguments)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        input=stdin,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
        timeout=120,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def check(cwd: Path, *arguments: str | Path, env: Mapping[str, str] | None = None) -> Any:
    """The verdict of `gate check`, as JSON; a tool's error is an error of the test."""
    run = gate("check", *arguments, "-o", "json", cwd=cwd, env=env)
    assert run.code in {0, 1, 3}, str(run)
    return run.json


def rules(verdict: Any, *, level: str | None = None) -> set[str]:
    """The rules with a finding that is new."""
    return {
        finding["rule"]
        for finding in verdict["findings"]
        if finding["status"] == "new" and level in {None, finding["level"]}
    }
