"""`gate schema`: prints a published JSON Schema."""

from __future__ import annotations

import click

from gate.schemas import text

NAMES = ("verdict", "when", "freeze", "slo", "doctor", "input", "config", "freezes")


@click.command()
@click.argument("name", metavar="|".join(NAMES), type=click.Choice(NAMES))
def schema(name: str) -> None:
    """Print the JSON Schema of a verdict, of what `gate when`, `freeze`, `slo` or `doctor`
    says, of the policy input, of .gate.yaml or of a file of freeze windows (freezes).

    \b
    Examples:
      gate schema verdict > verdict.schema.json
      gate schema config > .gate.schema.json     for your editor
    """
    click.echo(text(name).rstrip("\n"))
