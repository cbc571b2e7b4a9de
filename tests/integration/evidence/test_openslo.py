"""The three budgeting methods of OpenSLO: what a real Prometheus answers to the queries that are
made from specs is what the formulas give, evaluated by hand from the raw numbers.

The counters have a sample each five minutes, also at both ends of the window and of all slices, so
that Prometheus has nothing to extrapolate (but a millisecond a slice, in both parts of a ratio).
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gate.evidence.interface import Question
from gate.evidence.slo.prometheus import observe
from gate.model.manifest import Target
from tests.support.prometheus import Server, blocks, running
from tests.support.trees import MemoryTree

HOURS = 30 * 24
HOUR = 3600
STEP = 300
TARGET = 0.9
SLICE_TARGET = 0.99

GOOD = 'good: {metricSource: {type: Prometheus, spec: {query: "%s"}}}'
BAD = 'bad: {metricSource: {type: Prometheus, spec: {query: "%s"}}}'
TOTAL = 'total: {metricSource: {type: Prometheus, spec: {query: "%s"}}}'
OF_GOOD = GOOD % "sum(requests_total{code='200'})"
OF_BAD = BAD % "sum(requests_total{code='500'})"
OF_ALL = TOTAL % "sum(requests_total)"
RATE_BAD = BAD % "sum(rate(requests_total{code='500'}[5m]))"
RATE_ALL = TOTAL % "sum(rate(requests_total[5m]))"


@dataclass(frozen=True)
class Hour:
    """What happened in an hour."""

    total: int
    bad: int

    @property
    def ratio(self) -> float:
        return 1 - self.bad / self.total


def _hours() -> list[Hour]:
    """Busy hours are good and quiet ones bad, so that the methods differ; in some nobody came, and
    some meet the target of a slice exactly."""
    dice = random.Random(5)
    found = []
    for index in range(HOURS):
        kind = index % 24
        if kind in {2, 3}:
            found.append(Hour(0, 0))
        elif kind in {4, 5}:
            found.append(Hour(120, dice.randrange(2, 100)))
        elif kind == 6:
            found.append(Hour(1200, 12))
        else:
            found.append(Hour(12000, dice.randrange(0, 119)))
    return found


WORLD = _hours()
MET = [hour for hour in WORLD if hour.total]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("openslo")
    end = int(time.time()) // HOUR * HOUR
    blocks(folder, _lines(end))
    with running(folder, now=datetime.fromtimestamp(end, UTC)) as server:
        yield server


def _lines(end: int) -> Iterator[str]:
    start = end - HOURS * HOUR
    yield "# TYPE requests counter"
    for code in ("200", "500"):
        value = 0.0
        yield f'requests_total{{code="{code}"}} {value} {start}'
        for index, hour in enumerate(WORLD):
            amount = hour.bad if code == "500" else hour.total - hour.bad
            for step in range(1, HOUR // STEP + 1):
                at = start + index * HOUR + step * STEP
                yield f'requests_total{{code="{code}"}} {value + amount * step / 12:.6f} {at}'
            value += amount
    yield "# TYPE latency gauge"
    for index, hour in enumerate(WORLD):
        for step in range(1, HOUR // STEP + 1):
            at = start + index * HOUR + step * STEP
            told = "NaN" if not hour.total else f"{600 if step <= index % 5 else 300}"
            yield f"latency {told} {at}"


def spec(ratio: str, method: str, *, window: str = "30d", more: str = "", name: str = "a") -> str:
    counter = "false" if "rate(" in ratio else "true"
    slices = "" if method == "Occurrences" else "timeSliceWindow: 1h,"
    slices += f"timeSliceTarget: {SLICE_TARGET}," if method == "Timeslices" else ""
    metric = (
        ratio if "thresholdMetric" in ratio else f"ratioMetric: {{counter: {counter}, {ratio}}}"
    )
    return f"""\
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}}}
spec:
  service: shop
  indicator: {{metadata: {{name: i}}, spec: {{{metric}}}}}
  timeWindow: [{{duration: {window}, isRolling: true}}]
  budgetingMethod: {method}
  objectives: [{{target: {TARGET}, {slices} {more}}}]
"""


def entry(server: Server, text: str, **settings: Any) -> dict[str, Any]:
    told = {"url": server.address, "convention": "openslo", "specs": "slo/*.yaml", **settings}
    question = Question(
        "prometheus",
        "slo",
        [Target("shop", "production")],
        told,
        MemoryTree({"slo/a.yaml": text}),
        server.now,
    )
    (evidence,) = observe(question)
    assert evidence.status == "ok", evidence.reason
    (found,) = evidence.value
    assert isinstance(found, dict)
    return found


def remaining(bad: float) -> float:
    return 1 - bad / (1 - TARGET)


OCCURRENCES = remaining(sum(h.bad for h in MET) / sum(h.total for h in MET))
TIMESLICES = remaining(sum(h.ratio < SLICE_TARGET for h in MET) / len(MET))
RATIO_TIMESLICES = remaining(math.fsum(1 - h.ratio for h in MET) / len(MET))
EXPECTED = {
    "Occurrences": OCCURRENCES,
    "Timeslices": TIMESLICES,
    "RatioTimeslices": RATIO_TIMESLICES,
}


def test_the_three_methods_differ_here() -> None:
    assert OCCURRENCES > 0.9
    assert 0.4 < RATIO_TIMESLICES < 0.6
    assert -0.1 < TIMESLICES < 0.1


@pytest.mark.parametrize("method", EXPECTED)
@pytest.mark.parametrize("part", [OF_GOOD, OF_BAD])
def test_a_method_gives_what_its_formula_gives(server: Server, method: str, part: str) -> None:
    found = entry(server, spec(f"{part}, {OF_ALL}", method))
    assert found["remaining"] == pytest.approx(EXPECTED[method], abs=1e-6)
    assert found["reason"] is None


@pytest.mark.parametrize("method", EXPECTED)
def test_rates_give_the_same(server: Server, method: str) -> None:
    """A rate over five minutes extrapolates nothing here: it sees both of its ends."""
    found = entry(server, spec(f"{RATE_BAD}, {RATE_ALL}", method))
    assert found["remaining"] == pytest.approx(EXPECTED[method], abs=1e-6)


@pytest.mark.parametrize("method", EXPECTED)
def test_a_raw_ratio_gives_what_the_slices_give(server: Server, method: str) -> None:
    raw = (
        "rawType: success, raw: {metricSource: {type: Prometheus, spec: {query: "
        "\"sum(rate(requests_total{code='200'}[5m])) / sum(rate(requests_total[5m]))\"}}}"
    )
    found = entry(server, spec(raw, method))
    if method == "Occurrences":
        assert "a raw ratio says nothing of how many events" in found["reason"]
    else:
        assert found["remaining"] == pytest.approx(EXPECTED[method], abs=1e-6)


def test_a_threshold_counts_points_and_slices(server: Server) -> None:
    metric = "thresholdMetric: {metricSource: {type: Prometheus, spec: {query: latency}}}"
    limit = "op: lt, value: 500"
    slow = [share for share in map(_slow, range(HOURS)) if share is not None]
    means = entry(server, spec(metric, "RatioTimeslices", more=limit))
    slices = entry(server, spec(metric, "Timeslices", more=limit))
    mean = remaining(math.fsum(slow) / len(slow))
    assert means["remaining"] == pytest.approx(mean, abs=1e-6)
    bad = sum(1 - share < SLICE_TARGET for share in slow) / len(slow)
    assert slices["remaining"] == pytest.approx(remaining(bad), abs=1e-6)


def _slow(hour: int) -> float | None:
    """The share of slow minutes in an hour; None where no minute has a number. A sample holds
    until the next: the first four minutes are those of the hour before."""
    points = [_latency(hour * 12 + minute // 5) for minute in range(1, 61)]
    known = [point for point in points if point is not None]
    return sum(point >= 500 for point in known) / len(known) if known else None


def _latency(sample: int) -> int | None:
    """What the sample at the end of some five minutes says; the one before the first is none."""
    hour, step = divmod(sample - 1, 12)
    if sample < 1 or not WORLD[hour].total:
        return None
    return 600 if step + 1 <= hour % 5 else 300


@pytest.mark.parametrize("method", EXPECTED)
def test_errors_that_never_were_are_not_taken_for_none(server: Server, method: str) -> None:
    never = BAD % "sum(requests_total{code='418'}) or vector(0)"
    found = entry(server, spec(f"{never}, {OF_ALL}", method))
    assert (found["state"], found["remaining"]) == ("insufficient_data", None)
    assert "no series of errors exists" in found["reason"]
    trusting = entry(server, spec(f"{never}, {OF_ALL}", method), absent_errors="none")
    assert trusting["remaining"] == 1.0


@pytest.mark.parametrize("method", EXPECTED)
def test_a_misspelt_query_is_no_budget(server: Server, method: str) -> None:
    wrong = GOOD % "sum(request_total{code='200'})"
    assert entry(server, spec(f"{wrong}, {OF_ALL}", method))["state"] == "insufficient_data"
    swapped = GOOD % "sum(requests_total)", TOTAL % "sum(requests_total{code='500'})"
    assert entry(server, spec(", ".join(swapped), method))["state"] == "insufficient_data"


def test_a_calendar_window_reaches_back_to_its_start(server: Server) -> None:
    start = server.now - timedelta(hours=30)
    of_calendar = (
        f"[{{duration: 1w, calendar: {{startTime: {start:%Y-%m-%d %H:%M:%S}, timeZone: UTC}}}}]"
    )
    text = spec(f"{OF_BAD}, {OF_ALL}", "Occurrences").replace(
        "[{duration: 30d, isRolling: true}]", of_calendar
    )
    found = entry(server, text)
    last = WORLD[-30:]
    bad = sum(hour.bad for hour in last) / sum(hour.total for hour in last)
    assert found["remaining"] == pytest.approx(remaining(bad), abs=1e-6)
    assert found["window"] == "7d"
    assert [point["remaining"] for point in found["projection"]] == [1.0]
