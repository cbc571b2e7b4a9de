"""What the command sees in manifests: real files that nobody on this project wrote, and small ones
for each sentence of the contract."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.acceptance.test_smuggling import BAD, GOOD, deployment
from tests.support.command import GATE, check, gate, rules
from tests.support.git import Repo
from tests.support.tools import ROOT, real_data

FOLDERS = ("argo-rollouts", "flagger", "sloth", "thanos", "tharlesson-argocd")
BROKEN = (
    "argo-rollouts/e2e/analysis-run-failfast.yaml",
    "thanos/rules-files/invalid-yaml-format.yaml",
)
CANARY = "argo-rollouts/examples/rollout-canary.yaml"
REFERENCE = "argo-rollouts/examples/rollout-template-ref.yaml"
PATCHES = "tharlesson-argocd/apps/sample-api/overlays/prod"
NOW = ("--now", "2026-11-22T10:00:00Z")


def context(cwd: Path, *arguments: str | Path) -> Any:
    run = gate("context", *arguments, cwd=cwd)
    assert run.code == 0, str(run)
    return run.json


def by_id(found: Any, key: str = "resources") -> dict[str, Any]:
    return {each["id"]: each for each in found[key]}


def ids(found: Any, key: str = "resources") -> set[str]:
    return {each["id"] for each in found[key]}


def problems(found: Any) -> list[tuple[str, str]]:
    return [(each["path"], each["kind"]) for each in found["gate"]["problems"]]


def changed(path: Path, before: dict[str, str], after: dict[str, str | None]) -> Repo:
    """A branch that writes files, or removes those that are None."""
    repo = Repo.init(path / "repo")
    repo.commit("start", **{"README.md": "x\n", **before})
    repo.branch("change")
    for name, text in after.items():
        if text is None:
            repo.remove(name)
        else:
            repo.write(name, text)
    repo.commit("change")
    return repo


@pytest.fixture
def real(tmp_path: Path) -> Repo:
    """A repository of real files, on a branch of its own."""
    repo = Repo.init(tmp_path / "real")
    for name in FOLDERS:
        shutil.copytree(real_data(name), repo.path / name)
    repo.commit("real files")
    repo.branch("change")
    return repo


def edit(repo: Repo, path: str, old: str, new: str) -> None:
    text = (repo.path / path).read_text()
    assert old in text
    repo.write(path, text.replace(old, new, 1))


def test_real_folders_are_read_whole_and_what_does_not_parse_is_named(real: Repo) -> None:
    found = context(real.path, *FOLDERS)
    assert problems(found) == [(path, "unreadable") for path in BROKEN]
    assert {each["status"] for each in found["resources"]} == {"present"}
    assert len(ids(found)) == len(found["resources"])
    counts = dict.fromkeys(FOLDERS, 0)
    for each in found["resources"]:
        counts[each["path"].partition("/")[0]] += 1
    assert counts == {
        "argo-rollouts": 28,
        "flagger": 10,
        "sloth": 10,
        "thanos": 3,
        "tharlesson-argocd": 6,
    }
    run = gate("check", *FOLDERS, cwd=real.path)
    assert run.code == 3
    assert "UNDECIDED" in run.out
    assert all(path in run.out for path in BROKEN)
    rollout = by_id(found)["argoproj.io/Rollout/_/rollout-canary"]
    steps = rollout["new"]["spec"]["strategy"]["canary"]["steps"]
    assert steps[:3] == [{"setWeight": 20}, {"pause": {}}, {"setWeight": 40}]
    assert rollout["new"]["spec"]["replicas"] == 5


def test_real_folders_against_nothing_and_against_themselves(real: Repo, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    added = context(tmp_path, "--base-tree", "empty", "--tree", real.path / "flagger")
    assert {each["status"] for each in added["resources"]} == {"added"}
    assert len(added["resources"]) == 10
    gone = context(tmp_path, "--base-tree", real.path / "thanos", "--tree", "empty")
    assert {each["status"] for each in gone["resources"]} == {"deleted"}
    assert problems(gone) == [("rules-files/invalid-yaml-format.yaml", "unrendered")]
    assert check(tmp_path, "--base-tree", real.path, "--tree", real.path)["summary"]["judged"] == 0


def test_edits_of_real_files_are_found_by_the_rules(real: Repo) -> None:
    edit(real, CANARY, "rollouts-demo:blue", "rollouts-demo:latest")
    edit(real, "sloth/getting-started.yml", "objective: 99.9", "objective: 99")
    edit(real, "flagger/istio-canary.yaml", "threshold: 10", "threshold: 5")
    alerts = (real.path / "thanos/alerts.yaml").read_text()
    start = alerts.index("  - alert: ThanosCompactHalted")
    end = alerts.index("  - alert: ThanosCompactHighCompactionFailures")
    real.write("thanos/alerts.yaml", alerts[:start] + alerts[end:])
    real.write("flagger/kuma-canary.yaml", "# words\n" + _text(real, "flagger/kuma-canary.yaml"))
    real.move("flagger/istio-abtest.yaml", "elsewhere/abtest.yaml")
    real.remove(BROKEN[1])
    real.commit("edits")
    verdict = check(real.path, "--base", "main", *NOW)
    denied = {
        each["rule"]: (each["location"]["path"], each["location"]["line"])
        for each in verdict["findings"]
        if each["level"] == "deny" and each["status"] == "new"
    }
    assert denied["workload.image_pinned"] == (CANARY, 21)
    assert denied["slo.objective_lowered"] == ("sloth/getting-started.yml", 10)
    assert denied["observability.alert_removed"][0] == "thanos/alerts.yaml"
    assert verdict["verdict"] == "deny", "a broken file that goes away must not block"
    found = context(real.path, "--base", "main", *NOW)
    assert {(each["path"], each["status"]) for each in found["resources"]} == {
        (CANARY, "modified"),
        ("sloth/getting-started.yml", "modified"),
        ("flagger/istio-canary.yaml", "modified"),
        ("thanos/alerts.yaml", "modified"),
    }
    canary = by_id(found)["flagger.app/Canary/test/podinfo"]
    assert canary["changes"] == [
        {"path": ["spec", "analysis", "threshold"], "op": "replace", "old": 10, "new": 5}
    ]
    image = by_id(found)["argoproj.io/Rollout/_/rollout-canary"]["changes"]
    path = ["spec", "template", "spec", "containers", 0, "image"]
    assert [each["path"] for each in image] == [path]


def _text(repo: Repo, path: str) -> str:
    return (repo.path / path).read_text()


def test_an_edited_real_file_that_does_not_parse_is_undecided(real: Repo) -> None:
    edit(real, BROKEN[0], "alpine:3.8", "alpine:3.9")
    real.commit("edit")
    verdict = check(real.path, "--base", "main")
    assert verdict["verdict"] == "undecided"
    assert [(each["path"], each["kind"], each["line"]) for each in verdict["problems"]] == [
        (BROKEN[0], "unreadable", 19)
    ]


def test_a_real_reference_is_followed_to_what_did_not_change(real: Repo) -> None:
    edit(real, REFERENCE, "setWeight: 20", "setWeight: 90")
    real.commit("steps")
    found = context(real.path, "--base", "main")
    assert ids(found) == {"argoproj.io/Rollout/_/rollout-ref-deployment"}
    deployment = by_id(found, "unchanged")["apps/Deployment/_/rollout-ref-deployment"]
    assert deployment["status"] == "unchanged"
    assert deployment["old"] == deployment["new"]
    assert deployment["changes"] == []
    beside = {each["path"] for each in found["unchanged"]}
    assert beside >= {CANARY, "argo-rollouts/examples/analysis-templates.yaml"}
    assert not any(path.startswith(("sloth/", "argo-rollouts/e2e/")) for path in beside)


def test_a_real_patch_is_judged_by_what_stands_in_it(real: Repo) -> None:
    names = ("patch-rollout-canary.yaml", "patch-rollout-bluegreen.yaml")
    kustomization = "resources: [../../base]\npatches:\n" + "".join(
        f"  - path: {name}\n" for name in names
    )
    for name in names:
        edit(real, f"{PATCHES}/{name}", "          resources:", "          resourcesOfOld:")
    plain = {each["resource"] for each in _findings(real, "workload.resources_missing")}
    real.write(f"{PATCHES}/kustomization.yaml", kustomization)
    found = context(real.path, PATCHES)
    patches = [each for each in found["resources"] if each["kind"] == "Rollout"]
    assert [each["patch"] for each in patches] == [True, True]
    assert plain
    assert not _findings(real, "workload.resources_missing")
    edit(
        real,
        f"{PATCHES}/{names[0]}",
        "- name: sample-api",
        "- name: sample-api\n          image: x",
    )
    assert [each["resource"] for each in _findings(real, "workload.image_pinned")] == [
        f"argoproj.io/Rollout/_/sample-api@{PATCHES}/{names[0]}"
    ]


def _findings(repo: Repo, rule: str) -> list[Any]:
    return [each for each in check(repo.path, PATCHES)["findings"] if each["rule"] == rule]


RENDERED = """\
---
# Source: shop/templates/service.yaml
apiVersion: v1
kind: Service
metadata: {{name: app, namespace: shop}}
spec: {{ports: [{{port: 80}}]}}
---
# Source: shop/templates/deployment.yaml
{0}"""


def test_rendered_output_is_compared_and_placed_where_it_came_from(tmp_path: Path) -> None:
    for name, image in (("old", GOOD), ("new", BAD)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "all.yaml").write_text(RENDERED.format(deployment(image)))
        (tmp_path / name / "more.yaml").write_text(deployment(BAD, "same"))
    verdict = check(tmp_path, "--base-tree", "old", "--tree", "new")
    assert [each["location"] for each in verdict["findings"]] == [
        {"path": "shop/templates/deployment.yaml", "line": None, "column": None, "side": "new"}
    ]
    run = gate("check", "--base-tree", "old", "--tree", "new", cwd=tmp_path)
    assert run.code == 1
    assert "shop/templates/deployment.yaml" in run.out
    assert run.out.startswith("new against old, judged by the built-in defaults")
    found = context(tmp_path, "--base-tree", "old", "--tree", "new")
    assert [(each["id"], each["path"]) for each in found["resources"]] == [
        ("apps/Deployment/shop/app", "all.yaml")
    ]
    present = check(tmp_path, "new")
    assert {each["location"]["path"] for each in present["findings"]} == {
        "shop/templates/deployment.yaml",
        "new/more.yaml",
    }


KUSTOMIZE = '#!/bin/sh\n[ "$1" = build ] && exec cat "$2"/*.yaml\n'
CLUSTERS = (
    'version: 1\nenvironments: {a: {paths: ["clusters/a/**"]}, b: {paths: ["clusters/b/**"]}}\n'
)


def test_the_documented_job_sees_what_a_removed_cluster_held(tmp_path: Path) -> None:
    """A stand-in for kustomize prints the files of a folder."""
    job = (ROOT / "docs" / "rendered-manifests.md").read_text().split("```yaml\n")[1]
    steps = yaml.safe_load(job.split("```")[0])["jobs"]["rendered"]["steps"]
    render, judge = (step["run"] for step in steps if "run" in step)
    origin = changed(
        tmp_path,
        {
            ".gate.yaml": CLUSTERS,
            "clusters/a/app.yaml": deployment(GOOD),
            "clusters/b/app.yaml": deployment(GOOD, "gone"),
        },
        {
            "clusters/a/app.yaml": deployment(BAD),
            "clusters/b/app.yaml": None,
            "clusters/c/app.yaml": deployment(GOOD, "new"),
        },
    )
    work = origin.clone(tmp_path / "work" / "head", "--branch=change")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in (("kustomize", KUSTOMIZE), ("pip", "#!/bin/sh\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    path = f"{programs}:{GATE.parent}:{os.environ['PATH']}"
    script = render + judge.replace("gate check", "gate context")
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=work.path,
        env=os.environ | {"PATH": path, "GITHUB_BASE_REF": "main"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout[done.stdout.index("{") :])
    assert {
        each["name"]: (each["status"], each["environments"]) for each in found["resources"]
    } == {
        "app": ("modified", ["a"]),
        "gone": ("deleted", ["b"]),
        "new": ("added", ["a", "b"]),
    }
    assert found["change"]["trusted"] == work.sha("origin/main")


LABELLED = """\
apiVersion: v1
kind: {kind}
metadata: {{name: {name}, labels: {{{labels}}}}}
"""


def test_services_without_a_config_are_those_of_the_labels(tmp_path: Path) -> None:
    objects = {
        "a": ("ConfigMap", "app.kubernetes.io/name: name, app: other"),
        "b": ("ConfigMap", "app.kubernetes.io/instance: instance, k8s-app: x"),
        "c": ("ConfigMap", "app: app"),
        "d": ("ConfigMap", "k8s-app: k8s"),
        "e": ("ConfigMap", ""),
        "f": ("Pod", ""),
    }
    after: dict[str, str | None] = {
        f"{name}.yaml": LABELLED.format(kind=kind, name=name, labels=labels)
        for name, (kind, labels) in objects.items()
    }
    after["src/main.py"] = "x\n"
    found = context(changed(tmp_path, {}, after).path, "--base", "main")
    assert {each["name"]: each["service"] for each in found["resources"]} == {
        "a": "name",
        "b": "instance",
        "c": "app",
        "d": "k8s",
        "e": None,
        "f": "f",
    }
    assert found["change"]["environments"] == ["default"]
    assert [(each["service"], each["environment"]) for each in found["targets"]] == [
        (name, "default") for name in ("app", "f", "instance", "k8s", "name")
    ]
    assert found["services"]["app"] == {
        "tier": None,
        "owners": [],
        "depends_on": [],
        "runbook": None,
    }


CONFIG = """\
version: 1
environments:
  production: {paths: ["clusters/prod/**"]}
  staging: {paths: ["clusters/staging/**"]}
services:
  checkout: {paths: ["src/checkout/**"], tier: 1, owners: [pay], depends_on: [ledger]}
  ledger: {paths: ["apps/ledger/**"], tier: 2}
"""


def test_services_and_environments_of_a_config_come_from_any_changed_file(tmp_path: Path) -> None:
    repo = changed(
        tmp_path,
        {".gate.yaml": CONFIG},
        {
            "src/checkout/main.go": "x\n",
            "apps/ledger/base/app.yaml": deployment(GOOD, "anything"),
            "clusters/staging/cart.yaml": deployment(GOOD, "cart"),
        },
    )
    found = context(repo.path, "--base", "main")
    assert [(each["service"], each["environment"], each["tier"]) for each in found["targets"]] == [
        ("cart", "staging", None),
        ("checkout", "production", 1),
        ("checkout", "staging", 1),
        ("ledger", "production", 2),
        ("ledger", "staging", 2),
    ]
    assert found["services"]["checkout"]["depends_on"] == ["ledger"]
    assert {each["name"]: each["environments"] for each in found["resources"]} == {
        "anything": ["production", "staging"],
        "cart": ["staging"],
    }
    asked = context(repo.path, "--base", "main", "--environment", "production")
    assert {each["name"] for each in asked["resources"]} == {"anything"}
    asked = context(repo.path, "--base", "main", "--service", "ledger")
    assert {each["service"] for each in asked["targets"]} == {"ledger"}


KUSTOMIZATION = "resources: [app.yaml]\n"
HELM_RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: app, namespace: shop}
spec: {values: {image: {repository: registry.example/app, tag: 1.2.3}}}
"""
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: app}
spec: {source: {repoURL: https://example.org/x.git, targetRevision: v1.2.3, path: .}}
"""


def test_what_renders_elsewhere_is_counted(tmp_path: Path) -> None:
    repo = changed(
        tmp_path,
        {"a/values.yaml": "image: {tag: 1.0.0}\n"},
        {
            "a/values.yaml": "image: {tag: 1.0.1}\n",
            "b/release.yaml": HELM_RELEASE,
            "c/application.yaml": APPLICATION,
            "d/kustomization.yaml": KUSTOMIZATION,
            "d/app.yaml": deployment(GOOD),
            "compose.yaml": "services: {app: {image: app}}\n",
        },
    )
    verdict = check(repo.path, "--base", "main")
    assert verdict["summary"]["indirect"] == 4
    assert verdict["summary"]["judged"] == 6
    run = gate("check", "--base", "main", cwd=repo.path)
    assert "indirect 4" in " ".join(run.out.split())


FILES = {
    "compose.yaml": "services: {app: {image: app}}\n",
    ".github/workflows/ci.yml": "on: push\njobs: {}\n",
    "chart/values.yaml": "replicaCount: 3\n",
    "rules.yml": "groups: [{name: g, rules: []}]\n",
    "flags.yaml": "flags: {new: {state: ENABLED, variants: {on: true}, defaultVariant: on}}\n",
}


def test_yaml_that_is_no_object_is_a_file(tmp_path: Path) -> None:
    found = context(changed(tmp_path, {}, dict(FILES)).path, "--base", "main")
    assert by_id(found).keys() == {f"file/File/_/{path}" for path in FILES}
    assert {each["kind"] for each in found["resources"]} == {"File"}
    workflow = by_id(found)["file/File/_/.github/workflows/ci.yml"]
    assert workflow["new"] == {"true": "push", "jobs": {}}


TWICE = {
    "base/app.yaml": deployment(GOOD),
    "overlays/a/app.yaml": deployment(GOOD),
    "rendered.yaml": deployment(GOOD) + "---\n" + deployment(GOOD),
    "other.yaml": deployment(GOOD, "other"),
}


def test_shared_ids_name_their_place_and_waivers_may_leave_it_out(tmp_path: Path) -> None:
    plain = "apps/Deployment/shop/app"
    repo = changed(tmp_path, TWICE, {path: text.replace(GOOD, BAD) for path, text in TWICE.items()})
    found = context(repo.path, "--base", "main")
    every = {
        f"{plain}@base/app.yaml",
        f"{plain}@overlays/a/app.yaml",
        f"{plain}@rendered.yaml#1",
        f"{plain}@rendered.yaml#2",
        "apps/Deployment/shop/other",
    }
    assert ids(found) == every
    assert {each["status"] for each in found["resources"]} == {"modified"}
    repo.checkout("main")
    for resource, waived in (
        (plain, every - {"apps/Deployment/shop/other"}),
        (f"{plain}@base/app.yaml", {f"{plain}@base/app.yaml"}),
        (f"{plain}@rendered.yaml", {f"{plain}@rendered.yaml#1", f"{plain}@rendered.yaml#2"}),
        (f"{plain}@rendered.yaml#2", {f"{plain}@rendered.yaml#2"}),
    ):
        waiver = f"{{rule: workload.image_pinned, resource: '{resource}', expires: 2099-01-01, "
        repo.commit("waive", **{".gate/waivers.yaml": f"waivers: [{waiver} reason: r}}]\n"})
        verdict = check(repo.path, "--base", "main", "--head", "change", *NOW)
        got = {each["resource"] for each in verdict["findings"] if each["waived"]}
        assert got == waived, resource


def test_names_that_are_generated_or_absent(tmp_path: Path) -> None:
    repo = changed(
        tmp_path,
        {},
        {
            "job.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: run-}\n",
            "bare.yaml": "apiVersion: v1\nkind: Thing\n",
        },
    )
    assert ids(context(repo.path, "--base", "main")) == {"batch/Job/_/run-*", "core/Thing/_/_"}


SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: db
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{{"data":"{last}"}}'
data: {{a: {a}, b: {b}}}
stringData: {{c: "{c}"}}
"""
ENCRYPTED = """\
apiVersion: v1
kind: Secret
metadata: {{name: sealed}}
stringData: {{token: "ENC[AES256_GCM,data:{data},iv:x,tag:y,type:str]"}}
sops: {{lastmodified: "{time}", mac: "ENC[AES256_GCM,data:{time},type:str]"}}
"""
GENERATOR = "secretGenerator: [{{name: s, literals: [password={0}]}}]\n"


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    old = {"last": "hush-0", "a": "aHVzaC0x", "b": "aHVzaC0y", "c": "hush-3"}
    new = {"last": "hush-4", "a": "aHVzaC01", "b": "aHVzaC0x", "c": "hush-1"}
    repo = changed(
        tmp_path,
        {
            "secret.yaml": SECRET.format(**old),
            "sealed.yaml": ENCRYPTED.format(data="one", time="2020"),
            "again.yaml": ENCRYPTED.format(data="two", time="2020").replace("sealed", "again"),
            "k/kustomization.yaml": GENERATOR.format("hush-6"),
        },
        {
            "secret.yaml": SECRET.format(**new),
            "sealed.yaml": ENCRYPTED.format(data="one", time="2021"),
            "again.yaml": ENCRYPTED.format(data="new", time="2021").replace("sealed", "again"),
            "k/kustomization.yaml": GENERATOR.format("hush-7"),
            "list.yaml": "apiVersion: v1\nkind: SecretList\nitems:\n"
            "  - {metadata: {name: l}, stringData: {x: hush-8}}\n",
            "broken.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n"
            "stringData:\n  x: *hush-9\n---\nkind: Secret\nstringData: {y: [hush-9\n",
        },
    )
    repo.checkout("main")
    show = (
        "# METADATA\n# title: T\n# description: d\n# scope: package\n# custom:\n"
        "#   remediation: r\npackage gate.team.show\n\n"
        'warn contains {"message": json.marshal(r.changes), "resource": r.id} if '
        "some r in input.resources\n"
    )
    repo.commit("rule", **{"show/team/show.rego": show})
    given = ("--base", "main", "--head", "change", "--policy", "show", *NOW)
    found = context(repo.path, *given)
    secret = by_id(found)["core/Secret/_/db"]
    assert (
        secret["new"]["data"]["b"] == secret["old"]["data"]["a"] == secret["new"]["stringData"]["c"]
    )
    assert secret["new"]["data"]["a"] != secret["old"]["data"]["a"]
    assert {tuple(each["path"]) for each in secret["changes"]} == {
        ("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"),
        ("data", "a"),
        ("data", "b"),
        ("stringData", "c"),
    }
    assert by_id(found).keys() >= {"core/Secret/_/again", "core/Secret/_/l"}
    assert "core/Secret/_/sealed" not in by_id(found)
    for command in ("context", "check"):
        for options in (["-o", "json"], ["-v"], []):
            if command == "context" and options:
                continue
            run = gate(command, *given, *options, cwd=repo.path)
            assert "hush" not in run.out + run.err
            assert "aHVzaC" not in run.out + run.err
            assert re.search(r"(<|u003c)secret:", run.out)  # json.marshal escapes the bracket


def test_one_broken_document_leaves_the_others(tmp_path: Path) -> None:
    text = deployment(BAD, "one") + "---\na: [\n---\n" + deployment(BAD, "three")
    verdict = check(changed(tmp_path, {}, {"app.yaml": text}).path, "--base", "main")
    assert {each["resource"].rpartition("/")[2] for each in verdict["findings"]} == {"one", "three"}
    assert [(each["path"], each["line"]) for each in verdict["problems"]] == [("app.yaml", 17)]


def test_objects_move_between_files_and_get_a_namespace_without_being_new(tmp_path: Path) -> None:
    lone = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lone}\ndata: {x: a}\n"
    one, two = deployment(GOOD, "one"), deployment(GOOD, "two")
    repo = changed(
        tmp_path,
        {"all.yaml": one + "---\n" + two, "lone.yaml": lone},
        {
            "all.yaml": two,
            "split/one.yaml": one.replace("cpu: 1m", "cpu: 2m"),
            "lone.yaml": lone.replace("name: lone", "name: lone, namespace: shop"),
        },
    )
    found = context(repo.path, "--base", "main")
    assert {each["id"]: (each["status"], each["old_path"]) for each in found["resources"]} == {
        "apps/Deployment/shop/one": ("modified", "all.yaml"),
        "core/ConfigMap/shop/lone": ("modified", None),
    }


def test_a_config_says_which_files_count(tmp_path: Path) -> None:
    config = (
        'version: 1\nmanifests: {include: ["live/**"], exclude: ["**/testdata/**"], '
        "unreadable: list, unrendered: undecided}\n"
    )
    broken = {"live/x.yaml": "a: [\n", "live/testdata/x.yaml": "a: [\n", "docs/x.yaml": "a: [\n"}
    repo = changed(tmp_path, {".gate.yaml": config}, {**broken, "live/flags.json": '{"flags": {}}'})
    verdict = check(repo.path, "--base", "main")
    assert [each["path"] for each in verdict["problems"]] == ["live/x.yaml"]
    assert verdict["verdict"] == "pass"
    assert verdict["summary"]["judged"] == 1
    repo.write("live/t.yaml", "a: {{ x }}: {{ y }}\n  b\n")
    repo.commit("template")
    assert check(repo.path, "--base", "main")["verdict"] == "undecided"


def test_unchanged_objects_are_those_beside_and_those_listed_and_never_findings(
    tmp_path: Path,
) -> None:
    scaler = (
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n"
        "metadata: {name: app, namespace: shop}\n"
        "spec: {minReplicas: 2, maxReplicas: 4, "
        "scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: app}}\n"
    )
    repo = changed(
        tmp_path,
        {
            "a/hpa.yaml": scaler,
            "a/kustomization.yaml": "resources: [app.yaml, ../b/dep.yaml]\n",
            "a/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
            "b/dep.yaml": deployment(BAD, "dep"),
            "c/far.yaml": deployment(BAD, "far"),
            "a/app.yaml": deployment(GOOD),
        },
        {"a/app.yaml": deployment(GOOD.replace("1.4.2", "1.4.3"))},
    )
    found = context(repo.path, "--base", "main")
    assert ids(found, "unchanged") == {
        "autoscaling/HorizontalPodAutoscaler/shop/app",
        "kustomize.config.k8s.io/Kustomization/_/_",
        "apps/Deployment/shop/dep",
    }
    verdict = check(repo.path, "--base", "main")
    assert verdict["findings"] == []
    assert verdict["summary"]["judged"] == 1


SCALARS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: scalars}
data:
  yes_: yes
  y_: y
  octal: 014
  time: 22:22
  float: 1e3
  date: 2024-01-01
  tag: !Ref x
  twice: 1
  twice: 2
  on: 1
  1: x
"""


def test_scalars_are_read_as_kubernetes_reads_them(tmp_path: Path) -> None:
    found = context(changed(tmp_path, {}, {"a.yaml": SCALARS}).path, "--base", "main")
    assert by_id(found)["core/ConfigMap/_/scalars"]["new"]["data"] == {
        "yes_": True,
        "y_": True,
        "octal": 12,
        "time": "22:22",
        "float": 1000,
        "date": "2024-01-01",
        "tag": "x",
        "twice": 2,
        "true": 1,
        "1": "x",
    }
    assert [each["message"] for each in found["gate"]["problems"]] == [
        "the key `twice` stands twice: the last one counts"
    ]


def test_what_is_saved_is_what_was_seen(real: Repo, tmp_path: Path) -> None:
    edit(real, CANARY, "rollouts-demo:blue", "rollouts-demo:latest")
    real.remove("sloth/home-wifi.yml")
    real.commit("edit")
    given = ("--base", "main", *NOW)
    saved = tmp_path / "input.json"
    saved.write_text(json.dumps(context(real.path, *given)))
    direct, again = check(real.path, *given), check(tmp_path, "--input", saved)
    assert _timeless(direct) == _timeless(again)
    assert rules(direct, level="deny") >= {"workload.image_pinned"}


def _timeless(verdict: Any, left_out: Iterable[str] = ("decision_id",)) -> Any:
    return {key: value for key, value in verdict.items() if key not in left_out}
