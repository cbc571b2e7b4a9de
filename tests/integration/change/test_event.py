"""What an event of GitHub is about, in clones as actions/checkout makes them: of one commit, from
a server that answers for any commit."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gate.change.interface import ChangeRequest, OpenSource
from gate.change.registry import open_source
from gate.errors import ChangeError
from gate.model.change import Unread, content_at
from gate.model.event import Event, PullRequest
from tests.support.git import Repo

NAME = "shop/apps"
APP = "apps/checkout.yaml"
CONFIG = "mode: enforce\n"
FROZEN = "rules: {freeze.active: deny}\n"


@dataclass
class World:
    """A server, and somebody's full clone of it, which pushes."""

    origin: Repo
    work: Repo
    folder: Path

    @classmethod
    def made(cls, folder: Path, *options: str) -> World:
        origin = Repo(folder / "origin.git")
        origin.path.mkdir(parents=True)
        origin.git("init", "--quiet", "--bare", "--initial-branch=main", *options)
        origin.git("config", "uploadpack.allowAnySHA1InWant", "true")
        origin.git("config", "uploadpack.allowFilter", "true")
        work = Repo(folder / "work")
        work.path.mkdir()
        work.git("init", "--quiet", "--initial-branch=main", *options)
        work.git("remote", "add", "origin", f"file://{origin.path}")
        world = cls(origin, work, folder)
        for number in range(3):
            world.commit("main", f"main {number}", **{".gate.yaml": CONFIG, "n.txt": f"{number}\n"})
        world.commit("main", "app", **{APP: "v: 1\n"})
        return world

    def copy(self, folder: Path) -> World:
        """The same in another folder."""
        for name in ("origin.git", "work"):
            shutil.copytree(self.folder / name, folder / name)
        origin, work = Repo(folder / "origin.git"), Repo(folder / "work", self.work.clock)
        work.git("remote", "set-url", "origin", f"file://{origin.path}")
        return World(origin, work, folder)

    def commit(self, branch: str, message: str, **files: str) -> str:
        """A commit on a branch of the server."""
        if self.work.git("branch", "--show-current") != branch:
            self.work.checkout(branch)
        sha = self.work.commit(message, **files)
        self.push(f"{sha}:refs/heads/{branch}")
        return sha

    def branch(self, name: str, start: str = "main") -> None:
        self.work.git("checkout", "--quiet", "-b", name, start)

    def many(self, count: int) -> None:
        """So many commits on the branch that is checked out."""
        branch = self.work.git("symbolic-ref", "HEAD")
        stream = "".join(
            f"commit {branch}\ncommitter Ada <ada@example.org> {1_770_000_000 + number} +0000\n"
            f"data 4\nmore{'' if number else f'{chr(10)}from {branch}^0'}\n"
            f"M 644 inline many.txt\ndata {len(str(number))}\n{number}\n\n"
            for number in range(count)
        )
        self.work.git("fast-import", "--quiet", stdin=stream.encode())
        self.work.git("reset", "--quiet", "--hard")

    def push(self, *refs: str) -> None:
        self.work.git("push", "--quiet", "--force", "origin", *refs)

    def pull_request(self, number: int, branch: str, base: str = "main") -> str:
        """The refs that GitHub keeps of a pull request; the id of its merge."""
        head = self.work.sha(branch)
        self.work.git("checkout", "--quiet", "--detach", base)
        merge = self.work.merge(head, f"Merge {head} into {base}")
        self.work.checkout(branch)
        self.push(f"{head}:refs/pull/{number}/head", f"{merge}:refs/pull/{number}/merge")
        return merge

    def checkout(self, ref: str, *options: str, bare_options: tuple[str, ...] = ()) -> Repo:
        """As actions/checkout does it: one commit of one ref, detached, nothing else."""
        made = Repo(self.folder / f"checkout-{len(list(self.folder.iterdir()))}")
        made.path.mkdir()
        made.git("init", "--quiet", *bare_options)
        made.git("remote", "add", "origin", f"file://{self.origin.path}")
        options = options or ("--depth=1",)
        here = ref.replace("refs/", "refs/remotes/").replace("remotes/heads", "remotes/origin")
        made.git("fetch", "--quiet", "--no-tags", *options, "origin", f"+{ref}:{here}")
        made.git("checkout", "--quiet", "--force", "--detach", here)
        return made


def pull_event(world: World, branch: str, **more: Any) -> Event:
    told: dict[str, Any] = {
        "name": "pull_request",
        "repository": NAME,
        "default_branch": "main",
        "base": world.work.sha("main~1"),
        "base_ref": "main",
        "head": world.work.sha(branch),
        "head_ref": "refs/pull/12/head",
        "pull": PullRequest(12, "ada", branch),
    }
    return Event(**(told | more))


def opened(clone: Repo, event: Event, **more: Any) -> OpenSource:
    found = open_source(ChangeRequest(clone.path, event=event, **more))
    assert isinstance(found, OpenSource)
    return found


def files(source: OpenSource) -> dict[str, str]:
    return {file.path: file.status for file in source.change.files}


def config(source: OpenSource) -> object:
    return content_at(source.trusted, ".gate.yaml")


def refusal(clone: Repo, event: Event, **more: Any) -> ChangeError:
    with pytest.raises(ChangeError) as caught:
        opened(clone, event, **more).close()
    assert caught.value.advice
    return caught.value


def pushed(world: World, before: str | None, after: str | None, ref: str) -> Event:
    branch = ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None
    return Event("push", NAME, "main", before, branch, after, ref)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.made(tmp_path_factory.mktemp("template"))


@pytest.fixture
def world(template: World, tmp_path: Path) -> World:
    return template.copy(tmp_path)


@pytest.fixture
def stale(world: World) -> tuple[World, Repo, Event]:
    """A pull request of last week, and a freeze that was merged today."""
    return stale_in(world)


def stale_in(world: World, *options: str, of: tuple[str, ...] = ()) -> tuple[World, Repo, Event]:
    world.branch("feature", "main")
    world.commit("feature", "change", **{APP: "v: 7\n"})
    world.pull_request(12, "feature")
    event = pull_event(world, "feature")
    clone = world.checkout("refs/pull/12/merge", *options, bare_options=of)
    world.commit("main", "freeze", **{".gate.yaml": FROZEN})
    return world, clone, event


class TestPullRequest:
    def test_the_tip_of_today_judges_a_branch_of_last_week(
        self, stale: tuple[World, Repo, Event]
    ) -> None:
        world, clone, event = stale
        before = [clone.git("for-each-ref"), clone.git("rev-parse", "HEAD")]
        (clone.path / ".git" / "FETCH_HEAD").unlink()
        with opened(clone, event) as source:
            change = source.change
            assert files(source) == {APP: "modified"}
            assert change.trusted == world.work.sha("main")
            assert change.base == world.work.sha("main~1")
            assert change.head == event.head
            assert config(source) == FROZEN.encode()
            assert (change.event, change.pull_request) == ("pull_request", 12)
            where = "pull request 12 (feature) against main (merge base "
            assert change.description.startswith(where)
            assert [each.subject for each in change.commits] == ["change"]
        assert [clone.git("for-each-ref"), clone.git("rev-parse", "HEAD")] == before
        assert not (clone.path / ".git" / "FETCH_HEAD").exists()
        assert clone.git("status", "--porcelain") == ""

    @pytest.mark.parametrize("name", ["pull_request_target", "pull_request_review"])
    def test_its_other_events(self, stale: tuple[World, Repo, Event], name: str) -> None:
        _, clone, event = stale
        with opened(clone, replace(event, name=name)) as source:
            assert (files(source), source.change.event) == ({APP: "modified"}, name)

    def test_the_head_of_a_fork_is_held_by_origin(self, world: World) -> None:
        world.branch("feature")
        world.work.commit("change", **{APP: "v: 7\n"})
        world.pull_request(12, "feature")
        event = pull_event(world, "feature", is_fork=True)
        clone = world.checkout("refs/heads/main")
        with opened(clone, event) as source:
            assert files(source) == {APP: "modified"}
            assert "pull request 12 (feature of a fork)" in source.change.description

    @pytest.mark.parametrize("options", [("--depth=2",), ("--depth=1000",)], ids=str)
    def test_deeper_clones(self, world: World, options: tuple[str, ...]) -> None:
        world, clone, event = stale_in(world, *options)
        with opened(clone, event) as source:
            assert files(source) == {APP: "modified"}
            assert config(source) == FROZEN.encode()

    def test_the_objects_may_have_ids_of_sha256(self, tmp_path: Path) -> None:
        sha256 = ("--object-format=sha256",)
        _, clone, event = stale_in(World.made(tmp_path, *sha256), of=sha256)
        with opened(clone, event) as source:
            assert files(source) == {APP: "modified"}
            assert config(source) == FROZEN.encode()
            assert len(source.change.trusted or "") == 64

    def test_a_worktree(self, stale: tuple[World, Repo, Event]) -> None:
        _, clone, event = stale
        clone.git("worktree", "add", "--quiet", "--detach", "../tree")
        with opened(Repo(clone.path.parent / "tree"), event) as source:
            assert files(source) == {APP: "modified"}
            assert config(source) == FROZEN.encode()

    def test_a_clone_without_files_is_given_those_that_are_read(self, world: World) -> None:
        world.commit("main", "large", **{"large.bin": "x" * 100_000})
        world.branch("feature")
        world.work.move(APP, "apps/moved.yaml")
        world.commit("feature", "move")
        world.commit("feature", "change", **{APP: "v: 7\n"})
        world.pull_request(12, "feature")
        event = pull_event(world, "feature")
        world.commit("main", "freeze", **{".gate.yaml": FROZEN})
        made = Repo(world.folder / "partial")
        clone = world.origin.clone(made.path, "--filter=blob:none", "--no-checkout", "--depth=1")
        with opened(clone, event) as source:
            assert files(source) == {APP: "modified", "apps/moved.yaml": "added"}
            assert config(source) == FROZEN.encode()
            assert content_at(source.new, APP) == b"v: 7\n"
            assert source.old is not None
            assert content_at(source.old, APP) == b"v: 1\n"
        missing = clone.git("rev-list", "--objects", "--missing=print", "HEAD")
        large = world.work.sha("main:large.bin")
        assert f"?{large}" in missing.splitlines()

    def test_a_clone_without_files_and_without_origin(self, world: World) -> None:
        world, _, event = stale_in(world)
        made = world.folder / "partial"
        clone = world.origin.clone(made, "--filter=blob:none", "--no-checkout")
        with opened(clone, event, offline=True) as source:
            assert isinstance(content_at(source.new, APP), Unread)

    def test_several_commits_where_they_met(self, world: World) -> None:
        world.branch("feature")
        world.commit("feature", "one", **{"a.txt": "1\n"})
        world.commit("main", "two", **{"b.txt": "1\n"})
        before = world.work.sha("main")
        world.work.merge("feature")
        world.push("main")
        world.work.checkout("feature")
        world.work.merge(before)
        world.commit("feature", "three", **{APP: "v: 7\n"})
        world.pull_request(12, "feature")
        clone = world.checkout("refs/pull/12/merge")
        with opened(clone, pull_event(world, "feature")) as source:
            assert files(source)[APP] == "modified"

    def test_a_short_way_to_an_old_commit_hides_nothing(self, world: World) -> None:
        """A head that takes back what main changed, and whose last merge leads to before that."""
        old = world.work.sha("main")
        world.commit("main", "raise", **{APP: "v: 2\n"})
        world.branch("feature")
        world.many(60)
        world.work.commit("lower", **{APP: "v: 1\n"})
        tree = world.work.sha("HEAD^{tree}")
        head = world.work.git(
            "commit-tree", tree, "-p", world.work.sha("HEAD"), "-p", old, "-m", "merge"
        )
        world.work.git("reset", "--quiet", "--hard", head)
        world.push("feature")
        world.pull_request(12, "feature")
        clone = world.checkout("refs/pull/12/merge", "--depth=4")
        with opened(clone, pull_event(world, "feature")) as source:
            assert files(source) == {APP: "modified", "many.txt": "added"}

        short = world.checkout("refs/pull/12/merge", "--depth=4")
        with pytest.raises(ChangeError, match="too shallow"):
            open_source(ChangeRequest(short.path, base="HEAD^1", head="HEAD^2"))

    def test_what_is_fetched_grows_with_the_change(self, world: World) -> None:
        world.many(300)
        world, clone, event = stale_in(world)
        opened(clone, event).close()
        assert int(clone.git("rev-list", "--count", "--all", event.head or "")) < 100
        assert int(world.work.git("rev-list", "--count", "main")) > 300

    def test_a_long_branch_is_deepened_as_far_as_it_goes(self, world: World) -> None:
        world.branch("feature")
        world.many(200)
        world.commit("feature", "change", **{APP: "v: 7\n"})
        world.pull_request(12, "feature")
        clone = world.checkout("refs/pull/12/merge")
        with opened(clone, pull_event(world, "feature")) as source:
            assert len(source.change.commits) == 201

    def test_without_origin_the_last_fetch_must_be_as_new_as_the_event(self, world: World) -> None:
        world, _, event = stale_in(world)
        clone = world.origin.clone(world.folder / "clone")
        world.origin.path.rename(world.folder / "gone")
        with opened(clone, event) as source:
            assert "against main as of the last fetch (" in source.change.description
            assert config(source) == FROZEN.encode()
        clone.git("update-ref", "refs/remotes/origin/main", f"{event.base}~1")
        assert "The tip of main, which judges, cannot be fetched" in refusal(clone, event).message

    def test_offline_nothing_is_fetched(self, stale: tuple[World, Repo, Event]) -> None:
        _, clone, event = stale
        found = refusal(clone, event, offline=True)
        assert "nothing is fetched with --offline" in found.message
        assert "fetch-depth: 0" in found.advice

    def test_a_head_that_is_gone(self, stale: tuple[World, Repo, Event]) -> None:
        _, clone, event = stale
        found = refusal(clone, replace(event, head="ab" * 20, head_ref="refs/pull/13/head"))
        assert "pull request 12 (feature) (abababa) is not in this clone" in found.message

    def test_a_branch_that_is_gone(self, stale: tuple[World, Repo, Event]) -> None:
        _, clone, event = stale
        assert "no branch release" in refusal(clone, replace(event, base_ref="release")).message

    def test_a_fork_s_main_is_not_trusted(self, stale: tuple[World, Repo, Event]) -> None:
        _, clone, event = stale
        clone.git("update-ref", "refs/remotes/origin/main", "HEAD")
        for url in ("https://ada:pw@github.com/ada/apps", "git@github.com:ada/apps.git"):
            clone.git("config", "remote.origin.url", url)
            found = refusal(clone, event)
            assert "ada/apps, and not shop/apps" in found.message.replace(".git", "")
            assert "pw" not in found.message
            assert "in a clone of that repository" in found.advice

    def test_another_repository_s_event_is_not_judged_even_where_nothing_is_left(
        self, stale: tuple[World, Repo, Event]
    ) -> None:
        _, clone, event = stale
        clone.git("config", "remote.origin.url", "https://github.com/ada/apps")
        gone = replace(event, name="push", pull=None, head=None, head_ref="refs/heads/old")
        assert "ada/apps, and not shop/apps" in refusal(clone, gone).message

    def test_nothing_of_the_repository_runs(
        self, stale: tuple[World, Repo, Event], tmp_path: Path
    ) -> None:
        _, clone, event = stale
        mark = tmp_path / "ran"
        for hook in ("post-checkout", "reference-transaction", "pre-auto-gc", "post-merge"):
            path = clone.path / ".git" / "hooks" / hook
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"#!/bin/sh\necho {hook} >> {mark}\n")
            path.chmod(0o755)
        clone.git("config", "remote.origin.uploadpack", f"touch {mark}; git-upload-pack")
        clone.git("config", "gc.auto", "1")
        opened(clone, event).close()
        assert not mark.exists()

    def test_trust_of_the_head(self, stale: tuple[World, Repo, Event]) -> None:
        _, clone, event = stale
        with opened(clone, event, trust="head") as source:
            assert config(source) == CONFIG.encode()
            assert source.change.trusted == event.head

    def test_what_is_named_wins(self, stale: tuple[World, Repo, Event], tmp_path: Path) -> None:
        _, clone, event = stale
        with opened(clone, event, base="HEAD", head="HEAD") as source:
            assert files(source) == {}
            assert (source.change.event, source.change.pull_request) == ("pull_request", 12)


class TestMergeGroup:
    def group(self, world: World, *, squash: bool) -> tuple[Repo, Event]:
        """A queue of two: the first one, not merged yet, weakens the config."""
        world.branch("feature")
        world.commit("feature", "change", **{APP: "v: 7\n"})
        world.pull_request(12, "feature")
        start = world.work.sha("main")
        world.work.git("checkout", "--quiet", "--detach", start)
        first = world.work.commit("weaken", **{".gate.yaml": "mode: advisory\n"})
        if squash:
            world.work.git("merge", "--quiet", "--squash", "feature")
            head = world.work.commit("change (#12)\n\nGate-Exempt: incident")
        else:
            head = world.work.merge("feature")
        ref = f"refs/heads/gh-readonly-queue/main/pr-12-{first}"
        world.push(f"{head}:{ref}")
        event = Event("merge_group", NAME, "main", first, "main", head, ref)
        return world.checkout(ref), event

    @pytest.mark.parametrize("squash", [True, False])
    def test_the_branch_judges_and_not_the_queue(self, world: World, squash: bool) -> None:
        clone, event = self.group(world, squash=squash)
        with opened(clone, event) as source:
            assert files(source) == {APP: "modified"}
            assert config(source) == CONFIG.encode()
            assert (source.change.event, source.change.pull_request) == ("merge_group", 12)
            where = "pull request 12 in the merge queue against main ("
            assert source.change.description.startswith(where)
            assert source.holds(12, world.work.sha("feature")) is None
            other = source.holds(12, world.work.sha("main"))
            assert other is not None
            assert "are not those that pull request 12" in other
            assert "cannot be fetched" in (source.holds(12, "ab" * 20) or "")

    def test_a_file_that_main_changed_too_is_not_sure(self, world: World) -> None:
        world.branch("feature")
        world.commit("feature", "change", **{"n.txt": "2\n\n\nmore\n"})
        world.commit("main", "other", **{"n.txt": "1\n2\n"})
        base = world.work.sha("main")
        world.work.checkout("feature")
        world.work.git("checkout", "--quiet", "--detach", "main")
        head = world.work.commit("change", **{"n.txt": "1\n2\n\n\nmore\n"})
        ref = f"refs/heads/gh-readonly-queue/main/pr-12-{base}"
        world.push(f"{head}:{ref}")
        event = Event("merge_group", NAME, "main", base, "main", head, ref)
        with opened(world.checkout(ref), event) as source:
            assert source.holds(12, world.work.sha("feature")) is not None


class TestPush:
    def test_what_was_there_before_judges(self, world: World) -> None:
        before = world.work.sha("main")
        after = world.commit("main", "both", **{APP: "v: 7\n", ".gate.yaml": FROZEN})
        clone = world.checkout("refs/heads/main")
        with opened(clone, pushed(world, before, after, "refs/heads/main")) as source:
            assert files(source) == {APP: "modified", ".gate.yaml": "modified"}
            assert config(source) == CONFIG.encode()
            assert source.change.trusted == before
            assert "the push to the branch main (" in source.change.description
            assert [each.subject for each in source.change.commits] == ["both"]

    def test_a_forced_push_takes_away_what_it_left_out(self, world: World) -> None:
        before = world.work.sha("main")
        world.work.git("reset", "--quiet", "--hard", "HEAD~1")
        world.push("main")
        clone = world.checkout("refs/heads/main")
        event = pushed(world, before, world.work.sha("main"), "refs/heads/main")
        with opened(clone, event) as source:
            assert files(source) == {APP: "deleted"}
            assert source.change.trusted == before
            assert source.change.commits == ()

    def test_a_commit_before_that_is_gone(self, world: World) -> None:
        world.branch("feature")
        after = world.commit("feature", "change", **{APP: "v: 7\n"})
        clone = world.checkout("refs/heads/feature")
        gone = pushed(world, "ab" * 20, after, "refs/heads/feature")
        with opened(clone, gone) as source:
            assert files(source) == {APP: "modified"}
            assert "of which the commit before cannot be had" in source.change.description
        main = pushed(world, "ab" * 20, after, "refs/heads/main")
        for event in (main, replace(main, default_branch=None)):
            assert "main before the push (abababa) is not in" in refusal(clone, event).message

    def test_a_new_branch(self, world: World) -> None:
        world.branch("feature", "main~1")
        after = world.commit("feature", "change", **{"x.txt": "v: 7\n"})
        world.commit("main", "freeze", **{".gate.yaml": FROZEN})
        clone = world.checkout("refs/heads/feature")
        with opened(clone, pushed(world, None, after, "refs/heads/feature")) as source:
            assert files(source) == {"x.txt": "added"}
            assert config(source) == FROZEN.encode()
            assert "the new branch feature against main" in source.change.description

    def test_the_first_push_of_all(self, world: World) -> None:
        after = world.work.sha("main")
        clone = world.checkout("refs/heads/main")
        with opened(clone, pushed(world, None, after, "refs/heads/main")) as source:
            assert set(files(source).values()) == {"added"}
            assert (source.old, config(source), source.change.trusted) == (None, None, None)
            assert len(source.change.commits) == 1
            assert "everything is new" in source.change.description

    @pytest.mark.parametrize("annotated", [True, False])
    def test_a_tag_judges_nothing(self, world: World, annotated: bool) -> None:
        world.branch("release")
        world.commit("release", "weaken", **{".gate.yaml": "mode: advisory\n"})
        world.work.git("tag", *(("-a", "-m", "v1") if annotated else ()), "v1")
        world.push("v1")
        tag = world.work.sha("v1")
        clone = world.checkout("refs/tags/v1")
        with opened(clone, pushed(world, None, tag, "refs/tags/v1")) as source:
            assert files(source) == {".gate.yaml": "modified"}
            assert config(source) == CONFIG.encode()
            assert "the new tag v1 against main" in source.change.description
        before = world.work.sha("main~2")
        with opened(clone, pushed(world, before, tag, "refs/tags/v1")) as source:
            assert set(files(source)) == {".gate.yaml", APP, "n.txt"}
            assert config(source) == CONFIG.encode()

    @pytest.mark.parametrize("ref", ["refs/heads/feature", "refs/tags/v1"])
    def test_what_is_deleted_is_nothing_to_judge(self, world: World, ref: str) -> None:
        clone = world.checkout("refs/heads/main")
        with opened(clone, pushed(world, "ab" * 20, None, ref)) as source:
            assert files(source) == {}
            assert "was deleted: nothing to judge" in source.change.description
            assert config(source) == CONFIG.encode()


@pytest.mark.parametrize("name", ["workflow_dispatch", "schedule", "issue_comment"])
def test_an_event_that_names_no_change(world: World, name: str) -> None:
    found = refusal(world.checkout("refs/heads/main"), Event(name, NAME))
    assert found.message == f"The event {name} does not say what changes."
    assert "`base` and `head`" in found.advice


def test_git_that_never_answers_is_ended(
    stale: tuple[World, Repo, Event], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, clone, event = stale
    pid = tmp_path / "pid"
    clone.git("config", "remote.origin.url", "ssh://git@example.invalid/shop/apps")
    slow = tmp_path / "slow"
    slow.write_text(f"#!/bin/sh\necho $$ > {pid}\nexec sleep 600\n")
    slow.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(slow))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    monkeypatch.setattr("gate.change.fetch.SECONDS", 1.0)
    assert "no answer within 1 s" in refusal(clone, event).message
    assert not runs(int(pid.read_text()))


def runs(pid: int) -> bool:
    """Whether a process does more than wait to be forgotten."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
