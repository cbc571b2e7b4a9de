"""Finds and reads the cases: YAML files of OPA's Go module, in the format of its `cases.go`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

VERSION = "v1.22.2"
HOW = f"go install github.com/open-policy-agent/opa@{VERSION}"
_FOLDER = f"github.com/open-policy-agent/opa@{VERSION}/v1/test/cases/testdata"


@dataclass(frozen=True, slots=True)
class Case:
    """`group` is the folder; `v0` the syntax of its modules; `results` None where an error is
    wanted. `input_term` is Rego and stands for an input that may hold sets."""

    name: str
    group: str
    v0: bool
    query: str
    modules: tuple[str, ...]
    data: dict[str, Any]
    input: Any
    has_input: bool
    input_term: str | None
    results: list[dict[str, Any]] | None
    sort: bool
    strict: bool
    environment: bool


def folder() -> Path | None:
    """Where the cases are; None where the module is not on this machine."""
    return next((found for cache in _caches() if (found := cache / _FOLDER).is_dir()), None)


def _caches() -> Iterator[Path]:
    """Where Go's module cache may be: as it is told, beside an installed opa, as Go says."""
    if told := os.environ.get("GOMODCACHE"):
        yield Path(told)
    if opa := shutil.which("opa"):
        yield Path(opa).parents[1] / "pkg" / "mod"
    if go := shutil.which("go"):
        done = subprocess.run(
            [go, "env", "GOMODCACHE"], capture_output=True, text=True, check=False
        )
        yield Path(done.stdout.strip())


def read(root: Path) -> list[Case]:
    """All cases in the order of their files."""
    found = []
    for file in sorted(root.rglob("*.yaml")):
        version, group = file.relative_to(root).parts[:2]
        told = yaml.load(file.read_bytes(), Loader=_Loader)
        found += [_case(each, group, version) for each in told["cases"]]
    return found


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """As OPA reads YAML: no dates, and `on` is a text."""


_OTHERWISE = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, found) for tag, found in each if tag not in _OTHERWISE]
    for first, each in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def _case(told: dict[str, Any], group: str, version: str) -> Case:
    wants_error = "want_error" in told or "want_error_code" in told
    return Case(
        name=f"{version}/{told['note']}",
        group=group,
        v0=version == "v0",
        query=told["query"],
        modules=tuple(told.get("modules") or ()),
        data=told.get("data") or {},
        input=told.get("input"),
        has_input=told.get("input") is not None,
        input_term=told.get("input_term"),
        results=None if wants_error else told.get("want_result") or [],
        sort=bool(told.get("sort_bindings")),
        strict=bool(told.get("strict_error")),
        environment=bool(told.get("env")),
    )
