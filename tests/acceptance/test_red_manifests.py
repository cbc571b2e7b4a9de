"""What an attack on the gate found: ways to hide what the cluster gets from its manifests."""

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
