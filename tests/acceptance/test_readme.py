"""What the README and the pages show is what the command does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.support.command import gate
from tests.support.git import Repo
from tests.support.tools import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


RULE = """\
# METADATA
# title: Named
# description: Named.
# scope: package
# custom:
#   remediation: Name it.
package gate.team.named

deny contains "no" if input.change.kind == "none"
"""
TEST = """\
package gate.team.named_test

import data.gate.team.named

test_passes if count(named.deny) == 0
"""


def commands(page: str) -> list[str]:
    return [
        line.split("#")[0].strip()
        for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
        for line in block.splitlines()
        if line.startswith("gate ")
    ]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.write("deploy/app.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
    made.write("policy/named.rego", 'package main\n\ndeny contains "no" if input.kind == "None"\n')
    made.write("policies/team/named.rego", RULE)
    made.write("policies/team/named_test.rego", TEST)
    made.commit("start")
    return made


@pytest.mark.parametrize("command", commands(README))
def test_each_command_of_the_readme_runs(repo: Repo, command: str) -> None:
    run = gate(*command.split()[1:], cwd=repo.path)
    assert run.code == 0, str(run)


def test_the_readmes_configuration_is_accepted(repo: Repo) -> None:
    [block] = re.findall(r"```yaml\n(version:.*?)```", README, re.DOTALL)
    assert yaml.safe_load(block)["version"] == 1
    repo.write(".gate.yaml", block.replace("[builtin, policies/]", "[builtin]"))
    run = gate("check", cwd=repo.path)
    assert run.code == 0, str(run)
    assert "judged by .gate.yaml" in run.out


def test_the_readme_shows_a_verdict_as_it_is(tmp_path: Path) -> None:
    shown = re.findall(r"```text\n(.*?)\.\.\.\n```", README, re.DOTALL)[0]
    real = gate("demo", cwd=tmp_path, env={"COLUMNS": "80"}).out
    joined = " ".join(real.split())
    for part in shown.split("\n\n"):
        assert " ".join(part.split()) in joined, f"{part}\n--- real\n{real}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_offered(tmp_path: Path, shell: str) -> None:
    run = gate(cwd=tmp_path, env={"_GATE_COMPLETE": f"{shell}_source"})
    assert run.code == 0, str(run)
    assert "gate" in run.out


def test_completion_knows_the_commands(tmp_path: Path) -> None:
    told = {"_GATE_COMPLETE": "bash_complete", "COMP_WORDS": "gate ch", "COMP_CWORD": "1"}
    run = gate(cwd=tmp_path, env=told)
    assert "check" in run.out, str(run)
