"""`gate init` as its user meets it: shown, asked, written; and the next check works."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gate.adoption.init import hook, workflow
from tests.support.act import ACTION
from tests.support.command import GATE, Run, check, gate
from tests.support.git import Repo
from tests.support.tools import ROOT, need

WRITTEN = (
    ".gate.yaml",
    ".github/workflows/change-gate-recheck.yml",
    ".github/workflows/change-gate.yml",
    ".pre-commit-config.yaml",
)
SHOP = ROOT / "examples" / "shop"
PAGE = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """The shop before it knew of gate."""
    shutil.copytree(SHOP / "main", tmp_path / "shop", copy_function=shutil.copyfile)
    made = Repo.init(tmp_path / "shop")
    for each in (".gate.yaml", "slo.json", "freezes.yaml", "slo"):
        made.remove(each)
    made.commit("The shop")
    return made


def untracked(repo: Repo) -> tuple[str, ...]:
    return tuple(repo.git("ls-files", "--others").splitlines())


def test_without_a_terminal_it_only_shows(repo: Repo) -> None:
    run = gate("init", cwd=repo.path)
    assert run.code == 0, str(run)
    assert "+environments:\n+  production: {paths:" in run.out
    assert run.out.endswith("Nothing is written. `gate init --yes` writes it.\n")
    assert untracked(repo) == ()


def test_it_writes_and_then_there_is_nothing_to_do(repo: Repo) -> None:
    run = gate("init", "--yes", cwd=repo.path)
    assert run.code == 0, str(run)
    assert untracked(repo) == WRITTEN
    assert "1. Commit what was written" in run.out
    assert "2. Require the check `change-gate`" in run.out
    assert "3. `pre-commit install` sets the hooks up" in run.out
    before = {name: (repo.path / name).read_bytes() for name in WRITTEN}
    again = gate("init", "--yes", cwd=repo.path)
    assert again.code == 0, str(again)
    assert again.out.endswith("There is nothing to do.\n")
    assert {name: (repo.path / name).read_bytes() for name in WRITTEN} == before


def test_a_dry_run_writes_nothing_whatever_else_is_said(repo: Repo) -> None:
    run = gate("init", "--dry-run", "--yes", cwd=repo.path)
    assert (run.code, untracked(repo)) == (0, ())


def test_parts_can_be_left_out(repo: Repo) -> None:
    run = gate("init", "--yes", "--without", "workflow", "--without", "hook", cwd=repo.path)
    assert run.code == 0, str(run)
    assert untracked(repo) == (".gate.yaml",)


def on_a_terminal(answer: str, cwd: Path) -> tuple[int, str]:
    """The command on a terminal of its own, and what it shows."""
    main, end = pty.openpty()
    process = subprocess.Popen([GATE, "init"], cwd=cwd, stdin=end, stdout=end, stderr=end)
    os.close(end)
    os.write(main, answer.encode())
    shown = b"".join(_all(main))
    os.close(main)
    return process.wait(60), shown.decode()


def _all(end: int) -> Iterator[bytes]:
    while select.select([end], [], [], 60)[0]:
        try:
            data = os.read(end, 4096)
        except OSError:
            return
        if not data:
            return
        yield data


@pytest.mark.parametrize(("answer", "written"), [("y\n", WRITTEN), ("n\n", ()), ("\n", ())])
def test_on_a_terminal_it_asks(repo: Repo, answer: str, written: tuple[str, ...]) -> None:
    code, shown = on_a_terminal(answer, repo.path)
    assert code == 0, shown
    assert "Write this? [y/N]" in shown
    assert "\x1b[1;32m+version: 1\x1b[0m" in shown
    assert untracked(repo) == written


def test_the_next_check_is_as_the_one_before(repo: Repo, tmp_path: Path) -> None:
    shutil.copytree(SHOP / "upgrade", repo.path, dirs_exist_ok=True, copy_function=shutil.copyfile)
    repo.commit("Upgrade")
    before = check(repo.path, "--base", "HEAD~1")
    assert gate("init", "--yes", cwd=repo.path).code == 0
    shutil.move(repo.path / ".gate.yaml", tmp_path / "proposed.yaml")
    after = check(repo.path, "--base", "HEAD~1", "--config", "../proposed.yaml")
    assert after["verdict"] == before["verdict"] == "deny"
    told = [[finding["rule"] for finding in each["findings"]] for each in (before, after)]
    assert told[0] == told[1]
    assert after["change"]["environments"] == ["production"]


def test_it_is_written_at_the_root_wherever_one_stands(repo: Repo) -> None:
    run = gate("init", "--yes", "--repo", "apps", cwd=repo.path)
    assert run.code == 0, str(run)
    assert untracked(repo) == WRITTEN


def test_before_the_first_commit(tmp_path: Path) -> None:
    made = Repo.init(tmp_path / "new")
    run = gate("init", "--yes", cwd=made.path)
    assert run.code == 0, str(run)
    assert "`git add` your manifests first" in run.out
    assert gate("check", cwd=made.path).code == 0


def test_no_manifests_at_all(tmp_path: Path) -> None:
    made = Repo.init(tmp_path / "new")
    made.commit("Docs", **{"readme.md": "x", "package.json": "{}"})
    run = gate("init", cwd=made.path)
    assert run.code == 0, str(run)
    assert "no manifests: the config is the least there is" in run.out


def test_a_clone_without_files_shows_its_last_commit(repo: Repo, tmp_path: Path) -> None:
    clone = repo.clone(tmp_path / "clone", "--no-checkout")
    run = gate("init", cwd=clone.path)
    assert "3 services" in run.out, str(run)


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    run = gate("init", cwd=tmp_path)
    assert run.code == 2
    assert "is not in a Git repository" in run.err
    bare = Repo.init(tmp_path / "bare.git", bare=True)
    run = gate("init", cwd=bare.path)
    assert run.code == 2
    assert "no working tree" in run.err


def test_a_config_that_is_there_is_left(repo: Repo) -> None:
    repo.write(".gate.yml", "services: {catalog: {}}\n")
    run = gate("init", "--yes", "--without", "workflow", "--without", "hook", cwd=repo.path)
    assert run.code == 0, str(run)
    assert untracked(repo) == (".gate.yml",)
    assert "environments: production" in run.out
    assert "services: checkout, ledger" in run.out


def test_a_source_that_a_config_lacks_is_named(repo: Repo) -> None:
    repo.write(".gate.yaml", "version: 1\n")
    repo.write("freezes.yaml", "windows: [{name: May, from: 2026-05-01, to: 2026-05-02}]\n")
    repo.stage()
    run = gate("init", "--quiet", cwd=repo.path)
    assert "evidence.freeze: windows (a file of freeze windows)" in run.out
    assert "Found:" not in run.out


def test_a_config_that_does_not_load_is_left_too(repo: Repo) -> None:
    repo.write(".gate.yaml", "servces: {}\n")
    run = gate("init", "--yes", "--without", "workflow", "--without", "hook", cwd=repo.path)
    assert run.code == 0, str(run)
    assert ".gate.yaml: it does not load" in run.out


def test_a_workflow_of_that_name_is_left(repo: Repo) -> None:
    repo.write(".github/workflows/change-gate.yml", "name: mine\n")
    run = gate("init", "--yes", cwd=repo.path)
    assert run.code == 0, str(run)
    assert "it is there, and does not use the action" in " ".join(run.out.split())
    assert (repo.path / ".github/workflows/change-gate.yml").read_text() == "name: mine\n"


def test_a_workflow_that_uses_the_action_is_enough(repo: Repo) -> None:
    repo.write(".github/workflows/ci.yml", f"jobs: {{a: {{steps: [\n uses: {workflow.PROJECT}@v0\n")
    run = gate("init", "--yes", cwd=repo.path)
    assert ".github/workflows/ci.yml: it uses the action" in run.out
    assert not (repo.path / ".github/workflows/change-gate.yml").exists()


def test_another_ci_gets_no_workflow(repo: Repo) -> None:
    repo.write(".gitlab-ci.yml", "x: {script: [y]}\n")
    run = gate("init", "--yes", cwd=repo.path)
    assert ".gitlab-ci.yml: another CI than GitHub's" in run.out
    assert not (repo.path / ".github").exists()


def test_hooks_that_are_there_keep_every_byte(repo: Repo) -> None:
    old = "repos:\n- repo: local  # ours\n  hooks:\n  - {id: x, name: x, entry: x, language: fail}"
    repo.write(".pre-commit-config.yaml", old)
    run = gate("init", "--yes", cwd=repo.path)
    assert run.code == 0, str(run)
    text = (repo.path / ".pre-commit-config.yaml").read_text()
    assert text.startswith(old)
    assert len(yaml.safe_load(text)["repos"]) == 2
    _validated(repo)
    assert "`pre-commit install -t pre-commit -t pre-merge-commit -t pre-push`" in " ".join(
        run.out.split()
    )


def test_lines_for_a_file_that_leaves_no_place_are_shown(repo: Repo) -> None:
    repo.write(".pre-commit-config.yaml", "repos: []\n")
    run = gate("init", "--yes", cwd=repo.path)
    assert "- id: gate-check" in run.out
    assert (repo.path / ".pre-commit-config.yaml").read_text() == "repos: []\n"


def test_no_link_leads_out_of_the_repository(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    repo.link(".github", "../outside")
    repo.link(".pre-commit-config.yaml", "../outside/hooks.yaml")
    run = gate("init", "--yes", cwd=repo.path)
    assert run.code == 2, str(run)
    assert "cannot be written" in run.err
    assert not any((tmp_path / "outside").iterdir())


def test_the_index_counts_and_not_what_is_ignored(repo: Repo) -> None:
    manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: lost}\n"
    repo.write("node_modules/staging/a.yaml", manifest)
    repo.write("clusters/staging/a.yaml", manifest)
    assert "staging" not in gate("init", cwd=repo.path).out


def test_nothing_of_the_repository_is_run(repo: Repo) -> None:
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand"):
        repo.git("config", name, f"touch {repo.path}/ran")
    repo.write(".gitattributes", "*.yaml filter=x\n")
    repo.git("config", "filter.x.smudge", f"touch {repo.path}/ran")
    assert gate("init", "--yes", cwd=repo.path).code == 0
    assert not (repo.path / "ran").exists()


def test_hostile_names_do_not_reach_the_terminal(repo: Repo) -> None:
    evil = "a: \x1b]0;owned\x07\u202e"
    repo.write(f"clusters/{evil}/a.yaml", "apiVersion: v1\nkind: [\n")
    repo.write(
        "x/a.yaml",
        f"apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {{name: "
        f'"{chr(92)}e[31m{chr(92)}n- x"}}\nspec: {{syncWindows: [{{clusters: [x]}}]}}\n',
    )
    repo.stage()
    run = gate("init", "--yes", cwd=repo.path)
    assert run.code == 0, str(run)
    text = run.out + (repo.path / ".gate.yaml").read_text()
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", text)
    assert gate("check", cwd=repo.path).code in {0, 3}


def test_the_workflows_have_nothing_to_find(repo: Repo) -> None:
    assert gate("init", "--yes", cwd=repo.path).code == 0
    folder = repo.path / ".github" / "workflows"
    ran = subprocess.run(
        [need("actionlint"), *sorted(folder.iterdir())], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout
    ran = subprocess.run(
        [need("zizmor"), "--offline", "--no-progress", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


def test_the_action_has_one_name() -> None:
    assert ACTION.partition("@")[0] == workflow.PROJECT
    assert f"github.com/{workflow.PROJECT}\n" in hook.new()


def test_the_workflows_are_those_of_the_examples(repo: Repo) -> None:
    assert gate("init", "--yes", cwd=repo.path).code == 0
    for name in workflow.NAMES:
        written = (repo.path / ".github" / "workflows" / name).read_bytes()
        assert written == (ROOT / "examples" / "workflows" / name).read_bytes()
        assert workflow.uses_the_action(written)


def test_pre_commit_takes_what_is_written(repo: Repo) -> None:
    assert gate("init", "--yes", cwd=repo.path).code == 0
    _validated(repo)


def _validated(repo: Repo) -> None:
    ran = subprocess.run(
        [need("pre-commit"), "validate-config", repo.path / ".pre-commit-config.yaml"],
        capture_output=True,
        text=True,
        check=False,
        cwd=repo.path,
        env=_own_cache(repo),
    )
    assert ran.returncode == 0, ran.stdout


def _own_cache(repo: Repo) -> dict[str, str]:
    """For pre-commit, which else writes to the home folder."""
    return {**os.environ, "PRE_COMMIT_HOME": str(repo.path.parent / "cache")}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def typed(line: str, repo: Repo) -> Run:
    """A line of the page, run as it stands."""
    command = shlex.split(line, comments=True)
    if command[0] == "gate":
        return gate(*command[1:], cwd=repo.path, env={"COLUMNS": "80"})
    if command[0] == "git":
        return Run(0, repo.git(*command[1:]), "")
    if command[:2] == ["sed", "-i"]:
        path = repo.path / command[3]
        _, old, new, _ = command[2].split("|")
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        return Run(0, "", "")
    done = subprocess.run(
        [need(command[0]), *command[1:]],
        cwd=repo.path,
        env=_own_cache(repo),
        capture_output=True,
        text=True,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


CODES = {"gate check": 1, "gate check --base main  # blocked": 1}
"""The first commit of the shop has an image with a mutable tag."""


def test_every_command_of_getting_started_runs(repo: Repo, tmp_path: Path) -> None:
    origin = Repo.init(tmp_path / "origin.git", bare=True)
    repo.git("remote", "add", "origin", str(origin.path))
    shown = []
    for line in "".join(blocks("sh")).splitlines():
        if line.strip():
            run = typed(line, repo)
            assert run.code == CODES.get(line, 0), f"{line}\n{run}"
            shown.append(run.out)
    everything = " ".join("\n".join(shown).split())
    for text in blocks("text"):
        for part in text.split("...\n"):
            assert " ".join(part.split()) in everything, f"{part}\n--- shown\n{everything}"
    for text in blocks("yaml"):
        assert text == (repo.path / ".gate.yaml").read_text()
