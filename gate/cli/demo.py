"""`gate demo`: judges real changes in a repository that it makes for the purpose."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gate.cli.check import check
from gate.cli.freeze import freeze
from gate.cli.options import hint, how_it_looks, option
from gate.cli.slo import slo
from gate.cli.when import when
from gate.errors import UsageError

if TYPE_CHECKING:
    from gate.change.git import Runner

INSTALLED = Path(__file__).parents[1] / "examples" / "shop"
CHECKOUT = Path(__file__).parents[2] / "examples" / "shop"

NOW = "2026-12-21T10:00:00Z"
COMMITTED = "2026-12-18T09:00:00+0000"
SOMEONE = {
    "GIT_AUTHOR_DATE": COMMITTED,
    "GIT_AUTHOR_EMAIL": "robin@shop.example",
    "GIT_AUTHOR_NAME": "Robin",
    "GIT_COMMITTER_DATE": COMMITTED,
    "GIT_COMMITTER_EMAIL": "robin@shop.example",
    "GIT_COMMITTER_NAME": "Robin",
    "GIT_CONFIG_COUNT": "0",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_INDEX_FILE": ".git/index",
}
"""Who commits and when, and nothing of the caller's configuration."""
BRANCHES = {
    "main": "The shop",
    "ledger": "Upgrade the database of ledger",
    "upgrade": "Upgrade checkout and catalog",
}
STORY: tuple[tuple[click.Command, dict[str, str], str], ...] = (
    (check, {"base": "main", "head": "upgrade"}, "as a required check, this blocks the merge."),
    (freeze, {}, "something is frozen."),
    (slo, {}, "a budget is spent."),
    (when, {"base": "main", "head": "ledger"}, "it would not pass now."),
)
"""Commands, their options, and what their exit code 1 means."""


@click.command()
@option(
    "--keep",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Keep the example repository in this new folder.",
)
@how_it_looks
@click.pass_context
def demo(context: click.Context, /, keep: Path | None, **looks: Any) -> None:
    """Judge example changes: a small shop of GitOps manifests, and two branches of it.

    It is the same on any day, since it takes place at one time: GATE_NOW, or --now.

    \b
    Examples:
      gate demo
      gate demo --keep shop && cd shop && gate check --base main
    """
    with tempfile.TemporaryDirectory(prefix="gate-demo-") as temporary:
        folder = keep or Path(temporary) / "shop"
        make_shop(folder)
        if keep:
            _type(f"cd {shlex.quote(str(keep))}")
        _type(f"export GATE_NOW={NOW}")
        for command, options, meaning in STORY:
            typed = "".join(f" --{name} {value}" for name, value in options.items())
            click.echo(err=True)
            _type(f"gate {command.name}{typed}")
            code: int = context.invoke(command, repo=folder, now=NOW, **options, **looks)
            click.echo(f"exit code {code}" + (f": {meaning}" if code == 1 else ""), err=True)


def _type(command: str) -> None:
    """Shows a command as a person would type it."""
    hint(f"$ {command}")


def make_shop(folder: Path) -> None:
    """A Git repository: the shop on `main`, the branches that change it, and the last of these
    checked out. Its commits have the same ids anywhere."""
    from gate.change.git import Runner

    example = INSTALLED if INSTALLED.is_dir() else CHECKOUT
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty.", advice="Name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    runner = Runner(folder)
    _git(runner, "init", "--quiet", "--template=", "--object-format=sha1", "--initial-branch=main")
    for branch, message in BRANCHES.items():
        if branch != "main":
            _git(runner, "checkout", "--quiet", "-b", branch, "main")
        # With new times: by those of the example, Git may miss a change of equal size.
        shutil.copytree(example / branch, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
        _git(runner, "add", "--all")
        _git(runner, "commit", "--quiet", "--cleanup=verbatim", "--file=-", said=message)


def _git(runner: Runner, *arguments: str, said: str = "") -> None:
    """Runs Git, whatever the caller has configured."""
    from gate.change.git import ENVIRONMENT, translated

    everywhere = ("-c", "safe.directory=*")
    with runner.start(*everywhere, *arguments, environment={**ENVIRONMENT, **SOMEONE}) as process:
        _, complaint = process.communicate(said.encode())
    if process.returncode != 0:
        raise translated(complaint.decode(errors="replace"), runner.folder)
