"""Calendars, sync windows and the emergency stop, as the command reads them from a repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.command import gate
from tests.support.git import Repo
from tests.support.web import Told, web

NOW = "2026-11-22T10:00:00Z"
APP = """apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout, namespace: shop, labels: {app.kubernetes.io/name: checkout}}
spec: {replicas: %d}
"""
CONFIG = """version: 1
environments: {production: {paths: ["apps/**"]}}
services: {checkout: {paths: ["apps/**"], tier: 1}}
evidence:
  freeze:
%s
"""
FREEZE = """BEGIN:VCALENDAR
VERSION:2.0
X-WR-TIMEZONE:Europe/Berlin
BEGIN:VEVENT
UID:1
SUMMARY:Winter break
DTSTART:20261122
DTEND:20261124
END:VEVENT
END:VCALENDAR
"""
NOTHING = "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n"
PROJECT = """apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: shop, namespace: argocd}
spec:
  syncWindows:
  - kind: %s
    schedule: 0 9 * * *
    duration: 8h
    applications: ['%s']
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo.init(tmp_path / "repo")


def start(repo: Repo, sources: str, **files: str) -> None:
    """A main branch with these sources and files, and a branch that changes an app."""
    config = CONFIG % "\n".join(f"    - {line}" for line in sources.splitlines())
    repo.commit("start", **{".gate.yaml": config, "apps/a.yaml": APP % 1, **files})
    repo.branch("change")
    repo.commit("more", **{"apps/a.yaml": APP % 2})


def freeze(repo: Repo, *options: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """The evidence of checkout in production, judged by main."""
    run = gate("context", "--base", "main", "--now", NOW, *options, cwd=repo.path, env=env)
    assert run.code == 0, str(run)
    found: dict[str, Any] = run.json["evidence"]["freeze"]["checkout"]["production"]
    return found


def names(found: dict[str, Any]) -> list[str]:
    assert found["status"] == "ok", found
    return [window["name"] for calendar in found["value"] for window in calendar["windows"]]


def test_a_calendar_is_read_from_the_base_whatever_the_head_says(repo: Repo) -> None:
    start(repo, "ical: freezes.ics", **{"freezes.ics": FREEZE})
    expected = {
        "name": "Winter break",
        "from": "2026-11-21T23:00:00Z",
        "until": "2026-11-23T23:00:00Z",
        "reason": None,
        "who": None,
        "line": 4,
    }
    assert freeze(repo)["value"][0]["windows"] == [expected]
    repo.commit("open it", **{"freezes.ics": NOTHING})
    assert freeze(repo)["value"][0]["windows"] == [expected]
    repo.remove("freezes.ics")
    repo.commit("remove it")
    assert freeze(repo)["value"][0]["windows"] == [expected]
    repo.write("freezes.ics", NOTHING)
    assert freeze(repo)["value"][0]["windows"] == [expected]


def test_a_calendar_that_the_head_brings_does_not_judge(repo: Repo) -> None:
    start(repo, "ical: freezes.ics")
    repo.commit("bring it", **{"freezes.ics": NOTHING})
    found = freeze(repo)
    assert found["status"] == "unavailable"
    assert "There is no file `freezes.ics` in main" in found["reason"]


def test_sync_windows_are_read_from_the_base(repo: Repo) -> None:
    start(
        repo,
        'argocd: {projects: "argocd/**"}',
        **{"argocd/shop.yaml": PROJECT % ("deny", "*"), "argocd/app.yaml": "kind: Application\n"},
    )
    expected = "deny `0 9 * * *` 8h (project shop)"
    assert set(names(freeze(repo))) == {expected}
    repo.commit("open it", **{"argocd/shop.yaml": PROJECT % ("deny", "cart")})
    assert set(names(freeze(repo))) == {expected}
    repo.link("argocd/shop.yaml", "../elsewhere")
    repo.commit("link it")
    assert set(names(freeze(repo))) == {expected}


def test_a_link_in_the_base_is_not_followed(repo: Repo) -> None:
    repo.link("argocd/shop.yaml", "../shop.yaml")
    start(repo, 'argocd: {projects: "argocd/**"}', **{"shop.yaml": PROJECT % ("allow", "*")})
    found = freeze(repo)
    assert found["status"] == "unavailable"
    assert found["reason"].startswith("argocd/shop.yaml: It is a symbolic link")


def test_an_emergency_stop_is_read_from_the_base(repo: Repo) -> None:
    start(repo, "switch: stop.yaml", **{"stop.yaml": "frozen: true\nreason: database\n"})
    assert names(freeze(repo)) == ["Emergency stop"]
    repo.commit("open it", **{"stop.yaml": "frozen: false\n"})
    assert names(freeze(repo)) == ["Emergency stop"]
    repo.checkout("main")
    repo.commit("open it there", **{"stop.yaml": "frozen: false\n"})
    repo.checkout("change")
    assert names(freeze(repo)) == []


def test_all_sources_are_joined_and_one_that_cannot_say_spoils_it(repo: Repo) -> None:
    start(
        repo,
        'ical: freezes.ics\nargocd: {projects: "argocd/*"}\nswitch: stop.yaml',
        **{
            "freezes.ics": FREEZE,
            "argocd/shop.yaml": PROJECT % ("allow", "checkout"),
            "stop.yaml": "frozen: true",
        },
    )
    found = names(freeze(repo))
    assert {"Winter break", "Emergency stop"} < set(found)
    assert any(name.startswith("outside allow") for name in found)
    repo.checkout("main")
    repo.commit("break one", **{"freezes.ics": FREEZE[:-5]})
    repo.checkout("change")
    found_ = freeze(repo)
    assert found_["status"] == "unavailable"
    known = {window["name"] for calendar in found_["value"] for window in calendar["windows"]}
    assert "Emergency stop" in known
    assert "Winter break" not in known
    assert found_["reason"].startswith(
        "freezes.ics:10: `END:VCALE` does not end `BEGIN:VCALENDAR` of line 1: it is cut short"
    )


def test_addresses_are_asked_and_not_offline(repo: Repo) -> None:
    def answer(asked: Any) -> Told:
        if asked.headers.get("Authorization") != "Bearer s3cret-t0ken":
            return Told(401)
        bodies = {
            "/stop": b'{"frozen": false}',
            "/a.ics": FREEZE.encode(),
            "/api/v1/projects": b'{"metadata": {}, "items": [{"metadata": {"name": "shop"}, '
            b'"spec": {"syncWindows": [{"kind": "deny", "schedule": "0 9 * * *", '
            b'"duration": "8h", "applications": ["*"]}]}}]}',
        }
        return Told(200, bodies[asked.path.partition("?")[0]])

    with web(answer) as server:
        token = 'token: "${TOKEN}"'
        start(
            repo,
            f'switch: {{url: "{server.address}/stop", {token}}}\n'
            f'ical: {{url: "{server.address}/a.ics?key=hunter22", {token}}}\n'
            f'argocd: {{url: "{server.address}/api/v1/projects", {token}}}',
        )
        found = freeze(repo, env={"TOKEN": "s3cret-t0ken"})
        assert set(names(found)) == {"Winter break", "deny `0 9 * * *` 8h (project shop)"}
        assert (found["source"], len(server.asked)) == ("switch, ical, argocd", 3)
        refused = freeze(repo, env={"TOKEN": "another-t0ken"})
        assert refused["status"] == "unavailable"
        assert refused["reason"].count("it does not accept who asks (401)") == 3
        assert "t0ken" not in str(refused)
        assert "hunter" not in str(found) + str(refused)
        assert freeze(repo)["reason"] == "${TOKEN} is not set"
        offline = freeze(repo, "--offline")
        assert (offline["status"], len(server.asked)) == ("skipped", 6)
