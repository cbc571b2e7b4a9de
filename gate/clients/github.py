"""GitHub's REST API: what it knows of a repository and of one pull request, and how it is told
something. The answers are as it documents them; of every list all pages are read, or none.

https://docs.github.com/en/rest/pulls/reviews, /rest/pulls/pulls, /rest/issues/events,
/rest/collaborators/collaborators, /rest/checks/runs, /rest/commits/statuses and
/rest/issues/comments
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from gate.clients.address import is_loopback
from gate.clients.github_environment import token
from gate.clients.http import Access, Reply, Session, Unreachable, json_of, pause_asked, why

PAGE = 100
PAGES = 30
SECONDS = 30.0
"""How long all questions together may take."""
BYTES = 96 * 1024**2
"""Of one answer: a page of entries that are as long as GitHub lets anybody write them."""

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}

API = "https://api.github.com"

Json = Mapping[str, Any]


class Forbidden(Unreachable):
    """Who asks may not do this."""


def api_address() -> str:
    """The API's address, as the environment names it. A token is not sent over a line that others
    can read. Raises Unreachable."""
    address = (os.environ.get("GITHUB_API_URL") or API).rstrip("/")
    try:
        parts = urlsplit(address)
    except ValueError:
        raise Unreachable("GITHUB_API_URL is no address") from None
    is_here = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not is_here:
        raise Unreachable("GITHUB_API_URL is no address that begins with https://")
    return address


@contextmanager
def opened(name: str, seconds: float = SECONDS) -> Iterator[Repository]:
    """The repository `owner/name`, to be asked for so many seconds in all with the environment's
    token. Raises Unreachable where there is none, or no address to send it to."""
    secret = token()
    if secret is None:
        raise Unreachable("there is no token (`GITHUB_TOKEN`, `GATE_GITHUB_TOKEN`)")
    access, api = Access(token=secret, headers=HEADERS), api_address()
    with Session(access, size=BYTES) as session:
        yield Repository(session, access, api, name, time.monotonic() + seconds, seconds)


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository that is asked and told. `name` is `owner/name`, `until` a time of
    `time.monotonic`, `seconds` after the start. Paths are relative to it. All that goes wrong is
    Unreachable, and Forbidden where the token may not do it."""

    session: Session
    access: Access
    api: str
    name: str
    until: float
    seconds: float = SECONDS

    def one(self, path: str = "", fields: Mapping[str, str] | None = None) -> Json:
        """The object at a path."""
        found = _checked(self.reply(path, fields), self.access)
        if not isinstance(found, dict):
            raise Unreachable("its answer is not the object that was asked for")
        return found

    def every(
        self, path: str, fields: Mapping[str, str] | None = None, key: str | None = None
    ) -> list[Json]:
        """The entries of a list, of all its pages; `key` names where an answer holds them."""
        found: list[Json] = []
        for page in range(1, PAGES + 1):
            some, is_last = self._page(path, fields, key, page)
            found += some
            if is_last:
                return found
        raise Unreachable(f"it has more than {PAGES * PAGE:,} entries to tell")

    def newest(self, path: str, fields: Mapping[str, str] | None = None) -> list[Json]:
        """The first entries of a list that begins with the newest: at most PAGE."""
        return self._page(path, fields, None, 1)[0]

    def _page(
        self, path: str, fields: Mapping[str, str] | None, key: str | None, page: int
    ) -> tuple[list[Json], bool]:
        asked = {**(fields or {}), "per_page": str(PAGE), "page": str(page)}
        reply = self.reply(path, asked)
        some = _checked(reply, self.access)
        if key is not None:
            some = some.get(key) if isinstance(some, dict) else None
        if not isinstance(some, list) or not all(isinstance(each, dict) for each in some):
            raise Unreachable("its answer is not the list that was asked for")
        return some, 'rel="next"' not in reply.headers.get("Link", "") and len(some) < PAGE

    def tell(self, method: Literal["POST", "PATCH"], path: str, body: Json, *, again: bool) -> Json:
        """What it answers to something that is to be kept. Only where it does no harm to say it
        twice (`again`) it is said again after a connection that broke."""
        address = f"{self.api}/repos/{self.name}/{path}"
        found = _checked(self._send(method, address, body, again=again), self.access)
        if not isinstance(found, dict):
            raise Unreachable("its answer is not the object that was told of")
        return found

    def who(self) -> str:
        """The login that the token posts as, `name[bot]` for an app. Only GraphQL tells it of
        every kind of token: https://docs.github.com/en/graphql/reference/queries#viewer"""
        root = self.api.removesuffix("/v3")
        body = {"query": "query { viewer { login } }"}
        reply = self._send("POST", f"{root}/graphql", body, again=True)
        if reply.status != 200:
            raise Unreachable(
                f"who asks is not known: {why(reply.status, reply.body, self.access)}"
            )
        found = json_of(reply)
        try:
            login = found["data"]["viewer"]["login"]
        except (KeyError, TypeError):
            login = None
        if not isinstance(login, str) or not login:
            raise Unreachable("it does not say who asks")
        return login

    def reply(self, path: str, fields: Mapping[str, str] | None = None) -> Reply:
        """What comes back to a question, whatever its status."""
        address = f"{self.api}/repos/{self.name}/{path}".rstrip("/")
        return self._patiently(lambda left: self.session.get(address, fields or {}, seconds=left))

    def _send(
        self, method: Literal["POST", "PATCH"], address: str, body: Json, *, again: bool
    ) -> Reply:
        def ask(left: float) -> Reply:
            return self.session.send(method, address, body, again=again, seconds=left)

        return self._patiently(ask)

    def _patiently(self, ask: Callable[[float], Reply]) -> Reply:
        """The answer, where need be after the pause that a limit asks for: what it refuses for that
        is not done."""
        while True:
            left = self.until - time.monotonic()
            if left <= 0:
                raise Unreachable(f"no answers within {self.seconds:g} s")
            reply = ask(left)
            pause = _limited(reply)
            if pause is None or time.monotonic() + pause >= self.until:
                return reply
            time.sleep(pause)


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request that is asked about. All that goes wrong is Unreachable."""

    repository: Repository
    number: int

    def reviews(self) -> list[Json]:
        """All reviews, in the order of time."""
        return self.repository.every(f"pulls/{self.number}/reviews")

    def events(self) -> list[Json]:
        """What happened to it, such as `labeled`, in the order of time."""
        return self.repository.every(f"issues/{self.number}/events")

    def commits(self) -> list[Json]:
        """Its commits, the oldest first: at most 250."""
        return self.repository.every(f"pulls/{self.number}/commits")

    def may_write(self, login: str) -> bool:
        """Whether somebody may write to the repository."""
        reply = self.repository.reply(f"collaborators/{quote(login, safe='')}/permission")
        if reply.status == 404:
            return False
        found = _checked(reply, self.repository.access)
        return isinstance(found, dict) and found.get("permission") in ("admin", "write")


def _limited(reply: Reply) -> float | None:
    """For how many seconds a limit on questions holds, None where the answer tells of none.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    if reply.status not in (403, 429):
        return None
    if reply.headers.get("Retry-After"):
        return max(pause_asked(reply), 1.0)
    reset = reply.headers.get("X-RateLimit-Reset", "")
    if reply.headers.get("X-RateLimit-Remaining") == "0" and reset.isascii() and reset.isdigit():
        return max(int(reset) - time.time(), 1.0)
    return None


def _checked(reply: Reply, access: Access) -> Any:
    pause = _limited(reply)
    if pause is not None:
        raise Unreachable(f"it is asked too often, and wants to be left alone for {pause:.0f} s")
    if reply.status == 403:
        raise Forbidden(why(reply.status, reply.body, access))
    if reply.status not in (200, 201):
        raise Unreachable(why(reply.status, reply.body, access))
    return json_of(reply)
