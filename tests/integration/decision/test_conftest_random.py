"""Random policies and manifests: many rules in one folder, so that one run compares them all."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.support.conftests import same, write

KINDS = ("Deployment", "Service", "ConfigMap", "Other")
PATHS = (
    "input.kind",
    "input.metadata.name",
    "input.metadata.labels.team",
    "input.spec.replicas",
    "input.spec.paused",
    "input.spec.list",
    "input.spec.nested.value",
)
VALUES = ('"Deployment"', '"Service"', '"a"', '"b"', "1", "2", "true", "false", "null", "[]")


def _value(dice: random.Random) -> object:
    return dice.choice(["a", "b", 1, 2, True, False, None, [], ["a"], {"value": "a"}])


def _manifest(dice: random.Random, number: int) -> str:
    found: dict[str, object] = {
        "apiVersion": "v1",
        "kind": dice.choice(KINDS),
        "metadata": {"name": f"n{number}"},
    }
    if dice.random() < 0.5:
        found["metadata"] = {"name": f"n{number}", "labels": {"team": dice.choice(["a", "b"])}}
    names = ("replicas", "paused", "list", "nested")
    spec = {name: _value(dice) for name in names if dice.random() < 0.5}
    if spec:
        found["spec"] = spec
    return json.dumps(found)


def _condition(dice: random.Random) -> str:
    path = dice.choice(PATHS)
    return dice.choice(
        [
            path,
            f"not {path}",
            f"{path} == {dice.choice(VALUES)}",
            f"{path} != {dice.choice(VALUES)}",
            f"is_array({path})" if path.endswith("list") else f"is_string({path})",
            f'object.get(input, ["spec", "paused"], 0) == {dice.choice(VALUES)}',
        ]
    )


def _rule(dice: random.Random, number: int, *, v0: bool) -> str:
    kind = dice.choice(["deny", "violation", "warn"])
    name = f"{kind}_r{number}" if dice.random() < 0.8 else kind
    text = f"r{number}"
    result = dice.choice([f'"{text}"', f'{{"msg": "{text}", "extra": [1, {{"a": null}}]}}'])
    body = "\n\t".join(
        [*(_condition(dice) for _ in range(dice.randint(1, 3))), f"found := {result}"]
    )
    head = f"{name}[found]" if v0 else f"{name} contains found if"
    return f"{head} {{\n\t{body}\n}}\n"


def _exception(dice: random.Random, rules: int, *, v0: bool) -> str:
    names = [dice.choice(["", *(f"r{number}" for number in range(rules))]) for _ in range(2)]
    body = f"{_condition(dice)}\n\tnames := {json.dumps(names)}"
    head = "exception[names]" if v0 else "exception contains names if"
    return f"{head} {{\n\t{body}\n}}\n"


@pytest.mark.parametrize("seed", range(4))
def test_random_policies(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    v0 = seed % 2 == 1
    rules = 40
    parts = ["package main\n", *(_rule(dice, number, v0=v0) for number in range(rules))]
    parts += [_exception(dice, rules, v0=v0) for _ in range(6)]
    documents = [_manifest(dice, number) for number in range(24)]
    files = {f"m/{index}.yaml": "\n---\n".join(documents[index::6]) + "\n" for index in range(6)}
    write(tmp_path, {**files, "policy/main.rego": "\n".join(parts)})
    same(tmp_path, "-p", "policy", v0=v0)
