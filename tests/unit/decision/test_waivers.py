"""Waivers: what they cover, when they end, and that they hide nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.decision.waivers import Subject, cover, matches
from gate.errors import InputError
from tests.unit.decision.cases import NOW, bundle, context, module, resource, verdict, waiver

SAYS = 'deny contains {"message": "no", "resource": r.id} if some r in input.resources'
RULES = bundle(module("team.one", SAYS), module("team.two", SAYS))
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


def judged(*waivers: dict[str, Any], now: str = NOW) -> Any:
    resources = [resource("a", None, {}, service="checkout")]
    return verdict(RULES, context(RULES, resources, now=now, gate={"waivers": list(waivers)}))


def test_a_waived_finding_is_shown_and_does_not_block() -> None:
    found = judged(waiver("team.one", ticket="OPS-1"), waiver("team.two"))
    assert (found.verdict, found.summary["waived"], found.summary["deny"]) == ("pass", 2, 0)
    waived = found.findings[0].waived
    assert (waived.expires, waived.reason, waived.ticket) == ("2026-12-01", "agreed", "OPS-1")
    assert {rule.outcome for rule in found.rules} == {"passed"}


def test_a_waiver_hides_no_other_rule() -> None:
    found = judged(waiver("team.one"))
    assert found.verdict == "deny"
    assert {each.rule: each.waived is not None for each in found.findings} == {
        "team.one": True,
        "team.two": False,
    }


@pytest.mark.parametrize(
    ("expires", "now", "state"),
    [
        ("2026-11-22", "2026-11-22T23:59:59Z", None),
        ("2026-11-22", "2026-11-23T00:00:00Z", "expired"),
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z", None),
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:01Z", "expired"),
        ("2026-11-22T12:00:00+02:00", "2026-11-22T10:00:01Z", "expired"),
    ],
)
def test_a_waiver_ends(expires: str, now: str, state: str | None) -> None:
    found = judged(waiver("team.one", expires), waiver("team.two"), now=now)
    assert [each.state for each in found.waivers] == ([state] if state else [])
    assert found.verdict == ("deny" if state else "pass")


def test_a_waiver_that_does_nothing_is_listed_with_its_line() -> None:
    found = judged(waiver("team.three", line=9))
    (idle,) = found.waivers
    assert (idle.rule, idle.state, idle.expires, idle.line) == (
        "team.three",
        "unused",
        "2026-12-01",
        9,
    )


def test_of_two_waivers_the_longer_counts_and_both_are_used() -> None:
    found = judged(waiver("team.one", "2026-11-30"), waiver("team.one", "2026-12-30"))
    assert not found.waivers
    assert found.findings[1].waived.expires == "2026-12-30"


def subject(identity: str, path: str = "apps/a@b.yaml", service: str | None = None) -> Subject:
    group, kind, namespace, name = identity.split("/", 3) if "/" in identity else ("", "", "_", "x")
    told = {"group": group, "kind": kind, "namespace": None if namespace == "_" else namespace}
    plain = path if kind == "File" else re.sub("[@#].*", "", name)
    return Subject("r", told | {"id": identity, "path": path, "name": plain}, service)


@pytest.mark.parametrize(
    ("told", "of", "expected"),
    [
        ({"resource": "core/ConfigMap/_/a"}, subject("core/ConfigMap/_/a"), True),
        ({"resource": "core/ConfigMap/_/a"}, subject("core/ConfigMap/_/ab"), False),
        ({"resource": "core/ConfigMap/_/a"}, subject("core/ConfigMap/_/a@apps/a@b.yaml"), True),
        ({"resource": "core/ConfigMap/_/a"}, subject("core/ConfigMap/_/a@apps/a@b.yaml#2"), True),
        ({"resource": "core/ConfigMap/_/a"}, subject("core/ConfigMap/_/a#2"), True),
        (
            {"resource": "core/ConfigMap/_/a@x.yaml"},
            subject("core/ConfigMap/_/a@apps/a@b.yaml"),
            False,
        ),
        (
            {"resource": "core/ConfigMap/_/a@apps/a@b.yaml"},
            subject("core/ConfigMap/_/a@apps/a@b.yaml#1"),
            True,
        ),
        ({"resource": "file/File/_/a"}, subject("file/File/_/a@b.yaml", "a@b.yaml"), False),
        ({"resource": "core/ConfigMap/_/a@apps/a@b.yaml"}, subject("core/ConfigMap/_/a"), True),
        ({"resource": "core/ConfigMap/_/a@x.yaml"}, subject("core/ConfigMap/_/a"), False),
        ({"resource": "core/ConfigMap/_/a"}, Subject("r", None, None), False),
        ({"service": "checkout"}, subject("x", service="checkout"), True),
        ({"service": "checkout"}, Subject("r", None, "checkout"), True),
        ({"service": "checkout"}, subject("x", service="ledger"), False),
        ({"service": "checkout"}, subject("x"), False),
        ({"path": "apps/a.yaml"}, subject("x", "apps/a.yaml"), True),
        ({"path": "apps/*.yaml"}, subject("x", "apps/a.yaml"), True),
        ({"path": "*.yaml"}, subject("x", "apps/a.yaml"), True),
        ({"path": "**/*.yaml"}, subject("x", "apps/a.yaml"), True),
        ({"path": "**/*.yaml"}, subject("x", "a.yaml"), True),
        ({"path": "apps"}, subject("x", "apps/deep/a.yaml"), True),
        ({"path": "./apps/"}, subject("x", "apps/a.yaml"), True),
        ({"path": "app"}, subject("x", "apps/a.yaml"), False),
        ({"path": "apps/?.yaml"}, subject("x", "apps/a.yaml"), True),
        ({"path": "apps/a.yaml"}, subject("x", "apps/axyaml"), False),
        ({"path": "apps/a.yaml"}, Subject("r", None, None), False),
        ({}, subject("x"), True),
        ({}, Subject("r", None, None), True),
        ({"rule": "other"}, subject("x"), False),
        ({"service": "checkout", "path": "apps"}, subject("x", "apps/a", "ledger"), False),
        ({"path": "other/*.yaml"}, subject("x", "apps/a.yaml"), False),
    ],
)
def test_what_a_waiver_is_for(told: dict[str, Any], of: Subject, expected: bool) -> None:
    made = waiver("r", **told) if "rule" not in told else waiver(**told)
    assert matches(made, of, {}) is expected


@settings(deadline=None, max_examples=200)
@given(
    rules=st.lists(st.sampled_from(["a.x", "a.y", "b.x"]), max_size=6),
    waived=st.lists(
        st.tuples(
            st.sampled_from(["a.x", "a.y", "b.x"]),
            st.sampled_from(["2026-11-21", "2026-11-22", "2026-12-24"]),
        ),
        max_size=4,
    ),
)
def test_a_waiver_never_hides_another_rules_finding(
    rules: list[str], waived: list[tuple[str, str]]
) -> None:
    told = [waiver(rule, expires) for rule, expires in waived]
    coverage = cover([Subject(rule, None, None) for rule in rules], told, AT, {})
    in_force = {rule for rule, expires in waived if expires >= "2026-11-22"}
    assert [each is not None for each in coverage.waived] == [rule in in_force for rule in rules]
    used = sum(rule in rules and expires >= "2026-11-22" for rule, expires in waived)
    assert len(coverage.idle) == len(told) - used


def test_an_end_that_is_no_time_is_refused() -> None:
    with pytest.raises(InputError, match="`soon`"):
        judged(waiver("team.one", "soon"))


@pytest.mark.parametrize(
    ("paths", "expected"), [(["apps/**"], True), (["legacy/**"], False), ([], True)]
)
def test_a_services_waiver_holds_only_for_its_own_files(paths: list[str], expected: bool) -> None:
    of = subject("x", "apps/a.yaml", service="checkout")
    assert matches(waiver("r", service="checkout"), of, {"checkout": paths}) is expected
