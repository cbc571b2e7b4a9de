"""Which engine `auto` chooses, and what it says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gate.decision.engines.auto import FAITHFUL, Auto
from gate.decision.engines.embedded import Embedded
from gate.errors import PolicyError
from gate.model.policy import Bundle, Unfaithful
from tests.support.tools import need
from tests.unit.decision.cases import bundle, module

WALKS = Unfaithful(12, "`walk` with a pattern", "`walk(x, [path, value])`")


def made(unfaithful: Mapping[str, Any] | None = None) -> Bundle:
    found = bundle(module("team.good", 'deny contains "kept"'))
    return replace(found, unfaithful=unfaithful or {})


def test_what_both_judge_the_same_is_judged_in_this_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    engine = Auto()
    judged = made()
    assert engine.evaluate(judged, {}) == Embedded().evaluate(judged, {})
    assert engine.about(judged) == {**Embedded().about(judged), "reason": FAITHFUL}
    engine.close()


def test_what_only_opa_judges_rightly_is_judged_by_an_opa_of_the_path() -> None:
    need("opa")
    judged = made({"policies/team/x.rego": [WALKS]})
    engine = Auto()
    try:
        assert engine.evaluate(judged, {}).results == {"team.good": {"deny": ["kept"]}}
        told = engine.about(judged)
    finally:
        engine.close()
    assert told["name"] == "local opa"
    assert told["reason"] == "policies/team/x.rego:12 uses `walk` with a pattern"


def test_without_an_opa_it_says_which_construct_and_the_ways_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    judged = made({"policies/b.rego": [WALKS], "policies/a.rego": [Unfaithful(3, "`every`")]})
    engine = Auto()
    with pytest.raises(PolicyError) as caught:
        engine.evaluate(judged, {})
    error = caught.value
    assert (error.place, error.exit_code) == ("policies/a.rego:3", 2)
    assert "`every`" in error.message
    assert error.advice == "Install opa 1.x on the PATH, or name a server: `--engine URL`."
    with pytest.raises(PolicyError) as caught:
        engine.evaluate(made({"policies/b.rego": [WALKS]}), {})
    assert caught.value.advice.startswith("Write it as `walk(x, [path, value])`, or install opa")


def test_the_reason_says_why_no_server_was_asked() -> None:
    told = Auto(why="offline: the server is not asked").about(made())
    assert told["reason"] == f"offline: the server is not asked; {FAITHFUL}"


def test_it_chooses_for_each_bundle_anew() -> None:
    need("opa")
    engine = Auto()
    try:
        assert engine.about(made())["name"] == "embedded"
        assert engine.about(made({"x.rego": [WALKS]}))["name"] == "local opa"
        assert engine.about(made())["name"] == "embedded"
    finally:
        engine.close()
