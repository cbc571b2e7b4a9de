"""When a change would pass: judged again at the moments that the evidence names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.decision import bundle as bundles
from gate.decision import outlook as outlooks
from gate.decision.engines.embedded import Embedded
from gate.decision.judge import foresee, judge
from gate.decision.memory import Remembering
from gate.errors import EngineError
from gate.model.config import RuleConfig
from gate.model.outlook import Outlook
from gate.model.policy import Answer, Bundle
from gate.model.times import written
from gate.model.verdict import Unblock
from tests.unit.decision.cases import (
    NOW,
    Places,
    bundle,
    context,
    evidence,
    module,
    resource,
    verdict,
    waiver,
)

ACTIVE = module(
    "freeze.active",
    """\
import data.gate.lib.windows

deny contains {"message": message, "service": w.service, "key": w.name} if {
	some w in windows.all
	w.from <= input.now
	windows.lasts(w)
	message := sprintf("frozen at %s", [input.now])
}
""",
    requires="[freeze]",
)
SOON = module(
    "freeze.soon",
    """\
import data.gate.lib.windows

deny contains {"message": "a freeze is near", "service": w.service, "key": w.name} if {
	some w in windows.all
	input.now < w.from
	left := time.parse_rfc3339_ns(w.from) - time.parse_rfc3339_ns(input.now)
	left <= input.settings["freeze.soon"].seconds * 1000000000
}
""",
    requires="[freeze]",
    level="warn",
    settings="{seconds: 5400}",
)
WINDOWS = """\
package gate.lib.windows

all := [{"service": service, "name": w.name, "from": w.from, "until": w.until} |
	some service, environments in input.evidence.freeze
	some envelope in environments
	envelope.status == "ok"
	some calendar in envelope.value
	some w in calendar.windows
]

lasts(w) if w.until == null

lasts(w) if input.now < w.until
"""
BUDGET = module(
    "slo.budget_exhausted",
    """\
deny contains finding if {
	some service, environments in input.evidence.slo
	some envelope in environments
	envelope.status == "ok"
	some slo in envelope.value
	slo.remaining <= 0
	finding := {
		"message": sprintf("%s has %v left", [slo.name, slo.remaining]),
		"service": service,
		"key": slo.name,
	}
}
""",
    requires="[slo]",
)
BURNING = module(
    "slo.burning_fast",
    """\
deny contains {"message": "it burns", "service": service, "key": slo.name} if {
	some service, environments in input.evidence.slo
	some envelope in environments
	some slo in envelope.value
	some pair in slo.pairs
	pair.exceeded
}
""",
    requires="[slo]",
)
SAYS = module(
    "team.says",
    """\
deny contains {"message": r.new.deny, "resource": r.id} if {
	some r in input.resources
	r.new.deny
}
""",
)
RULES = bundle(ACTIVE, SOON, BUDGET, BURNING, SAYS, libraries=[WINDOWS])
TARGET = {"service": "checkout", "environment": "production", "tier": 1}
START = datetime(2026, 11, 22, 10, tzinfo=UTC)


def hour(number: float) -> str:
    """A time so many hours after `NOW`."""
    return written(START + timedelta(hours=number))


def window(begins: float, ends: float | None, name: str = "w") -> dict[str, Any]:
    return {"name": name, "from": hour(begins), "until": None if ends is None else hour(ends)}


def freeze(*windows: Mapping[str, Any], until: float = 744) -> dict[str, Any]:
    calendar = {"source": "f", "until": hour(until), "windows": list(windows)}
    return {"checkout": {"production": evidence("ok", value=[calendar])}}


def slo(
    remaining: float,
    *points: tuple[float, float],
    name: str = "availability",
    pairs: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    return {
        "name": name,
        "objective": 0.999,
        "remaining": remaining,
        "state": "exhausted" if remaining <= 0 else "ok",
        "burn_rate": 2,
        "pairs": list(pairs),
        "projection": [{"at": hour(at), "remaining": left} for at, left in points],
    }


def budgets(*entries: Mapping[str, Any]) -> dict[str, Any]:
    return {"checkout": {"production": evidence("ok", value=list(entries))}}


def made(judged_by: Bundle = RULES, new: Mapping[str, Any] | None = None, **more: Any) -> Any:
    told = {"freeze": freeze(), "slo": budgets(), **more.pop("evidence", {})}
    return context(
        judged_by,
        [resource("a", {}, dict(new or {"x": 1}))],
        targets=[TARGET],
        evidence=told,
        **more,
    )


def look(given: Any, judged_by: Bundle = RULES, **options: Any) -> Outlook:
    return foresee(given, judged_by, Embedded(), locate=Places(), **options)


def ends(of: Outlook) -> list[tuple[str | None, str, str | None, str | None]]:
    return [(each.rule, each.ends, each.begins, each.at) for each in of.obstacles]


class TestEarliest:
    def test_what_passes_now_passes_now_until_it_is_blocked(self) -> None:
        found = look(made(evidence={"freeze": freeze(window(5, 9))}))
        assert found.passes
        assert found.earliest is not None
        assert (found.earliest.at, found.earliest.until) == (NOW, hour(5))
        assert (found.exit_code, found.obstacles, list(found.reasons)) == (0, [], [])

    def test_a_freeze_ends_for_certain(self) -> None:
        found = look(made(evidence={"freeze": freeze(window(-5, 9), window(30, 40))}))
        assert found.earliest is not None
        assert (found.earliest.at, found.earliest.rests_on) == (hour(9), "certain")
        assert (found.earliest.verdict, found.earliest.until) == ("pass", hour(30))
        assert ends(found) == [("freeze.active", "certain", None, hour(9))]
        assert (found.passes, found.exit_code, found.known_until) == (False, 1, hour(744))

    def test_windows_that_follow_each_other_are_skipped(self) -> None:
        windows = window(-5, 9, "a"), window(9, 20, "b"), window(15, 33, "c"), window(50, 60, "d")
        found = look(made(evidence={"freeze": freeze(*windows)}))
        assert found.earliest is not None
        assert found.earliest.at == hour(33)
        assert ends(found) == [
            ("freeze.active", "certain", None, hour(9)),
            ("freeze.active", "certain", hour(9), hour(20)),
            ("freeze.active", "certain", hour(15), hour(33)),
        ]

    def test_a_budget_recovers_as_its_projection_says(self) -> None:
        entry = slo(-0.2, (5, -0.1), (9, 0.01), (20, 0.3))
        found = look(made(evidence={"slo": budgets(entry)}))
        assert found.earliest is not None
        assert (found.earliest.at, found.earliest.rests_on) == (hour(9), "projection")
        assert ends(found) == [("slo.budget_exhausted", "projection", None, hour(9))]

    def test_the_later_of_budget_and_freeze_counts_and_is_labelled(self) -> None:
        told = {"freeze": freeze(window(-5, 30)), "slo": budgets(slo(-0.2, (9, 0.1)))}
        found = look(made(evidence=told))
        assert found.earliest is not None
        assert (found.earliest.at, found.earliest.rests_on) == (hour(30), "projection")
        assert [each.ends for each in found.obstacles] == ["projection", "certain"]

    def test_a_burning_budget_is_calm_once_its_short_window_is_past(self) -> None:
        pair = {"short": "5m", "long": "1h", "exceeded": True}
        found = look(made(evidence={"slo": budgets(slo(0.5, pairs=[pair]))}))
        assert found.earliest is not None
        assert (found.earliest.at, found.earliest.rests_on) == (hour(1 / 12), "projection")

    def test_of_many_budgets_each_has_its_own_end(self) -> None:
        entries = [
            slo(-1, *[(n + 1, -1 + n / (i + 40)) for n in range(62)], name=f"s{i}")
            for i in range(20)
        ]
        found = look(made(evidence={"slo": budgets(*entries)}))
        assert found.earliest is not None
        assert found.earliest.at == hour(61)
        assert [each.at for each in found.obstacles] == [hour(i + 42) for i in range(20)]
        assert found.judgements < 70

    def test_a_waiver_that_ends_on_the_way_blocks(self) -> None:
        waivers = [waiver("team.says", hour(5))]
        given = made(
            new={"deny": "no"},
            evidence={"freeze": freeze(window(-5, 9))},
            gate={"waivers": waivers},
        )
        found = look(given)
        assert found.earliest is None
        assert ends(found)[-1] == (
            "team.says",
            "person",
            written(START + timedelta(hours=5, seconds=1)),
            None,
        )

    def test_a_rule_that_takes_effect_on_the_way_blocks(self) -> None:
        rules = bundle(
            ACTIVE,
            module("team.says", 'deny contains "no"', effective_on="2026-11-23"),
            libraries=[WINDOWS],
        )
        found = look(made(rules, evidence={"freeze": freeze(window(-5, 20))}), rules)
        assert found.earliest is None
        assert ends(found)[-1] == ("team.says", "person", "2026-11-23T00:00:00Z", None)

    def test_with_fail_on_warn_a_warning_is_in_the_way(self) -> None:
        given = made(evidence={"freeze": freeze(window(1, 9), window(9, 10))})
        assert look(given).passes
        found = look(given, fail_on="warn")
        assert found.earliest is not None
        assert found.earliest.at == hour(10)

    def test_with_fail_on_never_no_finding_is(self) -> None:
        assert look(made(new={"deny": "no"}), fail_on="never").passes

    def test_advisory_mode_takes_no_part(self) -> None:
        found = look(made(new={"deny": "no"}, gate={"mode": "advisory"}))
        assert (found.passes, found.exit_code) == (False, 1)

    def test_a_saved_now_may_have_parts_of_a_second(self) -> None:
        found = look(made(now="2026-11-22T10:00:00.5Z"))
        assert found.passes
        frozen = look(
            made(now="2026-11-22T10:00:00.5Z", evidence={"freeze": freeze(window(-1, 2))})
        )
        assert frozen.earliest is not None
        assert frozen.earliest.at == hour(2)


class TestPersons:
    def test_what_no_time_clears_needs_a_person(self) -> None:
        found = look(made(new={"deny": "no"}, evidence={"freeze": freeze(window(-5, 9))}))
        assert found.earliest is None
        assert found.without is not None
        assert found.without.at == hour(9)
        assert ends(found) == [
            ("freeze.active", "certain", None, hour(9)),
            ("team.says", "person", None, None),
        ]
        assert found.obstacles[-1].how == "Mend it."
        assert list(found.reasons) == ["1 obstacle ends only by what a person does"]

    def test_a_freeze_without_an_end_needs_a_person(self) -> None:
        found = look(made(evidence={"freeze": freeze(window(-5, None))}))
        assert found.earliest is None
        assert found.without is not None
        assert found.without.at == NOW
        assert ends(found) == [("freeze.active", "person", None, None)]

    def test_a_freeze_without_an_end_that_begins_on_the_way(self) -> None:
        given = made(evidence={"freeze": freeze(window(-5, 9), window(8, None, "stop"))})
        found = look(given)
        assert found.earliest is None
        assert found.without is not None
        assert found.without.at == hour(9)
        assert ends(found) == [
            ("freeze.active", "certain", None, hour(9)),
            ("freeze.active", "person", hour(8), None),
        ]

    def test_evidence_that_is_unavailable_needs_a_person(self) -> None:
        down = {"checkout": {"production": evidence("unavailable", "the calendar is down")}}
        found = look(made(evidence={"freeze": down, "slo": budgets(slo(-0.2, (9, 0.1)))}))
        assert (found.earliest, found.exit_code) == (None, 1)
        persons = [each for each in found.obstacles if each.ends == "person"]
        assert {each.rule for each in persons} == {"freeze.active", "freeze.soon"}
        assert all("the calendar is down" in each.message for each in persons)
        # What the calendar would say is not known: no time is told.
        assert found.without is None
        assert found.reasons == [outlooks.UNSEEN]

    def test_undecided_now_is_exit_3(self) -> None:
        down = {"checkout": {"production": evidence("unavailable", "the calendar is down")}}
        found = look(made(evidence={"freeze": down}))
        assert (found.passes, found.exit_code) == (False, 3)

    def test_a_file_that_cannot_be_read_needs_a_person(self) -> None:
        broken = {"path": "a.yaml", "kind": "unreadable", "message": "broken", "line": 3}
        found = look(made(gate={"problems": [broken]}))
        assert found.exit_code == 3
        assert [(each.level, each.message, each.ends) for each in found.obstacles] == [
            ("undecided", "1 file could not be read", "person")
        ]

    def test_a_rule_that_fails_is_no_pass_at_any_time(self) -> None:
        fails = module("team.fails", "deny contains 1")
        rules = bundle(ACTIVE, fails, libraries=[WINDOWS])
        found = look(made(rules, evidence={"freeze": freeze(window(-5, 9))}), rules)
        assert (found.passes, found.exit_code) == (False, 2)
        assert found.obstacles[-1].level == "error"

    def test_what_begins_after_it_passes_is_not_in_the_way(self) -> None:
        windows = window(-5, 9), window(60, None, "stop")
        found = look(made(evidence={"freeze": freeze(*windows)}))
        assert found.earliest is not None
        assert (found.earliest.at, found.earliest.until) == (hour(9), hour(60))
        assert (found.without, len(found.obstacles)) == (None, 1)


class TestUnknown:
    @pytest.mark.parametrize("points", [(), ((-5, 0.5),), ((5, -0.5),)])
    def test_a_budget_of_which_nothing_foretells_the_end(
        self, points: tuple[tuple[float, float], ...]
    ) -> None:
        found = look(made(evidence={"slo": budgets(slo(-0.9, *points))}))
        assert found.earliest is None
        assert ends(found) == [("slo.budget_exhausted", "unknown", None, None)]

    def test_nothing_is_known_beyond_the_calendars(self) -> None:
        windows = [window(-5, 9), window(9, 60)]
        found = look(made(evidence={"freeze": freeze(*windows, until=48)}))
        assert (found.earliest, found.without) == (None, None)
        assert found.obstacles[0].at == hour(60)
        assert list(found.reasons) == ["what comes after the end of the calendars is not known"]

    def test_a_rule_that_looks_at_the_clock_and_names_no_end(self) -> None:
        rules = bundle(module("team.late", 'deny contains "too late" if input.now > "2026"'))
        found = look(made(rules), rules)
        assert ends(found) == [("team.late", "unknown", None, None)]

    def test_a_rule_that_names_its_end_is_judged_then(self) -> None:
        text = 'deny contains {"message": "no", "unblock": {"at": "2026-11-23T08:00:00Z"}} if '
        late = bundle(module("team.late", f'{text}input.now < "2026-11-23T08:00:00Z"'))
        found = look(made(late), late)
        assert found.earliest is not None
        assert found.earliest.at == "2026-11-23T08:00:00Z"
        assert ends(found) == [("team.late", "certain", None, "2026-11-23T08:00:00Z")]

    def test_what_a_rule_says_of_its_end_and_does_not_hold(self) -> None:
        text = 'deny contains {"message": "no", "unblock": {"at": "2026-11-23T08:00:00Z"}}'
        wrong = bundle(module("team.wrong", text))
        found = look(made(wrong), wrong)
        assert found.earliest is None
        assert ends(found) == [("team.wrong", "unknown", None, "2026-11-23T08:00:00Z")]

    def test_the_look_ends_and_says_so(self) -> None:
        windows = [window(n, n + 1, f"w{n}") for n in range(-1, 300)]
        found = look(made(evidence={"freeze": freeze(*windows)}))
        assert found.judgements == outlooks.ALL + 1
        assert found.earliest is None
        assert "it was judged at 200 moments, and further ones were not looked at" in found.reasons


class TestVerdict:
    def test_what_blocks_says_when_it_ends(self) -> None:
        told = {"freeze": freeze(window(-5, 30)), "slo": budgets(slo(-0.2, (9, 0.1)))}
        found = verdict(RULES, made(evidence=told))
        assert {each.rule: each.unblock for each in found.findings} == {
            "freeze.active": Unblock(hour(30), None),
            "slo.budget_exhausted": Unblock(hour(9), "if no more errors come"),
        }
        assert found.valid_until == hour(9)

    def test_a_rules_own_words_are_kept(self) -> None:
        own = 'deny contains {"message": "no", "unblock": {"how": "The budget recovers."}} if {\n'
        rules = bundle(
            module(
                "slo.mine",
                own
                + "\tsome s, e in input.evidence.slo\n\te.production.value[0].remaining <= 0\n}",
                requires="[slo]",
            )
        )
        found = verdict(rules, made(rules, evidence={"slo": budgets(slo(-0.2, (9, 0.1)))}))
        assert found.findings[0].unblock == Unblock(
            hour(9), "if no more errors come. The budget recovers."
        )

    def test_what_names_no_end_stays_as_its_rule_says(self) -> None:
        own = (
            'deny contains {"message": "no", "unblock": {"at": "2026-11-23T09:00:00+01:00"}} if {\n'
        )
        rules = bundle(
            module(
                "slo.mine",
                own
                + "\tsome s, e in input.evidence.slo\n\te.production.value[0].remaining <= 0\n}",
                requires="[slo]",
            )
        )
        found = verdict(rules, made(rules, evidence={"slo": budgets(slo(-0.2))}))
        assert found.findings[0].unblock == Unblock("2026-11-23T09:00:00+01:00", None)

    def test_a_pass_is_valid_until_a_freeze_begins(self) -> None:
        given = made(
            evidence={"freeze": freeze(window(5, 9))},
            rules={"freeze.soon": RuleConfig(level="off")},
        )
        assert verdict(RULES, given).valid_until == hour(5)

    @pytest.mark.parametrize(
        ("seconds", "told"),
        [(5400, 5400), (5401, 5460), (1, 1), (59, 60), (60, 60), (17_999, 17_999)],
    )
    def test_a_warning_of_a_freeze_begins_between_the_boundaries(
        self, seconds: int, told: int
    ) -> None:
        given = made(
            evidence={"freeze": freeze(window(5, 9))},
            rules={"freeze.soon": RuleConfig(settings={"seconds": seconds})},
        )
        assert verdict(RULES, given).valid_until == written(
            START + timedelta(hours=5, seconds=-told)
        )

    @pytest.mark.parametrize("gap", [1, 2, 3, 0.5])
    def test_a_warning_may_begin_before_another_boundary_than_that_of_its_freeze(
        self, gap: float
    ) -> None:
        """It begins at 5 h; then the first freeze is still on, and the second begins later."""
        given = made(
            evidence={"freeze": freeze(window(-5, 5 + gap, "w1"), window(9, 12, "w2"))},
            rules={"freeze.soon": RuleConfig(settings={"seconds": 4 * 3600})},
        )
        assert verdict(RULES, given).valid_until == hour(5)

    def test_a_warning_may_begin_between_the_steps_of_a_budget(self) -> None:
        given = made(
            evidence={
                "freeze": freeze(window(9, 12)),
                "slo": budgets(slo(0.5, (2, 0.6), (4, 0.7), (6, 0.8), (8, 0.9))),
            },
            rules={"freeze.soon": RuleConfig(settings={"seconds": 4 * 3600})},
        )
        assert verdict(RULES, given).valid_until == hour(5)

    def test_a_pass_is_valid_until_the_first_of_all(self) -> None:
        given = made(
            new={"deny": "no"},
            evidence={"freeze": freeze(window(50, 60))},
            gate={"waivers": [waiver("team.says", hour(5))]},
        )
        assert verdict(RULES, given).valid_until == hour(5)

    def test_nothing_known_is_null(self) -> None:
        assert verdict(RULES, made()).valid_until is None

    def test_what_no_rule_minds_changes_nothing(self) -> None:
        off = {name: RuleConfig(level="off") for name in ("freeze.active", "freeze.soon")}
        given = made(evidence={"freeze": freeze(window(5, 9))}, rules=off)
        assert verdict(RULES, given).valid_until is None

    def test_a_look_that_ends_early_is_never_too_late(self) -> None:
        rules = bundle(BUDGET, module("freeze.twentieth", TWENTIETH, requires="[freeze]"))
        windows = [window(2 * n, 2 * n + 1, f"w{n}") for n in range(1, 30)]
        found = verdict(rules, made(rules, evidence={"freeze": freeze(*windows)}))
        assert found.valid_until is not None
        assert hour(2) < found.valid_until <= hour(40)

    def test_a_message_that_counts_the_hours_makes_no_other_verdict(self) -> None:
        given = made(
            evidence={"freeze": freeze(window(-5, 30), window(2, 3))},
            rules={"freeze.soon": RuleConfig(level="off")},
        )
        assert verdict(RULES, given).valid_until == hour(30)


TWENTIETH = """\
deny contains "the twentieth" if {
	some s, e in input.evidence.freeze
	e.production.value[0].windows[19].from <= input.now
}
"""


class Counting(Embedded):
    """Counts what is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[set[str]] = []

    def evaluate(self, bundle: Bundle, policy_input: Mapping[str, Any]) -> Answer:
        self.asked.append(set(bundle.rules))
        return super().evaluate(bundle, policy_input)


class TestCost:
    def test_only_what_time_can_change_is_asked_again(self) -> None:
        engine = Counting()
        given = made(new={"deny": "no"}, evidence={"freeze": freeze(window(5, 9))})
        foresee(given, RULES, engine, locate=Places())
        timed = {"freeze.active", "freeze.soon", "slo.budget_exhausted", "slo.burning_fast"}
        first, *others = engine.asked
        assert first == {*timed, "team.says"}
        assert {"team.says"} in others  # How it was before the change.
        assert all(each == timed for each in others if each != {"team.says"})

    def test_of_the_rules_of_the_wheel_those_are_asked_again_that_require_evidence(self) -> None:
        wheel = bundles.load(True)
        memory = Remembering(Embedded(), wheel, wheel.rules)
        assert memory.timed == {rule.id for rule in wheel.rules.values() if rule.requires}
        assert memory.timed >= {"freeze.active", "slo.budget_exhausted"}

    def test_a_pass_without_moments_costs_one_judgement(self) -> None:
        engine = Counting()
        judge(made(), RULES, engine, locate=Places())
        assert len(engine.asked) == 1

    def test_an_engine_that_fails_later_loses_no_verdict(self) -> None:
        given = made(evidence={"freeze": freeze(window(5, 9), window(-5, 2))})
        answers = Embedded.evaluate

        def once(self: Embedded, judged_by: Bundle, policy_input: Mapping[str, Any]) -> Answer:
            if policy_input["now"] != NOW:
                raise EngineError("it is gone")
            return answers(self, judged_by, policy_input)

        with mock.patch.object(Embedded, "evaluate", once):
            found = verdict(RULES, given)
            later = look(given)
        assert (later.earliest, later.exit_code) == (None, 1)
        assert "it could not be judged at later times: it is gone" in later.reasons
        assert (found.verdict, found.valid_until) == ("deny", hour(2))


SPANS = st.lists(
    st.tuples(st.integers(-20, 100), st.integers(1, 30)).map(
        lambda each: (each[0], each[0] + each[1])
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(spans=SPANS, recovers=st.integers(1, 120), remaining=st.sampled_from([-0.5, 0.5]))
def test_the_earliest_time_is_that_of_looking_at_each_hour(
    spans: list[tuple[int, int]], recovers: int, remaining: float
) -> None:
    windows = [window(start, end, f"w{n}") for n, (start, end) in enumerate(spans)]
    rising = [(n, -0.4) for n in range(1, recovers)] if remaining < 0 else []
    entry = slo(remaining, *rising, (recovers, 0.5))
    told = {"freeze": freeze(*windows), "slo": budgets(entry)}
    found = look(made(evidence=told))

    def free(at: int) -> bool:
        frozen = any(start <= at < end for start, end in spans)
        return not frozen and (remaining > 0 or at >= recovers)

    first = next(at for at in range(200) if free(at))
    again = next((at for at in range(first, 200) if not free(at)), None)
    assert found.earliest is not None
    assert found.earliest.at == hour(first)
    assert found.earliest.until == (None if again is None else hour(again))


@settings(max_examples=25, deadline=None)
@given(spans=SPANS, recovers=st.integers(1, 60), remaining=st.sampled_from([-0.5, 0.5]))
def test_a_verdict_is_valid_until_the_first_hour_at_which_it_is_another(
    spans: list[tuple[int, int]], recovers: int, remaining: float
) -> None:
    windows = [window(start, end, f"w{n}") for n, (start, end) in enumerate(spans)]
    rising = [(n, -0.4) for n in range(1, recovers)] if remaining < 0 else []
    told = {
        "freeze": freeze(*windows),
        "slo": budgets(slo(remaining, *rising, (recovers, 0.5))),
    }
    off = {"freeze.soon": RuleConfig(level="off")}
    found = verdict(RULES, made(evidence=told, rules=off)).valid_until

    def standing(at: int) -> tuple[set[int], bool]:
        frozen = {n for n, (start, end) in enumerate(spans) if start <= at < end}
        return frozen, remaining < 0 and at < recovers

    first = next((at for at in range(1, 200) if standing(at) != standing(0)), None)
    assert found == (None if first is None else hour(first))
