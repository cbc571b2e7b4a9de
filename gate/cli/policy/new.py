"""`gate policy new`: writes a rule that is ready to edit."""

from __future__ import annotations

from pathlib import Path
from typing import cast, get_args

import click

from gate.cli.options import option, repository
from gate.model.config import EVIDENCE_KINDS, Level


@click.command()
@click.argument("name", metavar="AREA.RULE")
@option("--folder", metavar="DIR", help="Where. [default: the config's folder, else policies]")
@option(
    "--requires",
    metavar="KIND",
    type=click.Choice(EVIDENCE_KINDS),
    multiple=True,
    help=f"Evidence that it needs: {', '.join(EVIDENCE_KINDS)}. Repeatable.",
)
@option(
    "--level",
    type=click.Choice(get_args(Level)),
    default="warn",
    help="The level that it begins with. [default: warn]",
)
@repository
def new(name: str, folder: str | None, requires: tuple[str, ...], level: str, repo: Path) -> None:
    """Write a rule, its metadata, a test that passes and one that fails until you edit it.

    \b
    Examples:
      gate policy new team.owner_label
      gate policy new slo.budget_low --requires slo --level deny
    """
    from gate.authoring import folders
    from gate.authoring.new import write

    place = folders.for_new(repo, folder)
    written = write(name, Path(place.folder), requires=requires, level=cast(Level, level))
    area = written.rule.parent.as_posix()
    click.echo(f"Wrote {written.rule.as_posix()} and {written.test.as_posix()}.")
    click.echo("\nNext:")
    click.echo(f"  edit both; `gate policy test {area}` fails until you do")
    click.echo(f"  gate policy lint {area}")
    if place.step is not None:
        click.echo(f"  {place.step}, so that it judges")
