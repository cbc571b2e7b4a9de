"""`-o sarif` and `-o junit` on real repositories: alerts that stay what they are while lines move,
files are renamed, and other findings come and go."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gate import __version__
from tests.support.command import gate
from tests.support.git import Repo
from tests.support.tools import ROOT, need
from tests.unit.report.test_junit import suite_of
from tests.unit.report.test_sarif import run_of

NOW = "2026-11-22T10:00:00Z"
Alert = tuple[str, str, str]
"""What tells an alert of code scanning from another: rule, file, fingerprint."""


def deployment(name: str, image: str, *, namespace: str = "shop", above: str = "") -> str:
    return (
        f"{above}apiVersion: apps/v1\nkind: Deployment\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\n"
        "spec:\n  replicas: 2\n  template:\n    spec:\n      containers:\n"
        f"        - name: app\n          image: {image}\n"
    )


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.init(tmp_path / "repo")
    made.write(".gate.yaml", "version: 1\nrules: {workload.resources_missing: off}\n")
    made.write("apps/web.yaml", deployment("web", "shop/web:1.0"))
    made.write("apps/cart.yaml", deployment("cart", "shop/cart:1.0"))
    made.commit("start")
    made.branch("change")
    made.write("apps/web.yaml", deployment("web", "shop/web:latest"))
    made.commit("web")
    return made


def sarif(repo: Repo, *arguments: str | Path, code: int = 1) -> Any:
    asked = arguments or ("--base", "main")
    run = gate("check", *asked, "-o", "sarif", "--now", NOW, cwd=repo.path)
    assert run.code == code, str(run)
    return run_of(run.out)


def alerts(run: Any) -> Iterator[Alert]:
    for result in run["results"]:
        at = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        yield result["ruleId"], at, result["partialFingerprints"]["primaryLocationLineHash"]


def only(run: Any, rule: str = "workload.image_pinned") -> Alert:
    (found,) = [each for each in alerts(run) if each[0] == rule and each[1].endswith("web.yaml")]
    return found


def test_an_alert_outlives_lines_that_move_and_an_edit_of_its_own_line(repo: Repo) -> None:
    before = only(sarif(repo))
    repo.write("apps/web.yaml", deployment("web", "shop/web:latest", above="# a\n# b\n\n"))
    repo.commit("comments")
    run = sarif(repo)
    assert only(run) == before
    (result,) = run["results"]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 13
    repo.write("apps/web.yaml", deployment("web", "shop/web:latest  # soon"))
    repo.commit("the line itself")
    assert only(sarif(repo)) == before


def test_an_alert_is_the_same_on_another_runner_at_another_time(repo: Repo, tmp_path: Path) -> None:
    before = sarif(repo)
    clone = repo.clone(tmp_path / "elsewhere", "--branch=change", "--no-single-branch")
    clone.git("branch", "main", "origin/main")
    assert list(alerts(sarif(clone))) == list(alerts(before))
    later = gate("check", "--base", "main", "-o", "sarif", "--now", "2027-03-01T00:00:00Z",
                 cwd=clone.path, env={"TZ": "Asia/Tokyo", "LC_ALL": "C"})  # fmt: skip
    assert list(alerts(run_of(later.out))) == list(alerts(before))
    assert str(clone.path) not in later.out


def test_an_alert_does_not_mind_what_else_is_found(repo: Repo) -> None:
    """Not even copies of its object, whose ids then tell their files."""
    before = only(sarif(repo))
    repo.write("a/web.yaml.yaml", deployment("web", "shop/web:latest"))
    repo.write("apps/cart.yaml", deployment("cart", "shop/cart:latest"))
    repo.write("z/copy.yaml", deployment("web", "shop/web:latest"))
    repo.commit("more of them")
    run = sarif(repo)
    assert len(run["results"]) == 4
    assert only(run) == before
    assert len(set(alerts(run))) == 4
    repo.remove("a/web.yaml.yaml")
    repo.commit("one less")
    assert only(sarif(repo)) == before


def test_twins_in_one_file_are_two_alerts(repo: Repo) -> None:
    twins = "---\n".join(deployment("web", f"shop/web:{tag}") for tag in ("latest", "latest"))
    repo.write("apps/web.yaml", twins)
    repo.commit("twins")
    found = list(alerts(sarif(repo)))
    assert len(set(found)) == len(found) == 2
    repo.write("apps/web.yaml", deployment("web", "shop/web:latest"))
    repo.commit("one")
    assert only(sarif(repo)) in found


def test_a_rename_keeps_the_fingerprint(repo: Repo) -> None:
    """GitHub takes the file into account too, so that it opens the alert anew there."""
    rule, _, fingerprint = only(sarif(repo))
    repo.git("mv", "apps/web.yaml", "apps/front-web.yaml")
    repo.commit("renamed")
    assert only(sarif(repo)) == (rule, "apps/front-web.yaml", fingerprint)


def test_a_branch_and_its_pull_request_share_their_alerts(repo: Repo) -> None:
    """The same finding of the whole tree, as a default branch uploads it."""
    before = only(sarif(repo))
    whole = sarif(repo, "--tree", ".")
    assert before in set(alerts(whole))


def test_old_findings_are_unchanged_and_waived_ones_suppressed(repo: Repo) -> None:
    repo.checkout("main")
    repo.write("apps/web.yaml", deployment("web", "shop/web:latest"))
    repo.write(
        ".gate/waivers.yaml",
        "waivers:\n- {rule: workload.image_pinned, path: apps/cart.yaml, expires: 2027-01-01, "
        "reason: 'soon ]]> {0} [x](1)', ticket: PAY-1}\n",
    )
    repo.commit("old debt")
    repo.branch("next")
    repo.write(
        "apps/web.yaml", deployment("web", "shop/web:latest").replace("replicas: 2", "replicas: 3")
    )
    repo.write("apps/cart.yaml", deployment("cart", "shop/cart:latest"))
    repo.commit("both")
    run = sarif(repo, "--base", "main", code=0)
    told = {
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: each
        for each in run["results"]
    }
    assert told["apps/web.yaml"]["baselineState"] == "unchanged"
    assert told["apps/cart.yaml"]["baselineState"] == "new"
    (waiver,) = told["apps/cart.yaml"]["suppressions"]
    assert waiver["justification"] == "until 2027-01-01: soon ]]> {0} [x](1) (PAY-1)"
    assert {each["level"] for each in told.values()} == {"note"}


def test_what_is_deleted_is_told_with_its_line_in_the_base(repo: Repo) -> None:
    repo.checkout("main")
    claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: shop}\n"
    repo.write("apps/data.yaml", f"# keep\n{claim}")
    repo.commit("data")
    repo.branch("next")
    repo.remove("apps/data.yaml")
    repo.commit("gone")
    (result,) = sarif(repo, "--base", "main")["results"]
    assert result["message"]["text"].endswith("It stood at apps/data.yaml:4:12 (in the base).")
    assert "region" not in result["locations"][0]["physicalLocation"]


def test_a_freeze_stands_on_the_configuration_and_stays_one_alert(repo: Repo) -> None:
    repo.checkout("main")
    config = (repo.path / ".gate.yaml").read_text()
    repo.write(".gate.yaml", f"{config}evidence: {{freeze: [{{windows: freezes.yaml}}]}}\n")
    window = "windows: [{name: year end, from: 2026-11-01T00:00:00Z, to: 2026-12-01T00:00:00Z}]\n"
    repo.write("freezes.yaml", window)
    repo.commit("a freeze")
    repo.branch("next")
    repo.write("apps/cart.yaml", deployment("cart", "shop/cart:1.1"))
    repo.commit("cart")
    run = sarif(repo, "--base", "main")
    ((rule, at, fingerprint),) = alerts(run)
    assert (rule, at) == ("freeze.active", ".gate.yaml")
    repo.write("other/web.yaml", "# moved\n")
    repo.commit("more")
    assert list(alerts(sarif(repo, "--base", "main"))) == [(rule, at, fingerprint)]


def test_what_is_undecided_is_no_clean_run(repo: Repo) -> None:
    repo.checkout("main")
    repo.branch("next")
    repo.write("apps/web.yaml", "apiVersion: v1\nkind: [\n")
    repo.commit("broken")
    run = sarif(repo, "--base", "main", code=3)
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 3
    assert [each["kind"] for each in run["results"]] == ["open"]
    places = [
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for each in invocation["toolExecutionNotifications"]
        if each["descriptor"]["id"] == "unreadable"
    ]
    assert places == ["apps/web.yaml"]


def test_several_formats_at_once_say_the_same(repo: Repo, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    run = gate(
        "check", "--base", "main", "--now", NOW, "-o", "text", "-o", f"sarif={out / 'a.sarif'}",
        "-o", f"junit={out / 'b.xml'}", "-o", f"json={out / 'v.json'}", cwd=repo.path,
    )  # fmt: skip
    assert run.code == 1, str(run)
    assert "DENY" in run.out
    verdict = json.loads((out / "v.json").read_text())
    told = run_of((out / "a.sarif").read_text())
    suite = suite_of((out / "b.xml").read_text())
    assert told["tool"]["driver"]["semanticVersion"] == __version__
    assert [each["partialFingerprints"]["changeGate/v1"] for each in told["results"]] == [
        each["fingerprint"] for each in verdict["findings"]
    ]
    denied = [each["rule"] for each in verdict["rules"] if each["outcome"] == "denied"]
    red = [
        each.get("name") for each in suite.findall("testcase") if each.find("failure") is not None
    ]
    assert red == denied == ["workload.image_pinned"]
    on = [each["rule"] for each in verdict["rules"] if each["outcome"] != "off"]
    rules = told["tool"]["driver"]["rules"]
    assert [each["id"] for each in rules] == on
    assert all(each["help"]["text"] != each["id"] for each in rules)
    assert sorted(each.name for each in out.iterdir()) == ["a.sarif", "b.xml", "v.json"]


@pytest.mark.parametrize("form", ["sarif", "junit"])
def test_an_error_takes_the_place_of_a_report(repo: Repo, form: str) -> None:
    asked = ("check", "--base", "main", "-o", f"{form}=out", "-o", "text")
    assert gate(*asked, cwd=repo.path).code == 1
    repo.write(".gate.yaml", "version: 1\nrulez: {}\n")
    run = gate(*asked, "--trust", "head", "--config", ".gate.yaml", "--staged", cwd=repo.path)
    assert run.code == 2, str(run)
    text = (repo.path / "out").read_text()
    if form == "sarif":
        assert run_of(text)["invocations"][0]["executionSuccessful"] is False
    else:
        assert suite_of(text).get("errors") == "1"
    alone = gate("check", "--base", "nowhere", "-o", form, cwd=repo.path)
    assert alone.code == 2
    assert "nowhere" in alone.out
    assert "nowhere" in alone.err
    if form == "sarif":
        run_of(alone.out)
    else:
        suite_of(alone.out)


NAMES = [
    b"a b/[x](1){0}.yaml",
    b"a/]]><b>&amp;.yaml",
    b"a/\x1b[31m\n::error::.yaml",
    "a/\u202egpj\u200b.yaml".encode(),
    b"a/\xff\xfe.yaml",
    b"http:/evil.example/%41.yaml",
    b"a/" + b"n" * 200 + b".yaml",
]


def test_hostile_names_and_manifests_break_nothing(repo: Repo) -> None:
    for number, name in enumerate(NAMES):
        path = os.fsencode(repo.path) + b"/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        with open(path, "wb") as file:  # noqa: PTH123
            image = f'"shop/x{number}]]>[y](1){{0}}:latest"'
            file.write(deployment(f"x{number}", image).encode())
    repo.commit("hostile")
    run = gate("check", "--base", "main", "-o", "sarif", "-o", "junit=b.xml", cwd=repo.path)
    told = run_of(run.out)
    uris = {
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for each in told["results"]
    }
    assert "a%20b/%5Bx%5D%281%29%7B0%7D.yaml" in uris
    assert "a/%5Cxff%5Cxfe.yaml" in uris, "gate shows bytes that are no UTF-8 so, in all formats"
    assert "http%3A/evil.example/%2541.yaml" in uris
    text = (repo.path / "b.xml").read_text()
    suite_of(text)
    assert "\x1b" not in text
    assert "\u202e" not in text


def example(name: str) -> str:
    page = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"<!-- {name} -->\n```yaml\n(.*?)```", page, re.DOTALL)
    return str(found)


def test_the_workflow_of_the_page_uploads_what_is_whole_and_nothing_else(repo: Repo) -> None:
    text = example("workflow")
    file = repo.write(".github/workflows/alerts.yml", text)
    assert run_tool("actionlint", str(file), cwd=repo.path) == ""
    run_tool("zizmor", "--offline", "--no-progress", str(file), cwd=repo.path)
    (command,) = re.findall(r"run: (gate .*)", text)
    asked = shlex.split(command.replace("-o text ", ""))[1:]
    run = gate(*asked, cwd=repo.path)
    assert run.code == 0, str(run)
    told = run_of((repo.path / "gate.sarif").read_text())
    assert [each["level"] for each in told["results"]] == ["error"]
    repo.write("apps/web.yaml", "apiVersion: v1\nkind: [\n")
    assert gate(*asked, cwd=repo.path).code == 3


def test_the_job_of_the_page_leaves_a_report(repo: Repo) -> None:
    job = yaml.safe_load(example("gitlab"))["gate"]
    repo.git("update-ref", "refs/remotes/origin/main", "main")
    (line,) = job["script"]
    asked = shlex.split(line.replace("$CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"))[1:]
    assert gate(*asked, cwd=repo.path).code == 1
    report = repo.path / job["artifacts"]["reports"]["junit"]
    assert suite_of(report.read_text()).get("failures") == "1"


def run_tool(program: str, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [need(program), *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
