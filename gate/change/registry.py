"""Finds the opener of a change by name, and imports no other."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from gate.change.interface import ChangeRequest, Source
from gate.errors import UsageError

__all__ = ["OPENERS", "ChangeRequest", "kind_of", "open_source"]

OPENERS = {
    "default": "gate.change.default:open_default",
    "range": "gate.change.range:open_range",
    "staged": "gate.change.staged:open_staged",
    "tree": "gate.change.folder:open_tree",
    "trees": "gate.change.folder:open_trees",
    "rendered": "gate.change.rendered:open_rendered",
}


def open_source(request: ChangeRequest) -> Source:
    """Opens the change that is asked for; the caller closes it."""
    module, name = OPENERS[kind_of(request)].split(":")
    opener: Callable[[ChangeRequest], Source] = getattr(import_module(module), name)
    return opener(request)


def kind_of(request: ChangeRequest) -> str:
    """The opener's name. Options that name two different changes are an error; beside two folders
    a base says whose configuration judges."""
    rendered = request.base_tree is not None and request.base is not None and request.head is None
    if rendered and not request.staged and len(request.judged_folders) == 1:
        return "rendered"
    given = [
        name
        for name, value in (
            ("--base or --head", request.base is not None or request.head is not None),
            ("--staged", request.staged),
            ("a folder", bool(request.judged_folders) or request.base_tree is not None),
        )
        if value
    ]
    if len(given) > 1:
        raise UsageError(
            f"{' and '.join(given)} name different changes.",
            advice="Give one of them.",
        )
    if request.base_tree is not None:
        if len(request.judged_folders) != 1:
            raise UsageError(
                "--base-tree is the folder before, and needs one folder after.",
                advice="Name it with --tree.",
            )
        return "trees"
    if request.judged_folders:
        return "tree"
    if request.staged:
        return "staged"
    return "range" if given else "default"
