"""The same bundle and input give the same answer on a real OPA."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from gate.decision import bundle as bundles
from gate.decision.engines.inputs import input_text
from gate.decision.existing import unchanging
from gate.model.policy import Bundle
from tests.support.tools import need
from tests.unit.decision.cases import ENGINE, bundle, context, module, resource


def by_opa(judged: Bundle, policy_input: Any, folder: Path) -> Any:
    """What OPA answers when it is asked for the entry, with strict builtin errors."""
    for index, each in enumerate(judged.modules):
        (folder / f"{index}.rego").write_text(each.text)
    (folder / "entry.rego").write_text(judged.entry)
    (folder / "input.json").write_text(input_text(policy_input))
    done = subprocess.run(
        [
            *(need("opa"), "eval", "--strict-builtin-errors", "-f", "json"),
            *("-i", str(folder / "input.json")),
            *(part for file in sorted(folder.glob("*.rego")) for part in ("-d", str(file))),
            "data.gate_entry",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)["result"][0]["expressions"][0]["value"]


def test_the_entry_means_the_same_on_opa(tmp_path: Path) -> None:
    rules = bundle(
        module(
            "team.one",
            """\
deny contains {"message": r.id, "resource": r.id, "path": ["a", 0]} if {
	some r in input.resources
	r.new.a > 1
}

warn contains sprintf("%d", [r.new.a]) if some r in input.resources

applies if input.resources[_].new.b
""",
        ),
        module("team.two", "warn contains missing if missing := input.resources[_].new.b"),
        module("team.three", 'deny contains "x" if input.nothing'),
    )
    made = context(rules, [resource("x", {"a": 1.0}, {"a": 2.0}), resource("y", {}, {"a": 1})])
    answer = ENGINE.evaluate(rules, made)
    theirs = by_opa(rules, made, tmp_path)
    assert (theirs["digest"], theirs["rules"]) == (rules.digest, sorted(rules.rules))
    assert theirs["findings"] == answer.results
    assert not answer.failures


def test_the_builtin_rules_mean_the_same_on_opa(tmp_path: Path) -> None:
    rules = bundles.load(True)
    pod = {"containers": [{"name": "app", "image": "app:latest"}]}
    workload = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {"replicas": 3, "template": {"spec": pod}},
    }
    lower = {**workload, "spec": {"replicas": 1, "template": {"spec": pod}}}
    made = context(
        rules,
        [
            resource(
                "app",
                workload,
                lower,
                id="apps/Deployment/shop/app",
                kind="Deployment",
                group="apps",
                namespace="shop",
                changes=[
                    {"path": ["spec", "replicas"], "op": "replace", "old": 3, "new": 1},
                ],
            )
        ],
    )
    del made["gate"]
    for number, policy_input in enumerate((made, unchanging(made))):
        folder = tmp_path / str(number)
        folder.mkdir()
        answer = ENGINE.evaluate(rules, policy_input)
        assert not answer.failures
        assert answer.results == by_opa(rules, policy_input, folder)["findings"]
