"""The wheel holds all that the command needs: rules, schemas, the example, the type marker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.command import gate
from tests.support.tools import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", made, ROOT],
        check=True,
        capture_output=True,
    )
    return next(made.glob("change_gate-*.whl"))


def test_it_holds_what_is_no_python(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "gate/py.typed",
        "gate/policies/workload/image_pinned.rego",
        "gate/policies/lib/images.rego",
        "gate/schemas/verdict.v1.json",
        "gate/examples/shop/main/.gate.yaml",
        "gate/examples/workflows/change-gate.yml",
    } <= names
    assert not [name for name in names if name.startswith(("tests", "docs", ".venv"))]


def test_the_command_runs_from_it_with_the_same_rules(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "installed")
    arguments = ["check", "--base", "main", "--head", "upgrade", "-o", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "gate", "demo", "--keep", "shop"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "DENY" in done.stdout
    packaged = subprocess.run(
        [sys.executable, "-m", "gate", *arguments],
        cwd=tmp_path / "shop",
        env=os.environ | {"PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=False,
    )
    here = gate(*arguments, cwd=tmp_path / "shop")
    assert json.loads(packaged.stdout)["policies"] == here.json["policies"]
    assert packaged.returncode == here.code == 1
