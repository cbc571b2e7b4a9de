"""`gate doctor`: proves that the set-up blocks what it should."""

from __future__ import annotations

import sys
from typing import Any

import click

from gate.cli.options import (
    how_it_looks,
    looks_of,
    option,
    outputs_in,
    repository,
    together,
    what_judges,
)
from gate.model.diagnosis import GROUPS

FORMATS = ("text", "json")

whereabouts = together(
    repository,
    option("--base", metavar="REF", help="The branch that judges. [default: the default branch]"),
    option(
        "--only",
        metavar="|".join(GROUPS),
        type=click.Choice(GROUPS),
        multiple=True,
        help="Look at this group alone. Repeatable.",
    ),
    option(
        "--accept",
        "accepted",
        metavar="KEY",
        multiple=True,
        help="Live with the holes that this key makes, such as `mode`. Repeatable.",
    ),
    option(
        "--fail-on",
        type=click.Choice(["deny", "warn", "never"]),
        default="deny",
        help="As `gate check` is called. [default: deny]",
    ),
)


@click.command()
@whereabouts
@outputs_in("text or json")
@what_judges
@how_it_looks
def doctor(outputs: tuple[str, ...], **options: Any) -> int:
    """Prove that the set-up blocks what it should.

    It looks at config, sources and GitHub, and judges a real change again and again with one thing
    broken each time: a source down, stale or empty, no engine, no policy. None of these may let the
    change pass where a rule needs to see. It writes nothing, and changes nothing.

    Exit codes: 0 all is proven, 1 there is a hole, 3 something could not be looked at.

    \b
    Examples:
      gate doctor
      gate doctor -v                      each check and each fault
      gate doctor --only faults --offline
      gate doctor --trust head            the config on disk, before it is merged
      gate doctor --accept mode -o json
    """
    from gate.adoption.doctor.examine import examine
    from gate.change.interface import ChangeRequest
    from gate.cli.output import destinations, standard_look, write_all, write_error
    from gate.cli.requests import request_of
    from gate.cli.standing import one_of
    from gate.report import doctor as told
    from gate.report.look import look
    from gate.report.progress import progress

    to = destinations(outputs, one_of(FORMATS))
    looks = looks_of(options)
    what = ChangeRequest(
        repo=options["repo"],
        base=options["base"],
        trust=options["trust"],
        offline=options["offline"],
    )
    try:
        with progress(look(sys.stderr, **looks), "looking around") as step:
            found = examine(
                request_of(what, options),
                step,
                groups=options["only"] or GROUPS,
                accepted=options["accepted"],
            )
    except Exception as error:
        write_error(error, to)
        raise
    write_all(
        lambda name, seen: told.as_json(found) if name == "json" else told.text(found, seen),
        to,
        standard_look(to, **looks),
    )
    return found.exit_code
