"""What the doctor says of the set-up and of its sources."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gate.adoption.doctor.examine import examine
from gate.change.interface import ChangeRequest
from gate.model.diagnosis import Group, Result
from gate.pipeline import Request
from tests.support.doctored import NOW, RECORDED, changed, made
from tests.support.git import Repo

WAIVERS = """\
waivers:
  - {rule: workload.image_pinned, expires: 2026-01-01, reason: over}
  - {rule: slo.missing, expires: 2027-01-01, reason: too wide}
  - {rule: freeze.soon, service: checkout, expires: 2027-01-01, reason: fine}
"""
HOOKS = "repos: [{repo: 'https://example.org/gate', rev: v1, hooks: [{id: gate-check}]}]\n"


def found(folder: Path, group: Group = "setup", **options: Any) -> dict[str, list[Result]]:
    """The results by check."""
    request = Request(ChangeRequest(folder), now=datetime.fromisoformat(NOW), **options)
    told: dict[str, list[Result]] = {}
    for each in examine(request, lambda _: None, groups=[group]).results:
        told.setdefault(each.check, []).append(each)
    return told


def test_waivers_that_are_over_or_too_wide(tmp_path: Path) -> None:
    made(tmp_path, None, **{".gate/waivers.yaml": WAIVERS})
    count, over, wide = found(tmp_path)["waivers"]
    assert count.told == "2 in force, 1 expired"
    assert over.state == "note"
    assert "workload.image_pinned" in over.told
    assert (wide.state, wide.key) == ("hole", "waivers.slo.missing")


def test_a_shallow_clone_and_a_hook_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    repo = made(tmp_path / "repo", None, **{".pre-commit-config.yaml": HOOKS})
    repo.commit("more", **{"a.txt": "a"})
    clone = repo.clone(tmp_path / "clone", "--depth=1")
    told = found(clone.path)
    assert told["clone"][0].told.startswith("shallow")
    assert told["default branch"][0].told == "origin/main"
    assert told["pre-commit hook"][0].state == "note"
    hook = clone.path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n")
    assert found(clone.path)["pre-commit hook"][0].state == "ok"


def test_a_default_branch_that_nobody_knows(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path, branch="odd")
    repo.commit("a", **{"a.txt": "a"})
    told = found(tmp_path)
    assert told["default branch"][0].told == "the default branch is not known"
    assert told["config"][0].state == "note"


def test_a_config_on_disk_that_is_another_one(tmp_path: Path) -> None:
    repo = made(tmp_path)
    repo.write(".gate.yaml", "version: 1\nmode: advisory\n")
    told = found(tmp_path)
    assert told["config on disk"][0].state == "note"
    assert told["mode"][0].state == "ok"


@pytest.mark.parametrize("ci", ["true", ""])
def test_on_a_ci_system_the_config_on_disk_asks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ci: str
) -> None:
    monkeypatch.setenv("CI", ci)
    repo = Repo.init(tmp_path)
    repo.commit("a", **{"a.txt": "a"})
    repo.write(".gate.yaml", "version: 1\nmode: advisory\n")
    assert found(tmp_path)["mode"][0].state == ("ok" if ci else "hole")


def test_a_rule_of_another_level(tmp_path: Path) -> None:
    made(tmp_path, changed(rules={"freeze.active": "warn"}))
    told = found(tmp_path)["rule freeze.active"][0]
    assert (told.state, told.told) == ("note", "warn by the config, deny by itself")


def test_a_service_that_only_the_file_knows(tmp_path: Path) -> None:
    recorded = {**RECORDED, "chekout": RECORDED["checkout"]}
    made(tmp_path, None, **{"slo.json": json.dumps(recorded)})
    (told,) = found(tmp_path, "sources")["slo file slo.json: names"]
    assert told.told == "the config names no service chekout. Did you mean `checkout`?"


def test_a_source_that_speaks_of_another_environment(tmp_path: Path) -> None:
    environments = {"staging": {"paths": ["staging/**"]}}
    windows = [{"windows": {"path": "freezes.yaml", "environments": ["staging"]}}]
    config = changed(environments=environments, evidence={"slo": None, "freeze": windows})
    config["services"]["checkout"]["paths"] = []
    config["environments"]["production"]["paths"] = ["apps/**"]
    made(tmp_path, config)
    told = found(tmp_path, "sources")
    assert told["freeze windows freezes.yaml"][0].told.startswith("it speaks of no target")
    assert told["freeze: no source"][0].key == "evidence.freeze"
    faults = found(tmp_path, "faults")
    assert not any(check.startswith("freeze windows") for check in faults)


def test_a_named_config_that_is_gone_judges_nothing(tmp_path: Path) -> None:
    made(tmp_path, changed(rules={"change.weakens_gate": None}, evidence={"slo": None}))
    told = found(tmp_path, "faults", config=str(tmp_path / ".gate.yaml"))
    (gone,) = told["config: missing from the trusted ref"]
    assert gone.state == "ok"
    assert gone.proof is not None
    assert gone.proof.exit_code == 2
