"""What a commit that touches no manifest costs: counted, since times differ from machine to
machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
    *("git", "requests", "urllib3", "jsonschema", "opa_client", "rich", "icalendar", "dateutil"),
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


def test_git_is_started_a_few_times_and_nothing_else(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    (tmp_path / "bin").mkdir()
    for name in ("git", "env", "opa"):
        program = shutil.which(name)
        made = tmp_path / "bin" / name
        made.write_text(f'#!/bin/sh\necho "{name} $*" >> {log}\nexec {program} "$@"\n')
        made.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    imported(repo)
    started = log.read_text().splitlines()
    assert len(started) <= 7, log.read_text()
    assert all(line.startswith("git ") for line in started)
