"""docs/conftest.md: its files are written down, its commands run, and their output is as shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gate.decision.sources.conftest import exception_name
from tests.support.command import gate
from tests.support.conftests import by_conftest, by_gate, write
from tests.support.tools import ROOT

PAGE = (ROOT / "docs" / "conftest.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"<!-- (\S+) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = re.findall(r"```console\n\$ (.*?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("number", "code"), [(0, 1), (1, 0)])
def test_each_command_says_what_the_page_shows(tmp_path: Path, number: int, code: int) -> None:
    assert len(COMMANDS) == 2
    command, shown = COMMANDS[number]
    files = FILES if number else {name: FILES[name] for name in FILES if name != ".gate.yaml"}
    run = gate(*command.split()[1:], cwd=write(tmp_path, files), env={"COLUMNS": "80"})
    assert (run.code, run.out.strip()) == (code, shown.strip())


def test_the_configuration_judges_by_the_policies(tmp_path: Path) -> None:
    run = gate("check", "deploy", "-o", "json", cwd=write(tmp_path, FILES))
    assert run.code == 1, str(run)
    levels = {each["rule"]: each["level"] for each in run.json["findings"]}
    assert (levels["main.deny_latest"], levels["main.warn"]) == ("deny", "deny")


def test_conftest_finds_the_same(tmp_path: Path) -> None:
    files = {name: text for name, text in FILES.items() if name != ".gate.yaml"}
    write(tmp_path, files)
    assert by_gate(tmp_path, "deploy", "-p", "policy") == by_conftest(
        tmp_path, "deploy", "-p", "policy"
    )


def test_every_option_that_the_page_names_is_one() -> None:
    table = PAGE.partition("## The options")[2].partition("##")[0]
    ours = [row.split("|")[2] for row in table.splitlines() if row.startswith("| `")]
    named = {name for cell in ours for name in re.findall(r"`(--[\w-]+)", cell)}
    assert {"--conftest", "--namespace", "--all-namespaces", "--data", "--combine"} <= named
    text = gate("check", "--help", cwd=ROOT).out
    assert not {name for name in named if name not in text}


def test_the_exceptions_are_called_as_the_page_says() -> None:
    for name in ("deny_latest", "violation_latest", "warn_latest"):
        assert exception_name(name) == "latest"
