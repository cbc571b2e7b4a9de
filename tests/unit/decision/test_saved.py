"""Saved policy inputs: whatever the rules were read from, the same ones judge again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gate import schemas
from gate.decision import bundle as bundles
from gate.decision import saved
from gate.errors import InputError
from gate.model.config import Conftest
from gate.model.policy import Bundle, PolicyFiles
from gate.model.policy_input import _policies
from tests.unit.decision.cases import context, module

RULE = module("team.named", 'deny contains "x" if input.now in data.teams.days')
OTHER = module("team.other", 'deny contains "x" if input.x')
OLD = module("team.old", 'deny["x"] { input.x }')
ASKED = "package main\n\ndeny contains input.kind if input.kind in data.kinds\n"

GIVEN = {
    "a folder": [PolicyFiles({"policies/team/other.rego": OTHER})],
    "a bundle": [
        PolicyFiles(
            {"x.tar.gz!a.rego": RULE, "x.tar.gz!b.rego": OLD},
            data={"teams": {"days": ["today", 2.5]}},
            v0=frozenset({"x.tar.gz!b.rego"}),
            by_path=False,
        )
    ],
    "a server": [PolicyFiles({"server:team/other.rego": OTHER}, origin="server", by_path=False)],
    "conftest": [
        PolicyFiles(
            {"policy/a.rego": ASKED},
            data={"kinds": ["Pod"]},
            conftest=Conftest("policy", namespaces=("main",), data=("data",)),
        )
    ],
    "data alone": [PolicyFiles({}, data={"a": {"b": [1, "2", None]}}, by_path=False)],
}


def file_of(folder: Path, bundle: Bundle) -> Path:
    made = context(bundle)
    made["gate"]["policies"] = _policies(bundle)
    return written(folder, made)


def written(folder: Path, made: Any) -> Path:
    file = folder / "input.json"
    file.write_text(json.dumps(made), encoding="utf-8")
    return file


@pytest.mark.parametrize("name", GIVEN)
@pytest.mark.parametrize("builtin", [True, False])
def test_the_rules_come_back_as_they_were(tmp_path: Path, name: str, builtin: bool) -> None:
    before = bundles.load(builtin, GIVEN[name])
    _, after, preview, _ = saved.read(file_of(tmp_path, before))
    assert after == before
    assert preview is None


def test_several_sources_come_back_together(tmp_path: Path) -> None:
    given = [GIVEN["a bundle"][0], GIVEN["conftest"][0], GIVEN["a folder"][0]]
    before = bundles.load(True, given)
    _, after, _, _ = saved.read(file_of(tmp_path, before))
    assert (after.digest, after.entry, after.data) == (before.digest, before.entry, before.data)
    assert after.rules == before.rules


def test_what_is_saved_fits_the_schema() -> None:
    import jsonschema

    for given in GIVEN.values():
        made = context(bundles.load(True))
        made["gate"]["policies"] = _policies(bundles.load(True, given))
        jsonschema.validate(made, schemas.load("input"))


def test_an_input_that_was_saved_before_there_were_sources_is_read(tmp_path: Path) -> None:
    before = bundles.load(True, GIVEN["a folder"])
    made = context(before)
    made["gate"]["policies"] = _policies(before)
    del made["gate"]["policies"]["sources"]
    made["gate"]["policies"]["digest"] = saved._first_digest(before)
    assert made["gate"]["policies"]["digest"] != before.digest
    assert saved.read(written(tmp_path, made))[1] == before


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.update(digest=f"sha256:{'0' * 64}"),
        lambda told: told["sources"][0]["modules"].pop(),
        lambda told: told["sources"][0]["data"].update(more=1),
        lambda told: told["sources"][0].pop("by_path"),
        lambda told: told["sources"][0].update(origin="builtin"),
        lambda told: told["sources"][0]["data"].update(deep=nested(150)),
    ],
)
def test_other_rules_than_were_saved_are_refused(tmp_path: Path, change: Any) -> None:
    before = bundles.load(False, GIVEN["a bundle"])
    made = context(before)
    made["gate"]["policies"] = _policies(before)
    change(made["gate"]["policies"])
    with pytest.raises(InputError):
        saved.read(written(tmp_path, made))


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value
