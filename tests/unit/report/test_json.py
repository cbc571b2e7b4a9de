"""The verdict as JSON is frozen here: keys may be added, never renamed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from gate import schemas
from gate.errors import ConfigError, EngineError, GateError, UsageError
from gate.report.json import error_json, render, to_json
from gate.report.look import Look

from .samples import PASSED, SAMPLES, deny, hostile

KEYS = [
    "schema",
    "verdict",
    "exit_code",
    "mode",
    "offline",
    "decision_id",
    "evaluated_at",
    "valid_until",
    "summary",
    "change",
    "findings",
    "rules",
    "evidence",
    "problems",
    "engine",
    "policies",
]
ERRORS = [
    UsageError("There is no such thing."),
    ConfigError("Unknown key `rulez`.", advice="Did you mean `rules`?", path=".gate.yaml", line=3),
    EngineError("The engine died.", path="a\ud800", line=1, column=2),
]


@pytest.fixture(scope="module")
def validate() -> Any:
    """Checks against the published schema."""
    import jsonschema

    schema = schemas.load("verdict")
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    return validator(schema).validate


@pytest.mark.parametrize("name", ["deny", "evidence_missing", "excused", "preview_denied"])
def test_the_shape(name: str, snapshot: SnapshotAssertion) -> None:
    assert render(SAMPLES[name](), Look()) == snapshot


@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_valid_by_the_published_schema(name: str, validate: Any) -> None:
    validate(to_json(SAMPLES[name]()))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.kind)
def test_an_error_is_valid_by_the_published_schema(error: GateError, validate: Any) -> None:
    validate(error_json(error))


def test_the_keys_stand_in_the_order_of_the_design() -> None:
    written = to_json(deny())
    assert list(written)[: len(KEYS)] == KEYS
    assert list(written["findings"][0]) == [
        "level",
        "rule",
        "message",
        "resource",
        "service",
        "location",
        "status",
        "waived",
        "fingerprint",
        "remediation",
        "runbook",
        "unblock",
    ]


def test_the_order_of_what_is_given_does_not_matter() -> None:
    verdict = replace(PASSED, summary={**PASSED.summary, "b": 1, "a": 2})
    turned = replace(
        verdict,
        summary=dict(reversed(verdict.summary.items())),
        change=dict(reversed(verdict.change.items())),
    )
    assert render(turned, Look()) == render(verdict, Look())
    assert list(to_json(turned)["summary"])[-3:] == ["indirect", "a", "b"]


@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_ascii_and_reads_back_the_same(name: str) -> None:
    verdict = SAMPLES[name]()
    written = render(verdict, Look(color=True, width=40, quiet=True, verbose=2))
    assert written.isascii()
    assert written.endswith("}\n")
    assert json.loads(written) == to_json(verdict)
    assert written == render(verdict, Look())


def test_a_lone_surrogate_becomes_text_that_utf8_can_hold() -> None:
    json.dumps(to_json(hostile()), ensure_ascii=False).encode("utf-8")
    json.dumps(error_json(ERRORS[2]), ensure_ascii=False).encode("utf-8")


@given(st.text(st.characters()))
@settings(deadline=None, max_examples=100)
def test_any_text_can_be_written_and_read_as_utf8(text: str) -> None:
    written = render(replace(PASSED, description=text, change={text: [text, None, 1]}), Look())
    json.loads(written)["description"].encode("utf-8")


def test_an_error_says_what_where_and_what_to_do(snapshot: SnapshotAssertion) -> None:
    assert [error_json(error) for error in ERRORS] == snapshot


def test_the_value_of_evidence_is_not_written() -> None:
    evidence = SAMPLES["evidence_missing"]().evidence[0]
    verdict = replace(PASSED, evidence=(replace(evidence, value={"token": "t0p"}),))
    assert "t0p" not in render(verdict, Look())
