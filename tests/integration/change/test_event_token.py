"""Who asks when something is fetched: the clone's own credentials, else the token of the
environment, and that of GitHub alone."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.change.fetch import Origin
from gate.change.git import Runner
from tests.integration.change.test_event import World, files, opened, pushed, refusal
from tests.support.git import Repo
from tests.support.tools import need
from tests.support.web import Asked, Told, Web, web

TOKEN = "a-token-of-the-test"


def basic(secret: str) -> str:
    return "basic " + base64.b64encode(f"x-access-token:{secret}".encode()).decode()


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World.made(tmp_path)
    made.commit("main", "change", **{"apps/checkout.yaml": "v: 2\n"})
    return made


@pytest.fixture
def private(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """Git's own server, which tells nothing to those who do not ask with the token."""
    who: list[str] = []

    def answer(asked: Asked) -> Told:
        headers = {name.lower(): value for name, value in asked.headers.items()}
        said = headers.get("authorization", "")
        who.append(said)
        if said.lower() != basic(TOKEN).lower():
            return Told(401, b"", {"WWW-Authenticate": 'Basic realm="GitHub"'})
        path, _, query = asked.path.partition("?")
        told = {
            "GIT_PROJECT_ROOT": str(world.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path.replace("/shop/apps", "/origin.git"),
            "QUERY_STRING": query,
            "REQUEST_METHOD": asked.method,
            "CONTENT_TYPE": headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(asked.body)),
            "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
            "HTTP_GIT_PROTOCOL": headers.get("git-protocol", ""),
        }
        run = subprocess.run(
            [need("git"), "http-backend"],
            input=asked.body,
            env=os.environ | told,
            capture_output=True,
            check=True,
        )
        head, _, body = run.stdout.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        return Told(200, body, {key: value for key, value in lines if key != "Status"})

    with web(answer) as server:
        monkeypatch.setenv("GITHUB_SERVER_URL", server.address)
        server.who = who  # type: ignore[attr-defined]
        yield server


def checked_out(world: World, server: Web) -> tuple[Repo, Any]:
    before, after = world.work.sha("main~1"), world.work.sha("main")
    clone = world.checkout("refs/heads/main")
    clone.git("remote", "set-url", "origin", f"{server.address}/shop/apps")
    return clone, pushed(world, before, after, "refs/heads/main")


def test_the_token_is_given_where_git_asks_for_credentials(
    world: World, private: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, event = checked_out(world, private)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "Ada")
    arguments: list[tuple[str, ...]] = []
    start = Runner.start

    def noted(self: Runner, *given: str, **more: Any) -> Any:
        arguments.append(given)
        return start(self, *given, **more)

    monkeypatch.setattr(Runner, "start", noted)
    with opened(clone, event) as source:
        assert files(source) == {"apps/checkout.yaml": "modified"}
    assert arguments
    assert TOKEN not in str(arguments)
    assert basic(TOKEN) not in str(arguments)
    config = (clone.path / ".git" / "config").read_text()
    assert "extraheader" not in config


def test_the_clone_s_own_credentials_come_first(
    world: World, private: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, event = checked_out(world, private)
    key = f"http.{private.address}/.extraheader"
    clone.git("config", key, f"AUTHORIZATION: {basic(TOKEN)}")
    monkeypatch.setenv("GITHUB_TOKEN", "another")
    with opened(clone, event) as source:
        assert files(source) == {"apps/checkout.yaml": "modified"}
    assert {said.partition(" ")[2] for said in private.who} == {  # type: ignore[attr-defined]
        basic(TOKEN).partition(" ")[2]
    }


def test_stale_ones_are_replaced_and_not_doubled(
    world: World, private: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, event = checked_out(world, private)
    key = f"http.{private.address}/.extraheader"
    clone.git("config", key, f"AUTHORIZATION: {basic('expired')}")
    monkeypatch.setenv("GATE_GITHUB_TOKEN", TOKEN)
    with opened(clone, event) as source:
        assert files(source) == {"apps/checkout.yaml": "modified"}


def test_without_a_token_nobody_is_asked_for_a_password(world: World, private: Web) -> None:
    clone, event = checked_out(world, private)
    found = refusal(clone, event)
    assert "terminal prompts disabled" in found.message
    assert "GATE_GITHUB_TOKEN" in found.advice


@pytest.mark.parametrize(
    ("url", "is_given"),
    [
        ("https://github.com/shop/apps", True),
        ("https://github.com/shop/apps.git", True),
        ("https://x:y@GitHub.com/shop/apps", True),
        ("https://github.com:8443/shop/apps", False),
        ("https://github.com.evil.example/shop/apps", False),
        ("https://evil.example/github.com/shop/apps", False),
        ("http://github.com/shop/apps", False),
        ("git@github.com:shop/apps.git", False),
        ("ssh://git@github.com/shop/apps", False),
        ("/srv/shop/apps", False),
        ("https://[github.com/shop/apps", False),
    ],
)
def test_the_token_goes_to_github_alone(
    url: str, is_given: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gate.change.git import open_repository

    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    repo = Repo.init(tmp_path / "repo")
    repo.git("config", "remote.origin.url", url)
    repository = open_repository(repo.path)
    try:
        told = Origin(repository, "shop/apps", offline=False)._credentials()
    finally:
        repository.close()
    assert bool(told) == is_given


@pytest.mark.parametrize(
    ("url", "is_strange"),
    [
        ("https://github.com/Shop/Apps.git", False),
        ("https://github.example/git/shop/apps/", False),
        ("git@github.com:shop/apps", False),
        ("ssh://git@github.com:22/shop/apps.git", False),
        ("/srv/mirror", False),
        ("file:///srv/mirror.git", False),
        ("https://github.com/fork/apps", True),
        ("https://github.com/x-shop/apps", True),
        ("git@github.com:fork/apps.git", True),
        ("git@github.com:apps.git", True),
        ("ssh://git@github.com/fork/apps", True),
    ],
)
def test_origin_must_be_the_event_s_repository(url: str, is_strange: bool, tmp_path: Path) -> None:
    from gate.change.git import open_repository

    repo = Repo.init(tmp_path / "repo")
    repo.git("config", "remote.origin.url", url)
    repository = open_repository(repo.path)
    try:
        found = Origin(repository, "shop/apps", offline=False).stranger
    finally:
        repository.close()
    assert (found is not None) == is_strange
