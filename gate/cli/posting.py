"""Tells others what came of a run, beside the one who asked. It never changes the exit code."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import click

from gate.cli.output import commands
from gate.errors import GateError, unexpected
from gate.model.event import Event
from gate.model.verdict import Verdict
from gate.report.escape import plain, workflow_command
from gate.report.posts.interface import Post, Subject
from gate.report.posts.registry import poster

Posts = Sequence[tuple[str, Post]]

_NO_COMMIT = ("saved", "staged", "pushed", "tree", "folders", "base_tree")


def posts(names: Sequence[str]) -> Posts:
    """The posts of these names, each once. Raises UsageError for one that is not known."""
    return [(name, poster(name)) for name in dict.fromkeys(names)]


def tell(told: Verdict | Exception, to: Posts, options: Mapping[str, Any]) -> None:
    """Posts a verdict, or the error in its place, and complains of what could not be posted."""
    if not to:
        return
    said = told if isinstance(told, Verdict | GateError) else unexpected(told)
    try:
        subject = _subject(said, options)
    except Exception as error:  # noqa: BLE001 - what fails here takes nothing from the verdict
        complain([f"nothing is posted: {unexpected(error).message}"])
        return
    for name, post in to:
        if name == "github" and options["offline"]:
            complain(["GitHub: nothing is posted: offline"])
            continue
        try:
            complain(post(said, subject))
        except Exception as error:  # noqa: BLE001 - as above
            complain([f"{name}: not everything is posted: {unexpected(error).message}"])


def complain(lines: Sequence[str]) -> None:
    """Says on standard error what could not be told; GitHub Actions shows it as a warning."""
    for line in lines:
        if os.environ.get("GITHUB_ACTIONS") == "true":
            title = {"title": "change-gate"}
            commands(workflow_command("warning", plain(line), title) + "\n", error=True)
        else:
            click.echo(f"gate: {plain(line)}", err=True)


def _subject(told: Verdict | GateError, options: Mapping[str, Any]) -> Subject:
    event, named = _event(options), os.environ.get("GITHUB_REPOSITORY") or None
    if event is not None and named is not None and named.lower() != event.repository.lower():
        event = _unknown()
    repository = named or (event.repository if event else _origin(options)) or None
    head = told.change.get("head") if isinstance(told, Verdict) else _head(event, options)
    only = (*options["environments"], *options["services"])
    return Subject(event, repository, head, only)


def _event(options: Mapping[str, Any]) -> Event | None:
    from gate.clients.event import UnknownEvent, of_run

    try:
        return of_run(options["event"])
    except UnknownEvent:
        return _unknown()


def _unknown() -> Event:
    """An event of which nothing is believed but that there is one."""
    return Event(os.environ.get("GITHUB_EVENT_NAME") or "unknown", "")


def _origin(options: Mapping[str, Any]) -> str | None:
    from gate.change.origin import origin

    return origin(options["repo"])


def _head(event: Event | None, options: Mapping[str, Any]) -> str | None:
    """The commit that would have been judged, as far as that is known where a run failed."""
    from gate.change.origin import commit_of

    if any(options[name] for name in _NO_COMMIT):
        return None
    if options["head"] is None and event is not None and event.head is not None:
        return event.head
    return commit_of(options["repo"], options["head"] or "HEAD")
