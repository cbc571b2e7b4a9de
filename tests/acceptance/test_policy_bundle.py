"""`gate policy bundle`, and judging by bundles, from files and from the network."""

from __future__ import annotations

import hashlib
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import Run, gate
from tests.support.git import Repo
from tests.support.tools import ROOT
from tests.support.web import Asked, Told, web
from tests.unit.decision.cases import module

RULE = module(
    "team.named",
    """\
deny contains {"message": "a bad name", "resource": r.id} if {
	some r in input.resources
	r.name == "bad"
}""",
)
MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\n"
PAGE = (ROOT / "docs" / "bundles.md").read_text(encoding="utf-8")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.write("policies/team/named.rego", RULE)
    made.write(".gate.yaml", "version: 1\npolicies: [builtin, policies/]\n")
    made.commit("start")
    return made


@pytest.fixture
def cache(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache"), "no_proxy": "*"}


def build(repo: Repo, *arguments: str | Path) -> Path:
    file = repo.path.parent / "gate.tar.gz"
    run = gate("policy", "bundle", "-o", file, *arguments, cwd=repo.path)
    assert run.code == 0, str(run)
    return file


def change(repo: Repo) -> None:
    repo.branch("change")
    repo.write("deploy/bad.yaml", MANIFEST)
    repo.commit("change")


def check(repo: Repo, *arguments: str | Path, env: dict[str, str] | None = None) -> Run:
    now = ("--now", "2026-11-22T10:00:00Z")
    return gate("check", "--base", "main", *now, "-o", "json", *arguments, cwd=repo.path, env=env)


def without_id(verdict: Any) -> Any:
    """The verdict without its id, which is made of all that was saved with it."""
    return {key: value for key, value in verdict.items() if key != "decision_id"}


def test_a_bundle_gives_the_verdict_of_the_folders_that_it_was_built_from(repo: Repo) -> None:
    file = build(repo)
    change(repo)
    folders, bundle = check(repo), check(repo, "--policy", file)
    assert folders.code == bundle.code == 1, f"{folders}\n{bundle}"
    assert without_id(folders.json) == without_id(bundle.json)
    assert [each["rule"] for each in bundle.json["findings"]] == ["team.named"]


def test_the_output_says_what_was_written_and_how_to_serve_it(repo: Repo) -> None:
    run = gate("policy", "bundle", "-o", "dist.tar.gz", cwd=repo.path)
    data = (repo.path / "dist.tar.gz").read_bytes()
    rules = len(gate("policy", "list", cwd=repo.path).out.splitlines()) - 1
    assert run.out.splitlines()[0] == f"Wrote dist.tar.gz: {rules} rules, {len(data):,} bytes."
    assert f"pin     #sha256={hashlib.sha256(data).hexdigest()}" in run.out
    assert "opa run --server --addr 127.0.0.1:8181 --bundle dist.tar.gz" in run.out
    quiet = gate("policy", "bundle", "-q", "-o", "again.tar.gz", cwd=repo.path)
    assert f"digest  {quiet.out.strip()}\n" in run.out
    assert (repo.path / "again.tar.gz").read_bytes() == data


def test_the_digest_of_the_verdict_is_that_of_the_bundle(repo: Repo) -> None:
    quiet = gate("policy", "bundle", "-q", cwd=repo.path)
    assert (repo.path / "gate-bundle.tar.gz").is_file()
    change(repo)
    assert check(repo).json["policies"]["digest"] == quiet.out.strip()


def test_the_rules_of_the_server_are_left_out(repo: Repo) -> None:
    plain = build(repo).read_bytes()
    repo.write(".gate.yaml", "version: 1\npolicies: [server, builtin, policies/]\n")
    assert build(repo).read_bytes() == plain


def test_rules_that_no_config_names_are_left_out_and_said_to_be(repo: Repo) -> None:
    file = repo.path.parent / "gate.tar.gz"
    run = gate("policy", "bundle", "-o", file, cwd=repo.path)
    assert (run.code, run.err) == (0, ""), str(run)
    (repo.path / ".gate.yaml").unlink()
    run = gate("policy", "bundle", "-o", file, cwd=repo.path)
    assert run.code == 0, str(run)
    assert run.err == (
        "Left out, since no config names it: policies (`--policy builtin --policy policies` takes "
        "it in).\n"
    )
    run = gate("policy", "bundle", "-o", file, "--policy", "builtin", cwd=repo.path)
    assert (run.code, run.err) == (0, ""), str(run)


def test_a_bundle_goes_into_a_pipe_which_stays_one(repo: Repo, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        read = pool.submit(pipe.read_bytes)
        run = gate("policy", "bundle", "-o", pipe, cwd=repo.path)
        assert run.code == 0, str(run)
        assert read.result(timeout=30) == build(repo).read_bytes()
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--policy", "server"], "no rule to build"),
        (["--policy", "nowhere"], "does not exist"),
        (["-o", "nowhere/x.tar.gz"], "cannot be written"),
    ],
)
def test_what_cannot_be_built_is_an_error(repo: Repo, arguments: list[str], what: str) -> None:
    run = gate("policy", "bundle", *arguments, cwd=repo.path)
    assert (run.code, run.out) == (2, "")
    assert what in run.err
    assert not list(repo.path.glob("**/*.tar.gz"))


def test_a_change_does_not_choose_the_bundle_that_judges_it(repo: Repo) -> None:
    build(repo).rename(repo.path / "rules.tar.gz")
    repo.write(".gate.yaml", "version: 1\npolicies: [rules.tar.gz]\n")
    repo.commit("by a bundle")
    change(repo)
    repo.write("policies/team/named.rego", RULE.replace('"bad"', '"none"'))
    build(repo, "--policy", "policies").rename(repo.path / "rules.tar.gz")
    repo.commit("weaker")
    found = check(repo)
    assert found.code == 1, str(found)
    denied = {each["rule"] for each in found.json["findings"] if each["level"] == "deny"}
    assert "team.named" in denied
    assert "change.weakens_gate" in {each["rule"] for each in found.json["findings"]}


def test_a_bundle_from_the_network_judges_and_a_saved_input_needs_none(
    repo: Repo, cache: dict[str, str]
) -> None:
    data = build(repo).read_bytes()
    pin = f"#sha256={hashlib.sha256(data).hexdigest()}"
    with web(lambda _: Told(body=data)) as server:
        address = f"{server.address}/gate.tar.gz"
        repo.write(".gate.yaml", f'version: 1\npolicies: ["{address}{pin}"]\n')
        repo.commit("by a bundle")
        change(repo)
        first = check(repo, env=cache)
        assert first.code == 1, str(first)
        assert len(server.asked) == 1
    again = check(repo, "--offline", env=cache)
    assert again.json["findings"] == first.json["findings"]
    saved = repo.path.parent / "input.json"
    saved.write_text(gate("context", "--base", "main", "--offline", cwd=repo.path, env=cache).out)
    elsewhere = repo.path.parent / "elsewhere"
    elsewhere.mkdir()
    run = gate("check", "--input", saved, "-o", "json", cwd=elsewhere)
    assert run.json["findings"] == first.json["findings"]
    assert run.json["policies"] == first.json["policies"]


def test_other_bytes_than_the_config_names_judge_nothing(repo: Repo, cache: dict[str, str]) -> None:
    data = build(repo).read_bytes()
    with web(lambda _: Told(body=data)) as server:
        address = f"{server.address}/gate.tar.gz"
        repo.write(".gate.yaml", f'version: 1\npolicies: ["{address}#sha256={"0" * 64}"]\n')
        repo.commit("by another bundle")
        change(repo)
        found = check(repo, env=cache)
    assert (found.code, found.json["verdict"]) == (2, "error")
    assert "not the one that was asked for" in found.json["error"]["message"]


def test_the_address_of_a_change_is_not_asked(repo: Repo, cache: dict[str, str]) -> None:
    data = build(repo).read_bytes()

    def answer(_: Asked) -> Told:
        return Told(body=data)

    with web(answer) as trusted, web(answer) as other:
        repo.write(".gate.yaml", f'version: 1\npolicies: ["{trusted.address}/gate.tar.gz"]\n')
        repo.commit("by a bundle")
        change(repo)
        both = f'["{trusted.address}/gate.tar.gz", "{other.address}/x.tar.gz"]'
        repo.write(".gate.yaml", f"version: 1\npolicies: {both}\n")
        repo.commit("asks elsewhere")
        found = check(repo, env=cache)
        assert found.code == 1, str(found)
        assert (len(trusted.asked), len(other.asked)) == (1, 0)
        assert "nothing is asked over the network" in json.dumps(found.json["preview"])
        repo.write(
            ".gate.yaml",
            f'version: 1\nmode: advisory\npolicies: ["{trusted.address}/gate.tar.gz"]\n',
        )
        repo.commit("asks the same")
        again = check(repo, env=cache)
        assert "nothing is asked" not in json.dumps(again.json["preview"])
        assert len(other.asked) == 0


def test_the_page_s_commands_run_and_print_what_it_shows(repo: Repo) -> None:
    commands = re.findall(r"```sh\n(gate .*)\n```", PAGE)
    assert len(commands) == 2
    runs = [gate(*command.split()[1:], cwd=repo.path) for command in commands]
    assert [run.code for run in runs] == [0, 0], f"{runs[0]}\n{runs[1]}"
    [shown] = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    blank = re.compile(r"[\d,]+ (rules|bytes)|sha256([:=])\S+")
    assert blank.sub("", runs[0].out) == blank.sub("", shown)
    assert "team.named" in runs[1].out


def test_the_page_s_config_is_one(repo: Repo) -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    _, file, address = yaml.safe_load(block)["policies"]
    build(repo, "--policy", "policies").rename(repo.path / Path(file).name)
    repo.write(".gate.yaml", block.replace(file, Path(file).name).replace(address, "builtin2"))
    run = gate("check", cwd=repo.path)
    assert "builtin2" in run.err
    repo.write(".gate.yaml", block)
    assert "does not exist" in gate("check", cwd=repo.path).err
