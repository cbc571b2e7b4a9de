"""The light look at Rego text, against the syntax tree of the real parser."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.decision.engines import embedded
from gate.decision.rego.scan import Head, scan
from gate.decision.rego.syntax import of_scan
from tests.support.tools import ROOT
from tests.unit.decision.modules import TRICKY

POLICIES = sorted(set((ROOT / "policies").rglob("*.rego")) - set(ROOT.rglob("*_test.rego")))


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_it_finds_in_the_wheels_modules_what_the_parser_finds(path: Path) -> None:
    text = path.read_text()
    syntax = embedded.parse(str(path), text)
    seen = of_scan(scan(text))
    assert seen is not None
    assert (seen.package, seen.line, seen.heads) == (syntax.package, syntax.line, syntax.heads)


@pytest.mark.parametrize("name", TRICKY)
def test_it_finds_the_package_of_odd_modules(name: str) -> None:
    syntax = embedded.parse(name, TRICKY[name])
    scanned = scan(TRICKY[name])
    assert (scanned.package, scanned.package_row) == (syntax.package, syntax.line)


HEADS = {
    "deny contains 1 if true": "set",
    "deny contains 1": "set",
    "default deny := set()": "default",
    "deny := {1}": "value",
    'deny["a"] := 3': "other",
    "deny.a contains 3": "other",
    "deny(x) := x": "function",
    "default deny(_) := 1": "function",
    "deny if {\n\tinput.x\n}": "value",
    "applies if true": "value",
    "default applies := false": "default",
    "warn contains x if { x := `\nwarn := 1\n` }": "set",
    "warn contains x if {\n\tx := [1,\n2]\n}": "set",
}


@pytest.mark.parametrize(("text", "kind"), HEADS.items())
def test_each_form_of_a_head_is_told_apart_as_the_parser_does(text: str, kind: str) -> None:
    module = f"package gate.a.b\n\n{text}\n"
    name = next(name for name in ("applies", "deny", "warn") if name in text)
    parsed = embedded.parse("a.rego", module).heads
    assert parsed == (Head(name, kind, 3),)
    assert scan(module).heads == parsed


def test_words_that_only_begin_like_a_name_are_no_heads() -> None:
    module = "package a.b\n\ndeny_all := 1\n\nx := deny_all\n\nwarning contains 1\n"
    assert scan(module).heads == ()


def test_depth_counts_brackets_outside_strings_and_comments() -> None:
    scanned = scan('package a\n\n# [[[[\nx := "((((" \ny := `{{{{`\nz := [[{"a": (1)}]]\n')
    assert (scanned.depth, scanned.deepest) == (4, 6)


def test_a_missing_package_is_said() -> None:
    assert scan("deny := 1\n").package is None
    assert of_scan(scan("")) is None


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet='"`#\\\n[](){} adeny.', max_size=200))
def test_any_text_is_looked_through(text: str) -> None:
    scanned = scan(text)
    assert all(0 < comment.row <= text.count("\n") + 1 for comment in scanned.comments)
    assert scanned.depth <= sum(text.count(mark) for mark in "[({")


@pytest.mark.parametrize("unit", ['"\\"', '"', "`", "#", "\\", "[", 'x"', "deny "])
def test_time_grows_with_the_length_and_not_its_square(unit: str) -> None:
    import time

    def seconds(times: int) -> float:
        began = time.process_time()
        scan("package a.b\n" + unit * times)
        return time.process_time() - began

    small = max(seconds(20_000), 0.002)
    assert seconds(160_000) < small * 40
