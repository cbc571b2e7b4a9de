"""Rules about budgets and freezes on random, damaged evidence: OPA and the embedded engine say the
same, no rule fails, and what cannot be read is never calm."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gate.decision import bundle
from gate.model.policy import Bundle
from tests.integration.policies.objects import _damaged as damaged
from tests.integration.policies.objects import resources
from tests.integration.policies.test_rules_on_both_engines import Judge, _comparable, _opa

_CHANGE = {"kind": "range", "base": "a", "head": "b", "trusted": "a", "author": None, "files": []}
_PAIRS = [
    {
        "severity": severity,
        "long": long,
        "short": short,
        "factor": factor,
        "long_rate": rate,
        "short_rate": rate,
        "exceeded": True,
    }
    for severity, long, short, factor, rate in (
        ("page", "1h", "5m", 14.4, 20.123456789012345),
        ("ticket", "3d", "6h", 1, 1.5),
    )
]
_SLO = {
    "name": "availability",
    "objective": 0.9995,
    "window": "30d",
    "remaining": 0.123456789012345,
    "state": "warning",
    "reason": None,
    "burn_rate": 3.2,
    "pairs": _PAIRS,
    "exhausted_at": "2026-11-23T04:00:00Z",
    "projection": [],
}
_CALENDAR = {
    "source": "freezes.yaml",
    "until": "2026-12-23T10:00:00Z",
    "last_end": "2027-01-06T00:00:00Z",
    "review_by": None,
    "windows": [
        {"name": name, "from": start, "until": until, "reason": None, "who": "release", "line": 3}
        for name, start, until in (
            ("Year-end", "2026-11-20T00:00:00Z", "2027-01-06T00:00:00Z"),
            ("Soon", "2026-11-22T10:20:00Z", None),
        )
    ],
}
_remaining = st.floats(-5, 1) | st.sampled_from([0, 1, -1, 0.5, 1e-9, -1e-9, 0.2, 45, None])


@st.composite
def _slo(draw: st.DrawFn) -> Any:
    changes = {"remaining": draw(_remaining), "objective": draw(st.floats(0.5, 1) | st.just(0.999))}
    state = draw(st.sampled_from(["ok", "exhausted", "insufficient_data"]))
    return draw(damaged({**_SLO, **changes, "state": state}))


@st.composite
def _standing(draw: st.DrawFn) -> dict[str, Any]:
    """What changes, `change` and `evidence` of a policy input."""
    claim = draw(st.sampled_from(["incident INC-1", "security", "hurry", ""]))
    approval = {"by": "eve", "kind": "review", "label": None, "at": "2026-11-22T09:00:00Z"}
    approvals = draw(st.sampled_from([None, [], [approval]]))
    commits = [{"trailers": draw(st.sampled_from([{}, {"gate-exempt": [claim]}]))}]
    label = draw(st.sampled_from(["a", "gate-exempt: incident", "gate-exempt/security"]))
    rollback = draw(st.sampled_from([None, None, None, {"to": "a"}]))
    change = {
        **_CHANGE,
        "commits": commits,
        "labels": [label],
        "rollback": rollback,
        "approvals": draw(damaged({"is": approvals})).get("is"),
        "environments": ["production"],
    }
    values = {
        "slo": draw(damaged(draw(st.lists(_slo(), max_size=3)))),
        "freeze": draw(damaged([_CALENDAR])),
    }
    evidence = {
        kind: {"web": {"production": {"status": "ok", "value": value}}}
        for kind, value in values.items()
    }
    return {**draw(resources()), "change": change, "evidence": evidence}


@pytest.fixture(scope="module")
def built_in() -> Bundle:
    return bundle.load(True)


def _input(judge: Judge, found: Mapping[str, Any]) -> dict[str, Any]:
    return judge.input_of({key: found[key] for key in ("resources", "unchanged")}) | found


def _samples(count: int) -> Iterator[dict[str, Any]]:
    """The same random evidence in each run."""
    samples: list[dict[str, Any]] = []

    @settings(
        max_examples=count, deadline=None, database=None, derandomize=True, phases=[Phase.generate]
    )
    @given(found=_standing())
    def collect(found: dict[str, Any]) -> None:
        samples.append(found)

    collect()
    yield from samples


@pytest.fixture(scope="module")
def judge(built_in: Bundle) -> Judge:
    return Judge(built_in)


def test_both_engines_say_the_same(built_in: Bundle, judge: Judge, tmp_path: Path) -> None:
    inputs = [_input(judge, found) for found in _samples(300)]
    for module in built_in.modules:
        file = tmp_path / f"{module.path.replace('/', '_').replace(':', '_')}"
        file.write_text(module.text, encoding="utf-8")
    (tmp_path / "entry.rego").write_text(built_in.entry, encoding="utf-8")
    (tmp_path / "all.rego").write_text(
        "package every\n\nanswers := [answer |\n\tsome one in input.inputs\n"
        "\tanswer := data.gate_entry.findings with input as one\n]\n",
        encoding="utf-8",
    )
    answer = _opa(
        "eval", "--format", "json", "--strict-builtin-errors", "--stdin-input",
        "--data", str(tmp_path), "data.every.answers",
        text=json.dumps({"inputs": inputs}),
    )  # fmt: skip
    assert "errors" not in answer, answer.get("errors")
    answers = answer["result"][0]["expressions"][0]["value"]
    found = 0
    for one, said in zip(inputs, answers, strict=True):
        ours, theirs = _comparable(judge.says(one)), _comparable(said)
        assert ours == theirs, json.dumps(one)
        found += sum(len(items) for items in ours.values())
    assert found > len(inputs)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(found=_standing())
def test_what_cannot_be_read_is_never_calm(
    found: dict[str, Any], built_in: Bundle, judge: Judge
) -> None:
    said = judge.says(_input(judge, found))

    def says(rule: str) -> bool:
        return any(said[rule].get(name) for name in ("deny", "warn"))

    slos = found["evidence"]["slo"]["web"]["production"]["value"]
    calendars = found["evidence"]["freeze"]["web"]["production"]["value"]
    if found["change"]["rollback"]:
        asked = {
            rule.id for rule in built_in.rules.values() if {"slo", "freeze"} & set(rule.requires)
        }
        assert not any(says(rule) for rule in asked)
        return
    assert says("slo.data_missing") == (not _all_measured(slos))
    assert says("slo.missing") == (slos == [])
    if isinstance(slos, list):
        spent = [each for each in slos if _measured(each) and each["remaining"] <= 0]
        assert says("slo.budget_exhausted") == bool(spent)
    assert says("freeze.active") or _is_calm(calendars)


def _all_measured(slos: Any) -> bool:
    return isinstance(slos, list) and all(_measured(each) for each in slos)


def _measured(slo: Any) -> bool:
    if not isinstance(slo, dict) or slo.get("state") == "insufficient_data":
        return False
    remaining = slo.get("remaining")
    return type(remaining) in (int, float) and remaining <= 1.001


def _is_calm(calendars: Any) -> bool:
    """Whether all can be read and no window has begun: those of `_CALENDAR` end later, if ever."""
    return isinstance(calendars, list) and all(
        isinstance(each, dict)
        and isinstance(each.get("windows"), list)
        and all(
            isinstance(window, dict) and window.get("from") == "2026-11-22T10:20:00Z"
            for window in each["windows"]
        )
        for each in calendars
    )
