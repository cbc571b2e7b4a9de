"""Documents of OpenSLO become plans, or reasons why not."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import ConfigError
from gate.evidence.interface import Question
from gate.evidence.slo.interface import Plan, Unplanned
from gate.evidence.slo.openslo import period, plans
from tests.support.tools import real_data
from tests.support.trees import MemoryTree

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CALENDAR = {"startTime": "2026-01-01 00:00:00", "timeZone": "UTC"}


def source(query: str, kind: str | None = "Prometheus") -> dict[str, Any]:
    told = {"spec": {"query": query}} | ({"type": kind} if kind else {})
    return {"metricSource": told}


RATIO = {"counter": True, "bad": source("sum(bad_total)"), "total": source("sum(all_total)")}


def slo(*, labels: Any = None, ratio: Any = None, sli: Any = None, **spec: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "service": "shop",
        "indicator": {"metadata": {"name": "i"}, "spec": sli or {"ratioMetric": ratio or RATIO}},
        "timeWindow": [{"duration": "28d", "isRolling": True}],
        "budgetingMethod": "Occurrences",
        "objectives": [{"target": 0.99}],
        **spec,
    }
    metadata = {"name": "a", "labels": labels or {}}
    return {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": metadata, "spec": told}


def read(*documents: Any, **told: Any) -> list[Plan | Unplanned]:
    text = yaml.safe_dump_all(documents)
    question = Question("p", "slo", [], {}, MemoryTree({"slo/a.yaml": text}), NOW)
    return plans(question, {"specs": "slo/*.yaml", **told})


def planned(*documents: Any, **told: Any) -> Plan:
    (found,) = read(*documents, **told)
    assert isinstance(found, Plan), found
    return found


def reason(*documents: Any, **told: Any) -> str:
    (found,) = read(*documents, **told)
    assert isinstance(found, Unplanned)
    return found.reason


def test_occurrences() -> None:
    found = planned(slo())
    bad = "sum(sum(increase(bad_total[2419200000ms])))"
    total = "sum(sum(increase(all_total[2419200000ms])))"
    assert found.bad == f"(({bad} or on() (0 * {total})) / {total})"
    assert (found.errors, found.traffic) == (bad, total)
    assert found.badness == "sum(sum(increase(bad_total[$step])))"
    assert (found.service, found.environment, found.name) == ("shop", None, "a")
    assert (found.objective, found.window) == (0.99, timedelta(days=28))
    assert found.place == "slo/a.yaml:25"


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"objectives": [{"target": 1}]}, "its target must be above 0 and below 1"),
        ({"objectives": [{"target": 0}]}, "its target must be above 0 and below 1"),
        ({"objectives": [{"target": 99}]}, "its target must be above 0 and below 1"),
        ({"objectives": [{"target": "x"}]}, "its target must be above 0 and below 1"),
        ({"objectives": [{"targetPercent": 100}]}, "its targetPercent must be above 0"),
        ({"objectives": [{}]}, "it must have either target or targetPercent"),
        ({"objectives": []}, "it has no objective"),
        ({"timeWindow": []}, "it must have one timeWindow"),
        ({"timeWindow": [{"duration": "28d"}]}, "either rolling or of the calendar"),
        (
            {"timeWindow": [{"duration": "1m", "isRolling": True}]},
            "its timeWindow is 1m, and `m` is minutes: write `M` for months",
        ),
        ({"timeWindow": [{"duration": "28", "isRolling": True}]}, "one of m, h, d, w, M, Q and Y"),
        ({"timeWindow": [{"duration": "9999Y", "isRolling": True}]}, "years run out"),
        ({"timeWindow": [{"duration": "11Y", "isRolling": True}]}, "longer than ten years"),
        (
            {"timeWindow": [{"duration": "1M", "calendar": {**CALENDAR, "timeZone": "Moon/Base"}}]},
            "the timeZone of its calendar must be a name",
        ),
        (
            {"timeWindow": [{"duration": "1M", "calendar": {**CALENDAR, "startTime": "soon"}}]},
            "the startTime of its calendar",
        ),
        (
            {
                "timeWindow": [
                    {"duration": "1M", "calendar": {**CALENDAR, "startTime": "2027-01-01"}}
                ]
            },
            "begins only at 2027-01-01T00:00:00Z",
        ),
        ({"budgetingMethod": "occurrences"}, "its budgetingMethod must be Occurrences"),
        ({"budgetingMethod": "Timeslices"}, "its timeSliceWindow must be a number"),
        ({"indicator": None}, "it must have either indicator or indicatorRef"),
        ({"indicator": None, "indicatorRef": "x"}, "no SLI of the files has this name"),
        ({"service": None}, "it names no service"),
        ({"sli": {"x": 1}}, "either ratioMetric or thresholdMetric"),
        ({"ratio": {"total": source("x")}}, "must have total with good or bad"),
        ({"ratio": {**RATIO, "bad": source("x", "Datadog")}}, "type Datadog"),
        ({"ratio": {**RATIO, "bad": source("x", None)}}, "its metricSource has no type"),
        ({"ratio": {**RATIO, "bad": source("x[{{.window}}]")}}, "holds a template"),
        ({"ratio": {**RATIO, "bad": source("x[$__range]")}}, "holds a variable"),
        ({"ratio": {**RATIO, "bad": source("sum(x")}}, "its query cannot be used"),
        ({"ratio": {**RATIO, "bad": source("sum(rate(x[5m]))")}}, "with `counter: true`"),
        ({"ratio": {**RATIO, "counter": False}}, "by its name `bad_total` is a counter"),
        ({"ratio": {k: v for k, v in RATIO.items() if k != "counter"}}, "`counter: true`"),
        (
            {"sli": {"thresholdMetric": source("x")}, "objectives": [{"target": 0.9, "value": 1}]},
            "its op must be lt, lte, gt or gte",
        ),
        (
            {"sli": {"thresholdMetric": source("x")}, "objectives": [{"target": 0.9, "op": "lt"}]},
            "its value must be a number",
        ),
        ({"ratio": {"raw": source("x")}}, "rawType must be success or failure"),
    ],
)
def test_what_cannot_be_measured_is_said(spec: dict[str, Any], told: str) -> None:
    assert told in reason(slo(**spec))


def test_old_versions_are_not_read() -> None:
    assert reason({**slo(), "apiVersion": "openslo/v1alpha"}) == (
        "v1alpha is not read; convert it to openslo/v1"
    )


def test_a_reference_is_looked_up() -> None:
    sli = {"apiVersion": "openslo/v1", "kind": "SLI", "metadata": {"name": "i"}}
    sli["spec"] = {"ratioMetric": RATIO}
    refers = slo(indicator=None, indicatorRef="i")
    assert planned(refers, sli).bad == planned(slo()).bad
    assert "several SLIs have it" in reason(refers, sli, sli)


def test_a_type_comes_from_the_data_source() -> None:
    data = {"apiVersion": "openslo/v1", "kind": "DataSource", "metadata": {"name": "d"}}
    data["spec"] = {"type": "Mimir"}
    bad = {"metricSource": {"metricSourceRef": "d", "spec": {"query": "sum(bad_total)"}}}
    assert planned(slo(ratio={**RATIO, "bad": bad}), data).bad == planned(slo()).bad


def test_each_objective_is_a_plan_unless_they_have_weights() -> None:
    two = [{"target": 0.9, "displayName": "SLA"}, {"targetPercent": 99}]
    assert [each.name for each in read(slo(objectives=two))] == ["a/SLA", "a/2"]
    two[0]["compositeWeight"] = 3
    assert all("compositeWeight" in each.reason for each in read(slo(objectives=two)))  # type: ignore[union-attr]


def test_labels_name_service_and_environment() -> None:
    labels = {"environment": ["test", "production"], "app": "cart", "env": "dev"}
    assert [each.environment for each in read(slo(labels=labels))] == ["test", "production"]
    told = {"labels": {"environment": "env", "service": "app"}}
    found = planned(slo(labels=labels), **told)
    assert (found.service, found.environment) == ("cart", "dev")


def test_the_selector_is_added() -> None:
    assert 'increase(bad_total{cluster="eu"}[' in planned(slo(), selector='cluster="eu"').bad


def test_a_calendar_month_is_not_thirty_days() -> None:
    window = [{"duration": "1M", "calendar": {**CALENDAR, "timeZone": "America/New_York"}}]
    found = planned(slo(timeWindow=window))
    assert found.starts == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert found.resets == datetime(2026, 12, 1, 5, tzinfo=UTC)
    assert found.window == timedelta(days=30, hours=1)


def test_an_unquoted_start_is_read() -> None:
    """YAML 1.1 takes it for a time; so does the writer of this test's file."""
    window = [
        {"duration": "1M", "calendar": {"startTime": datetime(2026, 1, 1), "timeZone": "UTC"}}  # noqa: DTZ001
    ]
    assert planned(slo(timeWindow=window)).starts == datetime(2026, 11, 1, tzinfo=UTC)


@settings(max_examples=300)
@given(
    st.datetimes(datetime(2015, 1, 1), datetime(2026, 1, 1)),  # noqa: DTZ001
    st.integers(1, 30),
    st.sampled_from("hdwMQY"),
    st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001
    st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_a_period_holds_now(
    anchor: datetime, amount: int, unit: str, now: datetime, zone: str
) -> None:
    own = ZoneInfo(zone)
    at = now.replace(tzinfo=UTC)
    starts, resets = period(anchor, amount, unit, at, own)
    assert starts <= at < resets
    if unit in "MQY":
        wall = starts.astimezone(own)
        last = calendar.monthrange(wall.year, wall.month)[1]
        assert wall.day in {min(anchor.day, last), min(anchor.day, last) + 1, 1}
    again = period(anchor, amount, unit, starts, own)
    assert again == (starts, resets)


def test_real_files() -> None:
    text = (real_data("openslo-go-sdk") / "inline" / "input-v1_slo.yaml").read_text()
    question = Question("p", "slo", [], {}, MemoryTree({"slo/a.yaml": text}), NOW)
    first, second = plans(question, {"specs": "slo/a.yaml"})
    assert isinstance(first, Plan)
    assert isinstance(second, Plan)
    assert first.bad == second.bad
    assert first.starts == datetime(2026, 11, 21, 17, tzinfo=UTC)
    wrong = (real_data("openslo") / "timeslices-slo.yaml").read_text()
    question = Question("p", "slo", [], {}, MemoryTree({"slo/a.yaml": wrong}), NOW)
    told = plans(question, {"specs": "slo/a.yaml"})
    assert [each.name for each in told] == [
        "service-availability/Internal objective",
        "service-availability/SLA",
    ]
    assert all("`m` is minutes" in each.reason for each in told)  # type: ignore[union-attr]


def test_specs_are_needed() -> None:
    question = Question("p", "slo", [], {}, MemoryTree({}), NOW)
    with pytest.raises(ConfigError, match="the convention openslo needs `specs`"):
        plans(question, {})


def test_just_after_a_window_began_a_whole_slice_is_asked_for() -> None:
    begun = {"startTime": "2026-11-22 09:58:00", "timeZone": "UTC"}
    window = [{"duration": "1w", "calendar": begun}]
    assert "increase(bad_total[600000ms])" in planned(slo(timeWindow=window)).bad
    objectives = [{"target": 0.9, "timeSliceWindow": "1h"}]
    sliced = slo(timeWindow=window, objectives=objectives, budgetingMethod="RatioTimeslices")
    assert "[3599999ms:3600000ms]" in planned(sliced).bad


OCCURRENCES = {"budgetingMethod": "Occurrences"}


@pytest.mark.parametrize(
    ("objective", "more", "told"),
    [
        ({"timeSliceTarget": 2, "timeSliceWindow": "1h"}, {}, "its timeSliceTarget must be above"),
        ({"timeSliceTarget": 0.9, "timeSliceWindow": "1M"}, {}, "must be of minutes, hours, days"),
        ({"timeSliceTarget": 0.9, "timeSliceWindow": "5w"}, {}, "is longer than its timeWindow"),
        (
            {"timeSliceTarget": 0.9, "timeSliceWindow": 0},
            {},
            "its timeSliceWindow must be a number",
        ),
        ({"indicatorRef": "x"}, OCCURRENCES, "an indicator of its own and one in its objective"),
        (
            {},
            {**OCCURRENCES, "ratio": {**RATIO, "bad": source("")}},
            "its metricSource has no spec.query",
        ),
    ],
)
def test_slices_and_indicators_that_do_not_fit(
    objective: dict[str, Any], more: dict[str, Any], told: str
) -> None:
    objectives = [{"target": 0.9, **objective}]
    spec = {"budgetingMethod": "Timeslices", "objectives": objectives, **more}
    assert told in reason(slo(**spec))


def test_a_slice_may_be_a_number_of_minutes() -> None:
    def sliced(length: Any) -> Plan:
        objectives = [{"target": 0.9, "timeSliceWindow": length}]
        return planned(slo(budgetingMethod="RatioTimeslices", objectives=objectives))

    assert sliced(60) == sliced("1h")
    assert sliced("5") == sliced("5m")


def test_a_start_with_a_zone_is_the_same_moment() -> None:
    def begun(start: str) -> Plan:
        window = {"duration": "1d", "calendar": {"startTime": start, "timeZone": "Europe/Berlin"}}
        return planned(slo(timeWindow=[window]))

    assert begun("2026-11-01T06:00:00Z") == begun("2026-11-01 07:00:00")


def test_silence_is_asked_for_in_each_method() -> None:
    """However long a slice is."""
    for method in ("Occurrences", "Timeslices", "RatioTimeslices"):
        objectives = [{"target": 0.9, "timeSliceTarget": 0.9, "timeSliceWindow": "1d"}]
        found = planned(slo(budgetingMethod=method, objectives=objectives))
        assert found.alive == "sum(sum(increase(all_total[$age])))"
