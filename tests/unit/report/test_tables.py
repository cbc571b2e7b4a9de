"""Tables and the page about a rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from gate.model.policy import Rule
from gate.report.look import Look
from gate.report.tables import rule_page, table

HEADER = ("RULE", "LEVEL", "TITLE", "FROM")
ROWS = [
    ("change.blast_radius", "warn", "A change reaches many services at once", "builtin"),
    ("delivery.rollback_criteria", "off", "A rollout says when it is undone", "builtin"),
    ("team.naming", "deny", "容器名称必须以团队名称开头", "repository"),
]
RULE = Rule(
    id="slo.budget_low",
    title="The error budget is nearly spent",
    description="A change to a service whose error budget is\nnearly spent adds risk.\n\nIt warns.",
    path="policies/slo/budget_low.rego",
    line=3,
    origin="builtin",
    level="warn",
    remediation="Wait until the budget\nhas grown, or mend what spends it.",
    requires=("slo",),
    settings={"remaining": 0.2, "tiers": [1]},
    standard="Google SRE workbook, error budget policy",
    existing="never",
    effective_on="2027-01-01",
    runbook="docs/runbooks/budget.md",
    sets=("deny",),
)
SOURCE = "package gate.slo.budget_low\n\ndeny contains finding if {\n\tfalse # \x1b[2J\n}\n"


def test_columns_are_aligned_and_whole_in_a_pipe(snapshot: SnapshotAssertion) -> None:
    assert table(HEADER, ROWS, Look(width=60)) == snapshot


def test_columns_are_cut_to_a_terminal(snapshot: SnapshotAssertion) -> None:
    shown = table(HEADER, ROWS, Look(width=60, terminal=True))
    assert max(map(len, shown.split("\n"))) <= 60
    assert shown == snapshot


def test_columns_keep_some_width_on_the_narrowest_terminal() -> None:
    shown = table(HEADER, ROWS, Look(width=10, terminal=True))
    assert "chang..." in shown


def test_levels_have_their_colour() -> None:
    shown = table(HEADER, ROWS, Look(color=True))
    assert "\x1b[1;33mwarn\x1b[0m" in shown
    assert "\x1b[1;31mdeny\x1b[0m" in shown
    assert "\x1b[2moff\x1b[0m" in shown


def test_cells_cannot_steer_a_terminal() -> None:
    assert "\x1b" not in table(("A",), [("\x1b[2J\n",)], Look())


def test_a_table_without_rows_is_its_header() -> None:
    assert table(("A", "B"), [], Look()) == "A  B\n"


def test_all_about_a_rule(snapshot: SnapshotAssertion) -> None:
    settings = {"remaining": 0.1, "tiers": [1], "tierz": [2]}
    page = rule_page(RULE, "deny", settings, SOURCE, ".gate.yaml", Look())
    assert page == snapshot


def test_verbose_adds_the_source_that_controls_nothing(snapshot: SnapshotAssertion) -> None:
    page = rule_page(RULE, "warn", RULE.settings, SOURCE, None, Look(verbose=1, width=60))
    assert "\x1b" not in page
    assert page == snapshot


def test_a_bare_rule_has_a_short_page(snapshot: SnapshotAssertion) -> None:
    bare = Rule("team.naming", "Names", "", "policies/team/naming.rego", 1, "repository")
    assert rule_page(bare, "deny", {}, SOURCE, None, Look()) == snapshot


@pytest.mark.parametrize(
    ("rule", "config", "said"),
    [
        (
            replace(RULE, effective_on=None),
            ".gate.yaml",
            "off (set by .gate.yaml; the rule's own is warn)",
        ),
        (replace(RULE, effective_on=None), None, "off (the rule's own is warn)"),
        (replace(RULE, level="off"), ".gate.yaml", "off (the rule's own)"),
    ],
)
def test_the_page_says_who_set_the_level(rule: Rule, config: str | None, said: str) -> None:
    assert f"level:        {said}\n" in rule_page(rule, "off", {}, SOURCE, config, Look())
