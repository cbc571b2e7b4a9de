"""Finds the opener of a change by name, and imports no other."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module

from gate.change.approvals import approved, event_of
from gate.change.interface import ChangeRequest, OpenSource, Source
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


def open_source(request: ChangeRequest) -> Source:
    """Opens the change that is asked for; the caller closes it."""
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
        change = approved(change, event, lost, source.holds, offline=request.offline)
        return replace(source, change=change, look_back=cache(source.look_back))
    except BaseException:
        source.close()
        raise


def _of_event(change: Change, event: Event | None) -> Change:
    """With the event that it came through."""
    if event is None:
        return change
    number = event.pull.number if event.pull is not None else queued(event)
    return replace(change, event=event.name, pull_request=number)


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
    in_actions = os.environ.get("GITHUB_ACTIONS") == "true"
    if given and request.base is None and in_actions:
        raise UsageError(
            "--head alone does not say what it is compared with in GitHub Actions: there the "
            "default branch may be the very commit that was pushed.",
            advice="Name the base too: --base, or the action's input `base`.",
        )
    if given:
        return "range"
    return "event" if request.event is not None or in_actions else "default"


def _names_commits(environ: Mapping[str, str]) -> bool:
    """Whether pre-commit runs the hook for commits, and not for what is staged."""
    return bool(environ.get("PRE_COMMIT_FROM_REF") and environ.get("PRE_COMMIT_TO_REF"))
