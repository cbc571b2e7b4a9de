"""`gate doctor` with a real Prometheus: its own answers are altered on their way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gate.adoption.doctor.examine import examine
from gate.change.interface import ChangeRequest
from gate.model.diagnosis import Proof, Result
from gate.pipeline import Request
from tests.support.doctored import DEPLOYMENT, changed, made
from tests.support.prometheus import Server

FAULTS = (
    "down",
    "time-out",
    "unauthorised",
    "fails (500)",
    "a page to log in",
    "broken answer",
    "empty answer",
    "no series",
    "NaN",
    "stale",
)


def config(address: str, **rules: Any) -> dict[str, Any]:
    source = {"prometheus": {"url": address, "convention": "sloth"}}
    return changed(
        services={"checkout": {}, "healthy": {"paths": ["apps/**"], "tier": 1}},
        evidence={"freeze": None, "slo": [source]},
        require=["freeze"],
        rules=rules,
    )


def found(folder: Path, server: Server, config: dict[str, Any]) -> list[Result]:
    made(folder, config, **{"apps/healthy/deployment.yaml": DEPLOYMENT})
    request = Request(ChangeRequest(folder), now=server.now)
    return list(examine(request, lambda _: None, groups=["sources", "faults"]).results)


def proofs(results: list[Result]) -> dict[str, Proof]:
    return {each.proof.fault: each.proof for each in results if each.proof and each.proof.source}


@pytest.fixture
def whole(tmp_path: Path, history: Server) -> list[Result]:
    return found(tmp_path, history, config(history.address))


def test_all_faults_of_a_prometheus_are_proven(whole: list[Result]) -> None:
    told = proofs(whole)
    assert tuple(told) == FAULTS
    assert {each.state for each in whole} == {"ok"}
    assert {each.before for each in told.values()} == {"passed"}
    assert "refuses the connection" in str(told["down"].reason)
    assert "no series of Sloth" in str(told["no series"].reason)
    assert "60 days ago" in str(told["stale"].reason)
    assert told["NaN"].how == "the source's own answers, altered"


def test_a_rule_that_does_not_see_what_is_no_number_is_a_hole(
    tmp_path: Path, history: Server
) -> None:
    results = found(tmp_path, history, config(history.address, **{"slo.data_missing": "warn"}))
    holes = {each.key: each for each in results if each.state == "hole"}
    assert holes.keys() == {"rules.slo.data_missing"}, json.dumps(list(map(str, results)), indent=1)
