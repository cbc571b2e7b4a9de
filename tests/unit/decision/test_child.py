"""The child's side of the line, in this process (without its limits)."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from gate.decision.bundle import only
from gate.decision.engines import child, embedded
from gate.decision.limits import Limits
from tests.unit.decision.cases import bundle, module

RULES = bundle(
    module("team.bad", "deny contains x if x := input.a / input.b"),
    module("team.good", "deny contains input.a"),
)


def served(do: str, *inputs: str, limits: Limits | None = None, **more: Any) -> list[Any]:
    program = embedded.program_of(RULES)
    request = {"do": do, "modules": program.modules, "data": {}, **more}
    return answered(request, limits, *((program, each) for each in inputs))


def answered(
    request: Mapping[str, Any], limits: Limits | None, *questions: tuple[embedded.Program, str]
) -> list[Any]:
    lines = [
        line
        for program, policy_input in questions
        for line in (json.dumps({"rules": program.rules, "entry": program.entry}), policy_input)
    ]
    out = io.StringIO()
    child.serve(request, iter(lines), limits or Limits(), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("do", ["evaluate", "each"])
def test_it_answers_with_results_and_failures(do: str) -> None:
    (answer,) = served(do, '{"a": 1, "b": 0}')
    assert answer["results"] == {"team.good": {"deny": [1]}}
    assert answer["failures"]["team.bad"]["line"] == 8


def test_it_answers_one_question_after_another_and_keeps_nothing() -> None:
    whole = embedded.program_of(RULES)
    part = embedded.program_of(only(RULES, ["team.good"]))
    request = {"do": "evaluate", "modules": whole.modules, "data": {}}
    bad, other, empty, again = answered(
        request,
        None,
        (whole, '{"a": 1, "b": 0}'),
        (part, '{"a": 2}'),
        (whole, "{}"),
        (whole, '{"a": 1, "b": 0}'),
    )
    assert set(bad["failures"]) == {"team.bad"}
    assert other == {"results": {"team.good": {"deny": [2]}}, "failures": {}}
    assert empty["results"] == {"team.bad": {"deny": []}, "team.good": {"deny": []}}
    assert again == bad


def test_the_modules_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    load, loaded = embedded.load, []

    def counting(*given: Any) -> Any:
        loaded.append(given)
        return load(*given)

    monkeypatch.setattr(embedded, "load", counting)
    assert len(served("evaluate", "{}", '{"a": 1}', "{}")) == 3
    assert len(loaded) == 1


def test_it_answers_for_each_module_that_it_parses() -> None:
    modules = [("a/b.rego", "package a.b"), ("a/c.rego", "package"), ("a/d.rego", "package a.d")]
    first, second, third = served("parse", modules=modules)
    assert first["syntax"]["package"] == ["a", "b"]
    assert second["error"]["path"] == "a/c.rego"
    assert third["syntax"]["package"] == ["a", "d"]


def test_a_module_that_does_not_compile_is_an_error() -> None:
    text = "package gate.team.bad\n\ndeny contains x if x > y\n"
    (answer,) = served("evaluate", "{}", modules=[("a/b.rego", text)])
    assert (answer["error"]["path"], answer["error"]["line"]) == ("a/b.rego", 3)


def test_an_answer_beyond_the_limit_is_an_error() -> None:
    (answer,) = served("evaluate", '{"a": 1, "b": 1}', limits=Limits(answer=10))
    assert "more than" in answer["error"]["message"]


def test_memory_that_runs_out_in_python_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(embedded, "load", no_memory)
    assert served("evaluate", "{}") == [{"memory": True}]


def test_each_question_has_processor_time_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    given: list[Any] = []
    monkeypatch.setattr(time, "process_time", lambda: 41.3)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (31, 90))
    monkeypatch.setattr(resource, "setrlimit", lambda *more: given.append(more))
    child.grant(Limits(seconds=2.5))
    assert given == [(resource.RLIMIT_CPU, (45, 90))]
