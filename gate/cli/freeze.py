"""`gate freeze`: what is frozen now, and what will be."""

from __future__ import annotations

from typing import Any

import click

from gate.cli.options import hint, how_it_looks, how_things_stand, option, outputs_in

FORMATS = ("text", "json", "ics")


@click.command()
@how_things_stand
@option(
    "--days",
    metavar="N",
    type=click.IntRange(1, 366),
    help="A calendar of so many days, and the freezes in them.",
)
@outputs_in("text, json or ics")
@how_it_looks
def freeze(outputs: tuple[str, ...], days: int | None, **options: Any) -> int:
    """Say for each service and environment whether it is frozen, by what and until when.

    It asks by the config of the files on disk. Services that the config does not name are those
    of the manifests. Exit codes: 0 all are free, 1 some are frozen, 3 none is known to be, but of
    some it is not known.

    \b
    Examples:
      gate freeze
      gate freeze --days 30                      a calendar to look at
      gate freeze --service checkout --now 2026-12-24T09:00:00+01:00
      gate freeze --days 90 -o ics=freezes.ics   for your own calendar
    """
    from gate import standing
    from gate.cli.output import destinations, write_all, write_error
    from gate.cli.standing import asked, one_of, with_unread
    from gate.report import freezes
    from gate.report.look import Look
    from gate.report.standing import as_text, whose

    to = destinations(outputs, one_of(FORMATS))
    try:
        with asked(options, to, days) as (request, look):
            found = standing.freezes(request)
    except Exception as error:
        write_error(error, to)
        raise
    told = (found.targets, found.evidence, found.now)
    states = freezes.states(*told)

    def render(name: str, seen: Look) -> str:
        if name == "json":
            return as_text(freezes.as_json(*told, found.until, found.by))
        if name == "ics":
            from gate.report import ics

            return ics.render(states, found.now, found.until)
        return freezes.text(*told, found.until, found.by, seen, days)

    write_all(render, to, look)
    if all(each.format == "ics" for each in to):
        for target, state in states.items():
            if state.reason is not None:
                hint(f"Not known: {whose([target])}: {state.reason}")
    return with_unread(found, freezes.exit_code(states))
