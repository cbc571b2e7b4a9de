"""`gate recheck`: what was green on Monday does not merge into Friday's freeze."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gate.report.posts import stamp
from tests.support.command import Run
from tests.support.github_api import ACTIONS, READ_ONLY, TOKEN, over
from tests.support.pulls import (
    AFTER,
    APP,
    FREEZES,
    MONDAY,
    SATURDAY,
    TUESDAY,
    Hosted,
    app,
    hosted,
)
from tests.support.web import Asked, Told

EVENING = "2026-11-24T19:00:00Z"


@pytest.fixture(scope="session")
def monday(tmp_path_factory: pytest.TempPathFactory) -> Hosted:
    """A pull request that passed on Monday."""
    with hosted(tmp_path_factory.mktemp("monday")) as made:
        made.pull(7, {APP: app("1.1.0")}, title="Bump checkout")
        run = made.gate("check", "--now", MONDAY, "--post", "github", **made.event(7))
        assert (run.code, run.err) == (0, ""), str(run)
    return made


@pytest.fixture
def hub(monday: Hosted, tmp_path: Path) -> Iterator[Hosted]:
    with hosted(tmp_path, monday) as made:
        yield made


def rechecked(hub: Hosted, now: str, *options: str, code: int = 0) -> dict[int, Any]:
    run = hub.gate("recheck", "--now", now, "-o", "json", *options)
    assert run.code == code, str(run)
    return {each["number"]: each for each in run.json["pull_requests"]}


def told(each: Any) -> tuple[Any, Any, Any]:
    return each["before"], each["now"], each["why"]


def test_a_verdict_that_holds_is_left_alone(hub: Hosted) -> None:
    assert told(rechecked(hub, TUESDAY)[7]) == ("pass", "pass", None)
    assert hub.api.written == []
    assert len(hub.api.asked) == 6, "for one pull request that holds"


def test_a_freeze_that_began_and_ended(hub: Hosted) -> None:
    found = rechecked(hub, SATURDAY)[7]
    assert told(found) == ("pass", "deny", "it was valid until 2026-11-27 16:30 UTC")
    assert hub.api.check_runs[0]["conclusion"] == "failure"
    assert hub.api.statuses[0]["state"] == "failure"
    assert "freeze.active" in hub.api.comments[7][0]["body"]
    hub.api.asked.clear()
    assert told(rechecked(hub, SATURDAY)[7]) == ("deny", "deny", "it was deny")
    assert hub.api.written == [], "what says the same is not said again"
    before, now, why = told(rechecked(hub, AFTER)[7])
    assert (before, why) == ("deny", "it was deny")
    assert now in ("pass", "warn")
    assert hub.api.check_runs[0]["conclusion"] == "success"
    (comment,) = hub.api.comments[7]
    assert "DENY" not in comment["body"]


def test_a_branch_that_moved_on(hub: Hosted) -> None:
    """Today's rules judge, and the check run that says the same is renewed in its place."""
    (before,) = hub.api.check_runs
    tip = hub.merge("docs", **{"README.md": "x\n"})
    assert told(rechecked(hub, TUESDAY)[7]) == ("pass", "pass", "main has moved on")
    (run,) = hub.api.check_runs
    assert run["id"] == before["id"]
    said = stamp.read(run["output"]["text"])
    assert said is not None
    assert said.trusted == tip
    hub.api.asked.clear()
    assert told(rechecked(hub, TUESDAY)[7]) == ("pass", "pass", None)
    hub.merge("freeze", **{"freezes.yaml": FREEZES.replace("2026-11-27", "2026-11-24")})
    assert told(rechecked(hub, EVENING)[7]) == ("pass", "deny", "main has moved on")
    assert hub.api.check_runs[0]["id"] != before["id"]


def test_a_status_that_says_otherwise_is_put_right(hub: Hosted) -> None:
    """GitHub took the check run and not the status, and the next recheck finds it so."""
    broken = [lambda asked: Told(502) if "/statuses/" in asked.path else None]
    hub.api.failing = broken
    found = rechecked(hub, SATURDAY, code=4)[7]
    assert (told(found)[1], len(found["faults"])) == ("deny", 1)
    assert hub.api.statuses[0]["state"] == "success"
    hub.api.failing = []
    assert told(rechecked(hub, SATURDAY)[7])[1] == "deny"
    assert hub.api.statuses[0]["state"] == "failure"
    hub.api.failing = broken
    assert told(rechecked(hub, AFTER, code=4)[7])[1] != "deny"
    hub.api.failing = []
    assert told(rechecked(hub, AFTER)[7])[2] == "its commit status says otherwise"
    assert hub.api.statuses[0]["state"] == "success"


def test_a_pass_gives_way_to_who_was_quicker(hub: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of the pull request itself, by rules that are newer than this one's."""
    hub.merge("docs", **{"README.md": "x\n"})
    listed = []

    def fail(asked: Asked) -> Told | None:
        if "/check-runs" in asked.path and asked.method == "GET":
            listed.append(asked)
            if len(listed) == 2:
                late = over(hub.api.check_runs[0], {"id": 9_999, "conclusion": "failure"})
                text = late["output"]["text"].replace('"verdict": "pass"', '"verdict": "deny"')
                late["output"] = {**late["output"], "text": text}
                hub.api.check_runs.insert(0, late)
        return None

    hub.api.failing = [fail]
    found = rechecked(hub, TUESDAY, code=4)[7]
    assert found["faults"] == ["another run was quicker, and nothing is posted"]
    assert hub.api.written == []


def test_what_says_the_same_is_no_new_status(hub: Hosted) -> None:
    """GitHub takes 1,000 of a name, and keeps the last one for ever."""
    hub.merge("docs", **{"README.md": "x\n"})
    assert told(rechecked(hub, TUESDAY)[7]) == ("pass", "pass", "main has moved on")
    assert [each for each in hub.api.written if "statuses" in each] == []


def test_who_has_no_verdict_gets_one(hub: Hosted) -> None:
    """A fork's own run cannot post; the schedule's can, and executes nothing of it."""
    fork = {"full_name": "mallory/apps"}
    head = hub.pull(8, {APP: app("1.2.0")})
    hub.api.pulls[-1]["head"].update(repo=over(hub.api.pulls[-1]["head"]["repo"], fork))
    assert told(rechecked(hub, TUESDAY)[8]) == (None, "pass", "it has no verdict")
    assert hub.api.check_runs[0]["head_sha"] == head
    assert 8 not in hub.api.comments


@pytest.mark.parametrize("text", ["", "<!-- change-gate: {} -->", None])
def test_what_gate_did_not_write_tells_nothing(hub: Hosted, text: str | None) -> None:
    (run,) = hub.api.check_runs
    run["output"]["text"] = text
    assert told(rechecked(hub, TUESDAY)[7]) == (None, "pass", "it has no verdict")


def test_a_job_of_that_name_tells_nothing(hub: Hosted) -> None:
    """GitHub Actions makes a check run for each job, by the same app."""
    job = over(hub.api.check_runs[0], {"id": 9_999, "external_id": "a-job"})
    job["output"] = {**job["output"], "title": None, "summary": None, "text": None}
    hub.api.check_runs.insert(0, job)
    assert told(rechecked(hub, TUESDAY)[7]) == ("pass", "pass", None)


def test_another_app_tells_nothing(hub: Hosted) -> None:
    hub.api.check_runs[0]["app"]["slug"] = "mallory"
    assert told(rechecked(hub, TUESDAY)[7]) == (None, "pass", "it has no verdict")
    assert [each["app"]["slug"] for each in hub.api.check_runs] == ["github-actions", "mallory"]


def test_a_verdict_of_another_commit_tells_nothing(hub: Hosted) -> None:
    output = hub.api.check_runs[0]["output"]
    output["text"] = output["text"].replace(hub.api.check_runs[0]["head_sha"], "9" * 40)
    assert told(rechecked(hub, TUESDAY)[7]) == (None, "pass", "it has no verdict")


def test_a_pass_that_failed_is_none(hub: Hosted) -> None:
    hub.api.check_runs[0]["conclusion"] = "failure"
    assert told(rechecked(hub, TUESDAY)[7]) == (None, "pass", "it has no verdict")


def test_one_fault_costs_only_itself(hub: Hosted) -> None:
    hub.api.pull(8, "8" * 40, title="gone")
    hub.pull(9, {APP: app("1.2.0")})
    found = rechecked(hub, TUESDAY, code=2)
    assert told(found[8])[:2] == (None, "error")
    assert "8888888" in found[8]["faults"][0]
    assert [told(found[each])[1] for each in (7, 9)] == ["pass", "pass"]


def test_a_part_is_compared_with_that_part(hub: Hosted) -> None:
    """Else who restricts a recheck would take its verdict for that of the whole."""
    part = ("--environment", "production")
    assert told(rechecked(hub, TUESDAY, *part)[7]) == (None, "pass", "it has no verdict")
    assert hub.api.check_runs[0]["name"] == "change-gate (production)"
    assert told(rechecked(hub, TUESDAY, *part)[7]) == ("pass", "pass", None)


def test_what_cannot_be_posted_is_told(hub: Hosted) -> None:
    hub.api.tokens[TOKEN] = replace(ACTIONS, may=READ_ONLY)
    found = rechecked(hub, SATURDAY, code=4)[7]
    assert told(found)[:2] == ("pass", "deny")
    assert "the token may not write" in found["faults"][0]


def test_what_cannot_be_asked_is_told(hub: Hosted) -> None:
    hub.api.failing.append(lambda asked: Told(500, b"{}") if "/check-runs" in asked.path else None)
    found = rechecked(hub, TUESDAY, code=4)[7]
    assert found["faults"] == ["GitHub: it fails with status 500"]


def test_pages_and_branches(hub: Hosted) -> None:
    """All pages are read, and of one branch only."""
    for number in range(100, 240):
        hub.api.pull(number, "9" * 40, base={"ref": "other"})
    for number in range(300, 420):
        hub.api.pull(number, hub.api.pulls[0]["head"]["sha"])
    hub.api.pull(500, "9" * 40, state="closed")
    found = rechecked(hub, TUESDAY)
    assert sorted(found) == [7, *range(300, 420)]
    assert all("direction=asc" in each.path for each in hub.api.asked if "/pulls?" in each.path)
    assert all(told(each) == ("pass", "pass", None) for each in found.values())
    hub.api.tips["other"] = "9" * 40
    misspelt = hub.gate("recheck", "--base", "no-such")
    assert misspelt.code == 2
    assert "cannot be listed" in misspelt.err
    assert "Branch not found" in misspelt.err


def test_long_texts_of_others_keep_nobody_from_being_judged(hub: Hosted) -> None:
    """Whoever opens pull requests writes 65,536 signs into each."""
    for number in range(100, 115):
        hub.api.pull(number, "9" * 40, base={"ref": "main"}, body="\N{GRINNING FACE}" * 65_536)
    assert told(rechecked(hub, SATURDAY, code=2)[7])[1] == "deny", "the others' heads are nowhere"


def test_all_are_judged_where_that_is_asked(hub: Hosted) -> None:
    assert told(rechecked(hub, TUESDAY, "--all")[7]) == ("pass", "pass", "all are asked for")
    assert hub.api.written == []


@pytest.mark.parametrize(
    ("env", "code", "message"),
    [
        ({"GITHUB_TOKEN": ""}, 2, "there is no token"),
        ({"GITHUB_REPOSITORY": ""}, 2, "It is not known which repository on GitHub this is."),
        ({"GITHUB_REPOSITORY": "shop/none"}, 2, "it has nothing at this address (404)"),
        ({"GITHUB_TOKEN": "another"}, 2, "it does not accept who asks (401)"),
    ],
)
def test_who_cannot_ask(hub: Hosted, env: dict[str, str], code: int, message: str) -> None:
    run = hub.gate("recheck", **env)
    assert run.code == code, str(run)
    assert message in run.err


def test_what_a_person_reads(hub: Hosted) -> None:
    hub.api.pulls[0]["title"] = "Bump\n::error::\x1b[31m " + "x" * 80
    run = hub.gate("recheck", "--now", SATURDAY)
    assert run.out == (
        "#7  Bump\\n::error::\\x1b[31m xxxxxxxxxxxxxxx…  pass -> deny            "
        "it was valid until 2026-11-27 16:30 UTC\n"
        "1 open: 1 judged again, 0 as they were\n"
    )
    quiet: Run = hub.gate("recheck", "--now", SATURDAY, "-q")
    assert len(quiet.out.splitlines()) == 1
