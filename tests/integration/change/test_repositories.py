"""Repositories that cannot be read whole, and what is said about them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gate.change.git import translated
from gate.change.interface import BLOB_LIMIT
from gate.errors import ChangeError
from gate.model.change import Entry, Unread
from tests.integration.change.helpers import content, files, opened, refusal
from tests.support.git import Repo
from tests.support.tools import need

MISSING = Unread("not in this clone: a partial clone, or a damaged one")
LONG = "".join(f"{number}\n" for number in range(50))


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    for number in range(3):
        made.commit(f"main {number}", **{f"m{number}": LONG + str(number), "sub/a": str(number)})
    made.branch("feature")
    made.move("m0", "moved")
    made.commit("mine 1", moved=LONG + "other")
    made.commit("mine 2", **{"sub/a": "mine"})
    made.git("config", "uploadpack.allowFilter", "true")
    return made


@pytest.mark.parametrize("depth", ["1", "2"])
def test_a_shallow_clone_says_which_depth_to_fetch(repo: Repo, tmp_path: Path, depth: str) -> None:
    repo.checkout("main")
    clone = repo.clone(tmp_path / "clone", "--depth", depth, "--no-single-branch")
    clone.checkout("feature")
    for request in ({"base": "origin/main"}, {}):
        error = refusal(clone, **request)
        assert "too shallow" in error.message
        assert "`fetch-depth: 0`" in error.advice


def test_a_shallow_clone_without_the_base_says_so(repo: Repo, tmp_path: Path) -> None:
    clone = repo.clone(tmp_path / "clone", "--depth", "1", "--branch", "feature")
    for base in ("origin/main", repo.sha("main")):
        error = refusal(clone, base=base)
        assert "is shallow" in error.message
        assert "`fetch-depth: 0`" in error.advice


def test_the_last_commit_of_a_shallow_clone_is_no_root_commit(repo: Repo, tmp_path: Path) -> None:
    clone = repo.clone(tmp_path / "clone", "--depth", "1", "--branch", "feature")
    error = refusal(clone)
    assert "too shallow" in error.message
    assert "`fetch-depth: 0`" in error.advice


def test_a_shallow_clone_that_holds_the_merge_base_is_enough(repo: Repo, tmp_path: Path) -> None:
    clone = repo.clone(tmp_path / "clone", "--depth", "3", "--no-single-branch")
    with opened(clone, base="origin/main") as source:
        assert files(source) == {"moved": "renamed", "sub/a": "modified"}


def test_a_partial_clone_is_not_completed_and_says_what_it_lacks(
    repo: Repo, tmp_path: Path
) -> None:
    clone = repo.clone(tmp_path / "clone", "--filter=blob:none", "--no-checkout")
    with opened(clone, base="origin/main", head="origin/feature") as source:
        assert files(source) == {"m0": "deleted", "moved": "added", "sub/a": "modified"}
        wanted = [file.new for file in source.change.files if file.new]
        assert [data for _, data in source.new.read(wanted)] == [MISSING, MISSING]
    assert (
        clone.git("cat-file", "--batch-all-objects", "--batch-check=%(objecttype)").count("blob")
        == 0
    )


def test_a_clone_without_folders_is_refused(repo: Repo, tmp_path: Path) -> None:
    clone = repo.clone(tmp_path / "clone", "--filter=tree:0", "--no-checkout")
    assert "clone" in refusal(clone, base="origin/main", head="origin/feature").message


def test_a_damaged_file_is_named_and_the_others_are_read(repo: Repo) -> None:
    names = [f"f{number}" for number in range(40)]
    repo.commit("many", **{name: f"{name} of the repository" for name in names})
    broken = {"f3": b"", "f20": b"not zlib at all", "f21": None}
    for name, data in broken.items():
        oid = repo.sha(f"HEAD:{name}")
        place = repo.path / ".git/objects" / oid[:2] / oid[2:]
        place.unlink()
        if data is not None:
            place.write_bytes(data)
    with opened(repo, base="feature~1") as source:
        found = {e.path: data for e, data in source.new.read(source.new.folder(""))}
        for name in names:
            if name in broken:
                assert isinstance(found[name], Unread)
            else:
                assert found[name] == f"{name} of the repository".encode()


@pytest.mark.parametrize("lost", ["HEAD^{tree}", "HEAD:sub"])
def test_a_damaged_folder_is_an_error(repo: Repo, lost: str) -> None:
    oid = repo.sha(lost)
    (repo.path / ".git/objects" / oid[:2] / oid[2:]).unlink()
    assert refusal(repo, base="main").exit_code == 2


def test_a_damaged_folder_that_did_not_change_is_an_error_when_it_is_asked_for(repo: Repo) -> None:
    repo.commit("mine", mine="1")
    oid = repo.sha("HEAD:sub")
    (repo.path / ".git/objects" / oid[:2] / oid[2:]).unlink()
    with opened(repo, base="HEAD~1") as source:
        assert files(source) == {"mine": "added"}
        with pytest.raises(ChangeError, match=f"Git cannot read the tree {oid[:7]}: not in this"):
            source.new.find("sub/a")


def test_an_entry_that_is_no_file_is_not_read(repo: Repo) -> None:
    with opened(repo, base="main") as source:
        odd = Entry("sub", "100644", repo.sha("HEAD:sub"))
        assert list(source.new.read([odd])) == [(odd, Unread("not a file but a tree"))]


def test_a_truncated_file_is_named_and_the_others_are_read(repo: Repo) -> None:
    noise = os.urandom(300_000)
    repo.commit("large", a_large=noise, b="1", c="2")
    oid = repo.sha("HEAD:a_large")
    place = repo.path / ".git/objects" / oid[:2] / oid[2:]
    whole = place.read_bytes()
    place.chmod(0o644)
    place.write_bytes(whole[: len(whole) // 2])
    with opened(repo, base="HEAD~1") as source:
        found = {e.path: data for e, data in source.new.read(source.new.folder(""))}
        assert isinstance(found["a_large"], Unread)
        assert (found["b"], found["c"]) == (b"1", b"2")


def test_a_file_over_the_limit_is_named_and_its_neighbours_are_read(repo: Repo) -> None:
    repo.commit(
        "large",
        a="1",
        b=b"x" * (12 * 2**20),
        c=b"y" * BLOB_LIMIT,
        d=b"z" * (BLOB_LIMIT + 1),
        e=b"w" * BLOB_LIMIT,
        f=b"v" * BLOB_LIMIT,
        g="2",
    )
    with opened(repo, base="HEAD~1") as source:
        found = {e.path: data for e, data in source.new.read(source.new.folder(""))}
        assert found["b"] == Unread("12 MB, over the limit of 8 MB")
        assert found["d"] == Unread("8.1 MB, over the limit of 8 MB")
        assert found["c"] == b"y" * BLOB_LIMIT
        assert found["f"] == b"v" * BLOB_LIMIT
        assert (found["a"], found["g"]) == (b"1", b"2")


def test_readers_can_take_turns(repo: Repo) -> None:
    names = [f"f{number:03}" for number in range(100)]
    repo.commit("many", **dict.fromkeys(names, "x"), **{"sub/b": "1"})
    with opened(repo, base="HEAD~1") as source:
        reading = source.new.read(source.new.folder(""))
        seen = []
        for entry, data in reading:
            seen.append(entry.path)
            assert isinstance(data, bytes)
            assert content(source.new, "sub/b") == b"1"
            assert content(source.old, "sub/a") == b"mine"
            if len(seen) == 50:
                break
        assert content(source.trusted, "m1") == (LONG + "1").encode()


def test_closing_ends_every_process(repo: Repo) -> None:
    def children() -> set[str]:
        return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())

    before = children()
    source = opened(repo, base="main")
    content(source.new, "moved")
    assert children() > before
    source.close()
    assert children() == before
    source.close()


def test_an_error_leaves_no_process_behind(repo: Repo) -> None:
    before = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    refusal(repo, base="nothing")
    assert Path(f"/proc/self/task/{os.getpid()}/children").read_text() == before


def test_a_folder_outside_any_repository(tmp_path: Path) -> None:
    error = refusal(tmp_path)
    assert error.message == f"{tmp_path} is not in a Git repository."
    assert "gate check DIR" in error.advice


@pytest.mark.parametrize("name", ["absent", "file"])
def test_a_repository_folder_that_is_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    assert name in refusal(tmp_path / name).message


def test_no_git_on_the_path(repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    error = refusal(repo)
    assert error.message == "Git is not installed, or not on the PATH."


def test_a_git_that_does_not_start(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "git").write_text("no program")
    (tmp_path / "git").chmod(0o755)
    program = f"""
import os
from pathlib import Path
from gate.change.registry import ChangeRequest, open_source
from gate.errors import ChangeError
os.environ["PATH"] = {str(tmp_path)!r}
try:
    open_source(ChangeRequest(Path()))
except ChangeError as error:
    print(error.message)
"""
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=repo.path, capture_output=True, text=True, check=False
    )
    assert result.stdout == "Git cannot be started: Exec format error.\n", result.stderr


def test_a_repository_of_somebody_else_is_explained(repo: Repo) -> None:
    result = subprocess.run(
        [need("git"), "status"],
        cwd=repo.path,
        env=os.environ | {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    error = translated(result.stderr, repo.path)
    assert "dubious ownership" in error.message
    assert error.advice.endswith(f"git config --global --add safe.directory {repo.path.resolve()}")


def test_another_users_repository_is_refused_with_the_way_out(repo: Repo) -> None:
    try:
        for place in (repo.path, repo.path / ".git"):
            os.chown(place, 12345, -1)
    except PermissionError:
        pytest.skip("only root may give a folder away: run as root")
    assert "dubious ownership" in refusal(repo, base="main").message


def test_a_repository_format_of_the_future_is_refused(repo: Repo) -> None:
    repo.git("config", "core.repositoryFormatVersion", "99")
    assert refusal(repo).message.startswith("Git failed: ")


def test_a_hooks_variables_do_not_point_elsewhere(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repo.init(tmp_path / "other")
    other.commit("elsewhere", elsewhere="1")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.path / ".git/objects"))
    monkeypatch.setenv("GIT_NAMESPACE", "x")
    with opened(repo, base="main") as source:
        assert "moved" in files(source)
        assert content(source.new, "sub/a") == b"mine"


def test_a_push_is_judged_before_it_is_taken(repo: Repo, tmp_path: Path) -> None:
    bare = repo.clone(tmp_path / "bare", "--bare")
    hook = bare.path / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        "#!/bin/sh\nread old new ref\n"
        f"cd / && exec {sys.executable} - "
        f"{bare.path} $old $new <<'END'\n"
        "import sys\nfrom pathlib import Path\n"
        "from gate.change.registry import ChangeRequest, open_source\n"
        "where, base, head = sys.argv[1:]\n"
        "with open_source(ChangeRequest(Path(where), base=base, head=head)) as source:\n"
        "    print([file.path for file in source.change.files])\n"
        "sys.exit(1)\nEND\n"
    )
    hook.chmod(0o755)
    repo.commit("pushed", pushed="1")
    repo.git("remote", "add", "origin", str(bare.path))
    with pytest.raises(AssertionError, match=r"\['pushed'\]"):
        repo.git("push", "origin", "feature")


def test_a_repository_given_by_a_relative_path_or_a_link(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(repo.path / "sub")
    monkeypatch.chdir(repo.path / "sub")
    repo.write("m1", "staged")
    repo.stage()
    for where in (Path(), Path("../sub"), tmp_path / "link"):
        with opened(where, staged=True) as source:
            assert files(source) == {"m1": "modified"}
            assert content(source.trusted, "m1") == b"staged"
            assert source.top == repo.path


def test_a_folder_whose_name_ends_in_a_newline(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "odd\n")
    repo.commit("start", **{"sub\n/a": "1"})
    repo.write("sub\n/a", "2")
    repo.stage()
    with opened(repo.path / "sub\n", staged=True) as source:
        assert source.top == repo.path
        assert content(source.trusted, "sub\n/a") == b"2"
