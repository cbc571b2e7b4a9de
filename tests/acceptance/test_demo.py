"""`gate demo`, and what the pages show of its shop: always the same, on any day and in any zone."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gate.cli.demo import NOW, make_shop
from tests.support.command import Run, gate
from tests.support.tools import ROOT

PICTURES = ROOT / "docs" / "pictures"
FREEZES = (ROOT / "docs" / "freezes.md").read_text(encoding="utf-8")
SHOWN = {
    "freeze": "freeze --days 30",
    "slo": "slo",
    "verdict": "check --base main --head upgrade",
    "when": "when --base main --head ledger",
}
"""The pictures and the commands that they show, in the shop."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "shop"
    make_shop(folder)
    return folder


def typed(command: str, cwd: Path, env: Mapping[str, str] | None = None) -> Run:
    neutral = {"COLUMNS": "80", "NO_COLOR": "1", "GATE_NOW": NOW}
    return gate(*shlex.split(command), cwd=cwd, env={**neutral, **(env or {})})


def test_it_shows_what_the_commands_say_that_it_shows(tmp_path: Path) -> None:
    run = typed("demo --keep shop", tmp_path, {"GATE_NOW": ""})
    assert run.code == 0, str(run)
    lines = run.err.splitlines()
    assert lines[:2] == ["$ cd shop", f"$ export GATE_NOW={NOW}"]
    commands = [line.removeprefix("$ ") for line in lines[2:] if line.startswith("$")]
    assert [each.split()[1] for each in commands] == ["check", "freeze", "slo", "when"]
    codes = [line.split()[2].strip(":") for line in lines if line.startswith("exit code")]
    again = [typed(each.removeprefix("gate "), tmp_path / "shop") for each in commands]
    assert [str(each.code) for each in again] == codes == ["1"] * 4
    assert "".join(each.out for each in again) == run.out
    assert typed("demo --keep shop", tmp_path).code == 2


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/New_York"])
def test_it_is_the_same_everywhere(tmp_path: Path, zone: str) -> None:
    runs = [typed("demo", tmp_path, {"TZ": each, "GATE_NOW": ""}) for each in ("UTC", zone)]
    assert runs[0] == runs[1]
    assert "frozen: Year-end freeze (team-pay)" in runs[0].out


def test_its_commits_are_the_same_whatever_the_caller_has_configured(
    tmp_path: Path, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ignored = tmp_path / "ignored"
    ignored.write_text("*.yaml\n")
    config = tmp_path / "config"
    config.write_text(
        f"[core]\n\tautocrlf = true\n\thooksPath = {tmp_path}\n\texcludesFile = {ignored}\n"
        "[commit]\n\tgpgSign = true\n[i18n]\n\tcommitEncoding = latin1\n"
        "[init]\n\tdefaultObjectFormat = sha256\n"
    )
    hook = tmp_path / "pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    for name, value in {
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_DIR": str(tmp_path / "elsewhere"),
        "GIT_INDEX_FILE": str(tmp_path / "index"),
        "GIT_AUTHOR_NAME": "Somebody",
    }.items():
        monkeypatch.setenv(name, value)
    make_shop(tmp_path / "shop")
    ids = [
        (folder / ".git" / "refs" / "heads" / name).read_text()
        for folder in (shop, tmp_path / "shop")
        for name in ("main", "ledger", "upgrade")
    ]
    assert ids[:3] == ids[3:]
    assert [each[:7] for each in ids[:3]] == ["cbce953", "2f78e09", "6045e95"]


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_shows_what_the_command_shows(shop: Path, name: str) -> None:
    svg = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
    run = typed(f"{SHOWN[name]} --color always", shop, {"NO_COLOR": ""})
    made = maker()(run.out, "gate check" if name == "verdict" else f"gate {SHOWN[name]}")
    assert words(svg) == words(made)
    assert "font-face" not in svg
    pages = [each.read_text(encoding="utf-8") for each in (ROOT / "docs").glob("*.md")]
    assert any(f"](pictures/{name}.svg)" in page for page in pages)


def maker():  # type: ignore[no-untyped-def]
    """The function that draws a picture."""
    spec = importlib.util.spec_from_file_location("make_picture", PICTURES / "make.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.picture


def words(svg: str) -> list[str]:
    root = ET.fromstring(svg)
    texts = ("".join(node.itertext()) for node in root.iter() if node.tag.endswith("text"))
    return " ".join(texts).replace("\xa0", " ").split()


def test_the_page_about_freezes_shows_what_the_command_shows(shop: Path) -> None:
    found = re.findall(r"<!-- gate (freeze.*?) -->\n```text\n(.*?)```", FREEZES, re.DOTALL)
    assert found
    for command, shown in found:
        assert shown == typed(command, shop).out


def test_the_branches_are_what_they_say(shop: Path) -> None:
    healthy = typed("when --base main --head upgrade -o json", shop).json
    assert {each["rule"].partition(".")[0] for each in healthy["obstacles"]} == {
        "delivery",
        "workload",
    }
    frozen = typed("check --base main --head ledger -o json", shop).json
    assert {each["rule"] for each in frozen["findings"]} == {
        "freeze.active",
        "slo.budget_exhausted",
    }
