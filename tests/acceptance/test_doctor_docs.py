"""The examples of docs/doctor.md, run as they stand there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gate.cli.demo import NOW, make_shop
from gate.cli.doctor import doctor
from tests.support.command import Run, gate
from tests.support.tools import ROOT

PAGE = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")


def example(title: str) -> str:
    found = re.search(rf"<!-- {re.escape(title)} -->\n```\w*\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None, title
    return found[1]


def run(title: str, folder: Path) -> Run:
    """The page's command; a variable before it is left out."""
    words = shlex.split(example(title))
    arguments = words[words.index("gate") + 1 :]
    env = {"GATE_NOW": "", "GITHUB_TOKEN": "", "GATE_GITHUB_TOKEN": "", "GITHUB_REPOSITORY": ""}
    return gate(*arguments, "--now", NOW, cwd=folder, env=env)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doctor-docs") / "shop"
    make_shop(folder)
    return folder


def test_the_shop(shop: Path) -> None:
    found = run("here", shop)
    assert found.out == example("shop")
    assert found.code == 1


def test_accepted_holes(shop: Path) -> None:
    found = run("accept", shop)
    assert found.code == 1
    assert "Not all is proven: 1 hole, 2 accepted." in found.out


def test_github_alone(shop: Path) -> None:
    found = run("token", shop)
    assert found.code == 3
    assert "no repository on GitHub is known" in found.out


def test_the_page_names_each_option_and_each_group() -> None:
    names = [name for each in doctor.params for name in each.opts if name.startswith("--")]
    own = {"--only", "--accept", "--base", "--trust", "--offline"}
    assert own <= set(names)
    assert all(f"`{name}" in PAGE or f" {name} " in PAGE for name in own)
    assert example("all") == "gate doctor\n"
