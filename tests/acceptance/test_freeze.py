"""`gate freeze` on real repositories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import icalendar
import jsonschema
import pytest

from gate import schemas
from tests.support.command import Run, gate
from tests.support.git import Repo

NOW = "2026-11-22T10:00:00Z"
CONFIG = """\
version: 1
environments: {production: {}, staging: {}}
services:
  checkout: {tier: 1}
  catalog: {tier: 2}
evidence:
  freeze: [windows: freezes.yaml]
"""
WINDOWS = """\
windows:
  - name: Weekend
    weekly: {from: "Fri 17:00", to: "Mon 06:00"}
    scope: {environments: [production]}
    who: sre
  - name: Move
    from: 2026-11-23T06:00:00Z
    to: 2026-11-24T06:00:00Z
    reason: The data centre is moved.
    scope: {services: [checkout], environments: [production]}
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.write(".gate.yaml", CONFIG)
    made.write("freezes.yaml", WINDOWS)
    made.commit("start")
    return made


def freeze(repo: Repo, *arguments: str, now: str = NOW) -> Run:
    return gate("freeze", "--now", now, *arguments, cwd=repo.path, env={"COLUMNS": "80"})


def told(repo: Repo, *arguments: str, now: str = NOW) -> dict[tuple[str, str], Any]:
    """The answer by target."""
    found = freeze(repo, *arguments, "-o", "json", now=now).json
    jsonschema.Draft202012Validator(schemas.load("freeze")).validate(found)
    return {(each["service"], each["environment"]): each for each in found["targets"]}


def test_a_table_of_who_is_frozen_until_when(repo: Repo) -> None:
    run = freeze(repo)
    assert run.code == 1
    assert run.err == ""
    assert run.out == (
        "At 2026-11-22 10:00 UTC, by .gate.yaml of the working tree:\n"
        "\n"
        "SERVICE   ENVIRONMENT  FREEZE                 UNTIL\n"
        "catalog   production   frozen: Weekend (sre)  2026-11-23 06:00 UTC (in 20h)\n"
        "catalog   staging      free                   2026-12-23 or later\n"
        "checkout  production   frozen: Weekend (sre)  2026-11-24 06:00 UTC (in 1d 20h)\n"
        "checkout  staging      free                   2026-12-23 or later\n"
    )


def test_the_end_is_the_end(repo: Repo) -> None:
    at = told(repo)["checkout", "production"]["frozen_until"]
    assert at == "2026-11-24T06:00:00Z"
    assert told(repo, now="2026-11-24T05:59:59Z")["checkout", "production"]["frozen"] is True
    assert told(repo, now=at)["checkout", "production"]["frozen"] is False


def test_a_long_freeze_is_asked_about_until_it_is_over(repo: Repo) -> None:
    """What follows a freeze counts, however far away its end is."""
    repo.write(
        "freezes.yaml",
        "windows:\n"
        "  - {name: Winter, from: 2026-11-01, to: 2027-01-31}\n"
        "  - {name: Audit, from: 2027-02-01, to: 2027-03-31}\n",
    )
    run = freeze(repo)
    assert run.out.count("frozen: Winter  2027-04-01 00:00 UTC (in 129d 14h)\n") == 4
    assert "or later" not in run.out


def test_a_freeze_without_an_end_says_so(repo: Repo) -> None:
    repo.write("freezes.yaml", "windows: [{name: Stop, from: 2026-11-01}]\n")
    assert freeze(repo).out.count("frozen: Stop  no end is known") == 4
    found = told(repo)["checkout", "staging"]
    assert (found["frozen"], found["frozen_until"]) == (True, None)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--environment", "staging"], 0),
        (["--environment", "production"], 1),
        (["--service", "checkout", "--environment", "staging"], 0),
        (["--service", "checkout"], 1),
        (["--service", "chekout"], 2),
        (["--environment", "prod"], 2),
        (["--days", "0"], 2),
        (["--days", "367"], 2),
        (["--now", "tomorrow"], 2),
        (["-o", "yaml"], 2),
        (["-o", "json", "-o", "ics"], 2),
    ],
)
def test_exit_codes(repo: Repo, arguments: list[str], code: int) -> None:
    run = freeze(repo, *arguments)
    assert run.code == code, str(run)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "freezes.yaml"),
        ("windows: [{name: x, from: soon}]\n", "freezes.yaml:1"),
        ("windows: [{name: x, from: 2026-01-01, scope: {services: [chekout]}}]\n", "chekout"),
        ("windows: [\n", "freezes.yaml"),
        ("", "freezes.yaml"),
    ],
)
def test_a_calendar_that_cannot_be_read_is_not_free(
    repo: Repo, content: str | None, why: str
) -> None:
    if content is None:
        repo.remove("freezes.yaml")
    else:
        repo.write("freezes.yaml", content)
    run = freeze(repo)
    assert run.code == 3, str(run)
    assert run.out.count("not known") == 4
    assert why in run.out.replace("\n", " ").partition("Not known:")[2]
    assert {each["frozen"] for each in told(repo).values()} == {None}
    assert "?" in freeze(repo, "--days", "7").out


def test_no_source_is_not_free_either(repo: Repo) -> None:
    repo.write(".gate.yaml", CONFIG.partition("evidence:")[0])
    run = freeze(repo)
    assert run.code == 3
    assert "freeze is not configured" in " ".join(run.out.split())


def test_offline_says_what_was_not_asked(repo: Repo) -> None:
    repo.write(".gate.yaml", CONFIG.replace("yaml]", "yaml, {ical: 'https://x.example/f.ics'}]"))
    run = freeze(repo, "--offline")
    assert run.code == 1, "what the file freezes holds all the same"
    assert "--offline: ical was not asked" in " ".join(run.out.split())


def test_the_services_are_those_of_the_manifests_where_the_config_names_none(repo: Repo) -> None:
    repo.write(".gate.yaml", "version: 1\nevidence: {freeze: [windows: freezes.yaml]}\n")
    repo.write("freezes.yaml", "windows: []\n")
    assert freeze(repo).code == 2
    repo.write("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: mail}\n")
    run = freeze(repo)
    assert run.code == 0, str(run)
    assert "mail     default" in run.out
    repo.write("b.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: [\n")
    run = freeze(repo)
    assert run.code == 3
    assert run.err.startswith("b.yaml")
    assert "Its services are not told of." in run.err


def test_icalendar_goes_to_a_file_and_loses_nothing(repo: Repo, tmp_path: Path) -> None:
    file = tmp_path / "freezes.ics"
    assert freeze(repo, "-o", f"ics={file}").code == 1
    found = icalendar.Calendar.from_ical(file.read_bytes())
    names = [str(each["summary"]) for each in found.walk("VEVENT")]
    assert names == ["Weekend", "Move", *["Weekend"] * 4]
    repo.remove("freezes.yaml")
    run = freeze(repo, "-o", "ics")
    assert run.code == 3
    assert run.out.count("BEGIN:VEVENT") == 1
    assert run.err.count("Not known: ") == 4
    assert "not known" in icalendar.Calendar.from_ical(run.out).walk("VEVENT")[0]["summary"]


def test_several_formats_at_once(repo: Repo, tmp_path: Path) -> None:
    file = tmp_path / "freezes.json"
    run = freeze(repo, "-o", f"json={file}", "-o", "text")
    assert "SERVICE" in run.out
    assert json.loads(file.read_text())["schema"] == "change-gate/freeze/v1"


def test_an_error_takes_the_place_of_an_earlier_answer(repo: Repo, tmp_path: Path) -> None:
    file = tmp_path / "freezes.json"
    assert freeze(repo, "-o", f"json={file}").code == 1
    assert freeze(repo, "-o", f"json={file}", "--service", "none").code == 2
    assert json.loads(file.read_text())["error"]


def test_the_config_is_that_of_the_files_on_disk(repo: Repo) -> None:
    repo.write("freezes.yaml", "windows: []\n")
    assert freeze(repo).code == 0
    repo.write("other.yaml", CONFIG.replace("freezes.yaml", "more.yaml"))
    repo.write("more.yaml", WINDOWS)
    assert freeze(repo, "--config", "other.yaml").code == 1


@pytest.mark.parametrize("at", ["1000-01-01", "9998-12-31", "2026-11-22T23:59:59+14:00"])
def test_any_time_can_be_asked_about(repo: Repo, at: str) -> None:
    for extra in ([], ["--days", "366"], ["-o", "ics"], ["-o", "json"]):
        run = freeze(repo, *extra, now=at)
        last = at.startswith("9998") and "366" in extra
        assert run.code in ({2} if last else {0, 1}), str(run)


def test_colours_only_where_they_are_wanted(repo: Repo) -> None:
    assert "\x1b[1;31mfrozen" in freeze(repo, "--color", "always").out
    assert "\x1b" not in freeze(repo).out
    assert freeze(repo, "-q", "--environment", "staging").out == ""
