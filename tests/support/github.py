"""A server that knows one pull request, and answers as GitHub's REST API documents it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.web import Asked, Told

TOKEN = "a-token-of-the-test"
AT = "2026-11-21T10:00:00Z"
LABEL = "gate-exempt: incident"
_PAGING = (("per_page", "30"), ("page", "1"))


def person(login: str, kind: str = "User") -> dict[str, Any]:
    return {"login": login, "id": 1, "type": kind, "site_admin": False}


def review(login: str, state: str, head: str, **more: Any) -> dict[str, Any]:
    return {
        "id": 80,
        "user": person(login),
        "body": "",
        "state": state,
        "submitted_at": AT,
        "commit_id": head,
        "author_association": "CONTRIBUTOR",
        **more,
    }


def labelled(login: str, label: str = LABEL, event: str = "labeled", **more: Any) -> dict[str, Any]:
    label_of = {"name": label, "color": "ededed"}
    return {
        "id": 1,
        "event": event,
        "actor": person(login),
        "created_at": AT,
        "label": label_of,
        **more,
    }


@dataclass
class GitHub:
    """What the server knows of pull request 2 of Codertocat/Hello-World."""

    reviews: list[Any] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    commits: list[Any] = field(default_factory=list)
    permissions: dict[str, str] = field(default_factory=dict)
    failing: dict[str, Told] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    address: str = ""

    def answer(self, asked: Asked) -> Told:
        self.asked.append(asked)
        parts = urlsplit(asked.path)
        what = parts.path.removeprefix("/repos/Codertocat/Hello-World/")
        if what in self.failing:
            return self.failing[what]
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Told(401, b'{"message": "Bad credentials"}')
        lists = {
            "pulls/2/reviews": self.reviews,
            "pulls/2/commits": self.commits,
            "issues/2/events": self.events,
        }
        if what in lists:
            return self._page(lists[what], parse_qs(parts.query), parts.path)
        login = re.fullmatch(r"collaborators/([^/]+)/permission", what)
        if login is None or login[1] not in self.permissions:
            return Told(404, b'{"message": "Not Found"}')
        found = {"permission": self.permissions[login[1]], "user": person(login[1])}
        return Told(body=json.dumps(found).encode())

    def _page(self, found: list[Any], query: dict[str, list[str]], path: str) -> Told:
        size, page = (int(query.get(key, [default])[0]) for key, default in _PAGING)
        some = found[(page - 1) * size : page * size]
        headers = {}
        if page * size < len(found):
            headers["Link"] = f'<{self.address}{path}?page={page + 1}>; rel="next"'
        return Told(body=json.dumps(some).encode(), headers=headers)

    @property
    def paths(self) -> list[str]:
        return [urlsplit(asked.path).path.rpartition("Hello-World/")[2] for asked in self.asked]
