"""`gate explain`: one rule, for a person."""

from __future__ import annotations

from typing import Any

import click

from gate.cli.options import how_it_looks, looks_of, rulebook_of, rules_of
from gate.errors import UsageError, did_you_mean


@click.command()
@click.argument("rule_id", metavar="RULE")
@rules_of
@how_it_looks
def explain(rule_id: str, **options: Any) -> None:
    """Show a rule: what it asks and why, its level and settings, and how to satisfy it.

    \b
    Examples:
      gate explain workload.image_pinned
      gate explain workload.image_pinned -v     with its Rego
      gate explain main.deny --conftest policy/
    """
    from gate.cli.output import show
    from gate.decision.rules import ways
    from gate.report.tables import rule_page

    book = rulebook_of(options)
    rule = book.bundle.rules.get(rule_id)
    if rule is None:
        raise UsageError(
            f"There is no rule `{rule_id}`{did_you_mean(rule_id, book.bundle.rules)}",
            advice="`gate policy list` shows the rules.",
        )
    text = next(each.text for each in book.bundle.modules if each.path == rule.path)
    told = (rule, book.levels[rule_id], book.settings[rule_id], text, book.config.path)
    unavailable = ways(book.config, rule_id)
    show(lambda look: rule_page(*told, look, unavailable), looks_of(options))
