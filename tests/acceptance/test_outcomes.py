"""What comes out, cell by cell: the outcome of each rule and target, the verdict, the exit code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gate import schemas
from tests.support.command import check, gate, rules
from tests.support.git import Repo

NOW = "2026-11-22T10:00:00Z"

CONFIG = """\
version: 1
policies: [policies]
environments:
  production: {{paths: ["apps/**"]}}
services:
  cart: {{paths: ["apps/cart/**"]}}
  checkout: {{paths: ["apps/checkout/**"]}}
{more}
"""

SLO = {
    service: {
        "production": {
            "status": "ok",
            "observed_at": NOW,
            "value": [{"name": "availability", "objective": 0.999, "remaining": remaining}],
        }
    }
    for service, remaining in (("cart", 0.5), ("checkout", -1))
}


def rule(name: str, body: str, *custom: str) -> str:
    lines = "".join(f"#   {line}\n" for line in ("remediation: Mend it.", *custom))
    return (
        f"# METADATA\n# title: T\n# description: d\n# scope: package\n# custom:\n{lines}"
        f"package gate.{name}\n\n{body}"
    )


def budget(kind: str = "slo") -> str:
    return (
        "deny contains finding if {\n"
        f"\tsome service, environments in input.evidence.{kind}\n"
        "\tsome environment, told in environments\n"
        '\ttold.status == "ok"\n'
        "\tsome slo in told.value\n"
        "\tslo.remaining < 0\n"
        '\tfinding := {"message": sprintf("no budget in %s", [environment]), "service": service}\n'
        "}\n"
    )


def about_maps(set_: str = "deny", key: str = "bad", extra: str = "") -> str:
    """A rule that speaks of each ConfigMap whose data has this key."""
    return (
        f"{set_} contains finding if {{\n"
        "\tsome resource in input.resources\n"
        '\tresource.kind == "ConfigMap"\n'
        f"\tresource.new.data.{key}\n"
        f'\tfinding := {{"message": "{key} is set", "resource": resource.id, '
        f'"path": ["data", "{key}"]{extra}}}\n'
        "}\n"
    )


def settings(name: str, **data: str) -> str:
    told = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in data.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n{told}  x: y\n"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Repo.init(tmp_path_factory.mktemp("template") / "repo")
    made.write("apps/cart/map.yaml", settings("cart"))
    made.write("apps/checkout/map.yaml", settings("checkout"))
    made.write("README.md", "# Shop\n")
    made.write(".gate.yaml", CONFIG.format(more=""))
    made.write("policies/team/any.rego", rule("team.any", about_maps()))
    made.commit("start")
    return made.path


@pytest.fixture
def repo(template: Path, tmp_path: Path) -> Repo:
    shutil.copytree(template, tmp_path / "repo", symlinks=True)
    return Repo(tmp_path / "repo")


def staged(repo: Repo, *arguments: str, env: dict[str, str] | None = None) -> Any:
    """The verdict on what is in the working tree, judged by the working tree's config."""
    repo.stage()
    run = gate("check", "--staged", "--now", NOW, *arguments, "-o", "json", cwd=repo.path, env=env)
    assert run.json["exit_code"] == run.code, str(run)
    jsonschema.validate(run.json, schemas.load("verdict"))
    return run.json


def outcome(verdict: Any, name: str) -> Any:
    return next(each for each in verdict["rules"] if each["rule"] == name)


def by_target(verdict: Any, name: str) -> dict[str, str]:
    return {each["service"]: each["outcome"] for each in outcome(verdict, name)["targets"]}


def ask_slo(repo: Repo, more: str = "", told: Any = SLO, source: str = "{file: slo.json}") -> None:
    repo.write(".gate.yaml", CONFIG.format(more=f"evidence: {{slo: [{source}]}}\n{more}"))
    repo.write("slo.json", json.dumps(told))
    repo.write("policies/team/budget.rego", rule("team.budget", budget(), "requires: [slo]"))


def touch_both(repo: Repo) -> None:
    repo.write("apps/cart/map.yaml", settings("cart", good="1"))
    repo.write("apps/checkout/map.yaml", settings("checkout", good="1"))


def test_a_target_whose_evidence_is_there_is_judged_by_itself(repo: Repo) -> None:
    ask_slo(repo)
    touch_both(repo)
    verdict = staged(repo)
    assert by_target(verdict, "team.budget") == {"cart": "passed", "checkout": "denied"}
    assert outcome(verdict, "team.budget")["outcome"] == "denied"
    assert verdict["verdict"] == "deny"


@pytest.mark.parametrize(
    ("way", "each", "whole", "code"),
    [
        ("", "undecided", "undecided", 3),
        ("deny", "denied", "deny", 1),
        ("warn", "warned", "warn", 0),
        ("undecided", "undecided", "undecided", 3),
    ],
)
@pytest.mark.parametrize("status", ["unavailable", "stale"])
def test_what_cannot_be_had_counts_as_the_config_says(
    repo: Repo, way: str, each: str, whole: str, code: int, status: str
) -> None:
    more = f"rules: {{team.budget: {{on_unavailable: {way}}}}}" if way else ""
    gone = {**SLO, "checkout": {"production": {"status": status, "reason": "it is down"}}}
    ask_slo(repo, more, gone)
    touch_both(repo)
    verdict = staged(repo)
    assert by_target(verdict, "team.budget") == {"cart": "passed", "checkout": each}
    assert (verdict["verdict"], verdict["exit_code"]) == (whole, code)
    reasons = json.dumps(verdict["rules"])
    assert f"slo of checkout in production is {status}: it is down" in reasons


def test_what_cannot_be_had_counts_by_the_event(repo: Repo, tmp_path: Path) -> None:
    gone = {**SLO, "checkout": {"production": {"status": "unavailable", "reason": "it is down"}}}
    ask_slo(repo, "on_unavailable: {push: warn}", gone)
    touch_both(repo)
    file = tmp_path / "push.json"
    told = {"ref": "refs/heads/main", "before": "1" * 40, "after": "2" * 40}
    file.write_text(json.dumps({**told, "repository": {"full_name": "shop/apps"}}))
    assert staged(repo)["verdict"] == "undecided"
    asked = ("--staged", "--event", str(file), "--now", NOW)
    run = gate("context", *asked, cwd=repo.path)
    assert run.code == 0, str(run)
    saved = json.loads(run.out)
    assert saved["gate"]["on_unavailable"]["team.budget"] == "warn"
    assert saved["change"]["event"] == "push"
    (tmp_path / "saved.json").write_text(run.out)
    again = gate("check", "--input", str(tmp_path / "saved.json"), "-o", "json", cwd=repo.path)
    assert json.loads(again.out)["verdict"] == "warn"


def test_evidence_older_than_max_age_is_stale(repo: Repo) -> None:
    old = {"cart": {"production": {**SLO["cart"]["production"], "observed_at": "2026-11-21"}}}
    old["cart"]["production"]["observed_at"] = "2026-11-22T08:00:00Z"
    ask_slo(repo, told=old, source="{file: {path: slo.json, max_age: 1h}}")
    repo.write("apps/cart/map.yaml", settings("cart", good="1"))
    verdict = staged(repo)
    assert verdict["verdict"] == "undecided"
    assert verdict["evidence"][0]["status"] == "stale"


def test_what_is_not_configured_is_skipped_and_listed(repo: Repo) -> None:
    repo.write("policies/team/budget.rego", rule("team.budget", budget(), "requires: [slo]"))
    touch_both(repo)
    verdict = staged(repo)
    assert by_target(verdict, "team.budget") == {"cart": "skipped", "checkout": "skipped"}
    assert outcome(verdict, "team.budget")["reason"] == "slo is not configured"
    assert verdict["verdict"] == "pass"
    shown = gate("check", "--staged", cwd=repo.path)
    assert "skipped:        slo is not configured: team.budget" in shown.out


def test_what_is_required_and_not_configured_is_undecided(repo: Repo) -> None:
    repo.write(".gate.yaml", CONFIG.format(more="require: [slo, freeze]"))
    repo.write("policies/team/budget.rego", rule("team.budget", budget(), "requires: [slo]"))
    touch_both(repo)
    verdict = staged(repo)
    assert by_target(verdict, "team.budget") == {"cart": "undecided", "checkout": "undecided"}
    assert (verdict["verdict"], verdict["exit_code"]) == ("undecided", 3)
    shown = gate("check", "--staged", cwd=repo.path)
    assert "freeze is required and not configured" in " ".join(shown.out.split())


def test_a_docs_change_asks_no_evidence_and_passes_while_it_is_down(repo: Repo) -> None:
    ask_slo(repo, "require: [slo, freeze]", told="nothing of use")
    repo.commit("rule")
    repo.write("README.md", "# The shop\n")
    verdict = staged(repo)
    assert verdict["verdict"] == "pass"
    assert verdict["evidence"] == []
    assert outcome(verdict, "team.budget")["outcome"] == "not_applicable"


def test_of_several_kinds_the_one_that_is_down_decides(repo: Repo) -> None:
    down = {"production": {"status": "unavailable", "reason": "down"}}
    ask_slo(repo, told={"cart": down, "checkout": SLO["cart"]})
    both = rule("team.both", budget(), "requires: [freeze, slo]")
    repo.write("policies/team/both.rego", both)
    touch_both(repo)
    verdict = staged(repo)
    assert by_target(verdict, "team.both") == {"cart": "undecided", "checkout": "skipped"}


def test_a_finding_of_a_rule_that_could_not_look_everywhere_still_counts(repo: Repo) -> None:
    gone = {**SLO, "cart": {"production": {"status": "unavailable", "reason": "down"}}}
    ask_slo(repo, told=gone)
    touch_both(repo)
    verdict = staged(repo)
    assert by_target(verdict, "team.budget") == {"cart": "undecided", "checkout": "denied"}
    assert verdict["verdict"] == "deny"
    assert verdict["summary"]["undecided"] == 0


def test_a_variable_that_is_not_set_is_unavailable_and_named(repo: Repo) -> None:
    ask_slo(repo, source='{file: {path: "${SLO_FILE}"}}')
    repo.write("apps/cart/map.yaml", settings("cart", good="1"))
    unset = staged(repo)
    assert unset["verdict"] == "undecided"
    assert unset["evidence"][0]["status"] == "unavailable"
    assert unset["evidence"][0]["reason"] == "${SLO_FILE} is not set"
    given = staged(repo, env={"SLO_FILE": "slo.json"})
    assert given["verdict"] == "pass"


def test_offline_skips_the_network_and_still_reads_files(repo: Repo) -> None:
    ask_slo(repo)
    text = (repo.path / ".gate.yaml").read_text()
    sources = 'evidence: {incidents: [{pagerduty: {token: "${PD_TOKEN}"}}], slo'
    repo.write(".gate.yaml", text.replace("evidence: {slo", sources))
    repo.write(
        "policies/team/calm.rego", rule("team.calm", budget("incidents"), "requires: [incidents]")
    )
    touch_both(repo)
    verdict = staged(repo, "--offline")
    assert verdict["offline"] is True
    assert outcome(verdict, "team.calm")["outcome"] == "skipped"
    assert outcome(verdict, "team.calm")["reason"] == "--offline: pagerduty was not asked"
    assert by_target(verdict, "team.budget") == {"cart": "passed", "checkout": "denied"}
    online = staged(repo)
    assert outcome(online, "team.calm")["outcome"] == "undecided"


def test_a_rule_that_fails_is_an_error_and_wins_over_a_denial(repo: Repo) -> None:
    failing = 'deny contains m if {\n\tsome r in input.resources\n\tm := sprintf("%d", r.name)\n}\n'
    repo.write("policies/team/fails.rego", rule("team.fails", failing))
    repo.write("apps/cart/map.yaml", settings("cart", bad="1"))
    verdict = staged(repo)
    assert (verdict["verdict"], verdict["exit_code"]) == ("error", 2)
    assert rules(verdict) == {"team.any"}
    assert outcome(verdict, "team.fails")["reason"].startswith("policies/team/fails.rego:")
    assert staged(repo, "--fail-on", "never")["exit_code"] == 2


def test_the_verdict_is_the_worst_of_all(repo: Repo) -> None:
    """error, deny, undecided, warn, pass: each taken away shows the next."""
    gone = {"cart": {"production": {"status": "unavailable", "reason": "down"}}}
    repo.write("policies/team/hint.rego", rule("team.hint", about_maps("warn", "odd")))
    repo.write(
        "policies/team/fails.rego",
        rule("team.fails", 'deny contains 1 if input.change.kind == "staged"\n'),
    )
    ask_slo(repo, told=gone)
    repo.write("apps/cart/map.yaml", settings("cart", bad="1", odd="1"))
    seen = []
    off: list[str] = []
    for name in ("team.fails", "team.any", "team.budget", "team.hint", ""):
        told = ", ".join(f"{each}: off" for each in off)
        ask_slo(repo, f"rules: {{{told}}}", gone)
        verdict = staged(repo)
        seen.append((verdict["verdict"], verdict["exit_code"]))
        off.append(name)
    assert seen == [("error", 2), ("deny", 1), ("undecided", 3), ("warn", 0), ("undecided", 3)]
    assert verdict["summary"]["undecided"] == 1


@pytest.mark.parametrize(
    ("fail_on", "set_", "code"),
    [
        ("deny", "deny", 1),
        ("deny", "warn", 0),
        ("warn", "deny", 1),
        ("warn", "warn", 1),
        ("never", "deny", 0),
        ("never", "warn", 0),
    ],
)
def test_fail_on_speaks_of_findings(repo: Repo, fail_on: str, set_: str, code: int) -> None:
    repo.write("policies/team/any.rego", rule("team.any", about_maps(set_)))
    repo.write("apps/cart/map.yaml", settings("cart", bad="1"))
    verdict = staged(repo, "--fail-on", fail_on)
    assert (verdict["verdict"], verdict["exit_code"]) == (set_, code)


def test_fail_on_never_lets_nothing_go_that_is_undecided(repo: Repo) -> None:
    ask_slo(repo, told={})
    repo.write("apps/cart/map.yaml", settings("cart", bad="1"))
    assert staged(repo, "--fail-on", "never")["exit_code"] == 3


def test_advisory_mode_exits_zero_and_says_so_but_not_for_an_error(repo: Repo) -> None:
    repo.write(".gate.yaml", CONFIG.format(more="mode: advisory\nrequire: [slo]"))
    repo.write("apps/cart/map.yaml", settings("cart", bad="1"))
    verdict = staged(repo)
    assert (verdict["verdict"], verdict["exit_code"], verdict["mode"]) == ("deny", 0, "advisory")
    assert "advisory mode" in gate("check", "--staged", cwd=repo.path).out
    repo.write("policies/team/any.rego", rule("team.any", "deny contains 1\n"))
    assert staged(repo)["exit_code"] == 2


def test_without_a_rule_that_is_on_nothing_is_decided(repo: Repo) -> None:
    repo.write(".gate.yaml", CONFIG.format(more="rules: {team.any: off}"))
    repo.write("apps/cart/map.yaml", settings("cart", bad="1"))
    verdict = staged(repo)
    assert (verdict["verdict"], verdict["exit_code"]) == ("undecided", 3)
    assert outcome(verdict, "team.any")["outcome"] == "off"


# Existing findings


def old_debt(repo: Repo, **data: str) -> None:
    repo.write("apps/cart/map.yaml", settings("cart", **data))
    repo.commit("debt")


def statuses(verdict: Any) -> list[str]:
    return [each["status"] for each in verdict["findings"]]


def test_old_debt_is_counted_and_shown_and_blocks_only_when_asked(repo: Repo) -> None:
    old_debt(repo, bad="1")
    repo.write("apps/cart/map.yaml", settings("cart", bad="2"))
    verdict = staged(repo)
    assert (verdict["verdict"], verdict["summary"]["existing"]) == ("pass", 1)
    assert statuses(verdict) == ["existing"]
    asked = staged(repo, "--include-existing")
    assert (asked["verdict"], statuses(asked)) == ("deny", ["new"])


def test_old_debt_of_another_object_excuses_nothing(repo: Repo) -> None:
    old_debt(repo, bad="1")
    touch_both(repo)
    repo.write("apps/checkout/map.yaml", settings("checkout", bad="1"))
    assert staged(repo)["verdict"] == "deny"


def test_a_rule_without_existing_findings_always_blocks(repo: Repo) -> None:
    repo.write("policies/team/any.rego", rule("team.any", about_maps(), "existing: never"))
    old_debt(repo, bad="1")
    repo.write("apps/cart/map.yaml", settings("cart", bad="2"))
    assert staged(repo)["verdict"] == "deny"


def test_a_rule_that_requires_evidence_always_blocks(repo: Repo) -> None:
    ask_slo(repo)
    repo.write("policies/team/any.rego", rule("team.any", about_maps(), "requires: [slo]"))
    old_debt(repo, bad="1")
    repo.write("apps/cart/map.yaml", settings("cart", bad="2"))
    assert staged(repo)["verdict"] == "deny"


def test_a_rule_about_the_change_itself_always_blocks(repo: Repo) -> None:
    repo.write("policies/change/any.rego", rule("change.any", about_maps()))
    repo.write(".gate.yaml", CONFIG.format(more="rules: {team.any: off}"))
    old_debt(repo, bad="1")
    repo.write("apps/cart/map.yaml", settings("cart", bad="2"))
    verdict = staged(repo)
    assert rules(verdict) == {"change.any"}


def test_as_many_old_findings_as_there_were_excuse_new_ones(repo: Repo) -> None:
    """By message alone: two old ones excuse two of three."""
    body = (
        "deny contains finding if {\n\tsome resource in input.resources\n"
        "\tsome key, value in resource.new.data\n"
        '\tvalue == "bad"\n'
        '\tfinding := {"message": sprintf("bad: %s", [key]), "resource": resource.id, '
        '"key": "bad"}\n}\n'
    )
    repo.write("policies/team/any.rego", rule("team.any", body))
    old_debt(repo, a="bad", b="bad")
    repo.write("apps/cart/map.yaml", settings("cart", c="bad", d="bad", e="bad"))
    verdict = staged(repo)
    assert sorted(statuses(verdict)) == ["existing", "existing", "new"]
    assert verdict["verdict"] == "deny"


def test_list_elements_are_the_same_by_their_merge_key_not_by_their_place(repo: Repo) -> None:
    body = (
        "deny contains finding if {\n\tsome resource in input.resources\n"
        "\tsome i, container in resource.new.spec.containers\n"
        '\tendswith(container.image, ":latest")\n'
        '\tfinding := {"message": sprintf("%s floats", [container.image]), '
        '"resource": resource.id, "path": ["spec", "containers", i, "image"]}\n}\n'
    )
    repo.write("policies/team/any.rego", rule("team.any", body))
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n"
    app, side = "  - {name: app, image: a:latest}\n", "  - {name: side, image: s:latest}\n"
    repo.write("apps/cart/pod.yaml", pod + app)
    repo.commit("debt")
    repo.write("apps/cart/pod.yaml", pod + side + app)
    found = {each["message"]: each["status"] for each in staged(repo)["findings"]}
    assert found == {"a:latest floats": "existing", "s:latest floats": "new"}
    repo.write("apps/cart/pod.yaml", pod + app.replace("app", "new"))
    assert statuses(staged(repo)) == ["new"]


# Waivers

WAIVERS = """\
waivers:
  - {rule: team.any, service: cart, expires: 2026-11-30, reason: agreed, ticket: T-1}
  - {rule: team.any, service: checkout, expires: 2026-11-01, reason: long ago}
  - {rule: team.any, path: "apps/other/**", expires: 2026-12-24, reason: nothing there}
"""


def test_waivers_hold_expire_and_idle_and_all_of_it_is_shown(repo: Repo) -> None:
    repo.write(".gate/waivers.yaml", WAIVERS)
    repo.write("apps/cart/map.yaml", settings("cart", bad="1"))
    repo.write("apps/checkout/map.yaml", settings("checkout", bad="1"))
    verdict = staged(repo)
    found = {each["service"]: each["waived"] for each in verdict["findings"]}
    assert found["cart"] == {"expires": "2026-11-30", "reason": "agreed", "ticket": "T-1"}
    assert found["checkout"] is None
    assert verdict["verdict"] == "deny"
    assert verdict["summary"]["waived"] == 1
    assert verdict["valid_until"] == "2026-12-01T00:00:00Z"
    run = gate("check", "--staged", "--now", NOW, cwd=repo.path)
    shown = " ".join(run.out.split())
    assert "waived: team.any at apps/cart/map.yaml:5:3 until 2026-11-30: agreed (T-1)" in shown
    assert "team.any expired on 2026-11-01 (line 3 of the waivers)" in shown
    assert "team.any waives nothing here, ends on 2026-12-24 (line 4 of the waivers)" in shown


def test_a_waiver_that_the_change_brings_along_waives_nothing(repo: Repo) -> None:
    repo.branch("sly")
    repo.write(".gate/waivers.yaml", WAIVERS)
    repo.write("apps/cart/map.yaml", settings("cart", bad="1"))
    repo.commit("sly")
    verdict = check(repo.path, "--base", "main", "--now", NOW)
    assert verdict["verdict"] == "deny"
    assert verdict["findings"][0]["waived"] is None
    assert verdict["preview"]["verdict"] == "pass"
    assert verdict["preview"]["changed"] == [".gate/waivers.yaml"]


# Time


def test_a_rule_warns_until_the_day_on_which_it_takes_effect(repo: Repo) -> None:
    repo.write(
        "policies/team/any.rego", rule("team.any", about_maps(), 'effective_on: "2026-12-01"')
    )
    repo.write("apps/cart/map.yaml", settings("cart", bad="1"))
    before = staged(repo)
    assert (before["verdict"], before["valid_until"]) == ("warn", "2026-12-01T00:00:00Z")
    repo.stage()
    after = check(repo.path, "--staged", "--now", "2026-12-01")
    assert (after["verdict"], after["valid_until"]) == ("deny", None)


@pytest.mark.parametrize(
    ("told", "means"),
    [
        ("2026-11-22", "2026-11-22T00:00:00Z"),
        ("2026-11-22T11:30:00+01:30", "2026-11-22T10:00:00Z"),
        ("2026-11-22T10:00:00.900Z", "2026-11-22T10:00:00Z"),
    ],
)
def test_now_is_any_rfc_3339_time(repo: Repo, told: str, means: str) -> None:
    assert check(repo.path, "apps", "--now", told)["evaluated_at"] == means


# Order


def test_the_same_change_is_told_in_the_same_words(repo: Repo) -> None:
    for name in ("z", "b", "k"):
        repo.write(f"apps/{name}.yaml", settings(name, bad="1", odd="1"))
        repo.write(f"policies/team/{name}.rego", rule(f"team.{name}", about_maps("warn", "odd")))
    repo.stage()
    told = {
        gate(
            "check", "--staged", "--now", NOW, "-o", "json", "-o", "text",
            cwd=repo.path, env={"PYTHONHASHSEED": seed},
        )
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(told) == 1
