"""All trees tell the same of the same files, whatever the files are; and the change between any
two states holds every difference once."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.model.change import Tree
from tests.integration.change.helpers import opened
from tests.support.git import Repo

NAME = st.sampled_from(["a", "b", "c.yaml", "é", "- x", "d"])
STATE = st.dictionaries(
    st.lists(NAME, min_size=1, max_size=3).map(tuple),
    st.sampled_from(["", "1\n", "2\n", "many\n" * 30, "many\n" * 30 + "more\n"]),
    max_size=6,
)


def plain(state: dict[tuple[str, ...], str]) -> dict[str, str]:
    """Only paths that can be there together: no file is also a folder."""
    return {
        "/".join(path): text
        for path, text in state.items()
        if not any(path[:length] in state for length in range(1, len(path)))
    }


def become(repo: Repo, state: dict[str, str]) -> None:
    for place in repo.path.iterdir():
        if place.name != ".git":
            repo.remove(place.name)
    for path, text in state.items():
        repo.write(path, text)
    repo.stage()


def told(tree: Tree) -> dict[str, str]:
    return {
        entry.path: data.decode()
        for entry, data in tree.read(tree.below(""))
        if isinstance(data, bytes)
    }


def agrees(tree: Tree, state: dict[str, str]) -> None:
    assert told(tree) == state
    folders = {path.rpartition("/")[0] for path in state} | {"", "nowhere"}
    for folder in folders:
        inside = {path for path in state if path.rpartition("/")[0] == folder}
        assert {entry.path for entry in tree.folder(folder)} == inside
        start = f"{folder}/" if folder else ""
        below = {path for path in state if path.startswith(start)}
        assert {entry.path for entry in tree.below(folder)} == below
        assert tree.find(folder) is None or folder in state
    for path in state:
        found = tree.find(path)
        assert found is not None
        assert found.path == path


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(STATE.map(plain), STATE.map(plain))
def test_trees_and_changes_agree_with_the_files(old: dict[str, str], new: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repo = Repo.init(Path(folder) / "repo")
        become(repo, old)
        repo.git("commit", "--quiet", "--allow-empty", "--message=old")
        become(repo, new)
        with opened(repo, staged=True) as staged:
            assert staged.old is not None
            agrees(staged.old, old)
            agrees(staged.new, new)
            agrees(staged.trusted, new)
            in_index = staged.change.files
        repo.git("commit", "--quiet", "--allow-empty", "--message=new")
        with opened(repo, base="HEAD~1") as source:
            agrees(source.new, new)
            assert source.change.files == in_index
        before = sorted(file.old.path for file in in_index if file.old)
        after = sorted(file.new.path for file in in_index if file.new)
        differing = {path for path in old | new if old.get(path) != new.get(path)}
        assert before == sorted(differing & old.keys())
        assert after == sorted(differing & new.keys())
