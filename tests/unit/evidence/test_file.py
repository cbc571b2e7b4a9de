"""A recorded file says what it says, or why it cannot be used; it never raises."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.evidence.file import observe
from gate.evidence.interface import Question
from gate.model.change import Unread
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from tests.unit.config.trees import Files

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
TARGET = Target("checkout", "production", 1)


def look(
    content: object,
    settings: object = "slo.json",
    links: tuple[str, ...] = (),
    kind: str = "alerts",
) -> Evidence:
    data = content if isinstance(content, str | bytes | Unread) else json.dumps(content)
    tree = Files({"slo.json": data}, links)
    name = settings if isinstance(settings, str) else "slo.json"
    (found,) = observe(Question(name, kind, [TARGET], settings, tree, NOW))
    return found


def envelope(**fields: Any) -> dict[str, Any]:
    return {"checkout": {"production": {"status": "ok", **fields}}}


def test_a_recorded_envelope_is_given_back() -> None:
    content = envelope(observed_at="2026-11-22T09:00:00Z", value={"remaining": 0.25}, reason=None)
    assert look(content) == Evidence(
        "alerts",
        "checkout",
        "production",
        "ok",
        source="slo.json",
        observed_at="2026-11-22T09:00:00Z",
        value={"remaining": 0.25},
    )


def test_the_evidence_of_a_saved_input_is_such_a_file() -> None:
    saved = look(envelope(observed_at="2026-11-22T09:00:00Z", value=[1]))
    fields = {
        "status": saved.status,
        "source": saved.source,
        "observed_at": saved.observed_at,
        "reason": saved.reason,
        "value": saved.value,
    }
    assert look({"checkout": {"production": fields}}) == saved


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({}, "slo.json says nothing about checkout in production"),
        ({"checkout": {"test": {}}}, "slo.json says nothing about checkout in production"),
        ([], "slo.json is not a JSON object"),
        ("", "slo.json is not valid JSON: Expecting value: line 1 column 1 (char 0)"),
        ('{"a": 1, "a": 2}', "slo.json is not valid JSON: a key is there twice"),
        ('{"a": NaN}', "slo.json is not valid JSON: NaN is not a number of JSON"),
        ('{"a": 1e999}', "slo.json is not valid JSON: 1e999 is not a number of JSON"),
        ("[" * 100_000, "slo.json is nested deeper than 64 levels"),
        ("[" * 70 + "]" * 70, "slo.json is nested deeper than 64 levels"),
        (b" " * 5_000_001, "slo.json is too large: 5000001 bytes, at most 5000000"),
        (Unread("it is missing"), "slo.json cannot be read: it is missing"),
        ({"checkout": []}, "checkout in slo.json is not a JSON object"),
        (
            {"checkout": {"production": 1}},
            "checkout in production in slo.json is not a JSON object",
        ),
        (envelope(valeu=1), "slo.json: unknown key 'valeu' for checkout in production"),
        (
            envelope(status="fine"),
            "slo.json: the status for checkout in production must be one of"
            " ok, stale, unavailable, not_configured, skipped",
        ),
        (
            envelope(status=["ok"]),
            "slo.json: the status for checkout in production must be one of"
            " ok, stale, unavailable, not_configured, skipped",
        ),
        (envelope(reason=1), "slo.json: reason for checkout in production must be text"),
        (envelope(observed_at="today"), "slo.json: 'today' is not an RFC 3339 time"),
        (
            envelope(observed_at="2026-11-22T09:00:00"),
            "slo.json: the time '2026-11-22T09:00:00' has no zone",
        ),
    ],
)
def test_what_cannot_be_used_is_unavailable_with_a_reason(content: object, reason: str) -> None:
    found = look(content)
    assert (found.status, found.reason, found.value) == ("unavailable", reason, None)
    assert found.source == "slo.json"


def test_text_that_is_no_text_is_refused() -> None:
    assert "surrogates not allowed" in str(look('{"a": "\\ud800"}').reason)
    assert "is not valid JSON" in str(look(b"\xff").reason)


def test_a_file_that_is_not_there_and_a_link_are_unavailable() -> None:
    assert look("{}", "other.json").reason == "other.json is not in main"
    assert "is a symbolic link" in str(look("{}", links=("slo.json",)).reason)


def test_a_byte_order_mark_does_not_matter() -> None:
    assert look(b"\xef\xbb\xbf" + json.dumps(envelope(value=1)).encode()).value == 1


@pytest.mark.parametrize(
    ("observed_at", "status", "reason"),
    [
        ("2026-11-22T09:00:00Z", "ok", None),
        ("2026-11-22T10:04:00Z", "ok", None),
        (
            "2026-11-22T08:59:59Z",
            "stale",
            "observed at 2026-11-22T08:59:59Z, longer ago than max_age",
        ),
        (
            "2026-11-22T10:06:00Z",
            "unavailable",
            "slo.json was observed at 2026-11-22T10:06:00Z, which is not yet",
        ),
        (None, "unavailable", "slo.json has max_age, and does not say when it was observed"),
    ],
)
def test_evidence_ages(observed_at: str | None, status: str, reason: str | None) -> None:
    found = look(envelope(observed_at=observed_at, value=1), {"path": "slo.json", "max_age": "1h"})
    assert (found.status, found.reason) == (status, reason)


def test_a_bad_status_keeps_its_reason_or_gets_one() -> None:
    old = {"path": "slo.json", "max_age": "1h"}
    content = envelope(status="unavailable", reason="down", observed_at="2020-01-01T00:00:00Z")
    assert (look(content, old).status, look(content, old).reason) == ("unavailable", "down")
    assert look(envelope(status="skipped")).reason == "slo.json says skipped, without a reason"


ENTRY = {"name": "availability", "objective": 0.999, "remaining": 0.5}
WINDOW = {"name": "holidays", "from": "2026-12-20T00:00:00Z", "until": None}


def value(kind: str, *items: object) -> Evidence:
    return look(envelope(value=list(items)), kind=kind)


def test_a_recorded_budget_gets_its_defaults() -> None:
    (entry,) = value("slo", ENTRY).value
    assert entry == {
        **ENTRY,
        "window": None,
        "state": "ok",
        "reason": None,
        "burn_rate": None,
        "pairs": [],
        "exhausted_at": None,
        "projection": [],
        "source": "slo.json",
        "place": None,
    }
    states = [(0.1, "warning"), (0, "exhausted"), (-2, "exhausted"), (1, "ok")]
    for remaining, state in states:
        (entry,) = value("slo", {**ENTRY, "remaining": remaining}).value
        assert entry["state"] == state
    unknown = {**ENTRY, "remaining": None, "objective": None, "reason": "down"}
    assert value("slo", unknown).value[0]["state"] == "insufficient_data"


def test_a_recorded_calendar_gets_its_defaults() -> None:
    (calendar,) = value("freeze", {"windows": [WINDOW]}).value
    assert calendar == {
        "source": "slo.json",
        "until": None,
        "last_end": None,
        "review_by": None,
        "windows": [{**WINDOW, "reason": None, "who": None, "line": None}],
    }
    loose = {**WINDOW, "from": "2026-12-20 00:00:00z", "until": "2026-12-21t00:00:00.5+01:00"}
    (calendar,) = value("freeze", {"windows": [loose]}).value
    assert calendar["windows"][0]["from"] == "2026-12-20T00:00:00Z", "as rules read it"
    assert calendar["windows"][0]["until"] == "2026-12-21T00:00:00.5+01:00"


@pytest.mark.parametrize(
    ("kind", "item", "reason"),
    [
        ("slo", 1, "value[0] must be an object"),
        ("slo", {"name": "a", "objective": 0.9}, "value[0] has no `remaining`"),
        ("slo", {**ENTRY, "remainig": 1}, "value[0] has an unknown key 'remainig'"),
        ("slo", {**ENTRY, "name": ""}, "value[0].name must be text"),
        ("slo", {**ENTRY, "remaining": "0.5"}, "value[0].remaining must be a number"),
        ("slo", {**ENTRY, "remaining": True}, "value[0].remaining must be a number"),
        ("slo", {**ENTRY, "remaining": 10**400}, "value[0].remaining is too large a number"),
        ("slo", {**ENTRY, "remaining": -1e300}, "value[0].remaining is too large a number"),
        (
            "slo",
            {**ENTRY, "remaining": None},
            "value[0] is insufficient_data, and needs a `reason`",
        ),
        ("slo", {**ENTRY, "objective": 99.9}, "value[0].objective must be above 0 and below 1"),
        ("slo", {**ENTRY, "objective": None}, "value[0].objective must be above 0 and below 1"),
        (
            "slo",
            {**ENTRY, "remaining": -1, "state": "ok"},
            "value[0] has -1 remaining, so its state cannot be ok",
        ),
        (
            "slo",
            {**ENTRY, "remaining": None, "state": "ok"},
            "value[0] has no `remaining`, so its state cannot be ok",
        ),
        (
            "slo",
            {**ENTRY, "state": "fine"},
            "value[0].state must be one of ok, warning, exhausted, insufficient_data",
        ),
        ("slo", {**ENTRY, "pairs": {}}, "value[0].pairs must be a list"),
        ("slo", {**ENTRY, "pairs": [{}]}, "value[0].pairs[0] has no `severity`"),
        (
            "slo",
            {**ENTRY, "projection": [{"at": "soon", "remaining": 1}]},
            "value[0].projection[0].at must be an RFC 3339 time with its zone",
        ),
        ("freeze", {}, "value[0] has no `windows`"),
        ("freeze", {"windows": [{}]}, "value[0].windows[0] has no `name`"),
        (
            "freeze",
            {"windows": [{**WINDOW, "from": "2026-12-20"}]},
            "value[0].windows[0].from must be an RFC 3339 time with its zone",
        ),
        (
            "freeze",
            {"windows": [{**WINDOW, "until": "2026-12-19T00:00:00Z"}]},
            "value[0].windows[0] ends before it begins",
        ),
        (
            "freeze",
            {"windows": [{**WINDOW, "line": 0}]},
            "value[0].windows[0].line must be the number of a line",
        ),
    ],
)
def test_a_recorded_value_of_a_wrong_form_is_unavailable(
    kind: str, item: object, reason: str
) -> None:
    found = value(kind, item)
    assert (found.status, found.value) == ("unavailable", None)
    assert found.reason == f"slo.json: for checkout in production, {reason}"


def test_a_recorded_value_that_is_no_list() -> None:
    found = look(envelope(), kind="freeze")
    assert found.reason == "slo.json: for checkout in production, value must be a list"
    assert look(envelope(status="stale", value=1), kind="slo").value == 1


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["ok", "stale", "2026-11-22T09:00:00Z", "0001-01-01T00:00:00+10:00"])
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["checkout", "production", "status", "observed_at", "value", "reason"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
shaped = st.fixed_dictionaries(
    {"checkout": st.fixed_dictionaries({"production": json_values})}
) | st.builds(
    envelope,
    observed_at=st.sampled_from([None, "9999-12-31T23:59:59-10:00", "2026-11-22"]),
    value=json_values,
)


@given(
    st.binary(max_size=30) | json_values | shaped,
    st.sampled_from(["slo.json", {"path": "slo.json", "max_age": "999999w"}]),
    st.sampled_from(["slo", "freeze", "alerts"]),
)
@settings(max_examples=300, deadline=None)
def test_no_content_raises(content: object, source: object, kind: str) -> None:
    found = look(content, source, kind=kind)
    assert found.status == "ok" or found.reason
