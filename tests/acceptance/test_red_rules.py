"""Ways to get past the rules that were found once: each is a real change, judged by the command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_smuggling import BAD, GOOD, deployment
from tests.support.command import check, rules
from tests.support.git import Repo

PLAIN = "version: 1\n"
IMAGE, CAPACITY = "workload.image_pinned", "workload.capacity_drop"
DELETES, GATE = "change.deletes_stateful", "change.weakens_gate"
PROBE = "          readinessProbe: {httpGet: {path: /, port: 80}}\n"
READY = deployment(GOOD).replace("          resources:", PROBE + "          resources:")
UNTAGGED = "registry.example/shop/app"
PINS = f"images: [{{name: {UNTAGGED}, newTag: 1.0.0}}]\n"
LISTED = "resources: [db.yaml]\n"
STATEFUL = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "registry.example/db:1.0.0"}]}
"""


def judged(
    path: Path,
    before: Mapping[str, str],
    after: Mapping[str, str],
    *,
    gone: Iterable[str] = (),
    config: str = PLAIN,
) -> Any:
    repo = Repo.init(path / "repo")
    repo.commit("start", **{".gate.yaml": config, "README.md": "x\n", **before})
    repo.branch("change")
    for each in gone:
        repo.remove(each)
    repo.commit("change", **after)
    return check(repo.path, "--base", "main")


def patch(text: str, target: str = "Deployment") -> str:
    body = "".join(f"      {line}\n" for line in text.splitlines())
    return f"patches:\n  - target: {{kind: {target}}}\n    patch: |-\n{body}"


APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  source:
    repoURL: https://git.example/shop.git
    path: chart
    targetRevision: 1.0.0
    helm: {parameters: [{name: image.tag, value: latest}]}
"""

IMAGES = {
    "a JSON patch": patch(
        "- {op: add, path: /spec/template/spec/containers/0/image, value: 'app:latest'}"
    ),
    "a JSON patch of a list": patch(
        "- {op: replace, path: /spec/template/spec/containers, value: [{image: 'app:latest'}]}"
    ),
    "a JSON patch of a container": patch(
        "- {op: add, path: /spec/template/spec/initContainers/-, value: {image: app}}"
    ),
    "a patch without a kind": patch(
        "spec: {template: {spec: {containers: [{name: app, image: 'app:latest'}]}}}"
    ),
    "a new name": "images: [{name: app, newName: 'registry.example/app:latest'}]\n",
    "a transformer in text": "transformers:\n  - |-\n    kind: ImageTagTransformer\n"
    "    apiVersion: builtin\n    metadata: {name: x}\n    imageTag: {name: app, newTag: latest}\n",
}


@pytest.mark.parametrize("way", IMAGES)
def test_an_image_is_found_however_kustomize_sets_it(tmp_path: Path, way: str) -> None:
    verdict = judged(tmp_path, {}, {"deploy/kustomization.yaml": IMAGES[way]})
    assert IMAGE in rules(verdict, level="deny")


FILES = {
    "a JSON patch": (
        "patch.yaml",
        "- {op: add, path: /spec/template/spec/containers/0/image, value: 'app:latest'}\n",
        "patches: [{path: patch.yaml, target: {kind: Deployment}}]\n",
    ),
    "a transformer": (
        "tag.yaml",
        "apiVersion: builtin\nkind: ImageTagTransformer\nmetadata: {name: x}\n"
        "imageTag: {name: app, newTag: latest}\n",
        "transformers: [tag.yaml]\n",
    ),
    "an image volume": (
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n"
        "spec: {volumes: [{name: v, image: {reference: 'models:latest'}}]}\n",
        "resources: [pod.yaml]\n",
    ),
    "an Argo CD parameter": ("app.yaml", APPLICATION, "resources: [app.yaml]\n"),
}


@pytest.mark.parametrize("way", FILES)
def test_an_image_is_found_in_a_file_of_its_own(tmp_path: Path, way: str) -> None:
    name, text, kustomization = FILES[way]
    after = {f"deploy/{name}": text, "deploy/kustomization.yaml": kustomization}
    verdict = judged(tmp_path, {}, after)
    assert IMAGE in rules(verdict, level="deny")
    assert verdict["findings"][0]["location"]["path"] == f"deploy/{name}"


BUILDS = {
    "its own kustomization": {"deploy/kustomization.yaml": "resources: [app.yaml]\n" + PINS},
    "an overlay": {
        "deploy/kustomization.yaml": "resources: [app.yaml]\n",
        "prod/kustomization.yaml": "resources: [../deploy]\n" + PINS,
    },
}

DOES_NOT_BUILD = {
    "no kustomization": {},
    "one that lists another folder's file": {
        "other/kustomization.yaml": "resources: [../deploy/app.yaml]\n" + PINS
    },
    "one that lists a folder that is none": {
        "other/kustomization.yaml": "resources: [../deploy]\n" + PINS
    },
    "one of two overlays": {
        **BUILDS["an overlay"],
        "staging/kustomization.yaml": "resources: [../deploy]\n",
    },
    "a file of another name": {
        "deploy/pins.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        "resources: [app.yaml]\n" + PINS
    },
}


@pytest.mark.parametrize("way", BUILDS)
def test_who_builds_a_file_may_pin_its_images(tmp_path: Path, way: str) -> None:
    verdict = judged(tmp_path, {}, {"deploy/app.yaml": deployment(UNTAGGED), **BUILDS[way]})
    assert IMAGE not in rules(verdict)


@pytest.mark.parametrize("way", DOES_NOT_BUILD)
def test_others_may_not(tmp_path: Path, way: str) -> None:
    after = {"deploy/app.yaml": deployment(UNTAGGED), **DOES_NOT_BUILD[way]}
    assert IMAGE in rules(judged(tmp_path, {}, after), level="deny")


TAKEN = {
    "replicas": ("replicas: [{name: db, count: 0}]\n", CAPACITY),
    "fewer replicas": ("replicas: [{name: db, count: 1}]\n", CAPACITY),
    "a JSON patch": (
        patch("- {op: replace, path: /spec/replicas, value: 0}", "StatefulSet"),
        CAPACITY,
    ),
    "a JSON patch to fewer": (
        patch("- {op: replace, path: /spec/replicas, value: 1}", "StatefulSet"),
        CAPACITY,
    ),
    "a patch": (
        patch("apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {replicas: 1}"),
        CAPACITY,
    ),
    "a patch that deletes": (
        patch(
            "apiVersion: apps/v1\nkind: StatefulSet\n"
            "metadata: {name: db, namespace: shop}\n$patch: delete"
        ),
        DELETES,
    ),
    "a patch that deletes its target": (patch("$patch: delete", "StatefulSet"), DELETES),
}


@pytest.mark.parametrize("way", TAKEN)
def test_what_a_kustomization_takes_away_is_found(tmp_path: Path, way: str) -> None:
    more, rule = TAKEN[way]
    before = {"deploy/db.yaml": STATEFUL, "deploy/kustomization.yaml": LISTED}
    verdict = judged(tmp_path, before, {"deploy/kustomization.yaml": LISTED + more})
    assert rule in rules(verdict, level="deny")


@pytest.mark.parametrize(
    "more", ["replicas: [{name: db, count: 2}]\n", patch("- {op: add, path: /spec/x, value: 0}")]
)
def test_what_takes_nothing_away_is_not(tmp_path: Path, more: str) -> None:
    before = {"deploy/db.yaml": STATEFUL, "deploy/kustomization.yaml": LISTED}
    verdict = judged(tmp_path, before, {"deploy/kustomization.yaml": LISTED + more})
    assert not rules(verdict) & {CAPACITY, DELETES}


@pytest.mark.parametrize(
    ("to", "found"), [("staging", True), ("attic", True), ("prod/data", False)]
)
def test_a_line_that_goes_to_another_environment_is_a_deletion(
    tmp_path: Path, to: str, found: bool
) -> None:
    up = "../" * (to.count("/") + 2)
    before = {
        "base/db/db.yaml": STATEFUL,
        "base/db/kustomization.yaml": LISTED,
        "clusters/prod/kustomization.yaml": "resources: [../../base/db]\n",
        f"clusters/{to}/kustomization.yaml": "resources: []\n",
    }
    after = {
        "clusters/prod/kustomization.yaml": "resources: []\n",
        f"clusters/{to}/kustomization.yaml": f"resources: [{up}base/db]\n",
    }
    assert (DELETES in rules(judged(tmp_path, before, after), level="deny")) is found


@pytest.mark.parametrize("image", [GOOD, "registry.example/shop/server:2.0.0"])
def test_a_renamed_container_keeps_its_probe(tmp_path: Path, image: str) -> None:
    path, rule = "deploy/app.yaml", "workload.readiness_removed"
    bare = deployment(image).replace("- name: app", "- name: app2")
    assert rule in rules(judged(tmp_path / "a", {path: READY}, {path: bare}), level="deny")
    kept = READY.replace("- name: app", "- name: app2").replace(GOOD, image)
    assert rule not in rules(judged(tmp_path / "b", {path: READY}, {path: kept}))


def test_a_second_config_does_not_silence_the_rule(tmp_path: Path) -> None:
    calendar = ".gate/freeze.ics"
    assert GATE in rules(judged(tmp_path, {calendar: "a"}, {calendar: "b", ".gate.yml": PLAIN}))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (PLAIN, "version: 1\nmode: advisory\n", True),
        ("version: 1\nrequire: [freeze]\n", PLAIN, True),
        (PLAIN, "version: 1\nmode: enforce\nbots: [renovate]\n", False),
    ],
)
def test_a_config_of_the_other_name_is_compared(
    tmp_path: Path, old: str, new: str, found: bool
) -> None:
    verdict = judged(tmp_path, {}, {".gate.yml": new}, gone=[".gate.yaml"], config=old)
    assert (GATE in rules(verdict)) is found


@pytest.mark.parametrize(("policies", "found"), [("[rules/]", True), ("[builtin, rules/]", False)])
def test_the_built_in_rules_hold_without_the_key(
    tmp_path: Path, policies: str, found: bool
) -> None:
    after = {".gate.yaml": f"version: 1\npolicies: {policies}\n"}
    assert (GATE in rules(judged(tmp_path, {}, after))) is found


RULE = """\
# METADATA
# title: T
# description: D.
# scope: package
# custom:
#   level: deny
#   remediation: R
package gate.shop.limits

deny contains "no" if input.x
"""

NAMED = {
    "evidence": (
        "evidence: {slo: [{file: facts/slo.json}]}\n",
        "facts/slo.json",
        "{}",
        '{"a": {}}',
    ),
    "waivers": (
        "waivers: ops/exceptions.yaml\n",
        "ops/exceptions.yaml",
        "waivers: []\n",
        "waivers:\n  - {rule: workload.image_pinned, path: a, expires: 2099-01-01, reason: x}\n",
    ),
    "policies": (
        "policies: [builtin, rules]\n",
        "rules/shop/limits.rego",
        RULE,
        RULE + '\nwarn contains "no" if input.y\n',
    ),
}


@pytest.mark.parametrize("what", NAMED)
def test_a_file_that_the_config_names_is_part_of_the_gate(tmp_path: Path, what: str) -> None:
    config, path, old, new = NAMED[what]
    verdict = judged(tmp_path, {path: old}, {path: new}, config=PLAIN + config)
    assert GATE in rules(verdict)


def test_images_are_judged_once(tmp_path: Path) -> None:
    verdict = judged(tmp_path, {}, {"deploy/app.yaml": deployment(BAD)})
    assert [each["rule"] for each in verdict["findings"]].count(IMAGE) == 1
