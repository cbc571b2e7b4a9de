"""Constructs that regorus reads otherwise than OPA: rewritten, both mean the same."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from gate.decision.engines.inputs import input_text
from tests.support.engines import REFUSED, embedded_value
from tests.support.tools import need

INPUTS = [
    {"resources": [{}]},
    {"resources": [{"image": "a", "size": 1, "l": [1, 2]}, {}]},
    {"resources": [{"image": "x", "size": 3, "l": ["a"], "images": {"k": "a"}}], "image": "x"},
    {"resources": [{"image": 7, "l": "text", "images": ["a"]}], "known": True},
    {"resources": "none", "listed": [1]},
    {},
]

BODIES = [
    'not startswith(r.image, "x")',
    "not r.size > 1",
    'not r.image in ["a"]',
    "not _known(r.image)",
    'not startswith(_image, "x")',
    'not startswith(lower(r.image), "x")',
    'not "a" in r.images',
    "not r.image",
    'not r.image == "a"',
    'not lower(r.image) == "a"',
    'not [r.image] == ["a"]',
    "not r.images[r.image]",
    "not _known_by_input",
    'not r.size == 1 with input as {"known": 1}',
    "every each in r.l { each > 0 }",
    "every k, each in r.images { each == r.image; k != 1 }",
    "every each in r.size { each == 1 }",
    '"k", "a" in r.images',
    "1, 1 in {1, r.size}",
    "some 0, v in r.l; v == r.size",
    'some [k, "a"] in [[1, r.image]]; k == 1',
    "[x, _] = r.l; x == 1",
    '{"k": v} = r.images; v == r.image',
    "x := [y | y := r.l[_]; not y == 1]; count(x) > 0",
    "walk(r, [path, 1]); count(path) > 0",
    "r.l[i] == r.size; i == 0",
    "r.size + 0.2 == 1.2",
    "_partial[r.image].a",
    "x := _partial; x == {}",
    "_none",
    "r.image == _default",
    "_chained(r) == 2",
]

RULES = """
_known(x) if x == 1

_image := input.image

_known_by_input if input.known

_partial[k].a := 1 if some k in input.listed

_none[k] contains 1 if k := input.none

default _default := "a"

_default := input.image

_chained(r) := r.size if { r.l } else := 2 if { r.image }
"""


@pytest.mark.parametrize("body", BODIES)
def test_a_rewritten_rule_answers_as_opa_does(body: str, tmp_path: Path) -> None:
    text = (
        "package t\n\n"
        f"deny contains r if {{\n\tsome r in input.resources\n\t{body}\n}}\n\n"
        f"head contains r.image if {{\n\tsome r in input.resources\n\t{body}\n}}\n"
        f"{RULES}"
    )
    (tmp_path / "t.rego").write_text(text)
    answered = 0
    for policy_input in INPUTS:
        for name in ("deny", "head"):
            ours = embedded_value(text, f"data.t.{name}", policy_input)
            theirs = _opa(tmp_path, name, policy_input)
            if ours != REFUSED:
                assert ours == theirs, (name, policy_input)
                answered += 1
    assert answered > len(INPUTS)


def _opa(folder: Path, name: str, policy_input: dict[str, object]) -> object:
    done = subprocess.run(
        [
            *(need("opa"), "eval", "--strict-builtin-errors", "-d", folder / "t.rego"),
            *("-I", f"data.t.{name}"),
        ],
        input=input_text(policy_input),
        capture_output=True,
        text=True,
        check=False,
    )
    told = json.loads(done.stdout)
    if "errors" in told:
        return told["errors"][0]["message"]
    return [row["expressions"][0]["value"] for row in told.get("result", [])]
