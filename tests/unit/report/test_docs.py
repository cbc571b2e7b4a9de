"""The documentation shows what the code prints."""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import replace
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest

from gate import errors
from gate.errors import ConfigError, GateError
from gate.report.json import error_json
from gate.report.look import Look
from gate.report.text import render
from tests.support.tools import ROOT

from .samples import PASSED, SAMPLES, rule_failed

DOCUMENT = ROOT / "docs" / "output.md"
PICTURES = ROOT / "docs" / "pictures"
EXAMPLE = re.compile(r"<!-- example: (\w+) -->\n```\w+\n(.*?)```", re.DOTALL)


def example(name: str) -> str:
    """What the code prints for an example of the document."""
    if name == "error":
        error = ConfigError(
            "Unknown key `rulez`.", advice="Did you mean `rules`?", path=".gate.yaml", line=3
        )
        return json.dumps(error_json(error), indent=2) + "\n"
    if name == "rule_failed_alone":
        failed = replace(PASSED, verdict="error", exit_code=2, rules=rule_failed().rules[-1:])
        return render(failed, Look())
    return render(SAMPLES[name](), Look())


def test_every_example_is_what_the_code_prints() -> None:
    found = EXAMPLE.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert len(found) == 5
    for name, shown in found:
        assert shown == example(name), name


def test_every_kind_of_error_is_named() -> None:
    family = [each for each in vars(errors).values() if isinstance(each, type)]
    kinds = {each.kind for each in family if issubclass(each, GateError)}
    named = re.search(r"^`kind` is one of (.*)\.$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert named
    assert set(re.findall(r"`(\w+)`", named.group(1))) == kinds


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """The script that draws the pictures."""
    spec = importlib.util.spec_from_file_location("make_picture", PICTURES / "make.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def words_of(svg: str) -> str:
    """The text of a picture in one line."""
    root = ET.fromstring(svg)
    return " ".join("".join(node.itertext()) for node in root.iter() if node.tag.endswith("text"))


def test_a_picture_shows_the_whole_text_and_fetches_nothing(maker: ModuleType) -> None:
    svg = maker.picture(render(SAMPLES["deny"](), Look(color=True)))
    assert "font-face" not in svg
    assert "url(http" not in svg
    shown = words_of(svg).replace("\xa0", " ")
    for word in render(SAMPLES["deny"](), Look()).split():
        assert word in shown


def test_the_picture_in_the_documentation_is_sound() -> None:
    svg = (PICTURES / "verdict.svg").read_text(encoding="utf-8")
    assert "font-face" not in svg
    assert "DENY" in words_of(svg)
