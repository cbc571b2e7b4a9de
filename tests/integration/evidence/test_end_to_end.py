"""What people see: the commands on a repository whose budgets a real Prometheus tells, while the
alerts of Sloth's own rules go to a real Alertmanager."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import check, gate
from tests.support.git import Repo
from tests.support.prometheus import SERVICES, Server, blocks, running
from tests.support.web import Asked, Told, web

APP = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, labels: {{app.kubernetes.io/name: {name}}}}}
spec: {{replicas: {replicas}}}
"""
EVERYBODY = (*SERVICES, "ledger")


def repository(folder: Path, address: str, *services: str, more: str = "") -> Repo:
    """A main branch with an app a service, all of tier 1, and a branch that changes these."""
    repo = Repo.init(folder)
    named = "\n".join(f"  {name}: {{paths: ['{name}.yaml'], tier: 1}}" for name in EVERYBODY)
    config = (
        f"version: 1\nenvironments: {{production: {{paths: ['**']}}}}\nservices:\n{named}\n"
        f"evidence:\n  slo:\n  - prometheus: {{url: '{address}'{more}}}\n"
    )
    apps = {f"{name}.yaml": APP.format(name=name, replicas=1) for name in EVERYBODY}
    repo.commit("start", **{".gate.yaml": config, **apps})
    repo.branch("change")
    changed = {f"{name}.yaml": APP.format(name=name, replicas=2) for name in services}
    repo.commit("more", **changed)
    return repo


def judged(repo: Repo, server: Server) -> Any:
    """The verdict, with what is said of SLOs alone in `told` and `open`."""
    verdict = check(repo.path, "--base", "main", "--now", server.now.isoformat())
    told = [each for each in verdict["findings"] if each["rule"].startswith("slo.")]
    rules = [each for each in verdict["rules"] if each["rule"].startswith("slo.")]
    undecided = [each["reason"] for each in rules if each["outcome"] == "undecided"]
    return {**verdict, "told": told, "open": undecided}


@pytest.mark.parametrize(
    ("service", "outcome", "rule", "message"),
    [
        ("healthy", "pass", None, ""),
        ("burning", "deny", "slo.burning_fast", "14.4"),
        ("exhausted", "deny", "slo.budget_exhausted", "-25"),
        ("nan", "deny", "slo.data_missing", "NaN"),
        ("flawless", "deny", "slo.data_missing", "falls back to `vector(0)`"),
        ("ledger", "deny", "slo.missing", "no SLO"),
    ],
)
def test_a_verdict_on_each_service(
    history: Server, tmp_path: Path, service: str, outcome: str, rule: str | None, message: str
) -> None:
    verdict = judged(repository(tmp_path / "repo", history.address, service), history)
    assert verdict["open"] == []
    assert (verdict["verdict"], [each["rule"] for each in verdict["told"]]) == (
        outcome,
        [rule] if rule else [],
    )
    for each in verdict["told"]:
        assert service in each["message"]
        assert message in each["message"]


def test_a_service_that_fell_silent_is_undecided(history: Server, tmp_path: Path) -> None:
    verdict = judged(repository(tmp_path / "repo", history.address, "silent"), history)
    assert (verdict["verdict"], verdict["exit_code"], verdict["told"]) == ("undecided", 3, [])
    assert len(verdict["open"]) == 6
    assert all("slo of silent in production is stale" in each for each in verdict["open"])
    assert all("3 h ago, and max_age is 10m" in each for each in verdict["open"])


def test_a_table_of_all(history: Server, tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", history.address)
    done = gate("slo", "--now", history.now.isoformat(), cwd=repo.path)
    assert done.code == 1
    lines = {line.split()[0]: line for line in done.out.splitlines() if " production " in line}
    assert {name: lines[name].split()[-1] for name in EVERYBODY} == {
        "healthy": "ok",
        "burning": "warning",
        "exhausted": "exhausted",
        "silent": "known",
        "nan": "known",
        "flawless": "known",
        "ledger": "SLO",
    }
    assert "80 %" in lines["healthy"]


def test_when(history: Server, tmp_path: Path) -> None:
    """The bad day of ten days ago leaves the window in twenty; a silent source only a person can
    mend."""
    now = history.now.isoformat()
    repo = repository(tmp_path / "repo", history.address, "exhausted")
    done = gate("when", "--base", "main", "--now", now, "-o", "json", cwd=repo.path)
    assert done.code == 1, str(done)
    assert " (in 20d)" in gate("when", "--base", "main", "--now", now, cwd=repo.path).out
    silent = repository(tmp_path / "other", history.address, "silent")
    done = gate("when", "--base", "main", "--now", now, cwd=silent.path)
    assert done.code == 3, str(done)
    assert "only by a person" in done.out


@pytest.mark.parametrize("service", SERVICES)
def test_where_a_page_is_due_sloths_own_alert_is_at_the_alertmanager(
    history: Server, tmp_path: Path, service: str
) -> None:
    repo = repository(tmp_path / "repo", history.address)
    now = history.now.isoformat()
    found = gate("slo", "--now", now, "--service", service, "-o", "json", cwd=repo.path).json
    slos = [slo for target in found["targets"] for slo in target["slos"] or ()]
    exceeded = {pair["severity"] for slo in slos for pair in slo["pairs"] if pair["exceeded"]}
    firing = {each["sloth_severity"] for each in history.alerts if each["sloth_service"] == service}
    assert exceeded == firing
    assert firing == ({"page"} if service == "burning" else set())


def test_a_server_that_is_gone_decides_nothing(tmp_path: Path) -> None:
    blocks(tmp_path, iter(["# TYPE a gauge", f"a 1 {int(time.time())}"]))
    with running(tmp_path) as server:
        repo = repository(tmp_path / "repo", server.address, "healthy")
        server.kill()
        done = gate("check", "--base", "main", cwd=repo.path)
    assert done.code == 3, str(done)
    assert "slo of healthy in production is unavailable" in " ".join(done.out.split())
    assert "it refuses the connection" in done.out
    assert gate("slo", cwd=repo.path).code == 3
    assert gate("when", "--base", "main", cwd=repo.path).code == 3


def test_a_tenant_is_told_and_a_wrong_one_is_no_calm(history: Server, tmp_path: Path) -> None:
    """As Mimir does it: without a tenant it refuses, and a wrong one has no series."""

    def answer(asked: Asked) -> Told:
        tenant = asked.headers.get("X-Scope-OrgID")
        if tenant is None:
            return Told(401, b"no org id")
        if tenant != "shop":
            data = {"resultType": "vector", "result": []}
            return Told(200, json.dumps({"status": "success", "data": data}).encode())
        with urllib.request.urlopen(history.address + asked.path, asked.body or None) as reply:
            return Told(200, reply.read())

    with web(answer) as front:
        for index, (more, verdict, reason) in enumerate(
            [
                (", headers: {X-Scope-OrgID: shop}", "pass", ""),
                (", headers: {X-Scope-OrgID: other}", "undecided", "it has no series of Sloth"),
                ("", "undecided", "no org id"),
            ]
        ):
            repo = repository(tmp_path / str(index), front.address, "healthy", more=more)
            found = judged(repo, history)
            assert found["verdict"] == verdict
            assert all(reason in each for each in found["open"])


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (", labels: {service: svc}", "none of its series of Sloth has the label svc"),
        (", labels: {environment: env}", "none of its series of Sloth has the label env"),
        (", selector: 'cluster=\"eu\"'", "it has no series of Sloth"),
        (", convention: pyrra", "it has no series of Pyrra"),
    ],
)
def test_a_setting_that_finds_nothing_is_undecided(
    history: Server, tmp_path: Path, more: str, reason: str
) -> None:
    repo = repository(tmp_path / "repo", history.address, "exhausted", more=more)
    found = judged(repo, history)
    assert (found["verdict"], found["exit_code"]) == ("undecided", 3)
    assert all(reason in each for each in found["open"])
