"""Folders on disk: nothing outside is read, nothing special is opened, nothing is left out."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gate.change.folder import FolderTree
from gate.change.interface import ChangeRequest, Source
from gate.change.registry import open_source
from gate.errors import ChangeError
from gate.model.change import MODE_EXECUTABLE, MODE_FILE, MODE_LINK, Entry, Tree, Unread


def fill(root: Path, **files: str) -> Path:
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    root.mkdir(exist_ok=True)
    return root


def read(tree: Tree, path: str) -> bytes | Unread:
    entry = tree.find(path)
    assert entry is not None, path
    return next(iter(tree.read([entry])))[1]


def paths(entries: object) -> list[str]:
    assert isinstance(entries, list | tuple)
    return sorted(entry.path for entry in entries)


def statuses(source: Source) -> dict[str, str]:
    return {file.path: file.status for file in source.change.files}


def test_files_are_found_listed_and_read(tmp_path: Path) -> None:
    tree = FolderTree(fill(tmp_path / "x", **{"a.yaml": "1", "b/c.yaml": "2", "b/d/e.yaml": "3"}))
    assert paths(tree.folder("")) == ["a.yaml"]
    assert paths(tree.folder("b")) == ["b/c.yaml"]
    assert paths(tree.folder("./b/")) == ["b/c.yaml"]
    assert paths(tree.below("")) == ["a.yaml", "b/c.yaml", "b/d/e.yaml"]
    assert paths(tree.below("b")) == ["b/c.yaml", "b/d/e.yaml"]
    assert tree.find("b") is None
    assert tree.find("") is None
    assert tree.find("nothing/here") is None
    assert tree.find("a.yaml/below-a-file") is None
    assert paths(tree.below("nothing")) == []
    assert read(tree, "b/d/e.yaml") == b"3"


def test_the_order_of_reading_is_the_order_asked_for(tmp_path: Path) -> None:
    tree = FolderTree(fill(tmp_path / "x", a="1", b="2", c="3"))
    entries = [tree.find(name) for name in "cab"]
    given = [entry for entry in entries if entry is not None]
    assert list(tree.read(given)) == list(zip(given, [b"3", b"1", b"2"], strict=True))


def test_links_are_read_as_links_and_never_followed(tmp_path: Path) -> None:
    outside = fill(tmp_path / "outside", secret="s")
    root = fill(tmp_path / "x", **{"real/a": "1"})
    (root / "file").symlink_to(outside / "secret")
    (root / "folder").symlink_to(outside)
    (root / "inside").symlink_to("real")
    (root / "strange").symlink_to("./real//a/../a")
    tree = FolderTree(root)
    assert {entry.path: entry.mode for entry in tree.below("")} == {
        "file": MODE_LINK,
        "folder": MODE_LINK,
        "inside": MODE_LINK,
        "real/a": MODE_FILE,
        "strange": MODE_LINK,
    }
    assert read(tree, "file") == os.fsencode(outside / "secret")
    assert read(tree, "strange") == b"./real//a/../a"
    assert paths(tree.folder("folder")) == []
    assert paths(tree.below("inside")) == []
    assert tree.find("folder/secret") is None


@pytest.mark.parametrize("path", ["../outside/secret", "/etc/passwd", "a/../../outside/secret"])
def test_paths_out_of_the_folder_are_not_found(tmp_path: Path, path: str) -> None:
    fill(tmp_path / "outside", secret="s")
    tree = FolderTree(fill(tmp_path / "x", **{"a/b": "1"}))
    assert tree.find(path) is None
    assert paths(tree.folder(path)) == []
    assert paths(tree.below(path)) == []


def test_a_file_swapped_for_a_link_is_not_followed(tmp_path: Path) -> None:
    secret = fill(tmp_path / "outside", secret="s") / "secret"
    root = fill(tmp_path / "x", a="1")
    tree = FolderTree(root)
    entry = tree.find("a")
    assert entry is not None
    (root / "a").unlink()
    (root / "a").symlink_to(secret)
    assert isinstance(next(iter(tree.read([entry])))[1], Unread)


def test_gits_own_folder_is_not_looked_into(tmp_path: Path) -> None:
    root = fill(tmp_path / "x", **{".git/config": "", "sub/.git": "", ".GIT/x": "", "a": ""})
    tree = FolderTree(root)
    assert paths(tree.below("")) == ["a"]
    assert tree.find(".git/config") is None
    assert tree.find("sub/.git") is None
    assert paths(tree.folder(".git")) == []


def test_special_files_are_listed_and_not_opened(tmp_path: Path) -> None:
    root = fill(tmp_path / "x")
    os.mkfifo(root / "pipe.yaml")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(root / "socket.yaml"))
        tree = FolderTree(root)
        assert paths(tree.below("")) == ["pipe.yaml", "socket.yaml"]
        assert read(tree, "pipe.yaml") == Unread("a named pipe, not a file")
        assert read(tree, "socket.yaml") == Unread("a socket, not a file")


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    root = fill(tmp_path / "x", small="1" * 2**20, large="1" * (2**20 + 1))
    tree = FolderTree(root, limit=2**20)
    assert read(tree, "small") == b"1" * 2**20
    assert read(tree, "large") == Unread("1.1 MB, over the limit of 1 MB")


def test_what_has_gone_says_so(tmp_path: Path) -> None:
    tree = FolderTree(fill(tmp_path / "x"))
    gone = Entry("gone", MODE_FILE, "gone")
    assert list(tree.read([gone])) == [(gone, Unread("cannot be read: No such file or directory"))]


def test_a_folder_that_vanishes_while_it_is_listed_is_an_error(tmp_path: Path) -> None:
    root = fill(tmp_path / "x")
    tree = FolderTree(root)
    root.rmdir()
    with pytest.raises(ChangeError, match=r"The folder \. cannot be read"):
        tree.below("")


def test_odd_names_are_shown_and_read(tmp_path: Path) -> None:
    root = fill(tmp_path / "x", **{"a b\nc": "1", "-f": "2"})
    with open(os.fsencode(root) + b"/caf\xe9", "w") as file:  # noqa: PTH123 - a path of bytes
        file.write("3")
    tree = FolderTree(root)
    assert paths(tree.below("")) == ["-f", "a b\nc", r"caf\xe9"]
    assert [read(tree, path) for path in paths(tree.below(""))] == [b"2", b"1", b"3"]


@pytest.mark.parametrize("path", ["a\0b", "x" * 300, "\ud800"])
def test_names_that_no_file_can_have_are_not_found(tmp_path: Path, path: str) -> None:
    assert FolderTree(fill(tmp_path / "x")).find(path) is None


def test_everything_in_a_folder_is_present(tmp_path: Path) -> None:
    here = fill(tmp_path / "here", **{"deploy/a.yaml": "1", "deploy/b/c.yaml": "2", "other": "3"})
    (here / "deploy/run").write_text("")
    (here / "deploy/run").chmod(0o755)
    with open_source(ChangeRequest(here, tree=here / "deploy")) as source:
        assert statuses(source) == {
            "deploy/a.yaml": "present",
            "deploy/b/c.yaml": "present",
            "deploy/run": "present",
        }
        assert source.change.kind == "tree"
        assert source.change.description == f"everything in {here / 'deploy'}"
        assert source.old is None
        assert source.head_tree is None
        assert source.top == here
        assert source.change.files[2].new is not None
        assert source.change.files[2].new.mode == MODE_EXECUTABLE
        assert read(source.new, "deploy/b/c.yaml") == b"2"


def test_several_folders_are_one_change_and_no_file_is_in_it_twice(tmp_path: Path) -> None:
    here = fill(tmp_path / "here", **{"a/x": "1", "a/b/y": "2", "c/z": "3", "d/w": "4"})
    folders = (here / "a", here / "a/b", here / "c")
    with open_source(ChangeRequest(here, folders=folders)) as source:
        assert [file.path for file in source.change.files] == ["a/b/y", "a/x", "c/z"]


def test_a_folder_elsewhere_has_paths_of_its_own(tmp_path: Path) -> None:
    here = fill(tmp_path / "here", **{".gate.yaml": ""})
    there = fill(tmp_path / "there", **{"a/x": "1", "b/y": "1", ".gate.yaml": ""})
    with open_source(ChangeRequest(here, tree=there)) as source:
        assert list(statuses(source)) == [".gate.yaml", "a/x", "b/y"]
        assert source.top == here
    with open_source(ChangeRequest(here, folders=(there / "a", there / "b"))) as source:
        assert list(statuses(source)) == ["a/x", "b/y"]


def test_a_folder_reached_by_a_link_is_judged(tmp_path: Path) -> None:
    here = fill(tmp_path / "here", **{"real/a": "1"})
    (here / "link").symlink_to("real")
    with open_source(ChangeRequest(here, tree=here / "link")) as source:
        assert list(statuses(source)) == ["real/a"]


def test_the_only_configuration_is_the_one_that_counts(tmp_path: Path) -> None:
    here = fill(tmp_path / "here", **{"shop/.gate.yaml": "", "shop/a": "1"})
    with open_source(ChangeRequest(here, tree=here / "shop")) as source:
        assert source.top == here / "shop"
        assert source.trusted.find(".gate.yaml") is not None
        assert list(statuses(source)) == [".gate.yaml", "a"]


def test_rendered_output_does_not_bring_its_own_configuration(tmp_path: Path) -> None:
    here = fill(tmp_path / "here", **{".gate.yaml": "mine"})
    old = fill(tmp_path / "old")
    new = fill(tmp_path / "new", **{".gate.yaml": "smuggled"})
    with open_source(ChangeRequest(here, base_tree=old, tree=new)) as source:
        assert source.top == here
        assert read(source.trusted, ".gate.yaml") == b"mine"


def test_two_folders_are_compared_by_content(tmp_path: Path) -> None:
    old = fill(tmp_path / "old", same="1", longer="1", other="1", gone="1", mode="1", kind="1")
    new = fill(tmp_path / "new", same="1", longer="12", other="2", fresh="1", mode="1")
    (new / "mode").chmod(0o755)
    (new / "kind").symlink_to("same")
    for folder, target in ((old, "a"), (new, "b")):
        (folder / "link").symlink_to(target)
        (folder / "still").symlink_to("same")
    with open_source(ChangeRequest(tmp_path, base_tree=old, tree=new)) as source:
        assert statuses(source) == {
            "fresh": "added",
            "gone": "deleted",
            "kind": "type_changed",
            "link": "modified",
            "longer": "modified",
            "mode": "modified",
            "other": "modified",
        }
        assert source.change.kind == "trees"
        assert source.change.description == f"{new} against {old}"
        assert source.old is not None
        assert read(source.old, "gone") == b"1"


def test_large_files_that_differ_at_the_end_differ(tmp_path: Path) -> None:
    old = fill(tmp_path / "old", a="x" * 3_000_000 + "1", b="x" * 3_000_000)
    new = fill(tmp_path / "new", a="x" * 3_000_000 + "2", b="x" * 3_000_000)
    with open_source(ChangeRequest(tmp_path, base_tree=old, tree=new)) as source:
        assert statuses(source) == {"a": "modified"}


def test_what_cannot_be_compared_counts_as_changed(tmp_path: Path) -> None:
    old, new = fill(tmp_path / "old"), fill(tmp_path / "new")
    os.mkfifo(old / "pipe")
    os.mkfifo(new / "pipe")
    with open_source(ChangeRequest(tmp_path, base_tree=old, tree=new)) as source:
        assert statuses(source) == {"pipe": "modified"}


@pytest.mark.parametrize("name", ["absent", "file"])
def test_a_folder_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    fill(tmp_path, file="1")
    with pytest.raises(ChangeError, match=name):
        open_source(ChangeRequest(tmp_path, tree=tmp_path / name))


def test_folders_need_no_git_and_do_not_import_it(tmp_path: Path) -> None:
    old, new = fill(tmp_path / "old", a="1"), fill(tmp_path / "new", a="2")
    program = f"""
import sys
from pathlib import Path
from gate.change.registry import ChangeRequest, open_source
here, old, new = Path({str(tmp_path)!r}), Path({str(old)!r}), Path({str(new)!r})
for request in (ChangeRequest(here, tree=new), ChangeRequest(here, tree=new, base_tree=old)):
    with open_source(request) as source:
        assert list(source.new.read([source.change.files[0].new]))[0][1] == b"2"
assert "git" not in sys.modules
"""
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": "", "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_a_file_that_vanishes_while_it_is_compared_counts_as_changed(tmp_path: Path) -> None:
    tree = FolderTree(fill(tmp_path / "x", a="1"))
    entry = tree.find("a")
    assert entry is not None
    (tmp_path / "x/a").unlink()
    assert not tree.is_same(entry, tree, entry)


def test_a_folder_in_a_loop_of_links_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ChangeError, match="cannot be read"):
        FolderTree(tmp_path / "loop").find("a")
