"""A range of commits: from the merge base to the head, trusted from the base's tip."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model.change import MODE_EXECUTABLE, MODE_FILE, MODE_LINK, MODE_SUBMODULE, Unread
from tests.integration.change.helpers import content, files, opened, refusal
from tests.support.git import AUTHOR, COMMITTER, Repo

LONG = "".join(f"line {number}\n" for number in range(40))


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.write("a.yaml", "1\n")
    made.write("long.yaml", LONG)
    made.write("deep/er/b.yaml", "1\n")
    made.commit("start")
    made.branch("feature")
    return made


def test_each_way_a_file_changes_has_its_status(repo: Repo) -> None:
    repo.checkout("main")
    for name in ("deleted", "modified", "mode", "to_link"):
        repo.write(name, f"{name}\n")
    repo.commit("more")
    repo.git("checkout", "-q", "-B", "feature")
    repo.write("added", "new\n")
    repo.remove("deleted")
    repo.write("modified", "other\n")
    (repo.path / "mode").chmod(0o755)
    repo.link("to_link", "modified")
    repo.move("long.yaml", "moved/long.yaml")
    repo.write("moved/long.yaml", LONG + "one more\n")
    repo.submodule("vendor/sub")
    repo.commit("change")
    with opened(repo, base="main") as source:
        assert files(source) == {
            "added": "added",
            "deleted": "deleted",
            "mode": "modified",
            "modified": "modified",
            "moved/long.yaml": "renamed",
            "to_link": "type_changed",
            "vendor/sub": "added",
        }
        changed = {file.path: file for file in source.change.files}
        mode, link = changed["mode"], changed["to_link"]
        assert mode.old is not None
        assert mode.new is not None
        assert (mode.old.mode, mode.new.mode) == (MODE_FILE, MODE_EXECUTABLE)
        assert mode.old.oid == mode.new.oid
        assert link.new is not None
        assert link.new.mode == MODE_LINK
        assert changed["moved/long.yaml"].old_path == "long.yaml"
        assert changed["deleted"].new is None
        assert changed["added"].old is None
        submodule = changed["vendor/sub"].new
        assert submodule is not None
        assert submodule.mode == MODE_SUBMODULE
        assert content(source.new, "vendor/sub") == Unread(
            "a submodule: its files are in another repository"
        )
        assert content(source.new, "to_link") == b"modified"
        assert content(source.old, "deleted") == b"deleted\n"


def test_a_copy_is_an_added_file(repo: Repo) -> None:
    repo.write("copy.yaml", LONG)
    repo.write("long.yaml", LONG + "changed\n")
    repo.commit("copy")
    with opened(repo, base="main") as source:
        assert files(source) == {"copy.yaml": "added", "long.yaml": "modified"}


def test_a_file_moved_and_copied_leaves_no_trace_out(repo: Repo) -> None:
    repo.move("long.yaml", "one.yaml")
    repo.write("two.yaml", LONG)
    repo.commit("two of one")
    with opened(repo, base="main") as source:
        assert sorted(files(source).values()) == ["added", "renamed"]
        assert {file.old_path for file in source.change.files} == {None, "long.yaml"}


def test_two_files_that_change_places_are_both_there(repo: Repo) -> None:
    repo.move("a.yaml", "t")
    repo.move("long.yaml", "a.yaml")
    repo.move("t", "long.yaml")
    repo.commit("swap")
    with opened(repo, base="main") as source:
        assert files(source) == {"a.yaml": "modified", "long.yaml": "modified"}


def test_many_changed_renames_lose_nothing(repo: Repo) -> None:
    repo.checkout("main")
    for number in range(1100):
        repo.write(f"old/{number}", f"{number}\n{number}\n{number}\nsame\n")
    repo.commit("many")
    repo.git("checkout", "-q", "-B", "feature")
    repo.move("old", "new")
    for number in range(1100):
        repo.write(f"new/{number}", f"{number}\n{number}\n{number}\nother\n")
    repo.commit("all moved")
    with opened(repo, base="main") as source:
        new = {file.new.path for file in source.change.files if file.new}
        old = {file.old.path for file in source.change.files if file.old}
        assert new == {f"new/{number}" for number in range(1100)}
        assert old == {f"old/{number}" for number in range(1100)}


def test_the_diff_is_taken_from_the_merge_base_and_trust_from_the_tip(repo: Repo) -> None:
    start = repo.sha("main")
    head = repo.commit("mine", **{"mine.yaml": "1"})
    repo.checkout("main")
    tip = repo.commit("theirs", **{"theirs.yaml": "1", ".gate.yaml": "today"})
    repo.checkout("feature")
    with opened(repo, base="main") as source:
        change = source.change
        assert files(source) == {"mine.yaml": "added"}
        assert (change.kind, change.base, change.head, change.trusted) == (
            "range",
            start,
            head,
            tip,
        )
        assert change.description == f"HEAD against main (merge base {start[:7]}..{head[:7]})"
        assert content(source.trusted, ".gate.yaml") == b"today"
        assert source.trusted.label == "main"
        assert source.old is not None
        assert source.old.find(".gate.yaml") is None
        assert source.head_tree is source.new


def test_trusting_the_head_reads_its_own_configuration(repo: Repo) -> None:
    head = repo.commit("mine", **{".gate.yaml": "mine"})
    with opened(repo, base="main", trust="head") as source:
        assert source.change.trusted == head
        assert content(source.trusted, ".gate.yaml") == b"mine"
        assert source.head_tree is None


def test_the_working_tree_has_no_say_in_a_range(repo: Repo) -> None:
    repo.commit("mine", **{"a.yaml": "2\n"})
    repo.write("a.yaml", "dirty\n")
    repo.write(".gate.yaml", "dirty")
    with opened(repo, base="main") as source:
        assert source.trusted.find(".gate.yaml") is None
        assert content(source.new, "a.yaml") == b"2\n"


def test_commits_carry_people_subject_and_trailers(repo: Repo) -> None:
    repo.commit("first, without trailers\n\nJust text: with a colon, in prose.\n\nThe end.")
    sha = repo.commit(
        "feat: subject\nthat goes on\n\nBody.\n\n"
        "Ticket: OPS-1\nticket: OPS-2\nSigned-off-by: Ada <ada@example.org>\n"
        "Reason: it is\n  folded\n"
    )
    with opened(repo, base="main") as source:
        newest, oldest = source.change.commits
        assert newest.sha == sha
        assert newest.author == AUTHOR
        assert newest.committer == COMMITTER
        assert newest.subject == "feat: subject that goes on"
        assert newest.trailers == {
            "ticket": ["OPS-1", "OPS-2"],
            "signed-off-by": ["Ada <ada@example.org>"],
            "reason": ["it is folded"],
        }
        assert oldest.trailers == {}
        assert source.change.author == AUTHOR


def test_messages_in_other_encodings_are_read(repo: Repo) -> None:
    repo.write("a.yaml", "2\n")
    repo.stage()
    repo.git("-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-F", "-", stdin=b"caf\xe9 declared")
    tree, parent = repo.sha("HEAD^{tree}"), repo.sha("HEAD")
    people = b"author A \xff <a@x> 1 +0000\ncommitter C <c@x> 1 +0000\n"
    raw = f"tree {tree}\nparent {parent}\n".encode() + people + b"\ncaf\xe9 undeclared\n\nT: \xfe\n"
    sha = repo.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw)
    repo.git("reset", "-q", "--hard", sha)
    with opened(repo, base="main") as source:
        undeclared, declared = source.change.commits
        assert declared.subject == "café declared"
        assert undeclared.subject == r"caf\xe9 undeclared"
        assert undeclared.author == r"A \xff <a@x>"
        assert undeclared.trailers == {"t": [r"\xfe"]}


def test_odd_characters_in_messages_make_no_false_commits(repo: Repo) -> None:
    message = "a\x1eb\x1f\u2028c\n\nK: v\x1ew\x1f\u2028x\x0by\x85z\n"
    repo.commit(message)
    with opened(repo, base="main") as source:
        (commit,) = source.change.commits
        assert commit.trailers == {"k": ["v\x1ew\x1f\u2028x\x0by\x85z"]}


def test_what_a_merge_brings_in_by_itself_is_seen(repo: Repo) -> None:
    repo.commit("mine", **{"mine.yaml": "1"})
    repo.checkout("main")
    repo.commit("theirs", **{"theirs.yaml": "1"})
    repo.checkout("feature")
    repo.git("merge", "--quiet", "--no-ff", "--no-commit", "main")
    repo.write("evil.yaml", "1")
    repo.commit("merge main")
    with opened(repo, base="main") as source:
        assert files(source) == {"evil.yaml": "added", "mine.yaml": "added"}
        assert [commit.subject for commit in source.change.commits] == ["merge main", "mine"]


def test_a_head_without_own_commits_changes_nothing(repo: Repo) -> None:
    repo.checkout("main")
    repo.commit("theirs", **{"theirs.yaml": "1"})
    with opened(repo, base="main", head="feature") as source:
        assert source.change.files == ()
        assert source.change.commits == ()
        assert source.change.author is None


def test_without_a_base_it_is_the_default_branch(repo: Repo) -> None:
    repo.commit("mine", **{"mine.yaml": "1"})
    with opened(repo, head="feature") as source:
        assert files(source) == {"mine.yaml": "added"}
        assert source.trusted.label == "main"


def test_zeros_as_base_mean_a_new_branch(repo: Repo) -> None:
    repo.commit("mine", **{"mine.yaml": "1"})
    with opened(repo, base="0" * 40, head="feature") as source:
        assert source.trusted.label == "main"


def test_without_a_base_or_a_default_branch_one_must_be_named(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "r", branch="odd")
    repo.commit("start")
    assert "--base" in refusal(repo, head="odd").advice


@pytest.mark.parametrize("ref", ["v1", "refs/heads/feature", "HEAD~0", "@", "{sha}", "{short}"])
def test_refs_of_every_form_are_understood(repo: Repo, ref: str) -> None:
    sha = repo.commit("mine")
    repo.git("tag", "--annotate", "--message=one", "v1")
    with opened(repo, base="main", head=ref.format(sha=sha, short=sha[:8])) as source:
        assert source.change.head == sha


def test_an_unknown_ref_suggests_the_branch_that_is_meant(repo: Repo) -> None:
    error = refusal(repo, base="mian")
    assert error.message == "There is no commit named mian in this clone."
    assert error.advice == "Did you mean main?"


def test_a_branch_that_only_the_remote_has_is_suggested(repo: Repo, tmp_path: Path) -> None:
    repo.git("branch", "release")
    clone = repo.clone(tmp_path / "clone")
    assert refusal(clone, base="release").advice == "Did you mean origin/release?"


@pytest.mark.parametrize("ref", ["deadbeef" * 5, "nothing-like-it"])
def test_an_unknown_ref_says_how_to_fetch_it(repo: Repo, ref: str) -> None:
    assert refusal(repo, base=ref).advice == f"Fetch it: git fetch origin {ref}"


@pytest.mark.parametrize(
    "ref",
    ["--output=x", "-h", "--all", "--help", "", "a b", "a\nHEAD", "\0", "\udcff", "main:a.yaml"],
)
def test_a_ref_is_never_an_option_or_two(repo: Repo, ref: str) -> None:
    before = sorted(repo.path.iterdir())
    assert "There is no" in refusal(repo, base=ref).message
    assert "There is no" in refusal(repo, base="main", head=ref).message
    assert sorted(repo.path.iterdir()) == before


@pytest.mark.parametrize("kind", ["tag", "remote"])
def test_a_name_that_means_several_commits_is_not_trusted(
    repo: Repo, tmp_path: Path, kind: str
) -> None:
    evil = repo.commit("evil")
    clone = repo.clone(tmp_path / "clone", "--branch", "main")
    full = {"tag": "refs/tags/origin/main", "remote": "refs/heads/origin/main"}[kind]
    clone.git("update-ref", full, evil)
    error = refusal(clone, base="origin/main", head="HEAD")
    assert full in error.message
    assert "refs/remotes/origin/main" in error.message
    with opened(clone, base="refs/remotes/origin/main") as source:
        assert source.change.trusted == repo.sha("main")


def test_a_tag_and_a_branch_of_one_name_and_one_commit_are_fine(repo: Repo) -> None:
    repo.git("tag", "main", "main")
    with opened(repo, base="main") as source:
        assert source.change.trusted == repo.sha("refs/heads/main")


def test_unrelated_histories_are_refused(repo: Repo) -> None:
    repo.git("checkout", "-q", "--orphan", "other")
    repo.commit("unrelated")
    error = refusal(repo, base="main")
    assert error.message == "HEAD and main have no commit in common."


def test_a_detached_head_in_a_worktree_below_a_subfolder(repo: Repo, tmp_path: Path) -> None:
    head = repo.commit("mine", **{"deep/er/b.yaml": "2\n"})
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "other"), head)
    with opened(tmp_path / "other" / "deep" / "er", base="main") as source:
        assert source.change.head == head
        assert files(source) == {"deep/er/b.yaml": "modified"}
        assert content(source.new, "deep/er/b.yaml") == b"2\n"
        assert [entry.path for entry in source.new.folder("deep/er")] == ["deep/er/b.yaml"]
        assert [list(source.new.folder("../x")), list(source.new.below("/x"))] == [[], []]


def test_a_bare_repository_has_ranges(repo: Repo, tmp_path: Path) -> None:
    repo.commit("mine", **{"mine.yaml": "1"})
    bare = repo.clone(tmp_path / "bare.git", "--bare")
    with opened(bare, base="main", head="feature") as source:
        assert files(source) == {"mine.yaml": "added"}


def test_a_repository_with_long_ids_is_read(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.mkdir()
    repo = Repo(path)
    repo.git("init", "-q", "--object-format=sha256", "--initial-branch=main")
    repo.commit("start", **{"a/b.yaml": "1"})
    repo.branch("feature")
    repo.commit("mine", **{"a/b.yaml": "2", "a/empty": ""})
    with opened(repo, base="main") as source:
        assert files(source) == {"a/b.yaml": "modified", "a/empty": "added"}
        assert content(source.new, "a/b.yaml") == b"2"
    repo.write("staged", "")
    repo.stage()
    with opened(repo, staged=True) as source:
        assert files(source) == {"staged": "added"}
