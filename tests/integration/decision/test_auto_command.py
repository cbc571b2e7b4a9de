"""`gate check` takes the engine that cannot be wrong, and says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import gate
from tests.support.tools import need
from tests.unit.decision.cases import module

ONLY_OPA = 'deny contains "x" if graphql.is_valid("{ a }", "type Query { a: Int }")'
REASON = "policies/team/odd.rego:8 uses the builtin `graphql.is_valid`"


@pytest.fixture
def change(tmp_path: Path) -> Path:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "a.yaml").write_text("{apiVersion: v1, kind: Pod, metadata: {name: a}}")
    (tmp_path / "policies" / "team").mkdir(parents=True)
    (tmp_path / "policies" / "team" / "odd.rego").write_text(module("team.odd", ONLY_OPA))
    return tmp_path


def test_what_only_opa_judges_rightly_is_judged_by_opa(change: Path) -> None:
    need("opa")
    run = gate("check", "deploy", "--policy", "policies", "-o", "json", cwd=change)
    assert run.code == 1, str(run)
    assert (run.json["engine"]["name"], run.json["engine"]["reason"]) == ("local opa", REASON)
    run = gate("check", "deploy", "--policy", "policies", "-v", cwd=change)
    assert REASON in run.out


def test_without_opa_it_is_no_verdict(change: Path, tmp_path: Path) -> None:
    nothing = {"PATH": str(tmp_path / "nothing")}
    run = gate("check", "deploy", "--policy", "policies", cwd=change, env=nothing)
    assert run.code == 2, str(run)
    assert run.err.startswith("gate: policies/team/odd.rego:8: ")
    assert "`graphql.is_valid`" in run.err
    assert "nstall opa 1.x on the PATH, or name a server" in run.err
    run = gate("check", "deploy", "--policy", "builtin", "-o", "json", cwd=change, env=nothing)
    assert run.json["engine"]["name"] == "embedded"
    run = gate("check", "deploy", "--engine", "opa", cwd=change, env=nothing)
    assert run.code == 4
    assert "There is no `opa` on the PATH." in run.err


def test_an_opa_of_the_working_folder_is_never_started(change: Path) -> None:
    for folder in (change, change / "bin"):
        folder.mkdir(exist_ok=True)
        (folder / "opa").write_text("#!/bin/sh\n: > started\n")
        (folder / "opa").chmod(0o755)
    for engine in ("auto", "opa"):
        options = ("--policy", "policies", "--engine", engine)
        run = gate("check", "deploy", *options, cwd=change, env={"PATH": ".::bin"})
        assert "nstall opa" in run.err, str(run)
    assert not list(change.rglob("started"))
