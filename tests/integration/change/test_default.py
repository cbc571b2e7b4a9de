"""No change is named: what is staged; else the branch; else the last commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.change.helpers import content, files, opened, refusal
from tests.support.git import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.commit("start", **{"a.yaml": "1\n"})
    made.commit("second", **{"a.yaml": "2\n"})
    return made


def test_staged_changes_come_first(repo: Repo) -> None:
    repo.branch("feature")
    repo.commit("mine", mine="1")
    repo.write("staged", "1")
    repo.stage()
    with opened(repo) as source:
        assert source.change.kind == "staged"
        assert files(source) == {"staged": "added"}


def test_then_the_branch_against_the_default_branch(repo: Repo) -> None:
    base = repo.sha("main")
    repo.branch("feature")
    head = repo.commit("mine", mine="1")
    repo.write(".gate.yaml", "not staged")
    with opened(repo) as source:
        assert files(source) == {"mine": "added"}
        assert (
            source.change.description == f"feature against main (merge base {base[:7]}..{head[:7]})"
        )
        assert source.change.trusted is None
        assert content(source.trusted, ".gate.yaml") == b"not staged"
        assert source.head_tree is None
        assert source.top == repo.path


def test_then_the_last_commit(repo: Repo) -> None:
    with opened(repo) as source:
        change = source.change
        head, before = repo.sha("HEAD"), repo.sha("HEAD~1")
        assert files(source) == {"a.yaml": "modified"}
        assert change.description == f"the last commit {head[:7]} (second)"
        assert (change.kind, change.base, change.head, change.trusted) == (
            "range",
            before,
            head,
            None,
        )
        assert [commit.sha for commit in change.commits] == [head]
        assert source.trusted.label == "the working tree"
        assert content(source.old, "a.yaml") == b"1\n"


def test_a_root_commit_adds_everything(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "repo")
    repo.commit("start", **{"a.yaml": "1\n"})
    with opened(repo) as source:
        assert files(source) == {"a.yaml": "added"}
        assert source.old is None
        assert source.change.base is None
        assert len(source.change.commits) == 1


def test_a_merge_commit_is_judged_against_its_first_parent(repo: Repo) -> None:
    repo.branch("feature")
    repo.commit("mine", mine="1")
    repo.checkout("main")
    repo.commit("theirs", theirs="1")
    repo.git("merge", "--quiet", "--no-ff", "--no-commit", "feature")
    repo.write("evil", "1")
    repo.commit("merge feature")
    with opened(repo) as source:
        assert files(source) == {"evil": "added", "mine": "added"}
        assert [commit.subject for commit in source.change.commits] == ["merge feature", "mine"]


def test_a_detached_head_is_called_so(repo: Repo) -> None:
    repo.branch("feature")
    head = repo.commit("mine", mine="1")
    repo.checkout(head)
    with opened(repo) as source:
        assert source.change.description.startswith(f"the detached head {head[:7]} against main")
    repo.checkout("main~1")
    with opened(repo) as source:
        assert source.change.description == f"the last commit {repo.sha('main~1')[:7]} (start)"


def test_what_origin_calls_its_head_is_the_default_branch(repo: Repo, tmp_path: Path) -> None:
    repo.git("branch", "main-2")
    repo.branch("trunk")
    repo.commit("on trunk", trunk="1")
    clone = repo.clone(tmp_path / "clone")
    clone.branch("feature")
    clone.commit("mine", mine="1")
    clone.git("branch", "main", "HEAD~3")
    with opened(clone) as source:
        assert source.change.description.startswith("feature against origin/trunk ")
        assert files(source) == {"mine": "added"}


def test_a_broken_origin_head_is_passed_over(repo: Repo) -> None:
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone")
    repo.branch("feature")
    repo.commit("mine", mine="1")
    with opened(repo) as source:
        assert source.change.description.startswith("feature against main ")


def test_commits_not_yet_pushed_are_judged_against_the_remote(repo: Repo, tmp_path: Path) -> None:
    clone = repo.clone(tmp_path / "clone")
    clone.commit("one", one="1")
    clone.commit("two", two="1")
    with opened(clone) as source:
        assert source.change.description.startswith("main against origin/main ")
        assert files(source) == {"one": "added", "two": "added"}


def test_a_branch_of_an_unrelated_history_gives_its_last_commit(repo: Repo) -> None:
    repo.git("checkout", "-q", "--orphan", "pages")
    repo.commit("pages", page="1")
    with opened(repo) as source:
        assert source.change.description.startswith("the last commit ")


def test_an_empty_repository_has_an_empty_change(tmp_path: Path) -> None:
    with opened(Repo.init(tmp_path / "repo")) as source:
        assert source.change.files == ()
        assert source.change.description == "staged changes before any commit"


def test_an_empty_repository_gives_no_range(tmp_path: Path) -> None:
    error = refusal(Repo.init(tmp_path / "repo"), base="HEAD")
    assert error.message == "The repository has no commits yet."
    assert refusal(Repo.init(tmp_path / "bare", bare=True)).message == error.message


def test_a_bare_repository_trusts_commits(repo: Repo, tmp_path: Path) -> None:
    repo.branch("feature")
    repo.commit("mine", **{".gate.yaml": "mine"})
    bare = repo.clone(tmp_path / "bare", "--bare")
    with opened(bare) as source:
        assert source.change.trusted == repo.sha("main")
        assert source.trusted.find(".gate.yaml") is None
        assert source.head_tree is source.new
    bare.git("symbolic-ref", "HEAD", "refs/heads/main")
    with opened(bare) as source:
        assert source.change.trusted == repo.sha("main~1")
        assert source.trusted is source.old
    root = Repo.init(tmp_path / "root")
    root.commit("start", **{".gate.yaml": "mine"})
    with opened(root.clone(tmp_path / "bare2", "--bare")) as source:
        assert source.trusted.find(".gate.yaml") is None
        assert source.change.trusted is None
