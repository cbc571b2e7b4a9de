"""SARIF 2.1.0: by its official schema, and by what GitHub takes."""

from __future__ import annotations

import gzip
import json
import random
import re
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from gate.errors import ConfigError, EngineError, GateError, UsageError
from gate.model.manifest import Location
from gate.model.policy import Rule
from gate.model.verdict import Finding, RuleOutcome, TargetOutcome, Unblock, Verdict, Waived
from gate.report import sarif
from gate.report.look import Look
from gate.report.sarif import render, render_error
from gate.report.sarif_parts import MESSAGE, artifact, markdown, message
from tests.support.tools import real_data

from .samples import FREEZE, PASSED, PINNED, REMOVED, SAMPLES, VERIFICATION, deny, hostile

ERRORS = [
    UsageError("There is no such thing."),
    ConfigError("Unknown key `rulez`.", advice="Did you mean `rules`?", path=".gate.yaml", line=3),
    EngineError("The engine died. {0} [x](1)", path="a\ud800 b", line=1, column=2),
]
BROKEN = [
    name
    for name in SAMPLES
    if SAMPLES[name]().verdict in ("undecided", "error") or SAMPLES[name]().reasons
]


@cache
def validator() -> Any:
    import jsonschema

    schema = json.loads((real_data("sarif-sdk") / "sarif-2.1.0.json").read_text("utf-8-sig"))
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


def run_of(text: str) -> Any:
    """The run of a document that keeps to the schema, and to what GitHub wants beside it."""
    document = json.loads(text)
    validator().validate(document)
    json.dumps(document, ensure_ascii=False).encode("utf-8")
    (run,) = document["runs"]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(ids)) == len(ids)
    for rule in run["tool"]["driver"]["rules"]:
        for key in ("shortDescription", "fullDescription", "help"):
            assert rule[key]["text"]
        assert (
            max(len(rule[key]["text"]) for key in ("shortDescription", "fullDescription")) <= 1024
        )
        assert len(rule["properties"]["tags"]) <= 20
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        (place,) = result["locations"]
        uri = place["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9/._~%-]+|file:///[A-Za-z0-9/._~%-]*", uri), uri
        assert 0 < len(result["message"]["text"]) <= MESSAGE + len("Could not be judged: ")
        if result.get("kind", "fail") == "fail":
            assert result["partialFingerprints"]["primaryLocationLineHash"]
    return run


def of(verdict: Verdict) -> Any:
    return run_of(render(verdict, Look()))


@pytest.mark.parametrize("name", SAMPLES)
def test_it_keeps_to_the_official_schema(name: str) -> None:
    text = render(SAMPLES[name](), Look(color=True, width=40, quiet=True, verbose=2))
    run_of(text)
    assert text.isascii()
    assert text == render(SAMPLES[name](), Look())


@pytest.mark.parametrize("name", ["deny", "excused", "evidence_missing"])
def test_the_shape(name: str, snapshot: SnapshotAssertion) -> None:
    run = of(SAMPLES[name]())
    run["tool"]["driver"]["semanticVersion"] = "<version>"
    assert json.dumps(run, indent=1) == snapshot


@pytest.mark.parametrize("name", SAMPLES)
def test_each_finding_is_a_result_with_its_level(name: str) -> None:
    verdict = SAMPLES[name]()
    results = [each for each in of(verdict)["results"] if "kind" not in each]
    assert len(results) == len(verdict.findings)
    levels = {"error": 0, "warning": 0, "note": 0}
    for each in results:
        levels[each["level"]] += 1
    counting = [each.level for each in verdict.findings if each.counts]
    assert levels["error"] == counting.count("deny")
    assert levels["warning"] == counting.count("warn")
    order = ["error", "warning", "note"]
    assert [each["level"] for each in results] == sorted(
        (each["level"] for each in results), key=order.index
    )


def test_what_does_not_count_is_a_note_with_its_reason() -> None:
    results = of(SAMPLES["excused"]())["results"]
    assert {each["level"] for each in results} == {"note"}
    old = [each for each in results if each["baselineState"] == "unchanged"]
    assert len(old) == 3
    assert all(each["suppressions"] == [] for each in old)
    waived = [each for each in results if each["suppressions"]]
    assert len(waived) == 3
    assert waived[0]["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "until 2026-12-01 00:00 UTC: the vendor ships no versions (PAY-12)",
        }
    ]
    assert {each["properties"]["level"] for each in waived} == {"deny"}


@pytest.mark.parametrize("name", SAMPLES)
def test_only_a_run_that_saw_all_is_successful(name: str) -> None:
    """GitHub refuses the others, and so closes no alert of what was not seen."""
    run = of(SAMPLES[name]())
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] == (name not in BROKEN)
    assert invocation["exitCode"] == SAMPLES[name]().exit_code
    levels = [each["level"] for each in invocation["toolExecutionNotifications"]]
    assert ("error" in levels) == (name in BROKEN)
    opened = [each for each in run["results"] if each.get("kind") == "open"]
    assert bool(opened) == (name in BROKEN)
    assert all(each["level"] == "none" for each in opened)


def test_a_target_that_was_not_seen_counts_where_its_rule_denies_elsewhere() -> None:
    targets = (
        TargetOutcome("a", "production", "denied"),
        TargetOutcome("b", "production", "undecided", "prometheus is down"),
    )
    rules = (RuleOutcome("slo.budget_exhausted", "denied", "no budget", targets),)
    run = of(replace(deny(), rules=rules))
    assert run["invocations"][0]["executionSuccessful"] is False
    (opened,) = [each for each in run["results"] if each.get("kind") == "open"]
    assert "prometheus is down" in opened["message"]["text"]


def test_what_was_not_asked_is_told_and_spoils_nothing() -> None:
    run = of(deny())
    (told,) = [
        each
        for each in run["invocations"][0]["toolExecutionNotifications"]
        if each["descriptor"]["id"] == "skipped"
    ]
    assert told["level"] == "note"
    assert told["associatedRule"] == {"id": "slo.budget_exhausted"}


def result_of(finding: Finding) -> Any:
    (result,) = of(replace(deny(), findings=(finding,)))["results"]
    return result


def test_a_place_in_the_head_is_a_line() -> None:
    at = result_of(VERIFICATION)["locations"][0]
    assert at["physicalLocation"] == {
        "artifactLocation": {"uri": "apps/checkout/rollout.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 12, "startColumn": 5},
    }
    assert at["logicalLocations"][0]["fullyQualifiedName"] == "argoproj.io/Rollout/shop/checkout"


def test_a_place_in_the_base_is_told_in_words() -> None:
    result = result_of(REMOVED)
    assert "region" not in result["locations"][0]["physicalLocation"]
    assert result["message"]["text"].endswith(
        "It stood at apps/ledger/statefulset.yaml:1:1 (in the base)."
    )


def test_a_finding_without_a_place_stands_on_the_configuration() -> None:
    at = result_of(FREEZE)["locations"][0]
    assert at["physicalLocation"]["artifactLocation"]["uri"] == ".gate.yaml"
    assert "region" not in at["physicalLocation"]
    assert at["logicalLocations"] == [{"fullyQualifiedName": "checkout", "kind": "service"}]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b/ü#?.yaml", "a%20b/%C3%BC%23%3F.yaml"),
        ("c:/x%41.yaml", "c%3A/x%2541.yaml"),
        ("http://evil.example/x", "http%3A//evil.example/x"),
        ("a\udcff.yaml", "a%FF.yaml"),
        ("a\ud800.yaml", "a%ED%A0%80.yaml"),
        ("x\n{0}[y](1)", "x%0A%7B0%7D%5By%5D%281%29"),
        ("/tmp/a.yaml", "file:///tmp/a.yaml"),
        ("//evil.example/a", "file:///evil.example/a"),
    ],
)
def test_paths_are_percent_encoded(path: str, uri: str) -> None:
    told = artifact(path)
    assert told["uri"] == uri
    assert ("uriBaseId" in told) == (not path.startswith("/"))


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_uri_reads_back_as_its_path(path: str) -> None:
    told = artifact(path)
    if "uriBaseId" in told:
        assert unquote_to_bytes(told["uri"]).decode() == path


PLACEHOLDER = re.compile(r"(?<!\{)(?:\{\{)*\{[0-9]+\}(?!\})")
LINK = re.compile(r"\[(?:[^\\\[\]]|\\[\\\[\]])*\]\([^)]*\)")
TRICKS = st.lists(
    st.sampled_from(
        ["{", "}", "{0}", "{{1}}", "[", "]", "](", "](1)", "[x](1)", "\\", "\\]", ")", "(", "a"]
    ),
    max_size=12,
).map("".join)


@settings(deadline=None)
@given(TRICKS | st.text())
def test_a_message_holds_neither_placeholders_nor_links(text: str) -> None:
    told = message(text)["text"]
    bare = told.replace("{{", "").replace("}}", "")
    assert "{" not in bare
    assert "}" not in bare
    assert not LINK.search(told)


@settings(deadline=None)
@given(TRICKS, st.integers(1, 30))
def test_a_message_that_is_cut_holds_none_either(text: str, most: int) -> None:
    told = message(text, most)["text"]
    assert len(told) <= most
    bare = told.replace("{{", "").replace("}}", "")
    assert "{" not in bare
    assert "}" not in bare
    assert not LINK.search(told)


@given(st.text(st.sampled_from("`[]()<>!*_\\#&x @|~\n"), max_size=20))
@settings(deadline=None, max_examples=150)
def test_markdown_of_a_rule_is_text(text: str) -> None:
    """As a real renderer reads it: words and code, nothing else."""
    from markdown_it import MarkdownIt

    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render("a " + markdown(text))
    assert set(re.findall(r"<(/?\w+)", html)) <= {"p", "/p", "code", "/code"}


def strange(text: str) -> Verdict:
    """A verdict with the text wherever text can be."""
    finding = replace(
        PINNED,
        message=text,
        rule=text,
        resource=text,
        service=text,
        location=Location(text or "x", 1, 1),
        remediation=text,
        runbook=text,
        unblock=Unblock(text, text),
        fingerprint="f",
    )
    rule = Rule(text, text, text, text, 1, "repository", remediation=text, runbook=text)
    return replace(
        hostile(),
        decision_id=text,
        change={"base": text, "head": text, "trusted": text},
        findings=(
            finding,
            replace(finding, waived=Waived(text, text, text), location=None),
            replace(finding, location=Location(text or "x", 2, 1, "old")),
        ),
        rules=(RuleOutcome(text, "undecided", text, about=rule), RuleOutcome("b", "error", text)),
    )


@given(st.text(st.characters(), min_size=1))
@settings(deadline=None, max_examples=20)
def test_any_text_anywhere_is_valid(text: str) -> None:
    run_of(render(strange(text), Look()))
    run_of(render_error(UsageError(text, advice=text, path=text)))


def test_nothing_that_hides_or_steers_is_left() -> None:
    text = render(strange("a\x1b[2K\u202egpj\u200b\r\n\ud800\ufffe"), Look())
    shown = json.dumps(json.loads(text), ensure_ascii=False)
    assert not re.search("[\x1b\u202e\u200b\ud800\ufffe]", shown.replace('"', ""))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.kind)
def test_an_error_is_a_run_that_failed(error: GateError) -> None:
    run = run_of(render_error(error))
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == error.exit_code
    kinds = {2: "toolConfigurationNotifications", 4: "toolExecutionNotifications"}
    (told,) = invocation[kinds[error.exit_code]]
    assert told["level"] == "error"
    assert ("locations" in told) == (error.path is not None)


def many(count: int, text: str = "x", **changed: Any) -> Verdict:
    findings = [
        replace(PINNED, message=f"{text} {number}", fingerprint=f"{number}", **changed)
        for number in range(count)
    ]
    return replace(deny(), findings=(*findings, replace(VERIFICATION, message="worst")))


def test_what_github_would_refuse_is_cut_worst_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "RESULTS", 10)
    run = of(many(10, level="warn"))
    assert [each["level"] for each in run["results"]] == ["error", *["warning"] * 9]
    told = run["invocations"][0]["toolExecutionNotifications"][0]
    notes = [
        each["message"]["text"] for each in run["invocations"][0]["toolExecutionNotifications"]
    ]
    assert any(note.startswith("1 more result left out") for note in notes), told
    assert len(of(many(9))["results"]) == 10
    assert "left out" not in render(many(9), Look())


def test_a_file_is_small_enough_once_compressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "BYTES", 60_000)
    noise = random.Random(1)
    text = "".join(chr(noise.randrange(0x4E00, 0x9FFF)) for _ in range(900))
    verdict = replace(
        deny(),
        findings=tuple(
            replace(PINNED, message="".join(noise.sample(text, 900)), fingerprint=str(number))
            for number in range(100)
        ),
    )
    told = render(verdict, Look())
    run = run_of(told)
    assert 0 < len(run["results"]) < 100
    assert len(gzip.compress(told.encode())) <= 60_000
    assert "more results left out" in told


def test_a_rule_tells_what_it_asks_and_how_to_satisfy_it() -> None:
    about = Rule(
        "team.owner",
        "Has an owner",
        "Somebody answers. See `OWNERS`, [not](a) {0}.",
        "p.rego",
        1,
        "repository",
        level="warn",
        remediation="Name one.",
        requires=("slo",),
        standard="On call",
        runbook="https://docs.example/owner?a=b",
    )
    verdict = replace(PASSED, rules=(RuleOutcome("team.owner", "passed", about=about),))
    (rule,) = of(verdict)["tool"]["driver"]["rules"]
    assert rule["name"] == "TeamOwner"
    assert rule["shortDescription"]["text"] == "Has an owner"
    assert rule["defaultConfiguration"] == {"level": "warning"}
    assert rule["properties"]["tags"] == ["slo", "team"]
    assert rule["helpUri"] == "https://docs.example/owner?a=b"
    assert "How to satisfy it: Name one." in rule["help"]["text"]
    assert r"`OWNERS`, \[not\](a) {{0}}." in rule["help"]["markdown"]


@pytest.mark.parametrize(
    "runbook", ["docs/a.md", "javascript:alert(1)", "https://", "https://a b", "http://[", "data:x"]
)
def test_a_runbook_that_is_no_address_is_text_only(runbook: str) -> None:
    about = Rule("a.b", "t", "d", "p", 1, "repository", runbook=runbook)
    verdict = replace(PASSED, rules=(RuleOutcome("a.b", "passed", about=about),))
    (rule,) = of(verdict)["tool"]["driver"]["rules"]
    assert "helpUri" not in rule
    assert "Runbook: " in rule["help"]["text"]


def test_a_rule_that_is_off_is_not_told_unless_it_said_something() -> None:
    ids = [rule["id"] for rule in of(PASSED)["tool"]["driver"]["rules"]]
    assert "observability.telemetry" not in ids
    assert "workload.image_pinned" in ids
