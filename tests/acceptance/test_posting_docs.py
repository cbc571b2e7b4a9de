"""The examples of docs/posting.md, run as they stand there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gate.report.posts import check_run, comment, github, redact
from tests.support.github_api import ACTIONS, READ_ONLY, TOKEN
from tests.support.pulls import APP, MONDAY, SATURDAY, Hosted, app, hosted
from tests.support.tools import ROOT

PAGE = (ROOT / "docs" / "posting.md").read_text(encoding="utf-8")
FENCE = r"```\w+\n(.*?)```\n"


def examples(title: str) -> list[str]:
    found = re.search(rf"<!-- {re.escape(title)} -->\n((?:{FENCE})+)", PAGE, re.DOTALL)
    assert found is not None, title
    return re.findall(FENCE, found[1], re.DOTALL)


def words(line: str) -> list[str]:
    program, *rest = line.split()
    assert program == "gate"
    return rest


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hosted]:
    with hosted(tmp_path) as made:
        yield made


def test_any_ci(hub: Hosted) -> None:
    head = hub.pull(7, {APP: app("1.1.0")})
    hub.clone.git("fetch", "--quiet", "origin")
    hub.clone.git("checkout", "--quiet", head)
    export, line = examples("any CI")[0].splitlines()
    name, _, value = export.removeprefix("export ").partition("=")
    arguments = (*words(line), "--now", SATURDAY)
    run = hub.gate(*arguments, **{name: value})
    assert (run.code, run.err) == (1, ""), str(run)
    assert len(hub.api.check_runs) == len(hub.api.statuses) == len(hub.api.comments[7]) == 1
    hub.api.tokens[TOKEN] = replace(ACTIONS, may=READ_ONLY)
    hub.api.comments.clear()
    run = hub.gate(*arguments, **{name: value})
    assert run.err == examples("a token that may only read")[0]


def test_recheck(hub: Hosted) -> None:
    command, shown = examples("recheck")
    hub.pull(7, {APP: app("1.1.0")}, title="Bump checkout")
    hub.pull(9, {"README.md": "words\n"}, title="Docs")
    for number in (7, 9):
        event = hub.event(number)
        assert hub.gate("check", "--now", MONDAY, "--post", "github", **event).code == 0
    hub.pull(8, {APP: app("1.2.0")}, title="Faster ledger")
    hub.api.pulls.sort(key=lambda each: int(each["number"]))
    before = len(hub.api.asked)
    run = hub.gate(*words(command.strip()), "--now", SATURDAY)
    assert run.code == 0, str(run)
    assert run.out == shown
    assert len(hub.api.asked) - before <= 4 + 1 + 2 * 7


def test_the_page_names_the_limits() -> None:
    for limit in (
        f"The {check_run.MOST} worst places",
        f"{check_run.BATCH} in one request",
        f"{check_run.BYTES:,} bytes in the check run",
        f"{comment.BYTES:,} in the comment",
        f"up to {github.SECONDS:g} s",
        f"from {redact.SHORTEST} signs on",
    ):
        assert limit in PAGE
