"""The command `gate`: its commands by name, and what becomes of errors."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import click

from gate import __version__
from gate.cli.commands import Commands
from gate.cli.streams import open_streams
from gate.errors import GateError, UsageError, unexpected

COMMANDS = {
    "check": ("gate.cli.check:check", "Judge a change: pass, warn, deny or undecided."),
    "context": ("gate.cli.context:context", "Print what a change would be judged on."),
    "demo": ("gate.cli.demo:demo", "Judge an example change, from an empty folder."),
    "doctor": ("gate.cli.doctor:doctor", "Prove that the set-up blocks what it should."),
    "explain": ("gate.cli.explain:explain", "Show a rule: its text, settings and source."),
    "freeze": ("gate.cli.freeze:freeze", "Say what is frozen, by what and until when."),
    "init": ("gate.cli.init:init", "Write config, workflow and hook for a repository."),
    "policy": ("gate.cli.policy:policy", "The policy author's tools."),
    "recheck": (
        "gate.cli.recheck:recheck",
        "Judge open pull requests again whose verdict is out of date.",
    ),
    "schema": ("gate.cli.schema:schema", "Print a JSON Schema: outputs, input or config."),
    "slo": ("gate.cli.slo:slo", "Say what is left of the error budgets."),
    "when": ("gate.cli.when:when", "Say when a change would pass, and what is in its way."),
}
INTERRUPTED = 130
INTERNAL = 4


@click.group(
    cls=Commands,
    commands_by_name=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 pass, 1 deny, 2 wrong usage, config or policy, 3 undecided, "
    "4 the tool failed, 130 interrupted.",
)
@click.version_option(__version__, prog_name="gate")
def cli() -> None:
    """Judge a change before it reaches production.

    \b
    Examples:
      gate check                        what you have staged, or this branch, or the last commit
      gate check --base main            this branch against main
      gate check deploy/                everything in a folder
      gate when --base main             when this branch would pass
      gate explain workload.image_pinned
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command and exits with its code (see `gate --help`)."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    code = INTERNAL
    open_streams()
    signal.signal(signal.SIGTERM, _terminated)
    try:
        result = cli.main(args, prog_name="gate", standalone_mode=False)
        code = result if isinstance(result, int) else 0
    except GateError as error:
        code = _failed(error, args)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = error.exit_code
    except click.ClickException as error:
        code = _failed(_usage(error), args)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort
        code = _failed(unexpected(error), args, cause=error)
    sys.exit(code)


def _terminated(number: int, _: FrameType | None) -> None:
    """Ends as Ctrl-C does, so that no process and no folder of ours is left."""
    sys.exit(128 + number)


def _usage(error: click.ClickException) -> UsageError:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "gate"
    message = " ".join(error.format_message().split())
    if not message.endswith((".", "?")):
        message += "."
    return UsageError(message, advice=f"See `{command} --help`.")


def _failed(error: GateError, args: Sequence[str], cause: Exception | None = None) -> int:
    from gate.cli.output import show_error

    more = ""
    if _verbosity(args) > 1:
        import traceback

        more = "".join(traceback.format_exception(cause or error))
    show_error(error, more, _wanted(args))
    return error.exit_code


def _wanted(args: Sequence[str]) -> set[str]:
    """The formats that were to go to standard output: known even where the options do not
    parse."""
    return {
        *(after for before, after in itertools.pairwise(args) if before in OUTPUT),
        *(arg.removeprefix("--output=") for arg in args if arg.startswith("--output=")),
        *(arg.removeprefix("-o") for arg in args if arg.startswith("-o") and arg != "-o"),
        *os.environ.get("GATE_OUTPUT", "").split(),
    }


OUTPUT = ("-o", "--output")


def _verbosity(args: Sequence[str]) -> int:
    flags = sum(arg.count("v") for arg in args if set(arg) <= set("-v") and arg[:2] == "-v")
    named = args.count("--verbose")
    given = os.environ.get("GATE_VERBOSE", "0")
    return flags + named or (int(given) if given.isdigit() else 0)


if __name__ == "__main__":
    main()
