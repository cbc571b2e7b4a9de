"""A deployment's event, from the command line: what is judged is the environment it goes to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.change.test_event import World
from tests.support.command import gate
from tests.support.github import TOKEN, GitHub
from tests.support.web import Told, web

CONFIG = """\
environments:
  production: {paths: ["clusters/production/**"]}
  staging: {paths: ["clusters/staging/**"]}
"""


@pytest.mark.parametrize(
    ("environment", "environments", "words"),
    [
        ("Production", ["production"], "only production"),
        ("preview", ["production", "staging"], "the config names no preview"),
    ],
)
def test_only_the_environment_that_it_goes_to_is_judged(
    tmp_path: Path, environment: str, environments: list[str], words: str
) -> None:
    world = World.made(tmp_path)
    old = world.commit("main", "config", **{".gate.yaml": CONFIG})
    places = ("clusters/production/map.yaml", "clusters/staging/map.yaml")
    thing = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop}}\n"
    head = world.commit("main", "change", **dict.fromkeys(places, thing))
    event = {
        "action": "created",
        "deployment": {"id": 5, "sha": head, "environment": environment},
        "repository": {"full_name": "Codertocat/Hello-World", "default_branch": "main"},
    }
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event))
    github = GitHub()
    github.failing["deployments"] = Told(body=json.dumps([{"id": 4, "sha": old}]).encode())
    states = [{"id": 1, "state": "success"}]
    github.failing["deployments/4/statuses"] = Told(body=json.dumps(states).encode())
    with web(github.answer) as server:
        run = gate(
            *("check", "--event", str(file), "-o", "json", "-o", f"text={tmp_path / 'text'}"),
            cwd=world.checkout("refs/heads/main").path,
            env={"GITHUB_API_URL": server.address, "GITHUB_TOKEN": TOKEN},
        )
    assert run.code == 0, str(run)
    assert run.json["change"]["event"] == "deployment"
    assert run.json["change"]["base"] == old
    assert run.json["change"]["environments"] == environments
    assert words in " ".join((tmp_path / "text").read_text().split())
