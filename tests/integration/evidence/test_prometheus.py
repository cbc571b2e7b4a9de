"""Budgets from a real Prometheus with Sloth's own rules, and all ways in which it cannot tell."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gate.evidence.gather import gather
from gate.evidence.interface import Question
from gate.evidence.slo import prometheus
from gate.evidence.slo.interface import Plan
from gate.model.config import Config
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from tests.support.command import gate
from tests.support.git import Repo
from tests.support.prometheus import SERVICES, Server, blocks, running, spec
from tests.support.web import Asked, Told, certificate, web
from tests.unit.config.trees import Files


def look(server: Server, *services: str, **settings: Any) -> list[Evidence]:
    """What is found out about services, as of the server's history."""
    targets = [Target(service, "production", 1) for service in services]
    now = settings.pop("now", server.now)
    told = {"url": server.address, **settings}
    return list(prometheus.observe(Question("prometheus", "slo", targets, told, Files({}), now)))


def one(server: Server, service: str, **settings: Any) -> Evidence:
    (found,) = look(server, service, **settings)
    return found


def entry(server: Server, service: str, **settings: Any) -> dict[str, Any]:
    found = one(server, service, **settings)
    assert (found.status, found.reason) == ("ok", None)
    (only,) = found.value
    assert isinstance(only, dict)
    return only


def test_a_healthy_service(history: Server) -> None:
    found = entry(history, "healthy")
    assert found["remaining"] == pytest.approx(0.8)
    assert (found["objective"], found["window"], found["state"]) == (0.999, "30d", "ok")
    assert found["burn_rate"] == pytest.approx(0.2)
    assert [(each["long"], each["factor"]) for each in found["pairs"]] == [
        ("1h", 14.4),
        ("6h", 6.0),
        ("1d", 3.0),
        ("3d", 1.0),
    ]
    assert not any(each["exceeded"] for each in found["pairs"])
    assert found["exhausted_at"] is None


def test_a_service_that_burns(history: Server) -> None:
    found = entry(history, "burning")
    assert found["state"] == "warning"
    assert found["burn_rate"] == pytest.approx(20, rel=1e-3)
    assert [each["exceeded"] for each in found["pairs"]] == [True, True, False, False]
    gone = datetime.fromisoformat(found["exhausted_at"]) - history.now
    assert gone / timedelta(days=30) == pytest.approx(found["remaining"] / 20, rel=1e-3)


def test_a_budget_that_is_gone_comes_back_when_the_bad_day_leaves_the_window(
    history: Server,
) -> None:
    found = entry(history, "exhausted")
    assert found["state"] == "exhausted"
    assert found["remaining"] == pytest.approx(-2.53, abs=0.1)
    points = found["projection"]
    assert 2 <= len(points) <= 62
    assert points == sorted(points, key=lambda point: (point["at"], point["remaining"]))
    back = next(point["at"] for point in points if point["remaining"] > 0)
    left = datetime.fromisoformat(back) - history.now
    assert timedelta(days=19) < left <= timedelta(days=20, hours=13)
    assert points[-1]["remaining"] == 1


@pytest.mark.parametrize("service", ["healthy", "burning", "exhausted"])
def test_the_numbers_agree_with_those_of_sloth(history: Server, service: str) -> None:
    at = history.settled(service)
    series = f'slo:period_error_budget_remaining:ratio{{sloth_service="{service}"}}'
    (own,) = history.query(series, at)
    remaining = entry(history, service, now=at)["remaining"]
    assert remaining == pytest.approx(float(own["value"][1]), abs=1e-6)


def test_a_service_that_fell_silent_is_stale(history: Server) -> None:
    found = one(history, "silent")
    assert found.status == "stale"
    assert "the newest sample of availability of silent is from" in str(found.reason)
    assert "3 h ago, and max_age is 10m" in str(found.reason)
    assert found.value[0]["state"] == "insufficient_data"
    assert entry(history, "silent", max_age="4h")["remaining"] == pytest.approx(0.8)


def test_a_single_nan_is_no_calm(history: Server) -> None:
    found = entry(history, "nan")
    assert (found["state"], found["remaining"]) == ("insufficient_data", None)
    assert "NaN" in found["reason"]


def test_errors_that_nobody_counts_are_not_taken_as_none(history: Server) -> None:
    found = entry(history, "flawless")
    assert (found["state"], found["remaining"]) == ("insufficient_data", None)
    assert "falls back to `vector(0)`" in found["reason"]
    assert entry(history, "flawless", absent_errors="none")["remaining"] == 1


def test_a_service_without_an_slo_has_an_empty_list(history: Server) -> None:
    assert one(history, "ledger").value == []
    assert one(history, "ledger").status == "ok"


def test_a_server_without_any_series_of_the_convention_tells_nothing(history: Server) -> None:
    for settings in ({"convention": "pyrra"}, {"selector": 'cluster="eu"'}):
        found = one(history, "healthy", **settings)
        assert found.status == "unavailable"
        assert "is this the right server" in str(found.reason)
    long_ago = history.now - timedelta(days=400)
    assert one(history, "healthy", now=long_ago).status == "unavailable"


def test_a_time_that_is_yet_to_come_is_asked_about_as_now(history: Server) -> None:
    later = datetime.now(UTC) + timedelta(days=20)
    assert one(history, "exhausted", now=later).status in {"ok", "stale"}


def test_labels_and_selector(history: Server) -> None:
    assert entry(
        history,
        "availability",
        labels={"service": "sloth_slo"},
        selector=('sloth_service="healthy"'),
    )["remaining"] == pytest.approx(0.8)
    several = one(history, "availability", labels={"service": "sloth_slo"}, max_age="4h")
    assert (several.status, len(several.value)) == ("ok", len(SERVICES))


@pytest.mark.parametrize("name", ['a"} or {b="', "a\\", "a\nb", "a|healthy", "h.*", "ü"])
def test_names_do_not_get_into_the_query(history: Server, name: str) -> None:
    found = one(history, name)
    assert (found.status, found.value) == ("ok", [])


def test_a_bad_selector_is_shown_in_the_servers_words(history: Server) -> None:
    found = one(history, "healthy", selector="cluster=")
    assert found.status == "unavailable"
    assert "it does not take the query:" in str(found.reason)
    assert "parse error" in str(found.reason)


Answer = Callable[[Asked], Told]


@pytest.fixture
def stub() -> Iterator[Callable[[Answer], Server]]:
    open_ones = []

    def start(answer: Answer) -> Server:
        context = web(answer)
        server = context.__enter__()
        open_ones.append(context)
        return Server(server.address, datetime.now(UTC), None)  # type: ignore[arg-type]

    yield start
    for context in open_ones:
        context.__exit__(None, None, None)


def told(code: int = 200, /, **answer: Any) -> Told:
    return Told(code, json.dumps(answer).encode())


SOME = {"resultType": "vector", "result": [{"metric": {}, "value": [1, "1"]}]}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Told(401), "it does not accept who asks (401)"),
        (Told(403, b"no"), "it does not let gate ask this (403): no"),
        (Told(404), "it has nothing at this address (404)"),
        (Told(302, headers={"Location": "/login"}), "it is elsewhere (302)"),
        (Told(500), "it fails with status 500"),
        (Told(200, b"<html>"), "its answer is not JSON"),
        (Told(200, b"[]"), "its answer is none of Prometheus"),
        (told(status="success"), "its answer is none of Prometheus"),
        (
            told(status="success", data=SOME, warnings=["store gone"]),
            "its answer is not whole: store gone",
        ),
        (told(status="success", data=SOME, isPartial=True), "its answer is not whole: isPartial"),
        (told(status="success", data=SOME), "its answer is about 1970-01-01T00:00:01Z, and"),
        (
            told(400, status="error", errorType="bad_data", error="parse error: x"),
            "it does not take the query: parse error: x",
        ),
        (
            told(503, status="error", errorType="timeout", error="query timed out"),
            "it gave up the query: query timed out",
        ),
        (
            told(422, status="error", errorType="execution", error="too many samples"),
            "it cannot carry out the query: too many samples",
        ),
        (told(status="error", errorType="internal", error="x"), "it fails: x"),
        (
            told(status="success", data={"resultType": "scalar", "result": [1, "1"]}),
            "the query gives a scalar, where a vector is needed",
        ),
        (
            told(
                status="success",
                data={"resultType": "vector", "result": [{"metric": {}, "histogram": [1, {}]}]},
            ),
            "the query gives histograms",
        ),
        (
            told(
                status="success",
                data={"resultType": "vector", "result": [{"metric": {}, "value": [1, "x"]}]},
            ),
            "its answer holds a sample that is none",
        ),
        (Told(401, b"no org id"), "no org id"),
    ],
)
@pytest.mark.parametrize("convention", ["sloth", "pyrra"])
def test_each_failure_has_its_reason(
    stub: Callable[[Answer], Server], answer: Told, reason: str, convention: str
) -> None:
    server = stub(lambda _: answer)
    found = one(server, "healthy", convention=convention, token="an-example-of-a-token")
    assert (found.status, found.value) == ("unavailable", None)
    assert str(found.reason).startswith(f"{server.address}: ")
    assert reason in str(found.reason)
    assert "an-example-of-a-token" not in str(found.reason)


def test_infos_of_the_server_are_no_problem(stub: Callable[[Answer], Server]) -> None:
    answer = told(status="success", data={"resultType": "vector", "result": []}, infos=["rate of"])
    found = one(stub(lambda _: answer), "healthy")
    assert "it has no series of Sloth" in str(found.reason)


def test_prefix_tenant_and_token_arrive(history: Server, stub: Callable[[Answer], Server]) -> None:
    seen = []

    def answer(asked: Asked) -> Told:
        seen.append(asked)
        return Told(401)

    server = stub(answer)
    server = replace(server, address=f"{server.address}/prometheus/")
    one(server, "healthy", token="t", headers={"X-Scope-OrgID": "shop"})
    assert {each.path for each in seen} == {"/prometheus/api/v1/query"}
    assert {each.headers["X-Scope-OrgID"] for each in seen} == {"shop"}
    assert {each.headers["Authorization"] for each in seen} == {"Bearer t"}


def test_user_and_password_of_the_address_are_not_shown(
    stub: Callable[[Answer], Server],
) -> None:
    server = stub(lambda _: Told(403))
    hidden = server.address.replace("//", "//me:hidden@")
    found = one(replace(server, address=f"{hidden}/?key=hidden"), "healthy")
    assert "hidden" not in str(found)


def test_tls_with_a_client_certificate(history: Server, tmp_path: Path) -> None:
    """Before the real server stands one that asks for a certificate."""
    (tmp_path / "mine").mkdir()
    theirs, mine = certificate(tmp_path), certificate(tmp_path / "mine")

    def forward(asked: Asked) -> Told:
        import urllib.request

        with urllib.request.urlopen(history.address + asked.path, asked.body or None) as reply:
            return Told(200, reply.read())

    with web(forward, theirs, clients=mine.certificate) as front:
        server = replace(history, address=front.address)
        files = {"certificate": str(mine.certificate), "key": str(mine.key)}
        ca = str(theirs.certificate)
        assert entry(server, "healthy", ca=ca, **files)["remaining"] == pytest.approx(0.8)
        refused = str(one(server, "healthy", ca=ca).reason)
        assert "client certificate" in refused or "broke off the connection" in refused
        assert "its certificate is not trusted" in str(one(server, "healthy", **files).reason)


def test_a_server_that_dies_in_the_middle(tmp_path: Path) -> None:
    """It hangs with a question on its way, and is then killed; another source still answers."""
    blocks(tmp_path, iter(["# TYPE a gauge", f"a 1 {int(time.time())}"]))
    with running(tmp_path) as server:
        server.process.send_signal(signal.SIGSTOP)
        threading.Timer(0.5, server.kill).start()
        found = gather(
            ["slo"],
            [Target("checkout", "production", 1), Target("ledger", "staging", 1)],
            Config(
                evidence={
                    "slo": (
                        {"prometheus": {"url": server.address, "environments": ["production"]}},
                        {"file": {"path": "slo.json", "environments": ["staging"]}},
                    )
                }
            ),
            Files({"slo.json": '{"ledger": {"staging": {"status": "ok", "value": []}}}'}),
            now=server.now,
            offline=False,
        )
    checkout, ledger = found
    assert (checkout.status, checkout.service) == ("unavailable", "checkout")
    assert str(checkout.reason).endswith(
        ("it refuses the connection", "it broke off the connection")
    )
    assert (ledger.status, ledger.value) == ("ok", [])


def plan(number: int) -> Plan:
    service = SERVICES[number % 3]
    counter = f'http_requests_total{{job="{service}"'
    return Plan(
        "checkout",
        None,
        f"slo {number}",
        0.999,
        timedelta(days=30),
        bad=f'sum(increase({counter},code="500"}}[30d])) / sum(increase({counter}}}[30d]))',
        rates={
            w: f'sum(rate({counter},code="500"}}[{w}])) / sum(rate({counter}}}[{w}]))'
            for w in ("5m", "30m", "1h")
        },
        traffic=f"sum(increase({counter}}}[30d]))",
        errors=f'count({counter},code="500"}})',
        badness=f'sum(increase({counter},code="500"}}[$step]))',
    )


def planned(monkeypatch: pytest.MonkeyPatch, plans: Sequence[Plan]) -> None:
    module = SimpleNamespace(plans=lambda question, settings: list(plans))
    monkeypatch.setattr(prometheus, "import_module", lambda name: module)


def test_planned_queries(history: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(monkeypatch, [plan(number) for number in range(3)])
    found = one(history, "checkout", convention="query")
    assert (found.status, found.reason) == ("ok", None)
    healthy, burning, exhausted = found.value
    assert healthy["remaining"] == pytest.approx(0.8, abs=1e-3)
    assert [each["state"] for each in found.value] == ["ok", "warning", "exhausted"]
    assert burning["burn_rate"] == pytest.approx(20, rel=0.01)
    assert exhausted["remaining"] == pytest.approx(-2.53, abs=0.1)
    assert len(exhausted["projection"]) > 2


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("sum(", "unavailable", "the query of bad: it does not take the query"),
        ("http_requests_total", "unavailable", "where one number is needed"),
        ("1", "unavailable", "the query of bad: the query gives a scalar"),
        ("nothing_at_all", "ok", "its query gives nothing: there is no data of it"),
        ("vector(0) / vector(0)", "ok", "its share of errors is NaN"),
        ("vector(1) / vector(0)", "ok", "its share of errors is infinite"),
        ("vector(2)", "ok", "its share of errors is 2, which no share can be"),
    ],
)
def test_a_planned_query_that_gives_no_share(
    history: Server, monkeypatch: pytest.MonkeyPatch, query: str, status: str, reason: str
) -> None:
    planned(monkeypatch, [replace(plan(0), bad=query)])
    found = one(history, "checkout", convention="query")
    assert found.status == status
    assert found.value[0]["state"] == "insufficient_data"
    assert reason in str(found.reason or found.value[0]["reason"])


def test_planned_queries_of_what_is_silent_or_not_counted(
    history: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = 'sum(increase(http_requests_total{job="silent"}[$age]))'
    planned(monkeypatch, [replace(plan(0), alive=silent)])
    found = one(history, "checkout", convention="query")
    assert found.status == "stale"
    assert str(found.reason).endswith("the newest sample of slo 0 of checkout is older than 30m")
    assert one(history, "checkout", convention="query", max_age="4h").status == "ok"
    planned(monkeypatch, [replace(plan(0), bad="vector(0)", errors="nothing_at_all")])
    (found,) = one(history, "checkout", convention="query").value
    assert "no series of errors exists" in found["reason"]
    planned(monkeypatch, [replace(plan(0), traffic="nothing_at_all")])
    (found,) = one(history, "checkout", convention="query").value
    assert found["reason"] == "nothing was measured within its window"


def test_fifty_objectives_cost_about_as_much_as_the_slowest(
    stub: Callable[[Answer], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(asked: Asked) -> Told:
        time.sleep(0.3)
        kind = "matrix" if "query_range" in asked.path else "vector"
        return told(status="success", data={"resultType": kind, "result": []})

    server = stub(answer)

    def cost(count: int) -> float:
        planned(monkeypatch, [plan(number) for number in range(count)])
        start = time.perf_counter()
        assert len(one(server, "checkout", convention="query").value) == count
        return time.perf_counter() - start

    assert cost(50) < 10 * cost(1)


def test_the_command_shows_the_evidence(history: Server, tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "repository")
    config = (
        "version: 1\nenvironments: {production: {paths: ['**']}}\n"
        "services: {exhausted: {paths: ['**'], tier: 1}}\n"
        f"evidence: {{slo: [{{prometheus: {{url: '{history.address}'}}}}]}}\n"
    )
    repo.write(".gate.yaml", config)
    manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: exhausted}\nspec: {}\n"
    repo.write("a.yaml", manifest)
    repo.stage()
    repo.commit("one")
    repo.write("a.yaml", manifest.replace("{}", "{replicas: 2}"))
    repo.stage()
    repo.commit("two")
    now = history.now.isoformat()
    done = gate("context", "--base", "HEAD~1", "--head", "HEAD", "--now", now, cwd=repo.path)
    assert done.code == 0, done.err
    envelope = json.loads(done.out)["evidence"]["slo"]["exhausted"]["production"]
    assert envelope["status"] == "ok"
    assert envelope["value"][0]["state"] == "exhausted"


def test_an_slo_of_the_specs_without_series_is_missing_data(history: Server) -> None:
    files = {"slos/healthy.yml": spec("healthy"), "slos/ledger.yml": spec("ledger")}
    told = {"url": history.address, "specs": "slos/*.yml"}
    targets = [Target(service, "production", 1) for service in ("healthy", "ledger", "cart")]
    question = Question("prometheus", "slo", targets, told, Files(files), history.now)
    healthy, ledger, cart = prometheus.observe(question)
    assert healthy.value[0]["place"] == "slos/healthy.yml:4"
    assert [each["state"] for each in ledger.value] == ["insufficient_data"]
    assert ledger.value[0]["reason"] == "its spec is there, and no series of it"
    assert (cart.status, cart.value) == ("ok", [])
