"""The verdict: outcomes, their order, exit codes, and what is kept beside them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from gate.errors import InputError, PolicyError
from gate.model.config import RuleConfig
from gate.model.policy import Bundle
from gate.model.verdict import TargetOutcome, Unblock
from tests.unit.decision.cases import (
    bundle,
    context,
    evidence,
    module,
    outcome,
    resource,
    verdict,
    waiver,
)

SAYS = """\
deny contains {"message": r.new.deny, "resource": r.id, "path": ["deny"]} if {
	some r in input.resources
	r.new.deny
}

warn contains {"message": r.new.warn, "resource": r.id, "path": ["warn"]} if {
	some r in input.resources
	r.new.warn
}
"""
ONE = bundle(module("team.says", SAYS))
BREAKS = module("team.breaks", 'deny contains "x" if to_number(input.resources[0].new.number) > 1')
SLO = module(
    "slo.low",
    """\
deny contains {"message": "the budget is gone", "service": service} if {
	some service, environments in input.evidence.slo
	some envelope in environments
	envelope.status == "ok"
	envelope.value.left <= 0
}
""",
    requires="[slo]",
)
WITH_SLO = bundle(SLO, module("team.says", SAYS))
CHECKOUT = {"service": "checkout", "environment": "production", "tier": 1}
LEDGER = {"service": "ledger", "environment": "production", "tier": None}


def problem(path: str, kind: str = "unreadable") -> dict[str, Any]:
    return {"path": path, "kind": kind, "message": "broken", "line": 3}


def slo(**services: dict[str, Any]) -> dict[str, Any]:
    return {"slo": {service: {"production": told} for service, told in services.items()}}


def test_nothing_to_say_is_a_pass() -> None:
    found = verdict(ONE, context(ONE, [resource("a", {}, {"x": 1})]))
    assert (found.verdict, found.exit_code, found.findings) == ("pass", 0, [])
    assert outcome(found, "team.says").outcome == "passed"
    assert found.summary == {
        "deny": 0,
        "warn": 0,
        "undecided": 0,
        "existing": 0,
        "waived": 0,
        "judged": 1,
        "indirect": 0,
    }


def test_a_denial_has_all_that_a_person_needs() -> None:
    found = verdict(ONE, context(ONE, [resource("a", {}, {"deny": "no"}, service="checkout")]))
    assert (found.verdict, found.exit_code) == ("deny", 1)
    (finding,) = found.findings
    assert finding.message == "no"
    assert finding.service == "checkout"
    assert finding.remediation == "Mend it."
    assert finding.location is not None
    assert (finding.location.path, finding.location.line) == ("apps/a.yaml", 1)
    assert len(finding.fingerprint) == 32
    assert found.change["services"] == ["checkout"]
    assert (found.change["files"], found.change["resources"]) == (1, 1)
    assert outcome(found, "team.says").outcome == "denied"


@pytest.mark.parametrize(
    ("new", "level", "fail_on", "expected", "code"),
    [
        ({"warn": "hm"}, None, "deny", "warn", 0),
        ({"warn": "hm"}, None, "warn", "warn", 1),
        ({"warn": "hm"}, None, "never", "warn", 0),
        ({"deny": "no"}, None, "warn", "deny", 1),
        ({"deny": "no"}, None, "never", "deny", 0),
        ({"deny": "no"}, "warn", "deny", "warn", 0),
        ({"deny": "no", "warn": "hm"}, None, "deny", "deny", 1),
        ({"warn": "hm"}, "deny", "deny", "warn", 0),
    ],
)
def test_levels_and_exit_codes(
    new: dict[str, str], level: Any, fail_on: Any, expected: str, code: int
) -> None:
    made = context(ONE, [resource("a", {}, new)], rules={"team.says": RuleConfig(level=level)})
    found = verdict(ONE, made, fail_on=fail_on)
    assert (found.verdict, found.exit_code) == (expected, code)


def test_a_rule_that_is_off_is_not_asked_and_cannot_fail() -> None:
    both = bundle(BREAKS, module("team.says", SAYS))
    made = context(
        both,
        [resource("a", {}, {"number": "x"})],
        rules={"team.breaks": RuleConfig(level="off")},
    )
    found = verdict(both, made)
    assert found.verdict == "pass"
    assert outcome(found, "team.breaks").outcome == "off"


def test_a_rule_that_fails_is_an_error_and_every_other_finding_is_kept() -> None:
    both = bundle(BREAKS, module("team.says", SAYS))
    made = context(both, [resource("a", {}, {"number": "x", "deny": "no"})])
    found = verdict(both, made)
    assert (found.verdict, found.exit_code) == ("error", 2)
    assert [finding.message for finding in found.findings] == ["no"]
    broken = outcome(found, "team.breaks")
    assert broken.outcome == "error"
    assert broken.reason is not None
    assert broken.reason.startswith("builtin:team/breaks.rego:8: Could not parse")
    assert outcome(found, "team.says").outcome == "denied"
    assert any("team.breaks failed" in reason for reason in found.reasons)


def test_what_is_no_finding_is_an_error_that_keeps_the_rules_own_findings() -> None:
    odd = bundle(module("team.odd", 'deny contains 3\n\ndeny contains "no"\n\nwarn contains "hm"'))
    found = verdict(odd, context(odd, [resource("a", {}, {})]))
    assert (found.verdict, found.exit_code) == ("error", 2)
    assert [finding.message for finding in found.findings] == ["no", "hm"]


def test_a_finding_about_an_unchanged_object_is_an_error() -> None:
    odd = bundle(
        module(
            "team.odd",
            'deny contains {"message": "no", "resource": r.id} if some r in input.unchanged',
        )
    )
    made = context(odd, unchanged=[resource("a", {}, {}, status="unchanged")])
    assert verdict(odd, made).verdict == "error"


class TestApplicability:
    ASKS = bundle(
        module(
            "team.asks",
            "applies if input.resources[_].new.asked\n\n"
            'deny contains "no" if input.resources[_].new.bad',
        )
    )

    @pytest.mark.parametrize(
        ("new", "expected"),
        [({"asked": True}, "passed"), ({}, "not_applicable"), ({"bad": True}, "denied")],
    )
    def test_applies_tells_passed_from_not_applicable(self, new: Any, expected: str) -> None:
        found = verdict(self.ASKS, context(self.ASKS, [resource("a", {}, new)]))
        assert outcome(found, "team.asks").outcome == expected

    def test_without_resources_a_rule_is_not_applicable_and_the_change_passes(self) -> None:
        found = verdict(ONE, context(ONE))
        assert (found.verdict, outcome(found, "team.says").outcome) == ("pass", "not_applicable")

    def test_a_rule_about_changes_does_not_apply_to_a_folder(self) -> None:
        rules = bundle(
            module("change.size", 'warn contains "big" if count(input.change.files) > 9')
        )
        made = context(rules, [resource("a", {}, {})])
        assert outcome(verdict(rules, made), "change.size").outcome == "passed"
        made["change"]["kind"] = "tree"
        assert outcome(verdict(rules, made), "change.size").outcome == "not_applicable"


class TestEvidence:
    def judged(self, *, targets: Any = (CHECKOUT,), **more: Any) -> Any:
        rules = more.pop("rules", None)
        gate = more.pop("gate", None)
        resources = more.pop("resources", ())
        made = context(WITH_SLO, resources, targets=list(targets), rules=rules, gate=gate, **more)
        found = verdict(WITH_SLO, made)
        return found, outcome(found, "slo.low")

    def test_no_target_means_no_evidence_is_asked_for(self) -> None:
        found, rule = self.judged(targets=(), gate={"require": ["slo", "freeze"]})
        assert (found.verdict, rule.outcome) == ("pass", "not_applicable")

    def test_evidence_that_is_there_is_judged(self) -> None:
        found, rule = self.judged(evidence=slo(checkout=evidence("ok", value={"left": 0.5})))
        assert (found.verdict, rule.outcome) == ("pass", "passed")
        assert rule.targets == [TargetOutcome("checkout", "production", "passed")]

    def test_a_finding_denies_its_own_target_only(self) -> None:
        told = slo(
            checkout=evidence("ok", value={"left": 0}), ledger=evidence("ok", value={"left": 1})
        )
        found, rule = self.judged(targets=(CHECKOUT, LEDGER), evidence=told)
        assert (found.verdict, rule.outcome) == ("deny", "denied")
        assert [each.outcome for each in rule.targets] == ["denied", "passed"]

    @pytest.mark.parametrize("status", ["unavailable", "stale"])
    def test_what_cannot_be_seen_is_undecided(self, status: str) -> None:
        found, rule = self.judged(evidence=slo(checkout=evidence(status, "timed out")))
        assert (found.verdict, found.exit_code, rule.outcome) == ("undecided", 3, "undecided")
        assert rule.reason == f"slo of checkout in production is {status}: timed out"
        assert found.summary["undecided"] == 1
        assert found.reasons == [f"slo.low is undecided: {rule.reason}"]

    def test_what_nobody_gathered_is_undecided(self) -> None:
        found, rule = self.judged()
        assert (found.verdict, rule.outcome) == ("undecided", "undecided")

    @pytest.mark.parametrize(
        ("way", "expected", "code"), [("deny", "deny", 1), ("warn", "warn", 0)]
    )
    def test_on_unavailable_makes_a_finding(self, way: Any, expected: str, code: int) -> None:
        found, rule = self.judged(
            evidence=slo(checkout=evidence("unavailable", "timed out")),
            rules={"slo.low": RuleConfig(on_unavailable=way)},
        )
        assert (found.verdict, found.exit_code) == (expected, code)
        (finding,) = found.findings
        assert finding.message == "slo of checkout in production is unavailable: timed out"
        assert (finding.level, finding.service) == (way, "checkout")
        assert [each.outcome for each in rule.targets] == [rule.outcome]

    def test_what_is_not_configured_is_skipped(self) -> None:
        found, rule = self.judged(evidence=slo(checkout=evidence("not_configured")))
        assert (found.verdict, rule.outcome) == ("pass", "skipped")
        assert rule.reason == "slo is not configured"

    def test_what_is_skipped_offline_is_skipped_even_where_it_is_required(self) -> None:
        found, rule = self.judged(
            evidence=slo(checkout=evidence("skipped", "--offline")), gate={"require": ["slo"]}
        )
        assert (found.verdict, rule.outcome, rule.reason) == ("pass", "skipped", "--offline")

    def test_required_evidence_that_is_not_configured_is_undecided(self) -> None:
        found, rule = self.judged(
            evidence=slo(checkout=evidence("not_configured")), gate={"require": ["slo"]}
        )
        assert (found.verdict, rule.outcome) == ("undecided", "undecided")
        assert rule.reason == "slo is required and not configured for checkout in production"

    @pytest.mark.parametrize(
        "told", [{}, {"freeze": {"checkout": {"production": evidence("not_configured")}}}]
    )
    def test_required_evidence_that_no_rule_asks_for_is_required_too(self, told: Any) -> None:
        ok = slo(checkout=evidence("ok", value={"left": 1}))
        found, rule = self.judged(evidence={**ok, **told}, gate={"require": ["freeze"]})
        assert (found.verdict, found.exit_code, rule.outcome) == ("undecided", 3, "passed")
        assert found.reasons[0].startswith("freeze is required and ")
        assert found.summary["undecided"] == 1

    def test_the_rules_outcome_is_the_worst_of_its_targets(self) -> None:
        told = slo(checkout=evidence("not_configured"), ledger=evidence("unavailable", "x"))
        found, rule = self.judged(targets=(CHECKOUT, LEDGER), evidence=told)
        assert [each.outcome for each in rule.targets] == ["skipped", "undecided"]
        assert rule.outcome == found.verdict == "undecided"

    def test_a_denial_goes_before_undecided_and_both_are_said(self) -> None:
        found, rule = self.judged(
            resources=[resource("a", {}, {"deny": "no"})],
            evidence=slo(checkout=evidence("unavailable", "x")),
        )
        assert (found.verdict, found.exit_code, rule.outcome) == ("deny", 1, "undecided")

    def test_a_denial_that_is_let_go_does_not_hide_what_is_undecided(self) -> None:
        made = context(
            WITH_SLO,
            [resource("a", {}, {"deny": "no"})],
            targets=[CHECKOUT],
            evidence=slo(checkout=evidence("unavailable", "x")),
        )
        assert verdict(WITH_SLO, made, fail_on="never").exit_code == 3

    def test_evidence_is_listed(self) -> None:
        found, _ = self.judged(evidence=slo(checkout=evidence("unavailable", "x")))
        (told,) = found.evidence
        assert (told.kind, told.service, told.environment) == ("slo", "checkout", "production")
        assert (told.status, told.reason) == ("unavailable", "x")

    def test_a_rule_that_needs_evidence_has_no_existing_findings(self) -> None:
        rules = bundle(module("slo.low", SAYS, requires="[slo]"))
        made = context(
            rules,
            [resource("a", {"deny": "no"}, {"deny": "no"}, service="checkout")],
            targets=[CHECKOUT],
            evidence=slo(checkout=evidence("ok")),
        )
        assert verdict(rules, made).verdict == "deny"


class TestProblems:
    def test_what_cannot_be_read_is_undecided(self) -> None:
        made = context(ONE, gate={"problems": [problem("a.yaml"), problem("b.yaml")]})
        found = verdict(ONE, made)
        assert (found.verdict, found.exit_code) == ("undecided", 3)
        assert found.reasons == ["2 files could not be read"]
        assert found.summary["undecided"] == 2
        assert found.problems[0].line == 3

    def test_what_cannot_be_read_may_be_listed_only(self) -> None:
        made = context(ONE, gate={"problems": [problem("a.yaml")], "unreadable": "list"})
        found = verdict(ONE, made)
        assert (found.verdict, len(found.problems)) == ("pass", 1)

    def test_what_is_not_rendered_is_listed_unless_it_shall_block(self) -> None:
        gate: dict[str, Any] = {"problems": [problem("a.yaml", "unrendered")]}
        assert verdict(ONE, context(ONE, gate=gate)).verdict == "pass"
        gate["unrendered"] = "undecided"
        found = verdict(ONE, context(ONE, gate=gate))
        assert (found.verdict, found.reasons) == ("undecided", ["1 file is not rendered"])

    def test_no_rule_is_never_a_pass(self) -> None:
        empty = bundle()
        found = verdict(empty, context(empty))
        assert (found.verdict, found.exit_code) == ("undecided", 3)
        assert found.reasons == ["no rule is loaded"]

    def test_every_rule_off_is_never_a_pass(self) -> None:
        made = context(ONE, rules={"team.says": RuleConfig(level="off")})
        found = verdict(ONE, made)
        assert (found.verdict, found.reasons) == ("undecided", ["every rule is off"])


class TestPrecedence:
    """error, deny, undecided, warn, pass."""

    RULES = bundle(BREAKS, module("team.says", SAYS))

    @pytest.mark.parametrize(
        ("new", "unreadable", "expected", "code"),
        [
            ({"number": "x", "deny": "no", "warn": "hm"}, True, "error", 2),
            ({"deny": "no", "warn": "hm"}, True, "deny", 1),
            ({"warn": "hm"}, True, "undecided", 3),
            ({"warn": "hm"}, False, "warn", 0),
            ({}, False, "pass", 0),
        ],
    )
    def test_the_first_that_holds_wins(
        self, new: dict[str, str], unreadable: bool, expected: str, code: int
    ) -> None:
        gate = {"problems": [problem("a.yaml")] if unreadable else []}
        found = verdict(self.RULES, context(self.RULES, [resource("a", {}, new)], gate=gate))
        assert (found.verdict, found.exit_code) == (expected, code)

    @pytest.mark.parametrize(
        ("new", "unreadable", "expected", "code"),
        [
            ({"number": "x"}, False, "error", 2),
            ({"deny": "no"}, False, "deny", 0),
            ({}, True, "undecided", 0),
        ],
    )
    def test_advisory_mode_lets_all_go_but_an_error(
        self, new: dict[str, str], unreadable: bool, expected: str, code: int
    ) -> None:
        gate = {"problems": [problem("a.yaml")] if unreadable else [], "mode": "advisory"}
        found = verdict(self.RULES, context(self.RULES, [resource("a", {}, new)], gate=gate))
        assert (found.verdict, found.exit_code, found.mode) == (expected, code, "advisory")


class TestRollback:
    """A rollback that is nothing to a rule of budgets or freezes needs none of their evidence."""

    TEXT = """\
default applies := false

applies if input.change.rollback == null

deny contains {"message": "frozen", "service": "checkout"} if {
	applies
	input.evidence.slo.checkout.production.value[0].left <= 0
}
"""
    RULE = bundle(module("slo.low", TEXT, requires="[slo]"))
    DOWN = slo(checkout=evidence("unavailable", "503"))

    def made(self, *, rollback: bool, **more: Any) -> dict[str, Any]:
        found = context(self.RULE, [resource("a", {}, {"x": 1})], targets=[CHECKOUT], **more)
        found["change"]["rollback"] = {"to": "a" * 40} if rollback else None
        return found

    @pytest.mark.parametrize("way", ["undecided", "deny", "warn"])
    @pytest.mark.parametrize("status", ["unavailable", "stale", "skipped", "not_configured"])
    def test_a_rollback_is_never_in_the_way_of_a_source_that_is_down(
        self, status: str, way: Any
    ) -> None:
        told = {
            "evidence": slo(checkout=evidence(status, "503")),
            "gate": {"require": ["slo"], "on_unavailable": {"slo.low": way}},
        }
        found = verdict(self.RULE, self.made(rollback=True, **told))
        assert (found.verdict, found.exit_code, found.findings) == ("pass", 0, [])
        assert outcome(found, "slo.low").outcome == "not_applicable"
        assert outcome(found, "slo.low").targets == []

    @pytest.mark.parametrize(
        ("way", "expected"), [("undecided", "undecided"), ("deny", "deny"), ("warn", "warn")]
    )
    def test_any_other_change_is(self, way: Any, expected: str) -> None:
        told = {"evidence": self.DOWN, "gate": {"on_unavailable": {"slo.low": way}}}
        assert verdict(self.RULE, self.made(rollback=False, **told)).verdict == expected

    def test_what_rests_on_evidence_that_is_not_there_is_no_reason_to_pass(self) -> None:
        rules = bundle(
            module(
                "slo.low",
                "default applies := false\n\n"
                'applies if input.evidence.slo.checkout.production.status == "ok"\n\n'
                'deny contains "spent" if applies',
                requires="[slo]",
            )
        )
        made = context(rules, [resource("a", {}, {})], targets=[CHECKOUT], evidence=self.DOWN)
        assert verdict(rules, made).verdict == "undecided"

    def test_another_kind_of_evidence_is_needed_all_the_same(self) -> None:
        rules = bundle(module("team.calm", self.TEXT, requires="[slo, incidents]"))
        assert verdict(rules, self.made(rollback=True, evidence=self.DOWN)).verdict == "undecided"

    def test_a_rule_that_fails_to_say_so_needs_its_evidence(self) -> None:
        fails = bundle(
            module("slo.low", 'deny contains "x" if 1 < 0\n\napplies := 3', requires="[slo]")
        )
        made = context(fails, [resource("a", {}, {})], targets=[CHECKOUT], evidence=self.DOWN)
        assert verdict(fails, made).verdict == "error"

    def test_what_it_says_all_the_same_is_not_lost(self) -> None:
        rules = bundle(
            module("slo.low", 'default applies := false\n\ndeny contains "x"', requires="[slo]")
        )
        assert verdict(rules, self.made(rollback=True, evidence=self.DOWN)).verdict == "deny"


class TestTime:
    LATER = bundle(module("team.says", SAYS, effective_on="2026-12-24"))

    def test_a_rule_only_warns_before_it_takes_effect(self) -> None:
        found = verdict(self.LATER, context(self.LATER, [resource("a", {}, {"deny": "no"})]))
        assert (found.verdict, found.valid_until) == ("warn", "2026-12-24T00:00:00Z")

    def test_a_rule_denies_from_its_day_on(self) -> None:
        made = context(self.LATER, [resource("a", {}, {"deny": "no"})], now="2026-12-24T00:00:00Z")
        found = verdict(self.LATER, made)
        assert (found.verdict, found.valid_until) == ("deny", None)

    def test_a_rule_without_findings_does_not_limit_the_verdict(self) -> None:
        found = verdict(self.LATER, context(self.LATER, [resource("a", {}, {})]))
        assert found.valid_until is None

    def test_the_verdict_holds_until_the_first_waiver_ends(self) -> None:
        made = context(
            ONE,
            [resource("a", {}, {"deny": "no"}), resource("b", {}, {"deny": "no"})],
            gate={
                "waivers": [
                    waiver("team.says", "2026-11-30", resource="core/ConfigMap/_/a"),
                    waiver("team.says", "2026-12-31", resource="core/ConfigMap/_/b"),
                    waiver("team.says", "2026-11-25", resource="core/ConfigMap/_/c"),
                ]
            },
        )
        found = verdict(ONE, made)
        assert (found.verdict, found.valid_until) == ("pass", "2026-12-01T00:00:00Z")
        assert [each.state for each in found.waivers] == ["unused"]

    def test_a_finding_that_ends_by_itself_limits_the_verdict(self) -> None:
        frozen = bundle(
            module(
                "freeze.active",
                'deny contains {"message": "frozen", "unblock": '
                '{"at": "2026-11-23T09:00:00+01:00", "how": "wait"}}',
            )
        )
        found = verdict(frozen, context(frozen, [resource("a", {}, {})]))
        assert found.valid_until == "2026-11-23T08:00:00Z"
        assert found.findings[0].unblock == Unblock("2026-11-23T09:00:00+01:00", "wait")


class TestOrder:
    def test_findings_are_sorted_for_people(self) -> None:
        made = context(
            ONE,
            [
                resource("d", {}, {"warn": "w"}),
                resource("c", {"deny": "old"}, {"deny": "old"}),
                resource("b", {}, {"deny": "y"}),
                resource("a", {}, {"deny": "z"}),
            ],
        )
        found = verdict(ONE, made)
        assert [(each.level, each.status, each.message) for each in found.findings] == [
            ("deny", "new", "z"),
            ("deny", "new", "y"),
            ("deny", "existing", "old"),
            ("warn", "new", "w"),
        ]
        assert found.summary["existing"] == 1

    def test_the_same_context_gives_the_same_verdict_to_the_byte(self) -> None:
        made = context(
            WITH_SLO,
            [resource(name, {}, {"deny": name, "warn": "w"}) for name in "badc"],
            targets=[CHECKOUT, LEDGER],
            evidence=slo(checkout=evidence("ok", value={"left": 0})),
        )
        saved = json.loads(json.dumps(made))

        def text(of: dict[str, Any]) -> str:
            return json.dumps(asdict(verdict(WITH_SLO, of)), sort_keys=True)

        assert text(made) == text(saved)

    def test_the_decision_has_an_id_of_its_own(self) -> None:
        made = context(ONE, [resource("a", {}, {})])
        one = verdict(ONE, made).decision_id
        assert len(one) == 32
        assert verdict(ONE, {**made, "now": "2026-11-22T10:00:01Z"}).decision_id != one
        assert verdict(replace(ONE, digest="sha256:0"), made).decision_id != one
        placed = {**made, "gate": {**made["gate"], "positions": {"a": 1}}}
        assert verdict(ONE, placed).decision_id == one
        assert verdict(ONE, made, decision_id="mine").decision_id == "mine"


class TestPreview:
    STRICT = bundle(module("team.strict", 'deny contains "never"'))

    def preview(self, told: Any, preview_bundle: Bundle | PolicyError | None = None) -> Any:
        made = context(ONE, [resource("a", {}, {"warn": "w"})], gate={"preview": told})
        found = verdict(ONE, made, preview_bundle=preview_bundle)
        assert (found.verdict, found.exit_code) == ("warn", 0)
        return found.preview

    def head(self, judged_by: Bundle) -> Any:
        return context(judged_by, [resource("a", {}, {"warn": "w"})])

    def test_the_heads_own_rules_are_shown_and_bind_nobody(self) -> None:
        told = {"changed": [".gate.yaml"], "context": self.head(self.STRICT)}
        found = self.preview(told, self.STRICT)
        assert (found.verdict, found.changed) == ("deny", (".gate.yaml",))
        assert [each.message for each in found.findings] == ["never"]

    def test_without_a_bundle_the_same_rules_judge(self) -> None:
        found = self.preview({"changed": [".gate.yaml"], "context": self.head(ONE)})
        assert found.verdict == "warn"

    def test_what_does_not_load_is_said(self) -> None:
        found = self.preview({"changed": [".gate.yaml"], "reason": ".gate.yaml:3: unknown key"})
        assert (found.verdict, found.reason) == ("error", ".gate.yaml:3: unknown key")

    def test_policies_that_do_not_load_are_said(self) -> None:
        told = {"changed": ["policies/a/b.rego"], "context": self.head(self.STRICT)}
        error = PolicyError("no METADATA", path="policies/a/b.rego", line=1)
        found = self.preview(told, error)
        assert (found.verdict, found.reason) == ("error", "policies/a/b.rego:1: no METADATA")

    def test_policies_that_do_not_compile_are_said(self) -> None:
        broken = bundle(module("team.broken", "deny contains x if x > y"))
        told = {"changed": ["policies/a/b.rego"], "context": self.head(broken)}
        found = self.preview(told, broken)
        assert found.verdict == "error"
        assert "unsafe" in found.reason


@pytest.mark.parametrize("change", [{"schema": "other/v1"}, {"now": "today"}])
def test_what_is_no_policy_input_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(InputError):
        verdict(ONE, {**context(ONE), **change})


def test_a_policy_that_does_not_compile_ends_the_run_with_its_line() -> None:
    broken = bundle(module("team.broken", "deny contains x if x > y"), module("team.says", SAYS))
    with pytest.raises(PolicyError) as caught:
        verdict(broken, context(broken, [resource("a", {}, {})]))
    assert (caught.value.path, caught.value.line) == ("builtin:team/broken.rego", 8)
