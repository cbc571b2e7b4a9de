"""Reports are found by name, and imported only then."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gate.errors import UsageError
from gate.report.look import Look
from gate.report.registry import FORMATS, renderer

from .samples import deny


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_renders_a_verdict_and_ends_its_last_line(name: str) -> None:
    report = renderer(name)(deny(), Look())
    assert report.endswith("\n")
    assert not report.endswith("\n\n")


def test_a_misspelt_format_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no output format `JSN`") as caught:
        renderer("JSN")
    assert "Did you mean `json`?" in caught.value.message


def test_a_strange_format_is_answered_with_all() -> None:
    with pytest.raises(UsageError) as caught:
        renderer("carrier-pigeon")
    assert caught.value.advice == "Use one of: github, json, junit, markdown, sarif, text."


def test_only_the_report_that_is_asked_for_is_imported() -> None:
    program = (
        "import sys; from gate.report.registry import renderer; from gate.report.look import look;"
        "renderer('json');"
        "print([name for name in sys.modules if name in {'gate.report.text', 'rich', 'click'}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_text_needs_neither_rich_nor_click() -> None:
    program = (
        "import sys, gate.report.text, gate.report.tables, gate.report.progress;"
        "print([name for name in sys.modules if name in {'rich', 'click', 'jsonschema', 'yaml'}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
