"""What a missing source leaves open is told once, however many targets it leaves."""

from __future__ import annotations

from gate.report.cases import Case, for_whom, merged


def open_case(service: str, environment: str | None = None, why: str = "it is down") -> Case:
    named = f"{service} in {environment}" if environment else service
    where = f"{service} in {environment or 'default'}"
    return Case(f"slo of {where} is unavailable: {why}", ("slo.a", "slo.b"), (named,))


def test_reasons_that_differ_in_their_target_alone_are_one() -> None:
    targets = ("a", "b in production", "c")
    found = [open_case("a"), open_case("b", "production"), open_case("c")]
    (one,) = merged(found)
    assert one == Case("slo of 3 targets is unavailable: it is down", found[0].rules, targets)
    assert for_whom(one) == ["for a, b in production, c"]


def test_other_reasons_and_other_rules_stay_apart() -> None:
    alone = open_case("a")
    other = Case(alone.reason, ("slo.c",), alone.targets)
    whole = Case("the rule failed", ("slo.a", "slo.b"), ())
    found = [alone, other, open_case("b", why="it answered 503"), whole]
    assert merged(found) == found


def test_many_are_counted() -> None:
    (one,) = merged([open_case(f"s{n}") for n in range(30)])
    assert for_whom(one) == ["for s0, s1, s2, s3, s4, s5 and 24 more"]
    (told,) = for_whom(one, None)
    assert told.endswith("s28, s29")
    assert for_whom(open_case("a")) == []
