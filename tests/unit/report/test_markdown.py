"""The Markdown report: whole, within a limit, and with many findings."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from gate.errors import ConfigError, GateError
from gate.model.manifest import Location, Problem
from gate.model.verdict import Finding, RuleOutcome, Verdict
from gate.report.groups import alike
from gate.report.look import Look
from gate.report.markdown import (
    LEAST,
    TITLE,
    document,
    error_document,
    error_title,
    render,
    render_error,
    title,
)
from tests.support.markdown import seen
from tests.support.tools import ROOT

from .samples import FREEZE, PASSED, PINNED, RESOURCES, SAMPLES, deny, evidence_missing, hostile

ERROR = ConfigError(
    "Unknown key `rulez`.", advice="Did you mean `rules`?", path=".gate.yaml", line=3
)


def pinned(number: int) -> Finding:
    """As a grouped update of images brings them: all alike, each of another service."""
    name = f"app-{number}"
    return replace(
        PINNED,
        message=f"Deployment {name}: image ghcr.io/shop/{name}:latest has the mutable tag `latest`",
        service=name,
        resource=f"apps/Deployment/shop/{name}",
        location=Location(f"apps/team-{number % 7}/{name}/deployment.yaml", 21 + number, 16),
    )


def grouped(count: int = 300) -> Verdict:
    findings = (*(pinned(number) for number in range(count)), FREEZE, RESOURCES)
    summary = {**PASSED.summary, "deny": count + 1, "warn": 1}
    return replace(deny(), findings=findings, summary=summary)


def distinct(count: int) -> Verdict:
    """Findings that nothing makes one category of."""
    words = ["".join(chr(97 + number // 26**at % 26) for at in range(3)) for number in range(count)]
    findings = [
        replace(PINNED, rule=f"team.{word}", message=f"The {word} is wrong.", resource=None)
        for word in words
    ]
    summary = {"deny": count, "warn": 1}
    return replace(deny(), findings=(*findings, RESOURCES), rules=PASSED.rules, summary=summary)


@pytest.mark.parametrize("name", SAMPLES)
def test_what_people_see(name: str, snapshot: SnapshotAssertion) -> None:
    written = render(SAMPLES[name](), Look())
    assert written == snapshot
    seen(written)


def test_a_grouped_change_is_one_line(snapshot: SnapshotAssertion) -> None:
    written = render(grouped(), Look())
    assert written == snapshot
    assert len(written) < 4000


def test_verbose_names_every_place() -> None:
    written = seen(render(grouped(), Look(verbose=1)))
    shown = "".join(written.code)
    assert all(f"app-{number}/deployment.yaml:{21 + number}" in shown for number in range(300))


def test_quiet_leaves_what_decides() -> None:
    written = render(deny(), Look(quiet=True))
    assert "delivery.verification_required" in written
    assert "workload.resources_missing" not in written
    assert "details" not in written


@pytest.mark.parametrize("name", SAMPLES)
def test_all_that_the_text_report_tells_is_there(name: str) -> None:
    """Word by word: nothing is dropped."""
    from gate.report.text import render as as_text

    verdict = SAMPLES[name]()
    page = seen(render(verdict, Look(verbose=1)))
    shown = " ".join("".join([*page.text, " ", *page.code]).split())
    letters = re.sub(r"[^\w]", "", shown)
    told = as_text(verdict, Look(width=10_000, verbose=1))
    for word in re.sub(r"(:\d+):\d+\b(?!:| UTC)", r"\1", told).split():
        assert re.sub(r"[^\w]", "", word.replace("`", "")) in letters, word


def test_the_error_that_ended_a_run(snapshot: SnapshotAssertion) -> None:
    assert render_error(ERROR) == snapshot
    assert error_document(ERROR, 60_000) == render_error(ERROR)
    assert error_title(ERROR) == "ERROR: .gate.yaml:3: Unknown key `rulez`."


@pytest.mark.parametrize(
    ("verdict", "line"),
    [
        (deny(), "DENY: 2 findings block this change"),
        (replace(deny(), mode="advisory", exit_code=0), "DENY (advisory): 2 findings would block"),
        (PASSED, "PASS: nothing blocks this change"),
        (evidence_missing(), "UNDECIDED: 2 rules could not be judged; freeze is required"),
    ],
)
def test_a_title_is_one_short_line(verdict: Verdict, line: str) -> None:
    assert title(verdict).startswith(line)
    assert len(title(verdict)) <= TITLE


@given(st.text(max_size=400))
def test_a_title_is_plain_whatever_it_says(text: str) -> None:
    verdict = replace(PASSED, verdict="undecided", rules=(), reasons=(text,))
    for line in (title(verdict), error_title(GateError(text, path=text))):
        assert len(line) <= TITLE
        assert not {unicodedata.category(char) for char in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize("name", [*SAMPLES, "grouped", "distinct"])
def test_a_document_keeps_within_its_limit_and_counts_what_it_leaves_out(name: str) -> None:
    made = {"grouped": grouped, "distinct": lambda: distinct(400)}
    verdict = (made.get(name) or SAMPLES[name])()
    whole = render(verdict, Look())
    shape = seen(whole).shape
    size = len(whole.encode())
    for limit in [LEAST, 2500, 3000, 4000, 8000, 20_000, size - 1, size + 301, 65_535]:
        if limit < LEAST:
            continue
        written = document(verdict, limit)
        assert len(written.encode()) <= limit
        assert written.split("\n")[0] == whole.split("\n")[0]
        assert written.split("\n")[2] == whole.split("\n")[2]
        page = seen(written)
        for tag in ("details", "table", "summary"):
            assert page.shape.count(tag) == page.shape.count(f"/{tag}")
        assert page.shape.count("td") % 3 == 0
        assert (
            (written == whole)
            or "**And " in written.rstrip("\n").rpartition("\n\n")[2]
            or (page.shape.count("td") == shape.count("td"))
        )
        if size + 301 <= limit:
            assert written == whole


def test_what_is_left_out_is_counted_and_the_worst_stands_first() -> None:
    written = document(distinct(400), 8000)
    rows = len(re.findall(r"^\| \*\*deny", written, re.MULTILINE))
    assert 0 < rows < 400
    assert f"deciding {400 - rows:,}, " in written
    assert "warnings 1, " in written
    assert "**warn**" not in written


def test_at_every_limit_rows_are_whole() -> None:
    verdict = distinct(12)
    for limit in range(LEAST, 3500, 7):
        written = document(verdict, limit)
        assert len(written.encode()) <= limit
        assert all(
            line.endswith(" |") and line.count("|") == 4
            for line in written.split("\n")
            if line.startswith("| **")
        )


def test_reasons_that_a_headline_cuts_are_told_whole() -> None:
    reasons = [f"freeze is required and not configured for service-{n}" for n in range(40)]
    verdict = replace(evidence_missing(), reasons=reasons)
    page = seen(render(verdict, Look()))
    shown = "".join(page.text)
    assert all(shown.count(f"for service-{number}") >= 1 for number in range(40))


def test_many_unreadable_files_are_rows() -> None:
    problems = [Problem(f"a{number:02}.yaml", "unreadable", "not YAML", 3) for number in range(15)]
    verdict = replace(
        PASSED, verdict="undecided", exit_code=3, problems=problems, reasons=("15 files",)
    )
    assert render(verdict, Look()).count("**unread**") == 15


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (pinned(2), True),
        (replace(pinned(2), rule="workload.other"), False),
        (replace(pinned(2), remediation="Another."), False),
        (replace(pinned(2), message=pinned(2).message.replace("mutable", "empty")), False),
        (replace(pinned(2), message=pinned(2).message.replace("`latest`", "`main`")), True),
    ],
)
def test_findings_that_say_the_same_of_other_things_are_one_category(
    other: Finding, same: bool
) -> None:
    assert (len(alike([pinned(1), other])) == 1) is same


def test_warnings_are_open_where_they_are_the_worst() -> None:
    assert "<summary>Warnings" in render(deny(), Look())
    assert "<summary>Warnings" not in render(SAMPLES["warn"](), Look())


COMMITS = {"GITHUB_SERVER_URL": "https://github.example:8443", "GITHUB_REPOSITORY": "o/shop"}


def test_places_are_links_where_the_commit_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in COMMITS.items():
        monkeypatch.setenv(name, value)
    old = replace(PINNED, location=Location("apps/a b(1).yaml", 3, 1, "old"))
    odd = replace(PINNED, location=Location("apps/\\xff.yaml", 3, 1))
    page = seen(render(replace(deny(), findings=(PINNED, old, odd)), Look()))
    blob = "https://github.example:8443/o/shop/blob"
    assert page.links == [
        f"{blob}/{'1' * 40}/apps/a%20b%281%29.yaml#L3",
        f"{blob}/{'2' * 40}/apps/checkout/deployment.yaml#L21",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"GITHUB_SERVER_URL": "http://github.example"},
        {"GITHUB_SERVER_URL": "javascript:alert(1)//https://x"},
        {"GITHUB_SERVER_URL": "https://a/)[x](https://b"},
        {"GITHUB_REPOSITORY": "o/r)/x"},
        {"GITHUB_REPOSITORY": ""},
    ],
)
def test_without_a_safe_server_there_are_no_links(
    wrong: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**COMMITS, **wrong}.items():
        monkeypatch.setenv(name, value)
    assert seen(render(deny(), Look())).links == []


def test_a_staged_change_has_no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in COMMITS.items():
        monkeypatch.setenv(name, value)
    staged = replace(deny(), change={**deny().change, "head": None})
    assert seen(render(staged, Look())).links == []


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet="|`*_<&@#$:\\[]é\U0001f600 \n", max_size=3000), st.integers(LEAST, 20_000))
def test_no_text_breaks_the_limit(text: str, limit: int) -> None:
    found = replace(PINNED, message=text, remediation=text, location=Location(text, 1))
    rules = (RuleOutcome(text, "undecided", text),)
    verdict = replace(
        hostile(), findings=(found,), rules=rules, reasons=(text,), description=text, judged_by=text
    )
    written = document(verdict, limit)
    assert len(written.encode()) <= limit
    assert written.startswith("### ⛔ DENY: 1 finding")
    error = error_document(GateError(text, path=text, advice=text), limit)
    assert len(error.encode()) <= limit


def test_the_page_shows_what_is_written() -> None:
    from gate.report import github

    page = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    written = {
        "markdown": render(deny(), Look(quiet=True)),
        "github": github.render(deny(), Look()),
    }
    shown = re.findall(r"<!-- example: (\w+) deny -->\n```\w+\n(.*?)```", page, re.DOTALL)
    assert dict(shown) == written
