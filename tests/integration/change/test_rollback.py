"""A rollback is recognised by content, on real histories; what only looks like one is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gate.change import rollback as rollback_module
from gate.change.interface import ChangeRequest
from gate.change.registry import open_source
from gate.manifests.objects import objects_of
from gate.model.change import Rollback
from tests.support.git import Repo

APP, OTHER = "apps/shop/app.yaml", "apps/shop/other.yaml"


def deployment(name: str, image: str) -> str:
    return (
        "apiVersion: apps/v1\nkind: Deployment\n"
        f"metadata: {{name: {name}, namespace: shop}}\n"
        f"spec: {{template: {{spec: {{containers: [{{name: app, image: 'shop:{image}'}}]}}}}}}\n"
    )


def two(one: str, other: str) -> str:
    return deployment("cart", one) + "---\n" + deployment("pay", other)


def found(repo: Repo, **request: Any) -> Rollback | None:
    asked = ChangeRequest(repo.path, **(request or {"base": "main", "head": "change"}))
    with open_source(asked) as source:
        return source.look_back(objects_of)


def changed(repo: Repo, **files: str | bytes | None) -> None:
    """A branch `change` off here, with these files, or without them."""
    repo.branch("change")
    for path, content in files.items():
        if content is None:
            repo.remove(path)
    repo.commit("change", **{path: each for path, each in files.items() if each is not None})


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.commit("start", **{"README.md": "shop\n"})
    return made


@pytest.fixture
def history(repo: Repo) -> dict[str, str]:
    """`app` is at 1, then 2, then 3; another commit lies between."""
    commits = {"1": repo.commit("one", **{APP: deployment("cart", "1")})}
    commits["2"] = repo.commit("two", **{APP: deployment("cart", "2")})
    commits["notes"] = repo.commit("notes", **{"README.md": "more\n"})
    commits["3"] = repo.commit("three", **{APP: deployment("cart", "3")})
    return commits


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_file_as_an_earlier_commit_held_it_is_a_rollback_to_that_commit(
    repo: Repo, history: dict[str, str], version: str
) -> None:
    changed(repo, **{APP: deployment("cart", version)})
    rollback = found(repo)
    assert rollback is not None
    assert rollback.to == history[version]
    assert rollback.subject == {"1": "one", "2": "two"}[version]
    when = repo.git("log", "-1", "--format=%cd", "--date=format-local:%FT%TZ", history[version])
    assert rollback.committed_at == when


def test_git_revert_is_one_too_whatever_the_message_says(
    repo: Repo, history: dict[str, str]
) -> None:
    repo.branch("change")
    repo.git("revert", "--no-edit", history["3"])
    repo.git("commit", "--amend", "--quiet", "--message=innocent")
    rollback = found(repo)
    assert rollback is not None
    assert rollback.to == history["2"]


def test_what_calls_itself_a_rollback_is_none(repo: Repo, history: dict[str, str]) -> None:
    repo.branch("change")
    repo.commit(f'Revert "three"\n\nRollback: {history["2"]}', **{APP: deployment("cart", "4")})
    assert found(repo) is None


def test_a_change_without_files_is_none(repo: Repo, history: dict[str, str]) -> None:
    repo.branch("change")
    repo.commit("nothing")
    assert found(repo) is None


def test_a_mix_is_none(repo: Repo, history: dict[str, str]) -> None:
    changed(repo, **{APP: deployment("cart", "2"), OTHER: deployment("pay", "9")})
    assert found(repo) is None


def test_a_new_file_is_none(repo: Repo, history: dict[str, str]) -> None:
    changed(repo, **{OTHER: deployment("pay", "1")})
    assert found(repo) is None


def test_before_the_first_commit_there_is_nothing_to_go_back_to(
    repo: Repo, history: dict[str, str]
) -> None:
    changed(repo, **{"README.md": None})
    assert found(repo) is None


def test_files_of_different_moments_are_none(repo: Repo, history: dict[str, str]) -> None:
    repo.commit("pay one", **{OTHER: deployment("pay", "1")})
    repo.commit("pay two", **{OTHER: deployment("pay", "2")})
    repo.commit("cart four", **{APP: deployment("cart", "4")})
    changed(repo, **{APP: deployment("cart", "1"), OTHER: deployment("pay", "1")})
    assert found(repo) is None


def test_several_files_of_one_moment_are_one(repo: Repo, history: dict[str, str]) -> None:
    at = repo.commit("pay one", **{OTHER: deployment("pay", "1")})
    repo.commit("pay two", **{OTHER: deployment("pay", "2")})
    repo.commit("cart four", **{APP: deployment("cart", "4")})
    changed(repo, **{APP: deployment("cart", "3"), OTHER: deployment("pay", "1")})
    rollback = found(repo)
    assert rollback is not None
    assert rollback.to == at


def test_to_delete_what_was_added_is_none(repo: Repo, history: dict[str, str]) -> None:
    """Nothing comes back that is known to have worked: a service may go."""
    repo.commit("added", **{OTHER: deployment("pay", "1")})
    repo.commit("notes", **{"README.md": "else\n"})
    changed(repo, **{OTHER: None})
    assert found(repo) is None


def test_what_came_with_a_version_goes_with_it(repo: Repo, history: dict[str, str]) -> None:
    before = repo.sha("HEAD")
    repo.commit("4", **{APP: deployment("cart", "4"), OTHER: deployment("pay", "1")})
    changed(repo, **{APP: deployment("cart", "3"), OTHER: None})
    rollback = found(repo)
    assert rollback is not None
    assert rollback.to == before


def test_to_bring_back_what_was_deleted_is_one(repo: Repo, history: dict[str, str]) -> None:
    repo.remove(APP)
    repo.commit("gone")
    changed(repo, **{APP: deployment("cart", "3")})
    rollback = found(repo)
    assert rollback is not None
    assert rollback.to == history["3"]


def test_what_never_was_on_the_trusted_branch_is_none(repo: Repo, history: dict[str, str]) -> None:
    repo.branch("aside")
    repo.commit("tried", **{APP: deployment("cart", "7")})
    repo.commit("better", **{APP: deployment("cart", "8")})
    repo.checkout("main")
    repo.merge("aside")
    changed(repo, **{APP: deployment("cart", "7")})
    assert found(repo) is None


def test_a_merge_is_undone_whole(repo: Repo, history: dict[str, str]) -> None:
    repo.branch("aside")
    repo.commit("tried", **{APP: deployment("cart", "7")})
    repo.commit("better", **{OTHER: deployment("pay", "8")})
    repo.checkout("main")
    repo.merge("aside")
    changed(repo, **{APP: deployment("cart", "3"), OTHER: None})
    rollback = found(repo)
    assert rollback is not None
    assert rollback.to == history["3"]


def test_to_bring_in_again_what_was_rolled_back_is_none(
    repo: Repo, history: dict[str, str]
) -> None:
    repo.commit("back", **{APP: deployment("cart", "2")})
    changed(repo, **{APP: deployment("cart", "3")})
    assert found(repo) is None


def test_what_is_rolled_back_a_second_time_is_one(repo: Repo, history: dict[str, str]) -> None:
    back = repo.commit("back", **{APP: deployment("cart", "2")})
    repo.commit("again", **{APP: deployment("cart", "3")})
    changed(repo, **{APP: deployment("cart", "2")})
    rollback = found(repo)
    assert rollback is not None
    assert rollback.to == back


def test_where_the_trusted_branch_has_moved_on_in_the_file_it_is_none(
    repo: Repo, history: dict[str, str]
) -> None:
    changed(repo, **{APP: deployment("cart", "2")})
    repo.checkout("main")
    repo.commit("four", **{APP: deployment("cart", "4")})
    assert found(repo) is None


def test_a_text_in_which_the_trusted_branch_has_moved_on_is_none(repo: Repo) -> None:
    text = "".join(f"{number}\n" for number in range(20))
    repo.commit("one", **{"a.txt": text})
    repo.commit("two", **{"a.txt": text + "more\n"})
    changed(repo, **{"a.txt": text})
    assert found(repo) is not None
    repo.checkout("main")
    repo.commit("three", **{"a.txt": "before\n" + text + "more\n"})
    assert found(repo) is None


def test_where_the_trusted_branch_has_moved_on_elsewhere_it_is_one(
    repo: Repo, history: dict[str, str]
) -> None:
    changed(repo, **{APP: deployment("cart", "2")})
    repo.checkout("main")
    repo.commit("else", **{OTHER: deployment("pay", "4"), "README.md": "else\n"})
    rollback = found(repo)
    assert rollback is not None
    assert rollback.to == history["2"]


def test_modes_count(repo: Repo) -> None:
    repo.write("run.sh", "one\n")
    first = repo.commit("one")
    repo.write("run.sh", "two\n")
    repo.commit("two")
    repo.branch("change")
    repo.write("run.sh", "one\n", executable=True)
    repo.commit("back, and executable")
    assert found(repo) is None
    (repo.path / "run.sh").chmod(0o644)
    repo.commit("back")
    rollback = found(repo)
    assert rollback is not None
    assert rollback.to == first


def test_a_link_counts_as_what_it_is(repo: Repo) -> None:
    repo.link("app.yaml", "one.yaml")
    first = repo.commit("one")
    repo.remove("app.yaml")
    repo.commit("two", **{"app.yaml": "one.yaml"})
    repo.branch("change")
    repo.link("app.yaml", "one.yaml")
    repo.commit("back")
    rollback = found(repo)
    assert rollback is not None
    assert rollback.to == first


def test_a_submodule_is_none(repo: Repo) -> None:
    for number in ("1", "2"):
        repo.submodule("lib", number * 40)
        repo.git("commit", "--quiet", "--message=lib")
    repo.branch("change")
    repo.submodule("lib", "1" * 40)
    repo.git("commit", "--quiet", "--message=back")
    assert found(repo) is None


def test_a_rename_is_undone(repo: Repo, history: dict[str, str]) -> None:
    repo.move(APP, OTHER)
    repo.commit("moved")
    changed(repo, **{OTHER: None, APP: deployment("cart", "3")})
    rollback = found(repo)
    assert rollback is not None
    assert rollback.to == history["3"]


@pytest.mark.parametrize(
    "name", ["a b.yaml", ":(top)x.yaml", "*.yaml", "-x.yaml", "ä.yaml", "'.yaml"]
)
def test_any_name_is_taken_literally(repo: Repo, name: str) -> None:
    first = repo.commit("one", **{name: "1\n"})
    repo.commit("two", **{name: "2\n", "z.yaml": "1\n"})
    repo.commit("three", **{"z.yaml": "2\n"})
    changed(repo, **{name: "1\n"})
    rollback = found(repo)
    assert rollback is not None
    assert rollback.to == first


def test_a_line_break_in_a_name_is_not_looked_for(repo: Repo) -> None:
    repo.commit("one", **{"a\nb": "1\n"})
    repo.commit("two", **{"a\nb": "2\n"})
    changed(repo, **{"a\nb": "1\n"})
    assert found(repo) is None


class TestObjects:
    """A file holds several objects; one is brought back and another has moved on."""

    @pytest.fixture
    def first(self, repo: Repo) -> str:
        first = repo.commit("one", **{APP: two("1", "1")})
        repo.commit("two", **{APP: two("2", "1")})
        repo.commit("three", **{APP: two("2", "2")})
        return first

    def test_the_object_that_changes_is_as_it_was(self, repo: Repo, first: str) -> None:
        changed(repo, **{APP: two("1", "2")})
        rollback = found(repo)
        assert rollback is not None
        assert rollback.to == first

    def test_how_it_is_written_does_not_count(self, repo: Repo, first: str) -> None:
        changed(repo, **{APP: "# back\n" + two("1", "2").replace("'", '"')})
        rollback = found(repo)
        assert rollback is not None
        assert rollback.to == first

    def test_one_back_and_one_new_is_none(self, repo: Repo, first: str) -> None:
        changed(repo, **{APP: two("1", "9")})
        assert found(repo) is None

    def test_one_back_and_one_added_is_none(self, repo: Repo, first: str) -> None:
        changed(repo, **{APP: two("1", "2") + "---\n" + deployment("new", "1")})
        assert found(repo) is None

    def test_comments_alone_are_none(self, repo: Repo, first: str) -> None:
        changed(repo, **{APP: "# a note\n" + two("2", "2")})
        assert found(repo) is None

    def test_an_object_that_was_added_and_goes_is_none(self, repo: Repo, first: str) -> None:
        repo.commit("added", **{APP: two("2", "2") + "---\n" + deployment("new", "1")})
        repo.commit("pay", **{APP: two("2", "3") + "---\n" + deployment("new", "1")})
        changed(repo, **{APP: two("2", "3")})
        assert found(repo) is None

    def test_to_bring_one_in_again_is_none(self, repo: Repo, first: str) -> None:
        repo.commit("back", **{APP: two("1", "2")})
        repo.commit("pay", **{APP: two("1", "3")})
        changed(repo, **{APP: two("2", "3")})
        assert found(repo) is None

    def test_the_other_one_may_move_on_on_the_trusted_branch(self, repo: Repo, first: str) -> None:
        changed(repo, **{APP: two("1", "2")})
        repo.checkout("main")
        repo.commit("pay", **{APP: two("2", "3")})
        rollback = found(repo)
        assert rollback is not None
        assert rollback.to == first

    def test_the_same_one_may_not(self, repo: Repo, first: str) -> None:
        changed(repo, **{APP: two("1", "2")})
        repo.checkout("main")
        repo.commit("cart", **{APP: two("3", "2")})
        assert found(repo) is None

    @pytest.mark.parametrize(
        "more",
        ["---\na: {{ .Values.x }}\n", "---\nreplicas: 3\n", "---\na: [\n", "---\na: 1\na: 2\n"],
        ids=["template", "no object", "broken", "a key twice"],
    )
    def test_a_file_that_holds_anything_else_is_compared_whole(self, repo: Repo, more: str) -> None:
        first = repo.commit("one", **{APP: two("1", "1") + more})
        repo.commit("two", **{APP: two("2", "1") + more})
        repo.commit("three", **{APP: two("2", "2") + more})
        changed(repo, **{APP: two("1", "2") + more})
        assert found(repo) is None
        repo.commit("all back", **{APP: two("1", "1") + more})
        rollback = found(repo)
        assert rollback is not None
        assert rollback.to == first

    def test_the_mode_of_the_file_counts(self, repo: Repo) -> None:
        repo.write(APP, two("1", "1"), executable=True)
        repo.commit("one")
        (repo.path / APP).chmod(0o644)
        repo.commit("two", **{APP: two("2", "1")})
        repo.commit("three", **{APP: two("2", "2")})
        changed(repo, **{APP: two("1", "2")})
        assert found(repo) is None

    def test_values_of_secrets_count(self, repo: Repo) -> None:
        secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: %s}\n---\n"
        repo.commit("one", **{APP: secret % "x" + deployment("pay", "1")})
        repo.commit("two", **{APP: secret % "y" + deployment("pay", "1")})
        repo.commit("three", **{APP: secret % "y" + deployment("pay", "2")})
        changed(repo, **{APP: secret % "z" + deployment("pay", "2")})
        assert found(repo) is None


def test_what_is_staged_is_compared_with_the_history_of_head(
    repo: Repo, history: dict[str, str]
) -> None:
    repo.write(APP, deployment("cart", "2"))
    repo.stage()
    rollback = found(repo, staged=True)
    assert rollback is not None
    assert rollback.to == history["2"]


def test_before_the_first_commit_nothing_is_found(tmp_path: Path) -> None:
    made = Repo.init(tmp_path / "empty")
    made.write(APP, deployment("cart", "2"))
    made.stage()
    assert found(made, staged=True) is None


def test_the_last_commit_is_compared_with_those_before(repo: Repo, history: dict[str, str]) -> None:
    repo.commit("back", **{APP: deployment("cart", "2")})
    back = found(repo, base=None)
    assert back is not None
    assert back.to == history["2"]


def test_a_folder_has_no_history(repo: Repo, history: dict[str, str]) -> None:
    assert found(repo, folders=(repo.path / "apps",)) is None


def test_where_the_clone_ends_nothing_is_found(
    repo: Repo, history: dict[str, str], tmp_path: Path
) -> None:
    shallow = repo.clone(tmp_path / "shallow", "--depth=2")
    for version in ("2", "1"):
        shallow.write(APP, deployment("cart", version))
        shallow.stage()
        rollback = found(shallow, staged=True)
        assert (rollback is not None) == (version == "2")
    shallow.remove(APP)
    shallow.stage()
    assert found(shallow, staged=True) is None


def test_a_clone_without_old_contents_is_no_error(
    repo: Repo, history: dict[str, str], tmp_path: Path
) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    partial = repo.clone(tmp_path / "partial", "--filter=blob:none")
    partial.write(APP, "# other\n" + deployment("cart", "2"))
    partial.stage()
    assert found(partial, staged=True) is None
    partial.write(APP, deployment("cart", "2"))
    partial.stage()
    assert found(partial, staged=True) is not None


def test_settings_of_the_repository_do_not_matter(repo: Repo, history: dict[str, str]) -> None:
    for name, value in {
        "log.follow": "true",
        "log.diffMerges": "off",
        "log.showRoot": "false",
        "diff.renames": "copies",
        "diff.relative": "true",
        "diff.noprefix": "true",
        "format.pretty": "oneline",
        "core.quotePath": "false",
        "i18n.logOutputEncoding": "latin1",
    }.items():
        repo.git("config", name, value)
    repo.branch("aside")
    repo.commit("four", **{APP: deployment("cart", "4")})
    repo.checkout("main")
    repo.merge("aside")
    changed(repo, **{APP: deployment("cart", "3")})
    rollback = found(repo)
    assert rollback is not None
    assert rollback.to == history["3"]


@pytest.mark.parametrize("files", [500, 501])
def test_a_change_of_more_than_500_files_is_not_looked_for(repo: Repo, files: int) -> None:
    for content in ("1\n", "2\n"):
        repo.commit(content, **{f"{number}.txt": content for number in range(files)})
    changed(repo, **{f"{number}.txt": "1\n" for number in range(files)})
    assert (found(repo) is not None) == (files == 500)


@pytest.mark.parametrize("steps", [200, 201])
def test_200_commits_that_touch_the_files_are_looked_at(repo: Repo, steps: int) -> None:
    commits = [repo.commit(str(number), **{APP: f"{number}\n"}) for number in range(steps + 1)]
    changed(repo, **{APP: "0\n"})
    rollback = found(repo)
    assert (rollback.to if rollback else None) == (commits[0] if steps == 200 else None)


def test_git_has_so_much_time(
    repo: Repo, history: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(repo, **{APP: deployment("cart", "2")})
    monkeypatch.setattr(rollback_module, "SECONDS", 1e-9)
    assert found(repo) is None


def test_so_many_bytes_are_read_for_their_objects(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(two("1", "1"))
    repo.commit("one", **{APP: two("1", "1")})
    for version in range(2, 6):
        repo.commit("pay", **{APP: two("2", str(version))})
    changed(repo, **{APP: two("1", "5")})
    monkeypatch.setattr(rollback_module, "PARSED", 6 * size)
    assert found(repo) is not None
    monkeypatch.setattr(rollback_module, "PARSED", 5 * size)
    assert found(repo) is None


def test_a_commit_with_a_time_that_is_none(repo: Repo) -> None:
    repo.commit("1", **{APP: deployment("cart", "1")})
    tree = repo.git("rev-parse", "main^{tree}")
    who = "A <a@x.example> 99999999999999999 +0000"
    odd = f"tree {tree}\nparent {repo.sha('main~1')}\nauthor {who}\ncommitter {who}\n\nodd\n"
    options = ("hash-object", "-t", "commit", "-w", "--stdin", "--literally")
    sha = repo.git(*options, stdin=odd.encode())
    repo.git("update-ref", "refs/heads/main", sha)
    repo.commit("2", **{APP: deployment("cart", "2")})
    changed(repo, **{APP: deployment("cart", "1")})
    assert found(repo) == Rollback(sha, None, "odd")
