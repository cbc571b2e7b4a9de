"""What is staged: the index against the last commit, judged by the working tree."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gate.model.change import Unread
from tests.integration.change.helpers import content, files, opened, refusal
from tests.support.git import AUTHOR, Repo

HOOK = """\
#!{python}
import json
from pathlib import Path
from gate.change.registry import ChangeRequest, open_source
with open_source(ChangeRequest(Path(), staged=True)) as source:
    new = [file.new for file in source.change.files if file.new]
    report = {{
        "files": {{file.path: file.status for file in source.change.files}},
        "contents": {{entry.path: str(data) for entry, data in source.new.read(new)}},
        "listed": [entry.path for entry in source.new.below("")],
        "author": source.change.author,
    }}
Path({out!r}).write_text(json.dumps(report))
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.commit("start", **{"a.yaml": "1\n", "deep/b.yaml": "1\n"})
    return made


def hooked(repo: Repo, out: Path) -> None:
    hook = repo.write(".git/hooks/pre-commit", "", executable=True)
    hook.write_text(HOOK.format(python=sys.executable, out=str(out)))


def test_the_index_is_judged_and_the_working_tree_trusted(repo: Repo) -> None:
    repo.write("a.yaml", "2\n")
    repo.git("add", "a.yaml")
    repo.write("a.yaml", "3\n")
    repo.write("b.yaml", "not staged\n")
    repo.write(".gate.yaml", "mine")
    with opened(repo, staged=True) as source:
        head = repo.sha("HEAD")
        assert files(source) == {"a.yaml": "modified"}
        assert content(source.old, "a.yaml") == b"1\n"
        assert content(source.new, "a.yaml") == b"2\n"
        assert content(source.trusted, "a.yaml") == b"3\n"
        assert content(source.trusted, ".gate.yaml") == b"mine"
        assert source.new.find("b.yaml") is None
        assert source.top == repo.path
        assert source.head_tree is None
        change = source.change
        assert (change.kind, change.base, change.head, change.trusted) == (
            "staged",
            head,
            None,
            None,
        )
        assert change.description == f"staged changes against HEAD ({head[:7]})"
        assert [source.new.label, source.trusted.label] == ["the index", "the working tree"]


def test_the_index_is_listed_by_folder(repo: Repo) -> None:
    repo.write("deep/er/c.yaml", "1\n")
    repo.stage()
    with opened(repo, staged=True) as source:
        assert [entry.path for entry in source.new.folder("deep")] == ["deep/b.yaml"]
        assert [entry.path for entry in source.new.folder("")] == ["a.yaml"]
        assert {entry.path for entry in source.new.below("deep")} == {
            "deep/b.yaml",
            "deep/er/c.yaml",
        }
        assert source.new.find("deep") is None
        assert source.new.find("../a.yaml") is None
        assert list(source.new.folder("../x")) == []
        assert list(source.new.below("/")) == []


def test_every_status_can_be_staged(repo: Repo) -> None:
    long = "".join(f"{number}\n" for number in range(50))
    repo.commit("more", gone="1\n", mode="1\n", link="1\n", **{"old.yaml": long})
    repo.remove("gone")
    (repo.path / "mode").chmod(0o755)
    repo.link("link", "mode")
    repo.move("old.yaml", "new.yaml")
    repo.write("new.yaml", long + "more\n")
    repo.submodule("sub")
    repo.stage()
    with opened(repo, staged=True) as source:
        assert files(source) == {
            "gone": "deleted",
            "link": "type_changed",
            "mode": "modified",
            "new.yaml": "renamed",
            "sub": "added",
        }
        assert isinstance(content(source.new, "sub"), Unread)
        assert content(source.new, "link") == b"mode"


def test_before_the_first_commit_everything_is_added(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "repo")
    repo.write("a.yaml", "1\n")
    repo.stage()
    with opened(repo, staged=True) as source:
        assert files(source) == {"a.yaml": "added"}
        assert source.old is None
        assert source.change.base is None
        assert source.change.description == "staged changes before any commit"
        assert content(source.new, "a.yaml") == b"1\n"


def test_nothing_staged_is_an_empty_change(repo: Repo) -> None:
    with opened(repo, staged=True) as source:
        assert source.change.files == ()


def test_a_subfolder_sees_the_whole_repository(repo: Repo) -> None:
    repo.write("a.yaml", "2\n")
    repo.write("deep/b.yaml", "2\n")
    repo.stage()
    with opened(repo.path / "deep", staged=True) as source:
        assert files(source) == {"a.yaml": "modified", "deep/b.yaml": "modified"}
        assert source.top == repo.path


def test_an_announced_file_is_not_yet_there(repo: Repo) -> None:
    repo.write("announced", "1\n")
    repo.write("empty", "")
    repo.git("add", "--intent-to-add", "announced")
    repo.git("add", "empty")
    with opened(repo, staged=True) as source:
        assert files(source) == {"empty": "added"}
        assert source.new.find("announced") is None
        assert {entry.path for entry in source.new.folder("")} == {"a.yaml", "empty"}


def test_a_file_deleted_and_announced_again_is_deleted(repo: Repo) -> None:
    repo.git("rm", "-q", "--cached", "a.yaml")
    repo.git("add", "--intent-to-add", "a.yaml")
    with opened(repo, staged=True) as source:
        assert files(source) == {"a.yaml": "deleted"}
        assert source.new.find("a.yaml") is None


def test_a_conflict_must_be_resolved_first(repo: Repo) -> None:
    repo.branch("other")
    repo.commit("theirs", **dict.fromkeys(("a.yaml", "b", "c", "d", "e"), "theirs\n"))
    repo.checkout("main")
    repo.commit("mine", **dict.fromkeys(("a.yaml", "b", "c", "d", "e"), "mine\n"))
    with pytest.raises(AssertionError):
        repo.merge("other")
    for request in ({"staged": True}, {}):
        error = refusal(repo, **request)
        assert error.message == (
            "The index holds a merge that is not resolved: a.yaml, b, c and 2 more."
        )


def test_the_author_is_who_would_commit(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.git("config", "user.name", "Some One")
    repo.git("config", "user.email", "some@one.example")
    with opened(repo, staged=True) as source:
        assert source.change.author == "Some One <some@one.example>"
    monkeypatch.setenv("GIT_AUTHOR_NAME", "An Other")
    with opened(repo, staged=True) as source:
        assert source.change.author == "An Other <some@one.example>"
    repo.git("config", "user.useConfigOnly", "true")
    repo.git("config", "--unset", "user.name")
    monkeypatch.delenv("GIT_AUTHOR_NAME")
    with opened(repo, staged=True) as source:
        assert source.change.author is None


@pytest.mark.parametrize("where", ["repo", "worktree"])
def test_a_hook_sees_what_commit_a_takes(repo: Repo, tmp_path: Path, where: str) -> None:
    hooked(repo, tmp_path / "out.json")
    place = repo
    if where == "worktree":
        repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
        place = Repo(tmp_path / "side", repo.clock)
    place.write("a.yaml", "2\n")
    place.remove("deep/b.yaml")
    place.git("commit", "--quiet", "--all", "--message=all")
    assert reported(tmp_path / "out.json") == {
        "files": {"a.yaml": "modified", "deep/b.yaml": "deleted"},
        "contents": {"a.yaml": r"b'2\n'"},
        "listed": ["a.yaml"],
        "author": AUTHOR,
    }


def test_a_hook_sees_what_a_partial_commit_takes(repo: Repo, tmp_path: Path) -> None:
    hooked(repo, tmp_path / "out.json")
    repo.write("a.yaml", "2\n")
    repo.write("deep/b.yaml", "2\n")
    repo.stage()
    repo.git("commit", "--quiet", "--message=part", "--author=X Y <x@y>", "--", "deep")
    report = reported(tmp_path / "out.json")
    assert report["files"] == {"deep/b.yaml": "modified"}
    assert report["author"] == "X Y <x@y>"


def test_another_index_file_is_read_from_any_folder(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.path)
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/other-index")
    repo.git("read-tree", "HEAD")
    repo.write("a.yaml", "2\n")
    repo.git("add", "a.yaml")
    with opened(Path("deep"), staged=True) as source:
        assert files(source) == {"a.yaml": "modified"}
        assert content(source.new, "a.yaml") == b"2\n"


def test_a_bare_repository_has_nothing_staged(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "bare", bare=True)
    assert "no working tree" in refusal(repo, staged=True).message


def reported(path: Path) -> Any:
    return json.loads(path.read_text())
