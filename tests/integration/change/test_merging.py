"""A merge that is staged: judged are the files that no side has as the merge has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.change.helpers import content, files, opened
from tests.support.git import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.commit("start", **{"a.yaml": "1\n", "b.yaml": "b\n", "gone.yaml": "gone\n"})
    return made


def side(repo: Repo, name: str, **changed: str) -> str:
    """A branch off main with a commit."""
    repo.git("checkout", "-q", "-b", name, "main")
    made = repo.commit(name, **changed)
    repo.checkout("main")
    return made


def merging(repo: Repo, *names: str) -> None:
    repo.git("merge", "-q", "--no-ff", "--no-commit", *names)


def test_what_the_other_side_brings_is_left_out(repo: Repo) -> None:
    other = side(repo, "other", **{"a.yaml": "2\n", "new.yaml": "theirs\n"})
    repo.commit("ours", ours="1\n")
    merging(repo, "other")
    for request in ({"staged": True}, {}):
        with opened(repo, **request) as source:
            head = repo.sha("HEAD")
            assert source.change.files == ()
            assert source.change.kind == "staged"
            assert source.change.base == head
            assert source.change.description == (
                f"the staged merge of {other[:7]} against HEAD ({head[:7]}), "
                "2 files are left out as one side has them"
            )
    repo.write("a.yaml", "neither\n")
    repo.write("evil.yaml", "1\n")
    repo.stage()
    with opened(repo, staged=True) as source:
        assert files(source) == {"a.yaml": "modified", "evil.yaml": "added"}
        assert content(source.old, "a.yaml") == b"1\n"
        assert content(source.new, "new.yaml") == b"theirs\n"
        assert source.change.description.endswith(", 1 file is left out as one side has them")


def test_what_they_deleted_or_moved_is_left_out_and_what_the_merge_deletes_is_not(
    repo: Repo,
) -> None:
    repo.branch("other")
    repo.remove("gone.yaml")
    repo.move("b.yaml", "moved.yaml")
    repo.commit("other")
    repo.checkout("main")
    repo.commit("ours", ours="1\n")
    merging(repo, "other")
    with opened(repo, staged=True) as source:
        assert files(source) == {}
    repo.git("rm", "-q", "a.yaml")
    with opened(repo, staged=True) as source:
        assert files(source) == {"a.yaml": "deleted"}
    repo.write("b.yaml", "b\n")
    repo.stage()
    with opened(repo, staged=True) as source:
        assert files(source) == {"a.yaml": "deleted"}
    repo.git("rm", "-q", "--cached", "moved.yaml")
    with opened(repo, staged=True) as source:
        assert files(source) == {"a.yaml": "deleted"}


def test_a_mode_that_no_side_has_is_judged(repo: Repo) -> None:
    side(repo, "other", **{"new.yaml": "1\n"})
    repo.commit("ours", ours="1\n")
    merging(repo, "other")
    (repo.path / "new.yaml").chmod(0o755)
    repo.stage()
    with opened(repo, staged=True) as source:
        assert files(source) == {"new.yaml": "added"}


def test_an_octopus_has_many_sides(repo: Repo) -> None:
    one = side(repo, "one", one="1\n")
    two = side(repo, "two", two="1\n")
    repo.commit("ours", ours="1\n")
    merging(repo, "one", "two")
    with opened(repo, staged=True) as source:
        assert files(source) == {}
        assert f"merge of {one[:7]}, {two[:7]} against" in source.change.description
    repo.write("two", "changed\n")
    repo.stage()
    with opened(repo, staged=True) as source:
        assert files(source) == {"two": "added"}


def test_a_worktree_has_its_own_merge(repo: Repo, tmp_path: Path) -> None:
    side(repo, "other", theirs="1\n")
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    place = Repo(tmp_path / "side", repo.clock)
    place.commit("ours", ours="1\n")
    merging(place, "other")
    with opened(place, staged=True) as source:
        assert "the staged merge" in source.change.description
    with opened(repo, staged=True) as source:
        assert "merge" not in source.change.description


def test_a_branch_of_that_name_is_no_merge(repo: Repo) -> None:
    side(repo, "MERGE_HEAD", theirs="1\n")
    repo.write("theirs", "1\n")
    repo.stage()
    with opened(repo, staged=True) as source:
        assert files(source) == {"theirs": "added"}


def test_a_merge_that_is_over_leaves_nothing_out(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = side(repo, "other", **{"a.yaml": "2\n"})
    repo.commit("ours", ours="1\n")
    monkeypatch.setenv(f"GITHEAD_{other}", "other")
    monkeypatch.setenv(f"GITHEAD_{'1' * 40}", "nobody")
    monkeypatch.setenv("GITHEAD_--help", "hostile")
    repo.git("read-tree", "-m", "-u", "--aggressive", "main~1", "HEAD", "other")
    with opened(repo, staged=True) as source:
        assert files(source) == {}
    repo.git("reset", "-q", "--hard")
    repo.merge("other")
    repo.write("a.yaml", "1\n")
    repo.commit("back")
    repo.write("a.yaml", "2\n")
    repo.stage()
    with opened(repo, staged=True) as source:
        assert files(source) == {"a.yaml": "modified"}
