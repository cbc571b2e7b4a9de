"""What the delivery rules say of the examples that Argo Rollouts, Flagger and others publish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import regorus
import yaml

from gate.decision import bundle
from tests.support.tools import real_data

CASES = [
    ("argo-rollouts/examples/rollout-canary.yaml", {"verification_required"}),
    ("argo-rollouts/examples/rollout-bluegreen.yaml", {"verification_required"}),
    (
        "argo-rollouts/examples/rollout-rolling-update.yaml",
        {"progressive_required", "verification_required", "first_step_too_large"},
    ),
    ("argo-rollouts/examples/rollout-template-ref.yaml", {"verification_required"}),
    ("flagger/istio-canary.yaml", set()),
    ("flagger/istio-abtest.yaml", set()),
    ("flagger/linkerd-canary-steps.yaml", set()),
    ("flagger/kuma-canary.yaml", set()),
    ("flagger/cut-confirm-rollout-gate.yaml", set()),
    ("flagger/cut-skip-analysis.yaml", {"verification_required"}),
    ("tharlesson-argocd/apps/sample-api/base/rollout.yaml", set()),
    ("tharlesson-argocd/argocd/applications/workloads-prod-app.yaml", {"source_floating"}),
]


@pytest.fixture(scope="module")
def engine() -> regorus.Engine:
    loaded = bundle.load(True)
    made = regorus.Engine()
    for module in loaded.modules:
        made.add_policy(module.path, module.text)
    made.add_policy("entry", loaded.entry)
    made.add_data({"defaults": {rule.id: dict(rule.settings) for rule in loaded.rules.values()}})
    return made


def _resource(number: int, manifest: dict[str, Any]) -> dict[str, Any]:
    kind, name = manifest["kind"], manifest["metadata"]["name"]
    return {
        "id": f"{kind}/{name}#{number}",
        "group": manifest["apiVersion"].rpartition("/")[0] or "core",
        "kind": kind,
        "namespace": manifest["metadata"].get("namespace"),
        "name": name,
        "status": "added",
        "path": "apps/a.yaml",
        "old_path": None,
        "service": "web",
        "environments": ["default"],
        "old": None,
        "new": manifest,
        "changes": [],
        "patch": False,
    }


def _delivery_findings(engine: regorus.Engine, file: Path) -> set[str]:
    manifests = [each for each in yaml.safe_load_all(file.read_text(encoding="utf-8")) if each]
    settings = json.loads(engine.eval_query_as_json("data.defaults"))
    policy_input = {
        "change": {"kind": "range", "files": [], "commits": [], "environments": ["default"]},
        "resources": [_resource(number, each) for number, each in enumerate(manifests)],
        "unchanged": [],
        "services": {"web": {"tier": 1}},
        "targets": [],
        "evidence": {},
        "settings": settings["result"][0]["expressions"][0]["value"],
        "now": "2026-11-22T10:00:00Z",
    }
    engine.set_input_json(json.dumps(policy_input))
    answer = json.loads(engine.eval_query_as_json("data.gate_entry.findings"))
    findings = answer["result"][0]["expressions"][0]["value"]
    return {
        rule.removeprefix("delivery.")
        for rule, sets in findings.items()
        if rule.startswith("delivery.") and sets["deny"]
    }


@pytest.mark.parametrize(("path", "expected"), CASES, ids=[path for path, _ in CASES])
def test_a_published_example_for_a_critical_service(
    path: str, expected: set[str], engine: regorus.Engine
) -> None:
    folder, _, name = path.partition("/")
    assert _delivery_findings(engine, real_data(folder) / name) == expected


def test_an_analysis_that_allows_as_many_failures_as_it_counts(engine: regorus.Engine) -> None:
    folder = real_data("argo-rollouts") / "examples"
    templates = yaml.safe_load_all((folder / "analysis-templates.yaml").read_text(encoding="utf-8"))
    rollout = yaml.safe_load((folder / "rollout-canary.yaml").read_text(encoding="utf-8"))
    wanted = {"templates": [{"templateName": "pass"}, {"templateName": "random-fail"}]}
    rollout["spec"]["strategy"]["canary"]["analysis"] = wanted
    every = [rollout, *(each for each in templates if each)]
    policy_input = {
        "resources": [_resource(number, each) for number, each in enumerate(every)],
        "unchanged": [],
        "services": {"web": {"tier": 1}},
        "settings": {"delivery.rollback_criteria": {"tiers": [1]}},
    }
    engine.set_input_json(json.dumps(policy_input))
    answer = json.loads(engine.eval_query_as_json("data.gate.delivery.rollback_criteria.deny"))
    (finding,) = answer["result"][0]["expressions"][0]["value"]
    assert finding["resource"] == "AnalysisTemplate/pass#1"
    assert finding["path"] == ["spec", "metrics", 0, "failureLimit"]
