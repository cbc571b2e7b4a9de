"""Attacks that once got past the gate, and what stops them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_smuggling import BAD, GOOD, as_object, deployment
from tests.support.command import check, gate, rules
from tests.support.git import Repo

PLAIN = "version: 1\n"
TWO_PLACES = """\
version: 1
environments:
  staging: {paths: ["clusters/staging/**"]}
  production: {paths: ["clusters/prod/**"]}
"""
PROBE = "          readinessProbe: {httpGet: {path: /, port: 80}}\n"
READY = deployment(GOOD).replace("          resources:", PROBE + "          resources:")
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
SECRET = "correct-horse"


def changed(
    path: Path,
    before: Mapping[str, str],
    after: Mapping[str, str],
    *,
    gone: Iterable[str] = (),
    config: str = PLAIN,
) -> Repo:
    repo = Repo.init(path / "repo")
    repo.commit("start", **{".gate.yaml": config, "README.md": "x\n", **before})
    repo.branch("change")
    for each in gone:
        repo.remove(each)
    repo.commit("smuggle", **after)
    return repo


def denied(repo: Repo) -> set[str]:
    return rules(check(repo.path, "--base", "main"), level="deny")


def seen(verdict: Any) -> bool:
    """Found, or at least named."""
    return bool(verdict["findings"] or verdict["problems"])


@pytest.mark.parametrize("edit", ["", "1Mi"], ids=["moved", "moved and edited"])
def test_old_debt_of_staging_is_new_in_production(tmp_path: Path, edit: str) -> None:
    text = deployment(BAD)
    after = text.replace("1Mi", "2Mi") if edit else text
    old, new = "clusters/staging/app.yaml", "clusters/prod/app.yaml"
    repo = changed(tmp_path, {old: text}, {new: after}, gone=[old], config=TWO_PLACES)
    assert "workload.image_pinned" in denied(repo)


@pytest.mark.parametrize("place", ["clusters/staging/db.yaml", "archive/db.yaml", "docs/db.txt"])
def test_what_leaves_production_is_deleted_there(tmp_path: Path, place: str) -> None:
    old = "clusters/prod/db.yaml"
    repo = changed(tmp_path, {old: STATEFUL}, {place: STATEFUL}, gone=[old], config=TWO_PLACES)
    assert "change.deletes_stateful" in denied(repo)


def test_dropping_a_label_does_not_leave_tier_1(tmp_path: Path) -> None:
    labelled = deployment(GOOD).replace("  name: app\n", "  name: app\n  labels: {app: pay}\n", 1)
    config = "version: 1\nservices: {pay: {tier: 1}}\n"
    path = "deploy/app.yaml"
    kept = changed(
        tmp_path / "a", {path: labelled}, {path: labelled.replace("1.4.2", "1.4.3")}, config=config
    )
    dropped = changed(
        tmp_path / "b",
        {path: labelled},
        {path: deployment(GOOD).replace("1.4.2", "1.4.3")},
        config=config,
    )
    assert "delivery.progressive_required" in denied(kept)
    assert "delivery.progressive_required" in denied(dropped)


def test_a_label_does_not_claim_another_services_waiver(tmp_path: Path) -> None:
    config = 'version: 1\nservices: {legacy: {paths: ["apps/legacy/**"]}}\n'
    waiver = "waivers:\n  - {rule: workload.image_pinned, service: legacy, "
    waiver += "expires: 2099-01-01, reason: old}\n"
    claims = deployment(BAD).replace("  name: app\n", "  name: app\n  labels: {app: legacy}\n", 1)
    repo = changed(
        tmp_path, {".gate/waivers.yaml": waiver}, {"apps/shop/app.yaml": claims}, config=config
    )
    assert check(repo.path, "--base", "main")["verdict"] == "deny"


@pytest.mark.parametrize("way", ["listed above", "listed twice", "a directive"])
def test_calling_an_object_a_patch_does_not_hide_what_it_lost(tmp_path: Path, way: str) -> None:
    after = {"deploy/app.yaml": deployment(GOOD)}
    if way == "listed above":
        after["kustomization.yaml"] = "patches: [{path: deploy/app.yaml}]\n"
    elif way == "listed twice":
        listed = "resources: [app.yaml]\npatches: [{path: app.yaml}]\n"
        after["deploy/kustomization.yaml"] = listed
    else:
        after["deploy/app.yaml"] += "$patch: merge\n"
    repo = changed(tmp_path, {"deploy/app.yaml": READY}, after)
    assert "workload.readiness_removed" in denied(repo)


def test_the_last_document_of_an_object_is_the_one_that_counts(tmp_path: Path) -> None:
    path = "deploy/app.yaml"
    repo = changed(tmp_path, {path: READY}, {path: READY + "---\n" + deployment(GOOD)})
    assert "workload.readiness_removed" in denied(repo)


def test_an_object_that_stands_already_is_not_new(tmp_path: Path) -> None:
    repo = changed(tmp_path, {"deploy/app.yaml": READY}, {"deploy/zz.yaml": deployment(GOOD)})
    assert seen(check(repo.path, "--base", "main"))


def test_escaped_keys_in_json_are_keys(tmp_path: Path) -> None:
    text = json.dumps(as_object()).replace("apiVersion", "\\u0061piVersion")
    assert "workload.image_pinned" in denied(changed(tmp_path, {}, {"deploy/app.json": text}))


def test_what_a_kustomization_lists_is_read(tmp_path: Path) -> None:
    indented = "".join(f"  {line}\n" for line in deployment(BAD).splitlines())
    repo = changed(
        tmp_path,
        {"deploy/kustomization.yaml": "resources: [app.txt]\n", "deploy/app.txt": deployment(GOOD)},
        {"deploy/app.txt": indented},
    )
    assert "workload.image_pinned" in denied(repo)


@pytest.mark.parametrize(
    "config",
    [
        'version: 1\nmanifests: {include: ["clusters/**"]}\n',
        'version: 1\nmanifests: {exclude: ["hidden/**"]}\n',
    ],
    ids=["not included", "excluded"],
)
def test_a_listed_file_that_does_not_count_is_named(tmp_path: Path, config: str) -> None:
    after = {
        "clusters/kustomization.yaml": "resources: [../hidden/app.yaml]\n",
        "hidden/app.yaml": deployment(BAD),
    }
    verdict = check(changed(tmp_path, {}, after, config=config).path, "--base", "main")
    assert seen(verdict)


def test_an_unrelated_kustomization_does_not_pin_an_image(tmp_path: Path) -> None:
    pins = "images: [{name: registry.example/shop/app, newTag: 1.0.0}]\n"
    after = {
        "deploy/app.yaml": deployment(BAD),
        "elsewhere/kustomization.yaml": f"resources: [../deploy/app.yaml]\n{pins}",
    }
    assert "workload.image_pinned" in denied(changed(tmp_path, {}, after))


IMAGES = {
    "in a JSON patch": "patches:\n  - target: {kind: Deployment}\n    patch: |-\n"
    "      - op: replace\n        path: /spec/template/spec/containers/0/image\n"
    "        value: app:latest\n",
    "in a JSON patch of a whole list": "patches:\n  - target: {kind: Deployment}\n    patch: |-\n"
    "      - op: replace\n        path: /spec/template/spec/containers\n"
    "        value: [{name: app, image: 'app:latest'}]\n",
    "in a patch without a kind": "patches:\n  - target: {kind: Deployment}\n    patch: |-\n"
    "      spec: {template: {spec: {containers: [{name: app, image: 'app:latest'}]}}}\n",
    "in newName": "images: [{name: app, newName: 'registry.example/app:latest'}]\n",
    "in a transformer": "transformers:\n  - |-\n    apiVersion: builtin\n"
    "    kind: ImageTagTransformer\n    metadata: {name: x}\n"
    "    imageTag: {name: app, newTag: latest}\n",
}


@pytest.mark.parametrize("way", IMAGES)
def test_an_image_that_a_kustomization_sets_is_found(tmp_path: Path, way: str) -> None:
    repo = changed(tmp_path, {}, {"deploy/kustomization.yaml": IMAGES[way]})
    assert "workload.image_pinned" in denied(repo)


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ("replicas: [{name: db, count: 0}]\n", "workload.capacity_drop"),
        (
            "patches:\n  - target: {kind: StatefulSet}\n    patch: |-\n"
            "      - {op: replace, path: /spec/replicas, value: 0}\n",
            "workload.capacity_drop",
        ),
        (
            "patches:\n  - patch: |-\n      apiVersion: apps/v1\n      kind: StatefulSet\n"
            "      metadata: {name: db, namespace: shop}\n      $patch: delete\n",
            "change.deletes_stateful",
        ),
    ],
    ids=["replicas", "a JSON patch", "a patch that deletes"],
)
def test_what_a_kustomization_takes_away_is_found(tmp_path: Path, more: str, rule: str) -> None:
    listed = "resources: [db.yaml]\n"
    repo = changed(
        tmp_path,
        {"deploy/db.yaml": STATEFUL, "deploy/kustomization.yaml": listed},
        {"deploy/kustomization.yaml": listed + more},
    )
    assert rule in denied(repo)


def test_a_renamed_container_still_lacks_its_probe(tmp_path: Path) -> None:
    path = "deploy/app.yaml"
    renamed = deployment(GOOD).replace("- name: app", "- name: app2")
    repo = changed(tmp_path, {path: READY}, {path: renamed})
    assert "workload.readiness_removed" in denied(repo)


def test_a_second_config_does_not_silence_the_rule(tmp_path: Path) -> None:
    calendar = ".gate/freeze.ics"
    repo = changed(tmp_path, {calendar: "a"}, {calendar: "b", ".gate.yml": PLAIN})
    assert "change.weakens_gate" in rules(check(repo.path, "--base", "main"))


def test_a_config_of_another_name_is_compared(tmp_path: Path) -> None:
    after = {".gate.yml": "version: 1\nmode: advisory\n"}
    repo = changed(tmp_path, {}, after, gone=[".gate.yaml"])
    assert "change.weakens_gate" in rules(check(repo.path, "--base", "main"))


def test_leaving_the_built_in_rules_out_weakens_the_gate(tmp_path: Path) -> None:
    repo = changed(tmp_path, {}, {".gate.yaml": "version: 1\npolicies: [rules/]\n"})
    assert "change.weakens_gate" in rules(check(repo.path, "--base", "main"))


def test_a_file_that_the_config_names_is_part_of_the_gate(tmp_path: Path) -> None:
    config = "version: 1\nevidence: {slo: [{file: facts/slo.json}]}\n"
    repo = changed(
        tmp_path, {"facts/slo.json": "{}"}, {"facts/slo.json": '{"a": {}}'}, config=config
    )
    assert "change.weakens_gate" in rules(check(repo.path, "--base", "main"))


SECRETS = {
    "a merge patch of a Secret": "patches:\n  - target: {kind: Secret}\n    patch: |-\n"
    f"      stringData: {{p: {SECRET}}}\n",
    "a JSON patch by name": "patches:\n  - target: {name: db}\n    patch: |-\n"
    f"      - {{op: add, path: /stringData/p, value: {SECRET}}}\n",
    "a literal without a key": f"secretGenerator: [{{name: s, literals: [{SECRET}]}}]\n",
    "literals as a mapping": f"secretGenerator: [{{name: s, literals: {{p: {SECRET}}}}}]\n",
    "a generator of its own": "apiVersion: builtin\nkind: SecretGenerator\n"
    f"metadata: {{name: s}}\nliterals: [p={SECRET}]\n",
    "a list that is none": "apiVersion: v1\nkind: SecretList\n"
    f"items: {{stringData: {{p: {SECRET}}}}}\n",
    "beside the data": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
    f"x: &x {{p: {SECRET}}}\nstringData: *x\n",
}


@pytest.mark.parametrize("way", SECRETS)
def test_a_secret_is_not_in_the_context(tmp_path: Path, way: str) -> None:
    repo = changed(tmp_path, {}, {"deploy/kustomization.yaml": SECRETS[way]})
    run = gate("context", "--base", "main", cwd=repo.path)
    assert SECRET not in run.out + run.err


def test_a_secret_that_was_none_is_hidden_on_both_sides(tmp_path: Path) -> None:
    text = f"apiVersion: v1\nkind: Secrett\nmetadata: {{name: s}}\nstringData: {{p: {SECRET}}}\n"
    path = "deploy/s.yaml"
    repo = changed(tmp_path, {path: text}, {path: text.replace("Secrett", "Secret")})
    run = gate("context", "--base", "main", cwd=repo.path)
    assert SECRET not in run.out + run.err


def test_a_pattern_of_the_head_does_not_hang_the_gate(tmp_path: Path) -> None:
    pattern = "/".join(["**", "*"] * 14) + "/zzz"
    after = {
        ".gate.yaml": f'version: 1\nservices: {{a: {{paths: ["{pattern}"]}}}}\n',
        "a/" * 40 + "app.yaml": deployment(BAD),
    }
    assert "workload.image_pinned" in denied(changed(tmp_path, {}, after))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("positions", {"apps/Deployment/shop/app": {"path": "a", "side": "new", "tree": [1]}}),
        ("problems", [{"path": "a", "kind": "unreadable", "message": "m", "line": 1, "x": 1}]),
    ],
)
def test_an_edited_input_is_no_fault_of_the_gate(tmp_path: Path, key: str, value: Any) -> None:
    repo = changed(tmp_path, {}, {"deploy/app.yaml": deployment(BAD)})
    found = gate("context", "--base", "main", cwd=repo.path).json
    found["gate"][key] = value
    saved = tmp_path / "input.json"
    saved.write_text(json.dumps(found))
    assert gate("check", "--input", saved, cwd=repo.path).code == 2
