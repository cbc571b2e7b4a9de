"""Several formats at once, files among them, and what stands there when a run fails."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.command import gate
from tests.support.git import Repo
from tests.support.markdown import seen
from tests.support.tools import ROOT

PAGE = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
FILES = {
    "text": "report.txt",
    "json": "verdict.json",
    "markdown": "verdict.md",
    "github": "commands.txt",
    "sarif": "gate.sarif",
    "junit": "gate.xml",
}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.write(".gate.yaml", "version: 1\n")
    made.commit("start")
    made.branch("change")
    made.write(
        "web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2, "
        "template: {spec: {containers: [{name: a, image: 'a/b:latest'}]}}}\n",
    )
    made.commit("web")
    return made


def everywhere(repo: Repo) -> list[str]:
    return [part for name, file in FILES.items() for part in ("-o", f"{name}={repo.path / file}")]


def verdicts(repo: Repo) -> dict[str, str]:
    """What each file says the verdict is."""
    text = {name: (repo.path / file).read_text("utf-8") for name, file in FILES.items()}
    sarif = json.loads(text["sarif"])["runs"][0]
    suite = next(ET.fromstring(text["junit"].encode()).iter("testsuite"))
    words = re.compile(r"\b(DENY|PASS|ERROR|nothing was judged)\b|^gate: ", re.MULTILINE)
    names = {"nothing was judged": "error", "": "error"}
    said = {}
    for name in ("text", "markdown", "github"):
        found = words.search(text[name])
        word = found[1] or "" if found else "deny" if "::error " in text[name] else "pass"
        said[name] = names.get(word, word.lower())
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    ended = sarif["invocations"][0]["executionSuccessful"]
    return {
        **said,
        "json": json.loads(text["json"])["verdict"],
        "sarif": ("deny" if sarif["results"] else "pass") if ended else "error",
        "junit": str(properties["verdict"]),
    }


def test_each_format_goes_to_its_file(repo: Repo) -> None:
    run = gate("check", "--base", "main", *everywhere(repo), cwd=repo.path)
    assert (run.code, run.out, run.err) == (1, "", "")
    assert set(verdicts(repo).values()) == {"deny"}, verdicts(repo)


def test_an_error_stands_in_the_place_of_an_earlier_verdict(repo: Repo) -> None:
    gate("check", "--base", "main", *everywhere(repo), cwd=repo.path)
    run = gate("check", "--base", "nowhere", *everywhere(repo), cwd=repo.path)
    assert run.code == 2
    assert "nowhere" in run.err
    assert set(verdicts(repo).values()) == {"error"}, verdicts(repo)


def test_what_cannot_be_written_keeps_nothing_else_from_being_written(repo: Repo) -> None:
    away = ["-o", "markdown=/nowhere/at/all.md", "-o", "github=/nowhere/else"]
    run = gate("check", "--base", "main", *away, *everywhere(repo), "-o", "text", cwd=repo.path)
    assert run.code == 2
    assert "/nowhere/at/all.md cannot be written" in run.err
    assert "DENY" in run.out
    assert set(verdicts(repo).values()) == {"deny"}


def test_a_format_on_standard_output_is_alone_there(repo: Repo) -> None:
    for name in ("json", "markdown", "sarif", "junit"):
        run = gate("check", "--base", "main", "-o", "text", "-o", name, cwd=repo.path)
        assert run.code == 1
        assert "DENY  1 finding" in run.err
        assert "DENY  1 finding" not in run.out
    run = gate("check", "--base", "main", "-o", "json", "-o", "github", cwd=repo.path)
    assert run.code == 2
    assert json.loads(run.out)["verdict"] == "error"


def test_commands_follow_the_text(repo: Repo) -> None:
    run = gate("check", "--base", "main", "-o", "text", "-o", "github", cwd=repo.path)
    assert (run.code, run.err) == (1, "")
    assert run.out.index("DENY") < run.out.index("::error file=web.yaml,line=4")


@pytest.mark.parametrize("wrong", [["--base", "nowhere"], ["--nonsense"], ["--now", "never"]])
def test_an_error_is_told_in_the_format_that_was_asked_for(repo: Repo, wrong: list[str]) -> None:
    told = gate("check", *wrong, "-o", "markdown", cwd=repo.path)
    assert told.code == 2
    assert seen(told.out).shape[0] == "h3"
    assert "ERROR" in told.out.split("\n")[0]
    assert told.err.startswith("gate: ")
    told = gate("check", *wrong, "-o", "github", cwd=repo.path)
    assert re.match("::error title=change-gate%3A nothing was judged::", told.out)
    told = gate("check", *wrong, "-o", "json", cwd=repo.path)
    assert told.json["verdict"] == "error"


def test_the_page_s_example_runs(repo: Repo) -> None:
    (line,) = re.findall(r"<!-- run -->\n```sh\n(gate .*)\n```", PAGE)
    run = gate(*shlex.split(line)[1:], cwd=repo.path)
    assert run.code == 1, str(run)
    assert "DENY" in run.out
    for name in ("verdict.json", "verdict.md", "gate.sarif", "gate.xml"):
        assert (repo.path / name).stat().st_size > 100
