"""The page about testing shows what the commands do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.acceptance.test_readme import commands
from tests.support.command import gate
from tests.support.tools import ROOT

PAGE = (ROOT / "docs" / "authoring.md").read_text(encoding="utf-8")
SECONDS = re.compile(r"\d+\.\d s on")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """The files that the page shows."""
    for path, text in re.findall(r"<!-- (policies/\S+) -->\n```rego\n(.*?)```", PAGE, re.DOTALL):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("command", "shown"), re.findall(r"<!-- (gate .*?) -->\n```text\n(.*?)```", PAGE, re.DOTALL)
)
def test_each_output_on_the_page_is_that_of_its_command(
    repo: Path, command: str, shown: str
) -> None:
    run = gate(*command.split()[1:], cwd=repo)
    assert SECONDS.sub("0.0 s on", run.out) == shown, str(run)


@pytest.mark.parametrize("command", [each for each in commands(PAGE) if "builtin" not in each])
def test_each_command_on_the_page_runs(repo: Path, command: str) -> None:
    run = gate(*command.split()[1:], cwd=repo)
    assert run.code in {0, 1}, str(run)
    assert run.err == ""
