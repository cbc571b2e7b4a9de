"""`gate slo` on real repositories, by recorded evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gate import schemas
from tests.support.command import Run, gate
from tests.support.git import Repo

NOW = "2026-11-22T10:00:00Z"
CONFIG = """\
version: 1
environments: {production: {}}
services:
  checkout: {tier: 1}
  catalog: {tier: 2}
evidence:
  slo: [file: {path: slo.json, max_age: 1h}]
"""


def recorded(**remaining: Any) -> str:
    silent = {"state": "insufficient_data", "reason": "NaN"}
    common = {"name": "available", "objective": 0.9995, "window": "28d", "burn_rate": 1.5}
    envelope = {"status": "ok", "observed_at": "2026-11-22T09:58:00Z"}
    return json.dumps(
        {
            service: {
                "production": {
                    **envelope,
                    "value": [{**common, "remaining": left, **(silent if left is None else {})}],
                }
            }
            for service, left in remaining.items()
        }
    )


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.write(".gate.yaml", CONFIG)
    made.write("slo.json", recorded(checkout=0.643, catalog=1))
    made.commit("start")
    return made


def slo(repo: Repo, *arguments: str, now: str = NOW) -> Run:
    return gate("slo", "--now", now, *arguments, cwd=repo.path, env={"COLUMNS": "80"})


def test_a_table_of_what_is_left(repo: Repo) -> None:
    run = slo(repo)
    assert (run.code, run.err) == (0, "")
    assert run.out == (
        "At 2026-11-22 10:00 UTC, by .gate.yaml of the working tree:\n"
        "\n"
        "SERVICE   ENVIRONMENT  SLO        OBJECTIVE    BUDGET LEFT        BURN  STATE\n"
        "catalog   production   available  99.95 % 28d  ██████████ 100 %   1.5x  ok\n"
        "checkout  production   available  99.95 % 28d  ██████▍··· 64.3 %  1.5x  ok\n"
    )


@pytest.mark.parametrize(
    ("left", "code", "state"),
    [
        (0.1, 0, "warning"),
        (0, 1, "exhausted"),
        (-0.3, 1, "exhausted"),
        (None, 3, "insufficient_data"),
    ],
)
def test_exit_codes(repo: Repo, left: float | None, code: int, state: str) -> None:
    repo.write("slo.json", recorded(checkout=left, catalog=1))
    run = slo(repo, "-o", "json")
    assert run.code == code, str(run)
    jsonschema.Draft202012Validator(schemas.load("slo")).validate(run.json)
    assert run.json["targets"][1]["slos"][0]["state"] == state
    assert slo(repo, "--service", "catalog").code == 0


def test_old_and_missing_evidence_is_not_known(repo: Repo) -> None:
    run = slo(repo, now="2026-11-22T11:00:00Z")
    assert run.code == 3
    assert run.out.count("not known") == 2
    assert "longer ago than max_age" in run.out.replace("\n", " ")
    repo.remove("slo.json")
    run = slo(repo, "-o", "json")
    assert run.code == 3
    assert {each["slos"] for each in run.json["targets"]} == {None}
    jsonschema.Draft202012Validator(schemas.load("slo")).validate(run.json)


def test_no_source_is_not_known_either(repo: Repo) -> None:
    repo.write(".gate.yaml", CONFIG.partition("evidence:")[0])
    run = slo(repo)
    assert run.code == 3
    assert "slo is not configured" in run.out


@pytest.mark.parametrize(
    "arguments", [["-o", "ics"], ["--service", "chekout"], ["--now", "tomorrow"], ["--days", "3"]]
)
def test_wrong_usage(repo: Repo, arguments: list[str]) -> None:
    assert slo(repo, *arguments).code == 2


def test_quiet_says_only_what_is_not_fine(repo: Repo) -> None:
    assert slo(repo, "-q").out == ""
    repo.write("slo.json", recorded(checkout=-0.1, catalog=1))
    shown = slo(repo, "-q").out
    assert "checkout" in shown
    assert "catalog" not in shown
