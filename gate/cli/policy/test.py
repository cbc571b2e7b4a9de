"""`gate policy test`: runs the tests of rules."""

from __future__ import annotations

import sys
from typing import Any

import click

from gate.cli.options import authored, how_it_looks, looks_of, outputs_in, what_is_tested
from gate.report.look import look
from gate.report.progress import progress


@click.command()
@what_is_tested
@outputs_in("text, json or junit")
@how_it_looks
def test(engine: str, run: str, outputs: tuple[str, ...], **options: Any) -> int:
    """Run the tests of rules: each rule whose name starts with test_.

    PATH is a folder or file of Rego, or `builtin` for the rules that come with gate. Without one:
    the folders of policies that the configuration names, else policies/.

    \b
    Exit codes: 0 all pass, 1 a test fails, 2 a test cannot be judged, or there is none.

    \b
    Examples:
      gate policy test
      gate policy test policies/team --run no_owner
      gate policy test -v                             with the tests that pass
      gate policy test --engine opa -o junit=tests.xml -o text
    """
    from gate.authoring import files, shown, testing
    from gate.cli.output import destinations, standard_look, write_all, write_error

    to = destinations(outputs, shown.check)
    wanted = testing.Wanted(engine=engine, run=run)
    looks = looks_of(options)
    try:
        with progress(look(sys.stderr, **looks), "reading the policies") as step:
            given = files.read(authored(options), wanted.limits.file)
            report = testing.run(given, wanted, step).report
    except Exception as error:
        write_error(error, to, {"junit": shown.junit_error})
        raise
    seen = standard_look(to, **looks)
    write_all(lambda name, each: shown.render(report, name, each), to, seen)
    return report.exit_code
