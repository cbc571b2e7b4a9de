"""Where other programs are found, and what a module that runs as one is given."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gate import programs


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which has programs of the change's own."""
    for name in ("git", "opa"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["git", "opa"])
@pytest.mark.parametrize("relative", [".", "", "./", "x/.."])
def test_a_program_counts_only_in_a_folder_with_an_absolute_path(
    name: str, relative: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", relative)
    assert programs.found(name) is None
    monkeypatch.setenv("PATH", os.pathsep.join([relative, str(folder)]))
    assert programs.found(name) == str(folder / name)


def test_a_git_of_the_change_is_not_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "git").write_text("#!/bin/sh\ntouch ran\n")
    monkeypatch.setenv("PATH", os.pathsep.join([".", os.environ["PATH"]]))
    code = "import sys; from pathlib import Path; from gate.change.git import Runner; "
    code += "Runner(Path(sys.argv[1])).run('--version')"
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)
    assert not (folder / "ran").exists()


def test_a_module_gets_what_python_needs_and_what_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("LD_LIBRARY_PATH", "TMPDIR", "GATE_ENGINE_TOKEN"):
        monkeypatch.setenv(name, "x")
    assert "LD_LIBRARY_PATH" in programs.environment()
    assert not {"TMPDIR", "GATE_ENGINE_TOKEN"} & set(programs.environment())
    assert "TMPDIR" in programs.environment("TMPDIR")
