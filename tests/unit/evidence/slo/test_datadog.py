"""Datadog's SLOs, from a server that answers as its API documents it, and as it should not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gate.evidence.interface import Question
from gate.evidence.slo.datadog import _address, observe
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from tests.support.trees import MemoryTree
from tests.support.web import Asked, Told, web

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
SLO: dict[str, Any] = {
    "id": "abc",
    "name": "availability",
    "type": "metric",
    "thresholds": [{"target": 99.9, "timeframe": "7d", "target_display": "99.9"}],
}
DAYS = 86400


def history(days: str = "7d", left: Any = 40.0, sli: Any = 99.94, **more: Any) -> dict[str, Any]:
    overall = {"name": "availability", "sli_value": sli, "error_budget_remaining": {days: left}}
    return {"data": {"overall": {**overall, **more}, "type": "metric", "type_id": 0}}


class Datadog:
    """Answers for one SLO; `hour` is the history of an hour."""

    def __init__(self, slo: Any = None, whole: Any = None, hour: Any = None) -> None:
        self.slo = {"data": SLO} if slo is None else slo
        self.whole = history() if whole is None else whole
        self.hour = history(sli=99.0) if hour is None else hour

    def __call__(self, asked: Asked) -> Told:
        parts = urlsplit(asked.path)
        if parts.path == "/api/v1/slo/abc":
            return _told(self.slo)
        if parts.path != "/api/v1/slo/abc/history":
            return Told(404, b'{"errors": ["SLO not found"]}')
        query = parse_qs(parts.query)
        length = int(query["to_ts"][0]) - int(query["from_ts"][0])
        assert int(query["to_ts"][0]) == NOW.timestamp()
        return _told(self.hour if length == 3600 else self.whole)


def _told(answer: Any) -> Told:
    return answer if isinstance(answer, Told) else Told(body=json.dumps(answer).encode())


def ask(answer: Callable[[Asked], Told], seen: list[Asked] | None = None, **told: Any) -> Evidence:
    with web(answer) as server:
        slos = [{"id": "abc", "service": "shop"}]
        settings: Mapping[str, Any] = {
            "site": server.address,
            "api_key": "one-key-of-a-test",
            "app_key": "two-key-of-a-test",
            "slos": slos,
            "timeout": "1s",
            **told,
        }
        target = Target("shop", "production")
        question = Question(
            *("datadog", "slo", [target], settings, MemoryTree({}), NOW),
            environments=("production", "test"),
        )
        (found,) = observe(question)
        if seen is not None:
            seen += server.asked
    assert "of-a-test" not in str(found)
    return found


def entry(answer: Datadog) -> dict[str, Any]:
    found = ask(answer)
    assert (found.status, found.reason) == ("ok", None)
    (only,) = found.value
    assert isinstance(only, dict)
    return only


def test_an_environment_that_is_misspelt_is_missing_data() -> None:
    """And not an SLO that nobody ever sees."""
    slos = [{"id": "abc", "service": "shop", "environment": "prod"}]
    found = ask(Datadog(), slos=slos)
    (only,) = found.value
    assert (found.status, only["state"]) == ("ok", "insufficient_data")
    assert only["reason"] == "its environment prod is none of the config's"


def test_a_budget_is_told() -> None:
    seen: list[Asked] = []
    found = ask(Datadog(), seen)
    assert found.observed_at == "2026-11-22T10:00:00Z"
    (only,) = found.value
    assert only["name"] == "availability"
    assert (only["objective"], only["window"], only["state"]) == (0.999, "7d", "ok")
    assert only["remaining"] == pytest.approx(0.4, abs=1e-9)
    assert only["burn_rate"] == pytest.approx(10, abs=1e-6)
    assert only["pairs"] == []
    for asked in seen:
        assert asked.headers["DD-API-KEY"] == "one-key-of-a-test"
        assert asked.headers["DD-APPLICATION-KEY"] == "two-key-of-a-test"
        assert "of-a-test" not in asked.path


@pytest.mark.parametrize(
    ("left", "state"), [(0, "exhausted"), (-250.0, "exhausted"), (10, "warning")]
)
def test_a_budget_may_be_spent(left: float, state: str) -> None:
    found = entry(Datadog(whole=history(left=left)))
    assert (found["state"], found["remaining"]) == (state, pytest.approx(left / 100, abs=1e-9))


def test_each_timeframe_is_an_entry_of_its_own() -> None:
    both = [{"target": 99.9, "timeframe": "7d"}, {"target": 99, "timeframe": "30d"}]
    whole = history(error_budget_remaining={"7d": 1, "30d": 90})
    found = ask(Datadog({"data": {**SLO, "thresholds": both}}, whole))
    assert [(each["name"], each["state"]) for each in found.value] == [
        ("availability/7d", "warning"),
        ("availability/30d", "ok"),
    ]


@pytest.mark.parametrize(
    ("whole", "reason"),
    [
        (history(sli=None), "Datadog has no data of it: sli_value is no number"),
        (history(left=None), "Datadog says nothing of its budget"),
        (history(days="30d"), "Datadog says nothing of its budget"),
        (history(error_budget_remaining=[1]), "Datadog says nothing of its budget"),
        (
            history(errors=[{"error_type": "e", "error_message": "no data in a monitor"}]),
            "Datadog says: no data in a monitor",
        ),
    ],
)
def test_missing_data_is_no_calm(whole: Any, reason: str) -> None:
    found = entry(Datadog(whole=whole))
    assert (found["state"], found["remaining"]) == ("insufficient_data", None)
    assert found["reason"].startswith(reason)


@pytest.mark.parametrize(
    ("threshold", "reason"),
    [
        ({"target": 100, "timeframe": "7d"}, "its target is no percentage below 100"),
        ({"timeframe": "7d"}, "its target is no percentage below 100"),
        ({"target": 99, "timeframe": "custom"}, "its timeframe custom is no number of days"),
        ("x", "a threshold of it is no object"),
    ],
)
def test_a_threshold_that_is_not_understood_is_said(threshold: Any, reason: str) -> None:
    found = entry(Datadog({"data": {**SLO, "thresholds": [threshold]}}))
    assert found["reason"] == reason


@pytest.mark.parametrize(
    ("slo", "reason"),
    [
        (Told(401, b"{}"), "does not accept api_key and app_key"),
        (Told(403, b'{"errors": ["Forbidden"]}'), "(403)"),
        (Told(404, b"{}"), "abc: Datadog has no SLO of this id (404)"),
        (Told(429, b'{"errors": ["Too many"]}'), "it is asked too often (429)"),
        (Told(500, b""), "it fails with status 500"),
        (Told(302, b"", {"Location": "http://127.0.0.1:1/"}), "gate follows no redirect"),
        (Told(200, b"<html>"), "its answer is not JSON"),
        ([], "its answer is no JSON object"),
        ({}, "its answer holds no `data`"),
        ({"data": SLO, "errors": ["x"]}, "its answer holds an error: x"),
        ({"data": {**SLO, "thresholds": []}}, "it has no thresholds"),
    ],
)
def test_what_keeps_it_from_answering_is_told_apart(slo: Any, reason: str) -> None:
    found = ask(Datadog(slo=slo))
    assert found.status == "unavailable"
    assert reason in (found.reason or "")


@pytest.mark.parametrize(
    "whole", [Told(500), {"data": {}}, {"data": {"overall": []}}, {"errors": [{"error": "e"}]}]
)
def test_a_history_that_fails_is_unavailable(whole: Any) -> None:
    assert ask(Datadog(whole=whole)).status == "unavailable"


@pytest.mark.parametrize("hour", [Told(500), history(sli=None), history(sli=True)])
def test_without_the_last_hour_there_is_no_burn_rate(hour: Any) -> None:
    assert entry(Datadog(hour=hour))["burn_rate"] is None


def test_a_service_without_an_slo_has_none() -> None:
    found = ask(Datadog(), slos=[{"id": "abc", "service": "cart"}])
    assert (found.status, found.value) == ("ok", [])
    elsewhere = ask(Datadog(), slos=[{"id": "abc", "service": "shop", "environment": "test"}])
    assert (elsewhere.status, elsewhere.value) == ("ok", [])


def test_a_server_that_is_not_there_is_unavailable() -> None:
    found = ask(Datadog(), site="http://127.0.0.1:1")
    assert (found.status, found.reason) == ("unavailable", "abc: it refuses the connection")


def test_a_site_is_a_host_or_an_address() -> None:
    assert _address("datadoghq.eu") == "https://api.datadoghq.eu"
    assert _address("app.datadoghq.com") == "https://api.datadoghq.com"
    assert _address("http://127.0.0.1:8/") == "http://127.0.0.1:8"


def test_a_time_to_come_is_the_present() -> None:
    asked: list[int] = []

    def answer(seen: Asked) -> Told:
        asked.extend(int(each) for each in parse_qs(urlsplit(seen.path).query).get("to_ts", ()))
        return _told({"data": SLO} if not urlsplit(seen.path).query else history())

    with web(answer) as server:
        settings = {"site": server.address, "api_key": "a", "app_key": "b"}
        settings |= {"slos": [{"id": "abc", "service": "shop"}]}
        later = datetime.now(UTC) + timedelta(days=3)
        observe(Question("d", "slo", [Target("shop", "p")], settings, MemoryTree({}), later))
    assert asked
    assert max(asked) < (datetime.now(UTC) + timedelta(days=1)).timestamp()
