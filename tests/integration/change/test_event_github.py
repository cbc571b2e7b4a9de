"""What an event leaves to be asked of GitHub: the pull request that a merge queue tries, and what
is deployed now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gate.change.described import described
from gate.manifests.objects import objects_of
from gate.model.change import Approval, Change
from gate.model.event import Deployment, Event
from tests.integration.change.test_event import (
    APP,
    CONFIG,
    FROZEN,
    World,
    config,
    files,
    opened,
    refusal,
)
from tests.support.git import Repo
from tests.support.github import AT, LABEL, TOKEN, GitHub, labelled, person, review
from tests.support.tools import real_data
from tests.support.web import Told, web

NAME = "Codertocat/Hello-World"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.made(tmp_path_factory.mktemp("template"))


@pytest.fixture
def world(template: World, tmp_path: Path) -> World:
    return template.copy(tmp_path)


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    known = GitHub(permissions={"grace": "write", "linus": "admin", "reader": "read"})
    with web(known.answer) as server:
        known.address = server.address
        monkeypatch.setenv("GITHUB_API_URL", server.address)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        yield known


class TestMergeQueue:
    """The approvals of the pull request that is tried hold for the commit that the queue made."""

    def queue(
        self, world: World, github: GitHub, *labels: str, how: str = "squash", claim: str = ""
    ) -> tuple[Repo, Event]:
        world.branch("feature")
        world.commit("feature", f"change{claim}", **{APP: "v: 7\n"})
        world.push("feature:refs/pull/2/head")
        own = world.work.sha("feature")
        base = world.work.sha("main")
        world.work.git("checkout", "--quiet", "--detach", base)
        if how == "squash":
            world.work.git("merge", "--quiet", "--squash", "feature")
            head = world.work.commit(f"change (#2){claim}")
        elif how == "merge":
            head = world.work.merge("feature")
        else:
            head = world.work.commit(f"change (#2){claim}", **{APP: "v: 8\n"})
        ref = f"refs/heads/gh-readonly-queue/main/pr-2-{base}"
        world.push(f"{head}:{ref}")
        real = real_data("github-webhooks") / "pull_request" / "synchronize.payload.json"
        pull = json.loads(real.read_bytes())["pull_request"]
        pull["head"]["sha"] = own
        pull["labels"] = [{"name": name} for name in labels]
        github.failing["pulls/2"] = Told(body=json.dumps(pull).encode())
        github.commits = [{"sha": own, "author": person("ada"), "committer": None}]
        github.reviews = [review("grace", "APPROVED", own)]
        return world.checkout(ref), Event("merge_group", NAME, "main", base, "main", head, ref)

    def change(self, clone: Repo, event: Event, **more: Any) -> Change:
        with opened(clone, event, **more) as source:
            return described(source.change, ())

    @pytest.mark.parametrize("how", ["squash", "merge"])
    def test_a_review_of_its_head_holds(self, world: World, github: GitHub, how: str) -> None:
        told = self.queue(world, github, how=how, claim="\n\nGate-Exempt: incident")
        found = self.change(*told)
        assert found.approvals == (Approval("grace", "review", None, AT),)
        assert found.approvals_reason is None

    def test_its_labels_count(self, world: World, github: GitHub) -> None:
        told = self.queue(world, github, "bug", LABEL)
        github.events = [labelled("linus")]
        found = self.change(*told)
        assert list(found.labels) == ["bug", LABEL]
        assert {each.kind for each in found.approvals or ()} == {"review", "label"}

    def test_without_a_claim_nobody_is_asked_who_approved(
        self, world: World, github: GitHub
    ) -> None:
        found = self.change(*self.queue(world, github, "bug"))
        assert (list(found.labels), found.approvals) == (["bug"], None)
        assert github.paths == ["pulls/2"]

    def test_another_change_than_the_one_that_was_approved(
        self, world: World, github: GitHub
    ) -> None:
        found = self.change(*self.queue(world, github, LABEL, how="other"))
        assert (list(found.labels), found.approvals) == ([LABEL], ())
        assert "are not those that pull request 2" in (found.approvals_reason or "")
        assert github.paths == ["pulls/2"]

    def test_what_is_named_by_hand_is_not_the_queue_s_commit(
        self, world: World, github: GitHub
    ) -> None:
        found = self.change(*self.queue(world, github, LABEL), base="HEAD", head="HEAD")
        assert found.approvals_reason == "what is judged is not the commit of the merge queue"

    def test_what_cannot_be_asked_is_said(
        self, world: World, github: GitHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clone, event = self.queue(world, github)
        github.failing["pulls/2"] = Told(403, b'{"message": "Resource not accessible"}')
        found = self.change(clone, event)
        assert found.approvals == ()
        assert (found.approvals_reason or "").startswith("pull request 2 is not known: GitHub: ")
        assert "its approvals are not known: pull request 2" in found.description
        github.failing["pulls/2"] = Told(body=b"{}")
        assert "`pull_request." in (self.change(clone, event).approvals_reason or "")
        monkeypatch.delenv("GITHUB_TOKEN")
        assert "there is no token" in (self.change(clone, event).approvals_reason or "")


class TestDeployment:
    def knows(self, github: GitHub, *deployments: tuple[int, str, Sequence[str]]) -> None:
        """Deployments, the newest first, and the states of each, the newest first."""
        told = [
            {"id": number, "sha": sha, "environment": "production"}
            for number, sha, _ in deployments
        ]
        github.failing["deployments"] = Told(body=json.dumps(told).encode())
        for number, _, states in deployments:
            listed = [
                {"id": len(states) - place, "state": state} for place, state in enumerate(states)
            ]
            github.failing[f"deployments/{number}/statuses"] = Told(
                body=json.dumps(listed).encode()
            )

    def event(self, sha: str, name: str = "deployment") -> Event:
        deployment = Deployment(5, "production")
        return Event(name, NAME, "main", head=sha, deployment=deployment)

    def test_since_the_last_one_that_went_well(self, world: World, github: GitHub) -> None:
        old, bad = world.work.sha("main~2"), world.work.sha("main~1")
        head = world.work.sha("main")
        world.commit("main", "freeze", **{".gate.yaml": FROZEN})
        self.knows(
            github,
            (5, head, ["success"]),
            (4, bad, ["failure", "success", "in_progress"]),
            (3, bad, ["in_progress"]),
            (2, old, ["inactive", "success"]),
            (1, bad, ["success"]),
        )
        for name in ("deployment", "deployment_status"):
            clone = world.checkout("refs/heads/main")
            with opened(clone, self.event(head, name)) as source:
                change = source.change
                assert files(source) == {APP: "added", "n.txt": "modified"}
                assert (change.base, change.head, change.deployed_to) == (old, head, "production")
                assert config(source) == FROZEN.encode()
                assert "the deployment to production since the last one" in change.description
        asked = [each.path for each in github.asked if "statuses" not in each.path]
        assert all("environment=production" in path for path in asked)

    def test_an_older_commit_is_a_rollback(self, world: World, github: GitHub) -> None:
        good = world.work.sha("main")
        bad = world.commit("main", "bad", **{APP: "v: 2\n"})
        self.knows(github, (4, bad, ["success"]))
        with opened(world.checkout("refs/heads/main"), self.event(good)) as source:
            assert files(source) == {APP: "modified"}
            back = source.look_back(objects_of)
            assert back is not None
            assert back.to == good

    def test_the_first_one(self, world: World, github: GitHub) -> None:
        self.knows(github, (5, "", []), (4, "ab" * 20, ["failure"]))
        head = world.work.sha("main")
        with opened(world.checkout("refs/heads/main"), self.event(head)) as source:
            assert set(files(source)) == {APP, ".gate.yaml", "n.txt"}
            assert source.old is None
            assert config(source) == CONFIG.encode()
            assert "the first deployment to production" in source.change.description

    @pytest.mark.parametrize(
        ("path", "told", "why"),
        [
            ("deployments", Told(403, b'{"message": "no"}'), "(403)"),
            ("deployments", Told(500), "500"),
            ("deployments", Told(body=b"{}"), "not the list"),
            ("deployments/4/statuses", Told(404), "(404)"),
        ],
    )
    def test_what_cannot_be_asked_is_no_first_one(
        self, world: World, github: GitHub, path: str, told: Told, why: str
    ) -> None:
        head = world.work.sha("main")
        self.knows(github, (4, head, ["success"]))
        github.failing[path] = told
        found = refusal(world.checkout("refs/heads/main"), self.event(head))
        assert "What is deployed to production is not known" in found.message
        assert why in found.message
        assert "deployments: read" in found.advice

    def test_only_failures_among_all_that_are_told_are_no_first_one(
        self, world: World, github: GitHub
    ) -> None:
        head = world.work.sha("main")
        self.knows(github, *((number, head, ["failure"]) for number in range(100, 200)))
        found = refusal(world.checkout("refs/heads/main"), self.event(head))
        assert "none of the last 100 deployments there succeeded" in found.message

    def test_with_what_is_not_asked(
        self, world: World, github: GitHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        head = world.work.sha("main")
        clone = world.origin.clone(world.folder / "clone")
        assert "--offline" in refusal(clone, self.event(head), offline=True).message
        monkeypatch.setenv("GITHUB_REPOSITORY", "else/where")
        assert "runs for else/where" in refusal(clone, self.event(head)).message
        monkeypatch.delenv("GITHUB_REPOSITORY")
        monkeypatch.delenv("GITHUB_TOKEN")
        assert "there is no token" in refusal(clone, self.event(head)).message
        assert github.asked == []
