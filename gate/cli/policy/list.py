"""`gate policy list`: the rules that judge here."""

from __future__ import annotations

from typing import Any

import click

from gate.cli.options import how_it_looks, looks_of, option, rulebook_of, rules_of
from gate.errors import UsageError, did_you_mean


@click.command("list")
@rules_of
@option("--area", metavar="NAME", help="Only this area: workload, delivery, change ...")
@how_it_looks
def list_rules(area: str | None, **options: Any) -> None:
    """List the rules that judge here, with their levels.

    \b
    Examples:
      gate policy list
      gate policy list --area delivery
      gate policy list --policy policies/
    """
    from gate.cli.output import show
    from gate.report.tables import table

    book = rulebook_of(options)
    areas = {rule.id.partition(".")[0] for rule in book.bundle.rules.values()}
    if area is not None and area not in areas:
        raise UsageError(
            f"There is no area `{area}`{did_you_mean(area, areas)}",
            advice=f"Name one of: {', '.join(sorted(areas))}.",
        )
    rows = [
        (rule.id, book.levels[rule.id], rule.title, rule.origin)
        for rule in sorted(book.bundle.rules.values(), key=lambda rule: rule.id)
        if area is None or rule.id.startswith(f"{area}.")
    ]
    header = ("RULE", "LEVEL", "TITLE", "FROM")
    show(lambda look: table(header, rows, look), looks_of(options))
