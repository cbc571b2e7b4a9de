"""`gate init`: a repository's own config, workflow and hook, proposed from what it holds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import click

from gate.cli.options import how_it_looks, looks_of, option, repository

PARTS = ("config", "workflow", "hook")


@click.command()
@repository
@option("--yes", is_flag=True, help="Write without asking.")
@option("--dry-run", is_flag=True, help="Only show what would be written.")
@option(
    "--without",
    metavar="|".join(PARTS),
    type=click.Choice(PARTS),
    multiple=True,
    help="Leave this out. Repeatable.",
)
@how_it_looks
def init(repo: Path, yes: bool, dry_run: bool, without: tuple[str, ...], **looks: Any) -> int:
    """Write .gate.yaml, the workflows and the pre-commit hook, made from what the repository holds.

    It reads the tracked files, runs nothing, shows a diff first, and overwrites nothing. Without a
    terminal and without --yes it only shows. Exit codes: 0 shown, written, or nothing to do.

    \b
    Examples:
      gate init                          shows, and asks
      gate init --yes                    writes
      gate init --dry-run
      gate init --without workflow       on another CI than GitHub's
    """
    from datetime import UTC, datetime

    from gate.adoption.init import plan as plans
    from gate.adoption.init import write
    from gate.adoption.init.told import told, what_next
    from gate.change.git import open_repository
    from gate.cli.output import show
    from gate.errors import ChangeError
    from gate.report.look import look
    from gate.report.progress import progress

    parts = cast(list[plans.Part], [part for part in PARTS if part not in without])
    options = looks_of(looks)
    opened = open_repository(repo)
    try:
        if opened.top is None:
            raise ChangeError(
                "There is no working tree here, so that nothing can be written.",
                advice="Run `gate init` in a clone that has one.",
            )
        with progress(look(sys.stderr, **options), "looking at the repository"):
            plan = plans.plan(opened, parts, datetime.now(UTC))
    finally:
        opened.close()
    show(lambda seen: told(plan, seen), options)
    if not plan.files:
        return 0
    if not yes and not dry_run and _somebody_answers():
        yes = click.confirm("Write this?", default=False)
    elif not yes:
        click.echo("Nothing is written. `gate init --yes` writes it.")
    if yes and not dry_run:
        write.write(plan.top, plan.files)
        show(lambda seen: what_next(plan, seen), options)
    return 0


def _somebody_answers() -> bool:
    from gate.report.look import is_terminal

    return is_terminal(sys.stdin) and is_terminal(sys.stdout)
