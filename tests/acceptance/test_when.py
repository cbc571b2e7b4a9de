"""`gate when` on real repositories, and the page about it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gate import schemas
from tests.support.command import Run, check, gate
from tests.support.git import Repo
from tests.support.tools import ROOT, need

PAGE = (ROOT / "docs" / "when.md").read_text(encoding="utf-8")
NOW = "2026-11-22T10:00:00Z"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: checkout, namespace: shop}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: checkout}}}}
  template:
    metadata: {{labels: {{app: checkout}}}}
    spec:
      containers:
        - name: app
          image: "registry.example/checkout@sha256:{digest}"
          readinessProbe: {{httpGet: {{path: /, port: 80}}}}
          resources: {{requests: {{cpu: 1, memory: 1Gi}}, limits: {{memory: 1Gi}}}}
"""


def deployment(replicas: int) -> str:
    return DEPLOYMENT.format(replicas=replicas, digest="a" * 64)


HEALTHY = {"name": "availability", "objective": 0.999, "window": "30d", "remaining": 0.9}
LATEST = re.sub("@sha256:a+", ":latest", deployment(3))


def files() -> dict[str, str]:
    """The files that the page shows."""
    return dict(re.findall(r"<!-- ([\w./]+) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    for path, text in files().items():
        made.write(path, text)
    made.write("apps/checkout/deployment.yaml", deployment(3))
    made.commit("start")
    made.branch("more")
    made.write("apps/checkout/deployment.yaml", deployment(4))
    made.commit("more")
    made.git("checkout", "-q", "-b", "latest", "main")
    made.write("apps/checkout/deployment.yaml", LATEST)
    made.commit("latest")
    made.git("checkout", "-q", "more")
    return made


def when(repo: Repo, *arguments: str, now: str = NOW) -> Run:
    run = gate("when", "--base", "main", "--now", now, *arguments, cwd=repo.path)
    assert run.code in {0, 1, 3}, str(run)
    return run


def told(repo: Repo, *arguments: str, now: str = NOW) -> Any:
    found = when(repo, "-o", "json", *arguments, now=now).json
    jsonschema.Draft202012Validator(schemas.load("when")).validate(found)
    return found


def on_main(repo: Repo, **written: str) -> None:
    """Commits to main, and puts the branch upon it."""
    repo.git("checkout", "-q", "main")
    for path, text in written.items():
        repo.write(path, text)
    repo.commit("more on main")
    repo.git("checkout", "-q", "more")
    repo.git("rebase", "-q", "main")


def recorded(status: str, value: Any = None, reason: str | None = None) -> str:
    envelope = {"status": status, "observed_at": NOW, "value": value, "reason": reason}
    return json.dumps({"checkout": {"production": envelope}})


EXAMPLES = re.findall(r"<!-- (gate .*?) -->\n```(?:text|json)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("command", "shown"), EXAMPLES)
def test_each_output_on_the_page_is_that_of_its_command(
    repo: Repo, command: str, shown: str
) -> None:
    run = gate(*command.split()[1:], cwd=repo.path, env={"COLUMNS": "80"})
    assert run.out == shown, str(run)
    assert run.err == ""


def test_the_page_explains_each_way_to_end() -> None:
    ways = schemas.load("when")["$defs"]["obstacle"]["properties"]["ends"]["enum"]
    table = PAGE.partition("| `ends` | means |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == ways


def test_the_windows_that_follow_each_other_are_skipped_and_the_budget_waits(repo: Repo) -> None:
    found = told(repo)
    assert (found["passes"], found["exit_code"], found["verdict"]) == (False, 1, "deny")
    assert found["earliest"] == {
        "at": "2026-11-24T08:00:00Z",
        "rests_on": "projection",
        "verdict": "warn",
        "until": "2026-11-27T17:00:00Z",
    }
    assert [(each["rule"], each["ends"], each["at"]) for each in found["obstacles"]] == [
        ("freeze.active", "certain", "2026-11-23T08:00:00Z"),
        ("slo.budget_exhausted", "projection", "2026-11-23T14:00:00Z"),
        ("freeze.active", "certain", "2026-11-24T08:00:00Z"),
    ]


@pytest.mark.parametrize(("before", "at"), [("2026-11-24T07:59:59Z", "2026-11-24T08:00:00Z")])
def test_it_passes_at_the_time_that_was_said_and_not_a_second_before(
    repo: Repo, before: str, at: str
) -> None:
    on_main(repo, **{"facts/slo.json": recorded("ok", [HEALTHY])})
    assert told(repo)["earliest"]["at"] == at
    assert check(repo.path, "--base", "main", "--now", before)["verdict"] == "deny"
    assert check(repo.path, "--base", "main", "--now", at)["verdict"] == "pass"


def test_what_blocks_says_in_the_verdict_when_it_ends(repo: Repo) -> None:
    verdict = check(repo.path, "--base", "main", "--now", NOW)
    ends = {each["rule"]: each["unblock"] for each in verdict["findings"] if each["unblock"]}
    assert ends["freeze.active"]["at"] == "2026-11-23T08:00:00Z"
    assert ends["slo.budget_exhausted"]["at"] == "2026-11-23T14:00:00Z"
    assert ends["slo.budget_exhausted"]["how"].startswith("if no more errors come")
    assert verdict["valid_until"] == "2026-11-23T06:30:00Z"  # freeze.soon begins to warn.


def test_a_pass_is_valid_until_a_freeze_is_near(repo: Repo) -> None:
    on_main(repo, **{"facts/slo.json": recorded("ok", [HEALTHY])})
    verdict = check(repo.path, "--base", "main", "--now", "2026-11-24T08:00:00Z")
    assert (verdict["verdict"], verdict["valid_until"]) == ("pass", "2026-11-27T16:30:00Z")
    at = [
        check(repo.path, "--base", "main", "--now", f"2026-11-27T16:30:0{second}Z")["verdict"]
        for second in (0, 1)
    ]
    assert at == ["pass", "warn"]


def test_a_calendar_that_is_down_is_undecided_and_needs_a_person(repo: Repo) -> None:
    down = recorded("unavailable", reason="it answered 503")
    on_main(repo, **{"facts/freeze.json": down, "facts/slo.json": recorded("ok", [HEALTHY])})
    found = told(repo)
    assert (found["exit_code"], found["earliest"], found["without"]) == (3, None, None)
    assert {each["ends"] for each in found["obstacles"]} == {"person"}
    assert all("it answered 503" in each["message"] for each in found["obstacles"])


def test_a_budget_that_is_not_known_is_no_calm(repo: Repo) -> None:
    lost = {**HEALTHY, "remaining": None, "state": "insufficient_data", "reason": "NaN"}
    on_main(repo, **{"facts/slo.json": recorded("ok", [lost])})
    found = told(repo)
    assert "slo.data_missing" in {each["rule"] for each in found["obstacles"]}
    assert (found["earliest"], found["without"]) == (None, None)
    assert "ask again once it is there" in " ".join(when(repo).out.split())


def test_a_freeze_without_an_end_needs_a_person(repo: Repo) -> None:
    stop = [{"name": "Stop", "from": "2026-11-20T00:00:00Z", "until": None}]
    calendar = {"source": "stop", "until": "2027-01-01T00:00:00Z", "windows": stop}
    value = recorded("ok", [calendar])
    on_main(repo, **{"facts/freeze.json": value, "facts/slo.json": recorded("ok", [HEALTHY])})
    found = told(repo)
    assert (found["earliest"], found["without"]["at"]) == (None, NOW)
    assert "it does not pass by waiting alone: 1 obstacle needs a person" in when(repo).out


def test_a_saved_input_gives_the_same_answer(repo: Repo, tmp_path: Path) -> None:
    saved = tmp_path / "input.json"
    run = gate("context", "--base", "main", "--now", NOW, cwd=repo.path)
    saved.write_text(run.out)
    told_of = gate("when", "--input", str(saved), "-o", "json", cwd=repo.path).json
    assert told_of == told(repo)


def test_every_engine_gives_the_same_answer(repo: Repo) -> None:
    need("opa")
    assert told(repo, "--engine", "opa") == told(repo, "--engine", "embedded")


def test_own_rules_beside_those_of_the_wheel_are_judged_again_too(repo: Repo) -> None:
    rule = (
        "# METADATA\n# title: Late\n# description: d\n# scope: package\n# custom:\n"
        "#   remediation: Wait.\n#   requires: [freeze]\npackage gate.team.late\n\n"
        'deny contains {"message": "not before noon", "service": "checkout", "key": "noon"} if '
        'input.now < "2026-11-25T12:00:00Z"\n'
    )
    config = files()[".gate.yaml"] + "policies: [builtin, policies]\n"
    facts = json.loads(files()["facts/freeze.json"])
    calendar = facts["checkout"]["production"]["value"][0]
    calendar["review_by"] = "2026-11-25T12:00:00Z"
    on_main(
        repo,
        **{
            ".gate.yaml": config,
            "policies/team/late.rego": rule,
            "facts/freeze.json": json.dumps(facts),
        },
    )
    found = told(repo)
    assert found["earliest"]["at"] == "2026-11-25T12:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "yaml"], "There is no output format `yaml`"),
        (["--input", "x.json", "--base", "main"], "does not exist"),
        (["--now", "soon"], "--now soon is not a time"),
    ],
)
def test_wrong_usage_is_exit_2(repo: Repo, arguments: list[str], message: str) -> None:
    run = gate("when", *arguments, cwd=repo.path)
    assert run.code == 2
    assert message in run.err
    assert run.out == ""


def test_an_error_goes_where_the_answer_would(repo: Repo) -> None:
    run = gate("when", "--base", "nowhere", "-o", "json", cwd=repo.path)
    assert run.code == 2
    assert run.json["error"]["kind"] == "change"


WINDOWS = """\
windows:
  - {name: Weekend, cron: "0 17 * * 5", duration: 63h, time_zone: Europe/Berlin, reason: rest}
  - {name: Year end, from: 2026-12-18T16:00:00+01:00, to: 2027-01-04T08:00:00+01:00, reason: rest}
"""


def test_windows_of_the_repository_in_their_own_zone(repo: Repo) -> None:
    config = files()[".gate.yaml"].replace("file: facts/freeze.json", "windows: freezes.yaml")
    slo = {"facts/slo.json": recorded("ok", [HEALTHY])}
    on_main(repo, **{".gate.yaml": config, "freezes.yaml": WINDOWS, **slo})
    found = told(repo, now="2026-12-18T18:00:00Z")
    assert found["earliest"] == {
        "at": "2027-01-04T07:00:00Z",
        "rests_on": "certain",
        "verdict": "pass",
        "until": "2027-01-08T16:00:00Z",
    }
    assert found["known_until"] == "2027-03-20T18:00:00Z"
    assert [(each["begins"], each["at"]) for each in found["obstacles"]] == [
        (None, "2026-12-21T07:00:00Z"),
        ("2026-12-25T16:00:00Z", "2026-12-28T07:00:00Z"),
        (None, "2027-01-04T07:00:00Z"),
        ("2027-01-01T16:00:00Z", "2027-01-04T07:00:00Z"),
    ]


def test_a_rollback_goes_out_while_a_calendar_is_down(repo: Repo) -> None:
    config = files()[".gate.yaml"] + "require: [freeze]\nrules: {workload.capacity_drop: off}\n"
    down = recorded("unavailable", reason="it answered 503")
    on_main(repo, **{".gate.yaml": config, "facts/freeze.json": down})
    repo.git("checkout", "-q", "main")
    repo.write("apps/checkout/deployment.yaml", deployment(9))
    repo.commit("nine")
    repo.branch("back")
    repo.write("apps/checkout/deployment.yaml", deployment(3))
    repo.commit("three again")
    verdict = check(repo.path, "--base", "main", "--now", NOW)
    outcomes = {each["rule"]: each["outcome"] for each in verdict["rules"]}
    assert verdict["verdict"] == "pass"
    assert outcomes["freeze.active"] == outcomes["slo.budget_exhausted"] == "not_applicable"
    assert told(repo)["passes"] is True
    repo.branch("forward")
    repo.write("apps/checkout/deployment.yaml", deployment(11))
    repo.commit("eleven")
    assert told(repo)["passes"] is False
