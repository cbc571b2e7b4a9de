"""Real manifests of real projects, by the real conftest and by gate."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.conftests import same, write
from tests.support.tools import need, real_data

POLICY = """\
package main

deny contains msg if {
	not input.metadata.labels
	msg := sprintf("%s %s has no labels", [input.kind, input.metadata.name])
}

deny_image contains {"msg": msg, "image": container.image} if {
	walk(input, [_, container])
	is_string(container.image)
	not contains(container.image, "@sha256:")
	msg := sprintf("%s is not pinned", [container.image])
}

warn_kind contains msg if msg := sprintf("a %s", [input.kind])

violation_name contains {"msg": "no name"} if {
	is_object(input) # conftest judges an empty document too, as null
	not input.metadata.name
}

exception contains ["name"] if input.kind == "Kustomization"
"""
FOLDERS = (
    "chaos-mesh",
    "flagger",
    "kyverno-policies",
    "litmus-chaos-charts",
    "openslo",
    "sloth",
    "tharlesson-argocd",
)


@pytest.mark.parametrize("name", FOLDERS)
def test_real_manifests(tmp_path: Path, name: str) -> None:
    need("conftest")
    source = real_data(name)
    for file in source.rglob("*.y*ml"):
        target = tmp_path / "m" / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    same(write(tmp_path, {"policy/main.rego": POLICY}), "-p", "policy")
