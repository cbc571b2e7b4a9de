"""What `gate slo` shows."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from gate import schemas
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from gate.report.budgets import as_json, bar, exit_code, percent, slos, text
from gate.report.look import Look
from tests.support.standing import NOW, failed, target, told

PAGE = {
    "severity": "page", "long": "1h", "short": "5m", "factor": 14.4,
    "long_rate": 20.13, "short_rate": 16.0, "exceeded": True,
}  # fmt: skip


def slo(remaining: float | None, **others: Any) -> dict[str, Any]:
    return {"name": "availability", "objective": 0.999, "window": "28d", "remaining": remaining,
            **others}  # fmt: skip


def everything() -> tuple[list[Target], list[Evidence]]:
    services = ("cart", "catalog", "checkout", "ledger", "mail", "search")
    cart, catalog, checkout, ledger, mail, search = (target(name) for name in services)
    burning = slo(0.35, objective=0.9995, burn_rate=20.13, pairs=[PAGE],
                  exhausted_at="2026-11-22T21:40:00Z")  # fmt: skip
    low = slo(0.0004, name="latency", objective=0.99, burn_rate=0.01)
    spent = slo(-0.124, window="30d", burn_rate=3.2, projection=[
        {"at": "2026-11-25T14:00:00Z", "remaining": -0.02},
        {"at": "2026-11-29T14:00:00Z", "remaining": 0.01},
    ])  # fmt: skip
    silent = slo(None, name="writes", state="insufficient_data", reason="the answer was NaN")
    evidence = [
        told("slo", [slo(1.0, burn_rate=0)], cart),
        told("slo", [], catalog),
        told("slo", [burning, low], checkout),
        told("slo", [spent, silent], ledger),
        failed("slo", "http://prom:9090 refused the connection", mail),
        told("slo", {"what": "ever"}, search),
    ]
    return [cart, catalog, checkout, ledger, mail, search], evidence


@pytest.mark.parametrize("width", [60, 80, 120])
def test_on_terminals(width: int, snapshot: SnapshotAssertion) -> None:
    page = text(*everything(), NOW, ".gate.yaml", Look(width=width, terminal=True))
    assert max(map(len, page.splitlines())) <= width
    assert page == snapshot


@pytest.mark.parametrize(
    "look",
    [Look(), Look(verbose=1), Look(quiet=True), Look(color=True)],
    ids=["pipe", "verbose", "quiet", "color"],
)
def test_looks(look: Look, snapshot: SnapshotAssertion) -> None:
    assert text(*everything(), NOW, ".gate.yaml", look) == snapshot


@pytest.mark.parametrize(
    ("share", "shown", "as_bar"),
    [
        (1.0, "100 %", "██████████"),
        (0.9996, "99.9 %", "█████████▉"),
        (0.3, "30 %", "███·······"),
        (0.29, "29 %", "██▉·······"),
        (0.0427, "4.2 %", "▍·········"),
        (0.0004, "0.04 %", "▏·········"),
        (0.0000001, "under 0.0001 %", "▏·········"),
        (0.0, "0 %", "··········"),
        (-0.0004, "-0.1 %", "··········"),
        (-0.124, "-12.4 %", "··········"),
        (-12.0, "-1200 %", "··········"),
    ],
)
def test_numbers(share: float, shown: str, as_bar: str) -> None:
    assert (percent(share), bar(share)) == (shown, as_bar)


@given(st.floats(-50, 1))
def test_a_number_never_looks_better_than_it_is(share: float) -> None:
    shown = percent(share)
    if "under" not in shown:
        assert float(shown.removesuffix(" %")) <= share * 100 + 1e-6
    assert ("-" in shown) is (share < -1e-8) or abs(share) <= 1e-8
    assert len(bar(share)) == 10
    assert (bar(share) == "·" * 10) is (share <= 0)
    assert (bar(share) == "█" * 10) is (share >= 1)


@pytest.mark.parametrize(
    ("told_as", "state"),
    [
        (slo(0.5), "ok"),
        (slo(0.2), "ok"),
        (slo(0.19), "warning"),
        (slo(0.5, pairs=[PAGE]), "warning"),
        (slo(0.5, pairs=[{**PAGE, "exceeded": False}]), "ok"),
        (slo(0), "exhausted"),
        (slo(-3), "exhausted"),
        (slo(-3, state="ok"), "exhausted"),
        (slo(0.5, state="exhausted"), "exhausted"),
        (slo(0.5, state="warning"), "warning"),
        (slo(0.5, state="insufficient_data"), "insufficient_data"),
        (slo(None), "insufficient_data"),
        (slo(None, state="ok"), "insufficient_data"),
        ({"name": "x"}, "insufficient_data"),
        (slo("0.5"), "insufficient_data"),  # type: ignore[arg-type]
        (slo(True), "insufficient_data"),
        (slo(float("nan")), "insufficient_data"),
        (slo(float("inf")), "insufficient_data"),
    ],
)
def test_the_state_is_the_worst_of_what_is_said(told_as: dict[str, Any], state: str) -> None:
    found = slos(told("slo", [told_as]))
    assert isinstance(found, list)
    assert found[0]["state"] == state
    assert (found[0]["reason"] is not None) is (state == "insufficient_data")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "the value is no list of SLOs"),
        ([1], "SLO 1 is no object"),
        ([slo(1), slo(64.3)], "SLO 2 has 64.3 of its budget left, and 1 is all"),
        ([slo(1, objective=99.9)], "SLO 1 has the objective 99.9, which is no share"),
        ([slo(1, state="fine")], "SLO 1 has no such state as 'fine'"),
    ],
)
def test_what_cannot_be_read_is_not_fine(value: Any, why: str) -> None:
    evidence = [told("slo", value)]
    assert slos(evidence[0]) == f"recorded.json: {why}"
    assert exit_code([target()], evidence) == 3
    assert why in text([target()], evidence, NOW, "x", Look(width=200))


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([[slo(0.5)]], 0),
        ([[slo(0.1)]], 0),
        ([[slo(0.5)], []], 0),
        ([[]], 3),
        ([[slo(0.5)], [slo(None)]], 3),
        ([[slo(0.5)], None], 3),
        ([[slo(0)], [slo(None)], None], 1),
    ],
)
def test_exit_codes(values: list[Any], code: int) -> None:
    targets = [target(f"s{number}") for number in range(len(values))]
    evidence = [told("slo", value, of) for value, of in zip(values, targets, strict=True)]
    assert exit_code(targets, evidence) == code


def test_the_json_is_what_its_schema_says(snapshot: SnapshotAssertion) -> None:
    document = as_json(*everything(), NOW, ".gate.yaml")
    jsonschema.Draft202012Validator(schemas.load("slo")).validate(document)
    assert document == snapshot


@pytest.mark.parametrize(
    ("key", "value"),
    [("remaining", None), ("remaining", 2), ("state", "fine"), ("state", "insufficient_data"),
     ("objective", 99.9), ("more", 1), ("projection", [{"at": "soon", "remaining": 1}])],
)  # fmt: skip
def test_the_schema_refuses_what_does_not_fit(key: str, value: object) -> None:
    document = as_json(*everything(), NOW, ".gate.yaml")
    document["targets"][2]["slos"][0][key] = value
    assert not jsonschema.Draft202012Validator(schemas.load("slo")).is_valid(document)


def test_names_cannot_steer_a_terminal(snapshot: SnapshotAssertion) -> None:
    hostile = slo(
        0.1, name="\x1b[2J可用性可用性可用性可用性\n", pairs=[{**PAGE, "severity": "\x1b[1A"}]
    )
    evidence = [told("slo", [hostile, slo(None, reason="\x1b[2J\u202e")])]
    page = text([target()], evidence, NOW, "x", Look(width=80, terminal=True))
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert page == snapshot


def test_when_all_is_fine_quiet_says_nothing() -> None:
    assert text([target()], [told("slo", [slo(1)])], NOW, "x", Look(quiet=True)) == ""
