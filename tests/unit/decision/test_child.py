"""The child's side of the line, in this process (without its limits)."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from gate.decision.engines import child, embedded
from gate.decision.limits import Limits
from tests.unit.decision.cases import bundle, module

RULES = bundle(
    module("team.bad", "deny contains x if x := input.a / input.b"),
    module("team.good", "deny contains input.a"),
)


def served(do: str, policy_input: str = "", limits: Limits | None = None, **more: Any) -> list[Any]:
    program = embedded.program_of(RULES)
    request = {
        "do": do,
        "modules": program.modules,
        "rules": program.rules,
        "entry": program.entry,
        **more,
    }
    out = io.StringIO()
    child.serve(request, policy_input, limits or Limits(), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("do", ["evaluate", "each"])
def test_it_answers_with_results_and_failures(do: str) -> None:
    (answer,) = served(do, '{"a": 1, "b": 0}')
    assert answer["results"] == {"team.good": {"deny": [1]}}
    assert answer["failures"]["team.bad"]["line"] == 8


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
    (answer,) = served("evaluate", '{"a": 1, "b": 1}', Limits(answer=10))
    assert "more than" in answer["error"]["message"]


def test_memory_that_runs_out_in_python_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(embedded, "load", no_memory)
    assert served("evaluate", "{}") == [{"memory": True}]
