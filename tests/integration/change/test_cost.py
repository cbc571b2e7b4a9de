"""Cost grows with the change: the number of Git's processes does not grow at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.integration.change.helpers import opened
from tests.support.git import Repo

FILES = 3000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = Repo.init(tmp_path_factory.mktemp("large") / "repo")
    for number in range(FILES):
        repo.write(f"d{number % 60}/e{number % 7}/{number}.yaml", f"{number}\n")
    repo.commit("start")
    for changed in (1, 500):
        repo.git("checkout", "-q", "-B", f"change-{changed}", "main")
        for number in range(changed):
            repo.write(f"d{number % 60}/e{number % 7}/{number}.yaml", f"changed {number}\n")
        repo.commit("change")
    repo.checkout("main")
    return repo


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every start of Git from now on, a line each."""
    git = shutil.which("git")
    programs, log = tmp_path / "bin", tmp_path / "log"
    programs.mkdir()
    (programs / "git").write_text(f'#!/bin/sh\necho "$*" >> {log}\nexec {git} "$@"\n')
    (programs / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return log


def started(repo: Repo, log: Path, **request: Any) -> list[str]:
    log.unlink(missing_ok=True)
    with opened(repo, **request) as source:
        assert source.old is not None
        for tree, side in ((source.old, "old"), (source.new, "new")):
            entries = [entry for file in source.change.files if (entry := getattr(file, side))]
            assert len(list(tree.read(entries))) == len(entries)
        for file in source.change.files:
            source.new.folder(file.path.rpartition("/")[0])
            source.old.find(file.path)
            source.trusted.find(".gate.yaml")
    return log.read_text().splitlines()


def test_a_range_takes_as_many_processes_for_500_files_as_for_one(large: Repo, log: Path) -> None:
    started(large, log, base="main", head="change-1")
    one = started(large, log, base="main", head="change-1")
    many = started(large, log, base="main", head="change-500")
    assert len(one) == len(many) <= 7, "\n".join(many)


def test_what_is_staged_takes_as_many_processes_for_500_files_as_for_one(
    large: Repo, log: Path
) -> None:
    large.git("read-tree", "change-1")
    one = started(large, log, staged=True)
    large.git("read-tree", "change-500")
    many = started(large, log, staged=True)
    large.git("read-tree", "main")
    assert len(one) == len(many) <= 7, "\n".join(many)


def test_only_folders_that_are_asked_for_are_listed(
    large: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gate.change.git import Objects

    asked: list[str] = []
    whole = Objects.whole

    def counted(self: Objects, oid: str, kind: str) -> bytes:
        asked.append(oid)
        return whole(self, oid, kind)

    monkeypatch.setattr(Objects, "whole", counted)
    with opened(large, base="main", head="change-1") as source:
        assert source.old is not None
        source.new.folder("d0/e0")
        source.new.folder("d0/e0")
        source.old.folder("d1/e1")
    assert len(asked) == len(set(asked)) == 6
