"""Who approves of an exemption: a server that answers as GitHub's REST API documents it, and
requests to it that must not be made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.change.described import described
from gate.change.interface import ChangeRequest
from gate.change.registry import open_source
from gate.errors import UsageError
from gate.model.change import Approval, Change
from tests.support.git import Repo
from tests.support.github import AT, LABEL, TOKEN, GitHub, labelled, person, review
from tests.support.tools import real_data
from tests.support.web import Told, web

Payload = Callable[..., Path]


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    for name in ("GITHUB_ACTIONS", "GITHUB_EVENT_PATH", "GITHUB_EVENT_NAME", "GATE_GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("CI", raising=False)
    known = GitHub(permissions={"grace": "write", "linus": "admin", "reader": "read"})
    with web(known.answer) as server:
        known.address = server.address
        monkeypatch.setenv("GITHUB_API_URL", server.address)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        monkeypatch.setenv("GITHUB_REPOSITORY", "Codertocat/Hello-World")
        yield known


@pytest.fixture
def repo(tmp_path: Path, github: GitHub) -> Repo:
    """A change that claims an exemption by a trailer; GitHub knows its commit."""
    made = Repo.init(tmp_path / "repo")
    made.commit("start", **{"a.txt": "1\n"})
    made.branch("change")
    made.commit("fix\n\nGate-Exempt: incident INC-42", **{"a.txt": "2\n"})
    github.commits = [{"sha": made.sha("change"), "author": person("ada"), "committer": None}]
    return made


@pytest.fixture
def payload(repo: Repo, tmp_path: Path) -> Payload:
    """A real payload, of the test's head."""

    def write(labels: tuple[str, ...] = (), **more: Any) -> Path:
        real = real_data("github-webhooks") / "pull_request" / "synchronize.payload.json"
        event = json.loads(real.read_bytes())
        pull = event["pull_request"]
        pull["head"]["sha"] = more.pop("head", repo.sha("change"))
        pull["labels"] = [{"name": name} for name in labels]
        pull.update(more)
        file = tmp_path / "event.json"
        file.write_text(json.dumps(event))
        return file

    return write


def change(repo: Repo, event: Path | None = None, **request: Any) -> Change:
    asked = {"base": "main", "head": "change", **request}
    with open_source(ChangeRequest(repo.path, event=event, **asked)) as source:
        return described(source.change, ())


def test_a_review_of_the_judged_commit_holds(repo: Repo, github: GitHub, payload: Payload) -> None:
    github.reviews = [review("grace", "APPROVED", repo.sha("change"))]
    found = change(repo, payload())
    assert found.approvals == (Approval("grace", "review", None, AT),)
    assert found.approvals_reason is None
    assert found.description.endswith(")")
    versions = {asked.headers["X-GitHub-Api-Version"] for asked in github.asked}
    assert versions == {"2022-11-28"}


def test_the_last_opinion_counts_and_a_comment_is_none(
    repo: Repo, github: GitHub, payload: Payload
) -> None:
    head = repo.sha("change")
    github.reviews = [
        review("grace", "CHANGES_REQUESTED", head),
        review("linus", "APPROVED", head),
        review("grace", "APPROVED", head),
        review("linus", "CHANGES_REQUESTED", head),
        review("grace", "COMMENTED", head),
    ]
    assert [each.by for each in change(repo, payload()).approvals or ()] == ["grace"]


@pytest.mark.parametrize(
    "given",
    [
        {"state": "DISMISSED"},
        {"state": "COMMENTED"},
        {"state": "PENDING"},
        {"state": ["APPROVED"]},
        {"commit_id": "1" * 40},
        {"commit_id": None},
        {"user": person("Codertocat")},
        {"user": person("codertocat")},
        {"user": person("ada")},
        {"user": person("reader")},
        {"user": person("stranger")},
        {"user": person("grace", "Bot")},
        {"user": person("../../x")},
        {"user": None},
        {"submitted_at": None},
    ],
    ids=repr,
)
def test_what_is_no_approval_of_another_person(
    repo: Repo, github: GitHub, payload: Payload, given: dict[str, Any]
) -> None:
    github.reviews = [{**review("grace", "APPROVED", repo.sha("change")), **given}]
    found = change(repo, payload())
    assert found.approvals == ()
    assert found.approvals_reason is None


@pytest.mark.parametrize(
    "address", ["grace@users.noreply.github.com", "77+Grace@users.noreply.github.com"]
)
@pytest.mark.parametrize("how", ["author", "co-author"])
def test_who_wrote_a_commit_is_not_another_person(
    repo: Repo, github: GitHub, payload: Payload, address: str, how: str
) -> None:
    message = "more"
    if how == "co-author":
        message += f"\n\nGate-Exempt: incident\nCo-authored-by: Grace <{address}>"
    repo.commit(message, **{"b.txt": "1\n"})
    if how == "author":
        repo.git("commit", "--amend", "--quiet", "--no-edit", f"--author=Grace <{address}>")
    head = repo.sha("change")
    github.commits.append({"sha": head, "author": None, "committer": None})
    github.reviews = [review("grace", "APPROVED", head), review("linus", "APPROVED", head)]
    assert [each.by for each in change(repo, payload()).approvals or ()] == ["linus"]


def test_all_pages_are_read(repo: Repo, github: GitHub, payload: Payload) -> None:
    head = repo.sha("change")
    noise = [review("grace", "COMMENTED", head)] * 150
    github.reviews = [review("grace", "APPROVED", head), *noise, review("grace", "DISMISSED", head)]
    github.events = [labelled("linus"), *[labelled("linus", "bug")] * 230, labelled("linus", "x")]
    found = change(repo, payload())
    assert found.approvals == (Approval("linus", "label", LABEL, AT),)
    assert github.paths.count("pulls/2/reviews") == 2
    assert github.paths.count("issues/2/events") == 3


def test_too_many_pages_are_not_known(repo: Repo, github: GitHub, payload: Payload) -> None:
    github.reviews = [review("grace", "APPROVED", repo.sha("change"))] * 3001
    found = change(repo, payload())
    assert found.approvals == ()
    assert found.approvals_reason == "GitHub: it has more than 3,000 entries to tell"


@pytest.mark.parametrize("name", [LABEL, "Gate-Exempt/security", "gate-exempt : incident INC-7"])
def test_a_label_that_another_person_set_holds(
    repo: Repo, github: GitHub, payload: Payload, name: str
) -> None:
    github.events = [labelled("grace", name)]
    found = change(repo, payload((name,)))
    assert found.approvals == (Approval("grace", "label", name, AT),)
    assert list(found.labels) == [name]


@pytest.mark.parametrize(
    "events",
    [
        [labelled("Codertocat")],
        [labelled("ada")],
        [labelled("reader")],
        [labelled("stranger")],
        [labelled("grace", actor=person("github-actions[bot]", "Bot"))],
        [labelled("grace", actor=None)],
        [labelled("grace", "bug")],
        [labelled("grace", "gate-exempt:")],
        [labelled("grace"), labelled("grace", event="unlabeled")],
        [labelled("grace"), labelled("ada", event="unlabeled"), labelled("ada")],
        [labelled("grace", label=None)],
        [labelled("grace", event="commented")],
    ],
)
def test_what_is_no_label_of_another_person(
    repo: Repo, github: GitHub, payload: Payload, events: list[Any]
) -> None:
    github.events = events
    assert change(repo, payload((LABEL,))).approvals == ()


def test_a_label_may_be_the_claim(repo: Repo, github: GitHub, payload: Payload) -> None:
    repo.git("commit", "--amend", "--quiet", "--message=fix")
    head = repo.sha("change")
    github.commits = [{"sha": head, "author": person("ada"), "committer": person("web-flow")}]
    github.reviews = [review("grace", "APPROVED", head)]
    assert change(repo, payload(("bug",))).approvals is None
    assert github.asked == []
    assert change(repo, payload((LABEL,))).approvals == (Approval("grace", "review", None, AT),)


def test_nobody_is_asked_where_nothing_is_claimed(
    repo: Repo, github: GitHub, payload: Payload
) -> None:
    repo.git("commit", "--amend", "--quiet", "--message=fix")
    found = change(repo, payload(("bug", "bug")))
    assert (found.approvals, found.approvals_reason) == (None, None)
    assert list(found.labels) == ["bug"]
    assert github.asked == []


def test_by_hand_nobody_is_asked(repo: Repo, github: GitHub) -> None:
    found = change(repo)
    assert found.approvals is None
    assert found.approvals_reason == "nobody was asked: no pull request is known"
    assert "approvals" not in found.description
    assert github.asked == []


def test_a_machine_without_an_event_is_not_by_hand(
    repo: Repo, github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    found = change(repo)
    assert found.approvals == ()
    assert found.approvals_reason == "no event is named (`--event FILE`)"
    assert github.asked == []


class TestActions:
    """In GitHub Actions the event is found by itself."""

    @pytest.fixture(autouse=True)
    def actions(self, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CI", "true")
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")

    def test_it_is_read(
        self, repo: Repo, github: GitHub, payload: Payload, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        github.reviews = [review("grace", "APPROVED", repo.sha("change"))]
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(payload(("bug",))))
        found = change(repo)
        assert list(found.labels) == ["bug"]
        assert found.approvals == (Approval("grace", "review", None, AT),)

    def test_another_event_names_no_pull_request(
        self, repo: Repo, github: GitHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        push = real_data("github-webhooks") / "push" / "with-new-branch.payload.json"
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(push))
        monkeypatch.setenv("GITHUB_EVENT_NAME", "push")
        found = change(repo)
        assert list(found.labels) == []
        assert found.approvals == ()
        assert found.approvals_reason == "the event push is none of a pull request"

    @pytest.mark.parametrize("content", [None, b"{", b"[]", b"null", b'{"pull_request": {}}'])
    def test_a_broken_one_is_a_reason(
        self, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
    ) -> None:
        file = tmp_path / "broken.json"
        if content is not None:
            file.write_bytes(content)
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(file))
        found = change(repo)
        assert found.approvals == ()
        assert (found.approvals_reason or "").startswith("the event of this run: it")
        assert (found.approvals_reason or "?") in found.description


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"pull_request": {}}'])
def test_an_event_that_is_named_must_be_one(repo: Repo, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.json"
    file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        change(repo, file)
    assert caught.value.advice


@pytest.mark.parametrize(
    "given",
    [
        {"number": "2"},
        {"number": True},
        {"number": -1},
        {"head": "x"},
        {"head": None},
        {"user": {}},
        {"base": {"repo": {"full_name": "a/../b"}}},
        {"base": {"repo": {"full_name": "../.."}}},
        {"base": {"repo": {"full_name": "a/b?x"}}},
        {"base": {"repo": {"full_name": "a/.."}}},
        {"base": {"repo": None}},
        {"commits": None},
    ],
    ids=repr,
)
def test_what_becomes_part_of_an_address_is_looked_at(
    repo: Repo, github: GitHub, payload: Payload, given: dict[str, Any]
) -> None:
    with pytest.raises(UsageError):
        change(repo, payload(**given))
    assert github.asked == []


class TestNotKnown:
    """What cannot be learned approves of nothing, and is said."""

    def reason(self, repo: Repo, event: Path, **request: Any) -> str:
        found = change(repo, event, **request)
        assert found.approvals == ()
        assert found.approvals_reason is not None
        assert found.description.endswith(f"its approvals are not known: {found.approvals_reason}")
        assert TOKEN not in found.description
        return found.approvals_reason

    @pytest.fixture(autouse=True)
    def approved(self, repo: Repo, github: GitHub) -> None:
        github.reviews = [review("grace", "APPROVED", repo.sha("change"))]

    def test_an_event_of_another_commit(self, repo: Repo, github: GitHub, payload: Payload) -> None:
        reason = self.reason(repo, payload(head="ab" * 20))
        assert reason.startswith(f"the event is about abababa, and {repo.sha('change')[:7]} is")
        assert github.asked == []

    def test_what_is_staged_is_no_commit(
        self, repo: Repo, github: GitHub, payload: Payload
    ) -> None:
        repo.write("a.txt", "3\n")
        repo.stage()
        event = payload((LABEL,))
        assert "what is no commit" in self.reason(repo, event, base=None, head=None, staged=True)
        assert github.asked == []

    def test_an_event_of_another_repository(
        self, repo: Repo, github: GitHub, payload: Payload, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GITHUB_REPOSITORY", "else/where")
        assert "runs for else/where" in self.reason(repo, payload())
        assert github.asked == []

    def test_offline(self, repo: Repo, github: GitHub, payload: Payload) -> None:
        assert self.reason(repo, payload(), offline=True) == "offline"
        assert github.asked == []

    def test_no_token(
        self, repo: Repo, github: GitHub, payload: Payload, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("GITHUB_TOKEN")
        assert "`GITHUB_TOKEN`" in self.reason(repo, payload())
        assert github.asked == []

    @pytest.mark.parametrize(
        "address", ["http://api.example", "ftp://x", "api.example", "http://["]
    )
    def test_an_address_to_which_no_token_goes(
        self, repo: Repo, payload: Payload, monkeypatch: pytest.MonkeyPatch, address: str
    ) -> None:
        monkeypatch.setenv("GITHUB_API_URL", address)
        assert self.reason(repo, payload()).startswith("GitHub: GITHUB_API_URL is no address")

    def test_a_server_that_is_not_there(
        self, repo: Repo, payload: Payload, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
        assert self.reason(repo, payload()) == "GitHub: it refuses the connection"

    def test_a_token_that_is_not_accepted(
        self, repo: Repo, payload: Payload, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GATE_GITHUB_TOKEN", "another-token")
        assert "Bad credentials" in self.reason(repo, payload())

    @pytest.mark.parametrize(
        "what",
        [
            "pulls/2/commits",
            "pulls/2/reviews",
            "issues/2/events",
            "collaborators/grace/permission",
        ],
    )
    @pytest.mark.parametrize(
        "told",
        [
            Told(403, b'{"message": "Resource not accessible by integration"}'),
            Told(500),
            Told(301, headers={"Location": "https://else.example/"}),
            Told(body=b"<html>"),
        ],
        ids=lambda told: str(told.status),
    )
    def test_an_answer_that_is_none(
        self, repo: Repo, github: GitHub, payload: Payload, what: str, told: Told
    ) -> None:
        github.failing[what] = told
        assert self.reason(repo, payload()).startswith("GitHub: it")

    def test_all_answers_together_take_too_long(
        self, repo: Repo, github: GitHub, payload: Payload, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gate.clients.github.SECONDS", -1.0)
        assert self.reason(repo, payload()).startswith("GitHub: no answers within")
        assert github.asked == []

    @pytest.mark.parametrize("body", [b"{}", b"null", b"[1]"])
    def test_a_list_that_is_none(
        self, repo: Repo, github: GitHub, payload: Payload, body: bytes
    ) -> None:
        github.failing["pulls/2/reviews"] = Told(body=body)
        assert "not the list" in self.reason(repo, payload())

    def test_a_head_that_was_replaced(self, repo: Repo, github: GitHub, payload: Payload) -> None:
        github.commits = [{"sha": "1" * 40, "author": None, "committer": None}]
        assert "does not hold" in self.reason(repo, payload())

    @pytest.mark.parametrize("told", [250, 1])
    def test_more_commits_than_github_tells(
        self, repo: Repo, github: GitHub, payload: Payload, told: int
    ) -> None:
        github.commits = github.commits * (251 - told)
        assert "250 commits" in self.reason(repo, payload(commits=told))


def test_the_token_goes_to_no_address_of_the_event(
    repo: Repo, github: GitHub, payload: Payload
) -> None:
    elsewhere = GitHub()
    with web(elsewhere.answer) as server:
        change(repo, payload(url=server.address, review_comments_url=server.address))
    assert elsewhere.asked == []
    assert {asked.path.split("?")[0].split("/")[1] for asked in github.asked} == {"repos"}


def test_the_real_payloads_are_read(repo: Repo, github: GitHub, tmp_path: Path) -> None:
    for file in sorted((real_data("github-webhooks") / "pull_request").glob("*.json")):
        found = change(repo, file)
        assert list(found.labels) == ["bug"]
        assert "the event is about ec26c3e" in (found.approvals_reason or "")
    review_of = real_data("github-webhooks") / "pull_request_review" / "submitted.payload.json"
    assert change(repo, review_of).approvals == ()
    for file in (real_data("github-webhooks") / "push").glob("*.json"):
        found = change(repo, file)
        assert found.approvals_reason == "the event push is none of a pull request"
        assert (found.event, found.pull_request) == ("push", None)
    assert github.asked == []


def test_a_folder_takes_nothing_of_an_event(repo: Repo, payload: Payload) -> None:
    event = payload((LABEL,))
    found = change(repo, event, base=None, head=None, folders=(repo.path,))
    assert (list(found.labels), found.approvals) == ([], None)
