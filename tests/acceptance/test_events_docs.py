"""The examples of docs/events.md are what gate takes and prints."""

from __future__ import annotations

import json
import re
from pathlib import Path

from gate.change.fetch import SECONDS, STEPS
from gate.clients.event import PULL_EVENTS
from gate.config.load import load
from gate.decision.rules import way
from tests.integration.change.test_event import APP, World
from tests.support.command import gate
from tests.support.tools import ROOT
from tests.unit.config.trees import Files

PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
IDS = re.compile(r"[0-9a-f]{7}")


def test_the_config() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    config = load(Files({".gate.yaml": text}))
    assert config is not None
    assert way(config, "freeze.active", "pull_request_target") == "warn"
    assert way(config, "freeze.active", "merge_group") == "undecided"
    assert way(config, "freeze.active", "push") == "undecided"


def test_the_numbers() -> None:
    assert "steps of {}, {}, {} and {:,} commits".format(*STEPS) in PAGE
    assert f"{SECONDS:g} seconds" in PAGE
    for name in (*PULL_EVENTS, "merge_group", "push", "deployment_status", "schedule"):
        assert f"`{name}`" in PAGE


def test_the_first_line(tmp_path: Path) -> None:
    world = World.made(tmp_path)
    world.branch("feature")
    head = world.commit("feature", "change", **{APP: "v: 2\n"})
    world.pull_request(12, "feature")
    base = {"full_name": "shop/apps", "default_branch": "main"}
    event = {
        "action": "opened",
        "pull_request": {
            "number": 12,
            "user": {"login": "ada"},
            "labels": [],
            "head": {"ref": "feature", "sha": head, "repo": {"full_name": "shop/apps"}},
            "base": {"ref": "main", "sha": world.work.sha("main"), "repo": base},
        },
    }
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event))
    run = gate("check", "--event", str(file), cwd=world.checkout("refs/pull/12/merge").path)
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    told = run.out.split("\n\n")[0] + "\n"
    assert IDS.sub("1234567", told) == IDS.sub("1234567", shown), str(run)
