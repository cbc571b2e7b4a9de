"""The summary and the outputs of a step."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from gate.errors import ConfigError, EngineError
from gate.model.verdict import Verdict
from gate.report.json import to_json
from gate.report.markdown import error_title, title
from gate.report.posts.actions import SUMMARY, post
from gate.report.posts.interface import Subject

from .samples import PASSED, PINNED, SAMPLES, deny, hostile

NOWHERE = Subject(None, None, None)
WRONG = ConfigError("Unknown key `a`.", advice="Did you mean `b`?", path=".gate.yaml", line=3)


class Step:
    """The files that the runner makes for a step."""

    def __init__(self, folder: Path) -> None:
        self.summary, self.output = folder / "summary", folder / "output"
        self.temp = folder / "temp"
        self.temp.mkdir()
        self.summary.touch()
        self.output.touch()

    def outputs(self) -> dict[str, str]:
        """The outputs as the runner reads them: `name<<end`, lines, `end`."""
        found: dict[str, str] = {}
        lines = iter(self.output.read_text(encoding="utf-8").splitlines())
        for line in lines:
            name, _, end = line.partition("<<")
            value = []
            for each in lines:
                if each == end:
                    break
                value.append(each)
            found[name] = "\n".join(value)
        return found


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    made = Step(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(made.summary))
    monkeypatch.setenv("GITHUB_OUTPUT", str(made.output))
    monkeypatch.setenv("RUNNER_TEMP", str(made.temp))
    return made


@pytest.mark.parametrize("name", SAMPLES)
def test_a_verdict_is_told(name: str, step: Step) -> None:
    verdict = SAMPLES[name]()
    assert post(verdict, NOWHERE) == []
    assert step.summary.read_text(encoding="utf-8").startswith("### ")
    outputs = step.outputs()
    assert outputs["verdict"] == verdict.verdict
    assert outputs["decision-id"] == verdict.decision_id
    file = Path(outputs["verdict-file"])
    assert file.parent == step.temp
    assert json.loads(file.read_text(encoding="utf-8")) == to_json(verdict)


@pytest.mark.parametrize(
    ("verdict", "count"),
    [
        (PASSED, "0"),
        (deny(), "2"),
        (SAMPLES["excused"](), "0"),
        (SAMPLES["warn"](), "0"),
        (SAMPLES["warn_that_fails"](), "1"),
        (SAMPLES["advisory"](), "2"),
    ],
)
def test_findings_are_those_that_decide(verdict: Verdict, count: str, step: Step) -> None:
    post(verdict, NOWHERE)
    assert step.outputs()["findings"] == count


def test_an_error_is_told_in_its_place(step: Step) -> None:
    assert post(WRONG, NOWHERE) == []
    assert "Unknown key" in step.summary.read_text(encoding="utf-8")
    outputs = step.outputs()
    assert (outputs["verdict"], outputs["decision-id"], outputs["findings"]) == ("error", "", "")
    told = json.loads(Path(outputs["verdict-file"]).read_text(encoding="utf-8"))
    assert told["verdict"] == "error"
    assert told["error"]["line"] == 3


def test_what_stands_there_already_is_kept_and_counted(step: Step) -> None:
    before = "é" * ((SUMMARY - 6000) // 2)
    step.summary.write_text(before, encoding="utf-8")
    step.output.write_text("other<<E\nx\nE\n", encoding="utf-8")
    many = replace(deny(), findings=[replace(PINNED, rule=f"a.r{n}") for n in range(500)])
    assert post(many, NOWHERE) == []
    written = step.summary.read_bytes()
    assert written.startswith(before.encode())
    assert SUMMARY - 1500 < len(written) <= SUMMARY
    assert b"more**" in written
    assert step.outputs()["other"] == "x"


def test_a_full_summary_is_left_as_it_is(step: Step) -> None:
    step.summary.write_bytes(b"x" * (SUMMARY - 1000))
    (complaint,) = post(deny(), NOWHERE)
    assert "summary is not written: it holds 1,047,576 bytes" in complaint
    assert step.summary.stat().st_size == SUMMARY - 1000
    assert step.outputs()["verdict"] == "deny"


def test_two_verdicts_of_a_step_stand_below_each_other(step: Step) -> None:
    post(deny(), NOWHERE)
    post(WRONG, NOWHERE)
    titles = re.findall("^### ", step.summary.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(titles) == 2
    assert len(list(step.temp.iterdir())) == 2
    assert step.outputs()["verdict"] == "error"


@pytest.mark.parametrize("text", ["pass\nverdict=pass", "x<<E\nE\nverdict<<E\npass\nE", "a\r\nb=c"])
def test_no_text_is_another_output(text: str, step: Step) -> None:
    verdict = replace(hostile(), decision_id=text)
    post(verdict, NOWHERE)
    lines = step.output.read_bytes().split(b"\n")
    ends = [line.partition(b"<<")[2] for line in lines if b"<<end-" in line]
    assert len(ends) == 4
    assert len(set(ends)) == 4
    assert all(lines.count(end) == 1 for end in ends)
    assert step.outputs()["verdict"] == "deny"


def test_delimiters_differ_each_time(step: Step) -> None:
    post(deny(), NOWHERE)
    first = step.output.read_text(encoding="utf-8")
    step.output.write_text("")
    post(deny(), NOWHERE)
    ends = re.compile("end-[0-9a-f]{32}")
    assert not set(ends.findall(first)) & set(ends.findall(step.output.read_text(encoding="utf-8")))


def test_outside_of_actions_it_is_said(step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS")
    (complaint,) = post(deny(), NOWHERE)
    assert "no step of GitHub Actions" in complaint
    assert step.output.read_text() == ""


@pytest.mark.parametrize(
    ("variable", "what"),
    [
        ("GITHUB_STEP_SUMMARY", "the step's summary"),
        ("GITHUB_OUTPUT", "the step's outputs"),
        ("RUNNER_TEMP", "the verdict's file"),
    ],
)
@pytest.mark.parametrize("value", [None, "", "/nowhere/at/all", "nul\0", "/"])
def test_what_cannot_be_written_is_said_and_the_rest_is_written(
    variable: str, what: str, value: str | None, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value == "/" and variable == "RUNNER_TEMP":
        pytest.skip("the root's folder can be written by root")
    monkeypatch.setattr("os.environ", {**__import__("os").environ, variable: value or ""})
    (complaint,) = post(deny(), NOWHERE)
    assert complaint.startswith(f"Actions: {what} is not written: ")
    if variable != "GITHUB_OUTPUT":
        assert step.outputs()["verdict"] == "deny"
        assert (step.outputs()["verdict-file"] == "") is (variable == "RUNNER_TEMP")
    if variable != "GITHUB_STEP_SUMMARY":
        assert title(deny()) in step.summary.read_text(encoding="utf-8")


def test_an_error_without_a_place(step: Step) -> None:
    down = EngineError("It is down.")
    assert post(down, NOWHERE) == []
    assert error_title(down) in step.summary.read_text(encoding="utf-8")
