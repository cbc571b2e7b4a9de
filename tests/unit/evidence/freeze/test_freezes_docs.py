"""Every example of the page about freezes is right, and so is what it says of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from gate import schemas
from gate.config.load import load
from gate.decision import bundle
from gate.decision.rules import effective
from gate.evidence.freeze import argocd, ical, switch, windows
from gate.evidence.interface import Question
from gate.model.config import Config
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from tests.support.tools import ROOT
from tests.unit.config.trees import Files

PAGE = (ROOT / "docs" / "freezes.md").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
SOURCES = {
    "windows": windows.observe,
    "ical": ical.observe,
    "argocd": argocd.observe,
    "switch": switch.observe,
}
TARGETS = [Target("checkout", "production", 1), Target("cart", "production", 2)]


def examples() -> list[tuple[str, str, str]]:
    """What each example is (its comment, or its first line), its language, and its text."""
    blocks = re.findall(r"(?:<!-- ([^\n]+) -->\n)?```(\w*)\n(.*?)```", PAGE, re.DOTALL)
    return [(title or text.split("\n")[0], language, text) for title, language, text in blocks]


def named(name: str) -> list[str]:
    return [text for title, _, text in examples() if title in (name, f"# {name}")]


def configured() -> Config:
    found = load(Files({".gate.yaml": named(".gate.yaml")[0]}))
    assert found is not None
    return found


def ask(
    source: str, files: Mapping[str, str], settings: Any = None, now: datetime = NOW
) -> list[Evidence]:
    """The answer of a source that the page's configuration names."""
    config = configured()
    if settings is None:
        (settings,) = (each[source] for each in config.evidence["freeze"] if source in each)
    name = settings if isinstance(settings, str) else source
    question = Question(
        name,
        "freeze",
        TARGETS,
        settings,
        Files(files),
        now,
        timedelta(days=31),
        tuple(config.services),
        tuple(config.environments),
    )
    return list(SOURCES[source](question))


def frozen(found: list[Evidence], at: str) -> list[bool]:
    """Whether each target is frozen at a time."""
    assert [each.status for each in found] == ["ok", "ok"], [each.reason for each in found]
    moment = datetime.fromisoformat(at)
    return [
        any(
            datetime.fromisoformat(window["from"]) <= moment
            and (window["until"] is None or moment < datetime.fromisoformat(window["until"]))
            for window in each.value[0]["windows"]
        )
        for each in found
    ]


def test_the_page_has_no_example_that_is_not_tested() -> None:
    assert {title for title, _, _ in examples()} == {
        "# .gate.yaml",
        "# freezes.yaml",
        "holidays.ics",
        "# argocd/shop.yaml",
        "# stop.yaml",
        '{"frozen": false}',
        "evidence of freezes.yaml for checkout in production, 2026-11-22T10:00:00Z",
    } | {title for title, language, _ in examples() if language in ("console", "text")}


def test_the_configuration_is_right() -> None:
    config = configured()
    effective(bundle.load(True), config)
    assert [name for each in config.evidence["freeze"] for name in each] == list(SOURCES)


@pytest.mark.parametrize("text", named("freezes.yaml"))
def test_a_windows_file_is_right(text: str) -> None:
    assert {each.status for each in ask("windows", {"freezes.yaml": text})} == {"ok"}


def test_the_first_file_says_what_the_evidence_is() -> None:
    found = ask("windows", {"freezes.yaml": named("freezes.yaml")[0]})
    (shown,) = (text for title, _, text in examples() if title.startswith("evidence of"))
    assert found[0].value == json.loads(shown)


def test_an_exception_is_for_its_scope_alone() -> None:
    now = datetime(2026, 12, 1, tzinfo=UTC)
    found = ask("windows", {"freezes.yaml": named("freezes.yaml")[1]}, now=now)
    assert frozen(found, "2026-12-15T09:00:00Z") == [True, False]
    assert frozen(found, "2026-12-15T11:00:00Z") == [True, True]
    assert frozen(found, "2026-12-31T22:59:00Z") == [True, True]


def test_the_calendar_is_right() -> None:
    found = ask("ical", {"holidays.ics": named("holidays.ics")[0]})
    assert frozen(found, "2026-12-18T14:00:00Z") == [True, False]
    later = ask(
        "ical", {"holidays.ics": named("holidays.ics")[0]}, now=datetime(2026, 12, 1, tzinfo=UTC)
    )
    assert frozen(later, "2026-12-26T22:00:00Z") == [True, False]
    assert frozen(later, "2026-12-27T00:00:00Z") == [False, False]


def test_the_sync_windows_are_right() -> None:
    found = ask("argocd", {"argocd/shop.yaml": named("argocd/shop.yaml")[0]})
    assert frozen(found, "2026-11-22T12:00:00Z") == [True, True]
    assert frozen(found, "2026-11-24T07:00:00Z") == [False, True]
    assert frozen(found, "2026-11-24T09:00:00Z") == [False, False]


def test_the_switch_is_right() -> None:
    found = ask("switch", {"stop.yaml": named("stop.yaml")[0]})
    assert frozen(found, "2026-11-22T17:59:00Z") == [True, True]
    assert frozen(found, "2026-11-22T18:00:00Z") == [False, False]
    ended = ask(
        "switch", {"stop.yaml": named("stop.yaml")[0]}, now=datetime(2026, 11, 23, tzinfo=UTC)
    )
    assert frozen(ended, "2026-11-23T00:00:00Z") == [False, False]
    off = ask("switch", {"stop.yaml": '{"frozen": false}\n'})
    assert frozen(off, "2026-11-22T10:00:00Z") == [False, False]


def test_the_tables_name_every_key() -> None:
    schema = schemas.load("freezes")
    rows = "".join(re.findall(r"^\| ([^|]+) \|", PAGE, re.MULTILINE))
    told = set(re.findall(r"`([\w.\[\]]+)`", rows))
    keys = set(schema["properties"])
    keys |= {f"windows[].{key}" for key in schema["$defs"]["window"]["properties"]}
    assert keys <= told
    assert {"environments", "services", "tiers"} == set(schema["$defs"]["scope"]["properties"])


def test_the_rules_have_the_levels_that_the_page_says() -> None:
    rules = bundle.load(True).rules
    told = re.findall(r"^\| `(freeze\.\w+)` \| (\w+) \|", PAGE, re.MULTILINE)
    assert dict(told) == {
        name: rule.level for name, rule in rules.items() if name.startswith("freeze.")
    }


def test_links_within_the_page_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    for target in re.findall(r"\]\(#([\w-]+)\)", PAGE):
        assert target in headings


def test_quotes_of_yaml_are_needed_where_they_stand() -> None:
    """A cron expression that begins with `*` must be quoted, or YAML takes it for an alias."""
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load("cron: * * * * *")
