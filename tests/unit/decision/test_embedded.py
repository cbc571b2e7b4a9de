"""The embedded engine in process."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.decision.bundle import only
from gate.decision.engines import embedded, noise
from gate.decision.engines.embedded import Embedded
from gate.decision.engines.inputs import input_text
from gate.decision.engines.registry import open_engine
from gate.errors import InputError, PolicyError, UsageError
from tests.support.random_values import policy_input
from tests.unit.decision.cases import ENGINE, bundle, module

RULES = bundle(
    module("team.echo", "deny contains input.value if true"),
    module("team.number", 'warn contains sprintf("%d", [input.number]) if true'),
)


def test_all_rules_are_asked_at_once() -> None:
    answer = ENGINE.evaluate(RULES, {"value": "x", "number": 3})
    assert answer.results == {"team.echo": {"deny": ["x"]}, "team.number": {"warn": ["3"]}}
    assert not answer.failures


def test_a_second_input_has_nothing_of_the_first() -> None:
    engine = Embedded()
    engine.evaluate(RULES, {"value": "x", "number": 3})
    assert engine.evaluate(RULES, {"number": 4}).results["team.echo"] == {"deny": []}
    other = bundle(module("team.echo", "deny contains input.other if true"))
    assert engine.evaluate(other, {"other": 1}).results == {"team.echo": {"deny": [1]}}


RESTING = bundle(
    module("team.echo", "deny contains input.name if input.kind"),
    module("team.joined", 'deny contains concat("-", [input.name, input.kind])'),
    module("team.left", "deny contains input.weight - 1"),
    module("team.ns", "warn contains input.ns"),
    module(
        "team.other",
        "deny contains x if {\n"
        '\tx := data.gate.lib.half.of(1) with input as {"size": input.replicas}\n'
        "}\n\ndeny contains input.size\n\nwarn contains input.replicas",
    ),
    libraries=["package gate.lib.half\n\nof(x) := x / input.size\n"],
)
"""Rules that fail on some inputs, one of them while it has put another in the place of its own."""


def test_an_engine_that_judged_before_judges_as_a_fresh_one() -> None:
    kept = Embedded()
    random = Random(8)
    failing = 0
    for _ in range(400):
        given = policy_input(random)
        judged_by = only(RESTING, random.sample(sorted(RESTING.rules), random.randint(1, 5)))
        fresh = Embedded().evaluate(judged_by, given)
        assert kept.evaluate(judged_by, given) == fresh
        assert fresh.results.get("team.ns", {"warn": [given["ns"]]}) == {"warn": [given["ns"]]}
        failing += bool(fresh.failures)
    assert 50 < failing < 400


def test_modules_are_read_once_for_many_inputs_and_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    load, loaded = embedded.load, []

    def counting(*given: Any) -> Any:
        loaded.append(given)
        return load(*given)

    monkeypatch.setattr(embedded, "load", counting)
    engine = Embedded()
    for judged_by in (RULES, RULES, only(RULES, ["team.echo"]), RULES):
        assert engine.evaluate(judged_by, {"value": 1}).results["team.echo"] == {"deny": [1]}
    assert len(loaded) == 1
    elsewhere = replace(RULES, modules=[replace(each, path="x.rego") for each in RULES.modules])
    engine.evaluate(elsewhere, {})
    engine.evaluate(replace(RULES, data={"a": 1}), {})
    engine.evaluate(replace(RULES, data={"a": True}), {})
    assert len(loaded) == 4


def test_a_rule_that_fails_takes_no_other_with_it() -> None:
    rules = bundle(
        module("team.bad", "deny contains x if x := input.a / input.b"),
        module("team.clash", "deny contains v\n\nv := 1\n\nv := 2 if input.b == 0"),
        module("team.good", 'deny contains "kept"\n\napplies if input.c'),
        module("team.unknown", "deny contains x if x := strings.no_such(input.a)"),
    )
    answer = ENGINE.evaluate(rules, {"a": 1, "b": 0})
    assert answer.results == {"team.good": {"deny": ["kept"]}}
    told = {rule: (each.path, each.line) for rule, each in answer.failures.items()}
    assert told == {
        "team.bad": ("builtin:team/bad.rego", 8),
        "team.clash": ("builtin:team/clash.rego", 12),
        "team.unknown": ("builtin:team/unknown.rego", 8),
    }
    assert answer.failures["team.bad"].message == "Divide by zero."
    assert not any("Stack" in each.message for each in answer.failures.values())


def test_an_error_in_a_library_fails_the_rules_that_use_it() -> None:
    library = "package gate.lib.half\n\nof(x) := to_number(x) / 2\n"
    uses = "import data.gate.lib.half\n\ndeny contains x if x := half.of(input.value)"
    rules = bundle(
        module("team.uses", uses), module("team.good", 'deny contains "kept"'), libraries=[library]
    )
    answer = ENGINE.evaluate(rules, {"value": "two"})
    assert answer.results == {"team.good": {"deny": ["kept"]}}
    failure = answer.failures["team.uses"]
    assert (failure.path, failure.line) == ("builtin:lib/half.rego", 3)


def test_a_refused_builtin_fails_even_where_no_one_saw_it() -> None:
    rules = bundle(module("team.x", "deny contains x if x := 1"))
    clock = replace(rules.modules[0], text=rules.modules[0].text.replace("1", "time.now_ns()"))
    hidden = replace(rules, modules=[clock], digest="sha256:other")
    answer = ENGINE.evaluate(hidden, {})
    assert "time.now_ns is not the same twice" in answer.failures["team.x"].message


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 3.0}, '{"a":3}'),
        ({"a": [1.5, -0.0, 2.0]}, '{"a":[1.5,0,2]}'),
        ({"a": 1e15}, '{"a":1000000000000000}'),
        ({"a": 1e300}, '{"a":1e+300}'),
        ({"a": "3.0, 4.0]"}, '{"a":"3.0, 4.0]"}'),
        ({"a": ("3.0", 2.0)}, '{"a":["3.0",2]}'),
        ({"a": "é"}, '{"a":"é"}'),
        ({"a": "\ud800"}, '{"a":"?"}'),
    ],
)
def test_integral_floats_become_integers_and_nothing_else_changes(value: Any, text: str) -> None:
    assert input_text(value) == text


@settings(deadline=None, max_examples=200)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(-1e9, 1e9),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_an_input_stays_equal(value: Any) -> None:
    import json

    text = input_text({"value": value})
    assert json.loads(text) == {"value": value}
    assert not [
        each for each in _numbers(json.loads(text)) if isinstance(each, float) and each.is_integer()
    ]


def _numbers(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for inner in value for number in _numbers(inner)]
    return [value]


@pytest.mark.parametrize("value", [{"a": float("nan")}, {"a": object()}, {"a": float("inf")}])
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(InputError):
        input_text(value)


def test_the_engine_says_who_it_is() -> None:
    about = ENGINE.about(bundle())
    assert about["name"] == "embedded"
    assert about["version"].split(".")[0].isdigit()


def test_engines_are_found_by_name() -> None:
    assert open_engine("embedded").about(bundle())["name"] == "embedded"
    with pytest.raises(UsageError, match="Did you mean `embedded`"):
        open_engine("embeded")


def test_what_is_written_to_descriptor_2_is_caught_and_only_in_the_block() -> None:
    with noise.caught() as said:
        os.write(2, b"inside")
        assert said() == "inside"
        with noise.caught() as inner:
            os.write(2, b"deeper")
            assert inner() == "deeper"
        assert said() == "inside"


def test_an_expression_too_deep_for_json_is_an_error_and_no_crash() -> None:
    text = "package a.b\n\nx := " + " +\n".join(["1"] * 500) + "\n"
    with pytest.raises(PolicyError, match="nested too deeply") as caught:
        embedded.parse("policies/a/b.rego", text)
    assert caught.value.path == "policies/a/b.rego"


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ('x := $"{input.y}"', 'Write sprintf: `$"..."` of newer Rego is not read.'),
        ("deny[x] { x := 1 }", "Write it as OPA 1 reads it: `deny contains msg if { ... }`."),
        ("x := ]", "Mend the line."),
    ],
)
def test_a_syntax_error_has_the_advice_for_its_line(line: str, advice: str) -> None:
    with pytest.raises(PolicyError) as caught:
        embedded.parse("a.rego", f"package a\n\n# not $`this`\n{line}\n")
    assert (caught.value.line, caught.value.advice) == (4, advice)


def test_a_panic_of_the_engine_becomes_a_policy_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    class Panicking:
        def set_policy_length_config(self, **_: int) -> None: ...

        def add_policy(self, path: str, text: str) -> None:
            raise PanicException("\nindex out of bounds\nmore")

    monkeypatch.setattr(embedded.regorus, "Engine", Panicking)
    with pytest.raises(PolicyError, match=r"gave up: index out of bounds\."):
        embedded.parse("a/b.rego", "package a.b")


def test_an_interrupt_is_not_taken_for_an_error_of_the_policy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Interrupted:
        def set_policy_length_config(self, **_: int) -> None: ...

        def add_policy(self, path: str, text: str) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(embedded.regorus, "Engine", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        embedded.parse("a/b.rego", "package a.b")


def test_a_module_that_only_another_can_order_is_still_an_error() -> None:
    library = "package gate.lib.pairs\n\nof(x, y) := x if x == y\n"
    body = "deny contains x if {\n\tsome x, y\n\tinput.a[x] == y\n\tinput.b[y] == x\n}"
    rules = bundle(
        module("team.odd", body), module("team.ok", 'deny contains "x"'), libraries=[library]
    )
    with pytest.raises(PolicyError, match="cannot order the statements") as caught:
        ENGINE.evaluate(rules, {})
    assert caught.value.path == "builtin:team/odd.rego"


def test_without_files_in_memory_a_temporary_file_catches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    with noise.caught() as said:
        os.write(2, b"inside")
        assert said() == "inside"


def test_a_descriptor_that_is_ours_is_read_where_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(noise, "_owned", False)
    before = os.dup(2)
    with (tmp_path / "kept").open("w+b") as kept:
        os.dup2(kept.fileno(), 2)
        try:
            os.write(2, b"before ")
            noise.own()
            with noise.caught() as said:
                os.write(2, b"inside")
                assert said() == "inside"
        finally:
            os.dup2(before, 2)
            os.close(before)
        kept.seek(0)
        assert kept.read() == b"before inside"


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1])
def test_an_integer_of_the_input_that_would_be_rounded_is_refused(number: int) -> None:
    with pytest.raises(InputError, match="more than 64 bits"):
        ENGINE.evaluate(bundle(module("team.ok", 'deny contains "x"')), {"a": [{"b": number}]})


def test_digits_in_a_text_are_no_number() -> None:
    embedded.refuse_large('{"a":":123456789012345678901234","b":18446744073709551615}')
