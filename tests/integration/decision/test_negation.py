"""`not` over what may be undefined: where regorus and OPA differ, the gate refuses."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import regorus

from gate.decision import bundle, embedded
from gate.errors import PolicyError
from gate.model.policy import PolicyFiles
from tests.support.tools import need

METADATA = (
    "# METADATA\n# title: T\n# description: d\n# scope: package\n# custom:\n#   remediation: r\n"
)

REFUSED = [
    'not startswith(r.image, "x")',
    "not r.size > 1",
    'not r.image in ["a"]',
    "not _known(r.image)",
    'not startswith(_image, "x")',
    'every each in [r] { not contains(each.image, "a") }',
    'not startswith(lower(r.image), "x")',
    'not "a" in r.images',
]
ACCEPTED = [
    "not r.image",
    'not r.image == "a"',
    'image := object.get(r, "image", "y"); not startswith(image, "x")',
    "not _known(r)",
    "not _known_by_input",
    'name := "a"; not name in _names',
    'name := "a"; not name in _listed',
]


def module(body: str) -> str:
    return (
        f"{METADATA}package gate.team.rule\n\n"
        f'deny contains "found" if {{\n\tsome r in input.resources\n\t{body}\n}}\n\n'
        "_known(x) if x == 1\n\n_image := input.image\n\n_known_by_input if input.known\n\n"
        '_names := {"a", "b"}\n\n_listed contains x if some x in input.listed\n'
    )


@pytest.mark.parametrize("body", REFUSED)
def test_what_the_engines_read_differently_is_refused_with_its_line(body: str) -> None:
    text = module(body)
    with pytest.raises(PolicyError, match="reads that otherwise than OPA") as caught:
        bundle.load(False, [PolicyFiles({"policies/team/rule.rego": text})])
    assert caught.value.path == "policies/team/rule.rego"
    assert "not " in text.splitlines()[(caught.value.line or 0) - 1]


@pytest.mark.parametrize("body", ACCEPTED)
def test_what_is_accepted_means_the_same_to_both(body: str, tmp_path: Path) -> None:
    text = module(body)
    bundle.load(False, [PolicyFiles({"policies/team/rule.rego": text})])
    found = [{"resources": [{}]}, {"resources": [{"image": "a"}]}, {"resources": [{"image": "x"}]}]
    (tmp_path / "rule.rego").write_text(text)
    for policy_input in found:
        engine = regorus.Engine()
        engine.add_policy("rule.rego", text)
        engine.set_input_json(json.dumps(policy_input))
        ours = json.loads(engine.eval_query_as_json("data.gate.team.rule.deny"))
        done = subprocess.run(
            [need("opa"), "eval", "-d", tmp_path / "rule.rego", "-I", "data.gate.team.rule.deny"],
            input=json.dumps(policy_input),
            capture_output=True,
            text=True,
            check=True,
        )
        theirs = json.loads(done.stdout)
        values = [each["result"][0]["expressions"][0]["value"] for each in (ours, theirs)]
        assert values[0] == values[1], policy_input


def test_no_rule_of_the_wheel_is_read_differently() -> None:
    for each in bundle.load(True).modules:
        assert embedded.parse(each.path, each.text).unfaithful == (), each.path
