"""What a commit that touches no manifest costs: counted, since times differ from machine to
machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import gate
from tests.support.git import Repo

CONFIG = """\
version: 1
services:
  web: {paths: ["apps/web/**"], tier: 1}
environments:
  production: {paths: ["clusters/production/**"]}
evidence:
  slo: [prometheus: {url: "https://prometheus.example.org", convention: sloth}]
  freeze: [ical: freezes.ics]
"""
HEAVY = {
    *("requests", "urllib3", "jsonschema", "opa_client", "rich", "icalendar", "dateutil"),
    *("junitparser", "cronsim", "importlib.metadata", "concurrent.futures", "http.client", "ssl"),
    *("gate.decision.engines.confined", "gate.evidence.freeze.calendar"),
}
RUN = """\
import sys
from gate.cli.main import main
try:
    main(["check", "--staged", "--offline"])
except SystemExit as end:
    assert end.code == {code}, end.code
print("IMPORTED", *sys.modules)
"""
OWN = "policies: [builtin, rules]\n"
MINE = """\
# METADATA
# title: Mine
# description: A rule of one's own.
# custom:
#   remediation: Go on.
package gate.mine.mine

warn contains {"message": "a rollback"} if input.change.rollback.to
"""
GOOD = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data: {one: "1"}
"""
BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: "web:latest"}]}
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.commit("start", **{".gate.yaml": CONFIG, "freezes.ics": "", "README.md": "1\n"})
    made.write("README.md", "2\n")
    made.write("src/main.py", "print()\n")
    made.stage()
    return made


def imported(repo: Repo, code: int = 0) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(code=code)],
        cwd=repo.path,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_nothing_is_imported_that_it_does_not_need(repo: Repo) -> None:
    assert not imported(repo) & HEAVY


def test_what_a_manifest_needs_is_noticed(repo: Repo) -> None:
    repo.write("apps/web/pod.yaml", BAD)
    repo.stage()
    assert "concurrent.futures" in imported(repo, 1)


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """The programs that were started since."""
    log = tmp_path / "log"
    (tmp_path / "bin").mkdir()
    for name in ("git", "env", "opa"):
        program = shutil.which(name)
        made = tmp_path / "bin" / name
        made.write_text(f'#!/bin/sh\necho "{name} $*" >> {log}\nexec {program} "$@"\n')
        made.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return lambda: log.read_text().splitlines()


def searches(started: Callable[[], list[str]]) -> int:
    """How often the history was searched."""
    return sum(" log " in line for line in started())


def test_git_is_started_a_few_times_and_nothing_else(
    repo: Repo, started: Callable[[], list[str]]
) -> None:
    imported(repo)
    assert len(started()) <= 6, started()
    assert all(line.startswith("git ") for line in started())


def test_the_history_is_not_searched_where_no_rule_asks_for_it(
    repo: Repo, started: Callable[[], list[str]]
) -> None:
    imported(repo)
    assert searches(started) == 0


@pytest.mark.parametrize(
    ("path", "content"),
    [("other/pod.yaml", GOOD), ("apps/web/main.py", "print()\n"), (".gate.yaml", CONFIG + OWN)],
    ids=["object", "service", "rules"],
)
def test_the_history_is_searched_once_where_one_may(
    repo: Repo, started: Callable[[], list[str]], path: str, content: str
) -> None:
    """For an object, for a service, and for a rule that is not gate's own."""
    repo.write("rules/mine/mine.rego", MINE)
    repo.write(path, content)
    repo.stage()
    run = gate("check", "--staged", "--offline", "-o", "json", cwd=repo.path)
    assert run.json["verdict"] in ("pass", "warn", "undecided"), str(run)
    assert searches(started) == 1
