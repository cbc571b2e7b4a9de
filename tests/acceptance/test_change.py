"""What the command takes for the change, on every kind of repository that people have."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_smuggling import GOOD, deployment
from tests.support.command import GATE, Run, check, gate, rules
from tests.support.git import AUTHOR, COMMITTER, Repo

APP = "deploy/app.yaml"
OFF = "version: 1\nrules: {workload.image_pinned: off}\n"
WARN = "version: 1\nrules: {workload.image_pinned: warn}\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A main branch, and a branch `bad` one commit ahead of it."""
    made = Repo.init(tmp_path / "repo")
    made.commit("start", **{APP: deployment(GOOD), "README.md": "x\n"})
    made.branch("bad")
    made.commit(
        "bad image\n\nReviewed-by: Eve <eve@x>\nReviewed-by: Bob <b@x>", **{APP: deployment()}
    )
    return made


def context(cwd: Path, *arguments: str | Path, env: dict[str, str] | None = None) -> Any:
    run = gate("context", *arguments, cwd=cwd, env=env)
    assert run.code == 0, str(run)
    return run.json


def files(found: Any) -> dict[str, str]:
    return {file["path"]: file["status"] for file in found["change"]["files"]}


def first_lines(run: Run) -> str:
    """The first paragraph, as one line."""
    return " ".join(run.out.split("\n\n")[0].split())


def refused(run: Run, *parts: str) -> None:
    assert run.code == 2, str(run)
    said = " ".join(run.err.split())
    for part in parts:
        assert part in said, said
    assert "Traceback" not in run.err
    assert run.out == ""


def test_the_first_line_says_what_is_judged_and_by_what(repo: Repo) -> None:
    here = repo.path
    short = repo.sha("main")[:7]
    head = repo.sha("bad")[:7]
    none = "judged by the built-in defaults ({} has no .gate.yaml)"
    ranged = f"HEAD against main (merge base {short}..{head}), " + none.format("main")
    assert first_lines(gate("check", "--base", "main", cwd=here)) == ranged
    branch = f"bad against main (merge base {short}..{head}), " + none.format("the working tree")
    assert first_lines(gate("check", cwd=here)) == branch
    repo.write(".gate.yaml", WARN)
    repo.stage()
    by = "judged by .gate.yaml of the working tree"
    assert first_lines(gate("check", cwd=here)) == f"staged changes against HEAD ({head}), {by}"
    assert first_lines(gate("check", "deploy", cwd=here)).startswith("everything in deploy, judged")
    repo.commit("config")
    repo.checkout("main")
    repo.merge("bad")
    last = first_lines(gate("check", cwd=here))
    assert last == f"the last commit {repo.sha('HEAD')[:7]} (merge), {by}"
    ranged = first_lines(gate("check", "--base", "bad", "--head", "main", cwd=here))
    assert ranged.endswith("judged by .gate.yaml of bad")


def test_each_kind_of_change_is_in_the_context(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "repo")
    texts = {f"{name}.yaml": deployment(GOOD, name) for name in ("keep", "move", "mode", "link")}
    gone = "apiVersion: v1\nkind: Service\nmetadata: {name: gone}\nspec: {ports: [{port: 80}]}\n"
    repo.commit("start", **texts, **{"gone.yaml": gone})
    repo.branch("all")
    repo.move("move.yaml", "moved/there é.yaml")
    repo.remove("gone.yaml")
    (repo.path / "mode.yaml").chmod(0o755)
    repo.write("copy.yaml", texts["keep.yaml"])
    repo.link("link.yaml", "keep.yaml")
    repo.write("a\nb .yaml", deployment(GOOD, "odd"))
    repo.submodule("vendor")
    repo.commit("all")
    found = context(repo.path, "--base", "main")
    assert files(found) == {
        "moved/there é.yaml": "renamed",
        "gone.yaml": "deleted",
        "mode.yaml": "modified",
        "copy.yaml": "added",
        "link.yaml": "type_changed",
        "a\nb .yaml": "added",
        "vendor": "added",
    }
    assert {each["id"]: (each["status"], each["path"]) for each in found["resources"]} == {
        "core/Service/_/gone": ("deleted", "gone.yaml"),
        "apps/Deployment/shop/keep@copy.yaml": ("added", "copy.yaml"),
        "apps/Deployment/shop/keep@link.yaml": ("added", "link.yaml"),
        "apps/Deployment/shop/link": ("deleted", "link.yaml"),
        "apps/Deployment/shop/odd": ("added", "a\nb .yaml"),
    }
    assert [each["path"] for each in found["gate"]["problems"]] == ["vendor"]


def test_commits_carry_who_and_why(repo: Repo) -> None:
    change = context(repo.path, "--base", "main")["change"]
    assert change["author"] == AUTHOR
    assert change["base"] == change["trusted"] == repo.sha("main")
    assert change["head"] == repo.sha("bad")
    assert change["commits"] == [
        {
            "sha": repo.sha("bad"),
            "author": AUTHOR,
            "committer": COMMITTER,
            "subject": "bad image",
            "trailers": {"reviewed-by": ["Eve <eve@x>", "Bob <b@x>"]},
        }
    ]


def test_the_tip_of_the_base_judges_and_not_where_the_branch_began(repo: Repo) -> None:
    repo.checkout("main")
    repo.commit("config", **{".gate.yaml": WARN})
    repo.checkout("bad")
    assert check(repo.path, "--base", "main")["verdict"] == "warn"
    found = context(repo.path, "--base", "main")
    assert (found["change"]["base"], found["change"]["trusted"]) == (
        repo.sha("main~1"),
        repo.sha("main"),
    )
    assert files(found) == {APP: "modified"}


def test_policies_given_inside_the_repository_are_those_of_the_base(repo: Repo) -> None:
    rule = (
        "# METADATA\n# title: T\n# description: d\n# scope: package\n# custom:\n"
        "#   remediation: r\npackage gate.team.always\n\n"
        'deny contains {"message": "always"} if count(input.resources) > 0\n'
    )
    repo.checkout("main")
    repo.commit("rule", **{"rules/team/always.rego": rule})
    repo.branch("soften")
    repo.write("rules/team/always.rego", rule.replace("> 0", "> 1000"))
    repo.commit("soften", **{APP: deployment(GOOD.replace("1.4.2", "1.4.3"))})
    given = ["--base", "main", "--policy", "rules"]
    assert rules(check(repo.path, *given)) == {"team.always"}
    assert check(repo.path, *given, "--trust", "head")["verdict"] == "pass"
    repo.checkout("main")
    repo.write("rules/team/always.rego", rule.replace("> 0", "> 1000"))
    repo.write(APP, deployment(GOOD.replace("1.4.2", "1.4.3")))
    repo.git("add", APP)
    by_hand = check(repo.path, "--staged", "--policy", "rules")
    assert by_hand["verdict"] == "pass"


def test_without_any_config_the_defaults_judge_and_a_first_one_is_previewed(repo: Repo) -> None:
    assert rules(check(repo.path, "--base", "main")) == {"workload.image_pinned"}
    repo.commit("adopt", **{".gate.yaml": OFF})
    run = gate("check", "--base", "main", cwd=repo.path)
    assert run.code == 1
    assert "preview" in run.out.lower()
    assert check(repo.path)["preview"] is None
    assert check(repo.path)["verdict"] == "pass"


def test_a_shallow_clone_is_refused_with_the_depth_to_set(repo: Repo, tmp_path: Path) -> None:
    shallow = repo.clone(tmp_path / "shallow", "--depth=1", "--branch=bad")
    for arguments in (("--base", "main"), ("--base", "origin/main"), ()):
        refused(gate("check", *arguments, cwd=shallow.path), "shallow", "fetch-depth: 0")


def test_a_base_that_is_empty_or_unknown_says_what_to_do(repo: Repo) -> None:
    refused(gate("check", "--base", "", cwd=repo.path), "named ''", "a variable is not set")
    refused(gate("check", "--base", "mian", cwd=repo.path), "named mian", "Did you mean main?")


def test_the_same_verdict_from_everywhere(repo: Repo, tmp_path: Path) -> None:
    given = ["--base", "main", "--head", "bad", "--now", "2026-11-22T10:00:00Z"]
    expected = check(repo.path, *given)
    bare = repo.clone(tmp_path / "bare.git", "--bare")
    repo.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"), "main")
    repo.checkout("main~0")
    (tmp_path / "tree" / "sub").mkdir()
    for place, more in (
        (repo.path / "deploy", []),
        (repo.path / ".git", []),
        (tmp_path / "tree" / "sub", []),
        (bare.path, []),
        (tmp_path, ["--repo", "repo/deploy"]),
        (tmp_path, ["--repo", bare.path]),
    ):
        found = check(place, *given, *more)
        for each in (found, expected):
            each.pop("decision_id", None)
        assert found == expected, place
    assert expected["verdict"] == "deny"
    assert expected["findings"][0]["location"]["path"] == APP


def test_a_detached_head_a_merge_and_a_root_commit_by_hand(repo: Repo, tmp_path: Path) -> None:
    repo.git("checkout", "--quiet", "--detach", "bad")
    run = gate("check", cwd=repo.path / "deploy")
    assert run.code == 1
    assert first_lines(run).startswith(f"the detached head {repo.sha('bad')[:7]} against main")
    repo.checkout("main")
    repo.commit("other", **{"other.yaml": deployment(GOOD, "other")})
    repo.merge("bad")
    assert files(context(repo.path)) == {APP: "modified"}
    assert check(repo.path)["verdict"] == "deny"
    root = Repo.init(tmp_path / "root")
    root.commit("first", **{APP: deployment()})
    assert first_lines(gate("check", cwd=root.path)).startswith("the last commit")
    assert check(root.path)["verdict"] == "deny"
    assert context(root.path)["change"]["base"] is None


def test_an_empty_repository_has_nothing_to_judge_until_something_is_staged(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "repo")
    run = gate("check", cwd=repo.path)
    assert run.code == 0, str(run)
    assert first_lines(run).startswith("staged changes before any commit")
    refused(gate("check", "--base", "main", cwd=repo.path), "no commits yet", "--staged")
    repo.write(APP, deployment())
    repo.stage()
    assert check(repo.path)["verdict"] == "deny"
    bare = Repo.init(tmp_path / "bare", bare=True)
    refused(gate("check", cwd=bare.path), "no commits yet", "--head")
    refused(gate("check", "--staged", cwd=bare.path), "no working tree", "--base and --head")


def test_a_submodule_is_named_and_can_be_judged_itself(repo: Repo, tmp_path: Path) -> None:
    outer = Repo.init(tmp_path / "outer")
    outer.commit("start", **{"README.md": "x\n"})
    add = (
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        str(repo.path),
        "part",
    )
    outer.git(*add)
    verdict = check(outer.path)
    assert [(each["path"], each["kind"]) for each in verdict["problems"]] == [
        ("part", "unrendered")
    ]
    outer.write(".gate.yaml", 'version: 1\nmanifests: {include: ["part/**"]}\n')
    assert check(outer.path)["verdict"] == "undecided"
    inner = check(outer.path / "part" / "deploy", "--base", "origin/main")
    assert inner["findings"][0]["location"]["path"] == APP


HOOK = """\
#!/bin/sh
cd "$WHERE" || exit 9
"$GATE_PROGRAM" context > "$REPORT" || exit 8
exec "$GATE_PROGRAM" check -q
"""


def committed(repo: Repo, where: str, *arguments: str) -> tuple[int, Any]:
    """`git commit` with a hook that calls gate in a folder: its exit code and what gate saw."""
    report = repo.path.parent / "report.json"
    report.unlink(missing_ok=True)
    env = os.environ | {"GATE_PROGRAM": str(GATE), "REPORT": str(report), "WHERE": where}
    env |= {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@x"}
    env |= {"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@x"}
    command = ["git", "commit", "--quiet", "--message=x", *arguments]
    done = subprocess.run(command, cwd=repo.path, env=env, capture_output=True, check=False)
    return done.returncode, json.loads(report.read_text())


@pytest.mark.parametrize("place", ["repository", "worktree"])
def test_a_pre_commit_hook_judges_what_the_commit_takes(
    repo: Repo, tmp_path: Path, place: str
) -> None:
    hook = repo.write(".git/hooks/pre-commit", HOOK)
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    repo.checkout("main")
    if place == "worktree":
        repo.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
        repo = Repo(tmp_path / "side", repo.clock)
    repo.write(APP, deployment())
    for where in (".", "deploy"):
        code, seen = committed(repo, where, "--all")
        assert (code, files(seen)) == (1, {APP: "modified"}), where
    repo.write("other.yaml", deployment(GOOD, "other"))
    repo.stage()
    for where in (".", "deploy"):
        code, seen = committed(repo, where)
        assert (code, files(seen)) == (1, {APP: "modified", "other.yaml": "added"}), where
    repo.write("README.md", "y\n")
    code, seen = committed(repo, "deploy", "--", "README.md")
    assert (code, files(seen)) == (0, {"README.md": "modified"})


def test_another_users_repository_is_refused_with_the_way_out(repo: Repo) -> None:
    try:
        for place in (repo.path, repo.path / ".git"):
            os.chown(place, 12345, -1)
    except PermissionError:
        pytest.skip("only root may give a folder away: run as root")
    advice = f"git config --global --add safe.directory {repo.path}"
    for arguments in (("--base", "main"), ("--staged",), ()):
        run = gate("check", *arguments, cwd=repo.path)
        refused(run, "dubious ownership", advice)
    trusted = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory"}
    trusted["GIT_CONFIG_VALUE_0"] = str(repo.path)
    assert gate("check", "--base", "main", cwd=repo.path, env=trusted).code == 1
    assert check(repo.path, "deploy")["verdict"] == "deny"


def test_what_git_config_says_does_not_change_what_is_seen(repo: Repo) -> None:
    before = context(repo.path, "--base", "main", "--now", "2026-11-22")
    for name, value in (
        ("diff.renames", "false"),
        ("diff.noprefix", "true"),
        ("diff.relative", "true"),
        ("diff.ignoreSubmodules", "all"),
        ("diff.external", "false"),
        ("core.quotePath", "true"),
        ("core.abbrev", "4"),
        ("core.commentChar", "R"),
        ("log.showSignature", "true"),
        ("log.mailmap", "true"),
        ("i18n.logOutputEncoding", "latin1"),
        ("format.pretty", "oneline"),
        ("trailer.separators", "%"),
        ("color.ui", "always"),
    ):
        repo.git("config", name, value)
    after = context(repo.path / "deploy", "--base", "main", "--now", "2026-11-22")
    assert after == before
