"""Programs and data that tests need: present, or a skip that says what to install."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REAL_DATA = ROOT.parent / "shared" / "data"

HOW = {
    "opa": "go install github.com/open-policy-agent/opa@v1.22.2",
    "conftest": "go install github.com/open-policy-agent/conftest@v0.71.1",
    "regal": "build github.com/open-policy-agent/regal v0.38.1 with go",
    "sloth": "build github.com/slok/sloth v0.12.0 with go",
    "cmark-gfm": "apt-get install cmark-gfm",
    "prometheus": "install Debian's prometheus",
    "promtool": "install Debian's prometheus",
    "prometheus-alertmanager": "install Debian's prometheus-alertmanager",
    "act": "go install github.com/nektos/act@v0.2.89",
    "actionlint": "go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12",
    "zizmor": "pip install --group dev",
    "pre-commit": "pip install --group dev",
    "prek": "pip install --group dev",
    "git": "install git",
    "make": "install make",
}


def need(program: str) -> str:
    """The program's path. Absent: a skip that says how to install it, or a failure where
    `GATE_REQUIRE_ALL=1`."""
    found = shutil.which(program)
    if found:
        return found
    message = f"{program} is not installed: {HOW.get(program, 'install it')}"
    if os.environ.get("GATE_REQUIRE_ALL") == "1":
        pytest.fail(message)
    pytest.skip(message)


def github_openapi() -> Path:
    """GitHub's OpenAPI description, as `.ci/run` fetches it; absent: as `need`."""
    path = ROOT / ".tools" / "github-openapi-23.0.2.json"
    if path.is_file():
        return path
    message = "GitHub's OpenAPI description is not in .tools/: `.ci/run` fetches it with npm"
    if os.environ.get("GATE_REQUIRE_ALL") == "1":
        pytest.fail(message)
    pytest.skip(message)


def real_data(folder: str) -> Path:
    """A folder of real files beside the project; a skip where it is absent."""
    path = REAL_DATA / folder
    if not path.is_dir():
        pytest.skip(f"no real data: {folder} is not beside the project")
    return path
