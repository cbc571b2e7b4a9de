"""`gate policy bundle`: the rules as an OPA server serves them."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gate.cli.options import hint, option, policies_of, rules_of
from gate.errors import PolicyError

if TYPE_CHECKING:
    from gate.rulebook import Asked

EXAMPLE = "http://127.0.0.1:8181"


@click.command("bundle")
@rules_of
@click.option(
    "-o",
    "--output",
    envvar="GATE_BUNDLE",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("gate-bundle.tar.gz"),
    help="Where to write it. [default: gate-bundle.tar.gz]",
)
@option("--offline", is_flag=True, help="Ask nothing over the network.")
@click.option("-q", "--quiet", is_flag=True, envvar="GATE_QUIET", help="Only the digest.")
@click.option("-v", "--verbose", count=True, envvar="GATE_VERBOSE", help="-vv adds tracebacks.")
def bundle(
    output: Path,
    offline: bool,
    quiet: bool,
    verbose: int,  # noqa: ARG001 - read by `gate.cli.main`
    repo: Path,
    config: str | None,
    **policies: Any,
) -> None:
    """Build the bundle that an OPA server serves, from the rules that judge here.

    It holds all rules but those that the server has of its own (`server`), and `gate_entry`, which
    `gate check --engine URL` asks. The same rules give the same bytes.

    \b
    Examples:
      gate policy bundle
      gate policy bundle -o dist/gate.tar.gz --policy builtin --policy policies/
    """
    from gate import rulebook
    from gate.cli.output import put
    from gate.decision.sources import archive

    asked = rulebook.Asked(config, policies_of(policies), offline=offline)
    made = rulebook.to_serve(repo, asked)
    _tell_unnamed(repo, asked)
    if not made.rules:
        raise PolicyError(
            "There is no rule to build a bundle of.",
            advice="Name some with --policy, or in `policies` of the config.",
        )
    data = archive.write(made)
    put(output, data)
    if quiet:
        click.echo(made.digest)
        return
    click.echo(
        f"Wrote {output}: {len(made.rules)} rules, {len(data):,} bytes.\n"
        f"digest  {made.digest}\n"
        f"pin     #sha256={hashlib.sha256(data).hexdigest()}\n"
        f"serve   opa run --server --addr 127.0.0.1:8181 --bundle {shlex.quote(str(output))}\n"
        f"ask     gate check --engine {EXAMPLE}"
    )


def _tell_unnamed(repo: Path, asked: Asked) -> None:
    """Says where rules are left out that may have been meant."""
    from gate.authoring import folders

    left = None if asked.config or asked.policies else folders.unnamed(repo)
    if left is not None:
        hint(
            f"Left out, since no config names it: {left} (`--policy builtin --policy {left}` takes "
            "it in)."
        )
