"""Finds the opener of a change by name, and imports no other."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module

from gate.change.approvals import approved, event_of
from gate.change.interface import ChangeRequest, ObjectsOf, OpenSource, Source
from gate.clients.event import queued
from gate.errors import ChangeError, UsageError
from gate.model.change import Change
from gate.model.event import Event

__all__ = ["OPENERS", "ChangeRequest", "kind_of", "open_source"]

OPENERS = {
    "default": "gate.change.default:open_default",
    "event": "gate.change.event:open_event",
    "range": "gate.change.range:open_range",
    "staged": "gate.change.staged:open_staged",
    "pushed": "gate.change.pushed:open_pushed",
    "tree": "gate.change.folder:open_tree",
    "trees": "gate.change.folder:open_trees",
    "rendered": "gate.change.rendered:open_rendered",
}


def _no_objects(_path: str, _data: bytes) -> None:
    """Files are then compared whole."""


def open_source(request: ChangeRequest, objects_of: ObjectsOf = _no_objects) -> Source:
    """Opens the change that is asked for; the caller closes it. `objects_of` tells what objects a
    file holds, so that a rollback of a part of it is recognised too."""
    event, lost = event_of(request)
    kind = kind_of(request)
    if kind == "event":
        if event is None:
            raise ChangeError(
                f"What this run is about is not known: {lost}.",
                advice="Name the change with --base and --head, or an event with --event.",
            )
        request = replace(request, event=event)
    module, name = OPENERS[kind].split(":")
    opener: Callable[[ChangeRequest], OpenSource] = getattr(import_module(module), name)
    source = opener(request)
    try:
        change = _of_event(source.change, event)
        change = replace(change, rollback=source.look_back(objects_of))
        change = approved(change, event, lost, source.holds, offline=request.offline)
        return replace(source, change=replace(change, description=_described(change)))
    except BaseException:
        source.close()
        raise


def _of_event(change: Change, event: Event | None) -> Change:
    """With the event that it came through."""
    if event is None:
        return change
    number = event.pull.number if event.pull is not None else queued(event)
    return replace(change, event=event.name, pull_request=number)


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
    a base says whose configuration judges. An event counts where nothing else names a change; in
    GitHub Actions there is always one."""
    rendered = request.base_tree is not None and request.base is not None and request.head is None
    if rendered and not (request.staged or request.pushed) and len(request.judged_folders) == 1:
        return "rendered"
    given = [
        name
        for name, value in (
            ("--base or --head", request.base is not None or request.head is not None),
            ("--staged", request.staged),
            ("--pushed", request.pushed),
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
    if request.pushed or (request.staged and _names_commits(os.environ)):
        return "pushed"
    if request.staged:
        return "staged"
    if given:
        return "range"
    in_actions = os.environ.get("GITHUB_ACTIONS") == "true"
    return "event" if request.event is not None or in_actions else "default"


def _names_commits(environ: Mapping[str, str]) -> bool:
    """Whether pre-commit runs the hook for commits, and not for what is staged."""
    return bool(environ.get("PRE_COMMIT_FROM_REF") and environ.get("PRE_COMMIT_TO_REF"))
