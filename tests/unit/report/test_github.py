"""Workflow commands, read as the runner reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from gate.errors import ConfigError, EngineError
from gate.model.manifest import Location
from gate.model.verdict import RuleOutcome, Verdict
from gate.report.escape import plain, workflow_command
from gate.report.github import MESSAGE, PER_TYPE, render, render_error
from gate.report.look import Look

from .samples import FREEZE, PINNED, REMOVED, RESOURCES, SAMPLES, deny, excused, many

DATA = {"%0D": "\r", "%0A": "\n", "%25": "%"}
PROPERTY = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}


@dataclass(frozen=True)
class Command:
    name: str
    properties: dict[str, str]
    data: str


def parsed(line: str) -> Command:
    """As actions/runner does it: the name ends at the first space, the head at the next `::`."""
    line = line.lstrip()
    assert line.startswith("::")
    head, mark, data = line[2:].partition("::")
    assert mark
    name, _, rest = head.partition(" ")
    properties = dict(each.split("=", 1) for each in rest.strip().split(",") if "=" in each)
    return Command(
        name,
        {key: replaced(value, PROPERTY) for key, value in properties.items()},
        replaced(data, DATA),
    )


def replaced(text: str, mapping: dict[str, str]) -> str:
    for escaped, char in mapping.items():
        text = text.replace(escaped, char)
    return text


def commands(verdict: Verdict) -> list[Command]:
    written = render(verdict, Look())
    assert not written or written.endswith("\n")
    return [parsed(line) for line in written.split("\n")[:-1]]


def names(verdict: Verdict) -> list[str]:
    return [each.name for each in commands(verdict)]


@pytest.mark.parametrize("name", SAMPLES)
def test_what_the_runner_gets(name: str, snapshot: SnapshotAssertion) -> None:
    assert render(SAMPLES[name](), Look()) == snapshot
    for each in commands(SAMPLES[name]()):
        assert each.name in {"error", "warning", "notice"}
        assert set(each.properties) <= {"file", "line", "col", "title"}


def test_a_finding_is_on_its_line_with_the_way_out() -> None:
    first, second, *_ = commands(deny())
    assert first.properties == {
        "file": "apps/checkout/rollout.yaml",
        "line": "12",
        "col": "5",
        "title": "delivery.verification_required",
    }
    assert first.data.split("\n")[1].startswith("fix: Add an analysis")
    assert second.properties == {"title": FREEZE.rule}


def test_ten_of_a_type_and_no_more() -> None:
    for count in (9, 10, 11, 300):
        findings = [replace(PINNED, location=Location(f"{n}.yaml", 1)) for n in range(count)]
        found = [
            each
            for each in commands(replace(deny(), findings=findings, rules=()))
            if each.name == "error"
        ]
        assert len(found) == min(count, PER_TYPE)
        left = count - PER_TYPE + 1
        said = f"{left} more: see the step's summary or its log"
        assert (found[-1].data == said) is (count > PER_TYPE)


def test_each_category_is_shown_before_any_is_shown_twice() -> None:
    alike = [replace(PINNED, location=Location(f"{n}.yaml", 1)) for n in range(50)]
    shown = commands(replace(deny(), findings=(*alike, replace(FREEZE, rule="z.last")), rules=()))
    assert [each.properties["title"] for each in shown[:3]] == [PINNED.rule, "z.last", PINNED.rule]


def test_what_is_on_no_line_is_told_once_for_all_services() -> None:
    shops = [
        replace(FREEZE, message=f"The freeze `Sale` holds for s{n}.", service=f"s{n}")
        for n in range(30)
    ]
    found, *others = commands(replace(deny(), findings=(*shops, PINNED), rules=()))
    assert found.properties == {"title": FREEZE.rule}
    assert found.data.split("\n")[:2] == ["The freeze `Sale` holds for s0.", "and 29 like it"]
    assert [each.properties["title"] for each in others if each.name == "error"] == [PINNED.rule]


def test_the_worst_stand_first() -> None:
    for name in SAMPLES:
        order = [("error", "warning", "notice").index(each) for each in names(SAMPLES[name]())]
        assert order == sorted(order)


@pytest.mark.parametrize("name", ["advisory", "fail_on_never", "excused", "warn", "passed"])
def test_what_does_not_block_is_no_error(name: str) -> None:
    assert "error" not in names(SAMPLES[name]())


@pytest.mark.parametrize(
    "name",
    ["deny", "unreadable", "no_rules", "rule_failed", "evidence_missing", "warn_that_fails"],
)
def test_what_blocks_is_an_error(name: str) -> None:
    assert names(SAMPLES[name]())[0] == "error"


def test_old_findings_are_on_no_line() -> None:
    assert all("file" not in each.properties for each in commands(excused()))


def test_a_line_of_the_base_is_named_and_not_pointed_at() -> None:
    (removed,) = (each for each in commands(many()) if each.properties["title"] == REMOVED.rule)
    assert removed.properties == {"file": "apps/ledger/statefulset.yaml", "title": REMOVED.rule}
    assert "at: apps/ledger/statefulset.yaml:1:1 (in the base)" in removed.data


def test_a_long_message_is_cut() -> None:
    long = replace(RESOURCES, message="x" * 5000)
    (found,) = (
        each
        for each in commands(replace(deny(), findings=(long,)))
        if each.properties.get("file") == "apps/cart/deployment.yaml"
    )
    assert len(found.data) == MESSAGE
    assert found.data.endswith("...")


def test_the_error_that_ended_a_run() -> None:
    wrong = ConfigError("Unknown key `a`.", advice="Did you mean `b`?", path="a,b:c.yaml", line=3)
    command = parsed(render_error(wrong).rstrip("\n"))
    assert command.name == "error"
    assert command.properties["file"] == "a,b:c.yaml"
    assert command.properties["line"] == "3"
    assert command.data == "Unknown key `a`.\nfix: Did you mean `b`?"
    assert "file" not in parsed(render_error(EngineError("It is down.")).rstrip("\n")).properties


@given(st.text(), st.text(), st.text())
def test_no_text_leaves_its_place(message: str, path: str, title: str) -> None:
    line = workflow_command("error", message, {"file": path, "title": title, "line": "3"})
    assert len(line.splitlines()) == 1
    line.encode()
    command = parsed(line)
    assert command.name == "error"
    told = {"file": plain(path), "title": plain(title), "line": "3"}
    assert command.properties == {key: value for key, value in told.items() if value}
    assert command.data == "\n".join(plain(each) for each in message.split("\n"))


HOSTILE = [
    "%0A::error::x",
    "\n::error::x",
    "::set-output name=verdict::pass",
    "##[error]",
    "a,b=c:d",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_change_gets_no_command_of_its_own(text: str) -> None:
    found = replace(
        PINNED, rule=text, message=text, remediation=text, location=Location(text, 1), resource=text
    )
    rules = (RuleOutcome(text, "undecided", text),)
    written = render(replace(deny(), findings=(found,), rules=rules, problems=()), Look())
    lines = written.split("\n")[:-1]
    assert [parsed(line).name for line in lines] == ["error", "error", "notice"]
    assert all(re.match("::(error|notice) ", line) for line in lines)
    assert parsed(lines[0]).properties["file"] == plain(text)
