"""`gate policy coverage`: what the tests of rules reach."""

from __future__ import annotations

import sys
from typing import Any

import click

from gate.cli.options import (
    authored,
    how_it_looks,
    looks_of,
    option,
    outputs_in,
    what_is_tested,
)
from gate.report.look import look
from gate.report.progress import progress


@click.command()
@what_is_tested
@option(
    "--threshold",
    metavar="PERCENT",
    type=click.FloatRange(0, 100),
    help="Exit with 1 where less is covered.",
)
@outputs_in("text or json")
@how_it_looks
def coverage(
    engine: str, run: str, threshold: float | None, outputs: tuple[str, ...], **options: Any
) -> int:
    """Show what the tests of rules reach, line by line.

    A line counts where a statement or a clause of a rule begins; it is covered if the statement
    was evaluated, and the clause true. PATH is as for `gate policy test`. Where a test does not
    pass, that is shown instead.

    \b
    Exit codes: 0 done, 1 below the threshold or a test fails, 2 a test cannot be judged.

    \b
    Examples:
      gate policy coverage
      gate policy coverage policies/team --threshold 100
      gate policy coverage -o json=coverage.json -o text
    """
    from gate.authoring import covered, files, shown, testing
    from gate.authoring.coverage import measure
    from gate.cli.output import destinations, standard_look, write_all, write_error

    to = destinations(outputs, covered.check)
    wanted = testing.Wanted(engine=engine, run=run)
    looks = looks_of(options)
    try:
        with progress(look(sys.stderr, **looks), "reading the policies") as step:
            given = files.read(authored(options), wanted.limits.file)
            found = measure(given, wanted, step)
    except Exception as error:
        write_error(error, to)
        raise
    seen = standard_look(to, **looks)
    if found.tests.exit_code:
        write_all(lambda name, each: shown.render(found.tests, name, each), to, seen)
        return found.tests.exit_code
    write_all(lambda name, each: covered.render(found, threshold, name, each), to, seen)
    return int(covered.below(found, threshold))
