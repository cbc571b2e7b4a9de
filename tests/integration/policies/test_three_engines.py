"""The shipped rules give the same verdict on all three engines: embedded, a local OPA, a server.

All that is in the real data is judged, each folder by itself, against the next, and against a copy
in which much is made worse; then inputs with evidence, and a rule that asks for it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gate.authoring import files, testing
from gate.change.interface import ChangeRequest
from gate.decision import bundle as bundles
from gate.decision.engines.embedded import Embedded
from gate.decision.engines.interface import Engine
from gate.decision.engines.local import Local
from gate.decision.engines.server import Server
from gate.decision.judge import judge
from gate.decision.limits import DEFAULT
from gate.decision.sources import archive
from gate.model.places import saved_places
from gate.model.policy import Bundle, PolicyFiles
from gate.pipeline import Request, context
from gate.report.json import to_json
from tests.support.opa import running
from tests.support.tools import REAL_DATA, ROOT, need, real_data

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
NAMES = {"embedded", "local opa", "opa server"}
WORSE = [
    (r"replicas: \d+", "replicas: 0"),
    (r"image: (\S+?):[\w.-]+$", r"image: \1:latest"),
    (r"\b99\.\d+", "90"),
    (r"maxWeight: \d+", "maxWeight: 100"),
    (r"setWeight: \d+", "setWeight: 90"),
    (r"^.*runbook_url:.*\n", ""),
    (r"failureLimit: \d+", "failureLimit: 100"),
    (r"severity: critical", "severity: info"),
    (r"targetRevision: .*", "targetRevision: HEAD"),
]
CONFIG = """\
version: 1
policies: [builtin, policies]
environments:
  production: {paths: ["**"]}
services:
  shop: {paths: ["argo-rollouts/**", "flagger/**"], tier: 1}
  docs: {paths: ["thanos/**", "argo-cd/**"], tier: 3}
  other: {paths: ["**"], tier: 2}
evidence:
  delivery: [{file: slo.json}]
"""
BY_EVIDENCE = """\
# METADATA
# title: Budget is left
# description: The error budget is not used up.
# scope: package
# custom:
#   level: deny
#   remediation: Wait until it is.
#   requires: [delivery]
package gate.team.budget

deny contains {"message": message, "resource": r.id} if {
	some r in input.resources
	some environment, found in input.evidence.delivery[r.service]
	found.status == "ok"
	left := found.value.remaining
	left < 0.3
	message := sprintf("%s in %s has %v left of its budget", [r.service, environment, left])
}

warn contains sprintf("%s is not known", [r.id]) if {
	some r in input.resources
	not input.evidence.delivery[r.service]
}
"""


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judges]:
    with ExitStack() as stack:
        yield _judges(bundles.load(True), tmp_path_factory.mktemp("shipped"), stack)


class Judges:
    """One bundle on all engines."""

    def __init__(self, bundle: Bundle, engines: Sequence[Engine]) -> None:
        self.bundle = bundle
        self.engines = engines

    def verdict(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The verdict on which all engines agree, but for the engine's name."""
        places = saved_places(
            asked["gate"]["positions"], [*asked["resources"], *asked["unchanged"]]
        )
        told = [
            to_json(judge(asked, self.bundle, engine, locate=places, include_existing=True))
            for engine in self.engines
        ]
        assert {each.pop("engine")["name"] for each in told} == NAMES
        assert told[0] == told[1]
        assert told[0] == told[2]
        return told[0]


def _judges(bundle: Bundle, folder: Path, stack: ExitStack) -> Judges:
    need("opa")
    packed = folder / "gate.tar.gz"
    packed.write_bytes(archive.write(bundles.served(bundle)))
    server = stack.enter_context(running("--bundle", packed))
    engines = (Embedded(), Local(), Server(f"http://127.0.0.1:{server.port}"))
    return Judges(bundle, [stack.enter_context(closing(each)) for each in engines])


def _context(folder: Path, tree: Path, base: Path | None = None) -> dict[str, Any]:
    """The context of a folder, or of the way from one to another, judged by the shipped rules."""
    what = ChangeRequest(repo=folder, tree=tree, base_tree=base)
    found: dict[str, Any] = context(Request(what, NOW), lambda _: None)
    return found


def _folders() -> list[Path]:
    return sorted(each for each in REAL_DATA.iterdir() if each.is_dir() and each.name != "LICENSES")


@pytest.fixture(scope="module")
def worse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All real data, with much in it made worse."""
    folder = tmp_path_factory.mktemp("worse") / "data"
    shutil.copytree(real_data("."), folder)
    for file in folder.rglob("*.y*ml"):
        text = file.read_text(encoding="utf-8")
        for pattern, other in WORSE:
            text = re.sub(pattern, other, text, flags=re.MULTILINE)
        file.write_text(text, encoding="utf-8")
    return folder


def test_each_folder_of_real_data(shipped: Judges, tmp_path: Path) -> None:
    real_data(".")
    rules: Counter[str] = Counter()
    for folder in _folders():
        verdict = shipped.verdict(_context(tmp_path, folder))
        rules.update(each["rule"] for each in verdict["findings"])
    assert len(rules) >= 4, rules


def test_the_way_from_each_folder_to_the_next(shipped: Judges, tmp_path: Path) -> None:
    real_data(".")
    found = _folders()
    for old, new in zip(found, [*found[1:], found[0]], strict=True):
        shipped.verdict(_context(tmp_path, new, old))


def test_all_real_data_made_worse(shipped: Judges, worse: Path, tmp_path: Path) -> None:
    rules: Counter[str] = Counter()
    for old, new in ((REAL_DATA, worse), (worse, REAL_DATA), (REAL_DATA, tmp_path)):
        verdict = shipped.verdict(_context(tmp_path, new, old))
        rules.update(each["rule"] for each in verdict["findings"])
    assert len(rules) >= 10, rules


def test_the_example(shipped: Judges, tmp_path: Path) -> None:
    shop = ROOT / "examples" / "shop"
    after = tmp_path / "after"
    shutil.copytree(shop / "main", after)
    shutil.copytree(shop / "upgrade", after, dirs_exist_ok=True)
    verdict = shipped.verdict(_context(tmp_path, after, shop / "main"))
    assert verdict["verdict"] == "deny"


EVIDENCE: Mapping[str, tuple[dict[str, Any], str]] = {
    "used up": ({"status": "ok", "value": {"remaining": 0.1}}, "denied"),
    "left": ({"status": "ok", "value": {"remaining": 0.7}}, "passed"),
    "odd": ({"status": "ok", "value": {"remaining": "0.1"}}, "passed"),
    "of another shape": ({"status": "ok", "value": [0.1]}, "passed"),
    "not told": ({"status": "unavailable", "reason": "it is down"}, "undecided"),
    "old": ({"status": "stale", "value": {"remaining": 0.7}}, "undecided"),
}


@pytest.fixture(scope="module")
def by_evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judges]:
    folder = tmp_path_factory.mktemp("evidence")
    given = PolicyFiles({"policies/team/budget.rego": BY_EVIDENCE})
    with ExitStack() as stack:
        yield _judges(bundles.load(True, [given]), folder, stack)


@pytest.mark.parametrize("told", EVIDENCE)
def test_inputs_with_evidence(told: str, by_evidence: Judges, tmp_path: Path, worse: Path) -> None:
    said, expected = EVIDENCE[told]
    other = {"status": "ok", "value": {"remaining": 1}}
    by_service = {"shop": said, "docs": other, "other": other}
    at = {"observed_at": "2026-11-22T09:59:00Z"}
    slo = {service: {"production": {**each, **at}} for service, each in by_service.items()}
    (tmp_path / "policies" / "team").mkdir(parents=True)
    (tmp_path / "policies" / "team" / "budget.rego").write_text(BY_EVIDENCE)
    (tmp_path / "slo.json").write_text(json.dumps(slo))
    (tmp_path / ".gate.yaml").write_text(CONFIG)
    for tree in ("argo-rollouts", "thanos", "flagger"):
        shutil.copytree(worse / tree, tmp_path / "data" / tree)
    asked = _context(tmp_path, tmp_path / "data", REAL_DATA)
    verdict = by_evidence.verdict(asked)
    (rule,) = (each for each in verdict["rules"] if each["rule"] == "team.budget")
    assert rule["outcome"] == expected


def test_the_rules_own_tests_give_the_same_result_each_on_both_engines() -> None:
    need("opa")
    given = files.read(["builtin"], DEFAULT.file)
    told = [
        testing.run(given, testing.Wanted(engine=engine), lambda _: None).report
        for engine in ("embedded", "opa")
    ]
    ours, theirs = (
        {(each.path, each.name, each.case): each.outcome for each in report.results}
        for report in told
    )
    assert ours == theirs
    assert len(ours) > 300
    assert set(ours.values()) == {"pass"}
