"""A new rule against the real tools: formatted, free of what Regal finds, one test that fails."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from gate.authoring.new import write
from tests.support.tools import ROOT, need

REQUIRED: list[Sequence[str]] = [(), ("slo",), ("slo", "freeze", "alerts")]


@pytest.fixture(params=REQUIRED, ids=["none", "one", "three"])
def top(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    write("team.owner_label", tmp_path / "policies", requires=request.param, level="warn")
    shutil.copytree(ROOT / ".regal", tmp_path / ".regal")
    return tmp_path


def run(top: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [need(command[0]), *command[1:]], cwd=top, capture_output=True, text=True, check=False
    )


def test_a_new_rule_is_formatted(top: Path) -> None:
    done = run(top, "opa", "fmt", "--list", "--fail", "policies")
    assert done.returncode == 0, done.stdout


def test_regal_finds_nothing_in_a_new_rule(top: Path) -> None:
    done = run(top, "regal", "lint", "--format", "json", "policies")
    assert json.loads(done.stdout)["violations"] == [], done.stdout


def test_exactly_the_one_test_fails_that_says_so(top: Path) -> None:
    results = json.loads(run(top, "opa", "test", "--format", "json", "policies").stdout)
    outcomes = {each["name"]: bool(each.get("fail")) for each in results}
    assert outcomes == {
        "test_nothing_is_found_where_all_is_well": False,
        "test_what_is_wrong_is_found": True,
    }
    assert not any(each.get("error") for each in results)


def test_opa_checks_it_strictly(top: Path) -> None:
    done = run(top, "opa", "check", "--strict", "policies")
    assert done.returncode == 0, done.stderr
