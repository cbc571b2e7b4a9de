"""What the engine is spared changes no answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.decision.bundle import load
from gate.decision.engines.embedded import Embedded
from gate.decision.results import check
from gate.decision.sparing import Sparing
from gate.model.policy import Answer, Bundle, PolicyFiles

BUILTIN = load(builtin=True)
WORDS = st.sampled_from([".gate.yaml", "README.md", "policies/a.rego", "b/freeze.yaml", "x.ics"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4) | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=4,
)
FILE = st.fixed_dictionaries(
    {
        "path": WORDS,
        "old_path": st.none() | WORDS,
        "status": st.sampled_from(["added", "modified", "deleted", "renamed"]),
    }
)
KINDS = st.dictionaries(st.sampled_from(["slo", "freeze"]), VALUES)
SETTINGS = {rule.id: rule.settings for rule in BUILTIN.rules.values()}


@st.composite
def inputs(draw: st.DrawFn) -> dict[str, Any]:
    """Policy inputs without resources and targets."""
    odd = {rule: draw(VALUES) for rule in draw(st.sets(st.sampled_from(sorted(SETTINGS))))}
    return {
        "change": {
            "kind": draw(st.sampled_from(["range", "staged", "tree"])),
            "files": draw(st.lists(FILE, max_size=3)),
            "gate_paths": draw(st.lists(WORDS, max_size=2)),
            "approvals": draw(VALUES),
            "commits": [],
            "labels": draw(st.lists(WORDS, max_size=1)),
            "environments": draw(st.lists(WORDS, max_size=1)),
        },
        "resources": [],
        "unchanged": [],
        "services": draw(st.dictionaries(WORDS, VALUES, max_size=2)),
        "targets": [],
        "evidence": draw(KINDS),
        "settings": {**SETTINGS, **odd},
        "now": "2026-11-22T10:00:00Z",
    }


WHOLE, FEWER = Embedded(), Embedded()


@settings(max_examples=40, deadline=None)
@given(policy_input=inputs())
def test_every_answer_is_as_the_engine_gives_it(policy_input: dict[str, Any]) -> None:
    whole = WHOLE.evaluate(BUILTIN, policy_input)
    spared = Sparing(FEWER).evaluate(BUILTIN, policy_input)
    for rule in BUILTIN.rules.values():
        assert check(rule, spared, ()) == check(rule, whole, ()), rule.id


class Counting:
    """An engine that says what it is asked."""

    def __init__(self, name: str = "embedded") -> None:
        self.name = name
        self.asked: list[Bundle] = []

    def about(self, _: Bundle, /) -> Mapping[str, str]:
        return {"name": self.name}

    def evaluate(self, bundle: Bundle, policy_input: Mapping[str, Any]) -> Answer:
        self.asked.append(bundle)
        return Answer({})

    def close(self) -> None:
        pass


EMPTY: Mapping[str, Any] = {"resources": [], "targets": []}


def test_rules_about_manifests_are_not_even_read() -> None:
    counting = Counting()
    Sparing(counting).evaluate(BUILTIN, EMPTY)
    (asked,) = counting.asked
    assert 0 < len(asked.rules) <= 4
    assert all(rule.startswith("change.") for rule in asked.rules)
    assert len(asked.modules) * 2 < len(BUILTIN.modules)


@pytest.mark.parametrize(
    ("name", "policy_input"),
    [
        ("embedded", {**EMPTY, "resources": [{}]}),
        ("embedded", {**EMPTY, "targets": [{}]}),
        ("opa", EMPTY),
        ("server", EMPTY),
    ],
)
def test_all_else_is_asked_whole(name: str, policy_input: Mapping[str, Any]) -> None:
    counting = Counting(name)
    Sparing(counting).evaluate(BUILTIN, policy_input)
    assert counting.asked == [BUILTIN]


def test_beside_rules_of_others_all_are_asked() -> None:
    text = (
        "# METADATA\n# title: A\n# description: B\n# scope: package\n# custom:\n#   level: warn\n"
        '#   remediation: C\npackage gate.team.a\n\ndeny contains {"message": "x"}\n'
    )
    bundle = load(builtin=True, given=[PolicyFiles({"team/a.rego": text})])
    counting = Counting()
    Sparing(counting).evaluate(bundle, EMPTY)
    assert counting.asked == [bundle]
