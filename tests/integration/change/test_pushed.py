"""What a push takes along: told by variables, by Git's own hook, or by nobody."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gate.change.pushed import told_by_git
from gate.errors import ChangeError
from tests.integration.change.helpers import content, files, opened, refusal
from tests.support.command import GATE
from tests.support.git import Repo

ZEROS = "0" * 40


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A clone, one commit ahead; its index and its working tree hold something else."""
    there = Repo.init(tmp_path / "there")
    there.commit("start", **{"a.yaml": "1\n", ".gate.yaml": "version: 1\n"})
    made = there.clone(tmp_path / "repo")
    made.git("remote", "set-head", "origin", "main")
    made.commit("mine", **{"a.yaml": "2\n"})
    made.write("a.yaml", "staged\n")
    made.stage()
    made.write("a.yaml", "not staged\n")
    return made


def by_manager(monkeypatch: pytest.MonkeyPatch, **told: str) -> None:
    monkeypatch.setenv("PRE_COMMIT", "1")
    for name, value in told.items():
        monkeypatch.setenv(f"PRE_COMMIT_{name.upper()}", value)


def test_a_branch_that_the_remote_has(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = repo.sha("HEAD~1"), repo.sha("HEAD")
    by_manager(monkeypatch, from_ref=old, to_ref=new, remote_branch="refs/heads/main")
    with opened(repo, pushed=True) as source:
        change = source.change
        assert files(source) == {"a.yaml": "modified"}
        assert content(source.new, "a.yaml") == b"2\n"
        assert content(source.old, "a.yaml") == b"1\n"
        assert (change.base, change.head, change.trusted) == (old, new, old)
        assert change.description == f"what is pushed to main ({old[:7]}..{new[:7]})"
        assert [commit.subject for commit in change.commits] == ["mine"]
        assert source.trusted is source.old
        assert source.head_tree is source.new
    with opened(repo, pushed=True, trust="head") as source:
        assert source.change.trusted == new
        assert source.trusted is source.new


def test_what_a_push_takes_away_is_judged(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = repo.sha("HEAD"), repo.sha("HEAD~1")
    by_manager(monkeypatch, from_ref=old, to_ref=new, remote_branch="refs/heads/main")
    with opened(repo, pushed=True) as source:
        assert files(source) == {"a.yaml": "modified"}
        assert content(source.new, "a.yaml") == b"1\n"
        assert source.change.commits == ()


def test_a_history_that_the_remote_has_nothing_of(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_manager(monkeypatch, local_branch="refs/heads/main", remote_branch="refs/heads/main")
    with opened(repo, pushed=True) as source:
        assert files(source) == {".gate.yaml": "added", "a.yaml": "added"}
        assert source.old is None
        assert source.change.base is None
        assert source.change.trusted is None
        assert source.trusted.label == "the working tree"
        assert source.change.description.startswith("what is pushed to main (everything up to ")


def test_zeros_stand_for_a_new_branch(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    by_manager(monkeypatch, from_ref=ZEROS, to_ref="HEAD", remote_branch="refs/heads/x")
    with opened(repo, pushed=True) as source:
        assert source.change.base == repo.sha("origin/main")
        assert files(source) == {"a.yaml": "modified"}


def test_what_is_staged_gives_way_to_commits_that_are_named(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_manager(monkeypatch, from_ref="HEAD~1", to_ref="HEAD")
    with opened(repo, staged=True) as source:
        assert source.change.kind == "range"
        assert content(source.new, "a.yaml") == b"2\n"


def test_by_hand_it_is_what_would_be_pushed(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("no line of a push\n"))
    with opened(repo, pushed=True) as source:
        assert files(source) == {"a.yaml": "modified"}
        assert source.change.base == repo.sha("origin/main")
    repo.git("checkout", "-q", "-b", "new")
    with opened(repo, pushed=True) as source:
        assert source.change.base == repo.sha("origin/main")


def test_a_pipe_that_says_nothing_is_no_push_of_nothing(repo: Repo) -> None:
    """As a hook manager or a CI leaves standard input."""
    command = [GATE, "context", "--pushed", "--offline"]
    done = subprocess.run(
        command, cwd=repo.path, input="", capture_output=True, text=True, check=True
    )
    assert '"path": "a.yaml"' in done.stdout


def test_a_repository_without_a_remote(tmp_path: Path) -> None:
    alone = Repo.init(tmp_path / "alone", branch="trunk")
    alone.commit("start", **{"a.yaml": "1\n"})
    with opened(alone, pushed=True) as source:
        assert files(source) == {"a.yaml": "added"}


def test_no_other_change_can_stand_beside_it(repo: Repo) -> None:
    from gate.errors import UsageError

    with pytest.raises(UsageError, match="--staged and --pushed name different changes"):
        opened(repo, staged=True, pushed=True)


HOOK = "#!/bin/sh\nexec {gate} check --pushed --offline\n"


def hooked(repo: Repo) -> None:
    hook = repo.write(".git/hooks/pre-push", "", executable=True)
    hook.write_text(HOOK.format(gate=GATE))


def push(repo: Repo, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "push", *arguments],
        cwd=repo.path,
        env=os.environ | {"LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_git_alone_tells_its_hook_on_standard_input(repo: Repo, tmp_path: Path) -> None:
    hooked(repo)
    bare = Repo.init(tmp_path / "bare.git", bare=True)
    repo.git("remote", "set-url", "origin", str(bare.path))
    old, new = repo.sha("HEAD~1"), repo.sha("HEAD")
    done = push(repo, "origin", f"{old}:refs/heads/main")
    assert done.returncode == 0, done.stderr
    done = push(repo, "origin", "HEAD:main")
    assert done.returncode == 0, done.stderr
    assert f"what is pushed to main ({old[:7]}..{new[:7]})" in done.stdout + done.stderr
    done = push(repo, "origin", "HEAD:refs/heads/same", ":main")
    assert "a push that brings nothing new" in done.stdout + done.stderr, done

    repo.git("commit", "-q", "-m", "more")
    repo.branch("another")
    repo.git("commit", "-q", "--allow-empty", "-m", "another")
    done = push(repo, "origin", "HEAD~1:refs/heads/same", "another")
    assert done.returncode == 1
    assert "The push takes 2 changes along" in done.stderr


@pytest.mark.parametrize("lines", ["something else\n", "a b c\n"])
def test_other_input_is_refused(lines: str) -> None:
    with pytest.raises(ChangeError, match="no pre-push hook"):
        told_by_git(lines)


def test_a_local_ref_may_hold_spaces() -> None:
    (found,) = told_by_git(f"HEAD@{{1 day ago}} {'1' * 40} refs/heads/main {ZEROS}\n")
    assert (found.head, found.base, found.to) == ("1" * 40, None, "refs/heads/main")
    assert told_by_git(f"(delete) {ZEROS} refs/heads/main {'1' * 40}\n") == []


def test_a_commit_that_is_not_there_is_named(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    by_manager(monkeypatch, from_ref="1" * 40, to_ref="HEAD", remote_branch="refs/heads/main")
    assert "1" * 40 in refusal(repo, pushed=True).message
