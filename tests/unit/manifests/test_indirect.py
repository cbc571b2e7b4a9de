"""What renders elsewhere."""

from __future__ import annotations

import pytest

from gate.manifests.indirect import is_indirect
from gate.model.manifest import Resource


def resource(group: str, kind: str, path: str = "a.yaml") -> Resource:
    return Resource("id", group, "v1", kind, None, "x", "added", path)


@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ("helm.toolkit.fluxcd.io", "HelmRelease"),
        ("kustomize.toolkit.fluxcd.io", "Kustomization"),
        ("kustomize.config.k8s.io", "Kustomization"),
        ("argoproj.io", "ApplicationSet"),
    ],
)
def test_orders_to_a_renderer_are_indirect(group: str, kind: str) -> None:
    assert is_indirect(resource(group, kind))


@pytest.mark.parametrize(
    "path",
    [
        "values.yaml",
        "chart/values-prod.yml",
        "prod.values.yaml",
        "x/checkout-values.yaml",
        "c/Chart.yaml",
    ],
)
def test_helm_values_are_indirect(path: str) -> None:
    assert is_indirect(resource("file", "File", path))


@pytest.mark.parametrize(
    ("group", "kind", "path"),
    [
        ("apps", "Deployment", "values.yaml"),
        ("app.k8s.io", "Application", "a.yaml"),
        ("file", "File", "compose.yaml"),
        ("file", "File", "values/compose.yaml"),
    ],
)
def test_all_else_is_judged_directly(group: str, kind: str, path: str) -> None:
    assert not is_indirect(resource(group, kind, path))
