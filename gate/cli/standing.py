"""What `gate freeze` and `gate slo` share: whom it is about, and where the answer goes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from gate.cli.options import hint, looks_of, moment
from gate.cli.output import Destination, standard_look
from gate.errors import UsageError, did_you_mean
from gate.evidence.interface import AHEAD
from gate.report.look import Look, look
from gate.report.progress import progress
from gate.standing import Asked, Standing

UNKNOWN = 3
_TO_THE_END_OF_A_WEEK = timedelta(days=8)


@contextmanager
def asked(
    options: Mapping[str, Any], to: Sequence[Destination], days: int | None = None
) -> Iterator[tuple[Asked, Look]]:
    """What is asked, and how the answer looks; that something goes on is shown meanwhile."""
    looks = looks_of(options)
    now = moment(options["now"])
    ahead = max(AHEAD, timedelta(days=days or 0))
    if datetime.max.replace(tzinfo=UTC) - now < ahead + _TO_THE_END_OF_A_WEEK:
        raise UsageError(
            f"{days} days from then on are beyond the last year that is known.",
            advice="Ask for fewer days.",
        )
    request = Asked(
        options["repo"],
        now,
        config=options["config"],
        environments=tuple(options["environments"]),
        services=tuple(options["services"]),
        offline=options["offline"],
        ahead=ahead,
    )
    with progress(look(sys.stderr, **looks), "asking how things stand"):
        yield request, standard_look(to, **looks)


def one_of(formats: Sequence[str]) -> Callable[[str], None]:
    """Refuses every other format."""

    def check(name: str) -> None:
        if name not in formats:
            raise UsageError(
                f"There is no output format `{name}`{did_you_mean(name.lower(), formats)}",
                advice=f"Use one of: {', '.join(sorted(formats))}.",
            )

    return check


def with_unread(found: Standing, code: int) -> int:
    """The exit code, where services may be missing since a manifest cannot be read; that is told
    on standard error."""
    for problem in found.unread:
        line = f":{problem.line}" if problem.line else ""
        hint(f"{problem.path}{line}: {problem.message}. Its services are not told of.")
    return code or (UNKNOWN if found.unread else 0)
