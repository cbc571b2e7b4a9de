"""Which change the options mean."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gate.change.interface import ChangeRequest
from gate.change.registry import OPENERS, kind_of
from gate.errors import UsageError


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, "default"),
        ({"base": "main"}, "range"),
        ({"head": "main"}, "range"),
        ({"base": ""}, "range"),
        ({"staged": True}, "staged"),
        ({"tree": Path("a")}, "tree"),
        ({"folders": (Path("a"), Path("b"))}, "tree"),
        ({"tree": Path("a"), "base_tree": Path("b")}, "trees"),
        ({"folders": (Path("a"),), "base_tree": Path("b")}, "trees"),
    ],
)
def test_options_name_a_kind_of_change(given: dict[str, Any], kind: str) -> None:
    assert kind_of(ChangeRequest(Path(), **given)) == kind


@pytest.mark.parametrize(
    ("given", "kind"),
    [({}, "event"), ({"base": "main"}, "range"), ({"staged": True}, "staged")],
)
def test_an_event_counts_where_nothing_else_is_named(
    given: dict[str, Any], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ChangeRequest(Path(), event=Path("event.json"), **given)
    assert kind_of(asked) == kind
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert kind_of(ChangeRequest(Path(), **given)) == kind


def test_in_github_actions_a_head_needs_its_base(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a push to main the default base is the pushed commit itself, and nothing would
    change."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with pytest.raises(UsageError, match="--head alone"):
        kind_of(ChangeRequest(Path(), head="HEAD"))
    assert kind_of(ChangeRequest(Path(), base="main", head="HEAD")) == "range"


@pytest.mark.parametrize(
    "given",
    [
        {"base": "main", "staged": True},
        {"head": "main", "tree": Path("a")},
        {"staged": True, "folders": (Path("a"),)},
        {"base_tree": Path("a")},
        {"base_tree": Path("a"), "staged": True},
        {"base_tree": Path("a"), "folders": (Path("b"), Path("c"))},
    ],
)
def test_options_for_different_changes_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        kind_of(ChangeRequest(Path(), **given))
    assert caught.value.advice


@pytest.mark.parametrize("opener", OPENERS.values())
def test_every_opener_is_there(opener: str) -> None:
    module, name = opener.split(":")
    assert callable(getattr(import_module(module), name))
