"""The example rule of docs/policies.md loads, judges, and passes its own test."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest

from gate.config.load import load
from gate.decision.engines.registry import open_engine
from gate.decision.rego.metadata import Metadata
from gate.decision.results import Said
from gate.model.config import EVIDENCE_KINDS, Level
from tests.support.rules import load as load_rules
from tests.support.tools import ROOT, need
from tests.unit.config.trees import Files

PAGE = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
RULE = "policies/team/owner_label.rego"
TEST = "policies/team/owner_label_test.rego"


def example(title: str) -> str:
    found = re.search(rf"<!-- {re.escape(title)} -->\n```rego\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def cells(heading: str) -> set[str]:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([\w.]+)` \|", section, re.MULTILINE))


def deployment(labels: dict[str, str]) -> dict[str, Any]:
    return {
        "id": "apps/Deployment/shop/cart",
        "group": "apps",
        "kind": "Deployment",
        "name": "cart",
        "status": "added",
        "patch": False,
        "new": {"metadata": {"labels": labels}},
    }


@pytest.mark.parametrize(
    ("labels", "messages"),
    [({"app": "cart"}, ["Deployment cart has no label team."]), ({"team": "a"}, [])],
)
def test_the_example_judges(labels: dict[str, str], messages: list[str]) -> None:
    config = load(Files({".gate.yaml": "policies: [policies/]"}))
    assert config is not None
    loaded = load_rules(config.policies, Files({RULE: example(RULE), TEST: example(TEST)}))
    (rule,) = loaded.rules.values()
    assert (rule.id, rule.level, rule.settings) == ("team.owner_label", "warn", {"label": "team"})
    policy_input = {
        "resources": [deployment(labels)],
        "settings": {rule.id: rule.settings},
    }
    answer = open_engine("embedded").evaluate(loaded, policy_input)
    result = answer.results[rule.id]
    assert [each["message"] for each in result["deny"]] == messages
    assert result["applies"] is True


def test_the_example_s_own_test_passes_in_opa(tmp_path: Path) -> None:
    opa = need("opa")
    for title in (RULE, TEST):
        (tmp_path / title).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / title).write_text(example(title))
    done = subprocess.run([opa, "test", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.stdout.strip().endswith("PASS: 2/2"), done.stdout + done.stderr


def test_the_tables_name_every_key() -> None:
    fields = set(Metadata.__dataclass_fields__)
    written = {name.removeprefix("custom.") for name in cells("METADATA")}
    assert written == fields
    assert cells("Findings") == set(Said.__dataclass_fields__) - {"set"}


def test_the_words_are_those_of_the_gate() -> None:
    for word in (*EVIDENCE_KINDS, *get_args(Level)):
        assert f"`{word}`" in PAGE
