"""conftest's own examples, judged as they are, where Go's module cache holds them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.conftests import same
from tests.support.tools import need


def examples() -> Path:
    """The examples in conftest's own module, read where `go install` left them."""
    cache = Path(need("conftest")).parents[1] / "pkg" / "mod"
    module = cache / "github.com" / "open-policy-agent" / "conftest@v0.71.1" / "examples"
    if not module.is_dir():
        pytest.skip(f"conftest's examples are not in Go's module cache ({cache})")
    return module


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("kubernetes", ["-p", "policy"]),
        ("exceptions", ["-p", "policy"]),
        ("data", ["-p", "policy", "--data", "exclusions"]),
        ("kustomize", ["-p", "policy"]),
        ("configfile", ["-p", "test", "--namespace", "conftest"]),
        ("awssam", ["-p", "policy"]),
        ("compose", ["-p", "policy"]),
    ],
)
def test_the_examples_of_conftest(tmp_path: Path, name: str, options: list[str]) -> None:
    """Its YAML manifests, judged by its policies as they are."""
    source = examples() / name
    for file in source.rglob("*.y*ml"):
        target = tmp_path / "m" / file.relative_to(source)
        if not {"policy", "exclusions", "test"} & set(file.relative_to(source).parts):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    placed = [str(source / each) if (source / each).is_dir() else each for each in options]
    same(tmp_path, *placed)


@pytest.mark.parametrize(("name", "policies"), [("combine", "policy"), ("kubernetes/combine", ".")])
def test_the_combined_examples_of_conftest(tmp_path: Path, name: str, policies: str) -> None:
    source = examples() / name
    for file in source.glob("*.yaml"):
        (tmp_path / "m").mkdir(exist_ok=True)
        shutil.copyfile(file, tmp_path / "m" / file.name)
    same(tmp_path, "-p", str(source / policies), "--combine")
