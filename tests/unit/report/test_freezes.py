"""What `gate freeze` shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion

from gate import schemas
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from gate.report.freezes import as_json, exit_code, states, text
from gate.report.look import Look
from tests.support.standing import NOW, calendar, failed, target, told, window

UNTIL = NOW + timedelta(days=31)
WEEKEND = window(
    "Weekend", "2026-11-20T17:00:00Z", "2026-11-23T06:00:00Z",
    reason="Nobody is there to mend it.", who="sre", line=3,
)  # fmt: skip
NEXT = window("Weekend", "2026-11-27T17:00:00Z", "2026-11-30T06:00:00Z", who="sre", line=3)
STOP = window("Stop", "2026-11-22T09:00:00Z", None, reason="An incident.")
YEAR_END = window("Year end", "2026-12-18T00:00:00Z", "2027-01-06T00:00:00Z")


def everything() -> tuple[list[Target], list[Evidence]]:
    services = ("cart", "catalog", "checkout", "ledger", "mail", "search")
    cart, catalog, checkout, ledger, mail, search = (target(name) for name in services)
    until = "2026-12-23T10:00:00Z"
    evidence = [
        told("freeze", [calendar(until=until)], cart),
        told("freeze", [calendar(NEXT, YEAR_END, until=until)], catalog),
        told("freeze", [calendar(WEEKEND, NEXT, YEAR_END, until=until)], checkout),
        told("freeze", [calendar(WEEKEND, until=until), calendar(STOP)], ledger),
        failed("freeze", "freezes.ics: it is cut short", mail),
        told("freeze", [calendar(until="2026-12-01T00:00:00Z")], search),
    ]
    return [cart, catalog, checkout, ledger, mail, search], evidence


def shown(look: Look, days: int | None = None) -> str:
    return text(*everything(), NOW, UNTIL, ".gate.yaml", look, days)


@pytest.mark.parametrize("days", [None, 40], ids=["table", "calendar"])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_on_terminals(width: int, days: int | None, snapshot: SnapshotAssertion) -> None:
    page = shown(Look(width=width, terminal=True), days)
    assert max(map(len, page.splitlines())) <= width
    assert page == snapshot


@pytest.mark.parametrize(
    "look", [Look(verbose=1), Look(quiet=True), Look(color=True)], ids=["verbose", "quiet", "color"]
)
def test_looks(look: Look, snapshot: SnapshotAssertion) -> None:
    assert shown(look, 14) + "\n" + shown(look) == snapshot


def one(*windows: Any, until: str | None = None, days: int = 14) -> str:
    """The marks of one target."""
    found = text(
        [target()], [told("freeze", [calendar(*windows, until=until)])], NOW, UNTIL, "x",
        Look(width=100), days,
    )  # fmt: skip
    lines = found.splitlines()
    return lines[lines.index("checkout in production") + 1].replace(" ", "")


def test_a_day_counts_from_now_on() -> None:
    """2026-11-22 is a Sunday, and it is 10:00."""
    assert one() == "·" * 14
    assert one(window("a", "2026-11-22T08:00:00Z", "2026-11-23T00:00:00Z")) == "█" + "·" * 13
    assert one(window("a", "2026-11-22T10:00:01Z", "2026-11-23T00:00:01Z")) == "▒▒" + "·" * 12
    assert one(window("a", "2026-11-25T00:00:00Z", "2026-11-25T00:00:00Z")) == "·" * 14
    assert one(window("a", "2026-12-01T00:00:00Z", None)) == "·" * 9 + "█" * 5


def test_a_day_is_whole_by_several_windows() -> None:
    halves = (
        window("a", "2026-11-24T00:00:00Z", "2026-11-24T12:00:00Z"),
        window("b", "2026-11-24T12:00:00Z", "2026-11-25T00:00:00Z"),
    )
    assert one(*halves) == "··█" + "·" * 11
    assert one(halves[0]) == "··▒" + "·" * 11


def test_days_past_what_is_known_are_not_free() -> None:
    assert one(until="2026-11-24T12:00:00Z") == "··" + "?" * 12
    assert one(window("a", "2026-11-24T00:00:00Z", None), until="2026-11-24T12:00:00Z") == (
        "··" + "█" * 12
    )


def test_exit_codes() -> None:
    targets, evidence = everything()
    found = states(targets, evidence, NOW)
    assert exit_code(found) == 1
    assert exit_code({each: found[each] for each in targets[:2]}) == 0
    assert exit_code({each: found[each] for each in (targets[0], targets[4])}) == 3


def test_the_json_is_what_its_schema_says(snapshot: SnapshotAssertion) -> None:
    document = as_json(*everything(), NOW, UNTIL, ".gate.yaml")
    jsonschema.Draft202012Validator(schemas.load("freeze")).validate(document)
    assert document == snapshot


@pytest.mark.parametrize(
    ("key", "value"),
    [("frozen", None), ("frozen", False), ("status", "stale"), ("status", "fine"), ("windows", []),
     ("more", 1), ("frozen_until", "tomorrow"), ("tier", 0), ("service", "")],
)  # fmt: skip
def test_the_schema_refuses_what_does_not_fit(key: str, value: object) -> None:
    document = as_json(*everything(), NOW, UNTIL, ".gate.yaml")
    document["targets"][2][key] = value
    assert not jsonschema.Draft202012Validator(schemas.load("freeze")).is_valid(document)


def test_names_cannot_steer_a_terminal_and_wide_ones_fit(snapshot: SnapshotAssertion) -> None:
    hostile = window(
        "\x1b[2J\x1b]0;x\x07年末のリリース凍結期間\u202e", "2026-11-20T00:00:00Z",
        "2026-11-25T00:00:00Z", reason="line\nbreak\r\x1b[1A", who="\u200bsre",
    )  # fmt: skip
    evidence = [told("freeze", [calendar(hostile)])]
    for days in (None, 7):
        page = text([target()], evidence, NOW, UNTIL, "x", Look(width=60, terminal=True), days)
        assert "\x1b" not in page
        assert "\u202e" not in page
        assert page == snapshot


def test_when_all_is_free_quiet_says_nothing() -> None:
    evidence = [told("freeze", [calendar()])]
    assert text([target()], evidence, NOW, UNTIL, "x", Look(quiet=True)) == ""


def test_a_freeze_beside_a_calendar_that_does_not_answer_is_told_with_the_reason() -> None:
    found = [replace(failed("freeze", "b.ics: refused"), value=[calendar(WEEKEND)])]
    page = text([target()], found, NOW, UNTIL, "x", Look(width=200))
    assert "frozen: Weekend (sre)" in page
    assert " or later\n" in page
    assert "Not known: checkout in production: b.ics: refused" in page
    document = as_json([target()], found, NOW, UNTIL, "x")
    jsonschema.Draft202012Validator(schemas.load("freeze")).validate(document)
    (only,) = document["targets"]
    assert (only["frozen"], only["reason"]) == (True, "b.ics: refused")
    assert exit_code(states([target()], found, NOW)) == 1
