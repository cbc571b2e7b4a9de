"""`gate policy bundle`: the rules as an OPA server serves them."""

from __future__ import annotations

import hashlib
import os
import shlex
import tempfile
from pathlib import Path
from typing import Any

import click

from gate.cli.options import option, policies_of, rules_of
from gate.errors import PolicyError, UsageError

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
    from gate.decision.sources import archive

    made = rulebook.to_serve(repo, rulebook.Asked(config, policies_of(policies), offline=offline))
    if not made.rules:
        raise PolicyError(
            "There is no rule to build a bundle of.",
            advice="Name some with --policy, or in `policies` of the config.",
        )
    data = archive.write(made)
    _write(output, data)
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


def _write(path: Path, data: bytes) -> None:
    """The whole file or nothing: a server may be reading it."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        made = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            made.chmod(0o644)
            made.replace(path)
        except OSError:
            made.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.",
            advice="Name another file, in a folder that is there and has room.",
        ) from error
