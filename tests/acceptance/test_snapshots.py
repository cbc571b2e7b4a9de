"""All that people and machines see of the example change. Only versions and digests are left out:
a word that changes here changes for every reader."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.support.command import gate
from tests.support.git import Repo
from tests.support.tools import ROOT

NOW = "2026-11-22T10:00:00Z"
DIGESTS = (
    (re.compile(r"sha256:[0-9a-f]{64}"), "sha256:<digest>"),
    (re.compile(r"(decision(?:_id\": \"| ))[0-9a-f]{32}"), r"\1<digest>"),
    (re.compile(r'("name": "embedded",\s+"version": )"[^"]+"'), r'\1"<version>"'),
    (re.compile(r"embedded \d[\w.]*"), "embedded <version>"),
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop of `gate demo`, with commits that are the same everywhere."""
    repo = Repo.init(tmp_path_factory.mktemp("shop") / "shop")
    for branch in ("main", "upgrade"):
        if branch != "main":
            repo.branch(branch)
        shutil.copytree(ROOT / "examples" / "shop" / branch, repo.path, dirs_exist_ok=True)
        repo.commit(branch)
    return repo.path


def told(shop: Path, *arguments: str) -> str:
    run = gate(
        "check", "--base", "main", "--head", "upgrade", "--now", NOW, *arguments,
        cwd=shop, env={"COLUMNS": "80", "NO_COLOR": "1"},
    )  # fmt: skip
    assert run.code == 1, str(run)
    text = run.out
    for pattern, instead in DIGESTS:
        text = pattern.sub(instead, text)
    return text


@pytest.mark.parametrize("arguments", [[], ["-q"], ["-v"], ["-o", "json"]], ids=" ".join)
def test_the_example_change(shop: Path, arguments: list[str], snapshot: SnapshotAssertion) -> None:
    assert told(shop, *arguments) == snapshot


def test_nothing_but_digests_and_versions_is_left_out(shop: Path) -> None:
    verdict = json.loads(told(shop, "-o", "json"))
    assert verdict["policies"]["digest"] == "sha256:<digest>"
    assert verdict["decision_id"] == "<digest>"
    assert verdict["engine"] == {
        "name": "embedded",
        "version": "<version>",
        "reason": "every construct is judged the same by both engines",
    }
    assert len(verdict["change"]["head"]) == 40
