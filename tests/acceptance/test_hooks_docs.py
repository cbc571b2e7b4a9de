"""The examples of docs/pre-commit.md, run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.acceptance.test_hooks import BAD, GOOD, hooks
from tests.support.command import GATE
from tests.support.git import Repo
from tests.support.hooks import Hooked, Hooks
from tests.support.tools import ROOT, need

__all__ = ["hooks"]

PAGE = (ROOT / "docs" / "pre-commit.md").read_text(encoding="utf-8")
DECLARED = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


def example(title: str) -> str:
    found = re.search(rf"<!-- {re.escape(title)} -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None, title
    return found[1]


def test_the_table_names_each_hook_with_its_stages() -> None:
    rows = dict(re.findall(r"^\| `(gate-[a-z-]+)` \| ([a-z, -]+) \|", PAGE, re.MULTILINE))
    assert {name: stages.split(", ") for name, stages in rows.items()} == {
        hook["id"]: [stage for stage in hook["stages"] if stage != "manual"] for hook in DECLARED
    }


def test_the_five_lines_block_a_commit_and_a_push(hooks: Hooks, tmp_path: Path) -> None:
    text = example("adopt")
    assert len(text.splitlines()) == 5
    here = re.sub(r"repo: \S+", f"repo: file://{hooks.path}", text)
    here = re.sub(r"rev: \S+", f"rev: {hooks.rev}", here)
    at = Hooked(Repo.init(tmp_path / "repo"), "pre-commit", hooks.env)
    at.repo.commit("start", **{".pre-commit-config.yaml": here, "web.yaml": GOOD})
    manager, *arguments = example("install").split()
    done = subprocess.run(
        [need(manager), *arguments], cwd=at.repo.path, env={**os.environ, **at.env}, check=False
    )
    assert done.returncode == 0
    assert {each.name for each in (at.repo.path / ".git" / "hooks").iterdir()} >= {
        "pre-commit",
        "pre-merge-commit",
        "pre-push",
    }
    at.repo.write("web.yaml", BAD)
    assert at.commit("--all").code == 1
    at.repo.commit("bad")
    command, *words = example("commits").replace("origin/main", "HEAD~1").split()
    judged = subprocess.run(
        [need(command), *words],
        cwd=at.repo.path,
        env={**os.environ, **at.env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 1, judged.stdout
    assert "workload.image_pinned" in judged.stdout


@pytest.mark.parametrize("folder", [".git/hooks", "hooks"])
def test_gits_own_hooks(tmp_path: Path, folder: str) -> None:
    repo = Repo.init(tmp_path / "repo")
    bare = Repo.init(tmp_path / "bare.git", bare=True)
    repo.git("remote", "add", "origin", str(bare.path))
    repo.commit("start", **{"web.yaml": GOOD})
    if folder == "hooks":
        repo.git("config", "core.hooksPath", folder)
    for name in ("pre-commit", "pre-push"):
        repo.write(f"{folder}/{name}", example(f"git {name}"), executable=True)
    at = Hooked(repo, "none", {"PATH": f"{GATE.parent}:{os.environ['PATH']}"})
    repo.write("web.yaml", BAD)
    repo.git("add", "web.yaml")
    done = at.commit()
    assert (done.code, done.judged) == (1, {"web.yaml"}), done.said
    done = subprocess.run(
        ["git", "push", "-q", "origin", "main"],
        cwd=repo.path,
        env={**os.environ, **at.env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    repo.git("commit", "-q", "--no-verify", "-m", "bad")
    repo.git("checkout", "-q", "HEAD~1")
    done = subprocess.run(
        ["git", "push", "-q", "origin", "main"],
        cwd=repo.path,
        env={**os.environ, **at.env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "workload.image_pinned" in done.stdout + done.stderr
