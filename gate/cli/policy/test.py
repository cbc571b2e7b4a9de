"""`gate policy test`: runs the tests of rules."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from gate.cli.options import how_it_looks, option, repository, together
from gate.report.look import look
from gate.report.progress import progress

what_is_tested = together(
    click.argument("paths", metavar="[PATH]...", nargs=-1),
    repository,
    option("--config", metavar="FILE", help="The configuration. [default: .gate.yaml]"),
    option(
        "--engine",
        metavar="auto|embedded|opa",
        default="auto",
        help="Who runs the tests. [default: auto]",
    ),
    option("--run", metavar="REGEX", default="", help="Only tests with such a name."),
)


@click.command()
@what_is_tested
@option(
    "-o",
    "--output",
    "outputs",
    metavar="FORMAT[=FILE]",
    multiple=True,
    help="text, json or junit, to standard output or a file. Repeatable. [default: text]",
)
@how_it_looks
def test(
    paths: tuple[str, ...],
    repo: Path,
    config: str | None,
    engine: str,
    run: str,
    outputs: tuple[str, ...],
    **looks: Any,
) -> int:
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
    from gate.authoring import files, folders, shown, testing
    from gate.cli.output import destinations, standard_look, write_all, write_error

    to = destinations(outputs, shown.check)
    wanted = testing.Wanted(engine=engine, run=run)
    watched = look(sys.stderr, **looks)
    try:
        with progress(watched, "reading the policies") as step:
            given = files.read(paths or folders.own(repo, config), wanted.limits.file)
            report = testing.run(given, wanted, step).report
    except Exception as error:
        write_error(error, to, {"junit": shown.junit_error})
        raise
    seen = standard_look(to, **looks)
    write_all(lambda name, each: shown.render(report, name, each), to, seen)
    return report.exit_code
