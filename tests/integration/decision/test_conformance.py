"""OPA's own compliance cases on the embedded engine: a part of them here, all of them with
`python -m benchmarks.conformance`."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from benchmarks.conformance import cases
from benchmarks.conformance.__main__ import table
from benchmarks.conformance.cases import Case
from benchmarks.conformance.judge import Outcome
from benchmarks.conformance.run import jobs, run

EVERY = 8
ONCE_WRONG = (
    "aggregates",
    "comprehensions",
    "dataderef",
    "every",
    "globmatch",
    "negation",
    "partialsetdoc",
    "refheads",
    "replacen",
    "sprintf",
    "strings",
    "units",
    "walkbuiltin",
)
"""Groups that regorus answers wrongly in some case, as it stands."""


def chosen() -> list[Case]:
    folder = cases.folder()
    if folder is None:
        message = f"OPA's cases are not in the Go module cache: {cases.HOW}"
        if os.environ.get("GATE_REQUIRE_ALL") == "1":
            pytest.fail(message)
        pytest.skip(message)
    found = cases.read(folder)
    return [case for n, case in enumerate(found) if n % EVERY == 0 or case.group in ONCE_WRONG]


def test_no_case_that_is_accepted_is_answered_otherwise_than_by_opa() -> None:
    found = list(run(chosen(), jobs()))
    kinds = Counter(outcome.kind for _, outcome in found)
    wrong = {case.name: outcome.reason for case, outcome in found if outcome.kind == "wrong"}
    assert wrong == {}
    assert kinds["right"] >= 0.6 * kinds.total(), kinds


def test_the_table_counts_each_case_once() -> None:
    found = [("b", Outcome("right")), ("a", Outcome("refused", "x")), ("b", Outcome("wrong"))]
    assert table(found).splitlines()[2:5] == [
        "| **all** | 1 | 1 | 0 | 1 |",
        "| a | 0 | 1 | 0 | 0 |",
        "| b | 1 | 0 | 0 | 1 |",
    ]


def test_a_case_that_hangs_or_crashes_ends_alone() -> None:
    def case(name: str, module: str) -> Case:
        return Case(
            name=name,
            group="own",
            v0=False,
            query="data.t.p = x",
            modules=(module,),
            data={},
            input=None,
            has_input=False,
            input_term=None,
            results=[{"x": 1}],
            sort=False,
            strict=False,
            environment=False,
        )

    bad = case("memory", "package t\n\np := count(numbers.range(1, 1000000000000))\n")
    good = case("good", "package t\n\np := 1\n")
    kinds = {found.name: outcome.kind for found, outcome in run([bad, good])}
    assert kinds == {"memory": "raises", "good": "right"}
