"""What looks like calm and is none, on a real Prometheus: series that are wrong in one way each,
and what stands before a server and tells something else."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
import time_machine
import yaml

from gate.evidence.interface import Question
from gate.evidence.slo.prometheus import observe
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from tests.support.prometheus import Server, blocks, running, waited
from tests.support.trees import MemoryTree
from tests.support.web import Asked, Told, Web, web

GOOD = 0.0002
RATES = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
OBJECTIVE = "slo:objective:ratio"
HOSTILE = ('a"} or {b="', "a\\", "a\nb", "a|good", "g.*", "ü", "$1", "a'b`c", "{{x}}")
SLOTH: Mapping[str, Mapping[str, str]] = {
    # What is told of an SLO instead of what is right. None: nothing.
    "good": {},
    "nan-5m": {"5m": "NaN"},
    "nan-1h": {"1h": "NaN"},
    "inf-30d": {"30d": "+Inf"},
    "inf-5m": {"5m": "+Inf"},
    "percent": {OBJECTIVE: "99.9"},
    "all": {OBJECTIVE: "1"},
    "made-up": {},
    "counted": {},
}
FALLBACK = """\
(sum(rate({name}_total{{code="500"}}[5m])) or vector(0))
/
(sum(rate({name}_total[5m])) or vector(1))
"""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _labels(service: str, **more: str) -> str:
    own = {"sloth_service": service, "sloth_slo": "a", "sloth_id": f"{service}-a", **more}
    return ",".join(f"{name}={_quoted(value)}" for name, value in own.items())


def _recorded(service: str, times: range, told: Mapping[str, str], **more: str) -> Iterator[str]:
    labels = _labels(service, **more)
    values = {OBJECTIVE: "0.999", "slo:time_period:days": "30"}
    values |= {f"slo:sli_error:ratio_rate{window}": str(GOOD) for window in RATES}
    for key, value in told.items():
        values[key if key in values else f"slo:sli_error:ratio_rate{key}"] = value
    for name, value in values.items():
        yield from (f"{name}{{{labels}}} {value} {at}" for at in times)


def _counters(end: int) -> Iterator[str]:
    """`resets` begins anew each half hour, `quiet` ended three hours ago, `counted` goes on, and
    none has an error in the last hour."""
    for name, last in (("resets", end), ("quiet", end - 3 * 3600), ("counted", end)):
        for code in ("200", "500"):
            value = 0
            for at in range(end - 86400, last + 1, 60):
                since = at - (end - 86400)
                if name == "resets" and since % 1800 == 0:
                    value = 0
                rises = code == "200" or since < 3600
                value += (99 if code == "200" else 1) if rises else 0
                yield f'{name}_total{{code="{code}"}} {value} {at}'


def _lines(end: int) -> Iterator[str]:
    times = range(end - 1200, end + 1, 30)
    for service, told in SLOTH.items():
        yield from _recorded(service, times, told)
    for index, service in enumerate(HOSTILE):
        yield from _recorded(service, times, {"30d": str(GOOD + index * 1e-5)})
    for replica, bad in (("a", "0.0001"), ("b", "0.0009")):
        yield from _recorded("replicas", times, {"30d": bad}, replica=replica)
    for line in _recorded("renamed", times, {}):
        yield line.replace("slo:sli_error:", "slo:sli:")
    yield from _recorded("lowered", range(end - 1200, end - 60, 30), {OBJECTIVE: "0.9"})
    yield from _recorded("lowered", range(end - 60, end + 1, 30), {OBJECTIVE: "0.9999"})
    yield from _counters(end)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("attacks")
    rules = [
        {
            "record": "slo:sli_error:ratio_rate5m",
            "expr": FALLBACK.format(name=name),
            "labels": {"sloth_service": service, "sloth_slo": "a", "sloth_id": f"{service}-a"},
        }
        for service, name in (("made-up", "quiet"), ("counted", "counted"))
    ]
    path = folder / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "a", "rules": rules}]}))
    end = int(time.time())
    blocks(folder, _lines(end))
    with running(folder, (path,), interval="1s") as found:
        recorded = "slo:sli_error:ratio_rate5m{sloth_service=~'made-up|counted'}"
        query = f"count({recorded} == 0) == 2"
        waited(lambda: found.query(query, datetime.now(UTC)), "recorded shares")
        yield Server(found.address, datetime.now(UTC), found.process)


def look(server: Server | Web, *services: str, **settings: Any) -> list[Evidence]:
    now = settings.pop("now", None) or getattr(server, "now", None) or datetime.now(UTC)
    targets = [Target(service, "production", 1) for service in services]
    told = {"url": server.address, **settings}
    return list(observe(Question("prometheus", "slo", targets, told, MemoryTree({}), now)))


def one(server: Server | Web, service: str, **settings: Any) -> Evidence:
    (found,) = look(server, service, **settings)
    return found


def entry(server: Server | Web, service: str, **settings: Any) -> dict[str, Any]:
    found = one(server, service, **settings)
    assert (found.status, found.reason) == ("ok", None)
    (only,) = found.value
    assert isinstance(only, dict)
    return only


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        ("nan-1h", "its share of errors in 1h is NaN, and that in 30m is not"),
        ("inf-30d", "its share of errors is infinite"),
        ("inf-5m", "its share of errors in 5m is infinite"),
        ("percent", "its objective is 99.9, and must be above 0 and below 1"),
        ("all", "its objective is 1, and must be above 0 and below 1"),
        ("renamed", "nothing was measured for a day"),
        ("made-up", "nothing is counted now: the total of its rule is made up"),
    ],
)
def test_what_is_wrong_in_one_way_has_no_budget(server: Server, service: str, reason: str) -> None:
    found = entry(server, service)
    assert (found["state"], found["remaining"]) == ("insufficient_data", None)
    assert reason in found["reason"]


def test_silence_is_none_of_absent_errors(server: Server) -> None:
    assert entry(server, "made-up", absent_errors="none")["state"] == "insufficient_data"


def test_what_is_counted_is_believed_also_where_the_rule_could_fall_back(server: Server) -> None:
    assert entry(server, "counted")["remaining"] == pytest.approx(0.8)


def test_five_minutes_in_which_nobody_came_are_calm(server: Server) -> None:
    found = entry(server, "nan-5m")
    assert found["remaining"] == pytest.approx(0.8)
    assert "5m" not in {pair["short"] for pair in found["pairs"]}


def test_two_replicas_are_neither_averaged_nor_chosen_from(server: Server) -> None:
    found = one(server, "replicas")
    assert found.status == "unavailable"
    assert "which differ in replica; say with `selector` which is meant" in str(found.reason)
    assert entry(server, "replicas", selector='replica="b"')["state"] == "warning"


def test_an_objective_that_was_just_changed_counts_as_it_is_now(server: Server) -> None:
    found = entry(server, "lowered")
    assert (found["objective"], found["state"]) == (0.9999, "exhausted")


@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_are_code_elsewhere_are_names(server: Server, name: str) -> None:
    bad = GOOD + HOSTILE.index(name) * 1e-5
    assert entry(server, name)["remaining"] == pytest.approx(1 - bad / 0.001)


@pytest.mark.parametrize("convention", ["sloth", "pyrra"])
@pytest.mark.parametrize("which", ["service", "environment"])
def test_a_label_that_no_series_has_is_no_absence_of_slos(
    server: Server, convention: str, which: str
) -> None:
    found = one(server, "good", labels={which: "svc"}, convention=convention)
    assert found.status == "unavailable"
    if convention == "sloth":
        assert "none of its series of Sloth has the label svc, which `labels` names" in str(
            found.reason
        )


def test_clocks_that_differ(server: Server) -> None:
    """The gate's is ahead: what it asks about, the server does not know yet."""
    for minutes, statuses in ((3, {"ok"}), (7, {"ok"}), (15, {"stale"}), (3000, {"unavailable"})):
        later = server.now + timedelta(minutes=minutes)
        with time_machine.travel(later, tick=True):
            found = one(server, "good", now=later)
        assert found.status in statuses, minutes
        if minutes > 5 and found.status == "ok":
            assert found.value[0]["state"] == "insufficient_data"
    behind = one(server, "good", now=server.now - timedelta(minutes=3))
    assert behind.value[0]["remaining"] == pytest.approx(0.8)


def slo(name: str, bad: str, total: str, service: str = "good", window: str = "6h") -> Any:
    return {
        "service": service,
        "name": name,
        "objective": 0.99,
        "window": window,
        "bad": bad,
        "total": total,
    }


def counted(name: str) -> tuple[str, str]:
    return (
        f'sum(increase({name}_total{{code="500"}}[$window]))',
        f"sum(increase({name}_total[$window]))",
    )


def test_counters_that_begin_anew(server: Server) -> None:
    found = entry(
        server, "good", convention="query", slos=[slo("a", *counted("resets"), window="1d")]
    )
    assert found["remaining"] == pytest.approx(1 - (1 / 24 / 99) / 0.01, abs=0.01)


@pytest.mark.parametrize("total", ["{}", "clamp_min({}, 1)", "({} or vector(1))"])
def test_a_total_that_is_made_up_does_not_hide_silence(server: Server, total: str) -> None:
    bad, all_ = counted("quiet")
    slos = [slo("a", f"{bad} or vector(0)", total.format(all_), window="1d")]
    found = one(server, "good", convention="query", slos=slos)
    assert found.status == "stale"
    assert "the newest sample of a of good is older than 30m" in str(found.reason)


@pytest.mark.parametrize("method", ["Timeslices", "RatioTimeslices", "Occurrences"])
@pytest.mark.parametrize(("name", "status"), [("quiet", "stale"), ("counted", "ok")])
def test_slices_that_are_longer_than_the_silence(
    server: Server, method: str, name: str, status: str
) -> None:
    source = {"metricSource": {"type": "Prometheus", "spec": {"query": ""}}}
    bad, total = (json.loads(json.dumps(source)) for _ in range(2))
    bad["metricSource"]["spec"]["query"] = f'sum({name}_total{{code="500"}})'
    total["metricSource"]["spec"]["query"] = f"sum({name}_total)"
    objective = {"target": 0.9, "timeSliceTarget": 0.9, "timeSliceWindow": "1h"}
    spec = {
        "service": "good",
        "indicator": {"spec": {"ratioMetric": {"counter": True, "bad": bad, "total": total}}},
        "timeWindow": [{"duration": "12h", "isRolling": True}],
        "budgetingMethod": method,
        "objectives": [objective],
    }
    text = yaml.safe_dump(
        {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": {"name": "a"}, "spec": spec}
    )
    told = {"url": server.address, "convention": "openslo", "specs": "a.yaml"}
    target = Target("good", "production", 1)
    tree = MemoryTree({"a.yaml": text})
    (found,) = observe(Question("prometheus", "slo", [target], told, tree, server.now))
    assert (found.status, found.value[0]["reason"] is None) == (status, status == "ok")


def test_fifty_slos_at_a_server_that_carries_out_twenty_queries(server: Server) -> None:
    slos = [slo(f"slo {index}", *counted("resets"), window="1d") for index in range(50)]
    found = one(server, "good", convention="query", slos=slos)
    assert (found.status, found.reason) == ("ok", None)
    assert len({each["remaining"] for each in found.value}) == 1
    assert all(each["pairs"] for each in found.value)


def forward(server: Server, asked: Asked, body: bytes | None = None) -> Told:
    try:
        with urllib.request.urlopen(
            server.address + asked.path, (body or asked.body) or None, timeout=20
        ) as reply:
            return Told(200, reply.read())
    except urllib.error.HTTPError as error:
        return Told(error.code, error.read())


def test_a_slow_query_costs_its_own_slo(server: Server) -> None:
    """What it cannot tell of one service it tells of another."""
    gone = threading.Event()

    def answer(asked: Asked) -> Told:
        if b"quiet_total" in asked.body:
            gone.wait(20)
        return forward(server, asked)

    slos = [slo("slow", *counted("quiet"), "made-up"), slo("b", *counted("resets"))]
    with web(answer) as front:
        slow, quick = look(
            front, "made-up", "good", convention="query", slos=slos, timeout="1s", now=server.now
        )
        gone.set()
    assert slow.status == "unavailable"
    assert "slow of made-up: no answer within 1 s" in str(slow.reason)
    assert (quick.status, quick.reason) == ("ok", None)


@pytest.mark.parametrize("convention", ["sloth", "pyrra", "query"])
def test_an_answer_that_a_cache_kept(server: Server, convention: str) -> None:
    """It is about another time, or about another question."""
    slos = [slo("b", *counted("resets"))]
    form = {"query": "vector(0)", "time": server.now.timestamp()}
    kept = forward(server, Asked("/api/v1/query", {}, "POST", urlencode(form).encode()))

    def earlier(asked: Asked) -> Told:
        form = {name: each[0] for name, each in parse_qs(asked.body.decode()).items()}
        form["time"] = str(float(form["time"]) - 360)
        return forward(server, asked, urlencode(form).encode())

    for answer in (earlier, lambda _: kept):
        with web(answer) as front:
            found = one(front, "good", convention=convention, slos=slos, now=server.now)
        assert found.status == "unavailable"
        if convention != "pyrra" or answer is not earlier:
            assert "is there a cache before it?" in str(found.reason)


def test_a_sample_that_is_no_time(server: Server) -> None:
    def answer(asked: Asked) -> Told:
        told = forward(server, asked)
        if b"timestamp" not in asked.body:
            return told
        found = json.loads(told.body)
        for each in found["data"]["result"]:
            each["value"][1] = "NaN"
        return Told(200, json.dumps(found).encode())

    with web(answer) as front:
        found = one(front, "good", now=server.now)
    assert found.status == "unavailable"
    assert "it says that a sample is of the time nan" in str(found.reason)
