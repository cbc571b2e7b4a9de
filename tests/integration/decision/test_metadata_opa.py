"""METADATA against the real `opa inspect -a`."""

from __future__ import annotations

import json
import subprocess
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from gate.decision.rego import metadata
from gate.decision.rego.scan import scan
from gate.errors import PolicyError
from tests.support.tools import ROOT, need
from tests.unit.decision.modules import TRICKY


def by_opa(folder: Path) -> dict[str, list[dict[str, Any]]] | None:
    """The annotations of each file, top to bottom; None where OPA refuses one."""
    done = subprocess.run(
        [need("opa"), "inspect", "-a", "-f", "json", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return None
    found: dict[str, list[dict[str, Any]]] = {}
    for each in json.loads(done.stdout).get("annotations") or []:
        told = {key: value for key, value in each["annotations"].items() if key != "scope"}
        found.setdefault(each["location"]["file"], []).append(told)
    return found


def by_gate(text: str) -> list[dict[str, Any]] | None:
    try:
        found = [
            dict(metadata.values("x", block)) for block in metadata.blocks(scan(text).comments)
        ]
    except PolicyError:
        return None
    return [{key: value for key, value in each.items() if key != "scope"} for each in found]


@pytest.mark.parametrize("name", sorted(set(TRICKY) - {"dates"}))
def test_odd_modules_are_read_as_opa_reads_them(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.rego").write_bytes(TRICKY[name].encode())
    opa = by_opa(tmp_path)
    assert by_gate(TRICKY[name]) == (None if opa is None else next(iter(opa.values()), []))


def test_dates_are_text_as_written_where_opa_spells_out_a_time(tmp_path: Path) -> None:
    (tmp_path / "x.rego").write_text(TRICKY["dates"])
    opa = by_opa(tmp_path)
    gate = by_gate(TRICKY["dates"])
    assert opa is not None
    assert gate is not None
    (theirs,), (ours,) = *opa.values(), gate
    assert ours["custom"]["a"] == "2026-01-02"
    assert theirs["custom"]["a"] == "2026-01-02T00:00:00Z"
    assert ours["custom"]["d"] == theirs["custom"]["d"]


def test_every_policy_of_the_wheel_is_read_as_opa_reads_it() -> None:
    policies = ROOT / "policies"
    opa = by_opa(policies)
    assert opa is not None
    assert opa
    for file, theirs in opa.items():
        text = Path(file).read_text()
        ours = by_gate(text)
        assert ours is not None
        key = itemgetter("title")
        assert sorted(ours, key=key) == sorted(theirs, key=key)
