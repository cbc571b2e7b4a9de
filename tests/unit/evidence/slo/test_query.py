"""Queries of one's own become the parts of a plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gate.evidence.interface import Question
from gate.evidence.slo.interface import Plan, Unplanned
from gate.evidence.slo.query import plans
from gate.model.manifest import Target
from tests.support.trees import MemoryTree

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
BAD = 'sum(increase(requests_total{code=~"5.."}[$window]))'
TOTAL = "sum(increase(requests_total[$window]))"


def plan(**fields: Any) -> Plan | Unplanned:
    selector = fields.pop("selector", None)
    known = fields.pop("known", ())
    slo = {"service": "shop", "name": "a", "objective": 0.99, "window": "7d"}
    slo |= {"bad": BAD, "total": TOTAL, **fields}
    target = Target("shop", "p")
    question = Question("p", "slo", [target], {}, MemoryTree({}), NOW, environments=known)
    (found,) = plans(question, {"slos": [slo], "selector": selector})
    return found


def planned(**fields: Any) -> Plan:
    found = plan(**fields)
    assert isinstance(found, Plan)
    return found


def test_the_window_stands_in_each_part() -> None:
    found = planned()
    assert found.window == timedelta(days=7)
    assert found.bad == (
        '((sum(increase(requests_total{code=~"5.."}[604800000ms]))) or on() (0 * '
        "(sum(increase(requests_total[604800000ms])))))"
        " / (sum(increase(requests_total[604800000ms])))"
    )
    assert found.traffic == "sum(increase(requests_total[604800000ms]))"
    assert found.errors == 'sum(increase(requests_total{code=~"5.."}[604800000ms]))'
    assert found.badness == 'sum(increase(requests_total{code=~"5.."}[$step]))'
    assert list(found.rates) == ["5m", "30m", "1h", "2h", "6h", "1d", "3d"]
    assert "[5m]" in found.rates["5m"]


def test_no_rate_is_longer_than_the_window() -> None:
    assert list(planned(window="1d").rates)[-1] == "1d"


@pytest.mark.parametrize(
    "fallback",
    [" or vector(0)", " OR on() vector(0)", f" or on() (0 * {TOTAL})", " or on() vector(0) # none"],
)
def test_errors_are_asked_without_a_fallback(fallback: str) -> None:
    found = planned(bad=BAD + fallback)
    assert found.errors == 'sum(increase(requests_total{code=~"5.."}[604800000ms]))'
    assert "#" not in found.bad


def test_traffic_is_asked_without_a_least() -> None:
    found = planned(total=f"clamp_min({TOTAL}, 1)")
    assert found.traffic == "(sum(increase(requests_total[604800000ms])))"
    assert "clamp_min" in found.bad


def test_the_selector_is_added() -> None:
    found = planned(selector='cluster="eu"')
    assert found.errors == ('sum(increase(requests_total{code=~"5..",cluster="eu"}[604800000ms]))')


@pytest.mark.parametrize(
    "bad", ["sum(x[$window]", 'x{a="[$window]', "# $window", "sum)x[$window]("]
)
def test_a_query_that_cannot_be_read_is_said(bad: str) -> None:
    found = plan(bad=bad)
    assert isinstance(found, Unplanned)
    assert found.reason.startswith("a query of a cannot be used: ")


def test_a_window_is_not_empty() -> None:
    found = plan(window="0d")
    assert isinstance(found, Unplanned)
    assert found.reason == "its window is empty"


def test_silence_is_asked_without_what_is_made_up() -> None:
    found = planned(bad=f"{BAD} or vector(0)", total=f"clamp_min({TOTAL}, 1) or vector(1)")
    assert found.alive == "(sum(increase(requests_total[$age])))"


def test_an_environment_that_is_none_is_said_of_all() -> None:
    """It would never be asked about, which looks like calm."""
    found = plan(environment="prodution", known=("production", "staging"))
    assert isinstance(found, Unplanned)
    assert found.environment is None
    assert found.reason == "its environment prodution is none of the config's"
    assert planned(environment="staging", known=("production", "staging")).environment == "staging"
    assert planned(environment="staging").environment == "staging"
