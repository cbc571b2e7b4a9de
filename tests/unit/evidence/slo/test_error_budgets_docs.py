"""Every example of the page about error budgets is right."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from gate.config.load import load
from gate.decision import bundle
from gate.decision.rules import effective
from gate.evidence.interface import Question
from gate.evidence.registry import find
from gate.evidence.slo.interface import Plan
from gate.evidence.slo.prometheus import MAX_AGE
from gate.evidence.slo.query import plans
from gate.evidence.variables import missing
from gate.model.config import Config
from tests.support.tools import ROOT
from tests.unit.config.trees import Files

PAGE = (ROOT / "docs" / "error-budgets.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def configured(example: str) -> Config:
    found = load(Files({".gate.yaml": f"version: 1\n{example}"}))
    assert found is not None
    return found


def settings(convention: str) -> Any:
    """What the page says of the source that uses this convention."""
    sources = [
        each["prometheus"]
        for example in EXAMPLES
        for each in configured(example).evidence.get("slo", ())
        if "prometheus" in each
    ]
    (found,) = (each for each in sources if each.get("convention") == convention)
    return found


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_each_example_is_a_configuration(example: str) -> None:
    config = configured(example)
    assert config.evidence or config.rules
    assert set(yaml.safe_load(example)) <= {"environments", "evidence", "rules"}
    for source in config.evidence.get("slo", ()):
        assert all(find("slo", name) for name in source)


def test_the_rules_of_the_example_exist_and_take_these_settings() -> None:
    (example,) = (each for each in EXAMPLES if "rules:" in each)
    levels, settings, _ = effective(bundle.load(True), configured(example))
    assert settings["slo.budget_exhausted"]["tiers"] == [1, 2]
    assert settings["slo.budget_exhausted"]["exempt"] == ["incident"]
    assert (levels["slo.budget_low"], levels["slo.data_missing"]) == ("deny", "warn")


def test_the_token_comes_from_a_variable() -> None:
    assert missing(settings("sloth"), {}) == ["PROM_TOKEN"]


def test_the_queries_of_the_example_are_asked() -> None:
    told = settings("query")
    (found,) = plans(Question("prometheus", "slo", [], told, Files({}), NOW), told)
    assert isinstance(found, Plan)
    assert (found.service, found.environment, found.objective) == ("checkout", "production", 0.999)
    assert found.window == timedelta(days=30)
    assert found.traffic == (
        'sum(increase(http_requests_total{job="checkout",cluster="eu"}[2592000000ms]))'
    )


def test_the_age_that_the_page_names_is_the_one_that_holds() -> None:
    assert "`max_age` (10m)" in PAGE
    assert timedelta(minutes=10) == MAX_AGE
