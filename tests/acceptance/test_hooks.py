"""The hooks, run by the real pre-commit and the real prek in real repositories."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.git import Repo
from tests.support.hooks import MANAGERS, Hooked, Hooks, published
from tests.support.tools import need

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: %s}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example/web:%s
          resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}
"""
PINNED = "1.2.3@sha256:" + "a" * 64
NEXT = "1.2.4@sha256:" + "b" * 64


def web(tag: str, name: str = "web") -> str:
    return WEB % (name, tag)


GOOD, BETTER, BAD = web(PINNED), web(NEXT), web("latest")


@pytest.fixture(scope="session")
def hooks(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Hooks:
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    with published(shared / "hooks") as made:
        for manager in MANAGERS:
            place = shared / "hooks" / f"{manager}-installed"
            if not place.exists():
                at = Hooked(Repo.init(place), manager, made.env)
                at.repo.write(".pre-commit-config.yaml", made.config)
                at.repo.stage()
                at.install()
        return made


@pytest.fixture(params=MANAGERS)
def at(request: pytest.FixtureRequest, hooks: Hooks, tmp_path: Path) -> Hooked:
    """A repository with a good manifest, whose hooks a manager runs."""
    repo = Repo.init(tmp_path / "repo")
    repo.commit("start", **{".pre-commit-config.yaml": hooks.config, "web.yaml": GOOD})
    made = Hooked(repo, request.param, hooks.env)
    made.install()
    return made


def test_a_commit_is_judged_as_the_index_has_it(at: Hooked) -> None:
    at.repo.write("README.md", "hello\n")
    at.repo.stage()
    done = at.commit()
    assert (done.code, done.verdict["summary"]["judged"]) == (0, 0)
    assert "PASS" not in done.said

    at.repo.write("web.yaml", BAD)
    at.repo.stage()
    at.repo.write("web.yaml", BETTER)
    done = at.commit()
    assert done.code == 1
    assert done.verdict["verdict"] == "deny"
    assert "DENY  1 finding blocks this change" in done.said
    assert "workload.image_pinned  web.yaml:11:11" in done.said
    assert "fix:" in done.said
    assert "reading the change" not in done.said

    at.repo.stage()
    at.repo.write("web.yaml", BAD)
    at.repo.write("new.yaml", BAD)
    done = at.commit()
    assert (done.code, done.verdict["verdict"]) == (0, "pass"), done.said
    assert (at.repo.path / "web.yaml").read_text() == BAD

    done = at.commit("--all", SKIP="gate-check")
    assert (done.code, done.verdicts) == (0, []), done.said


def test_what_commit_takes_is_judged_and_nothing_else(at: Hooked) -> None:
    at.repo.write("web.yaml", BAD)
    assert at.commit("--all").judged == {"web.yaml"}
    at.repo.write("fine.yaml", web(PINNED, "fine"))
    at.repo.stage()
    done = at.commit("--", "fine.yaml")
    assert (done.code, done.verdict["change"]["files"]) == (0, 1), done.said
    assert at.commit("--amend").judged == {"web.yaml"}
    at.repo.git("checkout", "-q", "HEAD", "--", "web.yaml")
    done = at.commit("--amend", "--message=only the message")
    assert (done.code, done.verdict["change"]["files"]) == (0, 0), done.said


def test_names_renames_deletions_and_what_is_only_announced(at: Hooked) -> None:
    at.repo.move("web.yaml", "dépôt/wéb \N{GLOBE WITH MERIDIANS}.yaml")
    at.repo.stage()
    done = at.commit()
    assert (done.code, done.verdict["change"]["files"]) == (0, 1), done.said
    at.repo.write("new.yaml", BAD)
    at.repo.git("add", "--intent-to-add", "new.yaml")
    at.repo.write("README.md", "hello\n")
    at.repo.git("add", "README.md")
    done = at.commit()
    assert (done.code, done.verdict["change"]["files"]) == (0, 1), done.said
    at.repo.git("rm", "-q", "--cached", "new.yaml")
    at.repo.git("rm", "-q", "-r", "dépôt")
    done = at.git("commit", "--message=m", cwd=at.repo.path)
    assert done.verdict["change"]["resources"] == 1
    assert "change.deletes_stateful" in {rule["rule"] for rule in done.verdict["rules"]}


def test_the_first_commit_of_all(hooks: Hooks, tmp_path: Path) -> None:
    at = Hooked(Repo.init(tmp_path / "repo"), "pre-commit", hooks.env)
    at.repo.write(".pre-commit-config.yaml", hooks.config)
    at.repo.write("web.yaml", BAD)
    at.repo.stage()
    at.install()
    assert at.commit().judged == {"web.yaml"}


def diverged(at: Hooked) -> None:
    """`other` brings a finding, and both sides change `web.yaml`."""
    at.repo.branch("other")
    at.repo.commit("theirs", **{"theirs.yaml": web("latest", "theirs"), "web.yaml": BETTER})
    at.repo.checkout("main")
    at.repo.commit("ours", **{"ours.yaml": web(PINNED, "ours"), "web.yaml": web("1.3.0")})


def test_a_merge_is_judged_by_what_it_changes_itself(at: Hooked) -> None:
    diverged(at)
    assert at.git("merge", "other").code == 1
    at.repo.write("web.yaml", BAD)
    at.repo.stage()
    done = at.commit()
    assert (done.code, done.judged) == (1, {"web.yaml"})
    first = done.said.partition("judged by")[0]
    assert "the staged merge of" in first
    assert "1 file is left" in first
    at.repo.write("web.yaml", GOOD)
    at.repo.stage()
    done = at.git("merge", "--continue")
    assert (done.code, done.verdict["change"]["files"]) == (0, 1), done.said
    assert at.repo.git("rev-list", "--count", "--merges", "HEAD") == "1"


def test_a_merge_without_conflict_brings_no_news(at: Hooked) -> None:
    at.repo.branch("other")
    at.repo.commit("theirs", **{"theirs.yaml": web("latest", "theirs")})
    at.repo.checkout("main")
    at.repo.commit("ours", ours="1")
    done = at.git("merge", "other")
    assert (done.code, done.verdict["change"]["files"]) == (0, 0), done.said
    at.repo.git("reset", "-q", "--hard", "HEAD~1")
    done = at.git("merge", "--squash", "other")
    assert at.commit().judged == {"theirs.yaml"}


def test_picked_reverted_and_rebased_commits(at: Hooked) -> None:
    diverged(at)
    assert at.git("cherry-pick", "other").code == 1
    at.repo.write("web.yaml", GOOD)
    at.repo.stage()
    assert at.commit().judged == {"theirs.yaml"}
    at.git("cherry-pick", "--abort")

    at.repo.checkout("other")
    assert at.git("rebase", "main").code == 1
    at.repo.write("web.yaml", GOOD)
    at.repo.stage()
    assert at.commit().judged == {"theirs.yaml"}
    at.git("rebase", "--abort")

    at.repo.checkout("main")
    at.repo.git("revert", "--no-commit", "HEAD")
    done = at.commit()
    assert done.verdict["change"]["files"] == 2
    gate = Path(need("python")).with_name("gate")
    done = at.git("rebase", "--exec", f"{gate} check --staged --offline", "HEAD~1")
    assert done.code == 0, done.said


def test_other_places_to_commit_from(at: Hooked, tmp_path: Path) -> None:
    at.repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = Hooked(Repo(tmp_path / "side"), at.manager, at.env)
    side.repo.write("web.yaml", BAD)
    assert side.commit("--all").judged == {"web.yaml"}

    folder = at.repo.path / "deep" / "er"
    folder.mkdir(parents=True)
    at.repo.write("web.yaml", BAD)
    assert at.git("commit", "--all", "--message=m", cwd=folder).judged == {"web.yaml"}

    outer = Repo.init(tmp_path / "outer")
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", str(at.repo.path), "sub")
    inner = Hooked(Repo(outer.path / "sub"), at.manager, at.env)
    inner.install()
    inner.repo.write("web.yaml", BAD)
    assert inner.commit("--all").judged == {"web.yaml"}


def test_a_broken_config_is_named(at: Hooked) -> None:
    at.repo.write(".gate.yaml", "version: 1\nruls: {}\n")
    at.repo.stage()
    done = at.commit()
    assert done.code == 1
    assert "exit code: 2" in done.said
    assert "gate: .gate.yaml:2:1: " in done.said
    assert "Did you mean `rules`?" in done.said


def remote(at: Hooked, tmp_path: Path) -> None:
    bare = Repo.init(tmp_path / "remote.git", bare=True)
    at.repo.git("remote", "add", "origin", str(bare.path))


def test_a_push_is_judged_by_its_commits(at: Hooked, tmp_path: Path) -> None:
    remote(at, tmp_path)
    at.repo.write("web.yaml", BAD)
    at.repo.stage()
    done = at.git("push", "origin", "main")
    assert (done.code, done.verdict["verdict"]) == (0, "pass"), done.said
    assert done.verdict["change"]["base"] is None

    start = at.repo.sha("HEAD")
    bad = at.repo.commit("bad")
    at.repo.write("web.yaml", GOOD)
    at.repo.stage()
    done = at.git("push", "origin", "main")
    assert (done.code, done.judged) == (1, {"web.yaml"}), done.said
    assert f"what is pushed to main ({start[:7]}..{bad[:7]})" in done.said
    change = done.verdict["change"]
    assert (change["base"], change["head"], change["trusted"]) == (start, bad, start)
    assert at.git("push", "origin", "main", SKIP="gate-check-push").code == 0

    at.repo.commit("good")
    done = at.git("push", "origin", "main:feature")
    assert (done.code, done.verdict["change"]["base"]) == (0, bad), done.said
    done = at.git("push", "--force", "origin", f"{start}:main")
    assert done.code == 0, done.said
    if at.manager == "pre-commit":
        change = done.verdict["change"]
        assert (change["base"], change["head"]) == (bad, start)
    else:
        # prek runs no hook where a push brings no commit that the remote has not.
        assert done.verdicts == []
    assert at.git("push", "origin", ":feature").code == 0
    assert at.repo.git("ls-remote", "origin").split() == [start, "HEAD", start, "refs/heads/main"]


def test_commits_that_are_named_by_hand_are_judged(at: Hooked) -> None:
    at.repo.commit("bad", **{"web.yaml": BAD})
    at.repo.commit("good", **{"web.yaml": GOOD})
    span = ("--from-ref", "HEAD~2", "--to-ref", "HEAD~1")
    env = {**os.environ, **at.env}
    for hook in ("gate-check", "gate-check-push"):
        stage = ("--hook-stage", "manual")
        done = subprocess.run(
            [need(at.manager), "run", *span, *stage, hook],
            cwd=at.repo.path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stdout
        assert "workload.image_pinned" in done.stdout


def test_rules_are_tested_where_one_changes(at: Hooked) -> None:
    rule = "package gate.team.a\n"
    at.repo.write("policies/team/a.rego", rule)
    at.repo.stage()
    done = at.commit()
    assert done.code == 1
    assert "gate policy test" in done.said
    at.repo.git("rm", "-rqf", "policies")
    at.repo.write("README.md", "hello\n")
    at.repo.stage()
    done = at.git("commit", "--message=m", "-v")
    assert done.code == 0
    assert "no files to check" in done.said
