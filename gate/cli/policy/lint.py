"""`gate policy lint`: finds what is wrong with rules."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gate.cli.options import how_it_looks, option, repository
from gate.errors import PolicyError
from gate.report.look import Color, look


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@repository
@option("--config", metavar="FILE", help="The configuration. [default: .gate.yaml]")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    envvar="GATE_LINT_OUTPUT",
    help="[default: text]",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warn"]),
    default="error",
    envvar="GATE_LINT_FAIL_ON",
    help="What ends with exit code 1. [default: error]",
)
@how_it_looks
def lint(
    paths: tuple[str, ...],
    repo: Path,
    config: str | None,
    output: str,
    fail_on: str,
    color: Color,
    quiet: bool,
    verbose: int,
) -> int:
    """Find what is wrong with rules before they judge.

    PATH is a folder or file of Rego, or `builtin`. Without one: the folders of policies that the
    configuration names, else policies/.

    \b
    Exit codes: 0 nothing found, 1 errors (or warnings, with --fail-on warn), 2 nothing to lint.

    \b
    Examples:
      gate policy lint
      gate policy lint policies/team/owner_label.rego
      gate policy lint --fail-on warn -o json
    """
    from gate.authoring import files, folders, told
    from gate.authoring.lint import lint as find
    from gate.decision.limits import DEFAULT

    unread: list[PolicyError] = []
    read = files.read(paths or folders.own(repo, config), DEFAULT.file, unread)
    problems = find(read, unread)
    count = len(read.modules) + len(unread)
    if output == "json":
        click.echo(told.as_json(problems, count), nl=False)
    else:
        seen = look(sys.stdout, color=color, quiet=quiet, verbose=verbose)
        click.echo(told.text(problems, count, seen), nl=False, color=seen.color)
    return int(any(fail_on == "warn" or each.level == "error" for each in problems))
