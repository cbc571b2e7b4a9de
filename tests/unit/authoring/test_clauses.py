"""Statements cut from the text by their spans: each is whole, whatever it starts or ends with."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.authoring import clauses, marks, places
from gate.decision.engines import embedded
from tests.support.tools import ROOT

POLICIES = sorted((ROOT / "policies").rglob("*.rego"))


def read(text: str) -> clauses.Tests:
    return clauses.of_tree(embedded.tree("a.rego", text), text)


def texts(body: str) -> list[str]:
    """The statements of a body, as they are cut."""
    (test,) = read(f"package a\ntest_x if {{\n\t{body}\n}}\n").tests
    return [each.text for each in test.statements]


@pytest.mark.parametrize(
    "statement",
    [
        '"a" == x',
        'x == "a"',
        "`a b` == x",
        'x == ""',
        '"k", "v" in x',
        "x == set()",
        "set() == x",
        "x in [set()]",
        "(x == 1)",
        "not x",
        "x[0]",
        'x["a b"]',
        'x[y]["]"]',
        'x with input as {"é": [1]} with data.a as "b"',
        "every k, v in x { k == v }",
        "some k, v in x",
        "x := [y | some y in [1, 2]; y > 1]",
        "x := {y: z | some y, z in input}",
        "-1 == x",
        'f(x)["a"].b',
        "null == x",
    ],
)
def test_a_statement_is_cut_whole(statement: str) -> None:
    assert texts(f"{statement}\n\ttrue") == [statement, "true"]
    assert texts(f"true; {statement} # {statement}") == ["true", statement]


def test_a_column_counts_characters() -> None:
    (test,) = read('package a\ntest_x if {\n\t"éé"; x == 1\n}\n').tests
    assert [(each.line, each.column) for each in test.statements] == [(3, 2), (3, 8)]


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_the_bodies_of_all_real_tests_can_be_put_together_again(path: Path) -> None:
    """What is asked to find a failed statement parses: the whole body of each test."""
    found = read(path.read_text())
    for test in found.tests:
        body = "\n".join(each.probe for each in test.statements) or "true"
        embedded.tree("b.rego", places.module(found.header, {"x": f"[1 |\n{body}\n]"}))


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_marks_keep_all_lines_and_the_module_parses(path: Path) -> None:
    text = path.read_text()
    marked = marks.of_tree(embedded.tree("a.rego", text), text, 0)
    assert marked.text.count("\n") == text.count("\n")
    tree = embedded.tree("a.rego", marked.text)
    assert len(tree["rules"]) == len(embedded.tree("a.rego", text)["rules"])
    assert sorted(marked.lines) == list(range(len(marked.lines)))
    without = marked.text
    for number in marked.lines:
        without = without.replace(f'print("{marks.MARK}{number}")', "")
    assert marks.MARK not in without


def test_what_crosses_the_process_comes_back_as_it_was() -> None:
    text = "package a\nimport data.b\ntest_x[k] if { some k in [1]; every y in [k] { y == k } }\n"
    found = read(text)
    assert clauses.Tests.from_json(found.to_json()) == found
    marked = marks.of_tree(embedded.tree("a.rego", text), text, 7)
    assert marks.Marked.from_json(marked.to_json()) == marked
