"""The checker and jsonschema agree on what the published schema allows."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate import schemas
from gate.model.config import EVIDENCE_KINDS
from gate.strict_yaml.check import KEYWORDS, check
from gate.strict_yaml.parse import parse

SCHEMA = schemas.load("config")
WAIVERS = {"$ref": "#/$defs/waivers_file"}
NOTES = {"$schema", "$id", "$defs", "title", "description", "default", "errorMessage"}

CONFIG: dict[str, Any] = {
    "version": 1,
    "mode": "advisory",
    "engine": "https://opa.example:8181",
    "policies": ["builtin", "policies/"],
    "require": ["freeze"],
    "manifests": {"include": ["a/**"], "exclude": ["!b"], "unreadable": "list"},
    "environments": {"production": {"paths": ["clusters/prod/**"]}},
    "services": {
        "checkout": {
            "paths": ["a"],
            "tier": 1,
            "owners": ["b"],
            "depends_on": ["c"],
            "runbook": "d",
        }
    },
    "bots": ["renovate"],
    "rules": {
        "a.b": "off",
        "c.d": False,
        "e.f": {"level": "warn", "on_unavailable": "deny", "settings": {"x": [1, None, 0.5]}},
    },
    "evidence": {
        "slo": [{"file": "slo.json"}, {"prometheus": {"url": "http://prom"}}],
        "freeze": [{"ical": "a.ics"}, {"switch": {"url": "http://x"}}],
        "alerts": [{"file": {"path": "a.json", "max_age": "1h30m"}}],
    },
    "waivers": ".gate/waivers.yaml",
    "records": {"store": "sqlite:///a.db", "required": False},
    "verification": {
        "default": {
            "delay": "60s",
            "count": 3,
            "checks": [{"name": "a", "command": ["./a"]}, {"name": "b", "http": {"url": "c"}}],
            "on_failure": [{"name": "undo", "command": ["x"], "approval": "required"}],
        }
    },
}
EXCEPTIONS: dict[str, Any] = {
    "waivers": [
        {"rule": "a.b", "expires": "2026-12-31", "reason": "r", "resource": "x", "ticket": "T-1"},
        {"rule": "c.d", "expires": "2026-12-31T10:00:00+02:00", "reason": "r", "path": "a/b"},
    ]
}

PATHS = ["/x", "./x", "../x", "a/../b", "a//b", "!x", "C:/x", "http://x", "builtin/"]
WORDS = ["", "off", "warn", "builtin", "slo", "a.b", "a-b", "1h", "undecided", " x"]
TIMES = ["2026-12-31", "2026-12-31T10:00:00", "2026-12-31T10:00:00Z"]
words = st.sampled_from([*PATHS, *WORDS, *TIMES])
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, 2, -1, 1.0, 0.5]),
    words,
    st.text("ab. ", max_size=4),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["rule", "path", "service", "file", "name", "x"]), inner, max_size=3
        )
    ),
    max_leaves=4,
)


@st.composite
def nearly(draw: st.DrawFn, document: dict[str, Any]) -> Any:
    """The document with one to three members replaced, removed, added or renamed."""
    changed = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        holders = list(_holders(changed))
        if not holders:
            break
        _change(draw, draw(st.sampled_from(holders)))
    return changed


def _change(draw: st.DrawFn, holder: Any) -> None:
    key = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
    action = draw(st.sampled_from(["replace", "remove", "add", "rename"]))
    if action == "replace":
        holder[key] = draw(values)
    elif action == "remove":
        del holder[key]
    elif isinstance(holder, list):
        holder.append(holder[key] if action == "rename" else draw(values))
    elif action == "add":
        holder[draw(st.sampled_from(["service", "path", "http", "settings", "x"]))] = draw(values)
    else:
        holder[draw(st.sampled_from(["x", "a b", "level", "rule", f"{key}s"]))] = holder.pop(key)


def _holders(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list) and value:
        yield value
        for child in value.values() if isinstance(value, dict) else value:
            yield from _holders(child)


def accepts(document: Any, schema: Any) -> bool:
    node = parse(json.dumps(document).encode(), "x.json")
    return not list(check(node, schema, SCHEMA))


@pytest.mark.parametrize(("document", "schema"), [(CONFIG, SCHEMA), (EXCEPTIONS, WAIVERS)])
def test_whole_documents_are_allowed_by_both(document: Any, schema: Any) -> None:
    assert accepts(document, schema)
    jsonschema.Draft202012Validator({"$defs": SCHEMA["$defs"], **schema}).validate(document)


@given(nearly(CONFIG))
@settings(max_examples=400, deadline=None)
def test_the_checker_allows_the_configs_that_jsonschema_allows(document: Any) -> None:
    assert accepts(document, SCHEMA) == jsonschema.Draft202012Validator(SCHEMA).is_valid(document)


@given(nearly(EXCEPTIONS))
@settings(max_examples=200, deadline=None)
def test_the_checker_allows_the_waivers_that_jsonschema_allows(document: Any) -> None:
    schema = {"$defs": SCHEMA["$defs"], **WAIVERS}
    assert accepts(document, WAIVERS) == jsonschema.Draft202012Validator(schema).is_valid(document)


def test_the_schema_uses_only_keywords_that_the_checker_knows() -> None:
    assert set(_keywords(SCHEMA)) <= KEYWORDS | NOTES


def _keywords(schema: Any) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    yield from schema
    for name in ("properties", "$defs"):
        for child in schema.get(name, {}).values():
            yield from _keywords(child)
    for name in ("oneOf", "anyOf"):
        for child in schema.get(name, ()):
            yield from _keywords(child)
    for name in ("items", "not", "additionalProperties", "propertyNames"):
        yield from _keywords(schema.get(name))


def test_a_reference_stands_alone_but_for_notes() -> None:
    alone = {"$ref", *NOTES}
    assert all(set(each) <= alone for each in _schemas(SCHEMA) if "$ref" in each)


def _schemas(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from _schemas(child)
    elif isinstance(value, list):
        for child in value:
            yield from _schemas(child)


def test_the_kinds_of_evidence_are_those_of_the_schema() -> None:
    assert set(SCHEMA["properties"]["evidence"]["properties"]) == set(EVIDENCE_KINDS)
    assert SCHEMA["$defs"]["kind"]["enum"] == list(EVIDENCE_KINDS)
