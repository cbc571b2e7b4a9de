"""What is made of the series that Sloth's and Pyrra's rules record, as a server may tell them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gate.clients.http import Unreachable
from gate.clients.prometheus import RecordingRule, Sample, Series
from gate.evidence.slo import pyrra, sloth
from gate.evidence.slo.look import Found, Look, moment_of

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
RATE = "slo:sli_error:ratio_rate"
SLOTH = {"slo:objective:ratio": 0.999, "slo:time_period:days": 30.0}
SLOTH |= {f"{RATE}{window}": 0.0002 for window in ("5m", "1h", "30d")}
PYRRA = {"pyrra_objective": 0.999, "pyrra_window": 86400.0, "pyrra_availability": 0.9998}


@dataclass
class Server:
    """Answers a query with what is told of its first part that is known; with nothing else."""

    told: Mapping[str, Sequence[Sample] | str]
    rules: Sequence[RecordingRule] | None = ()
    ranges: bool = True
    asked: list[str] = field(default_factory=list)

    def query(self, expression: str, at: datetime) -> list[Sample]:
        assert at == AT
        self.asked.append(expression)
        found = next((told for part, told in self.told.items() if part in expression), ())
        if isinstance(found, str):
            raise Unreachable(found)
        return list(found)

    def query_range(self, expression: str, *span: Any) -> list[Series]:
        self.asked.append(expression)
        assert len(span) == 3
        if not self.ranges:
            raise Unreachable("no")
        return []

    def recording_rules(self, name: str) -> list[RecordingRule]:
        if self.rules is None:
            raise Unreachable("it has nothing at this address (404)")
        return [each for each in self.rules if each.name == name]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as found:
        yield found


def samples(values: Mapping[str, float], **labels: str) -> list[Sample]:
    return [Sample({"__name__": name, **labels}, value, AT) for name, value in values.items()]


def of_sloth(
    pool: ThreadPoolExecutor, values: Mapping[str, float], more: Any = None, **server: Any
) -> tuple[Found, Server]:
    labels = {"sloth_service": "shop", "sloth_slo": "a", "sloth_id": "shop-a"}
    known = {"slo:objective:ratio", "slo:time_period:days"} & values.keys()
    told = {
        **(more or {}),
        "count(last_over_time": [Sample({}, 1, AT)],
        "timestamp(": samples({"": AT.timestamp()}, **labels),
        "last_over_time": samples({name: values[name] for name in known}, **labels),
        "__name__=~": samples(values, **labels),
    }
    asked = Server(told, **server)
    look = Look(asked, pool, AT, ["shop"])  # type: ignore[arg-type]
    (found,) = sloth.found(look)
    return found, asked


def without(values: Mapping[str, float], name: str) -> dict[str, float]:
    return {key: value for key, value in values.items() if key != name}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({**SLOTH, "slo:time_period:days": 0}, "slo:time_period:days says 0 days"),
        ({**SLOTH, "slo:time_period:days": math.nan}, "slo:time_period:days says nan days"),
        (without(SLOTH, "slo:objective:ratio"), "it has no slo:objective:ratio"),
        (without(SLOTH, f"{RATE}30d"), "there is no share of errors of its whole window, 30 days"),
        (
            {**without(SLOTH, f"{RATE}30d"), f"{RATE}30": 0.1, f"{RATE}x": 0.1},
            "there is no share of errors of its whole window, 30 days",
        ),
    ],
)
def test_sloths_series_that_are_not_whole(
    pool: ThreadPoolExecutor, values: dict[str, float], reason: str
) -> None:
    found, _ = of_sloth(pool, values)
    assert found.measured.reason == reason
    assert found.stale is None


def test_a_window_may_be_written_in_weeks(pool: ThreadPoolExecutor) -> None:
    values = {**without(SLOTH, f"{RATE}30d"), f"{RATE}4w": 0.3, "slo:time_period:days": 28}
    found, _ = of_sloth(pool, values)
    assert (found.measured.bad, found.plan.window) == (0.3, timedelta(days=28))


def test_without_its_spread_a_budget_has_no_projection(pool: ThreadPoolExecutor) -> None:
    found, server = of_sloth(pool, SLOTH, ranges=False)
    assert found.measured.badness == ()
    assert any("sum_over_time" in each for each in server.asked)


CALM = {**SLOTH, f"{RATE}5m": 0.0}
LABELS = {"sloth_id": "shop-a", "sloth_slo": "a", "sloth_service": "shop"}


def rule(query: str) -> RecordingRule:
    return RecordingRule(f"{RATE}5m", query, LABELS)


@pytest.mark.parametrize(
    ("query", "told", "reason"),
    [
        ("(bad) / (total)", [], None),
        ("(bad or vector(0)) / (total)", [], None),
        ("1 - good / total", [], None),
        ("(bad) / (total or vector(1))", [Sample({}, 1, AT)], None),
        ("(bad) / (total or vector(1))", [], "nothing is counted now"),
        ("(bad) / (clamp_min(total, 1))", [], "nothing is counted now"),
        ("(bad) / (total or vector(1))", "no answer", "cannot be asked: no answer"),
        ("(bad ; ", [], None),
    ],
)
def test_calm_is_heard_where_the_total_may_be_made_up(
    pool: ThreadPoolExecutor, query: str, told: Any, reason: str | None
) -> None:
    found, _ = of_sloth(pool, CALM, {"count(\n": told}, rules=[rule(query)])
    assert (found.measured.reason is None) == (reason is None)
    assert (reason or "") in (found.measured.reason or "")


def test_calm_of_which_no_rule_is_told_is_believed_while_there_were_errors(
    pool: ThreadPoolExecutor,
) -> None:
    found, _ = of_sloth(pool, CALM, rules=None)
    assert found.measured.reason is None


@pytest.mark.parametrize(
    ("rules", "told", "reason"),
    [
        (None, [], "the server does not tell which rule records it"),
        ([], [], "the server does not tell which rule records it"),
        ([rule("(bad) / (total)")], [], None),
        ([rule("(bad or vector(0)) / (total)")], [Sample({}, 1, AT)], None),
        ([rule("(bad or vector(0)) / (total)")], [], "falls back to `vector(0)` or the like"),
        ([rule("(bad or vector(0)) / (total)")], "no answer", "cannot be asked: no answer"),
        ([rule("(bad ; ")], [], "its rule cannot be read (it cannot be read from `; ` on)"),
    ],
)
def test_a_budget_without_a_single_error(
    pool: ThreadPoolExecutor, rules: Any, told: Any, reason: str | None
) -> None:
    found, _ = of_sloth(pool, {**CALM, f"{RATE}30d": 0.0}, {"count(\n": told}, rules=rules)
    assert (found.measured.bad is None) == (reason is not None)
    assert (reason or "") in (found.measured.reason or "")


@pytest.mark.parametrize("seconds", [math.nan, math.inf, 1e300, -1e300])
def test_a_time_that_is_none(seconds: float) -> None:
    with pytest.raises(Unreachable, match="it says that a sample is of the time"):
        moment_of(seconds)


def of_pyrra(
    pool: ThreadPoolExecutor, now: Sequence[Sample], more: Any = None, **server: Any
) -> Found:
    told = {
        "timestamp(": samples({"": AT.timestamp()}, slo="shop"),
        "last_over_time": samples(PYRRA, slo="shop"),
        "pyrra_objective|": now,
        "sum_over_time": samples({"": 10.0}, slo="shop"),
    }
    told |= more or {}
    look = Look(Server(told, **server), pool, AT, ["shop"])  # type: ignore[arg-type]
    (found,) = pyrra.found(look)
    return found


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (without(PYRRA, "pyrra_availability"), "it has no pyrra_availability"),
        (without(PYRRA, "pyrra_objective"), "it has no pyrra_objective"),
        ({**PYRRA, "pyrra_window": 0}, "pyrra_window says 0 s"),
        ({**PYRRA, "pyrra_window": math.inf}, "pyrra_window says inf s"),
    ],
)
def test_pyrras_series_that_are_not_whole(
    pool: ThreadPoolExecutor, values: dict[str, float], reason: str
) -> None:
    assert of_pyrra(pool, samples(values, slo="shop")).measured.reason == reason


def test_pyrras_series_that_ended(pool: ThreadPoolExecutor) -> None:
    found = of_pyrra(pool, samples(PYRRA, slo="shop"), {"timestamp(": []})
    assert found.measured.reason == (
        "nothing was measured for a day: pyrra_requests:rate5m has no samples"
    )


def test_pyrras_series_of_two(pool: ThreadPoolExecutor) -> None:
    found = of_pyrra(pool, [*samples(PYRRA, slo="shop"), *samples(PYRRA, slo="shop", replica="b")])
    assert found.broken == (
        "several series are there for shop of shop; say with `selector` which are meant"
    )


def test_pyrra_without_its_spread(pool: ThreadPoolExecutor) -> None:
    found = of_pyrra(pool, samples(PYRRA, slo="shop"), ranges=False)
    assert found.measured.bad == pytest.approx(0.0002)
    assert found.measured.badness == ()


@pytest.mark.parametrize("label", ["service", "environment"])
def test_a_label_that_no_series_of_pyrra_has(pool: ThreadPoolExecutor, label: str) -> None:
    told = {
        '!=""': [],
        "last_over_time": samples(PYRRA, slo="shop"),
    }
    settings = {f"{label}_label": "svc"}
    look = Look(Server(told), pool, AT, ["shop"], **settings)  # type: ignore[arg-type]
    with pytest.raises(Unreachable, match="none of its series of Pyrra has the label svc"):
        pyrra.found(look)
