"""The same manifests, judged by the real conftest and by gate, to compare what they find."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.command import gate
from tests.support.tools import need


class Found(NamedTuple):
    """A finding as both tools tell it. `file` is empty where all objects are one input."""

    rule: str
    level: str
    message: str
    file: str


class Judged(NamedTuple):
    found: set[Found]
    excepted: int


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def by_conftest(root: Path, manifests: str, *options: str, v0: bool = False) -> Judged:
    """What conftest finds in a folder; its error is an error of the test."""
    run = run_conftest(root, manifests, *options, v0=v0)
    assert run.returncode in {0, 1}, run.stderr
    assert run.stdout, run.stderr
    results = json.loads(run.stdout)
    found = set()
    excepted = 0
    for result in results:
        file = "" if result["filename"] == "Combined" else result["filename"]
        excepted += len(result.get("exceptions", ()))
        for level, key in (("deny", "failures"), ("warn", "warnings")):
            for each in result.get(key, ()):
                rule = each["metadata"]["query"].removeprefix("data.")
                found.add(Found(rule, level, each["msg"], file))
    return Judged(found, excepted)


def run_conftest(
    root: Path, manifests: str, *options: str, v0: bool = False
) -> subprocess.CompletedProcess[str]:
    version = ("--rego-version", "v0") if v0 else ()
    return subprocess.run(
        [need("conftest"), "test", "-o", "json", *version, *options, manifests],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def by_gate(root: Path, manifests: str, *options: str) -> Judged:
    """What gate finds in a folder; its error is an error of the test."""
    run = gate("check", manifests, *as_gate(options), "-o", "json", cwd=root)
    assert run.code in {0, 1, 3}, str(run)
    verdict = run.json
    assert verdict["verdict"] in {"pass", "warn", "deny"}, str(run)
    return Judged(
        {
            Found(
                each["rule"],
                each["level"],
                each["message"],
                each["location"]["path"] if each["location"] else "",
            )
            for each in verdict["findings"]
        },
        sum(each.get("excepted", 0) for each in verdict["rules"]),
    )


def as_gate(options: Sequence[str]) -> list[str]:
    """conftest's options as gate's: `-p` is `--conftest`."""
    return ["--conftest" if each == "-p" else each for each in options]


def same(root: Path, *options: str, v0: bool = False) -> Judged:
    """Asserts that both find the same in the folder `m`, and that it is something.

    Of exceptions conftest counts those that hold, gate the findings that they take away.
    """
    theirs = by_conftest(root, "m", *options, v0=v0)
    assert theirs.found
    ours = by_gate(root, "m", *options)
    assert ours.found == theirs.found
    assert theirs.excepted or not ours.excepted
    return ours
