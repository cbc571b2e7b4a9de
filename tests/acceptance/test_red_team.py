"""What an attack on the gate found: who judges, and where the verdict is written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.acceptance.test_smuggling import BAD, GOOD, deployment
from tests.support.command import check, gate, rules
from tests.support.git import Repo

STRICT = "version: 1\n"
LENIENT = "version: 1\nrules: {workload.image_pinned: off}\n"


def repository(path: Path) -> Repo:
    repo = Repo.init(path)
    repo.write("ci/gate.yaml", STRICT)
    repo.write("docs/lenient.yaml", LENIENT)
    repo.commit("start")
    repo.branch("change")
    repo.write("deploy/app.yaml", deployment())
    return repo


@pytest.mark.parametrize("inside", [True, False], ids=["a file of the base", "a file elsewhere"])
def test_a_link_in_the_head_does_not_choose_the_config(tmp_path: Path, inside: bool) -> None:
    elsewhere = tmp_path / "lenient.yaml"
    elsewhere.write_text(LENIENT)
    repo = repository(tmp_path / "repo")
    repo.link("ci/gate.yaml", "../docs/lenient.yaml" if inside else str(elsewhere))
    repo.commit("smuggle")
    verdict = check(repo.path, "--base", "main", "--config", "ci/gate.yaml")
    assert "workload.image_pinned" in rules(verdict, level="deny")


def test_a_linked_folder_in_the_head_does_not_choose_the_config(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "gate.yaml").write_text(LENIENT)
    repo = repository(tmp_path / "repo")
    repo.remove("ci")
    repo.link("ci", str(elsewhere))
    repo.commit("smuggle")
    verdict = check(repo.path, "--base", "main", "--config", "ci/gate.yaml")
    assert "workload.image_pinned" in rules(verdict, level="deny")


def test_a_link_in_the_head_does_not_choose_the_policies(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "policies"
    elsewhere.mkdir(parents=True)
    repo = repository(tmp_path / "repo")
    repo.link("policies", str(elsewhere))
    repo.commit("smuggle")
    run = gate("check", "--base", "main", "--policy", "policies", cwd=repo.path)
    assert run.code == 2, str(run)
    assert "policies" in run.err
    assert str(elsewhere) not in run.err


def test_the_config_may_be_named_by_a_way_through_links_outside(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    repo.commit("change")
    (tmp_path / "alias").symlink_to(repo.path)
    (tmp_path / "gate.yaml").symlink_to("repo/docs/lenient.yaml")
    for path in (tmp_path / "alias/docs/lenient.yaml", tmp_path / "gate.yaml"):
        verdict = check(repo.path, "--base", "main", "--config", path)
        assert verdict["verdict"] == "pass", path
    (tmp_path / "own.yaml").write_text(LENIENT)
    (tmp_path / "link.yaml").symlink_to("own.yaml")
    verdict = check(repo.path, "--base", "main", "--config", tmp_path / "link.yaml")
    assert verdict["verdict"] == "pass"


@pytest.mark.parametrize(
    "now", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "0999-01-01"]
)
def test_a_time_out_of_all_range_is_wrong_usage(tmp_path: Path, now: str) -> None:
    repo = repository(tmp_path / "repo")
    repo.commit("change")
    run = gate("check", "--base", "main", "--now", now, cwd=repo.path)
    assert run.code == 2, str(run)
    assert "--now" in run.err


def test_a_verdict_goes_into_a_pipe_that_stays_one(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    repo.commit("change")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    handle = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        run = gate("check", "--base", "main", "-o", f"text={pipe}", cwd=repo.path)
        assert run.code == 1, str(run)
        assert stat.S_ISFIFO(pipe.stat().st_mode)
        assert b"workload.image_pinned" in os.read(handle, 65536)
    finally:
        os.close(handle)


def test_a_verdict_file_takes_the_place_of_a_link_and_not_of_its_target(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    precious = tmp_path / "precious"
    precious.write_text("precious")
    repo.link("verdict.json", str(precious))
    repo.commit("smuggle")
    gate("check", "--base", "main", "-o", "json=verdict.json", cwd=repo.path)
    assert precious.read_text() == "precious"
    assert not (repo.path / "verdict.json").is_symlink()


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    repo.commit("change")
    (repo.path / "folder").mkdir()
    before = sorted(repo.path.iterdir())
    run = gate("check", "--base", "main", "-o", "json=folder", cwd=repo.path)
    assert run.code == 2, str(run)
    assert sorted(repo.path.iterdir()) == before


def test_of_two_folders_the_second_does_not_bring_the_config(tmp_path: Path) -> None:
    for folder, config in (("old", STRICT), ("new", LENIENT)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / ".gate.yaml").write_text(config)
    (tmp_path / "new" / "app.yaml").write_text(deployment())
    folders = ("--base-tree", "old", "--tree", "new")
    verdict = check(tmp_path, *folders)
    assert "workload.image_pinned" in rules(verdict, level="deny")
    assert verdict["preview"]["verdict"] == "warn"
    (tmp_path / "old" / ".gate.yaml").unlink()
    verdict = check(tmp_path, *folders)
    assert "workload.image_pinned" in rules(verdict, level="deny")
    assert verdict["preview"]["changed"] == [".gate.yaml"]


def crossed(path: Path) -> Repo:
    """Main and the branch have merged each other: they have two merge bases. Main mended an image
    in between."""
    repo = Repo.init(path)
    repo.write(".gate.yaml", STRICT)
    repo.write("deploy/app.yaml", deployment(BAD))
    repo.commit("start")
    repo.git("branch", "change")
    mended = repo.commit("mended", **{"deploy/app.yaml": deployment(GOOD)})
    repo.checkout("change")
    first = repo.commit("first part", **{"docs/a.md": "a"})
    repo.checkout("main")
    repo.merge(first)
    repo.checkout("change")
    repo.git("merge", "--quiet", "--no-ff", "--no-commit", mended)
    return repo


def test_a_merge_that_brings_back_what_was_mended_is_found(tmp_path: Path) -> None:
    repo = crossed(tmp_path / "repo")
    repo.commit("evil merge", **{"deploy/app.yaml": deployment(BAD)})
    assert len(repo.git("merge-base", "--all", "main", "change").split()) == 2
    merged = repo.git("merge-tree", "--write-tree", "main", "change").split()[0]
    assert BAD in repo.git("cat-file", "blob", f"{merged}:deploy/app.yaml")
    for base, head in (("main", "change"), ("change", "main")):
        repo.git("checkout", "--quiet", "--detach", head)
        verdict = check(repo.path, "--base", base)
        expected = {"workload.image_pinned"} if head == "change" else set()
        assert rules(verdict, level="deny") == expected


def test_merges_in_both_directions_are_no_change(tmp_path: Path) -> None:
    repo = crossed(tmp_path / "repo")
    repo.commit("merge", **{"docs/b.md": "b"})
    repo.checkout("main")
    repo.commit("later", **{"deploy/other.yaml": deployment(GOOD, "other")})
    repo.checkout("change")
    assert len(repo.git("merge-base", "--all", "main", "change").split()) == 2
    assert check(repo.path, "--base", "main")["findings"] == []


@pytest.mark.parametrize("listed", ["files: [creds.yaml]", "files: [key=creds.yaml]"])
def test_a_file_that_a_secret_is_made_of_is_hidden_and_named(tmp_path: Path, listed: str) -> None:
    repo = Repo.init(tmp_path / "repo")
    repo.write("kustomization.yaml", f"secretGenerator:\n  - name: x\n    {listed}\n")
    repo.write("creds.yaml", "password: old-horse\ndeep: {of: [old-horse]}\n")
    repo.commit("start")
    repo.branch("change")
    repo.write("creds.yaml", "password: new-horse\ndeep: {of: [new-horse]}\n")
    repo.commit("another password")
    saved = gate("context", "--base", "main", cwd=repo.path)
    assert saved.code == 0, str(saved)
    assert "horse" not in saved.out
    [resource] = saved.json["resources"]
    assert resource["old"] != resource["new"]
    assert [each["path"] for each in saved.json["gate"]["problems"]] == ["creds.yaml"]


def test_a_change_cannot_hide_what_stands_in_the_open(tmp_path: Path) -> None:
    values = "image: {repository: registry.example/app, tag: %s}\n"
    rules_file = "groups: [{name: g, rules: [{alert: Down, expr: up == 0}]}]\n"
    repo = Repo.init(tmp_path / "repo")
    repo.write("kustomization.yaml", "resources: []\n")
    repo.write("values.yaml", values % "1.0.0")
    repo.write("alerts.yaml", rules_file)
    repo.commit("start")
    repo.branch("change")
    listed = "secretGenerator:\n  - {name: x, files: [values.yaml, alerts.yaml]}\n"
    repo.write("kustomization.yaml", listed)
    repo.write("values.yaml", values % "latest")
    repo.write("alerts.yaml", "groups: [{name: g, rules: []}]\n")
    repo.commit("call them secrets")
    verdict = check(repo.path, "--base", "main")
    assert rules(verdict) >= {"workload.image_pinned", "observability.alert_removed"}
