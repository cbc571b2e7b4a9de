"""What counts as a line, and when it is covered; on the embedded engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate.authoring import covered, testing
from gate.authoring.coverage import Coverage, measure, percent
from gate.authoring.files import Files
from gate.errors import PolicyError
from gate.report.interface import Look

RULE = """package a

default allow := false

allow if {
	input.x == 1
	input.y == 2
}

level := "high" if {
	input.x > 5
} else := "low"

names := [name |
	some name in input.names
	name != ""
]

all_long if {
	every name in names {
		count(name) > 3
		name != "none"
	}
}

short if input.x == 1

limit := set()
"""


def measured(*tests: str, rule: str = RULE) -> Coverage:
    lines = "\n".join(f"test_{number} if {test}" for number, test in enumerate(tests))
    modules = {"a.rego": rule, "a_test.rego": f"package a_test\n\nimport data.a\n\n{lines}\n"}
    given = Files(modules=modules, named="these")
    return measure(given, testing.Wanted(engine="embedded"), lambda _: None)


def test_a_line_is_covered_where_all_that_begins_there_was_reached() -> None:
    (file,) = measured("not a.allow with input as {}").files
    assert file.path == "a.rego"
    assert file.covered == (6,)
    assert file.missed == (5, 7, 10, 11, 12, 14, 15, 16, 19, 20, 21, 22, 26, 28)


def test_clauses_that_were_never_true_are_told_and_whether_they_were_entered() -> None:
    found = measured(
        'a.level == "low" with input as {"x": 1}',
        'a.names == [] with input as {"names": []}',
        "not a.short with input as {}",
    )
    (file,) = found.files
    assert [(each.name, each.line, each.entered) for each in file.never] == [
        ("allow", 5, False),
        ("level", 10, True),
        ("all_long", 19, False),
        ("short", 26, True),
        ("limit", 28, False),
    ]
    assert set(file.missed) >= {15 + 1, 26}
    assert {11, 12, 14, 15} <= set(file.covered)


def test_all_is_covered_where_all_is_reached() -> None:
    found = measured(
        'a.allow with input as {"x": 1, "y": 2}',
        'a.level == "high" with input as {"x": 6}',
        'a.level == "low" with input as {"x": 1}',
        'a.all_long with input as {"names": ["long enough"]}',
        'a.short with input as {"x": 1}',
        "a.limit == set()",
    )
    assert found.percent == 100
    assert found.files[0].missed == ()
    assert found.files[0].never == ()


def test_a_percentage_is_never_rounded_up() -> None:
    assert percent(9999, 1) == 99.99
    assert percent(99_999, 1) == 99.99
    assert percent(0, 1) == 0
    assert percent(0, 0) == 100


def test_a_test_that_fails_leaves_no_numbers() -> None:
    found = measured("a.limit == 5")
    assert found.files == ()
    assert found.tests.exit_code == 1


def test_without_a_rule_there_is_nothing_to_cover() -> None:
    given = Files(modules={"a_test.rego": "package a_test\ntest_x if true\n"}, named="these")
    with pytest.raises(PolicyError, match="no rule in these"):
        measure(given, testing.Wanted(engine="embedded"), lambda _: None)


def test_a_rules_own_prints_are_no_marks() -> None:
    rule = 'package a\n\nx if {\n\tprint("gate-mark")\n\tprint(1)\n}\n'
    found = measured("a.x", rule=rule)
    assert found.percent == 100
    assert found.tests.results[0].prints == ("gate-mark", "1")


def test_ranges_join_what_follows_one_another() -> None:
    assert list(covered.ranges([1, 2, 3, 5, 8, 9])) == ["1-3", "5", "8-9"]
    assert list(covered.ranges([])) == []


def test_the_text_names_files_lines_and_clauses(tmp_path: Path) -> None:
    found = measured("not a.allow with input as {}")
    shown = covered.render(found, 50, "text", Look())
    assert "a.rego  1/15   0/7    6.66 %   5, 7, 10-12, 14-16, 19-22, 26, 28" in shown
    assert "a.rego:5 allow is entered and never true" in shown
    assert "6.66 % of 15 lines covered" in shown
    assert "Below the threshold of 50 %: a.rego" in shown
    assert covered.below(found, 50)
    assert not covered.below(found, 6.66)
    told = json.loads(covered.render(found, None, "json", Look()))
    assert told["percent"] == 6.66
    assert told["files"][0]["not_covered"][:2] == [5, 7]
