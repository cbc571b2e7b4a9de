"""Options that several commands share. Each is also read from `GATE_...`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gate.errors import UsageError
from gate.model.config import Conftest
from gate.report.escape import plain

if TYPE_CHECKING:
    from gate.rulebook import Rulebook

Command = TypeVar("Command", bound=Callable[..., Any])


def option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """`click.option`, also read from the environment: `--fail-on` from `GATE_FAIL_ON`."""
    long = next(name for name in names if name.startswith("--"))
    variable = "GATE_" + long.removeprefix("--").replace("-", "_").upper()
    return click.option(*names, envvar=variable, **settings)


def together(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one, in the order in which help lists them."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)

repository = option(
    "--repo",
    metavar="DIR",
    type=FOLDER,
    default=Path(),
    help="The repository. [default: this folder]",
)

config_file = option("--config", metavar="FILE", help="The configuration. [default: .gate.yaml]")

what_changes = together(
    click.argument("folders", metavar="[DIR]...", nargs=-1, type=FOLDER),
    option("--base", metavar="REF", help="The branch or commit that the change goes into."),
    option("--head", metavar="REF", help="The commit to judge. [default: HEAD]"),
    option("--staged", is_flag=True, help="What is staged, as a commit would take it."),
    option("--pushed", is_flag=True, help="What a push takes along, as a pre-push hook is told."),
    option("--tree", metavar="DIR", type=FOLDER, help="A folder: everything in it."),
    option("--base-tree", metavar="DIR", type=FOLDER, help="The folder before, for --tree."),
    option(
        "--event",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A GitHub event: what it is about is judged. [default: that of GitHub Actions]",
    ),
    repository,
)

conftest_policies = together(
    option(
        "--conftest",
        metavar="DIR",
        multiple=True,
        help="Policies written for conftest, like --policy: `--conftest policy/`. Repeatable.",
    ),
    option(
        "--namespace",
        "namespaces",
        metavar="NAME",
        multiple=True,
        help="With --conftest: a package whose rules judge. Repeatable. [default: main]",
    ),
    option("--all-namespaces", is_flag=True, help="With --conftest: the rules of all packages."),
    option(
        "--data",
        metavar="DIR",
        multiple=True,
        help="With --conftest: JSON and YAML that it sees below `data`. Repeatable.",
    ),
    option("--combine", is_flag=True, help="With --conftest: all objects as one input."),
)

whom = together(
    option(
        "--environment",
        "environments",
        metavar="NAME",
        multiple=True,
        help="Only this environment. Repeatable.",
    ),
    option(
        "--service",
        "services",
        metavar="NAME",
        multiple=True,
        help="Only this service. Repeatable.",
    ),
)

circumstances = together(
    option("--offline", is_flag=True, help="Ask nothing over the network."),
    option("--now", metavar="TIME", help="As if it were this time (RFC 3339)."),
)

what_judges = together(
    config_file,
    option(
        "--policy",
        "policies",
        metavar="PATH",
        multiple=True,
        help="Rules to judge by, or `builtin`; replaces the config's. Repeatable.",
    ),
    conftest_policies,
    option(
        "--trust",
        type=click.Choice(["base", "head"]),
        default="base",
        help="Where config, policies and waivers come from. [default: base]",
    ),
    whom,
    option(
        "--engine",
        metavar="auto|embedded|opa|URL",
        help="Who judges: `opa` starts one here, a URL is an OPA server's. [default: auto]",
    ),
    circumstances,
)

rules_of = together(
    repository,
    config_file,
    option(
        "--policy",
        "policies",
        metavar="PATH",
        multiple=True,
        help="Rules to go by, or `builtin`; replaces the config's. Repeatable.",
    ),
    conftest_policies,
)

how_things_stand = together(repository, config_file, whom, circumstances)

what_is_authored = together(
    click.argument("paths", metavar="[PATH]...", nargs=-1), repository, config_file
)

what_is_tested = together(
    what_is_authored,
    option(
        "--engine",
        metavar="auto|embedded|opa",
        default="auto",
        help="Who runs the tests. [default: auto]",
    ),
    option("--run", metavar="REGEX", default="", help="Only tests with such a name."),
)


def outputs_in(formats: str) -> Callable[[Command], Command]:
    """`-o FORMAT[=FILE]`; `formats` names those that there are."""
    return option(
        "-o",
        "--output",
        "outputs",
        metavar="FORMAT[=FILE]",
        multiple=True,
        help=f"{formats}, to standard output or a file. Repeatable. [default: text]",
    )


how_it_looks = together(
    option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="Colours. [default: auto; NO_COLOR and FORCE_COLOR are honoured]",
    ),
    option("-q", "--quiet", is_flag=True, help="Only the verdict and what blocks."),
    option("-v", "--verbose", count=True, help="Everything; -vv adds tracebacks."),
)


def policies_of(options: Mapping[str, Any]) -> tuple[str | Conftest, ...]:
    """What `--policy` and `--conftest` name, as the entries of a config's `policies`. Raises
    UsageError for options that say nothing, or not one thing."""
    named = {name: options[name] for name in ("namespaces", "all_namespaces", "data", "combine")}
    if not options["conftest"]:
        lost = next((name for name, value in named.items() if value), None)
        if lost is not None:
            raise UsageError(
                f"--{lost.removesuffix('s') if lost == 'namespaces' else lost.replace('_', '-')} "
                "says something of policies written for conftest, and none are named.",
                advice="Name their folder too: `--conftest policy/`.",
            )
        return tuple(options["policies"])
    if named["namespaces"] and named["all_namespaces"]:
        raise UsageError(
            "--namespace and --all-namespaces cannot stand side by side.",
            advice="Leave one of them out.",
        )
    namespaces = () if named["all_namespaces"] else tuple(named["namespaces"]) or ("main",)
    folders = tuple(
        Conftest(path, namespaces, combine=named["combine"]) for path in options["conftest"]
    )
    first = replace(folders[0], data=tuple(named["data"]))
    return (*options["policies"], first, *folders[1:])


def looks_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """What `how_it_looks` gives, as `gate.report.look.look` takes it."""
    return {key: options[key] for key in ("color", "quiet", "verbose")}


def rulebook_of(options: Mapping[str, Any]) -> Rulebook:
    """The rules that `rules_of` names, as they judge the files on disk."""
    from gate import rulebook

    asked = rulebook.Asked(options["config"], policies_of(options))
    return rulebook.of_folder(options["repo"], asked)


def authored(options: Mapping[str, Any]) -> list[str]:
    """The paths that `what_is_authored` names, else those of the config; what gate's own tools
    leave out of these is told on standard error."""
    from gate.authoring import folders

    return list(options["paths"]) or folders.own(options["repo"], options["config"], hint)


def hint(text: str) -> None:
    """Tells on standard error what may not be as it was meant."""
    click.echo(plain(text), err=True)


MIN_YEAR = 1000
MAX_YEAR = 9999
"""A zone or a span of time beside `--now` must stay within what a time can be."""


def moment(text: str | None) -> datetime:
    """The time to judge at: now, or `--now` (a zone is needed; a bare date is midnight UTC)."""
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        when = datetime.fromisoformat(text)
        in_range = MIN_YEAR <= when.year < MAX_YEAR
    except ValueError as error:
        raise UsageError(
            f"--now {text} is not a time.", advice="Write it as 2026-11-22T10:00:00Z."
        ) from error
    if not in_range:
        raise UsageError(
            f"--now {text} is out of range: years from {MIN_YEAR} to {MAX_YEAR - 1} are known.",
            advice="Write it as 2026-11-22T10:00:00Z.",
        )
    if when.tzinfo is None:
        if len(text) > len("2026-11-22"):
            raise UsageError(
                f"--now {text} has no time zone.", advice="Write it as 2026-11-22T10:00:00Z."
            )
        return when.replace(tzinfo=UTC)
    return when
