"""The doctor is no believer: a gate that takes missing evidence for good news is found out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gate.adoption.doctor.examine import examine
from gate.change.interface import ChangeRequest
from gate.evidence.gather import gather
from gate.model.diagnosis import Diagnosis
from gate.model.verdict import Evidence
from gate.pipeline import Request
from tests.support.doctored import NOW, changed, made

LOST = ("unavailable", "stale")


def diagnosis(folder: Path, ask: Callable[..., list[Evidence]]) -> Diagnosis:
    request = Request(ChangeRequest(folder), now=datetime.fromisoformat(NOW))
    return examine(request, lambda _: None, groups=["faults"], ask=ask)


def calm(told: Evidence) -> Evidence:
    """Missing evidence as if all were well."""
    return replace(told, status="ok", reason=None, value=[]) if told.status in LOST else told


def unasked(told: Evidence) -> Evidence:
    """Missing evidence as if nobody had configured it."""
    return replace(told, status="not_configured") if told.status in LOST else told


def skipped(told: Evidence) -> Evidence:
    """Missing evidence as if nobody had wanted to ask."""
    return replace(told, status="skipped") if told.status in LOST else told


@pytest.mark.parametrize("lie", [calm, unasked, skipped])
def test_a_gate_that_makes_light_of_missing_evidence_is_found_out(
    tmp_path: Path, lie: Callable[[Evidence], Evidence]
) -> None:
    def ask(*what: Any, **how: Any) -> list[Evidence]:
        return [lie(each) for each in gather(*what, **how)]

    made(tmp_path, changed(evidence={"slo": None}, require=["slo"]))
    found = diagnosis(tmp_path, ask)
    holes = {each.check: each for each in found.results if each.state == "hole"}
    assert found.exit_code == 1
    assert holes.keys() == {
        f"freeze windows freezes.yaml: {fault}" for fault in ("missing", "empty", "broken")
    }
    assert {each.key for each in holes.values()} == {None}
    assert all("fault of gate" in str(each.todo) for each in holes.values())


def test_evidence_that_is_left_out_is_no_hole(tmp_path: Path) -> None:
    """The decision takes what nobody gathered for unavailable."""

    def ask(*what: Any, **how: Any) -> list[Evidence]:
        return [each for each in gather(*what, **how) if each.status not in LOST]

    made(tmp_path, changed(evidence={"slo": None}, require=["slo"]))
    assert diagnosis(tmp_path, ask).exit_code == 0
