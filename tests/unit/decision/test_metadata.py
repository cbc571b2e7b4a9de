"""METADATA: read as OPA reads it, checked more strictly."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.decision.rego import metadata
from gate.decision.rego.metadata import Metadata
from gate.decision.rego.scan import scan
from gate.errors import PolicyError
from tests.unit.decision.modules import TRICKY

WHOLE = """\
# A licence, say.

# METADATA
# title: Budgets hold
# description: |
#   No change while the error budget
#   is gone.
# authors: [Ann]
# custom:
#   level: warn
#   remediation: Wait, or mend.
#   requires: [slo]
#   settings:
#     remaining: 0.2
#     names: [a, b]
#   standard: Google SRE book
#   existing: never
#   effective_on: 2027-01-01
#   runbook: docs/budget.md
package gate.slo.low
"""

SMALL = """\
# METADATA
# title: a
# description: b
# custom:
#   remediation: c
package gate.x.y
"""


def read(text: str) -> Metadata:
    return metadata.read("policies/x/y.rego", scan(text))


def test_every_key_is_read() -> None:
    assert read(WHOLE) == Metadata(
        title="Budgets hold",
        description="No change while the error budget\nis gone.",
        remediation="Wait, or mend.",
        level="warn",
        requires=("slo",),
        settings={"remaining": 0.2, "names": ["a", "b"]},
        standard="Google SRE book",
        existing="never",
        effective_on="2027-01-01",
        runbook="docs/budget.md",
    )


def test_what_is_not_required_has_a_default() -> None:
    assert read(SMALL) == Metadata(title="a", description="b", remediation="c")


def test_off_is_a_word() -> None:
    assert read(SMALL.replace("custom:\n", "custom:\n#   level: off\n")).level == "off"


def test_a_block_above_a_rule_is_not_the_packages() -> None:
    text = SMALL + "\n# METADATA\n# title: other\n# unknown: here\ndeny contains 1 if false\n"
    assert read(text).title == "a"


@pytest.mark.parametrize(
    ("change", "message", "line"),
    [
        (("# METADATA\n", "# META\n"), "no METADATA block", 6),
        (("# METADATA\n", " # METADATA\n"), "no METADATA block", 6),
        (("# title: a\n", ""), "`title` is missing", 2),
        (("# title: a\n", "# titel: a\n"), "unknown key `titel`. Did you mean `title`?", 2),
        (("# title: a\n", "# title: a\n# level: warn\n"), "`level`; it belongs under `custom`", 3),
        (("# title: a\n", "# title: [a]\n"), "`title` must be text", 2),
        (("# title: a\n", "# title: ''\n"), "`title` must be text", 2),
        (("# description: b\n", ""), "`description` is missing", 2),
        (("# description: b\n", "# description: 1\n"), "`description` must be text", 3),
        (
            ("#   remediation: c\n", "#   levle: c\n"),
            "unknown key `levle`. Did you mean `level`?",
            5,
        ),
        (("#   remediation: c\n", "#   title: c\n"), "beside `custom`", 5),
        (("#   remediation: c\n", "#   level: warn\n"), "`custom.remediation` is missing", 4),
        (
            ("#   remediation: c\n", "#   remediation: c\n#   level: block\n"),
            "one of deny, warn",
            6,
        ),
        (("#   remediation: c\n", "#   remediation: c\n#   level: no\n"), "one of deny, warn", 6),
        (("#   remediation: c\n", "#   remediation: c\n#   existing: nevr\n"), "mean `never`?", 6),
        (("#   remediation: c\n", "#   remediation: c\n#   requires: slo\n"), "list of words", 6),
        (("#   remediation: c\n", "#   remediation: c\n#   requires: [1]\n"), "list of words", 6),
        (
            ("#   remediation: c\n", "#   remediation: c\n#   requires: [freezes]\n"),
            "no kind of evidence. Did you mean `freeze`?",
            6,
        ),
        (("#   remediation: c\n", "#   remediation: c\n#   settings: [1]\n"), "a mapping", 6),
        (("#   remediation: c\n", "#   remediation: c\n#   effective_on: soon\n"), "a date", 6),
        (("#   remediation: c\n", "#   remediation: c\n#   effective_on: 2026-02-30\n"), "date", 6),
        (("#   remediation: c\n", "#   remediation: c\n#   runbook: 3\n"), "must be text", 6),
        (("# custom:\n#   remediation: c\n", "# custom: c\n"), "`custom` must be a mapping", 4),
        (("# title: a\n", "# title: a\n# title: b\n"), "the key `title` comes twice", 3),
        (("#   remediation: c\n", "#   remediation: c\n#   remediation: c\n"), "comes twice", 6),
        (("#   remediation: c\n", "#   remediation: c\n# A remark.\n"), "is not YAML", 6),
        (("#   remediation: c\n", "#   remediation: c\n# ---\n# a: b\n"), "more than one YAML", 2),
        (("#   remediation: c\n", "#   remediation: &x c\n#   runbook: *x\n"), "anchors", 5),
        (("#   remediation: c\n", "#   remediation: !secret c\n"), "the tag !secret", 5),
        (("#   remediation: c\n", "#   remediation: c\n#   settings: !x {a: 1}\n"), "tag !x", 6),
        (("#   remediation: c\n", "#   remediation: c\n#   settings: {a: .inf}\n"), "no number", 6),
        (
            ("#   remediation: c\n", "#   remediation: c\n#   settings: {a: {1: 2}}\n"),
            "not text",
            6,
        ),
        (("#   remediation: c\n", "#   remediation: c\n#   settings: {<<: {a: 1}}\n"), "`<<`", 6),
        (("#   remediation: c\n", "#   remediation: c\n#   settings: {[1]: 2}\n"), "be text", 6),
        (("# title: a\n", "# title: a\n# scope: rule\n"), "is package, not 'rule'", 3),
        (("# title: a\n", "# title: a\n# METADATA\n# title: b\n"), "more than one METADATA", 3),
        (
            (SMALL, "# METADATA\n# - a\npackage gate.x.y\n"),
            "it must be a mapping",
            2,
        ),
        ((SMALL, "# METADATA\n\npackage gate.x.y\n"), "the block is empty", 1),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    change: tuple[str, str], message: str, line: int
) -> None:
    text = SMALL.replace(*change)
    assert text != SMALL
    with pytest.raises(PolicyError) as caught:
        read(text)
    assert message in caught.value.message
    assert (caught.value.path, caught.value.line) == ("policies/x/y.rego", line)


def test_deep_settings_are_refused_and_not_recursed_into() -> None:
    deep = "[" * 40 + "]" * 40
    with pytest.raises(PolicyError, match="nested too deeply"):
        read(SMALL.replace("remediation: c", f"remediation: c\n#   settings: {{a: {deep}}}"))


@pytest.mark.parametrize("text", ["a" * 20_000, "[" * 500, "{" * 500])
def test_a_block_that_is_too_large_is_refused_unread(text: str) -> None:
    with pytest.raises(PolicyError, match="too large"):
        read(SMALL.replace("remediation: c", f"remediation: {text}"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1_000", 1000),
        ("-0x1f", -31),
        ("089", 89.0),
        ("1" * 30, 1e29 / 0.9),
        ("9" * 500, "9" * 500),
    ],
)
def test_numbers_are_gos(text: str, value: object) -> None:
    read_value = metadata.plain_value(text)
    assert read_value == (pytest.approx(value) if isinstance(value, float) else value)


@pytest.mark.parametrize("module", ["in_raw_string", "indented", "string_with_hash", "lower_case"])
def test_what_only_looks_like_metadata_is_none(module: str) -> None:
    assert not list(metadata.blocks(scan(TRICKY[module]).comments))


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from("0123456789abeEfxXoO_.+-~nulTrF"), max_size=8).map("".join))
def test_every_plain_word_has_a_json_value(text: str) -> None:
    value = metadata.plain_value(text)
    assert value is None or isinstance(value, (bool, int, float, str))


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="# METADA\n:abc[]{}-'\"&*!|>", max_size=80))
def test_any_comment_is_read_or_refused(text: str) -> None:
    module = "# METADATA\n# " + text.replace("\n", "\n# ") + "\npackage gate.x.y\n"
    for block in metadata.blocks(scan(module).comments):
        with suppress(PolicyError):
            metadata.values("x.rego", block)
