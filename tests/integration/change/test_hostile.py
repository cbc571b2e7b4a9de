"""Nothing that a repository configures is run, and nothing that it says hides a change."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.change.interface import Source
from gate.model.change import Unread
from tests.integration.change.helpers import content, files, opened
from tests.support.git import Repo

RUNS = (
    "alias.cat-file",
    "alias.diff-index",
    "alias.diff-tree",
    "alias.log",
    "alias.ls-files",
    "alias.merge-base",
    "alias.rev-parse",
    "alias.version",
    "core.alternateRefsCommand",
    "core.askPass",
    "core.editor",
    "core.fsmonitor",
    "core.gitProxy",
    "core.pager",
    "core.sshCommand",
    "credential.helper",
    "diff.evil.command",
    "diff.evil.textconv",
    "diff.external",
    "filter.evil.clean",
    "filter.evil.process",
    "filter.evil.smudge",
    "gpg.program",
    "gpg.ssh.program",
    "merge.evil.driver",
    "pager.cat-file",
    "pager.diff-tree",
    "pager.log",
    "pager.rev-parse",
    "pager.version",
    "trailer.ticket.cmd",
    "trailer.ticket.command",
    "uploadpack.packObjectsHook",
)
HOOKS = (
    "post-checkout",
    "post-index-change",
    "pre-commit",
    "fsmonitor-watchman",
    "reference-transaction",
)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "was-run"


@pytest.fixture
def repo(tmp_path: Path, marker: Path) -> Repo:
    """Everything that Git can be told to run writes the marker."""
    made = Repo.init(tmp_path / "repo")
    made.write("a.yaml", "1\n" * 50)
    made.commit("start")
    made.branch("feature")
    made.write(".gitattributes", "* filter=evil diff=evil merge=evil\n")
    made.write("a.yaml", "2\n" + "1\n" * 49)
    made.move("a.yaml", "b.yaml")
    made.commit("change\n\nTicket: 1")
    signed = made.git("cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n\n", 1
    )
    sha = made.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=signed.encode())
    made.git("reset", "-q", "--hard", sha)
    made.write("staged.yaml", "1\n")
    made.stage()
    script = tmp_path / "evil"
    script.write_text(f'#!/bin/sh\necho "$0 $@" >> {marker}\ncat\n')
    script.chmod(0o755)
    for name in HOOKS:
        (made.path / ".git/hooks" / name).write_text(script.read_text())
        (made.path / ".git/hooks" / name).chmod(0o755)
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks/post-index-change").write_text(script.read_text())
    (tmp_path / "hooks/post-index-change").chmod(0o755)
    lines = "".join(
        "[{}]\n\t{} = {}\n".format(
            section.replace(".", ' "', 1) + '"' if "." in section else section,
            key,
            f"!{script}" if section == "alias" else script,
        )
        for section, key in (name.rsplit(".", 1) for name in RUNS)
    )
    with (made.path / ".git/config").open("a") as config:
        config.write(lines)
        config.write(f"[core]\n\thooksPath = {tmp_path / 'hooks'}\n")
        config.write("[log]\n\tshowSignature = true\n[color]\n\tui = always\n")
        config.write("[diff]\n\tignoreSubmodules = all\n\trelative = true\n\trenameLimit = 1\n")
        config.write("[core]\n\tfsmonitorHookVersion = 1\n\tuntrackedCache = true\n")
        config.write("[trailer]\n\tseparators = #\n[format]\n\tpretty = %GG\n")
    return made


def use(source: Source) -> Iterator[object]:
    """Reads all that can be read."""
    for tree in (source.old, source.new, source.trusted):
        assert tree is not None
        yield list(tree.read(tree.below("")))
        yield tree.folder("")


@pytest.mark.parametrize(
    "request_",
    [{"base": "main"}, {"base": "main", "head": "feature"}, {"staged": True}, {}],
    ids=str,
)
def test_nothing_is_run(repo: Repo, marker: Path, request_: dict[str, object]) -> None:
    with opened(repo, **request_) as source:
        assert source.change.files
        assert all(use(source))
    assert not marker.exists(), marker.read_text()


def test_nothing_is_run_where_the_command_stands_in_the_repository(
    repo: Repo, marker: Path
) -> None:
    program = """
from pathlib import Path
from gate.change.registry import ChangeRequest, open_source
with open_source(ChangeRequest(Path())) as source:
    print(source.change.description)
"""
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=repo.path, capture_output=True, text=True, check=False
    )
    assert result.stdout.startswith("staged changes against HEAD"), result.stderr
    assert not marker.exists(), marker.read_text()


def test_the_traps_work(repo: Repo, marker: Path) -> None:
    os.utime(repo.path / "b.yaml", (0, 0))
    repo.git("status")
    repo.git("diff", "main", "HEAD")
    repo.git("log", "-1")
    said = marker.read_text()
    assert "/evil" in said
    assert "post-index-change" in said
    assert said.count("\n") > 3


def test_the_answer_is_that_of_an_honest_repository(repo: Repo) -> None:
    with opened(repo, base="main") as source:
        assert files(source) == {".gitattributes": "added", "b.yaml": "renamed"}
        assert source.change.commits[0].trailers == {"ticket": ["1"]}
        assert content(source.new, "b.yaml") == b"2\n" + b"1\n" * 49


def test_the_traps_of_the_callers_environment_are_not_sprung(
    repo: Repo, marker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("EXTERNAL_DIFF", "PAGER", "SSH_COMMAND", "ASKPASS", "EDITOR", "PROXY_COMMAND"):
        monkeypatch.setenv(f"GIT_{name}", str(tmp_path / "evil"))
    monkeypatch.setenv("GIT_TRACE", "1")
    monkeypatch.setenv("GIT_ICASE_PATHSPECS", "1")
    with opened(repo, base="main") as source:
        assert all(use(source))
    assert not marker.exists(), marker.read_text()


def test_missing_files_are_not_fetched(repo: Repo, marker: Path, tmp_path: Path) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = repo.clone(tmp_path / "clone", "--filter=blob:none", "--no-checkout")
    marker.unlink(missing_ok=True)
    with (clone.path / ".git/config").open("a") as config:
        config.write(f'[remote "origin"]\n\tuploadpack = {tmp_path / "evil"}\n')
        config.write(f"[core]\n\tsshCommand = {tmp_path / 'evil'}\n")
    for url in (f"file://{repo.path}", "ssh://localhost/x", f"ext::{tmp_path / 'evil'} x"):
        clone.git("config", "remote.origin.url", url)
        clone.git("config", "protocol.ext.allow", "always")
        with opened(clone, base="origin/main", head="origin/feature") as source:
            assert isinstance(content(source.new, "b.yaml"), Unread)
    assert not marker.exists(), marker.read_text()


def test_a_submodule_that_asks_to_be_ignored_is_seen(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "repo")
    repo.write(".gitmodules", '[submodule "s"]\n\tpath = s\n\turl = ./s\n\tignore = all\n')
    repo.submodule("s", "1" * 40)
    repo.commit("start")
    repo.branch("feature")
    repo.submodule("s", "2" * 40)
    with opened(repo, staged=True) as source:
        assert files(source) == {"s": "modified"}
    repo.git("commit", "--quiet", "--message=bump")
    repo.git("config", "submodule.s.ignore", "all")
    with opened(repo, base="main") as source:
        assert files(source) == {"s": "modified"}


def test_a_replaced_object_is_not_followed(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "repo")
    repo.commit("start", a="good")
    repo.branch("feature")
    bad = repo.commit("bad", a="bad")
    repo.git("replace", repo.sha(f"{bad}:a"), repo.sha("main:a"))
    repo.git("replace", bad, "main")
    with opened(repo, base="main", head="feature") as source:
        assert files(source) == {"a": "modified"}
        assert content(source.new, "a") == b"bad"


def test_a_file_that_git_is_told_to_overlook_is_seen(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "repo")
    repo.commit("start", a="1", **{".gitattributes": "a -diff binary\n"})
    repo.commit("ignore", **{".gitignore": "*\n"})
    repo.write("a", "2")
    repo.git("add", "--force", "a")
    repo.git("update-index", "--assume-unchanged", "a")
    repo.write("skipped", "1")
    repo.git("add", "--force", "skipped")
    repo.git("update-index", "--skip-worktree", "skipped")
    with opened(repo, staged=True) as source:
        assert files(source) == {"a": "modified", "skipped": "added"}
        assert content(source.new, "skipped") == b"1"
