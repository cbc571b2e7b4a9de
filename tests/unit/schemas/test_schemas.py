"""The published schemas are schemas, and what the gate writes is allowed by them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_args

import jsonschema
import pytest

from gate import schemas
from gate.model import change, config, manifest, verdict
from gate.model.policy import Bundle, Module
from gate.model.policy_input import judging, policy_input

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def validator(name: str) -> Any:
    return jsonschema.Draft202012Validator(schemas.load(name))


@pytest.mark.parametrize("name", schemas.NAMES)
def test_each_is_a_schema_of_draft_2020_12_with_descriptions(name: str) -> None:
    schema = schemas.load(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["description"]
    assert json.loads(schemas.text(name)) == schema


@pytest.mark.parametrize("name", schemas.NAMES)
def test_every_reference_leads_somewhere_and_every_definition_is_used(name: str) -> None:
    schema = schemas.load(name)
    references = {each["$ref"] for each in mappings(schema) if "$ref" in each}
    defined = {f"#/$defs/{key}" for key in schema["$defs"]}
    assert references <= {"#", *defined}
    assert defined - references <= {"#/$defs/waivers_file"}


def test_every_key_of_the_config_says_what_it_is_for() -> None:
    schema = schemas.load("config")
    assert [key for key, each in schema["properties"].items() if "description" not in each] == []


def mappings(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from mappings(child)
    elif isinstance(value, list):
        for child in value:
            yield from mappings(child)


class Places:
    """Knows no place."""

    def __call__(self, resource_id: str, path: manifest.Path) -> None:
        return None

    def positions(self) -> dict[str, Any]:
        return {}


def an_input() -> dict[str, Any]:
    bundle = Bundle(
        modules=[
            Module("policies/a.rego", "package gate.a", "builtin", "a"),
            Module("rules/b.rego", "package gate.b", "repository", "b"),
        ],
        rules={},
        digest="sha256:" + "0" * 64,
        entry="",
    )
    side = change.Entry("a.yaml", change.MODE_FILE, "1")
    what = change.Change(
        kind="range",
        base="1" * 40,
        head="2" * 40,
        trusted="3" * 40,
        description="a change",
        author="A <a@x.example>",
        commits=[change.Commit("2" * 40, "A <a@x>", "B <b@x>", "s", {"ticket": ["1"]})],
        labels=["urgent"],
        files=[change.FileChange("modified", side, side)],
        rollback=change.Rollback("4" * 40, "2026-11-20T10:00:00Z", "s"),
        approvals=[
            change.Approval("ada", "label", "gate-exempt: incident", "2026-11-21T10:00:00Z")
        ],
        approvals_reason="r",
    )
    shape: dict[str, Any] = {
        "id": "apps/Deployment/_/a",
        "group": "apps",
        "version": "v1",
        "kind": "Deployment",
        "namespace": None,
        "name": "a",
        "path": "a.yaml",
    }
    modified = manifest.FieldChange(("spec", "containers", 0), "replace", 1, 2)
    found = manifest.Manifests(
        resources=[
            manifest.Resource(**shape, status="modified", old={}, new={}, changes=(modified,)),
        ],
        unchanged=[manifest.Resource(**shape, status="unchanged", service="a")],
        services={"a": manifest.Service("a", 1, ("x",))},
        targets=[manifest.Target("a", "production", 1), manifest.Target("b", "production")],
        problems=[manifest.Problem("b.yaml", "unreadable", "broken", 3)],
        indirect=3,
        locate=Places(),
        environments=["production"],
    )
    loaded = config.Config(waivers=(config.Waiver("a", "2026-12-31", "r", line=2),))
    return policy_input(
        change=what,
        manifests=found,
        evidence=[
            verdict.Evidence("slo", "a", "production", "not_configured", reason="r"),
            verdict.Evidence("freeze", "a", "production", "ok", "f", "t", value=[{}]),
        ],
        settings={"a": {"limit": 1}},
        gate_paths=[".gate.yaml"],
        now=NOW,
        judging=judging(
            version="0.1.0",
            change=what,
            manifests=found,
            config=loaded,
            bundle=bundle,
            judged_by="defaults",
            offline=False,
            levels={"a": "deny"},
            on_unavailable={"a": "undecided"},
        ),
    )


def test_a_policy_input_is_allowed() -> None:
    validator("input").validate(json.loads(json.dumps(an_input())))


@pytest.mark.parametrize(
    ("preview", "allowed"),
    [
        (None, True),
        ({"changed": [".gate.yaml"], "context": an_input()}, True),
        ({"changed": [".gate.yaml"], "reason": "it is broken"}, True),
        ({"changed": [".gate.yaml"], "context": {}}, False),
        ({"changed": [".gate.yaml"]}, False),
    ],
)
def test_a_preview_is_a_whole_input_or_a_reason(preview: object, allowed: bool) -> None:
    document = an_input()
    document["gate"]["preview"] = preview
    assert validator("input").is_valid(document) == allowed


LATER = {("change",): {"rollback", "approvals", "approvals_reason", "event", "pull_request"}}
"""Keys that inputs of older versions have not."""


def test_no_key_of_a_policy_input_may_be_missing() -> None:
    check = validator("input")
    document = an_input()
    for place in ((), ("change",), ("gate",), ("resources", 0), ("targets", 0)):
        for key in at(document, place).keys() - LATER.get(place, set()):
            broken = copy.deepcopy(document)
            del at(broken, place)[key]
            assert not check.is_valid(broken), (place, key)


def at(document: Any, place: tuple[str | int, ...]) -> Any:
    for key in place:
        document = document[key]
    return document


def test_a_wrong_policy_input_is_refused() -> None:
    check = validator("input")
    for place, key, value in [
        ((), "schema", "change-gate/input/v2"),
        ((), "now", "2026-11-22T10:00:00+01:00"),
        (("change", "rollback"), "to", None),
        (("change", "approvals", 0), "kind", "claim"),
        (("resources", 0), "status", "changed"),
        (("resources", 0, "changes", 0), "op", "move"),
        (("gate",), "levels", {"a": False}),
        (("gate",), "preview", {"changed": []}),
        (("services", "a"), "tier", 0),
    ]:
        broken = an_input()
        assert check.is_valid(broken)
        at(broken, place)[key] = value
        assert not check.is_valid(broken), (place, key)


DEFINED = {
    "finding": verdict.Finding,
    "location": manifest.Location,
    "rule": verdict.RuleOutcome,
    "problem": manifest.Problem,
    "verdict": verdict.Verdict,
}


KEPT_BACK = {"rule": {"about"}}
"""What the reports take from the model, and JSON has elsewhere."""


@pytest.mark.parametrize("name", DEFINED)
def test_the_verdict_s_schema_has_the_keys_of_the_model(name: str) -> None:
    schema = schemas.load("verdict")["$defs"][name]
    written = {each.name for each in fields(DEFINED[name])} - KEPT_BACK.get(name, set())
    if name == "verdict":
        written.add("schema")
    assert set(schema["properties"]) == written == set(schema["required"])


def test_the_words_of_the_schemas_are_those_of_the_model() -> None:
    defined = schemas.load("verdict")["$defs"]
    assert set(defined["outcome"]["enum"]) == set(get_args(verdict.RuleResult))
    assert set(defined["verdict"]["properties"]["verdict"]["enum"]) == set(
        get_args(verdict.Outcome)
    )
    words = schemas.load("input")["$defs"]
    assert set(words["evidence"]["properties"]["status"]["enum"]) == set(
        get_args(verdict.EvidenceStatus)
    )
    assert set(words["resource"]["properties"]["status"]["enum"]) == set(
        get_args(manifest.ResourceStatus)
    )
    levels = schemas.load("config")["$defs"]["level"]["enum"]
    assert set(levels) - {False} == set(get_args(config.Level))


@pytest.mark.parametrize(
    ("document", "allowed"),
    [
        (
            {
                "schema": "change-gate/verdict/v1",
                "verdict": "error",
                "exit_code": 2,
                "error": {"kind": "config", "message": "m", "advice": "a", "path": None},
            },
            True,
        ),
        ({"verdict": "error", "error": {"kind": "k", "message": "m", "advice": "a"}}, True),
        ({"verdict": "error"}, False),
        ({"verdict": "pass", "error": {"kind": "k", "message": "m", "advice": "a"}}, False),
        ({"verdict": "pass"}, False),
        ([], False),
    ],
)
def test_an_error_is_the_other_form_of_a_verdict(document: object, allowed: bool) -> None:
    assert validator("verdict").is_valid(document) == allowed
