"""`gate when`: when a change would pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gate.cli.check import outcome, refuse_beside_input, refuse_offline_server
from gate.cli.options import how_it_looks, what_changes, what_judges


@click.command()
@what_changes
@outcome
@what_judges
@how_it_looks
@click.pass_context
def when(
    context: click.Context, /, outputs: tuple[str, ...], saved: Path | None, **options: Any
) -> int:
    """Say when a change would pass, and what is in its way until then.

    It is judged again at each moment that the evidence names: a freeze ends, errors leave an
    error budget's window, a waiver ends. Exit codes: 0 it would pass now, 1 not now,
    3 undecided now.

    \b
    Examples:
      gate when --base main                      may this branch go out? if not, when?
      gate when --now 2026-12-24T09:00:00+01:00  and if it were Christmas Eve?
      gate when --service checkout -o json
    """
    from gate import pipeline
    from gate.cli.output import destinations, write_all, write_error
    from gate.cli.requests import watched
    from gate.report.registry import outlook_renderer

    to = destinations(outputs, outlook_renderer)
    refuse_offline_server(context, options)
    try:
        with watched(options, to) as (request, step, look):
            if saved is None:
                outlook = pipeline.when(request, step)
            else:
                refuse_beside_input(context)
                outlook = pipeline.when_saved(saved, request, step)
    except Exception as error:
        write_error(error, to)
        raise
    write_all(lambda name, seen: outlook_renderer(name)(outlook, seen), to, look)
    return outlook.exit_code
