"""Existing findings: old debt is shown and does not block; nothing new hides behind it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.decision.existing import excused, fingerprints, named_path, unchanging
from gate.decision.results import Said
from tests.unit.decision.cases import ENGINE, Places, bundle, context, module, resource, verdict

EACH = """\
deny contains object.union({"message": say.message, "resource": r.id}, more(say)) if {
	some r in input.resources
	some say in r.new.says
}

deny contains {"message": "gone", "resource": r.id} if {
	some r in input.resources
	r.status == "deleted"
}

warn contains {"message": say, "resource": r.id} if {
	some r in input.resources
	some say in r.new.warns
}

more(say) := object.filter(say, ["path", "key"])
"""
RULES = bundle(module("team.each", EACH))


def says(*elements: Any) -> dict[str, Any]:
    return {"says": [each if isinstance(each, dict) else {"message": each} for each in elements]}


def statuses(old: Any, new: Any, **options: Any) -> dict[str, str]:
    found = verdict(RULES, context(RULES, [resource("a", old, new)]), **options)
    return {each.message: each.status for each in found.findings}


def test_what_was_there_before_does_not_block() -> None:
    made = context(RULES, [resource("a", says("no"), {**says("no"), "other": 1})])
    found = verdict(RULES, made)
    assert (found.verdict, found.exit_code) == ("pass", 0)
    assert (found.summary["existing"], found.summary["deny"]) == (1, 0)
    assert found.rules[0].outcome == "passed"


def test_include_existing_lets_it_block() -> None:
    made = context(RULES, [resource("a", says("no"), says("no"))])
    found = verdict(RULES, made, include_existing=True)
    assert (found.verdict, found.findings[0].status) == ("deny", "new")


def test_a_new_finding_beside_an_old_one_blocks() -> None:
    assert statuses(says("no"), says("no", "neither")) == {"no": "existing", "neither": "new"}


def test_a_new_resource_has_no_past() -> None:
    assert statuses(None, says("no")) == {"no": "new"}


def test_the_debt_of_another_resource_excuses_nothing() -> None:
    made = context(RULES, [resource("a", says("no"), {}), resource("b", {}, says("no"))])
    assert verdict(RULES, made).verdict == "deny"


def test_a_deleted_resource_is_judged_as_what_it_was() -> None:
    assert statuses(says("no"), None) == {"gone": "new"}


def test_the_same_path_is_the_same_finding_whatever_it_says() -> None:
    old, new = {"message": "2 is few", "path": ["x"]}, {"message": "1 is few", "path": ["x"]}
    assert statuses(says(old), says(new)) == {"1 is few": "existing"}


def test_the_same_key_is_the_same_finding_wherever_it_is() -> None:
    old = {"message": "x", "path": ["a"], "key": "k"}
    new = {"message": "y", "path": ["b"], "key": "k"}
    assert statuses(says(old), says(new)) == {"y": "existing"}
    assert statuses(says(old), says({**new, "key": "l"})) == {"y": "new"}


def test_an_element_that_moves_in_its_list_stays_the_same() -> None:
    def pod(*containers: str) -> dict[str, Any]:
        index = containers.index("app")
        path = ["containers", index, "image"]
        listed = [{"name": name, "image": f"{name}:latest"} for name in containers]
        return {**says({"message": f"at {index}", "path": path}), "containers": listed}

    assert statuses(pod("app"), pod("proxy", "app")) == {"at 1": "existing"}
    renamed = pod("proxy", "app")
    renamed["containers"][1]["name"] = "web"
    assert statuses(pod("app"), renamed) == {"at 1": "new"}


def test_an_old_warning_excuses_no_denial() -> None:
    assert statuses({"warns": ["x"]}, says("x")) == {"x": "new"}


def test_a_rule_may_refuse_to_have_existing_findings() -> None:
    for name, custom in (("team.each", {"existing": "never"}), ("change.each", {})):
        rules = bundle(module(name, EACH, **custom))
        found = verdict(rules, context(rules, [resource("a", says("no"), says("no"))]))
        assert found.verdict == "deny"


def test_a_finding_without_a_resource_is_never_old() -> None:
    rules = bundle(module("team.whole", 'deny contains "no"'))
    assert verdict(rules, context(rules, [resource("a", {}, {})])).verdict == "deny"


def test_a_rule_that_cannot_judge_the_past_has_only_new_findings() -> None:
    rules = bundle(
        module(
            "team.reads",
            """\
deny contains {"message": "no", "resource": r.id} if {
	some r in input.resources
	to_number(r.new.number) > 1
}
""",
        )
    )
    made = context(rules, [resource("a", {"number": "two"}, {"number": "2"})])
    found = verdict(rules, made)
    assert found.verdict == "deny"
    assert "team.reads cannot judge how it was before" in found.reasons[0]


def test_the_past_is_asked_only_where_a_finding_can_be_old() -> None:
    asked: list[Any] = []

    class Counting:
        about, close = ENGINE.about, ENGINE.close

        def evaluate(self, bundle: Any, policy_input: Any) -> Any:
            asked.append((list(bundle.rules), policy_input))
            return ENGINE.evaluate(bundle, policy_input)

    both = bundle(module("team.each", EACH), module("team.quiet", 'deny contains "x" if false'))
    for resources, times in (([], 1), ([resource("a", None, says("no"))], 1)):
        asked.clear()
        verdict_of = context(both, resources)
        from gate.decision.judge import judge

        judge(verdict_of, both, Counting(), locate=Places())
        assert len(asked) == times
    asked.clear()
    judge(context(both, [resource("a", {}, says("no"))]), both, Counting(), locate=Places())
    assert [rules for rules, _ in asked] == [["team.each", "team.quiet"], ["team.each"]]


def test_the_change_that_changes_nothing() -> None:
    made = context(
        RULES,
        [
            resource("a", {"x": 1}, {"x": 2}, old_path="old/a.yaml", changes=[{"op": "replace"}]),
            resource("b", None, {"x": 2}),
            resource("c", {"x": 3}, None),
        ],
        evidence={"slo": {}},
    )
    made["change"] |= {"commits": [{}], "labels": ["x"]}
    before = unchanging(made)
    assert [each["name"] for each in before["resources"]] == ["a", "c"]
    for each in before["resources"]:
        assert each["new"] == each["old"] is not None
        assert (each["status"], each["changes"], each["old_path"]) == ("modified", [], None)
    assert before["resources"][0]["path"] == "old/a.yaml"
    change = before["change"]
    assert (change["files"], change["commits"], change["labels"]) == ([], [], [])
    assert before["evidence"] == {}
    assert made["resources"][0]["new"] == {"x": 2}


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [
        ({"a": {"b": 1}}, ("a", "b"), '"a"."b"'),
        ({"c": [{"name": "x"}, {"name": "y"}]}, ("c", 1, "image"), '"c".[name="y"]."image"'),
        ({"c": [{"name": "x"}, {"name": "x"}]}, ("c", 1), '"c".[1]'),
        ({"p": [{"containerPort": 80}]}, ("p", 0), '"p".[containerPort=80]'),
        ({"p": [{"name": "", "port": 1}, {"name": "", "port": 2}]}, ("p", 0), '"p".[port=1]'),
        ({"a": ["x", "y"]}, ("a", 1), '"a".[="y"]'),
        ({"a": ["x", "x"]}, ("a", 1), '"a".[1]'),
        ({"a": [[1], [2]]}, ("a", 1), '"a".[1]'),
        ({"a": [True]}, ("a", 0), '"a".[0]'),
        ({"a": []}, ("a", 4, "b"), '"a".[4]."b"'),
        (None, ("a", 0), '"a".0'),
        ({"a.b": 1}, ("a.b",), '"a.b"'),
    ],
)
def test_list_elements_are_named_by_what_tells_them_apart(
    value: Any, path: tuple[str | int, ...], expected: str
) -> None:
    assert named_path(value, path, {}) == expected


MARKS = st.tuples(
    st.sampled_from([("r", "a"), ("r", "b")]),
    st.builds(Said, st.sampled_from(["deny", "warn"]), st.sampled_from(["x", "y", "z"])),
)


@settings(deadline=None, max_examples=300)
@given(new=st.lists(MARKS, max_size=8), old=st.lists(MARKS, max_size=8))
def test_n_old_findings_excuse_at_most_n(new: Any, old: Any) -> None:
    excuses = excused(new, old)
    assert len(excuses) == len(new)
    kinds = Counter((mark, said.set) for mark, said in old)
    used = Counter((mark, said.set) for (mark, said), yes in zip(new, excuses, strict=True) if yes)
    wanted = Counter((mark, said.set) for mark, said in new)
    assert used == wanted & kinds
    for (mark, said), yes in zip(new, excuses, strict=True):
        same = [(mark, said)] * (new.count((mark, said)))
        if old.count((mark, said)) >= len(same):
            assert yes, "what was there word for word is excused before anything else"


@settings(deadline=None, max_examples=25)
@given(
    old=st.lists(st.sampled_from("xyz"), max_size=4),
    new=st.lists(st.sampled_from("xyz"), max_size=4),
)
def test_through_the_engine_only_what_was_said_before_is_excused(
    old: list[str], new: list[str]
) -> None:
    expected = {word: "existing" if word in old else "new" for word in new}
    assert statuses(says(*old), says(*new)) == expected


def test_fingerprints_outlive_a_move_and_tell_twins_apart() -> None:
    made = context(RULES, [resource("a", None, says("no"))])
    name = "core/ConfigMap/_/a"
    one = verdict(RULES, made).findings[0]
    other = verdict(RULES, made, locate=Places({name: 40})).findings[0]
    assert one.location != other.location
    assert one.fingerprint == other.fingerprint
    twins = fingerprints([(("r", "a"), "x.yaml"), (("r", "a"), "x.yaml"), (("r", "b"), "x.yaml")])
    assert len(set(twins)) == 3
    assert fingerprints([(("r", "a"), "y.yaml")]) == twins[:1]
