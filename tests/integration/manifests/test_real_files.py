"""Files that nobody on this project wrote, read as one tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.change.interface import ChangeRequest
from gate.change.registry import open_source
from gate.manifests.read import read
from gate.model.config import Config
from gate.model.manifest import Manifests
from tests.support.tools import real_data


@pytest.fixture(scope="module")
def found() -> Iterator[Manifests]:
    folder: Path = real_data("thanos").parent
    with open_source(ChangeRequest(repo=folder, tree=folder)) as source:
        yield read(source.change, source.old, source.new, Config())


def test_what_does_not_parse_is_named_and_nothing_else(found: Manifests) -> None:
    assert [(problem.path, problem.kind) for problem in found.problems] == [
        ("argo-rollouts/e2e/analysis-run-failfast.yaml", "unreadable"),
        ("thanos/rules-files/invalid-yaml-format.yaml", "unreadable"),
    ]


def test_every_object_is_there_once_with_an_id_and_a_line(found: Manifests) -> None:
    ids = [resource.id for resource in found.resources]
    assert len(ids) == len(set(ids)) > 100
    for resource in found.resources:
        place = found.locate(resource.id, ("metadata", "name"))
        assert place is not None
        assert place.path == resource.path
        assert place.line is not None


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("argo-rollouts/examples/rollout-bluegreen.yaml", 3),
        ("argo-rollouts/lint/valid-with-another-empty-object.yml", 1),
        ("flagger/crd.yaml", 3),
        ("kyverno-policies/disallow-latest-tag/resource.yaml", 8),
        ("openslo-go-sdk/inline/input-v1_slo.yaml", 5),
        ("oslo/two-documents.yaml", 3),
        ("oslo/v1alpha.yaml", 4),
        ("sloth/getting-started.yml", 1),
        ("thanos/alerts.yaml", 1),
        ("icalendar/example.ics", 0),
    ],
)
def test_a_file_holds_as_many_objects_as_it_should(found: Manifests, path: str, count: int) -> None:
    assert len([one for one in found.resources if one.path == path]) == count


def test_rules_and_specs_without_a_header_are_files(found: Manifests) -> None:
    kinds = {one.path: one.kind for one in found.resources}
    assert kinds["thanos/alerts.yaml"] == "File"
    assert kinds["sloth/getting-started.yml"] == "File"
    folder = "openshift-machine-config-operator"
    assert kinds[f"{folder}/0000_90_machine-config_01_prometheus-rules.yaml"] == "PrometheusRule"
