"""`gate policy lint`: finds what is wrong with rules."""

from __future__ import annotations

from typing import Any

import click

from gate.cli.options import authored, how_it_looks, looks_of, what_is_authored
from gate.errors import PolicyError


@click.command()
@what_is_authored
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
def lint(output: str, fail_on: str, **options: Any) -> int:
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
    from gate.authoring import files, told
    from gate.authoring.lint import lint as find
    from gate.cli.output import data, show
    from gate.decision.limits import DEFAULT

    unread: list[PolicyError] = []
    read = files.read(authored(options), DEFAULT.file, unread)
    problems = find(read, unread)
    count = len(read.modules) + len(unread)
    if output == "json":
        data(told.as_json(problems, count))
    else:
        show(lambda look: told.text(problems, count, look), looks_of(options))
    return int(any(fail_on == "warn" or each.level == "error" for each in problems))
