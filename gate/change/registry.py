"""Finds the opener of a change by name, and imports no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

from gate.change.approvals import approved
from gate.change.interface import ChangeRequest, ObjectsOf, OpenSource, Source
from gate.errors import UsageError
from gate.model.change import Change

__all__ = ["OPENERS", "ChangeRequest", "kind_of", "open_source"]

OPENERS = {
    "default": "gate.change.default:open_default",
    "range": "gate.change.range:open_range",
    "staged": "gate.change.staged:open_staged",
    "tree": "gate.change.folder:open_tree",
    "trees": "gate.change.folder:open_trees",
    "rendered": "gate.change.rendered:open_rendered",
}


def _no_objects(_path: str, _data: bytes) -> None:
    """Files are then compared whole."""


def open_source(request: ChangeRequest, objects_of: ObjectsOf = _no_objects) -> Source:
    """Opens the change that is asked for; the caller closes it. `objects_of` tells what objects a
    file holds, so that a rollback of a part of it is recognised too."""
    module, name = OPENERS[kind_of(request)].split(":")
    opener: Callable[[ChangeRequest], OpenSource] = getattr(import_module(module), name)
    source = opener(request)
    try:
        change = approved(replace(source.change, rollback=source.look_back(objects_of)), request)
        return replace(source, change=replace(change, description=_described(change)))
    except BaseException:
        source.close()
        raise


def _described(change: Change) -> str:
    """With what decides beside the files, for the first line of the output."""
    words = [change.description]
    if change.rollback is not None:
        words.append(f"a rollback to {change.rollback.to[:7]}")
    if change.approvals is not None and change.approvals_reason is not None:
        words.append(f"its approvals are not known: {change.approvals_reason}")
    return ", ".join(words)


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
