"""conftest's policies in a repository: config, command line, old debt, waivers, saved inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import check, gate
from tests.support.git import Repo

POLICY = """\
package main

# METADATA
# title: No floating tags
# description: A tag that moves is another image tomorrow.
# custom:
#   remediation: Pin the image.
deny_latest contains msg if {
	some container in input.spec.template.spec.containers
	endswith(container.image, data.tags.floating)
	msg := sprintf("%s has a floating tag", [container.name])
}

warn_team contains "no team" if not input.metadata.labels.team
"""
SECURITY = 'package kubernetes.security\n\ndeny contains "no account" if not input.spec.account\n'
DATA = "tags: {floating: ':latest'}\n"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart}
spec:
  template:
    spec:
      containers:
      - {name: app, image: "cart:latest"}
"""
CONFIG = """\
policies: [{conftest: policy/, data: [data/]}]
rules: {main.warn_team: deny}
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path)
    made.write("policy/main.rego", POLICY)
    made.write("policy/security.rego", SECURITY)
    made.write("data/tags.yaml", DATA)
    made.write("deploy/cart.yaml", DEPLOYMENT)
    made.write(".gate.yaml", CONFIG)
    made.commit("before")
    made.branch("change")
    made.write("deploy/cart.yaml", DEPLOYMENT + '      - {name: side, image: "side:latest"}\n')
    made.commit("after")
    return made


def found(verdict: dict[str, object], status: str = "new") -> list[tuple[str, str, str]]:
    findings = verdict["findings"]
    assert isinstance(findings, list)
    return [
        (each["rule"], each["level"], each["message"])
        for each in findings
        if each["status"] == status
    ]


def test_a_config_names_them_and_old_debt_does_not_block(repo: Repo) -> None:
    verdict = check(repo.path, "--base", "main")
    assert found(verdict) == [("main.deny_latest", "deny", "side has a floating tag")]
    assert found(verdict, "existing") == [
        ("main.deny_latest", "deny", "app has a floating tag"),
        ("main.warn_team", "deny", "no team"),
    ]
    (new, *_) = verdict["findings"]
    assert new["resource"] == "apps/Deployment/_/cart"
    assert new["location"]["path"] == "deploy/cart.yaml"
    assert new["remediation"] == "Pin the image."


def test_a_waiver_covers_a_finding(repo: Repo) -> None:
    repo.checkout("main")
    waiver = "{rule: main.deny_latest, path: deploy/cart.yaml, expires: 2027-01-01, reason: soon}"
    repo.write(".gate/waivers.yaml", f"waivers: [{waiver}]\n")
    repo.commit("waived")
    repo.checkout("change")
    verdict = check(repo.path, "--base", "main", "--now", "2026-11-22T10:00:00Z")
    assert (verdict["verdict"], verdict["summary"]["waived"]) == ("pass", 1)


def test_a_saved_input_gives_the_same_verdict(repo: Repo) -> None:
    now = ("--now", "2026-11-22T10:00:00Z")
    saved = gate("context", "--base", "main", *now, cwd=repo.path)
    assert saved.code == 0, str(saved)
    again = gate("check", "--input", "-", "-o", "json", cwd=repo.path, stdin=saved.out)
    assert again.json == check(repo.path, "--base", "main", *now)


def test_policies_and_data_are_read_from_the_base(repo: Repo) -> None:
    repo.write("data/tags.yaml", DATA.replace("latest", "none"))
    repo.write("policy/main.rego", "package main\n\nwarn := []\n")
    repo.commit("weaker")
    verdict = check(repo.path, "--base", "main")
    assert found(verdict) == [("main.deny_latest", "deny", "side has a floating tag")]
    assert verdict["preview"]["verdict"] != "deny"


def test_the_command_line_names_them(repo: Repo) -> None:
    shown = gate("check", "deploy", "--conftest", "policy", "--data", "data", cwd=repo.path)
    assert shown.code == 1
    assert "deny  main.deny_latest" in shown.out
    every = check(repo.path, "deploy", "--conftest", "policy", "--all-namespaces", "--data", "data")
    assert {rule for rule, _, _ in found(every)} == {
        "main.deny_latest",
        "main.warn_team",
        "kubernetes.security.deny",
    }


def test_beside_rules_of_gate(repo: Repo) -> None:
    verdict = check(repo.path, "deploy", "--conftest", "policy", "--policy", "builtin")
    rules = {rule for rule, _, _ in found(verdict)}
    assert {"main.warn_team", "workload.image_pinned"} <= rules


def test_data_of_another_place(repo: Repo, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "policy").mkdir()
    (other / "policy" / "main.rego").write_text(POLICY, encoding="utf-8")
    (other / "tags.json").write_text('{"tags": {"floating": ":latest"}}', encoding="utf-8")
    options = ["--conftest", other / "policy", "--data", other / "tags.json"]
    assert len(found(check(repo.path, "deploy", *options))) == 3
    assert (
        len(found(check(repo.path, "deploy", "--conftest", other / "policy", "--data", "data")))
        == 3
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--namespace", "main"], "--namespace says something of policies written for conftest"),
        (["--all-namespaces"], "--all-namespaces says something"),
        (["--data", "data"], "--data says something"),
        (["--combine"], "--combine says something"),
        (
            ["--conftest", "policy", "--namespace", "main", "--all-namespaces"],
            "--namespace and --all-namespaces cannot stand side by side",
        ),
        (["--conftest", "polic"], "The folder polic does not exist. Did you mean `policy`?"),
        (["--conftest", "policy", "--data", "dat"], "There are no data files in dat"),
        (["--conftest", "policy", "--namespace", "mani"], "Did you mean `main`?"),
        (["--policy", "policy"], "The package is main"),
        (["--input", "x.json", "--conftest", "policy"], "--conftest cannot stand beside --input"),
        (["--input", "x.json", "--policy", "policy"], "--policy cannot stand beside --input"),
        (["--input", "x.json", "deploy"], "A folder cannot stand beside --input"),
    ],
)
def test_what_cannot_be_asked(repo: Repo, options: list[str], message: str) -> None:
    repo.write("x.json", "{}")
    run = gate("check", *options, cwd=repo.path)
    assert run.code == 2
    assert message in run.err


def test_explain_and_list_show_the_policy_itself(repo: Repo) -> None:
    shown = gate("explain", "main.deny_latest", "-v", cwd=repo.path)
    assert shown.code == 0, str(shown)
    assert "No floating tags" in shown.out
    assert "policy/main.rego:8" in shown.out
    assert "endswith(container.image, data.tags.floating)" in shown.out
    assert "input.resources" not in shown.out
    plain = gate("explain", "main.warn_team", "--conftest", "policy", cwd=repo.path)
    assert "What `warn_team` of main finds" in plain.out
    listed = gate("policy", "list", "--conftest", "policy", "--all-namespaces", cwd=repo.path)
    assert "kubernetes.security.deny" in listed.out


def test_excepted_findings_are_told(repo: Repo) -> None:
    repo.write("policy/exception.rego", 'package main\n\nexception contains ["team"] if true\n')
    run = gate("check", "deploy", "--conftest", "policy", cwd=repo.path)
    assert run.code == 0
    assert "excepted:" in run.out
    assert "main.warn_team" in run.out
