"""`--post github` against a local GitHub API that takes and gives what its OpenAPI description lets
pass, with GitHub's limits and errors."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from gate.errors import ConfigError, GateError
from gate.model.event import Deployment, Event, PullRequest
from gate.model.manifest import Location, Problem
from gate.model.verdict import Finding, Verdict
from gate.report import markdown
from gate.report.posts import check_run, comment, github, stamp
from gate.report.posts.interface import Subject
from tests.support.github_api import (
    ACTIONS,
    EVERYTHING,
    READ_ONLY,
    REPOSITORY,
    TOKEN,
    Api,
    Who,
    environment,
    serving,
)
from tests.support.web import Asked, Told
from tests.unit.report.samples import SAMPLES

HEAD = "2" * 40
MARK = comment.MARKER.format("change-gate")
PULL = Event(
    name="pull_request",
    repository=REPOSITORY,
    base_ref="main",
    head=HEAD,
    pull=PullRequest(7, "ada", "change-7"),
)
SUBJECT = Subject(PULL, REPOSITORY, HEAD)
PASSED, DENIED, WARNED = (SAMPLES[name]() for name in ("passed", "deny", "warn"))
UNDECIDED = SAMPLES["evidence_missing"]()
BROKEN = ConfigError("`rules` is no mapping.", path=".gate.yaml", line=3)
ALL_THREE = ["POST statuses/" + HEAD, "POST check-runs", "POST issues/7/comments"]

Refuse = Callable[[str, str, Told], None]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    known = Api()
    known.pull(7, HEAD)
    with serving(known):
        for name, value in environment(known).items():
            monkeypatch.setenv(name, value)
        yield known


@pytest.fixture
def refuse(api: Api) -> Refuse:
    """Answers what matches a method and a path so, and nothing else."""

    def add(method: str, path: str, told: Told) -> None:
        def fail(asked: Asked) -> Told | None:
            is_it = asked.method == method and re.search(path, asked.path)
            return told if is_it else None

        api.failing.append(fail)

    return add


def many(count: int, level: str = "deny", side: str = "new") -> Verdict:
    """A verdict of so many findings, each at a line of its own."""
    found = [
        replace(
            DENIED.findings[0],
            level=level,  # type: ignore[arg-type]
            message=f"finding {each}",
            location=Location("apps/a.yaml", each + 1, 1, side),  # type: ignore[arg-type]
        )
        for each in range(count)
    ]
    return replace(DENIED, findings=found)


@pytest.mark.parametrize(
    ("told", "conclusion", "state"),
    [
        (PASSED, "success", "success"),
        (WARNED, "success", "success"),
        (SAMPLES["warn_that_fails"](), "failure", "failure"),
        (SAMPLES["advisory"](), "success", "success"),
        (DENIED, "failure", "failure"),
        (UNDECIDED, "failure", "failure"),
        (SAMPLES["rule_failed"](), "failure", "error"),
        (BROKEN, "failure", "error"),
    ],
)
def test_the_exit_code_decides(
    api: Api, told: Verdict | GateError, conclusion: str, state: str
) -> None:
    """Never `neutral` or `skipped`, which GitHub lets through."""
    assert github.post(told, SUBJECT) == []
    (run,) = api.check_runs
    assert (run["name"], run["head_sha"], run["status"]) == ("change-gate", HEAD, "completed")
    assert run["conclusion"] == conclusion
    (status,) = api.statuses
    assert (status["context"], status["state"]) == ("change-gate", state)
    assert 0 < len(status["description"]) <= 140


def test_the_check_run_tells_machines_what_it_rests_on(api: Api) -> None:
    told = replace(DENIED, valid_until="2026-11-27T17:00:00Z")
    assert github.post(told, SUBJECT) == []
    (run,) = api.check_runs
    assert run["external_id"] == told.decision_id
    said = stamp.read(run["output"]["text"])
    assert said is not None
    assert (said.verdict, said.head, said.trusted) == ("deny", HEAD, told.change["trusted"])
    assert said.valid_until == "2026-11-27T17:00:00Z"
    assert "Valid until **2026-11-27T17:00:00Z**" in run["output"]["text"]


def test_a_comment_is_made_once_and_then_kept_up_to_date(api: Api) -> None:
    assert github.post(DENIED, SUBJECT) == []
    assert api.written == ALL_THREE
    (made,) = api.comments[7]
    assert made["body"].startswith(MARK)
    assert "DENY" in made["body"]
    api.asked.clear()
    assert github.post(DENIED, SUBJECT) == []
    assert api.written == ALL_THREE[:2], "what says the same is not said again"
    assert github.post(WARNED, SUBJECT) == []
    (kept,) = api.comments[7]
    assert kept["id"] == made["id"]
    assert "WARN" in kept["body"]
    assert github.post(PASSED, SUBJECT) == []
    (kept,) = api.comments[7]
    assert "PASS" in kept["body"], "a pass is told where something else was told before"


def test_a_pass_makes_no_comment(api: Api) -> None:
    assert github.post(PASSED, SUBJECT) == []
    assert api.written == ALL_THREE[:2]


def test_a_comment_of_others_with_our_mark_is_left_alone(api: Api) -> None:
    api.comment(7, f"{MARK}\nall is well", Who("mallory", None))
    api.comment(7, "a word of our own", ACTIONS)
    assert github.post(DENIED, SUBJECT) == []
    bodies = [each["body"] for each in api.comments[7]]
    assert bodies[:2] == [f"{MARK}\nall is well", "a word of our own"]
    assert len(bodies) == 3


def test_our_comment_is_found_on_any_page(api: Api) -> None:
    for each in range(130):
        api.comment(7, f"word {each}", Who("grace", None))
    own = api.comment(7, f"{MARK}\nold")
    assert github.post(DENIED, SUBJECT) == []
    assert len(api.comments[7]) == 131
    assert "DENY" in own["body"]


@pytest.mark.parametrize(
    ("event", "only", "name"),
    [
        (Event("merge_group", REPOSITORY), (), "change-gate"),
        (Event("push", REPOSITORY), (), "change-gate (push)"),
        (
            Event("push", REPOSITORY, "main", base_ref="main", head_ref="refs/heads/main"),
            (),
            "change-gate (push)",
        ),
        (
            Event("push", REPOSITORY, "main", base_ref="copy", head_ref="refs/heads/copy"),
            (),
            "change-gate (push, copy)",
        ),
        (
            Event("push", REPOSITORY, "main", head_ref="refs/tags/v1"),
            (),
            "change-gate (push, tag v1)",
        ),
        (
            Event("deployment", REPOSITORY, deployment=Deployment(1, "prod")),
            (),
            "change-gate (deployment, prod)",
        ),
        (
            Event("workflow_dispatch", REPOSITORY),
            ("prod",),
            "change-gate (workflow_dispatch, prod)",
        ),
    ],
)
def test_what_is_no_pull_request_has_a_name_of_its_own_and_no_comment(
    api: Api, event: Event, only: tuple[str, ...], name: str
) -> None:
    """The head of a pull request is pushed too: what passes as a push must not stand for it."""
    assert github.post(DENIED, SUBJECT) == []
    api.asked.clear()
    event = replace(event, head=HEAD)
    assert github.post(PASSED, Subject(event, REPOSITORY, HEAD, only)) == []
    assert api.written == ALL_THREE[:2]
    assert (api.check_runs[0]["name"], api.statuses[0]["context"]) == (name, name)
    assert api.check_runs[1]["name"] == "change-gate"


@pytest.mark.parametrize("name", ["pull_request", "merge_group"])
def test_what_goes_elsewhere_does_not_stand_for_what_goes_into_the_default_branch(
    api: Api, name: str
) -> None:
    """Who may push branches opens a second pull request with the same head, into a branch whose
    rules are their own: a check belongs to the commit."""
    assert github.post(DENIED, replace(SUBJECT, event=replace(PULL, default_branch="main"))) == []
    elsewhere = replace(PULL, name=name, base_ref="easy+way", default_branch="main")
    assert github.post(PASSED, replace(SUBJECT, event=elsewhere)) == []
    own = "change-gate (into easy_way)"
    assert [each["name"] for each in api.check_runs] == [own, "change-gate"]
    assert [each["context"] for each in api.statuses] == [own, "change-gate"]


def test_a_part_of_the_whole_has_a_comment_of_its_own(api: Api) -> None:
    for only in ((), ("prod",), ("staging --> x",)):
        assert github.post(DENIED, replace(SUBJECT, only=only)) == []
    names = [each["name"] for each in reversed(api.check_runs)]
    assert names == ["change-gate", "change-gate (prod)", "change-gate (staging --_ x)"]
    assert len(api.comments[7]) == 3


def test_without_an_event_the_pull_request_is_that_of_the_commit(api: Api) -> None:
    api.pull(8, HEAD, state="closed")
    api.pull(9, "9" * 40)
    assert github.post(DENIED, Subject(None, REPOSITORY, HEAD)) == []
    assert api.written == ALL_THREE


def test_of_two_pull_requests_none_is_guessed(api: Api) -> None:
    api.pull(8, HEAD)
    (complaint,) = github.post(DENIED, Subject(None, REPOSITORY, HEAD))
    assert complaint == (
        "GitHub: the comment is not written: 2222222 is the head of several pull requests: #7, #8"
    )
    assert api.written == ALL_THREE[:2]


def test_a_closed_pull_request_is_left_alone(api: Api) -> None:
    api.pulls[0]["state"] = "closed"
    assert github.post(DENIED, SUBJECT) == []
    assert api.written == ALL_THREE[:2]


def test_a_pull_request_of_another_repository_is_left_alone(api: Api) -> None:
    """A fork's commit is in the network of the upstream repository too."""
    api.pulls[0]["base"]["repo"]["full_name"] = "upstream/apps"
    assert github.post(DENIED, Subject(None, REPOSITORY, HEAD)) == []
    assert api.written == ALL_THREE[:2]


def test_an_older_run_leaves_the_comment_to_the_newer(api: Api) -> None:
    api.pulls[0]["head"]["sha"] = "9" * 40
    (complaint,) = github.post(DENIED, SUBJECT)
    assert complaint == (
        "GitHub: the comment is not written: #7 has another head than 2222222 by now"
    )
    assert api.written == ALL_THREE[:2]


@pytest.mark.parametrize(
    ("count", "requests"),
    [(0, [0]), (49, [49]), (50, [50]), (51, [50, 1]), (200, [50] * 4), (201, [50] * 4)],
)
def test_annotations_come_in_batches(api: Api, count: int, requests: list[int]) -> None:
    assert github.post(many(count), SUBJECT) == []
    sent = [*api.sent("POST", "check-runs"), *api.sent("PATCH", "check-runs/.*")]
    assert [len(each["output"]["annotations"]) for each in sent] == requests
    (run,) = api.check_runs
    kept = api.annotations[run["id"]]
    assert [each["message"] for each in kept] == [
        f"finding {each}" for each in range(sum(requests))
    ]
    text = run["output"]["text"]
    assert ("and 1 more are not" in text) == (count == 201)
    assert stamp.read(text) is not None, "each update replaces the text, and must say it again"


def test_the_api_of_the_test_refuses_what_github_refuses(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the tests of the limits would prove nothing."""
    monkeypatch.setattr(check_run, "BATCH", 51)
    (complaint,) = github.post(many(51), SUBJECT)
    assert complaint.startswith("GitHub: the check run is not written: it answers with status 422")
    assert api.faults
    api.faults.clear()
    monkeypatch.setattr(github, "DESCRIPTION", 141)
    monkeypatch.setattr(markdown, "title", lambda _: "x" * 141)
    assert "commit status is not written" in github.post(PASSED, SUBJECT)[0]


def test_the_worst_comes_first_and_only_what_is_there(api: Api) -> None:
    warned, denied = many(1, "warn").findings[0], many(2).findings[1]
    found: list[Finding] = [
        warned,
        denied,
        replace(denied, status="existing"),
        replace(denied, location=None),
        replace(denied, location=Location("gone.yaml", 4, side="old")),
    ]
    told = replace(
        DENIED,
        verdict="undecided",
        findings=found,
        problems=[
            Problem("broken.yaml", "unreadable", "it cannot be read"),
            Problem("chart.yaml", "unrendered", "a template"),
        ],
    )
    assert github.post(told, SUBJECT) == []
    (kept,) = api.annotations.values()
    assert [(each["path"], each["start_line"], each["annotation_level"]) for each in kept] == [
        ("apps/a.yaml", 2, "failure"),
        ("broken.yaml", 1, "failure"),
        ("apps/a.yaml", 1, "warning"),
    ]
    assert kept[0]["title"] == denied.rule


def test_huge_reports_stay_within_the_limits(api: Api) -> None:
    long = "ü€𝄞" * 3_000
    found = [replace(each, message=f"{each.message} {long}") for each in many(300).findings]
    told = replace(DENIED, findings=found, reasons=[long], description=long, judged_by=long)
    assert github.post(told, SUBJECT) == []
    (run,), (made,) = api.check_runs, api.comments[7]
    assert len(run["output"]["summary"].encode()) <= 65_535
    assert len(run["output"]["text"].encode()) <= 65_535
    assert len(made["body"]) <= 65_536
    assert "more" in made["body"]
    assert stamp.read(run["output"]["text"]) is not None
    assert len(api.statuses[0]["description"]) <= 140


def test_a_hostile_change_breaks_out_of_nothing(api: Api) -> None:
    told = SAMPLES["hostile"]()
    evil = f'<!-- change-gate: {{"verdict": "pass"}} -->{MARK}\x1b[31m\u202e\n::error::'
    found = [replace(each, message=evil, rule="x") for each in many(3).findings]
    told = replace(told, findings=[*told.findings, *found], description=evil, verdict="deny")
    assert github.post(told, SUBJECT) == []
    (run,), (made,) = api.check_runs, api.comments[7]
    said = stamp.read(run["output"]["text"])
    assert said is not None
    assert said.verdict == "deny"
    assert made["body"].count(MARK) == 1
    for each in api.annotations[run["id"]]:
        assert all(sign.isprintable() or sign == "\n" for sign in each["message"])


@pytest.mark.parametrize(
    ("may", "written", "missing"),
    [
        (READ_ONLY, [], "checks: write, pull-requests: write, statuses: write"),
        (EVERYTHING - {"checks:write"}, [ALL_THREE[0], ALL_THREE[2]], "checks: write"),
        (EVERYTHING - {"statuses:write"}, ALL_THREE[1:], "statuses: write"),
        (EVERYTHING - {"pull-requests:write"}, ALL_THREE[:2], "pull-requests: write"),
    ],
)
def test_a_token_that_may_only_read_is_one_warning(
    api: Api, may: frozenset[str], written: list[str], missing: str
) -> None:
    api.tokens[TOKEN] = replace(ACTIONS, may=may)
    (complaint,) = github.post(DENIED, SUBJECT)
    assert "(403)" in complaint
    named = re.search(r"permissions: \{(.*)\}", complaint)
    assert named is not None
    assert ", ".join(sorted(named[1].split(", "))) == missing
    assert "fork" in complaint
    kept = [bool(api.statuses), bool(api.check_runs), bool(api.comments)]
    assert [each for each, there in zip(ALL_THREE, kept, strict=True) if there] == written


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (Told(401, b'{"message": "Bad credentials"}'), "it does not accept who asks (401)"),
        (Told(404, b'{"message": "Not Found"}'), "it has nothing at this address (404)"),
        (Told(301, b"{}", {"Location": "/repositories/1"}), "gate follows no redirect"),
        (Told(307, b"{}", {"Location": "http://127.0.0.1:1/"}), "gate follows no redirect"),
        (Told(422, b'{"message": "No commit found for SHA"}'), "422: No commit found for SHA"),
        (Told(500, b""), "it fails with status 500"),
        (Told(502, b"<html>"), "it fails with status 502"),
        (Told(201, b"[]"), "not the object that was told of"),
        (Told(201, b"{"), "its answer is not JSON"),
        (Told(201, b"{}", {"Content-Length": "9"}), "its answer was cut off"),
        (Told(429, b"{}", {"Retry-After": "3600"}), "wants to be left alone for 3600 s"),
        (Told(403, b"{}", {"Retry-After": "3600"}), "wants to be left alone for 3600 s"),
    ],
)
@pytest.mark.parametrize(
    ("what", "path"), [("commit status", "/statuses/"), ("check run", "/check-runs$")]
)
def test_each_post_stands_for_itself(
    api: Api, refuse: Refuse, told: Told, reason: str, what: str, path: str
) -> None:
    refuse("POST", path, told)
    (complaint,) = github.post(DENIED, SUBJECT)
    assert complaint.startswith(f"GitHub: the {what} is not written: ")
    assert reason in complaint
    assert len(api.statuses) + len(api.check_runs) == 1
    assert len(api.comments[7]) == 1


def test_an_answer_that_names_no_check_run_costs_only_its_other_marks(
    api: Api, refuse: Refuse
) -> None:
    refuse("POST", "/check-runs", Told(201, b"{}"))
    assert github.post(many(60), SUBJECT) == [
        "GitHub: the check run is not written: its answer does not name the check run"
    ]
    assert api.written == ALL_THREE


def test_what_would_be_there_twice_is_not_sent_twice(api: Api, refuse: Refuse) -> None:
    refuse("POST", "/check-runs$|/comments$", Told(502))
    assert len(github.post(DENIED, SUBJECT)) == 2
    assert api.written == ALL_THREE


def test_what_does_no_harm_twice_is_sent_again(api: Api) -> None:
    answers = [Told(502)]
    api.failing.append(
        lambda asked: answers.pop() if "/statuses/" in asked.path and answers else None
    )
    assert github.post(DENIED, SUBJECT) == []
    assert api.written == [ALL_THREE[0], *ALL_THREE]


def test_a_limit_is_waited_for_where_it_is_short(api: Api) -> None:
    answers = [Told(403, b"{}", {"Retry-After": "1"}), Told(429, b"{}", {"Retry-After": "1"})]
    api.failing.append(
        lambda asked: answers.pop() if asked.path.endswith("/check-runs") and answers else None
    )
    assert github.post(DENIED, SUBJECT) == []
    assert len(api.check_runs) == 1


def test_all_posts_together_have_an_end(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github, "SECONDS", 0.5)

    def slow(asked: Asked) -> None:
        if "/statuses/" in asked.path:
            time.sleep(1)

    api.failing.append(slow)
    complaints = github.post(DENIED, SUBJECT)
    assert len(complaints) == 3
    assert "no answer within 0.5 s" in complaints[0]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("GITHUB_TOKEN", "", "there is no token"),
        ("GITHUB_API_URL", "http://api.example.org", "GITHUB_API_URL is no address that begins"),
        ("GITHUB_API_URL", "https://[", "GITHUB_API_URL is no address"),
    ],
)
def test_where_nobody_can_be_told(
    api: Api, monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(name, value)
    (complaint,) = github.post(DENIED, SUBJECT)
    assert complaint.startswith(f"GitHub: nothing is posted: {reason}")
    assert api.asked == []


@pytest.mark.parametrize(
    ("repository", "head", "reason"),
    [
        (REPOSITORY, None, "what was judged is no commit"),
        (REPOSITORY, "main", "what was judged is no commit"),
        (None, HEAD, "no repository is known (`GITHUB_REPOSITORY`)"),
        ("../../user", HEAD, "no repository is known (`GITHUB_REPOSITORY`)"),
        ("a/b/c", HEAD, "no repository is known (`GITHUB_REPOSITORY`)"),
        ("a/..", HEAD, "no repository is known (`GITHUB_REPOSITORY`)"),
    ],
)
def test_what_is_no_commit_of_a_repository(
    api: Api, repository: str | None, head: str | None, reason: str
) -> None:
    assert github.post(DENIED, Subject(PULL, repository, head)) == [
        f"GitHub: nothing is posted: {reason}"
    ]
    assert api.asked == []


def test_secrets_of_the_environment_are_left_out(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROM_TOKEN", "abc_def*ghi-12")
    monkeypatch.setenv(
        "DEPLOY_KEY", "-----BEGIN KEY-----\nc29tZXRoaW5nIGhpZGRlbg\n-----END KEY-----"
    )
    monkeypatch.setenv("SHORT_TOKEN", "deny")
    told = replace(
        many(1),
        reasons=["slo: it says abc_def*ghi-12", TOKEN],
        description="c29tZXRoaW5nIGhpZGRlbg",
        judged_by="abc_def*ghi-12",
    )
    told = replace(told, findings=[replace(told.findings[0], message="abc_def*ghi-12")])
    assert github.post(told, SUBJECT) == []
    sent = b"".join(asked.body for asked in api.asked).decode()
    for secret in ("abc_def", "def*ghi", "ghi-12", "c29tZXRoaW5n", TOKEN):
        assert secret not in sent
    assert "***" in api.annotations[api.check_runs[0]["id"]][0]["message"]
    assert "deny" in api.check_runs[0]["output"]["text"]


def test_the_page_of_the_run_is_linked(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert github.post(PASSED, SUBJECT) == []
    monkeypatch.setenv("BUILD_URL", "https://ci.example.org/job/7/")
    assert github.post(PASSED, SUBJECT) == []
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_RUN_ID", "42")
    assert github.post(PASSED, SUBJECT) == []
    pages = [each.get("target_url") for each in api.sent("POST", "statuses/.*")]
    assert pages == [
        None,
        "https://ci.example.org/job/7/",
        "https://github.com/shop/apps/actions/runs/42",
    ]
    assert api.check_runs[0]["details_url"] == pages[2]


def test_a_check_run_that_said_the_same_is_renewed_in_its_place(api: Api) -> None:
    assert github.post(many(3), SUBJECT) == []
    (run,) = api.check_runs
    moved = replace(many(3), change={**DENIED.change, "trusted": "5" * 40})
    assert github.post(moved, replace(SUBJECT, check_run=run["id"])) == []
    (run,) = api.check_runs
    assert len(api.annotations[run["id"]]) == 3, "an update would add them once more"
    said = stamp.read(run["output"]["text"])
    assert said is not None
    assert said.trusted == "5" * 40
