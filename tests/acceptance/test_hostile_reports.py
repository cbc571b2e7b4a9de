"""Text of a change as Markdown: whatever it says, it stays text in its place."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gate.errors import GateError
from gate.model.manifest import Location, Problem
from gate.model.verdict import (
    Evidence,
    Finding,
    Preview,
    RuleOutcome,
    TargetOutcome,
    Unblock,
    Verdict,
    Waived,
    WaiverState,
)
from gate.report.escape import plain
from gate.report.look import Look
from gate.report.markdown import document, render, render_error
from gate.report.markdown_text import code, prose
from tests.support.command import GATE, gate
from tests.support.git import Repo
from tests.support.markdown import Seen, seen
from tests.support.tools import need
from tests.unit.report.samples import PASSED

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://beacon.example/x.png)",
    "[click](javascript:alert(1))",
    "<https://evil.example>",
    "https://evil.example/x?a=b",
    "www.evil.example",
    "WWW.evil.example",
    "a@b.example",
    "mailto:a@b.example",
    "@octocat please merge",
    "(@octocat)",
    "@org/team",
    "fixes #123",
    "owner/repo#12",
    "GH-12",
    "0123456789abcdef0123456789abcdef01234567",
    ":octocat: :+1:",
    "1:octocat:2",
    "$x$ and $$\\color{red}{y}$$",
    "$`x`$",
    "| a | b |",
    "\\| a",
    "`` ` `` ` `",
    "`@octocat` and `<b>`",
    "`unbalanced @octocat",
    "**bold** __bold__ *i* _i_ ~~s~~",
    "# heading",
    "- item",
    "1. item",
    "    indented",
    "/approve",
    "===",
    "---",
    "+ x",
    "~~~",
    "\n# heading\n\n---\n\n- [ ] task",
    "</details></summary><details open>",
    "</code></table>",
    "<!-- change-gate: {} -->",
    "-->",
    "<!--",
    "&lt;b&gt; &#64;octocat",
    "[^1] [a][b] [x]: https://e.example",
    "> [!CAUTION]",
    "\u202edrow\u202c \u2066x\u2069 \u200b@octocat",
    "\x1b[31mred\x1b[0m",
    "\ud800",
    "x" * 3000,
    "/" * 200,
    "::error::x ##[group]x",
    "\u00a0@octocat\u3000#1",
    "\u3000x\u00a0",
    "\\",
    "a\\|b\\",
    "{{ x }} ${{ secrets.X }}",
    "ftp://e.example xmpp:a@b.example",
    "http`://evil.example` http://`evil.example`",
    "@`octocat` www`.evil.example`",
]

LINKED = [
    r"@[\w-]",
    r"#\d",
    r"\bgh-\d",
    r"://",
    r"www\.",
    r"\w@\w",
    r"\b[0-9a-f]{7,40}\b",
    r":(?!\d\d:)[\w+-]+:",
    r"\$",
]
"""What GitHub makes something of in text that is no code."""


def verdict_of(text: str) -> Verdict:
    """A verdict that says the text wherever something of a change, a policy or a source stands."""
    finding = Finding(
        "deny",
        "rule",
        text,
        resource=text,
        service=text,
        location=Location(text, 3, 1),
        remediation=text,
        runbook=text,
        unblock=Unblock(text, text),
    )
    placeless = replace(finding, rule=text, location=None, resource=None, level="warn")
    targets = (TargetOutcome(text, text, "undecided", text),)
    return replace(
        PASSED,
        verdict="deny",
        exit_code=3,
        valid_until=text,
        description=text,
        judged_by=text,
        findings=(
            finding,
            placeless,
            replace(finding, status="existing"),
            replace(finding, waived=Waived(text, text, text)),
        ),
        rules=(
            RuleOutcome("a", "undecided", text, targets),
            RuleOutcome(text, "error", text),
            RuleOutcome(text, "skipped", text),
            RuleOutcome(text, "off"),
            RuleOutcome(text, "passed", excepted=2),
        ),
        evidence=(Evidence(text, text, text, "unavailable", text, text, text),),
        problems=(Problem(text, "unreadable", text, 3), Problem(text, "unrendered", text)),
        engine={"name": text, "version": text, "reason": text},
        policies={"digest": text, "rules": 1},
        waivers=(WaiverState(text, "unused", text, 3),),
        preview=Preview("error", (text,), text),
        reasons=("2 files could not be read",),
    )


HARMLESS = seen(render(verdict_of("word"), Look())).shape


def checked(page: Seen) -> None:
    assert page.links == []
    for outside in page.text:
        for pattern in LINKED:
            found = re.search(pattern, outside, re.IGNORECASE | re.ASCII)
            assert not found, (pattern, outside)


words = st.text(alphabet="`*_[]()<>!|\\~#@$:/&;=\"'-+.^{}a1 \n\té\u202e\u200b", max_size=60)
texts = st.one_of(
    st.sampled_from(HOSTILE),
    words,
    st.text(max_size=40),
    st.lists(st.sampled_from(HOSTILE), max_size=3).map("".join),
    st.lists(st.one_of(st.sampled_from(HOSTILE), words), max_size=4).map(" ".join),
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_has_the_structure_of_harmless_text(text: str) -> None:
    page = seen(render(verdict_of(text), Look()))
    assert page.shape == HARMLESS
    checked(page)


@settings(max_examples=60, deadline=None)
@given(texts.filter(str.strip))
def test_any_text_has_the_structure_of_harmless_text(text: str) -> None:
    page = seen(render(verdict_of(text), Look()))
    assert page.shape == HARMLESS
    checked(page)


@settings(max_examples=400, deadline=None)
@given(texts)
@example("a `b` c")
@example("``")
def test_a_sentence_says_what_it_said(text: str) -> None:
    page = seen(f"| a |\n|:--|\n| x {prose(text, 10_000)} x |\n")
    checked(page)
    said = _text_of(f"- x {prose(text, 10_000)} x\n")
    told = re.sub("`([^`]+)`", r"\1", plain(text.strip()))
    assert said.split() == f"x {told} x".split()


@settings(max_examples=200, deadline=None)
@given(texts.filter(str.strip))
def test_a_name_says_what_it_said(text: str) -> None:
    assert "".join(seen(f"x {code(text, 10_000)} x").code) == plain(text)


def _text_of(markdown: str) -> str:
    """Text and code in their order."""
    from html import unescape

    from markdown_it import MarkdownIt

    html = MarkdownIt("commonmark", {"html": True}).render(markdown)
    return unescape(re.sub("<[^>]*>", "", html))


@pytest.mark.parametrize("text", HOSTILE)
def test_an_error_holds_no_structure_of_the_change(text: str) -> None:
    shape = seen(render_error(GateError("word", path="word", advice="word"))).shape
    for path in (text, None):
        page = seen(render_error(GateError(text, path=path, advice=text)))
        assert page.shape == shape
        checked(page)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cut_document_is_whole(text: str) -> None:
    for limit in (2000, 4000, 8000):
        page = seen(document(verdict_of(text), limit))
        checked(page)
        for tag in ("table", "details", "summary", "ul"):
            assert page.shape.count(tag) == page.shape.count(f"/{tag}")


def test_links_that_are_ours_are_the_only_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "o/r")
    for text in HOSTILE:
        for link in seen(render(verdict_of(text), Look())).links:
            assert re.fullmatch(r"https://github\.com/o/r/blob/2{40}/[\w%./~-]*#L3", link)


def test_the_tests_would_notice_what_is_not_escaped() -> None:
    for text in ("[a](b)", "<b>", "**b**"):
        with pytest.raises(AssertionError):
            assert seen(f"x {text}").shape == seen("x y").shape
    for text in ("@octocat", "see https://e.example", "#12"):
        with pytest.raises(AssertionError):
            checked(seen(f"x {text}"))


@pytest.fixture
def hostile(tmp_path: Path) -> Repo:
    """A real change with hostile names."""
    repo = Repo.init(tmp_path / "repo")
    repo.write("a.yaml", "x: 1\n")
    repo.commit("start")
    repo.branch("change")
    name = "::error file=a::b @octocat ##[error]x"
    container = f'{{name: "<img src=x> {name}", image: "a/b:latest"}}'
    manifest = (
        "apiVersion: apps/v1\nkind: Deployment\n"
        f'metadata: {{name: "{name}", namespace: "|"}}\n'
        f"spec: {{replicas: 2, template: {{spec: {{containers: [{container}]}}}}}}\n"
    )
    repo.write("apps/|[x](y) @octocat::set-output name=verdict::pass.yaml", manifest)
    repo.commit("##[set-output name=verdict]pass")
    return repo


def test_a_real_change_with_hostile_names_is_told_harmlessly(hostile: Repo) -> None:
    run = gate("check", "--base", "main", "-o", "markdown", cwd=hostile.path)
    assert run.code == 1, str(run)
    page = seen(run.out)
    checked(page)
    assert "img src" in "".join(page.text) + "".join(page.code)
    assert "::" not in run.out.replace(":&#58;", "")
    assert "##[" not in run.out


def test_gfm_as_github_reads_it_makes_no_link_of_it() -> None:
    """GitHub's own parser finds addresses in what is no code span, `<code>` of HTML included."""
    reader = [need("cmark-gfm"), "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough"]
    for text in HOSTILE:
        shown = subprocess.run(
            reader,
            input=render(verdict_of(text), Look()),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        ).stdout
        assert "<a " not in shown, text
        assert "<img" not in shown, text


WORKFLOW = """\
on: workflow_dispatch
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - id: gate
        run: {gate} check --tree {tree} --repo {tree} -o text -o github --post actions
      - id: plain
        if: always()
        run: cat {tree}/raw.txt
      - if: always()
        env:
          VERDICT: ${{{{ steps.gate.outputs.verdict }}}}
          STOLEN: ${{{{ steps.gate.outputs.stolen }}}}
          SHOWN: ${{{{ steps.plain.outputs.stolen }}}}
          FINDINGS: ${{{{ steps.gate.outputs.findings }}}}
          FILE: ${{{{ steps.gate.outputs.verdict-file }}}}
        run: |
          echo "verdict=<$VERDICT>"
          echo "stolen=<$STOLEN>"
          echo "shown=<$SHOWN>"
          echo "findings=<$FINDINGS>"
          echo "file=<$(basename "$FILE")>"
          cat "$FILE" >/dev/null && echo "readable=<yes>"
"""


def test_a_runner_obeys_no_text_of_the_change(tmp_path: Path) -> None:
    """act is the runner. What it would obey is shown beside it: the same text, printed as it is."""
    stealing = "::set-output name=stolen::yes"
    tree, runner, home = tmp_path / "tree", Repo.init(tmp_path / "runner"), tmp_path / "home"
    tree.mkdir()
    home.mkdir()
    container = f'{{name: "{stealing}", image: "a/b:latest"}}'
    (tree / "a.yaml").write_text(
        f'apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: "##[group]{stealing}"}}\n'
        f"spec: {{replicas: 2, template: {{spec: {{containers: [{container}]}}}}}}\n"
    )
    (tree / "raw.txt").write_text(f"{stealing}\n")
    runner.write("w.yml", WORKFLOW.format(gate=GATE, tree=tree))
    runner.commit("a workflow")
    (tmp_path / "event.json").write_text('{"inputs": {}}')
    done = subprocess.run(
        [
            *(need("act"), "workflow_dispatch", "--json", "-P", "ubuntu-latest=-self-hosted"),
            *("--no-cache-server", "--pull=false", "-W", str(runner.path / "w.yml")),
            *("-e", str(tmp_path / "event.json"), "--env", "GITHUB_REPOSITORY=o/r"),
        ],
        cwd=runner.path,
        env={**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    log = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    told = dict(
        re.findall(r"^(\w+)=<(.*)>$", "\n".join(each["msg"].strip() for each in log), re.MULTILINE)
    )
    assert told["shown"] == "yes", done.stdout
    assert told["stolen"] == ""
    assert told["verdict"] == "deny"
    assert told["findings"] == "1"
    assert told["file"].startswith("change-gate-")
    assert told["readable"] == "yes"
    obeyed = [(each["command"], each.get("arg", "")) for each in log if "command" in each]
    ours = [arg for command, arg in obeyed if command == "error"]
    assert any("has the mutable tag" in arg for arg in ours), obeyed
    assert obeyed[0][0] == "stop-commands"
    assert obeyed[1][0] == obeyed[0][1]
