"""From the command line's options to a request, and the watching of its progress."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from gate.change.registry import ChangeRequest
from gate.cli.options import looks_of, moment, policies_of
from gate.cli.output import Destination, standard_look
from gate.pipeline import Request, Step
from gate.report.look import Look, look
from gate.report.progress import progress


@contextmanager
def watched(
    options: Mapping[str, Any], outputs: Sequence[Destination] = ()
) -> Iterator[tuple[Request, Step, Look]]:
    """The request, what to call with each step, and how the report looks.

    The steps are shown on standard error while somebody watches, and gone at the end.
    """
    looks = looks_of(options)
    with progress(look(sys.stderr, **looks), "reading the change") as step:
        yield request_of(_what(options), options), step, standard_look(outputs, **looks)


def _what(options: Mapping[str, Any]) -> ChangeRequest:
    return ChangeRequest(
        repo=options["repo"],
        base=options["base"],
        head=options["head"],
        staged=options["staged"],
        pushed=options["pushed"],
        tree=options["tree"],
        folders=options["folders"],
        base_tree=options["base_tree"],
        trust=options["trust"],
        event=options["event"],
        offline=options["offline"],
    )


def request_of(what: ChangeRequest, options: Mapping[str, Any]) -> Request:
    """How a change is judged, by the options that a command has for that."""
    return Request(
        what=what,
        now=moment(options["now"]),
        config=options["config"],
        policies=policies_of(options),
        environments=tuple(options["environments"]),
        services=tuple(options["services"]),
        offline=options.get("offline", False),
        engine=options.get("engine"),
        fail_on=options.get("fail_on", "deny"),
        include_existing=options.get("include_existing", False),
    )
