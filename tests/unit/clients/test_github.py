"""What a repository on GitHub is asked, and answers that cannot be used."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from gate.clients import github
from gate.clients.github import Repository, opened
from gate.clients.http import Unreachable
from tests.support.web import Asked, Told, Web, web


@contextmanager
def repository(
    monkeypatch: pytest.MonkeyPatch, *answers: Told, path: str = ""
) -> Iterator[tuple[Repository, Web]]:
    """A repository whose API answers so, the last one for ever."""
    left = list(answers)

    def answer(_: Asked) -> Told:
        return left.pop(0) if len(left) > 1 else left[0]

    with web(answer) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.address + path)
        monkeypatch.setenv("GATE_GITHUB_TOKEN", "a-token-of-the-test")
        with opened("shop/apps") as found:
            yield found, server


def told(body: object, status: int = 200, **headers: str) -> Told:
    return Told(status, json.dumps(body).encode(), headers)


Ask = Callable[[Repository], object]
ONE: Ask = lambda found: found.one("pulls/7")  # noqa: E731
EVERY: Ask = lambda found: found.every("pulls")  # noqa: E731
KEYED: Ask = lambda found: found.every("check-runs", key="check_runs")  # noqa: E731
WHO: Ask = lambda found: found.who()  # noqa: E731


@pytest.mark.parametrize(
    ("ask", "body", "reason"),
    [
        (ONE, [], "its answer is not the object that was asked for"),
        (EVERY, {}, "its answer is not the list that was asked for"),
        (EVERY, [1], "its answer is not the list that was asked for"),
        (KEYED, [], "its answer is not the list that was asked for"),
        (KEYED, {"check_runs": None}, "its answer is not the list that was asked for"),
        (WHO, {"errors": []}, "it does not say who asks"),
        (WHO, {"data": None}, "it does not say who asks"),
        (WHO, {"data": {"viewer": {"login": ""}}}, "it does not say who asks"),
        (WHO, [], "it does not say who asks"),
    ],
)
def test_answers_that_are_none(
    monkeypatch: pytest.MonkeyPatch, ask: Ask, body: object, reason: str
) -> None:
    with (
        repository(monkeypatch, told(body)) as (found, _),
        pytest.raises(Unreachable) as caught,
    ):
        ask(found)
    assert caught.value.reason == reason


def test_a_list_without_an_end_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github, "PAGES", 2)
    page = told([{}], Link='<http://x/?page=2>; rel="next"')
    with (
        repository(monkeypatch, page) as (found, server),
        pytest.raises(Unreachable, match="more than 200 entries"),
    ):
        found.every("pulls")
    assert len(server.asked) == 2


@pytest.mark.parametrize(("path", "where"), [("", "/graphql"), ("/api/v3", "/api/graphql")])
def test_who_asks(monkeypatch: pytest.MonkeyPatch, path: str, where: str) -> None:
    """An Enterprise Server has GraphQL beside the REST API."""
    body = {"data": {"viewer": {"login": "gate[bot]"}}}
    with repository(monkeypatch, told(body), path=path) as (found, server):
        assert found.who() == "gate[bot]"
    assert server.asked[0].path == where


def test_who_may_not_ask_who_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is no missing permission to write."""
    with (
        repository(monkeypatch, told({"message": "no"}, 403)) as (found, _),
        pytest.raises(Unreachable, match=r"who asks is not known: .*403") as caught,
    ):
        found.who()
    assert not isinstance(caught.value, github.Forbidden)


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_that_ends_by_the_clock(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    reset = str(int(time.time()) + 1)
    limit = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    refused = Told(status, b"{}", {**limit, "Retry-After": "1"} if status == 429 else limit)
    with repository(monkeypatch, refused, told({"a": 1})) as (found, server):
        assert found.tell("POST", "check-runs", {}, again=False) == {"a": 1}
    assert len(server.asked) == 2


def test_a_limit_of_an_hour_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 3600)}
    with (
        repository(monkeypatch, Told(403, b"{}", limit)) as (found, server),
        pytest.raises(Unreachable, match=r"wants to be left alone for 3[56]\d\d s") as caught,
    ):
        found.one()
    assert not isinstance(caught.value, github.Forbidden)
    assert len(server.asked) == 1


def test_the_token_of_gate_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "another")
    with repository(monkeypatch, told({})) as (found, server):
        found.one()
    assert server.asked[0].headers["Authorization"] == "Bearer a-token-of-the-test"
    assert server.asked[0].path == "/repos/shop/apps"
