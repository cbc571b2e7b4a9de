"""`gate demo`: judges a real change in a repository that it makes for the purpose."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import click

from gate.cli.check import check
from gate.cli.options import how_it_looks, option
from gate.errors import UsageError

INSTALLED = Path(__file__).parents[1] / "examples" / "shop"
CHECKOUT = Path(__file__).parents[2] / "examples" / "shop"


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
    """Judge an example change: a small shop of GitOps manifests, and a branch of it.

    \b
    Examples:
      gate demo
      gate demo --keep shop && cd shop && gate check --base main
    """
    with tempfile.TemporaryDirectory(prefix="gate-demo-") as temporary:
        folder = keep or Path(temporary) / "shop"
        make_shop(folder)
        click.echo("$ gate check --base main --head upgrade", err=True)
        code: int = context.invoke(check, repo=folder, base="main", head="upgrade", **looks)
    click.echo(f"exit code {code}: as a required check, this blocks the merge.", err=True)


def make_shop(folder: Path) -> None:
    """A Git repository: the shop on `main`, and the branch `upgrade` that changes it."""
    from git import Actor, Repo

    example = INSTALLED if INSTALLED.is_dir() else CHECKOUT
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty.", advice="Name a new folder.")
    someone = Actor("Robin", "robin@shop.example")
    with Repo.init(folder, initial_branch="main") as repo:
        for branch, message in (("main", "The shop"), ("upgrade", "Upgrade checkout and catalog")):
            if branch != "main":
                repo.create_head(branch).checkout()
            shutil.copytree(example / branch, folder, dirs_exist_ok=True)
            repo.git.add(all=True)
            repo.index.commit(message, author=someone, committer=someone, skip_hooks=True)
