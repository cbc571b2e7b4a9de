"""`gate check --post github`, as a run of GitHub Actions and as any other CI."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gate.report.posts import stamp
from tests.support.command import Run
from tests.support.github_api import ACTIONS, READ_ONLY, TOKEN, Who
from tests.support.pulls import APP, MONDAY, SATURDAY, Hosted, app, hosted
from tests.support.web import Told


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hosted]:
    with hosted(tmp_path) as made:
        yield made


def posted(hub: Hosted, number: int = 7, now: str = MONDAY, **more: str) -> Run:
    return hub.gate("check", "--now", now, "--post", "github", **hub.event(number), **more)


def conclusions(hub: Hosted) -> list[str]:
    return [each["conclusion"] for each in reversed(hub.api.check_runs)]


def test_a_pull_request_is_told_the_verdict(hub: Hosted) -> None:
    head = hub.pull(7, {APP: app("1.1.0")})
    run = posted(hub)
    assert (run.code, run.err) == (0, ""), str(run)
    assert hub.api.written == [f"POST statuses/{head}", "POST check-runs"]
    run = posted(hub, now=SATURDAY)
    assert (run.code, run.err) == (1, ""), str(run)
    assert conclusions(hub) == ["success", "failure"]
    assert [each["state"] for each in hub.api.statuses] == ["failure", "success"]
    (comment,) = hub.api.comments[7]
    assert "freeze.active" in comment["body"]
    said = stamp.read(hub.api.check_runs[0]["output"]["text"])
    assert said is not None
    assert (said.head, said.trusted) == (head, hub.api.tips["main"])


def test_undecided_and_errors_are_failures(hub: Hosted) -> None:
    hub.pull(7, {APP: app("1.1.0"), "apps/checkout/broken.yaml": "a: [\n"})
    assert posted(hub).code == 3
    (path,) = {each["path"] for each in hub.api.annotations[hub.api.check_runs[0]["id"]]}
    assert path == "apps/checkout/broken.yaml"
    hub.merge("break it", **{".gate.yaml": "version: 1\nrulez: {}\n"})
    run = posted(hub)
    assert run.code == 2, str(run)
    assert conclusions(hub) == ["failure", "failure"]
    assert hub.api.statuses[0]["state"] == "error"
    assert "rulez" in hub.api.statuses[0]["description"]
    assert "rulez" in hub.api.comments[7][0]["body"]


@pytest.mark.parametrize(("now", "code"), [(MONDAY, 0), (SATURDAY, 1)])
def test_a_token_that_may_only_read_leaves_the_verdict_as_it_is(
    hub: Hosted, now: str, code: int
) -> None:
    hub.api.tokens[TOKEN] = replace(ACTIONS, may=READ_ONLY)
    fork = {"sha": hub.pull(7, {APP: app("1.1.0")}), "repo": {"full_name": "mallory/apps"}}
    hub.api.pulls[-1]["head"].update(fork)
    run = posted(hub, now=now)
    assert run.code == code, str(run)
    (line,) = run.err.splitlines()
    assert line.startswith("::warning title=change-gate::GitHub: the token may not write")
    assert "permissions: {statuses: write, checks: write" in line


@pytest.mark.parametrize(("now", "code"), [(MONDAY, 0), (SATURDAY, 1)])
def test_a_github_that_is_down_leaves_the_verdict_as_it_is(
    hub: Hosted, now: str, code: int
) -> None:
    hub.pull(7, {APP: app("1.1.0")})
    hub.api.failing.append(lambda _: Told(500, b"{}"))
    run = posted(hub, now=now)
    assert run.code == code, str(run)
    assert len(run.err.splitlines()) == 3
    assert "it fails with status 500" in run.err


def test_any_other_ci(hub: Hosted) -> None:
    """The pull request is that of the commit, and the repository that of `origin`."""
    head = hub.pull(7, {APP: app("1.1.0")})
    hub.clone.git("config", "remote.origin.url", "git@github.com:shop/apps.git")
    hub.clone.git("checkout", "--quiet", head)
    told = ("--base", "main", "--now", SATURDAY, "--post", "github")
    run = hub.gate("check", *told, GITHUB_REPOSITORY="", BUILD_URL="https://ci.example.org/7")
    assert (run.code, run.err) == (1, ""), str(run)
    assert hub.api.statuses[0]["target_url"] == "https://ci.example.org/7"
    assert "freeze.active" in hub.api.comments[7][0]["body"]
    hub.clone.git("config", "remote.origin.url", "https://gitlab.example.org/shop/apps.git")
    run = hub.gate("check", *told, GITHUB_REPOSITORY="")
    assert run.code == 1
    assert run.err == (
        "gate: GitHub: nothing is posted: no repository is known (`GITHUB_REPOSITORY`)\n"
    )


def test_a_person_cannot_make_check_runs(hub: Hosted) -> None:
    """GitHub takes them from apps alone; the status stands for them."""
    hub.api.tokens[TOKEN] = Who("ada", None)
    hub.pull(7, {APP: app("1.1.0")})
    run = posted(hub, now=SATURDAY)
    assert run.code == 1
    assert "the check run is not written: GitHub takes one from an app's token alone" in run.err
    assert "permissions:" not in run.err
    assert [each["state"] for each in hub.api.statuses] == ["failure"]
    assert posted(hub, now=SATURDAY).code == 1
    assert len(hub.api.comments[7]) == 1


def test_what_is_no_commit_is_not_posted(hub: Hosted) -> None:
    for options in (("--staged",), ("apps",)):
        run = hub.gate("check", *options, "--post", "github")
        assert "gate: GitHub: nothing is posted: what was judged is no commit\n" in run.err
    run = hub.gate("check", "--base", "main", "--offline", "--post", "github")
    assert "gate: GitHub: nothing is posted: offline\n" in run.err
    assert hub.api.asked == []


def test_an_unknown_post_is_wrong_usage(hub: Hosted) -> None:
    run = hub.gate("check", "--post", "gihub")
    assert run.code == 2
    assert run.err.startswith("gate: Nothing can be posted to `gihub`. Did you mean `github`?\n")


def test_the_environment_names_the_posts(hub: Hosted) -> None:
    hub.pull(7, {APP: app("1.1.0")})
    run = hub.gate("check", "--now", MONDAY, **hub.event(7), GATE_POST="github")
    assert run.code == 0, str(run)
    assert conclusions(hub) == ["success"]


def test_an_event_that_nobody_can_read_is_not_taken_for_a_merge(hub: Hosted) -> None:
    head = hub.pull(7, {APP: app("1.1.0")})
    hub.clone.git("checkout", "--quiet", head)
    (hub.folder / "push.json").write_text("{}")
    run = hub.gate(
        *("check", "--base", "origin/main", "--now", MONDAY, "--post", "github"),
        GITHUB_ACTIONS="true",
        GITHUB_EVENT_NAME="push",
        GITHUB_EVENT_PATH=str(hub.folder / "push.json"),
    )
    assert run.code in (0, 2), str(run)
    assert [each["name"] for each in hub.api.check_runs] == ["change-gate (push)"]


def test_an_error_without_an_event_is_posted_on_the_commit(hub: Hosted) -> None:
    run = hub.gate("check", "--base", "no-such-branch", "--post", "github")
    assert run.code == 2, str(run)
    (run_made,) = hub.api.check_runs
    assert run_made["head_sha"] == hub.clone.sha("HEAD")
    assert run_made["conclusion"] == "failure"
