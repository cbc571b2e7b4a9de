"""`gate doctor`: a set-up that is whole is proven, and each hole in one is found with its key."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from syrupy.assertion import SnapshotAssertion

from gate import schemas
from gate.cli.demo import NOW as DEMO_NOW
from gate.cli.demo import make_shop
from gate.cli.doctor import doctor as command
from tests.support.command import gate
from tests.support.doctored import DEPLOYMENT, NOW, changed, made
from tests.support.git import Repo
from tests.support.opa import running
from tests.support.tools import need
from tests.support.web import Asked, Told, web

HERE = ("--only", "setup", "--only", "sources", "--only", "faults")
RULE = """\
# METADATA
# title: A name
# description: Names are good.
# scope: package
# custom:
#   level: deny
#   remediation: Choose another.
package gate.team.named

deny contains {"message": "a bad name", "resource": r.id} if {
	some r in input.resources
	r.name == "bad"
}
"""


def doctor(repo: Repo, *arguments: str, env: Mapping[str, str] | None = None) -> Any:
    """What it finds, as JSON that its schema allows."""
    words = ["--repo", str(repo.path), "--now", NOW, "-o", "json", *arguments]
    run = CliRunner().invoke(command, words, env=env, standalone_mode=False, catch_exceptions=False)
    found = json.loads(run.stdout)
    jsonschema.Draft202012Validator(schemas.load("doctor")).validate(found)
    assert found["exit_code"] == run.return_value
    return found


def holes(found: Any) -> dict[str, list[str]]:
    """The checks with a hole, by what makes it."""
    told: dict[str, list[str]] = {}
    for each in found["results"]:
        if each["state"] == "hole":
            told.setdefault(each["key"], []).append(each["check"])
    return told


def state(found: Any, check: str) -> tuple[str, str]:
    (only,) = [each for each in found["results"] if each["check"] == check]
    return only["state"], only["told"]


def test_a_whole_set_up_is_proven_and_nothing_is_left_behind(tmp_path: Path) -> None:
    repo = made(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    found = doctor(repo, *HERE)
    assert found["exit_code"] == 0, json.dumps(found["results"], indent=1)
    proofs = {each["check"]: each["proof"] for each in found["results"] if each["proof"]}
    assert {check.partition(": ")[2] for check in proofs if check.startswith("slo")} == {
        "missing",
        "empty",
        "broken",
        "says nothing",
        "no SLOs",
        "NaN",
        "stale",
    }
    assert (
        "no file `freezes.yaml` in main" in proofs["freeze windows freezes.yaml: missing"]["reason"]
    )
    assert "slo.budget_exhausted" in proofs["slo file slo.json: stale"]["rules"]
    assert repo.git("status", "--porcelain") == ""
    assert sorted(tmp_path.rglob("*")) == before


NO_SLO = {"slo": None}
NONE = {"slo": None, "freeze": None}
ALL = ["slo", "freeze"]
NO_FREEZE = {"freeze": None}


@pytest.mark.parametrize(
    ("config", "key"),
    [
        (
            changed(rules={"slo.budget_exhausted": {"on_unavailable": "warn"}}, evidence=NO_FREEZE),
            "rules.slo.budget_exhausted.on_unavailable",
        ),
        (changed(mode="advisory", evidence=NO_SLO), "mode"),
        (changed(evidence=NO_SLO), "evidence.slo"),
        (changed(rules={"freeze.active": "off"}, evidence=NO_SLO), "rules.freeze.active"),
        (changed(rules={"slo.missing": "off"}, evidence=NO_FREEZE), "rules.slo.missing"),
        (
            changed(rules={"change.weakens_gate": None}, evidence=NO_SLO),
            "rules.change.weakens_gate",
        ),
        (
            changed(evidence={**NO_FREEZE, "slo": [{"file": "slo.json"}]}),
            "evidence.slo[0].file.max_age",
        ),
        (changed(manifests={"unreadable": "list"}, evidence=NO_SLO), "manifests.unreadable"),
    ],
)
def test_each_hole_is_found_with_its_key(tmp_path: Path, config: dict[str, Any], key: str) -> None:
    found = doctor(made(tmp_path, config), *HERE)
    assert key in holes(found), json.dumps(found["results"], indent=1)
    assert found["exit_code"] == 1


def test_holes_can_be_accepted_by_their_key(tmp_path: Path) -> None:
    repo = made(tmp_path, changed(mode="advisory", evidence=NO_SLO))
    keys = holes(doctor(repo, *HERE))
    assert keys.keys() == {"mode", "evidence.slo"}
    found = doctor(repo, *HERE, "--accept", "mode", "--accept", "evidence.slo")
    assert found["exit_code"] == 0
    assert found["summary"]["accepted"] == sum(map(len, keys.values()))
    assert doctor(repo, "--only", "setup", "--accept", "evidence.slo")["exit_code"] == 1


def test_missing_evidence_that_denies_and_fails_nothing_is_a_hole(tmp_path: Path) -> None:
    ways = {"level": "deny", "on_unavailable": "deny"}
    needing = ("budget_exhausted", "budget_low", "burning_fast", "data_missing", "missing")
    rules: dict[str, Any] = {f"slo.{name}": ways for name in needing}
    rules["slo.objective_below_standard"] = ways
    repo = made(tmp_path, changed(rules=rules, evidence=NO_FREEZE))
    found = doctor(repo, "--only", "faults", "--fail-on", "never")
    assert holes(found).keys() == {"--fail-on"}
    assert "slo file slo.json: missing" in holes(found)["--fail-on"]


@pytest.mark.parametrize(
    ("ways", "key"),
    [
        ({"pull_request": "warn", "merge_group": "undecided"}, None),
        ({"pull_request": "warn", "merge_group": "warn"}, "on_unavailable.merge_group"),
        ({"push": "warn"}, "on_unavailable.push"),
        ({"default": "warn", "push": "deny"}, "on_unavailable.default"),
        ("warn", "on_unavailable"),
    ],
)
def test_an_event_on_which_missing_evidence_only_warns(
    tmp_path: Path, ways: Any, key: str | None
) -> None:
    repo = made(tmp_path, changed(on_unavailable=ways, evidence=NO_SLO, require=["slo"]))
    found = doctor(repo, *HERE)
    assert (key in holes(found)) if key else not holes(found)
    if key is None:
        assert "on pull_request missing evidence only warns" in state(found, "on_unavailable")[1]


def test_required_evidence_without_a_source_is_no_hole(tmp_path: Path) -> None:
    found = doctor(made(tmp_path, changed(evidence=NO_SLO, require=["slo"])), *HERE)
    assert found["exit_code"] == 0
    assert state(found, "slo: no source")[0] == "ok"


def test_variables_that_change_every_run_are_told(tmp_path: Path) -> None:
    given = {"GATE_NOW": NOW, "GATE_TRUST": "head", "GATE_OFFLINE": "false"}
    found = doctor(made(tmp_path), "--only", "setup", env=given)
    assert set(holes(found)) == {"GATE_NOW", "GATE_TRUST"}


def test_a_source_that_is_down_is_told_and_its_faults_are_proven(tmp_path: Path) -> None:
    secret = "not-for-any-eyes"
    source = {"url": "http://127.0.0.1:9/cal.ics", "token": "${CALENDAR_TOKEN}"}
    repo = made(
        tmp_path, changed(evidence={**NO_SLO, "freeze": [{"ical": source}]}, require=["slo"])
    )
    found = doctor(repo, *HERE, env={"CALENDAR_TOKEN": secret})
    assert found["exit_code"] == 3
    assert "refuses the connection" in state(found, "freeze ical")[1]
    proven = {
        each["proof"]["fault"]: each["proof"]["reason"]
        for each in found["results"]
        if each["proof"] and each["proof"]["source"] == "ical"
    }
    assert proven.keys() == {
        "its variables not set",
        "down",
        "time-out",
        "unauthorised",
        "fails (500)",
        "a page to log in",
        "broken answer",
        "empty answer",
    }
    assert "not set" in proven["its variables not set"]
    assert "no answer within" in proven["time-out"]
    assert "(401)" in proven["unauthorised"]
    assert "page for people" in proven["a page to log in"]
    assert secret not in json.dumps(found)
    unset = doctor(repo, "--only", "sources", env={"CALENDAR_TOKEN": ""})
    assert "${CALENDAR_TOKEN} is not set here" in state(unset, "freeze ical")[1]


def test_a_service_without_an_slo_of_the_source_is_not_taken_for_unseen(tmp_path: Path) -> None:
    """The settings name all its SLOs, so that an outage hides nothing of the other service."""
    slo = {"service": "checkout", "environment": "production", "name": "available"}
    slo |= {"objective": 0.999, "window": "28d", "bad": "bad[$window]", "total": "total[$window]"}
    source = {"url": "http://127.0.0.1:9", "convention": "query", "slos": [slo]}
    services = {"ledger": {"paths": ["apps/ledger/**"], "tier": 1}}
    config = changed(services=services, evidence={"slo": [{"prometheus": source}]})
    ledger = DEPLOYMENT.replace("checkout", "ledger")
    found = doctor(made(tmp_path, config, **{"apps/ledger/deployment.yaml": ledger}), *HERE)
    told = {each["proof"]["after"] for each in found["results"] if "prometheus: " in each["check"]
            and each["proof"]}  # fmt: skip
    assert told, found
    assert all("undecided" in each for each in told)
    assert holes(found) == {}


def test_no_secret_goes_to_a_server_of_the_doctor(tmp_path: Path) -> None:
    calendar = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nEND:VCALENDAR\r\n"
    with web(lambda _: Told(body=calendar, headers={"Content-Type": "text/calendar"})) as server:
        source = {"url": f"{server.address}/a.ics", "token": "${CALENDAR_TOKEN}"}
        repo = made(
            tmp_path, changed(evidence={**NO_SLO, "freeze": [{"ical": source}]}, require=["slo"])
        )
        found = doctor(repo, *HERE, env={"CALENDAR_TOKEN": "a-token-of-the-test"})
    assert found["exit_code"] == 0, json.dumps(found["results"], indent=1)
    assert {asked.headers.get("Authorization") for asked in server.asked} == {
        "Bearer a-token-of-the-test"
    }


def test_offline_asks_nothing_and_still_breaks_what_it_can(tmp_path: Path) -> None:
    def answer(_: Asked) -> Told:
        raise AssertionError("it was asked")

    with web(answer) as server:
        switch = [{"switch": {"url": f"{server.address}/freeze"}}]
        repo = made(tmp_path, changed(evidence={**NO_SLO, "freeze": switch}, require=["slo"]))
        found = doctor(repo, "--offline", *HERE)
        assert server.asked == []
    assert found["exit_code"] == 3
    assert state(found, "freeze switch")[0] == "not_looked"
    assert state(found, "freeze switch: down")[0] == "ok"


def test_policies_of_the_repository_are_missed(tmp_path: Path) -> None:
    config = changed(policies=["builtin", "policies"], evidence=NONE, require=ALL)
    repo = made(tmp_path, config, **{"policies/team/named.rego": RULE})
    found = doctor(repo, *HERE)
    assert found["exit_code"] == 0, json.dumps(found["results"], indent=1)
    assert state(found, "policies: the folder is missing")[0] == "ok"
    assert state(found, "policies: policies/team/named.rego does not parse")[0] == "ok"


def test_an_engine_that_is_gone_lets_nothing_pass(tmp_path: Path) -> None:
    need("opa")
    repo = made(tmp_path / "repo", changed(engine="opa", evidence=NONE, require=ALL))
    found = doctor(repo, "--only", "faults")
    assert state(found, "engine: no opa")[0] == "ok"
    bundle = tmp_path / "bundle.tar.gz"
    assert gate("policy", "bundle", "-o", bundle, cwd=repo.path).code == 0
    with running("--bundle", str(bundle)) as opa:
        found = doctor(repo, "--only", "faults", "--engine", f"http://127.0.0.1:{opa.port}")
    assert state(found, "engine: server gone")[0] == "ok"
    gone = doctor(repo, *HERE, "--engine", "http://127.0.0.1:9")
    assert gone["exit_code"] == 3
    assert state(gone, "engine")[0] == "not_looked"


def test_a_config_that_is_not_on_the_default_branch_judges_nobody_yet(tmp_path: Path) -> None:
    repo = made(tmp_path)
    text = (tmp_path / ".gate.yaml").read_text()
    repo.remove(".gate.yaml")
    repo.commit("away")
    repo.write(".gate.yaml", text)
    found = doctor(repo, *HERE)
    assert state(found, "config") == (
        "hole",
        "main has no config: the built-in defaults judge there",
    )
    assert doctor(repo, *HERE, "--trust", "head")["exit_code"] == 0


def test_a_repository_without_services_proves_nothing(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path)
    repo.commit("a page", **{"README.md": "hello\n"})
    found = doctor(repo, *HERE)
    assert found["exit_code"] == 3
    assert state(found, "targets")[0] == "not_looked"
    assert state(found, "probe")[0] == "not_looked"


def test_a_service_that_only_code_stands_for_is_tried_too(tmp_path: Path) -> None:
    services = {"search": {"paths": ["src/search/**"]}, "lost": {"paths": ["src/lost/**"]}}
    slo = [{"file": "slo.json"}]
    repo = made(
        tmp_path,
        changed(services=services, evidence={"slo": slo}),
        **{"src/search/a.py": "a = 1\n"},
    )
    found = doctor(repo, "--only", "setup")
    lost = [each["told"] for each in found["results"] if each["state"] == "not_looked"]
    assert lost == ["no file of lost in production is found"]
    assert found["targets"] == 2


def test_a_config_that_does_not_load_is_an_error_as_ever(tmp_path: Path) -> None:
    repo = made(tmp_path)
    repo.commit("wrong", **{".gate.yaml": "version: 1\nmodus: enforce\n"})
    run = gate("doctor", "-o", "json", cwd=tmp_path)
    assert run.code == 2
    assert run.json["error"]["path"] == ".gate.yaml"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doctor") / "shop"
    make_shop(folder)
    return folder


def test_the_example_in_each_detail(shop: Path, snapshot: SnapshotAssertion) -> None:
    run = gate("doctor", "--now", DEMO_NOW, *HERE, "-v", cwd=shop)
    assert re.sub(r"embedded [0-9.]+:", "embedded X:", run.out) == snapshot
