"""What parses but renders elsewhere: the gate sees the order, not the dish."""

from __future__ import annotations

import re

from gate.manifests.identity import KUSTOMIZE_GROUP
from gate.model.manifest import Resource

RENDERED_KINDS = frozenset(
    {
        ("helm.toolkit.fluxcd.io", "HelmRelease"),
        ("helm.cattle.io", "HelmChart"),
        ("helm.cattle.io", "HelmChartConfig"),
        ("kustomize.toolkit.fluxcd.io", "Kustomization"),
        ("argoproj.io", "Application"),
        ("argoproj.io", "ApplicationSet"),
        (KUSTOMIZE_GROUP, "Kustomization"),
        (KUSTOMIZE_GROUP, "Component"),
    }
)

_VALUES_FILE = re.compile(r"(values[^/]*|[^/]*[-_.]values)\.ya?ml|Chart\.ya?ml", re.IGNORECASE)


def is_indirect(resource: Resource) -> bool:
    """Whether what the cluster gets is made from this object by something else."""
    if resource.kind == "File":
        return _VALUES_FILE.fullmatch(resource.path.rpartition("/")[2]) is not None
    return (resource.group, resource.kind) in RENDERED_KINDS
