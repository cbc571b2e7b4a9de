"""Every kind and target that is asked for gets one envelope, whatever the sources say."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from gate.config.load import load
from gate.errors import ConfigError
from gate.evidence.gather import gather
from gate.evidence.interface import Question
from gate.evidence.registry import KINDS, SOURCES
from gate.model.config import EVIDENCE_KINDS, Config
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from tests.unit.config.trees import Files

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CHECKOUT = Target("checkout", "production", 1)
CART = Target("cart", "production")


def envelope(status: str = "ok", **more: Any) -> dict[str, Any]:
    return {"status": status, "observed_at": "2026-11-22T09:00:00Z", **more}


def recorded(**services: Any) -> str:
    return json.dumps({name: {"production": each} for name, each in services.items()})


def ask(
    evidence: str,
    files: dict[str, str] | None = None,
    *,
    kind: str = "incidents",
    targets: tuple[Target, ...] = (CHECKOUT,),
    offline: bool = False,
    environments: str = "{}",
) -> list[Evidence]:
    text = f"environments: {environments}\nevidence: {evidence}"
    tree = Files({".gate.yaml": text, **(files or {})})
    config = load(tree)
    assert config is not None
    return gather([kind], targets, config, tree, now=NOW, offline=offline)


def test_a_kind_without_source_is_not_configured() -> None:
    assert gather(["incidents"], [CHECKOUT], Config(), Files({}), now=NOW, offline=False) == [
        Evidence(
            "incidents",
            "checkout",
            "production",
            "not_configured",
            reason="incidents is not configured",
        )
    ]


def test_a_kind_that_does_not_exist_is_not_skipped() -> None:
    (found,) = gather(["slos"], [CHECKOUT], Config(), Files({}), now=NOW, offline=True)
    assert (found.status, found.reason) == ("unavailable", "there is no evidence called slos")


def test_the_kinds_are_those_of_the_config() -> None:
    assert KINDS == EVIDENCE_KINDS


def test_only_the_kinds_and_targets_that_are_asked_for_are_there() -> None:
    config = Config(evidence={"incidents": [{"file": "slo.json"}], "freeze": [{"switch": {}}]})
    found = gather(
        ["incidents", "alerts", "incidents"],
        [CHECKOUT, CART],
        config,
        Files({}),
        now=NOW,
        offline=False,
    )
    assert [(each.kind, each.service) for each in found] == [
        ("alerts", "checkout"),
        ("alerts", "cart"),
        ("incidents", "checkout"),
        ("incidents", "cart"),
    ]
    assert gather(["incidents"], [], config, Files({}), now=NOW, offline=False) == []
    assert gather([], [CHECKOUT], config, Files({}), now=NOW, offline=False) == []


def test_a_source_that_this_version_lacks_is_never_ignored() -> None:
    (found,) = ask("{alerts: [{alertmanager: {url: http://am}}]}", kind="alerts")
    assert (found.status, found.source) == ("unavailable", "alertmanager")
    assert found.reason == "source alertmanager is not supported by this version"


@pytest.mark.parametrize("source", ["windows: w.yaml", "ical: a.ics", "argocd: {projects: a}"])
def test_offline_a_local_source_is_not_skipped(source: str) -> None:
    (found,) = ask(f"{{freeze: [{{{source}}}]}}", kind="freeze", offline=True)
    assert found.status == "unavailable"


@pytest.mark.parametrize("source", ["switch: {url: http://x}", "ical: https://x.example/a.ics"])
def test_offline_a_source_on_the_network_is_skipped(source: str) -> None:
    (found,) = ask(f"{{freeze: [{{{source}}}]}}", kind="freeze", offline=True)
    name = source.partition(":")[0]
    assert (found.status, found.reason) == ("skipped", f"--offline: {name} was not asked")


@pytest.mark.parametrize(
    "source", ['switch: "${STOP}"', 'ical: "${STOP}"', 'ical: {url: "${STOP}"}']
)
def test_offline_an_address_in_a_variable_is_not_asked(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOP", "http://127.0.0.1:9/stop")
    (found,) = ask(f"{{freeze: [{{{source}}}]}}", kind="freeze", offline=True)
    assert found.status == "skipped"


def test_offline_a_recorded_file_is_still_read() -> None:
    files = {"slo.json": recorded(checkout=envelope(value={"remaining": 0.4}))}
    (found,) = ask("{incidents: [{file: slo.json}]}", files, offline=True)
    assert (found.status, found.value) == ("ok", {"remaining": 0.4})


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_without_value_makes_the_source_unavailable(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is not None:
        monkeypatch.setenv("FOLDER", value)
    (found,) = ask("{incidents: [{file: {path: '${FOLDER}/${NAME}.json'}}]}")
    assert found.status == "unavailable"
    assert found.reason == "${FOLDER} and ${NAME} are not set"


def test_a_variable_takes_its_value_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "${OTHER}")
    files = {"${OTHER}.json": recorded(checkout=envelope(value=1))}
    (found,) = ask("{incidents: [{file: '${NAME}.json'}]}", files)
    assert (found.status, found.value) == ("ok", 1)


def test_a_variable_s_value_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    (found,) = ask("{incidents: [{file: '${TOKEN}.json'}]}")
    assert (found.status, found.source) == ("unavailable", "${TOKEN}.json")
    assert "hunter2" not in repr(found)


def join(one: Any, other: Any) -> Evidence:
    files = {"a.json": recorded(**one), "b.json": recorded(**other)}
    (found,) = ask("{incidents: [{file: a.json}, {file: b.json}]}", files)
    return found


def test_values_of_several_sources_are_joined() -> None:
    early = {"status": "ok", "observed_at": "2026-11-22T10:30:00+02:00", "value": [3]}
    found = join({"checkout": envelope(value=[1, 2])}, {"checkout": early})
    assert found == Evidence(
        "incidents",
        "checkout",
        "production",
        "ok",
        source="a.json, b.json",
        observed_at="2026-11-22T10:30:00+02:00",
        value=[1, 2, 3],
    )


def test_values_that_are_no_lists_are_not_joined_in_silence() -> None:
    found = join({"checkout": envelope(value={"x": 1})}, {"checkout": envelope(value=[1])})
    assert (found.status, found.value) == ("unavailable", None)
    assert found.reason == "several sources answer, and values that are not lists cannot be joined"


def test_one_source_that_cannot_say_spoils_the_answer() -> None:
    found = join({"checkout": envelope(value=[1])}, {"cart": envelope()})
    assert (found.status, found.value) == ("unavailable", None)
    assert found.reason == "b.json says nothing about checkout in production"


def test_a_budget_that_is_known_is_told_where_another_source_is_silent() -> None:
    spent = [{"name": "a", "objective": 0.99, "remaining": -0.1}]
    told = {"checkout": {"production": envelope(value=spent)}}
    files = {"a.json": json.dumps(told), "b.json": json.dumps({})}
    (found,) = ask("{slo: [{file: a.json}, {file: b.json}]}", files, kind="slo")
    assert found.status == "unavailable"
    assert [(each["name"], each["remaining"]) for each in found.value] == [("a", -0.1)]


YEAR_END = {
    "source": "a.json",
    "windows": [{"name": "Y", "from": "2026-11-20T00:00:00Z", "until": "2027-01-06T00:00:00Z"}],
}


@pytest.mark.parametrize("other", ["unavailable", "stale", "skipped"])
def test_a_freeze_that_is_known_is_told_where_another_calendar_is_silent(other: str) -> None:
    """Else a calendar that does not answer would take another one's freeze away."""
    files = {
        "a.json": recorded(checkout=envelope(value=[YEAR_END])),
        "b.json": recorded(checkout=envelope(other, reason="down")),
    }
    (found,) = ask("{freeze: [{file: a.json}, {file: b.json}]}", files, kind="freeze")
    # What is known is not old: a rule that passes over old evidence sees it all the same.
    assert (found.status, found.reason) == ("unavailable" if other == "stale" else other, "down")
    assert [each["windows"][0]["name"] for each in found.value] == ["Y"]
    del files["a.json"]
    (found,) = ask("{freeze: [{file: a.json}, {file: b.json}]}", files, kind="freeze")
    assert found.value is None


@pytest.mark.parametrize(
    ("environments", "target", "status"),
    [
        ("{}", "default", "unavailable"),
        ("{}", "staging", "ok"),
        ("{production: {}}", "production", "ok"),
        ("{staging: {}}", "staging", "unavailable"),
    ],
)
def test_a_window_of_an_environment_that_nobody_names_opens_no_freeze(
    environments: str, target: str, status: str
) -> None:
    """A caller may name environments where the config names none, and may know more of them."""
    window = "{name: Y, from: 2026-11-20, to: 2027-01-06, scope: {environments: [production]}}"
    (found,) = ask(
        "{freeze: [{windows: f.yaml}]}",
        {"f.yaml": f"windows: [{window}]"},
        kind="freeze",
        targets=(Target("checkout", target),),
        environments=environments,
    )
    assert found.status == status
    if status == "unavailable":
        assert "The config knows no environment `production`" in (found.reason or "")


def test_the_worst_status_wins() -> None:
    ok, stale = envelope(value=[1]), envelope("stale", reason="old")
    unavailable = envelope("unavailable", reason="down")
    nothing = envelope("not_configured", reason="no SLO")
    assert join({"checkout": ok}, {"checkout": stale}).status == "stale"
    assert join({"checkout": stale}, {"checkout": unavailable}).reason == "down"
    assert join({"checkout": nothing}, {"checkout": nothing}).status == "not_configured"
    alone = join({"checkout": nothing}, {"checkout": envelope(value={"x": 1})})
    assert (alone.status, alone.value) == ("ok", {"x": 1})


def test_a_source_that_leaves_a_target_out_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, ("incidents", "file"), f"{__name__}:says_nothing")
    (found,) = ask("{incidents: [{file: a.json}]}")
    assert (found.status, found.reason) == ("unavailable", "it gave no answer")


def says_nothing(question: Question) -> list[Evidence]:
    return []


def test_a_source_speaks_for_its_environments_alone() -> None:
    told = {"checkout": {name: envelope(value=[name]) for name in ("production", "staging")}}
    files = {"all.json": json.dumps(told), "prod.json": json.dumps(told)}
    targets = (CHECKOUT, Target("checkout", "staging"), Target("checkout", "test"))
    found = ask(
        "{incidents: [{file: {path: prod.json, environments: [production]}},"
        " {file: {path: all.json, environments: [production, staging]}}]}",
        files,
        targets=targets,
        environments="{production: {}, staging: {}, test: {}}",
    )
    assert [(each.status, each.value) for each in found] == [
        ("ok", ["production", "production"]),
        ("ok", ["staging"]),
        ("not_configured", None),
    ]


def test_sources_are_asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them waits until all have been asked."""
    monkeypatch.setitem(SOURCES, ("incidents", "file"), f"{__name__}:meets")
    found = ask("{incidents: [" + ", ".join("{file: a.json}" for _ in range(20)) + "]}")
    assert [each.status for each in found] == ["ok"]


MEETING = threading.Barrier(20)


def meets(question: Question) -> list[Evidence]:
    MEETING.wait(20)
    return [Evidence(question.kind, "checkout", "production", "ok", value=[])]


def test_a_source_that_does_not_answer_costs_its_own_evidence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(SOURCES, ("freeze", "file"), f"{__name__}:sleeps")
    evidence = {"freeze": [{"file": "a.json"}], "incidents": [{"file": "slo.json"}]}
    tree = Files({"slo.json": recorded(checkout=envelope(value=[1]))})
    config = Config(evidence=evidence)
    freeze, incidents = gather(
        ["incidents", "freeze"], [CHECKOUT], config, tree, now=NOW, offline=False, seconds=0.1
    )
    assert (freeze.status, freeze.reason) == ("unavailable", "no answer within 0.1 seconds")
    assert incidents.status == "ok"


def sleeps(question: Question) -> list[Evidence]:
    threading.Event().wait(60)
    return []


def test_an_error_of_the_gate_s_own_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, ("incidents", "file"), f"{__name__}:fails")
    (found,) = ask("{incidents: [{file: a.json}]}")
    assert (found.status, found.reason) == ("unavailable", "a.json:3: It is broken.")


def fails(question: Question) -> list[Evidence]:
    raise ConfigError("It is broken.", path="a.json", line=3)


def test_nothing_heavy_is_imported_for_what_is_not_asked() -> None:
    code = (
        "import sys, gate.evidence.gather, gate.config.load;"
        "print([m for m in ('yaml', 'jsonschema', 'requests', 'gate.evidence.file')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
