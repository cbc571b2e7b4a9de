"""`gate check`: judges a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from gate.cli.options import (
    how_it_looks,
    option,
    outputs_in,
    together,
    what_changes,
    what_judges,
)
from gate.errors import GateError, UsageError

NOT_BESIDE_INPUT = (
    "folders",
    "base",
    "head",
    "staged",
    "pushed",
    "tree",
    "base_tree",
    "event",
    "config",
    "policies",
    "conftest",
    "namespaces",
    "all_namespaces",
    "data",
    "combine",
    "trust",
    "environments",
    "services",
    "offline",
    "now",
)

outcome = together(
    option(
        "--input",
        "saved",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
        help="Judge a saved input (`gate context`); - is standard input.",
    ),
    option(
        "--fail-on",
        type=click.Choice(["deny", "warn", "never"]),
        default="deny",
        help="Which findings give exit code 1. [default: deny]",
    ),
    option("--include-existing", is_flag=True, help="Let old findings block too."),
    outputs_in("text, json, markdown, sarif, junit or github"),
)

told_to = option(
    "--post",
    "told",
    metavar="github|actions",
    multiple=True,
    help="Tell others too: a check run, a status and a comment (docs/posting.md). Repeatable.",
)


@click.command()
@what_changes
@outcome
@told_to
@what_judges
@how_it_looks
@click.pass_context
def check(
    context: click.Context,
    /,
    outputs: tuple[str, ...],
    saved: Path | None,
    told: tuple[str, ...],
    **options: Any,
) -> int:
    """Judge a change: pass, warn, deny or undecided.

    With no option it takes what you have staged; else this branch against the default
    branch; else the last commit. The first line says which.

    \b
    Examples:
      gate check --base main                     this branch against main
      gate check --base v1.4 --head v1.5         a release
      gate check --staged --offline              before a commit
      gate check --pushed --offline              before a push
      gate check deploy/                         everything in a folder, without Git
      gate check deploy/ --conftest policy/      the same, by policies written for conftest
      gate check --base-tree old --tree new      two folders of rendered manifests
      gate check -o json=verdict.json -o text    for a machine and a person
      gate context | gate check --input -        a saved input, not saved
      gate check --base main --post github       also as a check run and a comment
    """
    from gate import pipeline
    from gate.cli.output import destinations, write, write_error
    from gate.cli.posting import posts, tell
    from gate.cli.requests import watched

    to, others = destinations(outputs), posts(told)
    about = {**options, "saved": saved}
    try:
        refuse_offline_server(context, options)
        with watched(options, to) as (request, step, look):
            if saved is None:
                verdict = pipeline.check(request, step)
            else:
                refuse_beside_input(context)
                verdict = pipeline.check_saved(saved, request, step)
    except Exception as error:
        write_error(error, to)
        tell(error, others, about)
        raise
    try:
        write(verdict, to, look)
    except GateError as error:
        tell(error, others, about)
        raise
    tell(verdict, others, about)
    return verdict.exit_code


def refuse_offline_server(context: click.Context, options: dict[str, Any]) -> None:
    """Only the command line says both on purpose; a configured server gives way to --offline."""
    given = {context.get_parameter_source(name) for name in ("engine", "offline")}
    if given == {ParameterSource.COMMANDLINE} and "://" in (options["engine"] or ""):
        raise UsageError(
            "--engine names a server, and --offline asks none.",
            advice="Leave one of them out; `--engine auto` judges on this machine.",
        )


def refuse_beside_input(context: click.Context) -> None:
    """A saved input says itself what is judged, by what and when."""
    names = {each.name: each for each in context.command.params}
    for name in NOT_BESIDE_INPUT:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            each = names[name]
            shown = each.opts[0] if isinstance(each, click.Option) else "A folder"
            raise UsageError(
                f"{shown} cannot stand beside --input: a saved input says itself what is judged, "
                "by what and when.",
                advice="Leave it out, or save the input anew with it: `gate context`.",
            )
