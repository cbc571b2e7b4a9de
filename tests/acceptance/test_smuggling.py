"""Ways to get a bad image past the gate. Each is found, or named; none is silent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import check
from tests.support.git import Repo

GOOD = "registry.example/shop/app:1.4.2"
BAD = "registry.example/shop/app:latest"
PATH = "deploy/app.yaml"


def deployment(image: str = BAD, name: str = "app") -> str:
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: shop
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
        - name: app
          image: {image}
          resources: {{requests: {{cpu: 1m, memory: 1Mi}}, limits: {{memory: 1Mi}}}}
"""


def as_object(image: str = BAD) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {
            "selector": {"matchLabels": {"app": "app"}},
            "template": {"spec": {"containers": [{"name": "app", "image": image}]}},
        },
    }


Build = Callable[[Repo], None]


def file(path: str, content: str | bytes) -> Build:
    return lambda repo: repo.write(path, content)


def files(**named: str) -> Build:
    def build(repo: Repo) -> None:
        for path, content in named.items():
            repo.write(path.replace("__", "/").replace("_dot_", "."), content)

    return build


def indented(text: str, by: int) -> str:
    return "".join(" " * by + line for line in text.splitlines(keepends=True))


def in_list() -> str:
    return "apiVersion: v1\nkind: List\nitems:\n  -\n" + indented(deployment(), 4)


def in_typed_list() -> str:
    body = as_object()
    del body["apiVersion"], body["kind"]
    return json.dumps({"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [body]})


FOUND: dict[str, Build] = {
    "plain": file(PATH, deployment()),
    "in a second document": file(PATH, deployment(GOOD, "good") + "---\n" + deployment()),
    "after a document end mark": file(PATH, deployment(GOOD, "good") + "...\n---\n" + deployment()),
    "after a separator with a comment": file(
        PATH, deployment(GOOD, "good") + "--- # more\n" + deployment()
    ),
    "after a broken document": file(PATH, "a: [\n---\n" + deployment()),
    "in a list": file(PATH, in_list()),
    "in a typed list": file(PATH, in_typed_list()),
    "as JSON": file("deploy/app.json", json.dumps(as_object())),
    "as JSON in a YAML file": file(PATH, json.dumps(as_object())),
    "without an extension": file("deploy/app", deployment()),
    "as text": file("deploy/app.txt", deployment()),
    "with an upper case extension": file("deploy/APP.YAML", deployment()),
    "behind an anchor": file(PATH, f"x-image: &i {BAD}\n" + deployment("*i")),
    "behind a merge key": file(
        PATH,
        "x: &x\n  containers:\n    - name: app\n      image: "
        + BAD
        + "\n"
        + deployment(GOOD).split("      containers:")[0]
        + "      <<: *x\n",
    ),
    "with the last of two keys": file(
        PATH,
        deployment(GOOD)
        .replace("image:", "image: x:1.0.0\n          image:", 1)
        .replace(GOOD, BAD),
    ),
    "with a tag": file(PATH, deployment(f"!anything {BAD}")),
    "with a quoted key": file(PATH, deployment().replace("image:", '"ima\\u0067e":')),
    "with a byte order mark": file(PATH, b"\xef\xbb\xbf" + deployment().encode()),
    "in UTF-16": file(PATH, deployment().encode("utf-16")),
    "with Windows line ends": file(PATH, deployment().replace("\n", "\r\n")),
    "with a YAML directive": file(PATH, "%YAML 1.1\n---\n" + deployment()),
    "as an init container": file(PATH, deployment().replace("containers:", "initContainers:")),
    "as an ephemeral container": file(
        PATH, deployment().replace("containers:", "ephemeralContainers:")
    ),
    "in a cron job": file(
        PATH,
        json.dumps(
            {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "metadata": {"name": "x"},
                "spec": {"jobTemplate": {"spec": as_object()["spec"]}},
            }
        ),
    ),
    "in a kind nobody knows": file(
        PATH,
        json.dumps(
            {
                "apiVersion": "example.org/v1",
                "kind": "Thing",
                "metadata": {"name": "x"},
                "spec": {"deep": {"podTemplate": as_object()["spec"]["template"]}},
            }
        ),
    ),
    "with a generated name": file(
        PATH,
        deployment().replace("  name: app\n  namespace", "  generateName: app-\n  namespace", 1),
    ),
    "in kustomize's images": file(
        "deploy/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        "images:\n  - name: app\n    newTag: latest\n",
    ),
    "in a kustomization without a kind": file(
        "deploy/kustomization.yaml", "images:\n  - name: app\n    newTag: latest\n"
    ),
    "in a Flux HelmRelease": file(
        PATH,
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: app}\n"
        "spec:\n  values:\n    image: {repository: registry.example/app, tag: latest}\n",
    ),
    "in Helm values": file(
        "deploy/values-prod.yaml", "image:\n  repository: registry.example/app\n  tag: latest\n"
    ),
    "marked as generated": lambda repo: (
        repo.write(".gitattributes", "*.yaml linguist-generated -diff binary\n"),
        repo.write(PATH, deployment()),
    )[0],
    "ignored, and added by force": lambda repo: (
        repo.write(".gitignore", "deploy/\n"),
        repo.write(PATH, deployment()),
    )[0],
    "under a name with a newline": file("deploy/a\nb.yaml", deployment()),
    "under a name with spaces": file("deploy/ a b .yaml", deployment()),
    "under a name like an option": file("--help.yaml", deployment()),
    "in a hidden folder": file(".hidden/app.yaml", deployment()),
    "in a chart's template that is none": lambda repo: (
        repo.write("chart/Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n"),
        repo.write("chart/templates/app.yaml", deployment()),
    )[0],
    "with braces in a comment": file(PATH, "# {{ not a template }}\n" + deployment()),
    "behind a link inside the repository": lambda repo: repo.link(PATH, "../parts/app.part"),
    "beside a change of .gate.yaml that turns the rule off": lambda repo: (
        repo.write(".gate.yaml", "version: 1\nrules: {workload.image_pinned: off}\n"),
        repo.write(PATH, deployment()),
    )[0],
    "beside a waiver for itself": lambda repo: (
        repo.write(
            ".gate/waivers.yaml",
            "waivers:\n  - {rule: workload.image_pinned, expires: 2099-01-01, reason: trust me}\n",
        ),
        repo.write(PATH, deployment()),
    )[0],
    "beside an exclusion of itself": lambda repo: (
        repo.write(".gate.yaml", 'version: 1\nmanifests: {exclude: ["**"]}\n'),
        repo.write(PATH, deployment()),
    )[0],
}

NAMED: dict[str, tuple[str, Build]] = {
    "in Latin-1": (PATH, file(PATH, ("# caf\xe9\n" + deployment()).encode("latin-1"))),
    "with a null byte": (PATH, file(PATH, b"# \x00\n" + deployment().encode())),
    "behind a link out of the repository": (PATH, lambda repo: repo.link(PATH, "/etc/app.yaml")),
    "behind a link that climbs out": (PATH, lambda repo: repo.link(PATH, "../../../app.yaml")),
    "behind a link to nothing": (PATH, lambda repo: repo.link(PATH, "gone.yaml")),
    "in Git LFS": (
        PATH,
        file(
            PATH,
            "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 1234\n",
        ),
    ),
    "in a file too large": (PATH, file(PATH, "# padding\n" * 900_000 + deployment())),
    "behind 50,000 brackets": (PATH, file(PATH, "x: " + "[" * 50_000 + "\n")),
    "behind aliases without end": (
        PATH,
        file(
            PATH,
            "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
            + "".join(
                f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n"
                for n in range(8)
            )
            + deployment(),
        ),
    ),
    "in YAML that is broken": (PATH, file(PATH, deployment() + "  bad: [\n")),
    "in a Helm template": (
        "chart/templates/app.yaml",
        lambda repo: (
            repo.write("chart/Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n"),
            repo.write(
                "chart/templates/app.yaml",
                deployment("{{ .Values.image }}:latest").replace("name: app\n", "name: {{ x }}\n"),
            ),
        )[0],
    ),
    "in a submodule": ("vendor/manifests", lambda repo: repo.submodule("vendor/manifests")),
    "with the first of two keys": (
        PATH,
        file(
            PATH,
            deployment(GOOD).replace("image:", f"image: {BAD}\n          image:", 1),
        ),
    ),
}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.write("parts/app.part", deployment())
    made.write("README.md", "# Shop\n")
    made.write(".gate.yaml", "version: 1\n")
    made.commit("start")
    made.branch("change")
    return made


@pytest.mark.parametrize("way", FOUND)
def test_a_bad_image_is_found(repo: Repo, way: str) -> None:
    FOUND[way](repo)
    repo.git("add", "--all", "--force")
    repo.commit("smuggle")
    verdict = check(repo.path, "--base", "main")
    assert "workload.image_pinned" in {
        each["rule"] for each in verdict["findings"] if each["level"] == "deny"
    }, json.dumps(verdict, indent=1)
    assert verdict["verdict"] == "deny"


@pytest.mark.parametrize("way", NAMED)
def test_what_cannot_be_seen_is_named(repo: Repo, way: str) -> None:
    path, build = NAMED[way]
    build(repo)
    repo.git("add", "--all", "--force")
    repo.commit("smuggle")
    verdict = check(repo.path, "--base", "main")
    assert path in {each["path"] for each in verdict["problems"]}, json.dumps(verdict, indent=1)


def test_an_evil_merge_is_found(repo: Repo) -> None:
    repo.write("deploy/one.yaml", deployment(GOOD, "one"))
    repo.commit("one")
    repo.checkout("main")
    repo.write("deploy/two.yaml", deployment(GOOD, "two"))
    repo.commit("two")
    repo.checkout("change")
    repo.git("merge", "--no-ff", "--no-commit", "main")
    repo.write("deploy/three.yaml", deployment())
    repo.git("add", "--all")
    repo.commit("merge main")
    assert "workload.image_pinned" in {
        each["rule"] for each in check(repo.path, "--base", "main")["findings"]
    }


def test_a_name_that_is_not_utf_8_is_found(repo: Repo) -> None:
    raw = bytes(repo.path / "deploy") + b"/caf\xe9.yaml"
    Path(repo.path / "deploy").mkdir()
    with open(raw, "w", encoding="utf-8") as handle:  # noqa: PTH123 - a path of bytes
        handle.write(deployment())
    repo.git("add", "--all")
    repo.commit("smuggle")
    verdict = check(repo.path, "--base", "main")
    assert verdict["findings"][0]["location"]["path"] == r"deploy/caf\xe9.yaml"


def test_a_stale_branch_does_not_escape_todays_config(repo: Repo) -> None:
    repo.write(PATH, deployment())
    repo.commit("while the rule was a warning")
    repo.checkout("main")
    repo.write(".gate.yaml", "version: 1\nrules: {workload.image_pinned: warn}\n")
    repo.commit("soften")
    repo.checkout("change")
    assert check(repo.path, "--base", "main")["verdict"] == "warn"
    repo.checkout("main")
    repo.write(".gate.yaml", "version: 1\nrules: {workload.image_pinned: deny}\n")
    repo.commit("harden")
    repo.checkout("change")
    assert check(repo.path, "--base", "main")["verdict"] == "deny"


def test_a_repository_policy_deleted_by_the_change_still_judges(repo: Repo) -> None:
    repo.checkout("main")
    repo.write(".gate.yaml", "version: 1\npolicies: [builtin, policies/]\n")
    repo.write(
        "policies/team/owner.rego",
        "# METADATA\n# title: Owned\n# description: Every object names its owner.\n"
        "# scope: package\n# custom:\n#   remediation: Add the label owner.\n"
        "package gate.team.owner\n\n"
        'deny contains {"message": "no owner", "resource": r.id} if {\n'
        '\tsome r in input.resources\n\tr.kind == "Deployment"\n'
        '\tobject.get(r.new, ["metadata", "labels", "owner"], "") == ""\n}\n',
    )
    repo.commit("a rule of our own")
    repo.git("checkout", "-q", "-B", "change")
    repo.remove("policies/team/owner.rego")
    repo.write(".gate.yaml", "version: 1\n")
    repo.write(PATH, deployment(GOOD))
    repo.commit("without it")
    verdict = check(repo.path, "--base", "main")
    assert {each["rule"] for each in verdict["findings"]} >= {"team.owner", "change.weakens_gate"}
    assert verdict["verdict"] == "deny"
    assert verdict["preview"] is not None
