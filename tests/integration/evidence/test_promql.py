"""What Prometheus itself makes of the queries that gate put matchers into."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings

from gate.evidence.slo.promql import cleaned
from tests.support.prometheus import Server
from tests.support.promql import Query, matchers, queries


def as_read(server: Server, query: str) -> str:
    """The query as the server understands it, written in its own way."""
    address = f"{server.address}/api/v1/format_query"
    try:
        with urllib.request.urlopen(address, urlencode({"query": query}).encode()) as reply:
            found: str = json.load(reply)["data"]
            return found
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{query!r}: {error.read().decode()}") from None


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=queries, more=matchers)
def test_a_query_means_the_same_and_its_selectors_have_the_matchers(
    history: Server, query: Query, more: str
) -> None:
    assert as_read(history, cleaned(query.text())) == as_read(history, query.text())
    assert as_read(history, cleaned(query.text(), more)) == as_read(history, query.text(more))
