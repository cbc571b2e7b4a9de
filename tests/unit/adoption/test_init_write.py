"""Files appear wholly or not at all, over nothing, and through no link."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest

from gate.adoption.init.plan import File
from gate.adoption.init.write import write
from gate.errors import UsageError


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_folders_are_made(tmp_path: Path) -> None:
    write(tmp_path, [File("a/b/c.yml", b"new"), File(".d", b"")])
    assert files(tmp_path) == {"a/b/c.yml": b"new", ".d": b""}
    assert not os.access(tmp_path / ".d", os.X_OK)


def test_a_file_that_came_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"theirs")
    with pytest.raises(UsageError, match="b cannot be written: it has come into being meanwhile"):
        write(tmp_path, [File("a", b"ours"), File("b", b"ours"), File("c", b"ours")])
    assert files(tmp_path) == {"a": b"ours", "b": b"theirs"}


@pytest.mark.parametrize("name", ["link/x.yml", "x.yml"])
def test_no_link_is_followed(tmp_path: Path, name: str) -> None:
    top, outside = tmp_path / "top", tmp_path / "outside"
    top.mkdir()
    outside.mkdir()
    (top / "link").symlink_to(outside)
    (top / "x.yml").symlink_to(outside / "x.yml")
    with pytest.raises(UsageError, match="cannot be written"):
        write(top, [File(name, b"ours")])
    assert not files(outside)
    assert sorted(each.name for each in top.iterdir()) == ["link", "x.yml"]


def test_what_is_added_to_keeps_its_rights(tmp_path: Path) -> None:
    place = tmp_path / "a"
    place.write_bytes(b"old")
    place.chmod(0o640)
    write(tmp_path, [File("a", b"old and new", old=b"old")])
    assert files(tmp_path) == {"a": b"old and new"}
    assert stat.S_IMODE(place.stat().st_mode) == 0o640


@pytest.mark.parametrize("kind", ["changed", "link"])
def test_what_is_no_longer_as_it_was_stays(tmp_path: Path, kind: str) -> None:
    if kind == "link":
        (tmp_path / "target").write_bytes(b"old")
        (tmp_path / "a").symlink_to("target")
    else:
        (tmp_path / "a").write_bytes(b"changed")
    before = files(tmp_path)
    with pytest.raises(UsageError):
        write(tmp_path, [File("a", b"old and new", old=b"old")])
    assert files(tmp_path) == before


def test_a_full_disk_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "old").write_bytes(b"old")
    monkeypatch.setattr(os, "link", full)
    monkeypatch.setattr(os, "rename", full)
    for file in (File("a", b"new"), File("old", b"old new", old=b"old")):
        with pytest.raises(UsageError, match="No space left"):
            write(tmp_path, [file])
    assert files(tmp_path) == {"old": b"old"}


def test_a_file_system_without_links_gets_the_files_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    write(tmp_path, [File("a", b"new")])
    with pytest.raises(UsageError, match="come into being"):
        write(tmp_path, [File("a", b"newer")])
    assert files(tmp_path) == {"a": b"new"}


def test_what_does_not_fit_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    def full(handle: int, *_: object) -> Full:
        os.close(handle)
        return Full()

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(UsageError, match="No space left"):
        write(tmp_path, [File("a", b"new")])
    monkeypatch.undo()
    assert files(tmp_path) == {}
