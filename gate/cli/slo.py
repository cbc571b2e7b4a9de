"""`gate slo`: what is left of the error budgets."""

from __future__ import annotations

from typing import Any

import click

from gate.cli.options import how_it_looks, how_things_stand, outputs_in

FORMATS = ("text", "json")


@click.command()
@how_things_stand
@outputs_in("text or json")
@how_it_looks
def slo(outputs: tuple[str, ...], **options: Any) -> int:
    """Say for each service and environment what is left of its error budgets, and how fast it
    burns.

    It asks by the config of the files on disk. Services that the config does not name are those
    of the manifests. Exit codes: 0 all is known and no budget is spent, 1 some are spent, 3 none
    is known to be, but of some it is not known.

    \b
    Examples:
      gate slo
      gate slo --service checkout -o json
    """
    from gate import standing
    from gate.cli.output import destinations, write_all, write_error
    from gate.cli.standing import asked, one_of, with_unread
    from gate.report import budgets
    from gate.report.look import Look
    from gate.report.standing import as_text

    to = destinations(outputs, one_of(FORMATS))
    try:
        with asked(options, to) as (request, look):
            found = standing.standing("slo", request)
    except Exception as error:
        write_error(error, to)
        raise
    told = (found.targets, found.evidence, found.now, found.by)

    def render(name: str, seen: Look) -> str:
        return as_text(budgets.as_json(*told)) if name == "json" else budgets.text(*told, seen)

    write_all(render, to, look)
    return with_unread(found, budgets.exit_code(found.targets, found.evidence))
