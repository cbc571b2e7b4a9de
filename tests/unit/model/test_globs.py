"""Path patterns."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.model.globs import matcher


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("clusters/**", "clusters/prod/a.yaml"),
        ("clusters/**", "clusters/a.yaml"),
        ("clusters/prod", "clusters/prod/apps/a.yaml"),
        ("clusters/prod/", "clusters/prod/a.yaml"),
        ("/clusters/prod", "clusters/prod/a.yaml"),
        ("**/testdata/**", "testdata/a.yaml"),
        ("**/testdata/**", "pkg/x/testdata/deep/a.yaml"),
        ("*.yaml", "deep/down/a.yaml"),
        ("vendor", "pkg/vendor/a.yaml"),
        ("apps/*/prod/**", "apps/checkout/prod/x/y.yaml"),
        ("apps/**/prod.yaml", "apps/prod.yaml"),
        ("apps/**/prod.yaml", "apps/a/b/prod.yaml"),
        ("**", "anything/at/all"),
        ("a/**/**/b", "a/b"),
        ("app-?.yaml", "app-1.yaml"),
        ("app-[0-9].yaml", "app-1.yaml"),
        ("app-[!0-9].yaml", "app-x.yaml"),
        (r"app\*.yaml", "app*.yaml"),
        ("app[.yaml", "app[.yaml"),
        ("./apps/*.yaml", "apps/a.yaml"),
        ("with space/*", "with space/line\nbreak"),
        ("[z-a].yaml", "[z-a].yaml"),
    ],
)
def test_a_pattern_matches(pattern: str, path: str) -> None:
    assert matcher([pattern])(path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("clusters/**", "other/clusters/a.yaml"),
        ("clusters/**", "clusters"),
        ("clusters/prod", "clusters/production/a.yaml"),
        ("clusters/prod/", "clusters/prod"),
        ("/a.yaml", "deep/a.yaml"),
        ("apps/*.yaml", "apps/deep/a.yaml"),
        ("apps/*/x", "apps/x"),
        ("app-?.yaml", "app-10.yaml"),
        ("app-[!0-9].yaml", "app-1.yaml"),
        ("a?b", "a/b"),
        ("a[!x]b", "a/b"),
        (r"app\*.yaml", "app1.yaml"),
        ("a.yaml", "aXyaml"),
    ],
)
def test_a_pattern_does_not_match(pattern: str, path: str) -> None:
    assert not matcher([pattern])(path)


def test_no_pattern_matches_nothing() -> None:
    assert not matcher([])("a.yaml")


def test_the_last_pattern_that_matches_decides() -> None:
    matches = matcher(["apps/**", "!apps/docs/**", "apps/docs/keep.yaml"])
    assert matches("apps/a.yaml")
    assert not matches("apps/docs/a.yaml")
    assert matches("apps/docs/keep.yaml")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/".join(["**", "*"] * 14) + "/x", "/".join(["a"] * 40) + "/y"),
        ("*a" * 30 + "b", "a" * 3_000),
        ("**/" * 50 + "x", "/".join(["a"] * 200)),
    ],
)
def test_no_pattern_takes_for_ever(pattern: str, path: str) -> None:
    assert not matcher([pattern])(path)


NAMES = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=4).map("/".join)


@given(NAMES, st.lists(st.sampled_from(["a", "b", "*", "**", "?", "a*b", "*a*"]), min_size=2))
def test_it_agrees_with_one_expression_for_the_whole_path(path: str, names: list[str]) -> None:
    texts = {"*": "[^/]*", "?": "[^/]", "a*b": "a[^/]*b", "*a*": "[^/]*a[^/]*"}
    *folders, last = names
    above = "".join(
        "(?:[^/]+/)*" if name == "**" else texts.get(name, name) + "/" for name in folders
    )
    end = ".+" if last == "**" else texts.get(last, last) + "(?:/.+)?"
    assert matcher(["/".join(names)])(path) is bool(re.fullmatch(above + end, path))
