"""`gate context`: what a change would be judged on."""

from __future__ import annotations

import json
from typing import Any

import click

from gate.cli.options import how_it_looks, what_changes, what_judges


@click.command()
@what_changes
@what_judges
@how_it_looks
def context(**options: Any) -> None:
    """Print the policy input: what rules see, and what else the verdict rests on.

    Nothing is judged. `gate check --input FILE` gives the verdict that `gate check` gives now.

    \b
    Examples:
      gate context --base main > input.json
      gate check --input input.json
    """
    from gate import pipeline
    from gate.cli.output import data
    from gate.cli.requests import watched

    with watched(options) as (request, step, _):
        found = pipeline.context(request, step)
    data(json.dumps(found, indent=2, ensure_ascii=True) + "\n")
