"""Pyrra's generic series in a real Prometheus. Pyrra itself is not at hand: the series are written
as its rules would record them, and the rule that counts errors is loaded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from gate.evidence.interface import Question
from gate.evidence.slo.prometheus import observe
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from tests.support.prometheus import Server, blocks, running
from tests.unit.config.trees import Files

WINDOW = 28 * 86400
SLOS = {
    # labels, availability, requests, errors, seconds since the last sample
    'slo="checkout-errors",service="checkout"': (0.9995, 10, 0.005, 0),
    'slo="ledger"': (0.998, 10, 0.3, 0),
    'slo="idle"': (1, 0, 0, 0),
    'slo="uncounted"': (1, 10, 0, 0),
    'slo="counted"': (1, 10, 0, 0),
    'slo="silent"': (0.9999, 10, 0, 7200),
    'slo="nan"': ("NaN", 10, 0, 0),
}
RULES = """\
groups:
- name: pyrra
  interval: 1h
  rules:
  - record: pyrra_errors:rate5m
    expr: sum(rate(nothing_total{code=~"5.."}[5m])) or vector(0)
    labels: {slo: uncounted}
  - record: pyrra_errors:rate5m
    expr: sum(rate(failures_total[5m])) or vector(0)
    labels: {slo: counted}
"""


def _lines(end: int) -> Iterator[str]:
    series: dict[str, list[str]] = {}
    times = [*range(end - 2 * 86400, end - 600, 300), *range(end - 600, end + 1, 30)]
    for labels, (availability, requests, errors, ago) in SLOS.items():
        for at in times:
            for name, value in [
                ("pyrra_objective", 0.999),
                ("pyrra_window", WINDOW),
                ("pyrra_availability", availability),
            ]:
                series.setdefault(name, []).append(f"{name}{{{labels}}} {value} {at}")
            if at <= end - ago:
                for name, value in [
                    ("pyrra_requests:rate5m", requests),
                    ("pyrra_errors:rate5m", errors),
                ]:
                    series.setdefault(name, []).append(f"{name}{{{labels}}} {value} {at}")
    for name, lines in series.items():
        yield f"# TYPE {name} gauge"
        yield from lines
    yield "# TYPE failures counter"
    yield from (f"failures_total 7 {at}" for at in times)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("pyrra")
    (folder / "rules.yml").write_text(RULES)
    end = int(time.time())
    blocks(folder, _lines(end))
    with running(folder, (folder / "rules.yml",), datetime.fromtimestamp(end, UTC)) as found:
        yield found


def look(server: Server, service: str, **settings: Any) -> Evidence:
    told = {"url": server.address, "convention": "pyrra", **settings}
    target = Target(service, "production", 1)
    question = Question("prometheus", "slo", [target], told, Files({}), server.now)
    (found,) = observe(question)
    return found


def entry(server: Server, service: str, **settings: Any) -> dict[str, Any]:
    found = look(server, service, **settings)
    assert (found.status, found.reason) == ("ok", None)
    (only,) = found.value
    assert isinstance(only, dict)
    return only


def test_a_budget_by_the_label_of_the_service(server: Server) -> None:
    found = entry(server, "checkout")
    assert (found["name"], found["window"]) == ("checkout-errors", "28d")
    assert found["remaining"] == pytest.approx((0.9995 - 0.999) / (1 - 0.999), abs=1e-6)
    assert found["burn_rate"] == pytest.approx(0.5)
    assert [each["factor"] for each in found["pairs"]][:2] == [13.44, 5.6]
    assert found["projection"]


def test_a_budget_by_the_name_of_the_slo(server: Server) -> None:
    found = entry(server, "ledger")
    assert (found["state"], found["remaining"]) == ("exhausted", pytest.approx(-1, abs=1e-6))
    assert all(pair["exceeded"] for pair in found["pairs"])
    named = entry(server, "checkout-errors", labels={"service": "slo"})
    assert named["name"] == "checkout-errors"


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        ("idle", "there was no traffic in 28 days"),
        ("uncounted", "no series of errors exists"),
        ("nan", "its share of errors is NaN"),
    ],
)
def test_what_looks_like_calm_and_is_none(server: Server, service: str, reason: str) -> None:
    found = entry(server, service)
    assert (found["state"], found["remaining"]) == ("insufficient_data", None)
    assert reason in found["reason"]


def test_errors_that_are_counted_and_never_were_are_believed(server: Server) -> None:
    assert entry(server, "counted")["remaining"] == 1
    assert entry(server, "uncounted", absent_errors="none")["remaining"] == 1


def test_silence_is_stale(server: Server) -> None:
    found = look(server, "silent")
    assert (found.status, found.value[0]["state"]) == ("stale", "insufficient_data")
    assert "120 min ago" in str(found.reason) or "2 h ago" in str(found.reason)


def test_a_service_without_an_slo(server: Server) -> None:
    assert look(server, "absent").value == []
