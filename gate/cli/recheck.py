"""`gate recheck`: judges open pull requests again whose verdict is out of date."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from gate.cli.options import (
    how_it_looks,
    looks_of,
    option,
    outputs_in,
    rules_of,
    together,
    whom,
)
from gate.errors import UsageError
from gate.report.escape import plain
from gate.report.look import Look

if TYPE_CHECKING:
    from gate.recheck import Rechecked

_TITLE = 40

how_judged = together(
    option(
        "--fail-on",
        type=click.Choice(["deny", "warn", "never"]),
        default="deny",
        help="Which findings block. [default: deny]",
    ),
    option("--include-existing", is_flag=True, help="Let old findings block too."),
    option(
        "--engine",
        metavar="auto|embedded|opa|URL",
        help="Who judges, as for `gate check`. [default: auto]",
    ),
    option("--now", metavar="TIME", help="As if it were this time (RFC 3339)."),
)


@click.command()
@option("--base", metavar="BRANCH", help="Of those into this branch. [default: the default one]")
@option("--all", "every", is_flag=True, help="Also those whose verdict still holds.")
@rules_of
@whom
@how_judged
@outputs_in("text or json")
@how_it_looks
def recheck(outputs: tuple[str, ...], base: str | None, every: bool, **options: Any) -> int:
    """Judge open pull requests again whose verdict is out of date.

    Green on Monday, merged into Friday's freeze: a verdict goes stale. Those are judged again
    that have none, were not a pass, whose `valid_until` has come, or whose target branch has
    moved on; each gets a new check run, status and comment. Exit codes: 0 whatever the verdicts,
    2 or 4 where one could not be judged or posted.

    \b
    Examples:
      gate recheck                               what a scheduled workflow runs
      gate recheck --base release-1.4 --all      all of another branch
    """
    import sys

    from gate import recheck as rechecking
    from gate.change.interface import ChangeRequest
    from gate.cli.output import destinations, standard_look, write_all, write_error
    from gate.cli.requests import request_of
    from gate.report.look import look
    from gate.report.progress import progress

    to = destinations(outputs, _known)
    looks = looks_of(options)
    request = request_of(ChangeRequest(repo=options["repo"]), options)
    try:
        asked = rechecking.Asked(_repository(options), request, base, every)
        with progress(look(sys.stderr, **looks), "listing the pull requests") as step:
            found = list(rechecking.recheck(asked, step))
    except Exception as error:
        write_error(error, to)
        raise

    def render(name: str, seen: Look) -> str:
        if name == "json":
            return json.dumps(_json(asked.repository, found), indent=2) + "\n"
        return _text(found, seen)

    write_all(render, to, standard_look(to, **looks))
    return max((each.exit_code for each in found), default=0)


def _known(name: str) -> None:
    if name not in ("text", "json"):
        raise UsageError(f"There is no output format `{name}`.", advice="Use json or text.")


def _repository(options: dict[str, Any]) -> str:
    import os

    from gate.change.origin import origin

    found = os.environ.get("GITHUB_REPOSITORY") or origin(options["repo"])
    if not found:
        raise UsageError(
            "It is not known which repository on GitHub this is.",
            advice="Set GITHUB_REPOSITORY to `owner/name`.",
        )
    return found


def _json(repository: str, found: Sequence[Rechecked]) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "schema": "change-gate/recheck/v1",
        "repository": repository,
        "pull_requests": [{**asdict(each), "faults": list(each.faults)} for each in found],
    }


def _text(found: Sequence[Rechecked], seen: Look) -> str:
    again = [each for each in found if each.why or each.faults]
    told = again if not seen.verbose else found
    numbers = max((len(str(each.number)) for each in told), default=1)
    lines = [line for each in told for line in _lines(each, numbers)]
    held = len(found) - len(again)
    if seen.quiet:
        return "".join(f"{line}\n" for line in lines)
    total = f"{len(found)} open: {len(again)} judged again, {held} as they were"
    return "".join(f"{line}\n" for line in [*lines, total])


def _lines(each: Rechecked, numbers: int) -> list[str]:
    title = plain(each.title)
    title = title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"
    turned = f"{each.before or 'none'} -> {each.now or 'none'}"
    why = f"  {each.why}" if each.why else ""
    number = f"#{each.number}".ljust(numbers + 1)
    faults = [f"{' ' * (numbers + 3)}{plain(fault)}" for fault in each.faults]
    return [f"{number}  {title.ljust(_TITLE)}  {turned:<22}{why}".rstrip(), *faults]
