"""`gate check` as its users call it, on real repositories."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from gate import schemas
from tests.support.command import check, gate, rules
from tests.support.git import Repo

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: shop
  labels:
    app.kubernetes.io/name: {name}
spec:
  replicas: 3
  selector:
    matchLabels: {{app: {name}}}
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
      containers:
        - name: app
          image: {image}
          readinessProbe: {{httpGet: {{path: /ready, port: 8080}}}}
          resources: {{requests: {{cpu: 1m, memory: 1Mi}}, limits: {{memory: 1Mi}}}}
"""


def deployment(image: str = "registry.example/app:1.0.0", name: str = "app") -> str:
    return DEPLOYMENT.format(image=image, name=name)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.write("deploy/app.yaml", deployment())
    made.write("README.md", "# Shop\n")
    made.commit("start")
    return made


def test_a_change_that_is_fine_passes(repo: Repo) -> None:
    repo.branch("fine")
    repo.write("deploy/app.yaml", deployment("registry.example/app:1.0.1"))
    repo.commit("patch")
    run = gate("check", "--base", "main", cwd=repo.path)
    assert run.code == 0, str(run)
    assert "PASS" in run.out
    assert run.err == ""


def test_a_mutable_tag_is_denied_on_its_line_with_the_fix(repo: Repo) -> None:
    repo.branch("latest")
    repo.write("deploy/app.yaml", deployment("registry.example/app:latest"))
    repo.commit("latest")
    run = gate("check", "--base", "main", cwd=repo.path)
    assert run.code == 1, str(run)
    assert "DENY" in run.out
    assert "deploy/app.yaml:18:11" in run.out
    assert "workload.image_pinned" in run.out
    assert "fix:" in run.out


def test_json_alone_stands_on_standard_output_and_is_valid(repo: Repo) -> None:
    repo.branch("latest")
    repo.write("deploy/app.yaml", deployment("registry.example/app:latest"))
    repo.commit("latest")
    run = gate("check", "--base", "main", "-o", "json", "-o", "text", cwd=repo.path)
    verdict = json.loads(run.out)
    jsonschema.validate(verdict, schemas.load("verdict"))
    assert verdict["verdict"] == "deny"
    assert verdict["exit_code"] == run.code == 1
    assert verdict["findings"][0]["location"]["line"] == 18
    assert "DENY" in run.err


def test_a_docs_change_passes_and_no_rule_speaks_of_it(repo: Repo) -> None:
    repo.branch("docs")
    repo.write("README.md", "# The shop\n")
    repo.commit("docs")
    verdict = check(repo.path, "--base", "main")
    assert verdict["verdict"] == "pass"
    assert verdict["summary"]["judged"] == 0
    outcomes = {rule["outcome"] for rule in verdict["rules"] if rule["rule"].startswith("workload")}
    assert outcomes == {"not_applicable"}


def test_staged_changes_are_taken_by_default_and_said(repo: Repo) -> None:
    repo.write("deploy/app.yaml", deployment("registry.example/app:latest"))
    repo.git("add", "--all")
    run = gate("check", cwd=repo.path)
    assert run.code == 1
    assert run.out.splitlines()[0].startswith("staged changes")


def test_a_branch_is_taken_where_nothing_is_staged(repo: Repo) -> None:
    repo.branch("latest")
    repo.write("deploy/app.yaml", deployment("registry.example/app:latest"))
    repo.commit("latest")
    run = gate("check", cwd=repo.path)
    assert run.code == 1
    assert run.out.splitlines()[0].startswith("latest against main")


def test_the_last_commit_is_taken_on_the_default_branch(repo: Repo) -> None:
    repo.write("deploy/app.yaml", deployment("registry.example/app:latest"))
    repo.commit("latest")
    run = gate("check", cwd=repo.path)
    assert run.code == 1
    assert run.out.splitlines()[0].startswith("the last commit")


def test_a_folder_needs_no_git(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "app.yaml").write_text(deployment("app:latest"))
    run = gate("check", "deploy", cwd=tmp_path, env={"PATH": ""})
    assert run.code == 1, str(run)
    assert "deploy/app.yaml:18:11" in run.out


def test_a_folder_of_a_repository_is_judged_by_the_repositorys_config(repo: Repo) -> None:
    repo.write(".gate.yaml", "version: 1\nrules: {workload.image_pinned: warn}\n")
    repo.write("deploy/app.yaml", deployment("app:latest"))
    verdict = check(repo.path, "deploy")
    assert verdict["verdict"] == "warn"
    assert verdict["findings"][0]["location"]["path"] == "deploy/app.yaml"


def test_a_subfolder_is_judged_by_the_config_above_it(repo: Repo) -> None:
    repo.write(".gate.yaml", "version: 1\nrules: {workload.image_pinned: warn}\n")
    repo.write("deploy/app.yaml", deployment("app:latest"))
    verdict = check(repo.path / "deploy", ".")
    assert verdict["verdict"] == "warn"
    assert verdict["findings"][0]["location"]["path"] == "deploy/app.yaml"


def test_several_folders_are_judged_together(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.yaml").write_text(deployment("app:latest", name))
    verdict = check(tmp_path, "one", "two")
    assert {each["location"]["path"] for each in verdict["findings"]} == {
        "one/app.yaml",
        "two/app.yaml",
    }


def test_two_folders_are_compared(tmp_path: Path) -> None:
    for name, image in (("old", "app:1.0.0"), ("new", "app:latest")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.yaml").write_text(deployment(image))
        (tmp_path / name / "same.yaml").write_text(deployment("same:latest", "same"))
    verdict = check(tmp_path, "--base-tree", "old", "--tree", "new")
    assert verdict["summary"]["judged"] == 1
    assert [each["resource"] for each in verdict["findings"]] == ["apps/Deployment/shop/app"]


def test_rendered_folders_are_judged_by_the_base_branchs_config(repo: Repo, tmp_path: Path) -> None:
    repo.write(".gate.yaml", "version: 1\nrules: {workload.image_pinned: deny}\n")
    repo.commit("config")
    repo.branch("soften")
    repo.write(".gate.yaml", "version: 1\nrules: {workload.image_pinned: off}\n")
    repo.commit("soften")
    for name, image in (("old", "app:1.0.0"), ("new", "app:latest")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.yaml").write_text(
            "---\n# Source: app/templates/deployment.yaml\n" + deployment(image)
        )
    trees = ["--base-tree", tmp_path / "old", "--tree", tmp_path / "new"]
    assert check(repo.path, *trees)["verdict"] == "pass"
    verdict = check(repo.path, *trees, "--base", "main")
    assert verdict["verdict"] == "deny"
    assert verdict["findings"][0]["location"]["path"] == "app/templates/deployment.yaml"


def test_old_debt_is_shown_and_does_not_block(repo: Repo) -> None:
    repo.write("deploy/app.yaml", deployment("registry.example/app:latest"))
    repo.commit("debt")
    repo.branch("more")
    repo.write(
        "deploy/app.yaml",
        deployment("registry.example/app:latest").replace("replicas: 3", "replicas: 4"),
    )
    repo.commit("scale")
    verdict = check(repo.path, "--base", "main")
    assert verdict["verdict"] == "pass"
    assert verdict["summary"]["existing"] == 1
    assert check(repo.path, "--base", "main", "--include-existing")["verdict"] == "deny"


def test_advisory_mode_says_so_and_exits_zero(repo: Repo) -> None:
    repo.write(".gate.yaml", "version: 1\nmode: advisory\n")
    repo.write("deploy/app.yaml", deployment("app:latest"))
    repo.git("add", "--all")
    run = gate("check", cwd=repo.path)
    assert run.code == 0
    assert "DENY" in run.out
    assert "advisory" in run.out


def test_fail_on_warn_makes_a_warning_fail(repo: Repo) -> None:
    repo.write(".gate.yaml", "version: 1\nrules: {workload.image_pinned: warn}\n")
    repo.write("deploy/app.yaml", deployment("app:latest"))
    repo.git("add", "--all")
    assert gate("check", cwd=repo.path).code == 0
    assert gate("check", "--fail-on", "warn", cwd=repo.path).code == 1
    assert gate("check", cwd=repo.path, env={"GATE_FAIL_ON": "warn"}).code == 1


def test_an_unreadable_manifest_is_undecided(repo: Repo) -> None:
    repo.write("deploy/broken.yaml", "a: [\n")
    repo.git("add", "--all")
    run = gate("check", cwd=repo.path)
    assert run.code == 3, str(run)
    assert "UNDECIDED" in run.out
    assert "deploy/broken.yaml" in run.out


def test_a_broken_file_can_be_mended(repo: Repo) -> None:
    repo.write("deploy/app.yaml", "a: [\n")
    repo.commit("break it")
    repo.branch("mend")
    repo.write("deploy/app.yaml", deployment())
    repo.commit("mend")
    assert check(repo.path, "--base", "main")["verdict"] == "pass"


def test_a_waiver_on_the_base_holds_until_it_ends(repo: Repo) -> None:
    repo.write(
        ".gate/waivers.yaml",
        "waivers:\n  - rule: workload.image_pinned\n    resource: apps/Deployment/shop/app\n"
        "    expires: 2026-12-01\n    reason: the vendor publishes no tags\n",
    )
    repo.commit("waive")
    repo.branch("latest")
    repo.write("deploy/app.yaml", deployment("registry.example/app:latest"))
    repo.commit("latest")
    during = check(repo.path, "--base", "main", "--now", "2026-11-22T10:00:00Z")
    assert during["verdict"] == "pass"
    assert during["findings"][0]["waived"]["reason"] == "the vendor publishes no tags"
    assert during["valid_until"] == "2026-12-02T00:00:00Z"
    after = check(repo.path, "--base", "main", "--now", "2026-12-02T00:00:00Z")
    assert after["verdict"] == "deny"


def test_a_missing_required_evidence_is_undecided_and_a_docs_change_is_not(repo: Repo) -> None:
    rule = (
        "# METADATA\n# title: Budget\n# description: d\n# scope: package\n# custom:\n"
        "#   remediation: Wait.\n#   requires: [slo]\n"
        "package gate.team.budget\n\n"
        'deny contains {"message": "no budget", "service": s} if {\n'
        "\tsome s, environments in input.evidence.slo\n"
        "\tsome e in environments\n\te.value.remaining < 0\n}\n"
    )
    repo.write(".gate.yaml", "version: 1\npolicies: [builtin, policies]\nrequire: [slo]\n")
    repo.write("policies/team/budget.rego", rule)
    repo.commit("rule")
    repo.branch("app")
    repo.write("deploy/app.yaml", deployment("registry.example/app:1.0.1"))
    repo.commit("patch")
    verdict = check(repo.path, "--base", "main")
    assert verdict["verdict"] == "undecided"
    assert verdict["evidence"][0]["status"] == "not_configured"
    repo.git("checkout", "-q", "main")
    repo.branch("docs")
    repo.write("README.md", "# Docs\n")
    repo.commit("docs")
    assert check(repo.path, "--base", "main")["verdict"] == "pass"


def test_recorded_evidence_decides(repo: Repo) -> None:
    rule = (
        "# METADATA\n# title: Budget\n# description: d\n# scope: package\n# custom:\n"
        "#   remediation: Wait.\n#   requires: [slo]\n"
        "package gate.team.budget\n\n"
        'deny contains {"message": "no budget", "service": s} if {\n'
        "\tsome s, environments in input.evidence.slo\n"
        "\tsome e in environments\n\tsome slo in e.value\n\tslo.remaining < 0\n}\n"
    )
    evidence = {
        "app": {
            "default": {
                "status": "ok",
                "observed_at": "2026-11-22T09:59:00Z",
                "value": [{"name": "a", "objective": 0.999, "remaining": -0.1}],
            }
        }
    }
    repo.write(
        ".gate.yaml",
        "version: 1\npolicies: [policies]\nevidence: {slo: [{file: slo.json}]}\n",
    )
    repo.write("policies/team/budget.rego", rule)
    repo.write("slo.json", json.dumps(evidence))
    repo.commit("rule")
    repo.branch("app")
    repo.write("deploy/app.yaml", deployment("registry.example/app:1.0.1"))
    repo.commit("patch")
    verdict = check(repo.path, "--base", "main", "--now", "2026-11-22T10:00:00Z")
    assert verdict["verdict"] == "deny"
    assert rules(verdict, level="deny") == {"team.budget"}


def test_the_first_adoption_is_judged_by_the_defaults_and_previewed(repo: Repo) -> None:
    repo.branch("adopt")
    repo.write(".gate.yaml", "version: 1\nrules: {workload.image_pinned: off}\n")
    repo.write("deploy/app.yaml", deployment("registry.example/app:latest"))
    repo.commit("adopt")
    verdict = check(repo.path, "--base", "main")
    assert verdict["verdict"] == "deny"
    assert verdict["preview"]["verdict"] == "pass"
    assert ".gate.yaml" in verdict["preview"]["changed"]
    assert check(repo.path, "--base", "main", "--trust", "head")["verdict"] == "pass"


def test_a_config_inside_the_repository_is_read_from_the_base(repo: Repo, tmp_path: Path) -> None:
    repo.write("gate.yaml", "version: 1\nrules: {workload.image_pinned: deny}\n")
    repo.commit("config")
    repo.branch("soften")
    repo.write("gate.yaml", "version: 1\nrules: {workload.image_pinned: off}\n")
    repo.write("deploy/app.yaml", deployment("registry.example/app:latest"))
    repo.commit("soften")
    assert check(repo.path, "--base", "main", "--config", "gate.yaml")["verdict"] == "deny"
    outside = tmp_path / "elsewhere.yaml"
    outside.write_text("version: 1\nrules: {workload.image_pinned: off}\n")
    assert check(repo.path, "--base", "main", "--config", outside)["verdict"] == "pass"


def test_only_one_environment_is_judged_when_asked(repo: Repo) -> None:
    repo.write(
        ".gate.yaml",
        "version: 1\nenvironments:\n  production: {paths: [prod/**]}\n  test: {paths: [test/**]}\n",
    )
    repo.commit("config")
    repo.branch("latest")
    repo.write("test/app.yaml", deployment("app:latest"))
    repo.commit("latest")
    assert check(repo.path, "--base", "main")["verdict"] == "deny"
    limited = check(repo.path, "--base", "main", "--environment", "production")
    assert limited["verdict"] == "pass"
    wrong = gate("check", "--base", "main", "--environment", "prodution", cwd=repo.path)
    assert wrong.code == 2
    assert "Did you mean `production`?" in wrong.err


def test_only_one_service_is_judged_when_asked(repo: Repo) -> None:
    repo.write(
        ".gate.yaml",
        "version: 1\nservices:\n  checkout: {paths: [checkout/**]}\n  ledger: {tier: 2}\n",
    )
    repo.commit("config")
    repo.branch("latest")
    for name in ("checkout", "ledger"):
        repo.write(f"{name}/app.yaml", deployment(f"{name}:latest", name))
    repo.write("pod.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
    repo.commit("latest")
    asked = gate("check", "--base", "main", "--service", "ledger", "-o", "json", cwd=repo.path).json
    assert [each["service"] for each in asked["findings"]] == ["ledger"]
    assert asked["summary"]["judged"] == 2
    assert asked["description"].endswith(", only ledger")


def test_a_saved_input_gives_the_same_verdict(repo: Repo, tmp_path: Path) -> None:
    repo.write(".gate.yaml", "version: 1\npolicies: [builtin, policies]\n")
    repo.write(
        "policies/team/named.rego",
        "# METADATA\n# title: T\n# description: d\n# scope: package\n# custom:\n"
        "#   remediation: r\n"
        "package gate.team.named\n\n"
        'warn contains {"message": m, "resource": r.id, "path": ["metadata", "name"]} if {\n'
        '\tsome r in input.resources\n\tm := sprintf("named %s", [r.name])\n}\n',
    )
    repo.commit("config")
    repo.branch("latest")
    repo.write("deploy/app.yaml", deployment("registry.example/app:latest"))
    repo.write("deploy/broken.yaml", "a: [\n")
    repo.write(".gate.yaml", "version: 1\npolicies: [builtin]\n")
    repo.commit("latest")
    when = ["--now", "2026-11-22T10:00:00Z"]
    saved = gate("context", "--base", "main", *when, cwd=repo.path)
    assert saved.code == 0, str(saved)
    jsonschema.validate(saved.json, schemas.load("input"))
    (tmp_path / "input.json").write_text(saved.out)
    direct = check(repo.path, "--base", "main", *when)
    again = check(tmp_path, "--input", tmp_path / "input.json")
    assert again == direct


def test_nothing_to_judge_by_is_undecided(repo: Repo, tmp_path: Path) -> None:
    empty = tmp_path / "rules" / "team"
    empty.mkdir(parents=True)
    (empty / "none.txt").write_text("no rule here\n")
    run = gate("check", "--policy", tmp_path / "rules", cwd=repo.path)
    assert run.code in {2, 3}, str(run)
    assert "rule" in run.out + run.err


def test_a_submodule_in_a_subfolder_and_paths_are_relative_to_the_repository(repo: Repo) -> None:
    repo.branch("latest")
    repo.write("deploy/app.yaml", deployment("registry.example/app:latest"))
    repo.commit("latest")
    verdict = check(repo.path / "deploy", "--base", "main")
    assert verdict["findings"][0]["location"]["path"] == "deploy/app.yaml"
