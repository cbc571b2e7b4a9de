"""Every example of the pages about the config and the verdict is right."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import jsonschema
import pytest

from gate import schemas
from gate.config import WAIVERS_NAME
from gate.config.load import load
from gate.decision import bundle
from gate.decision.rules import effective
from gate.evidence.file import observe
from gate.evidence.interface import Question
from gate.evidence.registry import SOURCES
from gate.model.config import EVIDENCE_KINDS
from gate.model.manifest import Target
from tests.support.tools import ROOT
from tests.unit.config.trees import Files

PAGES = ("configuration.md", "verdict.md")
BLOCK = re.compile(r"(?:<!-- (\S+) -->\n)?```(\w*)\n(.*?)```", re.DOTALL)


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def examples() -> list[tuple[str, str, str]]:
    """Page, what the example is (its comment, or its first line), and its text."""
    found = []
    for name in PAGES:
        for title, language, text in BLOCK.findall(page(name)):
            if language in ("yaml", "json"):
                found.append((name, title or text.split("\n")[0], text))
    return found


@pytest.mark.parametrize(("name", "title", "text"), examples())
def test_an_example_is_right(name: str, title: str, text: str) -> None:
    if title == "verdict.json":
        jsonschema.Draft202012Validator(schemas.load("verdict")).validate(json.loads(text))
    elif title == "evidence.json":
        now = datetime(2026, 11, 22, 10, tzinfo=UTC)
        question = Question(
            "e", "slo", [Target("checkout", "production")], "e", Files({"e": text}), now
        )
        assert [each.status for each in observe(question)] == ["ok"]
    elif title == f"# {WAIVERS_NAME}":
        found = load(Files({".gate.yaml": "", WAIVERS_NAME: text}))
        assert found is not None
        assert len(found.waivers) == text.count("rule:")
        assert {each.rule for each in found.waivers} <= set(bundle.load(True).rules)
    else:
        assert title in ("# .gate.yaml", "# yaml-language-server: $schema=.gate.schema.json")
        found = load(Files({".gate.yaml": text, WAIVERS_NAME: ""}))
        assert found is not None
        effective(bundle.load(True), found)


def test_the_example_of_everything_names_every_key() -> None:
    whole = max((text for _, title, text in examples() if title == "# .gate.yaml"), key=len)
    keys = set(re.findall(r"^(\w+):", whole, re.MULTILINE))
    assert keys == set(schemas.load("config")["properties"])


def test_the_table_of_keys_is_whole() -> None:
    table = page("configuration.md").partition("## All keys")[2].partition("Everything at once")[0]
    named = set(
        re.findall(r"`([\w.]+)`", "".join(re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)))
    )
    properties = dict(schemas.load("config")["properties"])
    manifests = properties.pop("manifests")["properties"]
    assert named == {*properties, *(f"manifests.{key}" for key in manifests)}


def test_the_table_of_sources_is_that_of_the_schema_and_says_what_is_supported() -> None:
    kinds = schemas.load("config")["properties"]["evidence"]["properties"]
    for kind in EVIDENCE_KINDS:
        row = re.search(rf"^\| `{kind}` \| (.+) \|$", page("configuration.md"), re.MULTILINE)
        assert row is not None
        written = dict(re.findall(r"`(\w+)`(\*?)", row[1]))
        assert set(written) == set(kinds[kind]["items"]["properties"])
        supported = {name for of, name in SOURCES if of == kind}
        assert {name for name, star in written.items() if not star} == supported & set(written)


def test_every_key_of_a_verdict_is_explained() -> None:
    named = set(
        re.findall(
            r"`(\w+)`", "".join(re.findall(r"^\| ([^|]+) \|", page("verdict.md"), re.MULTILINE))
        )
    )
    assert set(schemas.load("verdict")["$defs"]["verdict"]["properties"]) - {"schema"} <= named


@pytest.mark.parametrize("name", PAGES)
def test_links_within_the_page_lead_somewhere(name: str) -> None:
    text = page(name)
    headings = {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    for target in re.findall(r"\]\((?:[\w.]+)?#([\w-]+)\)", text):
        assert target in headings
