"""Which repository on GitHub a clone is of, and which commit a name means."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.change.origin import commit_of, origin
from tests.support.git import Repo


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/shop/apps.git", "shop/apps"),
        ("https://github.com/shop/apps", "shop/apps"),
        ("https://ada:secret@GitHub.com/shop/apps.io.git/", "shop/apps.io"),
        ("git@github.com:shop/apps.git", "shop/apps"),
        ("ssh://git@github.com/shop/apps.git", "shop/apps"),
        ("ssh://git@ssh.github.com:443/shop/apps.git", "shop/apps"),
        ("https://gitlab.com/shop/apps.git", None),
        ("https://github.com.evil.example/shop/apps", None),
        ("https://evil.example/github.com/shop/apps", None),
        ("https://github.com/shop/apps/more", None),
        ("https://github.com/../apps", None),
        ("/srv/git/shop/apps.git", None),
        ("github.com/shop/apps", None),
    ],
)
def test_the_remote_tells_it(tmp_path: Path, url: str, name: str | None) -> None:
    repo = Repo.init(tmp_path)
    repo.git("remote", "add", "origin", url)
    assert origin(tmp_path) == name


def test_an_enterprise_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Repo.init(tmp_path).git("remote", "add", "origin", "https://git.shop.example/shop/apps")
    assert origin(tmp_path) is None
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://git.shop.example")
    assert origin(tmp_path) == "shop/apps"


def test_where_nothing_tells_it(tmp_path: Path) -> None:
    assert origin(tmp_path) is None
    assert commit_of(tmp_path, "HEAD") is None
    assert origin(tmp_path / "none") is None
    assert commit_of(tmp_path / "none", "HEAD") is None
    repo = Repo.init(tmp_path / "repo")
    assert origin(repo.path) is None
    assert commit_of(repo.path, "HEAD") is None
    sha = repo.commit("one", a="1")
    assert commit_of(repo.path, "HEAD") == sha
    assert commit_of(repo.path, "--all") is None
