"""GitHub's REST API: what it knows of one pull request. The answers are as it documents them; of
every list all pages are read, or none.

https://docs.github.com/en/rest/pulls/reviews, /rest/pulls/pulls, /rest/issues/events and
/rest/collaborators/collaborators
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gate.clients.http import Access, Reply, Session, Unreachable, json_of, why

PAGE = 100
PAGES = 30
SECONDS = 30.0
"""How long all questions together may take."""

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request that is asked about. `api` is the address of the API, `repository` is
    `owner/name`, `until` a time of `time.monotonic`. All that goes wrong is Unreachable."""

    session: Session
    access: Access
    api: str
    repository: str
    number: int
    until: float

    def reviews(self) -> list[Json]:
        """All reviews, in the order of time."""
        return self._list(f"pulls/{self.number}/reviews")

    def events(self) -> list[Json]:
        """What happened to it, such as `labeled`, in the order of time."""
        return self._list(f"issues/{self.number}/events")

    def commits(self) -> list[Json]:
        """Its commits, the oldest first: at most 250."""
        return self._list(f"pulls/{self.number}/commits")

    def may_write(self, login: str) -> bool:
        """Whether somebody may write to the repository."""
        reply = self._get(f"collaborators/{quote(login, safe='')}/permission")
        if reply.status == 404:
            return False
        found = _checked(reply, self.access)
        return isinstance(found, dict) and found.get("permission") in ("admin", "write")

    def _list(self, path: str) -> list[Json]:
        found: list[Json] = []
        for page in range(1, PAGES + 1):
            reply = self._get(path, {"per_page": str(PAGE), "page": str(page)})
            some = _checked(reply, self.access)
            if not isinstance(some, list) or not all(isinstance(each, dict) for each in some):
                raise Unreachable("its answer is not the list that was asked for")
            found += some
            if 'rel="next"' not in reply.headers.get("Link", "") and len(some) < PAGE:
                return found
        raise Unreachable(f"it has more than {PAGES * PAGE:,} entries to tell")

    def _get(self, path: str, fields: Mapping[str, str] | None = None) -> Reply:
        if time.monotonic() > self.until:
            raise Unreachable(f"no answers within {SECONDS:g} s")
        return self.session.get(f"{self.api}/repos/{self.repository}/{path}", fields or {})


def _checked(reply: Reply, access: Access) -> Any:
    if reply.status != 200:
        raise Unreachable(why(reply.status, reply.body, access))
    return json_of(reply)
