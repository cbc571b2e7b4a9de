"""`gate explain`: one rule, for a person."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from gate.cli.options import how_it_looks, policies_of, rules_of
from gate.errors import UsageError, did_you_mean
from gate.report.look import Color, look


@click.command()
@click.argument("rule_id", metavar="RULE")
@rules_of
@how_it_looks
def explain(
    rule_id: str,
    color: Color,
    quiet: bool,
    verbose: int,
    repo: Path,
    config: str | None,
    **policies: Any,
) -> None:
    """Show a rule: what it asks and why, its level and settings, and how to satisfy it.

    \b
    Examples:
      gate explain workload.image_pinned
      gate explain workload.image_pinned -v     with its Rego
      gate explain main.deny --conftest policy/
    """
    from gate import rulebook
    from gate.report.tables import rule_page

    book = rulebook.of_folder(repo, rulebook.Asked(config, policies_of(policies)))
    rule = book.bundle.rules.get(rule_id)
    if rule is None:
        raise UsageError(
            f"There is no rule `{rule_id}`{did_you_mean(rule_id, book.bundle.rules)}",
            advice="`gate policy list` shows the rules.",
        )
    seen = look(sys.stdout, color=color, quiet=quiet, verbose=verbose)
    module = next(each for each in book.bundle.modules if each.path == rule.path)
    page = rule_page(
        rule, book.levels[rule_id], book.settings[rule_id], module.text, book.config.path, seen
    )
    click.echo(page, nl=False, color=seen.color)
