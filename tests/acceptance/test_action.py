"""The GitHub Action, run by act in workflows as its users write them, on real repositories."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.act import (
    ACTION,
    CHECKOUT,
    Acted,
    Happening,
    Hosted,
    Hub,
    act,
    deployment,
    hosted,
    merge_group,
    pull_request,
    push,
    workflow_dispatch,
)
from tests.support.github_api import READ_ONLY, TOKEN, Api, Who, serving
from tests.support.tools import ROOT

Run = Callable[..., Acted]
EXAMPLES = ROOT / "examples" / "workflows"
PAGE = (ROOT / "docs" / "github-actions.md").read_text(encoding="utf-8")

MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop, labels: {{app: {name}}}}}
spec:
  template:
    spec:
      containers:
        - name: app
          image: registry.example/{name}:{tag}
          resources: {{requests: {{cpu: 1, memory: 1Gi}}, limits: {{memory: 1Gi}}}}
"""
CONFIG = """\
version: 1
services:
  checkout: {paths: ["apps/checkout/**"]}
  ledger: {paths: ["apps/ledger/**"]}
"""
PLACE = "apps/checkout/deployment.yaml"


def manifest(tag: str, name: str = "checkout") -> str:
    return MANIFEST.format(name=name, tag=tag)


TELL = """\
      - if: always()
        env:
          VERDICT: ${{ steps.gate.outputs.verdict }}
          OUTCOME: ${{ steps.gate.outcome }}
          DECISION: ${{ steps.gate.outputs.decision-id }}
          FINDINGS: ${{ steps.gate.outputs.findings }}
          FILE: ${{ steps.gate.outputs.verdict-file }}
        run: |
          echo "verdict=<$VERDICT>"
          echo "outcome=<$OUTCOME>"
          echo "decision=<$DECISION>"
          echo "findings=<$FINDINGS>"
          if [ -n "$FILE" ]; then echo "json=<$(tr -d '\\n' <"$FILE")>"; fi
"""


def example(title: str) -> str:
    """What the page shows under a title."""
    found = re.search(rf"<!-- {re.escape(title)} -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None, title
    return found[1]


def named(file: str) -> str:
    """A workflow of the examples."""
    return (EXAMPLES / file).read_text(encoding="utf-8")


def workflow(
    *given: str,
    before: str = "",
    after: str = TELL,
    job: str = "",
    depth: int = 1,
    step: str = f"      - uses: {ACTION}\n",
) -> str:
    """One job that uses the action, and then tells its outputs."""
    lines = "".join(f"          {line}\n" for line in given)
    return (
        "on: [pull_request, merge_group, push, deployment, workflow_dispatch]\n"
        f"jobs:\n  gate:\n    runs-on: ubuntu-latest\n{job}    steps:\n"
        f"      - {{uses: {CHECKOUT}, with: {{fetch-depth: {depth}}}}}\n{before}"
        + step.replace("- uses:", "- id: gate\n        uses:", 1)
        + (f"        with:\n{lines}" if given else "")
        + after
    )


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Hosted:
    """Shared by all processes of a test run: what is dear is installed once."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if own.name.startswith("popen-") else own
    return hosted(shared / "act-hosted")


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    made = Hub.make(tmp_path / "hub")
    made.commit("first", {PLACE: manifest("1.0.0"), ".gate.yaml": CONFIG})
    return made


@pytest.fixture
def api() -> Iterator[Api]:
    made = Api()
    with serving(made):
        yield made


@pytest.fixture
def run(place: Hosted, hub: Hub, tmp_path: Path) -> Run:
    def running(happening: Happening, text: str | None = None, **more: Any) -> Acted:
        more.setdefault("secrets", {"GITHUB_TOKEN": TOKEN})
        served: Api | None = more.pop("api", None)
        if served is not None:
            more["env"] = {"GITHUB_API_URL": served.address, **more.get("env", {})}
        folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        return act(place, hub, text or workflow("post: false"), happening, folder, **more)

    return running


def branch(hub: Hub, files: dict[str, Any], name: str = "change") -> str:
    """A commit on a new branch of main."""
    hub.work.branch(name)
    sha = hub.commit("a change", files)
    hub.work.checkout("main")
    return sha


def judged(acted: Acted) -> Any:
    return json.loads(acted.told("json"))


def exits(acted: Acted) -> set[str]:
    """The exit codes of the steps that failed."""
    return set(re.findall(r"exit(?:code '| status )(\d+)", acted.text))


def assert_told(acted: Acted, verdict: str, code: int) -> None:
    assert acted.told("verdict") == verdict, str(acted)
    assert acted.told("outcome") == ("success" if code == 0 else "failure")
    assert exits(acted) == ({str(code)} if code else set()), str(acted)
    assert (acted.code == 0) == (code == 0)


def test_a_pull_request_is_denied_on_its_line_and_told_everywhere(
    run: Run, hub: Hub, api: Api
) -> None:
    head = branch(hub, {PLACE: manifest("latest")})
    api.pull(7, head)
    acted = run(pull_request(hub, head, "change"), workflow(), api=api)
    assert_told(acted, "deny", 1)
    verdict = judged(acted)
    assert verdict["change"]["head"] == head
    assert verdict["change"]["event"] == "pull_request"
    assert verdict["decision_id"] == acted.told("decision")
    assert acted.told("findings") == "1"
    (error,) = [each for each in acted.log if each.get("command") == "error"]
    assert error["kvPairs"]["file"] == PLACE
    assert error["kvPairs"]["line"] == "9"
    assert "⛔ DENY" in acted.text, "the step's summary"
    assert [each["conclusion"] for each in api.check_runs] == ["failure"]
    assert [each["name"] for each in api.check_runs] == ["change-gate"]
    assert [each["state"] for each in api.statuses] == ["failure"]
    assert len(api.comments[7]) == 1
    assert acted.commands("warning") == []
    assert TOKEN not in acted.text
    assert TOKEN not in acted.err


@pytest.mark.parametrize(("tag", "code"), [("1.0.1", 0), ("latest", 1)])
def test_the_token_of_a_fork_may_only_read_and_the_verdict_stays(
    run: Run, hub: Hub, api: Api, tag: str, code: int
) -> None:
    head = branch(hub, {PLACE: manifest(tag)})
    api.pull(7, head)
    api.tokens = {TOKEN: Who("github-actions[bot]", "github-actions", READ_ONLY)}
    acted = run(pull_request(hub, head, "change", fork=True), named("change-gate.yml"), api=api)
    assert acted.code == code
    assert exits(acted) == ({str(code)} if code else set()), str(acted)
    assert api.check_runs == api.statuses == []
    assert acted.commands("warning"), "what could not be posted is said"
    assert TOKEN not in acted.text


def test_the_freeze_of_today_holds_for_a_branch_of_last_week(run: Run, hub: Hub) -> None:
    opened = hub.work.sha("main")
    head = branch(hub, {PLACE: manifest("1.0.1")})
    start = datetime.now(UTC) - timedelta(days=1)
    window = {"name": "the sale", "kind": "deny", "reason": "the sale"}
    times = {"from": f"{start:%Y-%m-%dT00:00:00Z}", "to": "2999-01-01T00:00:00Z"}
    freeze = json.dumps({"windows": [{**window, **times}]})
    config = CONFIG + "evidence: {freeze: [windows: freezes.yaml]}\n"
    tip = hub.commit("frozen", {"freezes.yaml": freeze, ".gate.yaml": config})
    acted = run(pull_request(hub, head, "change", base=opened))
    assert_told(acted, "deny", 1)
    verdict = judged(acted)
    assert verdict["change"]["trusted"] == tip
    assert {each["rule"] for each in verdict["findings"]} == {"freeze.active"}


def test_a_merge_queue_judges_what_is_added_to_what_is_queued(run: Run, hub: Hub) -> None:
    tip = hub.work.sha("main")
    hub.work.branch("queue")
    other = {"apps/other/deployment.yaml": manifest("latest", "other")}
    queued = hub.commit("queued before, and denied", {**other, ".gate.yaml": "rules: {}\n"})
    head = hub.commit("this one", {PLACE: manifest("latest")})
    acted = run(merge_group(hub, head, queued))
    assert_told(acted, "deny", 1)
    verdict = judged(acted)
    assert verdict["change"]["trusted"] == tip
    assert verdict["change"]["base"] == queued
    assert [each["location"]["path"] for each in verdict["findings"]] == [PLACE]


def test_a_push_is_judged_by_what_was_there_and_missing_evidence_is_undecided(
    run: Run, hub: Hub
) -> None:
    source = {"prometheus": {"url": "http://127.0.0.1:9", "convention": "sloth"}}
    config = CONFIG + f"evidence: {json.dumps({'slo': [source]})}\n"
    before = hub.commit("objectives", {".gate.yaml": config})
    after = hub.commit("a change", {PLACE: manifest("1.0.1")})
    offline = workflow("post: false", job="    env: {GATE_OFFLINE: '1'}\n")
    acted = run(push(before, after), offline)
    assert_told(acted, "undecided", 3)
    assert judged(acted)["change"]["base"] == before
    (warning,) = acted.commands("warning")
    assert "GATE_OFFLINE" in warning
    asked = run(push(before, after), workflow("post: false", "offline: true", depth=0))
    assert_told(asked, "pass", 0)
    assert judged(asked)["offline"] is True


def test_a_deployment_is_judged_since_the_last_one_that_succeeded(
    run: Run, hub: Hub, api: Api
) -> None:
    deployed = hub.work.sha("main")
    hub.commit("between", {PLACE: manifest("latest")})
    head = hub.commit("no manifest", {"docs/a.md": "words\n"})
    told = {"environment": "production", "task": "deploy"}
    api.deployments = [{"id": 42, "sha": head, **told}, {"id": 41, "sha": deployed, **told}]
    api.deployment_statuses = {41: [{"state": "success", "environment": "production"}], 42: []}
    acted = run(deployment(head), named("change-gate-deployment.yml"), api=api)
    assert exits(acted) == {"1"}, str(acted)
    assert deployed[:7] in acted.text
    assert [each["conclusion"] for each in api.check_runs] == ["failure"]
    assert acted.commands("warning") == []


def test_a_dispatch_names_base_and_head_and_text_of_an_input_is_no_command(
    run: Run, hub: Hub
) -> None:
    base = hub.work.sha("main")
    head = hub.commit("a change", {PLACE: manifest("latest")})
    text = workflow(
        "base: ${{ github.event.inputs.base }}",
        "head: ${{ github.event.inputs.head }}",
        "post: false",
        depth=0,
    )
    acted = run(workflow_dispatch(head, {"base": base, "head": head}), text)
    assert_told(acted, "deny", 1)
    hostile = '"; echo pwned=1; $(echo pwned=2) `echo pwned=3`\n::notice::pwned=4'
    wrong = run(workflow_dispatch(head, {"base": hostile, "head": head}), text)
    assert_told(wrong, "error", 2)
    printed = [str(each["msg"]) for each in wrong.log if each.get("raw_output")]
    assert not [line for line in printed if re.match(r"\s*pwned=\d", line)]
    assert not [each for each in wrong.commands("notice") if "pwned" in each]


def test_names_of_the_change_are_no_commands(run: Run, hub: Hub) -> None:
    name = "apps/checkout/$(touch pwned) `id`;\n::error::pwned %0A.yaml"
    head = branch(hub, {name: manifest("latest", "evil")}, name="feat/$(touch${IFS}pwned)")
    happening = pull_request(hub, head, "feat/$(touch${IFS}pwned)")
    after = TELL + '      - if: always()\n        run: echo "left=<$(find . -name pwned)>"\n'
    acted = run(happening, workflow("post: false", after=after))
    assert_told(acted, "deny", 1)
    assert acted.told("left") == ""
    assert not [each for each in acted.commands("error") if each.startswith("pwned")]


def test_a_first_adoption_is_judged_and_its_config_previewed(run: Run, hub: Hub) -> None:
    hub.commit("before the gate", {".gate.yaml": None})
    head = branch(
        hub,
        {".gate.yaml": CONFIG, ".github/workflows/change-gate.yml": workflow()},
    )
    acted = run(pull_request(hub, head, "change"))
    assert_told(acted, "pass", 0)
    assert "by the built-in defaults (main has no .gate.yaml)" in acted.text


def test_a_broken_config_is_an_error_and_not_a_denial(run: Run, hub: Hub) -> None:
    broken = hub.commit("broken", {".gate.yaml": "rulez: {}\n"})
    after = hub.commit("a change", {PLACE: manifest("1.0.1")})
    acted = run(push(broken, after))
    assert_told(acted, "error", 2)
    assert "rulez" in acted.text


MANY = """\
      - {id: a, uses: ACTION, continue-on-error: true, with: {post: maybe}}
      - {id: b, uses: ACTION, continue-on-error: true, with: {offline: 'yes'}}
      - {id: c, uses: ACTION, continue-on-error: true, with: {command: rm}}
      - {id: d, uses: ACTION, continue-on-error: true, with: {working-directory: nowhere}}
      - id: e
        uses: ACTION
        continue-on-error: true
        with:
          post: false
          fail-on: never
          output: |
            sarif=${{ runner.temp }}/gate.sarif
            junit=${{ runner.temp }}/gate.xml
          policy: builtin
          engine: embedded
          include-existing: true
          config: .gate.yaml
          service: checkout ledger
          environment: default
      - env:
          A: ${{ steps.a.outputs.verdict }} ${{ steps.a.outcome }}
          B: ${{ steps.b.outputs.verdict }} ${{ steps.b.outcome }}
          C: ${{ steps.c.outputs.verdict }} ${{ steps.c.outcome }}
          D: ${{ steps.d.outputs.verdict }} ${{ steps.d.outcome }}
          E: ${{ steps.e.outputs.verdict }} ${{ steps.e.outcome }}
        run: |
          printf '%s=<%s>\\n' a "$A" b "$B" c "$C" d "$D" e "$E"
          echo "files=<$(ls "$RUNNER_TEMP" | grep '^gate\\.' | tr '\\n' ' ')>"
"""


def test_inputs_reach_the_command_and_a_wrong_one_is_an_error(run: Run, hub: Hub) -> None:
    head = branch(hub, {PLACE: manifest("latest")})
    several = MANY.replace("ACTION", ACTION)
    text = workflow("post: false", "fail-on: never", after=several)
    acted = run(pull_request(hub, head, "change"), text)
    assert [acted.told(name) for name in "abcd"] == ["error failure"] * 4
    assert acted.told("e") == "deny success", str(acted)
    assert acted.told("files") == "gate.sarif gate.xml "
    without_file = run(pull_request(hub, head, "change"), workflow("post: false", "output: sarif"))
    assert_told(without_file, "error", 2)
    assert without_file.commands("error") == [
        "The input output takes FORMAT=FILE, such as sarif=gate.sarif."
    ]


def test_a_recheck_takes_no_setting_that_would_do_nothing(run: Run, hub: Hub) -> None:
    head = branch(hub, {PLACE: manifest("1.0.1")})
    event = pull_request(hub, head, "change")
    acted = run(event, workflow("command: recheck", "post: false"))
    assert acted.commands("error") == ["The command recheck posts: leave the input post out."]
    assert acted.code != 0


def test_open_pull_requests_are_judged_again(run: Run, hub: Hub, api: Api) -> None:
    head = branch(hub, {PLACE: manifest("latest")})
    pull_request(hub, head, "change")
    tip = hub.work.sha("main")
    repo = {"full_name": api.name, "default_branch": "main"}
    pull = api.pull(7, head, title="::error::pwned")
    pull["base"] |= {"sha": tip, "repo": pull["base"]["repo"] | repo}
    api.tips = {"main": tip}
    acted = run(workflow_dispatch(tip, {}), named("change-gate-recheck.yml"), api=api)
    assert acted.code == 0, str(acted)
    assert [each["conclusion"] for each in api.check_runs] == ["failure"]
    assert acted.commands("error") == []


def test_six_lines_block_a_merge_and_say_why(run: Run, hub: Hub, api: Api) -> None:
    text = example("six lines")
    assert text.count("\n") == 6
    head = branch(hub, {PLACE: manifest("latest")})
    api.pull(7, head)
    acted = run(pull_request(hub, head, "change"), text, api=api)
    assert exits(acted) == {"1"}, str(acted)
    assert [each["conclusion"] for each in api.check_runs] == ["failure"]
    assert [each["state"] for each in api.statuses] == ["failure"]
    assert len(api.comments[7]) == 1
    assert acted.commands("warning") == []


@pytest.mark.parametrize(("tag", "code"), [("1.0.1", 0), ("latest", 1)])
def test_nothing_is_deployed_unless_the_gate_lets_it(
    run: Run, hub: Hub, api: Api, tag: str, code: int
) -> None:
    """What was denied when it was pushed is not deployed beside a later push either."""
    environments = "environments: {production: {paths: ['apps/**']}}\n"
    deployed = hub.commit("an environment", {".gate.yaml": CONFIG + environments})
    before = hub.commit("a change", {PLACE: manifest(tag)})
    head = hub.commit("another one", {"README.md": "x\n"})
    told = {"environment": "production", "task": "deploy"}
    api.deployments = [{"id": 42, "sha": before, **told}, {"id": 41, "sha": deployed, **told}]
    api.deployment_statuses = {41: [{"state": "success", "environment": "production"}], 42: []}
    acted = run(push(before, head), named("deploy.yml"), api=api)
    assert acted.code == code, str(acted)
    assert ("deploying what decision" in acted.text) is (code == 0)
    assert [each["name"] for each in api.check_runs] == ["change-gate (deployment, production)"]


def test_the_outputs_of_the_page_are_those_of_the_action(run: Run, hub: Hub) -> None:
    source = {"prometheus": {"url": "http://127.0.0.1:9", "convention": "sloth"}}
    config = CONFIG + f"evidence: {json.dumps({'slo': [source]})}\n"
    hub.commit("objectives", {".gate.yaml": config})
    head = branch(hub, {PLACE: manifest("1.0.1")})
    acted = run(pull_request(hub, head, "change"), example("outputs"))
    assert exits(acted) == {"3"}, str(acted)
    assert "no evidence for decision" in acted.text


def test_missing_evidence_warns_on_a_fork_and_stops_the_queue(run: Run, hub: Hub) -> None:
    """The page's configuration, whose secret is not set."""
    hub.commit("a switch", {".gate.yaml": example(".gate.yaml")})
    tip = hub.work.sha("main")
    head = branch(hub, {PLACE: manifest("1.0.1")})
    text = workflow(step=example("secret"))
    fork = run(pull_request(hub, head, "change", fork=True), text)
    assert_told(fork, "warn", 0)
    queue = run(merge_group(hub, head, tip), text)
    assert_told(queue, "undecided", 3)
