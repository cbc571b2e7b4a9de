"""JUnit XML: by the schemas of Ant and of Jenkins, and red exactly where the exit code is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from gate.errors import ConfigError, EngineError, GateError, UsageError
from gate.model.verdict import RuleOutcome, TargetOutcome, Verdict
from gate.report.junit import WHOLE, render, render_error
from gate.report.look import Look
from tests.support.tools import real_data

from .samples import SAMPLES, deny, evidence_missing
from .test_sarif import ERRORS, strange

FORMS = {"ant": "junit-windyroad/JUnit.xsd", "jenkins": "junit-jenkins-xunit/junit-10.xsd"}


@cache
def schema(form: str) -> Any:
    folder, name = FORMS[form].split("/")
    return xmlschema.XMLSchema(real_data(folder) / name)


def suite_of(text: str) -> ET.Element:
    """The suite of a document that keeps to both schemas, its counts being true."""
    for form in FORMS:
        schema(form).validate(text)
    (suite,) = ET.fromstring(text.encode())
    cases = suite.findall("testcase")
    assert suite.get("tests") == str(len(cases))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert suite.get(name) == str(len(suite.findall(f"testcase/{tag}"))), name
    return suite


def of(verdict: Verdict) -> ET.Element:
    return suite_of(render(verdict, Look()))


def is_red(suite: ET.Element) -> bool:
    return (suite.get("failures"), suite.get("errors")) != ("0", "0")


def case(suite: ET.Element, name: str) -> ET.Element | None:
    """The result of a case; None where it passed."""
    (found,) = [each for each in suite.findall("testcase") if each.get("name") == name]
    return next(iter(found), None)


@pytest.mark.parametrize("name", SAMPLES)
def test_it_keeps_to_both_schemas_and_is_red_as_the_exit_code(name: str) -> None:
    verdict = SAMPLES[name]()
    suite = of(verdict)
    assert is_red(suite) == (verdict.exit_code != 0)
    assert len(suite.findall("testcase")) == len(verdict.rules) + 1
    told = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert told["verdict"] == verdict.verdict
    assert told["exit_code"] == str(verdict.exit_code)


@pytest.mark.parametrize("name", ["deny", "evidence_missing", "excused"])
def test_the_shape(name: str, snapshot: SnapshotAssertion) -> None:
    root = ET.fromstring(render(SAMPLES[name](), Look()).encode())
    for each in root.iter("property"):
        if each.get("name") == "version":
            each.set("value", "<version>")
    ET.indent(root)
    assert ET.tostring(root, encoding="unicode") == snapshot


@pytest.mark.parametrize("code", [0, 1, 2, 3])
@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_red_with_any_exit_code_but_0(name: str, code: int) -> None:
    """Whatever else the verdict holds."""
    verdict = replace(SAMPLES[name](), exit_code=code)
    if code:
        assert is_red(of(verdict))


def test_a_denial_is_a_failure_with_its_findings() -> None:
    result = case(of(deny()), "delivery.verification_required")
    assert result is not None
    assert (result.tag, result.get("type")) == ("failure", "denied")
    assert result.text is not None
    assert result.text.splitlines()[:2] == [
        "apps/checkout/rollout.yaml:12:5: Rollout checkout shifts traffic to the new version "
        "without measuring it.",
        "  fix: Add an analysis with at least one metric to spec.strategy.canary.",
    ]


def test_what_could_not_be_judged_is_an_error_and_never_green() -> None:
    suite = of(evidence_missing())
    result = case(suite, "slo.budget_exhausted")
    assert result is not None
    assert (result.tag, result.get("type")) == ("error", "undecided")
    assert result.text is not None
    assert [line.partition(":")[0] for line in result.text.splitlines()] == [
        "checkout in production",
        "cart in production",
    ]
    whole = case(suite, WHOLE)
    assert whole is not None
    assert (whole.tag, whole.get("message")) == (
        "error",
        "freeze is required and not configured for checkout in production",
    )


def test_a_target_that_was_not_seen_is_told_where_its_rule_denies() -> None:
    targets = (TargetOutcome("b", "production", "undecided", "prometheus is down"),)
    rules = (RuleOutcome("slo.budget_exhausted", "denied", "no budget", targets),)
    result = case(of(replace(deny(), rules=rules)), "slo.budget_exhausted")
    assert result is not None
    assert "b in production: undecided: prometheus is down" in (result.text or "")


def test_a_rule_that_failed_is_an_error() -> None:
    result = case(of(SAMPLES["rule_failed"]()), "team.naming")
    assert result is not None
    assert (result.tag, result.get("type")) == ("error", "error")


@pytest.mark.parametrize("name", ["advisory", "fail_on_never"])
def test_what_is_not_enforced_is_neither_red_nor_green(name: str) -> None:
    result = case(of(SAMPLES[name]()), "delivery.verification_required")
    assert result is not None
    assert result.tag == "skipped"
    assert (result.get("message") or "").startswith("not enforced (")


def test_in_advisory_mode_what_is_undecided_is_not_green_either() -> None:
    suite = of(replace(evidence_missing(), mode="advisory", exit_code=0))
    for name in ("slo.budget_exhausted", WHOLE):
        result = case(suite, name)
        assert result is not None
        assert result.tag == "skipped"


def test_warnings_fail_only_where_they_are_asked_to() -> None:
    assert case(of(SAMPLES["warn"]()), "workload.resources_missing") is None
    result = case(of(SAMPLES["warn_that_fails"]()), "workload.resources_missing")
    assert result is not None
    assert (result.tag, result.get("type")) == ("failure", "warned")


def test_what_makes_nothing_red_is_told_beside() -> None:
    suite = of(SAMPLES["excused"]())
    out = suite.findtext("system-out") or ""
    assert out.count("existing  ") == 3
    assert out.count("waived  ") == 3
    assert "unreadable  apps/utf16.yaml:1: not UTF-8" in (suite.findtext("system-err") or "")


@given(st.text(st.characters(), min_size=1))
@settings(deadline=None, max_examples=60)
def test_any_text_anywhere_is_valid(text: str) -> None:
    suite_of(render(strange(text), Look()))
    suite_of(render_error(UsageError(text, advice=text, path=text)))


@pytest.mark.parametrize("text", ["]]>", "<!--", "&x;", "\x00", "\ufffe", "\ud800", "\x85", "\r"])
def test_text_cannot_break_out(text: str) -> None:
    evil = f"a{text}</failure></testcase><testcase name='b'/>"
    suite = suite_of(render(strange(evil), Look()))
    assert len(suite.findall("testcase")) == 3
    assert "</failure>" in (suite.findtext("system-out") or "")


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.kind)
def test_an_error_is_red(error: GateError) -> None:
    suite = suite_of(render_error(error))
    assert suite.get("errors") == "1"
    result = case(suite, WHOLE)
    assert result is not None
    assert result.get("type") == error.kind
    assert error.advice in (result.text or "")


def test_an_error_says_where() -> None:
    error = ConfigError("Unknown key.", path=".gate.yaml", line=3)
    result = case(suite_of(render_error(error)), WHOLE)
    assert result is not None
    assert (result.text or "").startswith(".gate.yaml:3: Unknown key.")
    assert EngineError("x").exit_code == 4
