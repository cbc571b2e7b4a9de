"""The rules of the wheel, which the embedded engine takes as they are, judge damaged objects as OPA
does: real manifests in which fields are missing, null, empty, or of another type."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gate.change.interface import ChangeRequest
from gate.decision import bundle as bundles
from gate.decision.engines.embedded import Embedded
from gate.decision.engines.local import Local
from gate.model.policy import Answer
from gate.pipeline import Request, context
from tests.support.tools import REAL_DATA, ROOT, need, real_data

ROUNDS = int(os.environ.get("MUTATED_ROUNDS", "4"))
"""How often each folder is damaged: more finds more."""
SEED = int(os.environ.get("MUTATED_SEED", "1"))
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
OTHERS = [None, "", [], {}, 0, 1, -1, 1.5, "x", "1", True, False, ["x"], {"x": 1}, [{}], [None]]
CONFIG = "version: 1\nservices:\n  all: {paths: ['**'], tier: 1}\n"


def contexts(tmp_path: Path) -> Iterator[Mapping[str, Any]]:
    """What rules see of every folder of real data, and of the example's change."""
    real_data("argo-rollouts")
    (tmp_path / ".gate.yaml").write_text(CONFIG)
    shop = ROOT / "examples" / "shop"
    data = [(each, None) for each in sorted(REAL_DATA.iterdir()) if each.is_dir()]
    for tree, base in [
        *data,
        (shop / "upgrade", shop / "main"),
        (shop / "main", shop / "upgrade"),
    ]:
        asked = ChangeRequest(repo=tmp_path, tree=tree, base_tree=base)
        found = context(Request(asked, NOW, config=str(tmp_path / ".gate.yaml")), lambda _: None)
        yield {key: value for key, value in found.items() if key != "gate"}


def damaged(policy_input: Mapping[str, Any], chance: random.Random) -> dict[str, Any]:
    """A copy in which some resources have another old or new side."""
    made = copy.deepcopy(dict(policy_input))
    made["resources"] = chance.sample(made["resources"], min(len(made["resources"]), 40))
    for resource in made["resources"]:
        if resource["status"] == "present" and chance.random() < 0.5:
            resource["old"] = copy.deepcopy(resource["new"])
            resource["status"] = "modified"
        for side in ("old", "new"):
            for _ in range(chance.randrange(4)):
                if isinstance(resource[side], dict):
                    damage(resource[side], chance)
        resource["changes"] = changes(resource["old"], resource["new"], [])
    return made


def damage(value: Any, chance: random.Random) -> None:
    """Takes something out of a value, or puts something else in its place."""
    while isinstance(value, (dict, list)) and value:
        key: Any = chance.choice(list(value)) if isinstance(value, dict) else 0
        if isinstance(value, list):
            key = chance.randrange(len(value))
        deeper = isinstance(value[key], (dict, list)) and value[key] and chance.random() < 0.85
        if deeper:
            value = value[key]
            continue
        if chance.random() < 0.4:
            del value[key]
        else:
            value[key] = copy.deepcopy(chance.choice(OTHERS))
        return


def changes(old: Any, new: Any, path: list[str | int]) -> list[dict[str, Any]]:
    """The differences of two objects, as the input lists them."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            each
            for key in sorted({*old, *new})
            for each in changes(old.get(key), new.get(key), [*path, key])
        ]
    if old == new:
        return []
    op = "add" if old is None else "remove" if new is None else "replace"
    return [{"path": path, "op": op, "old": old, "new": new}]


def comparable(answer: Answer) -> Mapping[str, Any]:
    sets = {
        rule: {
            name: sorted(json.dumps(each, sort_keys=True) for each in value)
            if isinstance(value, list)
            else value
            for name, value in found.items()
        }
        for rule, found in answer.results.items()
    }
    return {"results": sets, "failures": sorted(answer.failures)}


def test_damaged_objects_are_judged_as_by_opa(tmp_path: Path) -> None:
    need("opa")
    bundle = bundles.load(True)
    chance = random.Random(SEED)
    found = judged = 0
    settings = {rule.id: dict(rule.settings) for rule in bundle.rules.values()}
    with closing(Local("here")) as opa, closing(Embedded()) as embedded:
        for policy_input in contexts(tmp_path):
            for _ in range(ROUNDS):
                asked = {**damaged(policy_input, chance), "settings": settings}
                if not asked["resources"]:
                    continue
                ours = comparable(embedded.evaluate(bundle, asked))
                theirs = comparable(opa.evaluate(bundle, asked))
                if ours != theirs:
                    kept = tmp_path / "input.json"
                    kept.write_text(json.dumps(asked))
                    pytest.fail(f"{kept}: {_first(ours, theirs)}")
                judged += len(asked["resources"])
                found += sum(
                    len(sets["deny"]) for sets in ours["results"].values() if "deny" in sets
                )
    assert judged > 300
    assert found > 50


def _first(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    for rule in sorted({*ours["results"], *theirs["results"]}):
        one, other = ours["results"].get(rule), theirs["results"].get(rule)
        if one != other:
            return f"{rule}: embedded {one}, opa {other}"
    return f"failures: embedded {ours['failures']}, opa {theirs['failures']}"
