"""Names of every kind of bytes come through, from Git and from disk alike."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gate.change.interface import Source
from tests.integration.change.helpers import content, opened
from tests.support.git import Repo

NAMES = {
    b" lead and trail ": " lead and trail ",
    b"-n": "-n",
    b"--help": "--help",
    b":(top)x": ":(top)x",
    b"*.yaml": "*.yaml",
    b"a\nb\tc": "a\nb\tc",
    b"quo\"te's": "quo\"te's",
    b"back\\slash": "back\\slash",
    b"caf\xe9": r"caf\xe9",
    rb"caf\xe9": r"caf\x5cxe9",
    "café".encode(): "café",
    "日本/語.yaml".encode(): "日本/語.yaml",
    b"f\xff/in\xfe/x": r"f\xff/in\xfe/x",
    b"\x1b[31mred": "\x1b[31mred",
    b"=>": "=>",
}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.commit("start", keep="1")
    made.branch("feature")
    for name in NAMES:
        place = os.fsencode(made.path) + b"/" + name
        Path(os.fsdecode(place)).parent.mkdir(parents=True, exist_ok=True)
        Path(os.fsdecode(place)).write_bytes(b"content of " + name)
    made.stage()
    return made


def check(source: Source) -> None:
    assert {file.path for file in source.change.files} == set(NAMES.values())
    read = source.new.read([file.new for file in source.change.files if file.new])
    assert {entry.path: data for entry, data in read} == {
        shown: b"content of " + name for name, shown in NAMES.items()
    }
    assert {entry.path for entry in source.new.below("")} == {"keep", *NAMES.values()}
    for name, shown in NAMES.items():
        assert content(source.new, shown) == b"content of " + name
        folder = shown.rpartition("/")[0]
        assert shown in {entry.path for entry in source.new.folder(folder)}


def test_in_a_range(repo: Repo) -> None:
    repo.commit("odd")
    with opened(repo, base="main") as source:
        check(source)


def test_in_the_index(repo: Repo) -> None:
    with opened(repo, staged=True) as source:
        check(source)


def test_in_the_working_tree(repo: Repo) -> None:
    with opened(repo, staged=True) as source:
        for name, shown in NAMES.items():
            assert content(source.trusted, shown) == b"content of " + name


def test_in_a_folder(repo: Repo) -> None:
    (repo.path / "keep").unlink()
    with opened(repo, tree=repo.path) as source:
        (repo.path / "keep").write_text("1")
        check(source)


def test_in_renames(repo: Repo) -> None:
    repo.commit("odd")
    repo.git("checkout", "-q", "-B", "main")
    (repo.path / "moved").mkdir()
    for number, name in enumerate(NAMES):
        old = Path(os.fsdecode(os.fsencode(repo.path) + b"/" + name))
        old.rename(repo.path / "moved" / str(number))
    repo.commit("moved")
    with opened(repo, base="feature") as source:
        assert {file.status for file in source.change.files} == {"renamed"}
        assert {file.old_path for file in source.change.files} == set(NAMES.values())
        for file in source.change.files:
            assert file.old is not None
            assert content(source.old, file.old.path) == content(source.new, file.path)
