"""`gate policy`: the policy author's tools."""

from __future__ import annotations

import click

from gate.cli.commands import Commands

COMMANDS = {
    "bundle": ("gate.cli.policy.bundle:bundle", "Build a bundle that an OPA server serves."),
    "coverage": ("gate.cli.policy.coverage:coverage", "Show what the tests of rules reach."),
    "lint": ("gate.cli.policy.lint:lint", "Find what is wrong with rules."),
    "list": ("gate.cli.policy.list:list_rules", "List the rules that judge here."),
    "new": ("gate.cli.policy.new:new", "Write a rule, its metadata and a failing test."),
    "test": ("gate.cli.policy.test:test", "Run the tests of rules."),
}


@click.group(cls=Commands, commands_by_name=COMMANDS)
def policy() -> None:
    """The policy author's tools."""
