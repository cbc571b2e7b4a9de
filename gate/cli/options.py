"""Options that several commands share. Each is also read from `GATE_...`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from gate.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])


def option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """`click.option`, also read from the environment: `--fail-on` from `GATE_FAIL_ON`."""
    long = next(name for name in names if name.startswith("--"))
    variable = "GATE_" + long.removeprefix("--").replace("-", "_").upper()
    return click.option(*names, envvar=variable, **settings)


def together(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one, in the order in which help lists them."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)

repository = option(
    "--repo",
    metavar="DIR",
    type=FOLDER,
    default=Path(),
    help="The repository. [default: this folder]",
)

what_changes = together(
    click.argument("folders", metavar="[DIR]...", nargs=-1, type=FOLDER),
    option("--base", metavar="REF", help="The branch or commit that the change goes into."),
    option("--head", metavar="REF", help="The commit to judge. [default: HEAD]"),
    option("--staged", is_flag=True, help="What is staged, as a commit would take it."),
    option("--tree", metavar="DIR", type=FOLDER, help="A folder: everything in it."),
    option("--base-tree", metavar="DIR", type=FOLDER, help="The folder before, for --tree."),
    repository,
)

what_judges = together(
    option("--config", metavar="FILE", help="The configuration. [default: .gate.yaml]"),
    option(
        "--policy",
        "policies",
        metavar="PATH",
        multiple=True,
        help="Rules to judge by, or `builtin`; replaces the config's. Repeatable.",
    ),
    option(
        "--trust",
        type=click.Choice(["base", "head"]),
        default="base",
        help="Where config, policies and waivers come from. [default: base]",
    ),
    option(
        "--environment",
        "environments",
        metavar="NAME",
        multiple=True,
        help="Only this environment. Repeatable.",
    ),
    option(
        "--service",
        "services",
        metavar="NAME",
        multiple=True,
        help="Only this service. Repeatable.",
    ),
    option("--offline", is_flag=True, help="Ask nothing over the network."),
    option("--now", metavar="TIME", help="Judge as if it were this time (RFC 3339)."),
)

rules_of = together(
    repository,
    option("--config", metavar="FILE", help="The configuration. [default: .gate.yaml]"),
    option(
        "--policy",
        "policies",
        metavar="PATH",
        multiple=True,
        help="Rules to show, or `builtin`; replaces the config's. Repeatable.",
    ),
)

how_it_looks = together(
    option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="Colours. [default: auto; NO_COLOR and FORCE_COLOR are honoured]",
    ),
    option("-q", "--quiet", is_flag=True, help="Only the verdict and what blocks."),
    option("-v", "--verbose", count=True, help="Everything; -vv adds tracebacks."),
)


MIN_YEAR = 1000
MAX_YEAR = 9999
"""A zone or a span of time beside `--now` must stay within what a time can be."""


def moment(text: str | None) -> datetime:
    """The time to judge at: now, or `--now` (a zone is needed; a bare date is midnight UTC)."""
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        when = datetime.fromisoformat(text)
        in_range = MIN_YEAR <= when.year < MAX_YEAR
    except ValueError as error:
        raise UsageError(
            f"--now {text} is not a time.", advice="Write it as 2026-11-22T10:00:00Z."
        ) from error
    if not in_range:
        raise UsageError(
            f"--now {text} is out of range: years from {MIN_YEAR} to {MAX_YEAR - 1} are known.",
            advice="Write it as 2026-11-22T10:00:00Z.",
        )
    if when.tzinfo is None:
        if len(text) > len("2026-11-22"):
            raise UsageError(
                f"--now {text} has no time zone.", advice="Write it as 2026-11-22T10:00:00Z."
            )
        return when.replace(tzinfo=UTC)
    return when
