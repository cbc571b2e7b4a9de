"""Texts get into PromQL as what they are, and answers are believed only where they are whole."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.clients.http import Access, Session, Unreachable
from gate.clients.prometheus import Prometheus, RecordingRule, any_of, quoted
from tests.support.web import Told, Web, web


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])) | st.just('a"\\\n'))
def test_a_quoted_text_reads_as_itself(text: str) -> None:
    assert json.loads(quoted(text)) == text


names = st.text(st.sampled_from('ab.*+?()|[]{}^$\\-"ü'), min_size=1, max_size=5)


@given(st.lists(names, min_size=1, max_size=3), names)
def test_the_expression_matches_these_names_alone(wanted: list[str], other: str) -> None:
    pattern = json.loads(any_of(wanted))
    assert all(re.fullmatch(pattern, name) for name in wanted)
    assert bool(re.fullmatch(pattern, other)) == (other in wanted)


AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


@contextmanager
def server(told: Any, code: int = 200) -> Iterator[tuple[Prometheus, Web]]:
    """A server that answers everything with the same."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    with web(lambda _: Told(code, body)) as found, Session(Access(timeout=2), pauses=()) as session:
        yield Prometheus(f"{found.address}/at/?dedup=true", session, Access(timeout=2)), found


def success(result: Any, kind: str = "vector") -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": kind, "result": result}}


def test_a_vector() -> None:
    found = [{"metric": {"__name__": "up", "job": "a"}, "value": [AT.timestamp(), "+Inf"]}]
    with server(success(found)) as (prometheus, asked):
        (sample,) = prometheus.query("up", AT)
        assert (sample.labels, sample.at) == ({"__name__": "up", "job": "a"}, AT)
        assert math.isinf(sample.value)
        (only,) = asked.asked
        assert (only.method, only.path) == ("POST", "/at/api/v1/query?dedup=true")
        assert b"query=up" in only.body
        assert f"time={AT.timestamp():.3f}".encode() in only.body


def test_a_matrix() -> None:
    hour = timedelta(hours=1)
    points = [[(AT + index * hour).timestamp(), str(index)] for index in range(3)]
    with server(success([{"metric": {}, "values": points}], "matrix")) as (prometheus, _):
        (series,) = prometheus.query_range("up", AT, AT + 2 * hour, hour)
        assert series.values == tuple((AT + index * hour, float(index)) for index in range(3))
        with pytest.raises(Unreachable, match="is there a cache before it"):
            prometheus.query_range("up", AT + hour, AT + 3 * hour, hour)


@pytest.mark.parametrize("off", [timedelta(minutes=6), timedelta(minutes=-6), timedelta(days=400)])
def test_an_answer_of_another_time_is_none(off: timedelta) -> None:
    with (
        server(success([{"metric": {}, "value": [(AT + off).timestamp(), "1"]}])) as (one, _),
        pytest.raises(Unreachable, match=r"its answer is about .*, and 2026-11-22T10:00:00Z was"),
    ):
        one.query("up", AT)


def test_the_first_time_of_all_can_be_asked_about() -> None:
    first = datetime(1, 1, 1, tzinfo=UTC)
    value = [first.timestamp(), "1"]
    with server(success([{"metric": {}, "value": value}])) as (prometheus, _):
        assert len(prometheus.query("up", first)) == 1


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (success("abc", "matrix"), "its answer is none of Prometheus"),
        (success([1], "matrix"), "its answer is none of Prometheus"),
        (success([{"metric": {}}], "matrix"), "its answer is none of Prometheus"),
        (success([{"metric": [], "values": []}], "matrix"), "its answer is none of Prometheus"),
        (success([{"metric": {}, "histograms": []}], "matrix"), "the query gives histograms"),
        (success([{"metric": {}, "values": [[1]]}], "matrix"), "holds a sample that is none"),
        (success([{"metric": {}, "values": [[True, "a"]]}], "matrix"), "a sample that is none"),
        (success([{"metric": {}, "values": [[1e300, "1"]]}], "matrix"), "a sample that is none"),
        ({**success([], "matrix"), "warnings": "a store"}, "its answer is not whole: a store"),
        ({**success([], "matrix"), "isPartial": True}, "its answer is not whole: isPartial"),
        ({"status": "error", "errorType": "canceled", "error": "x"}, "it gave up the query: x"),
    ],
)
def test_an_answer_that_is_of_no_use(told: Any, reason: str) -> None:
    with server(told) as (prometheus, _), pytest.raises(Unreachable, match=reason):
        prometheus.query_range("up", AT, AT, timedelta(hours=1))


@pytest.mark.parametrize("code", [400, 422, 503])
@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}"])
def test_an_error_that_prometheus_did_not_write(code: int, body: bytes) -> None:
    with (
        server(body, code) as (prometheus, _),
        pytest.raises(Unreachable, match=f"status {code}"),
    ):
        prometheus.query("up", AT)


def test_rules_that_record() -> None:
    rules = [{"name": "a:b", "query": "sum(a)", "labels": {"c": "d"}}, {"name": "e"}, None]
    groups = [{"rules": rules}, {"rules": None}, {}]
    with server({"status": "success", "data": {"groups": groups}}) as (prometheus, asked):
        assert prometheus.recording_rules("a:b") == [
            RecordingRule("a:b", "sum(a)", {"c": "d"}),
            RecordingRule("e", "None", {}),
        ]
        assert "rule_name%5B%5D=a%3Ab" in asked.asked[0].path
    with server({"status": "success", "data": {"groups": None}}) as (prometheus, _):
        assert prometheus.recording_rules("a:b") == []
