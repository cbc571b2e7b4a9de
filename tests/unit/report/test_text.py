"""The text report, whole: each snapshot is what a person reads."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from gate.model.manifest import Location, Problem
from gate.model.verdict import Finding, RuleOutcome, TargetOutcome, Verdict, Waived
from gate.report.look import Look
from gate.report.text import render

from .samples import (
    FREEZE,
    PASSED,
    PINNED,
    RESOURCES,
    SAMPLES,
    deny,
    evidence_missing,
    excused,
    hostile,
    many,
    unreadable,
    wide,
)

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("name", SAMPLES)
def test_what_people_see(name: str, snapshot: SnapshotAssertion) -> None:
    assert render(SAMPLES[name](), Look(width=80)) == snapshot


@pytest.mark.parametrize("name", ["deny", "excused", "evidence_missing", "preview", "wide"])
@pytest.mark.parametrize("width", [40, 120])
def test_other_widths(name: str, width: int, snapshot: SnapshotAssertion) -> None:
    assert render(SAMPLES[name](), Look(width=width)) == snapshot


@pytest.mark.parametrize("name", ["passed", "deny", "evidence_missing", "rule_failed", "warn"])
def test_in_colour(name: str, snapshot: SnapshotAssertion) -> None:
    assert render(SAMPLES[name](), Look(color=True)) == snapshot


@pytest.mark.parametrize("name", ["deny", "many", "excused", "evidence_missing", "nothing_applies"])
def test_verbose_names_everything(name: str, snapshot: SnapshotAssertion) -> None:
    assert render(SAMPLES[name](), Look(width=100, verbose=1)) == snapshot


@pytest.mark.parametrize("name", ["passed", "deny", "warn", "unreadable", "rule_failed"])
def test_quiet_leaves_what_decides(name: str, snapshot: SnapshotAssertion) -> None:
    assert render(SAMPLES[name](), Look(quiet=True)) == snapshot


@pytest.mark.parametrize("name", SAMPLES)
def test_without_colour_there_is_no_code_and_with_it_the_text_is_the_same(name: str) -> None:
    verdict = SAMPLES[name]()
    without = render(verdict, Look(color=False))
    assert "\x1b" not in without
    assert ANSI.sub("", render(verdict, Look(color=True))) == without


@pytest.mark.parametrize("options", [Look(), Look(color=True), Look(verbose=1), Look(quiet=True)])
def test_hostile_text_controls_nothing(options: Look) -> None:
    shown = ANSI.sub("", render(hostile(), options))
    controls = {char for char in shown if unicodedata.category(char)[0] in "CZ"}
    assert controls == {"\n", " "}
    assert not any(line.startswith("PASS") for line in shown.split("\n"))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_ends_in_a_space(name: str, width: int) -> None:
    lines = render(SAMPLES[name](), Look(width=width)).split("\n")
    assert [line for line in lines if line != line.rstrip()] == []


def test_the_order_of_what_is_given_does_not_matter_to_findings() -> None:
    verdict = many()
    turned = replace(verdict, findings=tuple(reversed(verdict.findings)))
    assert render(turned, Look()) == render(verdict, Look())


def test_folded_findings_are_counted_and_named_with_verbose() -> None:
    folded = render(many(), Look())
    assert "and 13 more of workload.resources_missing (-v lists them)" in folded
    assert "apps/s22/deployment.yaml" not in folded
    everything = render(many(), Look(verbose=1))
    assert all(f"apps/s{number:02}/" in everything for number in range(23))
    assert "more of" not in everything


def test_findings_of_one_rule_with_other_fixes_keep_their_own() -> None:
    other = replace(PINNED, message="Another.", remediation="Do that.")
    shown = render(replace(deny(), findings=(PINNED, other)), Look())
    assert shown.count("fix:   Do that.") == 1
    assert shown.count("fix:   Name a version or a digest.") == 1


def test_a_denial_for_want_of_evidence_is_told_without_a_finding() -> None:
    reason = "prometheus did not answer"
    rule = RuleOutcome(
        "slo.budget_exhausted",
        "denied",
        None,
        (
            TargetOutcome("checkout", "default", "denied", reason),
            TargetOutcome("cart", "default", "denied"),
        ),
    )
    found = replace(FREEZE, rule=rule.rule, message="The budget of cart is spent.", service="cart")
    verdict = replace(PASSED, verdict="deny", exit_code=1, rules=(rule,))
    alone = render(verdict, Look())
    assert "DENY  1 rule blocks this change" in alone
    assert reason in alone
    assert "for checkout" in alone
    beside = render(replace(verdict, findings=(found,)), Look())
    assert reason in beside
    assert "The budget of cart is spent." in beside
    said = render(replace(verdict, findings=(replace(found, message=reason),)), Look())
    assert said.count(reason) == 1


def test_an_open_target_is_told_though_its_rule_is_denied() -> None:
    rule = RuleOutcome(
        FREEZE.rule,
        "denied",
        None,
        (
            TargetOutcome("checkout", "production", "denied"),
            TargetOutcome("cart", "production", "undecided", "the calendar is down"),
            TargetOutcome("web", "production", "skipped", "offline"),
        ),
    )
    shown = render(
        replace(PASSED, verdict="deny", exit_code=1, rules=(rule,), findings=(FREEZE,)), Look()
    )
    assert "the calendar is down\n           for cart in production" in shown
    assert "skipped:        offline: freeze.active" in shown


def test_an_unreadable_file_that_does_not_decide_is_in_the_last_lines() -> None:
    problem = Problem("a.yaml", "unreadable", "not YAML", 3)
    shown = render(replace(PASSED, problems=(problem,)), Look())
    assert "not seen:       a.yaml:3: not YAML" in shown
    assert "undecided" not in shown


def test_many_unreadable_files_are_folded_with_a_count() -> None:
    problems = [Problem(f"a{number:02}.yaml", "unreadable", "not YAML") for number in range(15)]
    reasons = ("15 files could not be read",)
    verdict = replace(unreadable(), problems=problems, reasons=reasons)
    shown = render(verdict, Look())
    assert "UNDECIDED  15 files could not be read" in shown
    assert "and 5 more files (-v lists them)" in shown
    assert "a14.yaml" in render(verdict, Look(verbose=1))


def test_many_waivers_are_folded_with_a_count() -> None:
    waived = [
        replace(PINNED, rule=f"team.rule{number}", waived=Waived("2026-12-01", "later"))
        for number in range(5)
    ]
    verdict = replace(PASSED, findings=waived)
    assert "and 2 more (-v lists them)" in render(verdict, Look())
    assert "team.rule4" in render(verdict, Look(verbose=1))


@pytest.mark.parametrize(
    ("finding", "head"),
    [
        (replace(PINNED, location=Location("a.yaml")), "deny  workload.image_pinned  a.yaml\n"),
        (
            replace(PINNED, location=None),
            "deny  workload.image_pinned  apps/Deployment/shop/checkout\n",
        ),
        (
            replace(PINNED, location=None, resource=None),
            "deny  workload.image_pinned  service checkout\n",
        ),
        (
            replace(PINNED, location=None, resource=None, service=None),
            "deny  workload.image_pinned\n",
        ),
    ],
)
def test_a_finding_stands_where_it_can(finding: Finding, head: str) -> None:
    assert head in render(replace(deny(), findings=(finding,)), Look())


def test_verbose_names_the_resource_for_a_waiver() -> None:
    shown = render(replace(deny(), findings=(RESOURCES,)), Look(verbose=1, width=100))
    assert "apps/cart/deployment.yaml:31:9 apps/Deployment/shop/cart" in shown


@pytest.mark.parametrize(
    ("verdict", "line"),
    [
        (replace(PASSED, rules=()), "PASS  no rule applies to this change"),
        (
            replace(PASSED, rules=(RuleOutcome("a.b", "skipped", "offline"),)),
            "PASS  no rule could judge: what they need was skipped",
        ),
        (
            replace(unreadable(), problems=(), reasons=()),
            "UNDECIDED  not everything could be judged",
        ),
        (
            replace(unreadable(), rules=evidence_missing().rules),
            "UNDECIDED  2 rules could not be judged; 1 file could not be read",
        ),
        (
            replace(
                PASSED,
                verdict="error",
                rules=(RuleOutcome("a.b", "error", "x"), RuleOutcome("a.c", "error", "y")),
            ),
            "ERROR  2 rules failed",
        ),
        (replace(PASSED, verdict="error", reasons=("the child died",)), "ERROR  the child died"),
        (
            replace(PASSED, verdict="warn", rules=(RuleOutcome("a.b", "warned", "x"),)),
            "WARN  1 rule",
        ),
    ],
)
def test_the_verdict_line_says_why(verdict: Verdict, line: str) -> None:
    assert f"\n{line}" in render(verdict, Look())


def test_what_is_open_beside_a_denial_stands_under_the_verdict() -> None:
    reasons = ("team.naming is undecided: no source", "1 file could not be read")
    rules = (*deny().rules, RuleOutcome("team.naming", "undecided", "no source"))
    verdict = replace(deny(), problems=unreadable().problems, reasons=reasons, rules=rules)
    shown = render(verdict, Look())
    assert "indirect 2)\n      1 file could not be read\n" in shown
    assert "undecided  team.naming\n           no source\n" in shown
    assert "unread  apps/cart/deployment.yaml:14\n" in shown
    assert shown.count("no source") == 1


def test_many_reasons_are_folded_with_a_count() -> None:
    targets = tuple(
        TargetOutcome(f"s{number}", "default", "undecided", f"reason {number}")
        for number in range(9)
    )
    rule = RuleOutcome("slo.budget_low", "undecided", "reason 0", targets)
    verdict = replace(PASSED, verdict="undecided", exit_code=3, rules=(rule,))
    assert "and 3 more reasons (-v lists them)" in render(verdict, Look())
    assert "reason 8" in render(verdict, Look(verbose=1))


def test_wide_characters_do_not_pass_the_width() -> None:
    for line in render(wide(), Look(width=60)).split("\n"):
        shown = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)
        assert shown <= 60, line


def test_existing_and_waived_findings_never_stand_among_what_decides() -> None:
    shown = render(excused(), Look())
    assert not re.search("^(deny|warn) ", shown, re.MULTILINE)


def test_findings_on_no_line_that_say_the_same_are_told_once() -> None:
    said = "freeze of {} in default is unavailable: no token"
    found = [
        replace(FREEZE, service=name, message=said.format(name), location=None, unblock=None)
        for name in ("s1", "s2", "s3")
    ]
    verdict = replace(deny(), findings=found)
    told = render(verdict, Look())
    assert "freeze of s1 in default is unavailable: no token\n" in told
    assert "and 2 like it of s2, s3\n" in told
    assert all(said.format(each.service) in render(verdict, Look(verbose=1)) for each in found)
