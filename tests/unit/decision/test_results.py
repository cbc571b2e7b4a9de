"""Each element of `deny` and `warn` is a finding, or an error that names the rule."""

from __future__ import annotations

from typing import Any

import pytest

from gate.decision.results import Said, check
from gate.model.policy import Answer, Rule, RuleFailure
from gate.model.verdict import Unblock

RULE = Rule(
    "a.b", "t", "d", "policies/a/b.rego", 6, "repository", sets=("deny", "warn"), applies=True
)


def checked(deny: Any = (), warn: Any = (), applies: Any = True) -> Any:
    deny = list(deny) if isinstance(deny, tuple) else deny
    warn = list(warn) if isinstance(warn, tuple) else warn
    answer = Answer({"a.b": {"deny": deny, "warn": warn, "applies": applies}})
    return check(RULE, answer, ["core/ConfigMap/_/x"])


def test_text_is_a_message() -> None:
    assert checked(deny=("no",)).said == (Said("deny", "no"),)
    assert checked(warn=("hm",)).said == (Said("warn", "hm"),)


def test_an_object_may_say_more() -> None:
    element = {
        "message": "no",
        "resource": "core/ConfigMap/_/x",
        "path": ["data", 0, "a"],
        "key": "k",
        "service": "checkout",
        "remediation": "mend",
        "unblock": {"at": "2026-11-27T17:00:00Z", "how": "wait"},
    }
    assert checked(deny=(element,)).said == (
        Said(
            "deny",
            "no",
            resource="core/ConfigMap/_/x",
            path=("data", 0, "a"),
            key="k",
            service="checkout",
            remediation="mend",
            unblock=Unblock("2026-11-27T17:00:00Z", "wait"),
        ),
    )


def test_an_unblock_may_be_text() -> None:
    (said,) = checked(deny=({"message": "no", "unblock": "wait"},)).said
    assert said.unblock == Unblock(None, "wait")


def test_null_is_as_good_as_absent() -> None:
    (said,) = checked(deny=({"message": "no", "resource": None, "path": None},)).said
    assert said == Said("deny", "no")


@pytest.mark.parametrize(
    ("element", "message"),
    [
        (1, "a number; a finding is text"),
        (True, "a boolean"),
        (None, "null"),
        (["no"], "a list"),
        ("", "`message` must be text, not blank text"),
        ("  ", "`message` must be text"),
        ({}, "an object without a message"),
        ({"msg": "no"}, "unknown key `msg`"),
        ({"message": "no", "remedation": "x"}, "Did you mean `remediation`?"),
        ({"message": 3}, "`message` must be text, not a number"),
        ({"message": ""}, "`message` must be text"),
        ({"message": "no", "resource": "core/ConfigMap/_/y"}, "is not the id of a changed one"),
        ({"message": "no", "resource": "core/ConfigMap/_/y"}, "mean `core/ConfigMap/_/x`?"),
        ({"message": "no", "resource": 1}, "`resource` must be text"),
        ({"message": "no", "path": ["a"]}, "a path without a resource"),
        ({"message": "no", "resource": "core/ConfigMap/_/x", "path": "a.b"}, "list of keys"),
        ({"message": "no", "resource": "core/ConfigMap/_/x", "path": [True]}, "list of keys"),
        ({"message": "no", "resource": "core/ConfigMap/_/x", "path": [1.5]}, "list of keys"),
        ({"message": "no", "key": 3}, "`key` must be text"),
        ({"message": "no", "service": []}, "`service` must be text, not a list"),
        ({"message": "no", "unblock": {}}, "`unblock` must be text or an object"),
        ({"message": "no", "unblock": {"when": "x"}}, "`unblock` must be"),
        ({"message": "no", "unblock": {"at": "tomorrow"}}, "RFC 3339 time, not `tomorrow`"),
        ({"message": "no", "unblock": 3}, "`unblock` must be"),
    ],
)
@pytest.mark.parametrize("name", ["deny", "warn"])
def test_anything_else_is_a_failure_that_says_why(name: str, element: Any, message: str) -> None:
    found = checked(**{name: (element, "kept")})
    assert found.said == (Said(name, "kept"),)
    (failure,) = found.failures
    assert message in failure.message
    assert failure.message.startswith(f"`{name}`")
    assert (failure.path, failure.line) == ("policies/a/b.rego", 6)


@pytest.mark.parametrize("value", [{}, "no", True, {"a": 1}])
def test_a_set_that_is_none_is_a_failure(value: Any) -> None:
    assert checked(deny=value).failures[0].message == "`deny` is no set."


def test_a_missing_set_is_a_failure_and_keeps_the_other() -> None:
    found = check(RULE, Answer({"a.b": {"warn": ["hm"]}}), [])
    assert found.failures[0].message == "`deny` has no value."
    assert found.said == (Said("warn", "hm"),)


def test_a_rule_without_any_answer_is_a_failure() -> None:
    assert len(check(RULE, Answer({}), []).failures) == 2


def test_the_engines_failure_is_kept_and_placed() -> None:
    answer = Answer({}, {"a.b": RuleFailure("it recurses")})
    assert check(RULE, answer, []).failures == (RuleFailure("it recurses", RULE.path, RULE.line),)
    placed = RuleFailure("no such function", "policies/lib/x.rego", 3)
    assert check(RULE, Answer({}, {"a.b": placed}), []).failures == (placed,)


def test_applies_is_false_where_it_is_undefined() -> None:
    assert check(RULE, Answer({"a.b": {"deny": [], "warn": []}}), []).applies is False
    assert checked(applies=True).applies is True
    assert checked(applies=3).failures[0].message == "`applies` is neither true nor false."
