"""A local GitHub API: it keeps what it is told, and takes and gives only what GitHub's OpenAPI
description lets pass. Its limits and the words of its errors are GitHub's."""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from tests.support.tools import github_openapi
from tests.support.web import Asked, Told, Web, web

REPOSITORY = "shop/apps"
TOKEN = "ghs-a-token-of-the-test"
AT = "2026-11-21T10:00:00Z"
EVERYTHING = frozenset(
    {
        *("checks:read", "checks:write", "statuses:read", "statuses:write", "contents:read"),
        *("pull-requests:read", "pull-requests:write", "deployments:read", "metadata:read"),
    }
)
READ_ONLY = frozenset(each for each in EVERYTHING if each.endswith(":read"))

_REPO = "/repos/{owner}/{repo}"
Json = dict[str, Any]


@functools.cache
def _description() -> Json:
    found: Json = json.loads(github_openapi().read_bytes())
    return found


@functools.cache
def _registry() -> Any:
    return Registry().with_resource("urn:github", DRAFT4.create_resource(_description()))


def _pointer(*parts: str) -> str:
    return "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)


@functools.cache
def _validator(pointer: str, *, read: bool) -> Any:
    kind = OAS30ReadValidator if read else OAS30WriteValidator
    return kind({"$ref": f"urn:github#/{pointer}"}, registry=_registry())


def _schema(*parts: str) -> str | None:
    """Where the schema of a body is; `parts` lead to what has content, or to a reference to it."""
    place: Any = _description()
    for part in parts:
        place = place[part]
    if "$ref" in place:
        return _schema(*place["$ref"].removeprefix("#/").split("/"))
    content = place.get("content", {})
    return _pointer(*parts, "content", "application/json", "schema") if content else None


def example(name: str) -> Any:
    """An answer as the description shows it."""
    return copy.deepcopy(_description()["components"]["examples"][name]["value"])


def over(shown: Any, told: Mapping[str, Any]) -> Json:
    """The example with what is told in its place."""
    made = dict(shown)
    for key, value in told.items():
        inner = made.get(key)
        made[key] = (
            over(inner, value) if isinstance(value, dict) and isinstance(inner, dict) else value
        )
    return made


@dataclass(frozen=True)
class Who:
    """Whom a token stands for: an app's bot, or a person where `app` is None."""

    login: str
    app: str | None
    may: frozenset[str] = EVERYTHING

    @property
    def user(self) -> Json:
        kind = "User" if self.app is None else "Bot"
        return over(example("issue-comment")["user"], {"login": self.login, "type": kind})


ACTIONS = Who("github-actions[bot]", "github-actions")


@dataclass
class Api:
    """What it knows, and what it was told. `failing` answers instead of it: what gives None lets
    the request through. `faults` are bodies that the description does not let pass."""

    name: str = REPOSITORY
    default_branch: str = "main"
    tokens: dict[str, Who] = field(default_factory=lambda: {TOKEN: ACTIONS})
    pulls: list[Json] = field(default_factory=list)
    comments: dict[int, list[Json]] = field(default_factory=dict)
    check_runs: list[Json] = field(default_factory=list)
    annotations: dict[int, list[Json]] = field(default_factory=dict)
    statuses: list[Json] = field(default_factory=list)
    reviews: dict[int, list[Json]] = field(default_factory=dict)
    commits: dict[int, list[Json]] = field(default_factory=dict)
    deployments: list[Json] = field(default_factory=list)
    deployment_statuses: dict[int, list[Json]] = field(default_factory=dict)
    permissions: dict[str, str] = field(default_factory=dict)
    tips: dict[str, str] = field(default_factory=dict)
    failing: list[Callable[[Asked], Told | None]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    address: str = ""
    ids: int = 100

    def pull(self, number: int, head: str, **more: Any) -> Json:
        """A new pull request, open, of `main`, of this repository itself."""
        repo = {"full_name": self.name, "default_branch": self.default_branch}
        told = {
            "number": number,
            "state": "open",
            "title": f"Change {number}",
            "labels": [],
            "requested_teams": [],
            "head": {"sha": head, "ref": f"change-{number}", "repo": repo},
            "base": {"ref": self.default_branch, "sha": "0" * 40, "repo": repo},
            "user": {"login": "ada"},
        }
        self.pulls.append(over(over(example("pull-request-simple-items")[0], told), more))
        return self.pulls[-1]

    def comment(self, number: int, body: str, who: Who = ACTIONS) -> Json:
        """Adds a comment."""
        self.ids += 1
        told = {"id": self.ids, "body": body, "user": who.user}
        self.comments.setdefault(number, []).append(over(example("issue-comment"), told))
        return self.comments[number][-1]

    def answer(self, asked: Asked) -> Told:
        self.asked.append(asked)
        for fail in self.failing:
            told = fail(asked)
            if told is not None:
                return told
        who = self.tokens.get(asked.headers.get("Authorization", "").removeprefix("Bearer "))
        if who is None:
            return _error(401, "Bad credentials")
        if asked.path == "/graphql":
            return _json(200, {"data": {"viewer": {"login": who.login}}})
        path = urlsplit(asked.path).path
        if not path.lower().startswith(f"/repos/{self.name}".lower()):
            return _error(404, "Not Found")
        rest = path[len(f"/repos/{self.name}") :]
        for (method, template, permission), handler in _ROUTES.items():
            found = re.fullmatch(re.sub(r"\{\w+\}", "([^/]+)", template), rest)
            if found is None or method != asked.method:
                continue
            if permission not in who.may:
                return _error(403, "Resource not accessible by integration")
            parts = tuple(unquote(part) for part in found.groups())
            return self._described(method, template, asked, handler, who, parts)
        return _error(404, "Not Found")

    def _described(
        self,
        method: str,
        template: str,
        asked: Asked,
        handler: Callable[..., Any],
        who: Who,
        parts: tuple[str, ...],
    ) -> Told:
        operation = ("paths", _REPO + template, method.lower())
        body = json.loads(asked.body) if asked.body else None
        if body is not None:
            faults = self._check(_schema(*operation, "requestBody"), body, read=False)
            if faults:
                return _error(422, "Invalid request.\n\n" + faults[0])
        try:
            made = handler(self, who, *parts, **({} if body is None else {"body": body}))
        except _Refused as error:
            return error.told
        status = 201 if method == "POST" else 200
        headers: dict[str, str] = {}
        made = self._page(made, asked, headers)
        self._check(_schema(*operation, "responses", str(status)), made, read=True)
        return _json(status, made, headers)

    def _check(self, pointer: str | None, body: Any, *, read: bool) -> list[str]:
        assert pointer is not None
        errors = _validator(pointer, read=read).iter_errors(body)
        faults = [f"{'/'.join(map(str, each.path))}: {each.message[:300]}" for each in errors]
        self.faults += faults
        return faults

    def _page(self, made: Any, asked: Asked, headers: dict[str, str]) -> Any:
        parts = urlsplit(asked.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        key = "check_runs" if isinstance(made, dict) and "check_runs" in made else None
        every = made[key] if key else made
        if not isinstance(every, list):
            return made
        every = [each for each in every if _asked_for(each, query, key)]
        size = min(int(query.get("per_page", 30)), 100)
        page = int(query.get("page", 1))
        some = every[(page - 1) * size : page * size]
        if page * size < len(every):
            headers["Link"] = f'<{self.address}{parts.path}?page={page + 1}>; rel="next"'
        return {**made, "total_count": len(every), key: some} if key else some

    def sent(self, method: str, what: str) -> list[Any]:
        """The bodies that were sent to where a pattern matches."""
        return [
            json.loads(each.body)
            for each in self.asked
            if each.method == method and re.fullmatch(what, _path(each, self.name))
        ]

    @property
    def written(self) -> list[str]:
        """What was asked to be kept: `POST check-runs`, in its order."""
        return [
            f"{each.method} {_path(each, self.name)}"
            for each in self.asked
            if each.method != "GET" and each.path != "/graphql"
        ]


class _Refused(Exception):  # noqa: N818 - an answer
    def __init__(self, told: Told) -> None:
        super().__init__(told)
        self.told = told


def _path(asked: Asked, name: str) -> str:
    return urlsplit(asked.path).path.removeprefix(f"/repos/{name}/")


def _json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Told:
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Told(status, json.dumps(body).encode(), {**kind, **(headers or {})})


def _error(status: int, message: str, **more: Any) -> Told:
    shown = "https://docs.github.com/rest"
    return _json(status, {"message": message, "documentation_url": shown, **more})


def _refuse(status: int, message: str, **more: Any) -> _Refused:
    return _Refused(_error(status, message, **more))


def _asked_for(each: Json, query: Mapping[str, str], key: str | None) -> bool:
    if key == "check_runs":
        return each["name"] == query.get("check_name", each["name"])
    if "base" in query and each["base"]["ref"] != query["base"]:
        return False
    return query.get("state", "all") in ("all", each.get("state"))


def _found(entries: list[Json], key: str, value: Any) -> Json:
    for each in entries:
        if each[key] == value:
            return each
    raise _refuse(404, "Not Found")


def _repository(api: Api, _: Who) -> Json:
    told: Json = {"full_name": api.name, "default_branch": api.default_branch, "language": "Go"}
    told["source"] = told["parent"] = {"language": "Go"}
    return over(example("full-repository-default-response"), told)


def _branch(api: Api, _: Who, name: str) -> Json:
    if name not in api.tips:
        raise _refuse(404, "Branch not found")
    told: Json = {"name": name, "commit": {"sha": api.tips[name]}}
    told["protection"] = {"required_status_checks": {"checks": []}}
    return over(example("branch-with-protection"), told)


def _create_run(api: Api, who: Who, *, body: Json) -> Json:
    if who.app is None:
        raise _refuse(403, "You must authenticate via a GitHub App.")
    api.ids += 1
    shown = example("check-run-example-of-completed-conclusion")
    app = {"slug": who.app, "owner": shown["app"]["owner"]}
    known = {key: value for key, value in body.items() if key != "output"}
    run = over(shown, {**known, "id": api.ids, "app": app})
    run["output"] = {"annotations_count": 0, "annotations_url": f"{api.address}/annotations"}
    api.annotations[api.ids] = []
    _keep_output(api, run, body["output"])
    api.check_runs.insert(0, run)
    return run


def _update_run(api: Api, who: Who, number: str, *, body: Json) -> Json:
    run = _found(api.check_runs, "id", int(number))
    if run["app"]["slug"] != who.app:
        raise _refuse(403, f"Invalid app_id `1` - check run can only be modified by {who.app}.")
    _keep_output(api, run, body["output"])
    run.update({key: value for key, value in body.items() if key != "output"})
    return run


def _keep_output(api: Api, run: Json, output: Json) -> None:
    """An update replaces the texts and appends the annotations."""
    for key in ("summary", "text"):
        if len(output.get(key, "").encode()) > 65_535:
            raise _refuse(422, f"Only 65535 characters are allowed; {key} is too long.")
    for each in output.get("annotations", ()):
        _annotation(each)
    kept = api.annotations[run["id"]]
    kept += output.get("annotations", ())
    run["output"] = {
        **run["output"],
        **{key: output.get(key) for key in ("title", "summary", "text")},
        "annotations_count": len(kept),
    }


def _annotation(each: Json) -> None:
    for key, most in (("message", 65_536), ("raw_details", 65_536), ("title", 1_020)):
        if len(each.get(key, "").encode()) > most:
            raise _refuse(422, f"{key} exceeds a maximum bytesize of {most}")
    if each["start_line"] < 1 or each["end_line"] < each["start_line"] or not each["path"]:
        raise _refuse(422, "Invalid line, or no path")


def _runs(api: Api, _: Who, ref: str) -> Json:
    found = [each for each in api.check_runs if each["head_sha"] == ref]
    return {"total_count": len(found), "check_runs": found}


def _create_status(api: Api, who: Who, sha: str, *, body: Json) -> Json:
    if len(body.get("description") or "") > 140:
        raise _refuse(422, "Validation Failed", errors=["description is too long"])
    api.ids += 1
    made = over(example("status"), {**body, "id": api.ids, "creator": who.user})
    api.statuses.insert(0, {**made, "url": f"{api.address}/repos/{api.name}/statuses/{sha}"})
    return api.statuses[0]


def _combined(api: Api, _: Who, ref: str) -> Json:
    """The newest of each context."""
    of = [each for each in api.statuses if each["url"].endswith(f"/statuses/{ref}")]
    newest = {each["context"]: each for each in reversed(of)}
    shown = example("combined-commit-status")
    statuses = [over(shown["statuses"][0], each) for each in newest.values()]
    return {**shown, "sha": ref, "statuses": statuses, "total_count": len(statuses)}


def _comments(api: Api, _: Who, number: str) -> list[Json]:
    return api.comments.get(int(number), [])


def _body(body: Json) -> str:
    text: str = body["body"]
    if len(text) > 65_536:
        raise _refuse(422, "Validation Failed", errors=["body is too long (maximum is 65536)"])
    return text


def _create_comment(api: Api, who: Who, number: str, *, body: Json) -> Json:
    return api.comment(int(number), _body(body), who)


def _update_comment(api: Api, who: Who, number: str, *, body: Json) -> Json:
    every = [each for some in api.comments.values() for each in some]
    found = _found(every, "id", int(number))
    if found["user"]["login"] != who.login:
        raise _refuse(403, "Resource not accessible by integration")
    found["body"] = _body(body)
    return found


def _pull(api: Api, _: Who, number: str) -> Json:
    return over(example("pull-request"), _found(api.pulls, "number", int(number)))


def _pulls(api: Api, _: Who) -> list[Json]:
    return api.pulls


def _pulls_of(api: Api, _: Who, sha: str) -> list[Json]:
    return [each for each in api.pulls if each["head"]["sha"] == sha]


def _listed(name: str, shown: str) -> Callable[..., Any]:
    def handler(api: Api, _: Who, number: str) -> list[Json]:
        found = getattr(api, name).get(int(number), [])
        return [over(example(shown)[0], each) for each in found]

    return handler


def _deployments(api: Api, _: Who) -> list[Json]:
    return [over(example("deployment-items")[0], each) for each in api.deployments]


def _permission(api: Api, _: Who, login: str) -> Json:
    if login not in api.permissions:
        raise _refuse(404, "Not Found")
    shown = example("repository-collaborator-permission-response-if-user-has-admin-permissions")
    return over(shown, {"permission": api.permissions[login], "user": {"login": login}})


_ROUTES: Mapping[tuple[str, str, str], Callable[..., Any]] = {
    ("GET", "", "metadata:read"): _repository,
    ("GET", "/branches/{branch}", "contents:read"): _branch,
    ("POST", "/check-runs", "checks:write"): _create_run,
    ("PATCH", "/check-runs/{check_run_id}", "checks:write"): _update_run,
    ("GET", "/commits/{ref}/check-runs", "checks:read"): _runs,
    ("POST", "/statuses/{sha}", "statuses:write"): _create_status,
    ("GET", "/commits/{ref}/status", "statuses:read"): _combined,
    ("GET", "/issues/{issue_number}/comments", "pull-requests:read"): _comments,
    ("POST", "/issues/{issue_number}/comments", "pull-requests:write"): _create_comment,
    ("PATCH", "/issues/comments/{comment_id}", "pull-requests:write"): _update_comment,
    ("GET", "/pulls", "pull-requests:read"): _pulls,
    ("GET", "/pulls/{pull_number}", "pull-requests:read"): _pull,
    ("GET", "/pulls/{pull_number}/commits", "pull-requests:read"): _listed(
        "commits", "commit-items"
    ),
    ("GET", "/pulls/{pull_number}/reviews", "pull-requests:read"): _listed(
        "reviews", "pull-request-review-items"
    ),
    ("GET", "/commits/{commit_sha}/pulls", "pull-requests:read"): _pulls_of,
    ("GET", "/deployments", "deployments:read"): _deployments,
    ("GET", "/deployments/{deployment_id}/statuses", "deployments:read"): _listed(
        "deployment_statuses", "deployment-status-items"
    ),
    ("GET", "/collaborators/{username}/permission", "metadata:read"): _permission,
}


@contextmanager
def serving(api: Api) -> Iterator[Web]:
    """Serves it on loopback. At the end all bodies must have been as the description has them."""
    with web(api.answer) as server:
        api.address = server.address
        yield server
    assert not api.faults, api.faults


def environment(api: Api, token: str = TOKEN) -> dict[str, str]:
    """The variables by which gate finds it."""
    return {"GITHUB_API_URL": api.address, "GITHUB_TOKEN": token, "GITHUB_REPOSITORY": api.name}
