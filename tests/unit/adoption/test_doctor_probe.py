"""The doctor's probe: a real object of each target, with one more annotation and nothing else."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from gate.adoption.doctor.overlay import Overlay
from gate.adoption.doctor.place import opened
from gate.adoption.doctor.probe import ANNOTATION, Probe, probe
from gate.change.folder import FolderTree
from gate.change.interface import ChangeRequest
from gate.manifests.read import read
from gate.model.change import Tree, content_at
from gate.model.manifest import Resource
from gate.pipeline import Request
from tests.support.doctored import DEPLOYMENT, NOW, changed, made
from tests.support.git import Repo

TWO = f"""\
# a comment
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings, labels: {{app: checkout}}}}
data: {{on: "yes", number: "014"}}
---
{DEPLOYMENT}"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: s, labels: {app: vault}}
data: {a: eA==}
"""


def judged(folder: Path) -> tuple[Probe, list[Resource]]:
    request = Request(ChangeRequest(folder), now=datetime.fromisoformat(NOW))
    with opened(request) as place:
        found = probe(place)
        source = found.source
        resources = read(source.change, source.old, source.new, place.book.config).resources
    return found, list(resources)


def reached(found: Probe) -> set[tuple[str, str]]:
    return {(each.service, each.environment) for each in found.targets}


def test_one_annotation_of_the_workload_is_all_that_changes(tmp_path: Path) -> None:
    made(tmp_path, None, **{"apps/checkout/deployment.yaml": TWO})
    found, (resource,) = judged(tmp_path)
    assert (resource.kind, resource.status) == ("Deployment", "modified")
    assert [each.path for each in resource.changes] == [("metadata", "annotations")]
    assert resource.changes[0].new == {ANNOTATION: "probe"}
    assert reached(found) == {("checkout", "production")}
    assert not found.without


def test_each_environment_is_reached_by_an_object_of_its_own(tmp_path: Path) -> None:
    environments = {name: {"paths": [f"clusters/{name}/**"]} for name in ("staging", "production")}
    repo = Repo.init(tmp_path)
    repo.write(".gate.yaml", f"version: 1\nenvironments: {environments}\n")
    for name in environments:
        repo.write(f"clusters/{name}/checkout.yaml", DEPLOYMENT)
    repo.commit("all")
    found, resources = judged(tmp_path)
    assert reached(found) == {("checkout", "production"), ("checkout", "staging")}
    assert len(resources) == 2


def test_a_secret_is_left_alone(tmp_path: Path) -> None:
    made(tmp_path, None, **{"apps/vault/secret.yaml": SECRET})
    found, resources = judged(tmp_path)
    assert {each.kind for each in resources} == {"Deployment"}
    assert [each.service for each in found.without] == ["vault"]


def test_not_all_of_a_huge_repository_is_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.adoption.doctor.probe.MOST_FILES", 1)
    made(tmp_path, changed(), **{"a.yaml": SECRET})
    found, _ = judged(tmp_path)
    assert found.cut
    assert reached(found) == {("checkout", "production")}


def test_of_many_targets_those_of_the_config_are_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.adoption.doctor.probe.MOST_TARGETS", 1)
    made(tmp_path, None, **{"a.yaml": DEPLOYMENT.replace("checkout", "another")})
    found, _ = judged(tmp_path)
    assert reached(found) == {("checkout", "production")}
    assert (found.left, found.without) == (1, [])


def test_a_folder_without_git_is_probed_too(tmp_path: Path) -> None:
    made(tmp_path / "repo")
    (tmp_path / "repo" / ".git").rename(tmp_path / "away")
    found, _ = judged(tmp_path / "repo")
    assert reached(found) == {("checkout", "production")}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    for path in ("a.txt", "b/c.txt", "b/d/e.txt"):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)
    return FolderTree(tmp_path)


def test_an_overlay_is_the_tree_with_other_files(tree: Tree) -> None:
    laid = Overlay(tree, {"a.txt": None, "b/c.txt": b"new", "b/d/f.txt": b"more"})
    assert [each.path for each in laid.below("")] == ["b/c.txt", "b/d/e.txt", "b/d/f.txt"]
    assert [each.path for each in laid.below("b/d")] == ["b/d/e.txt", "b/d/f.txt"]
    assert [each.path for each in laid.folder("b")] == ["b/c.txt"]
    assert [each.path for each in laid.folder("")] == []
    assert laid.find("a.txt") is None
    contents = {entry.path: data for entry, data in laid.read(laid.below(""))}
    assert contents == {"b/c.txt": b"new", "b/d/e.txt": b"b/d/e.txt", "b/d/f.txt": b"more"}
    assert content_at(laid, "b/c.txt") == b"new"
    assert content_at(tree, "b/c.txt") == b"b/c.txt"
