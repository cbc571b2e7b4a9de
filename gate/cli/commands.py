"""A group whose commands are imported one by one, so that `--help` and completion stay quick."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from gate.errors import UsageError, did_you_mean


class Commands(click.Group):
    """`commands_by_name` gives for each name where it is (`module:function`) and a line of help."""

    def __init__(
        self, *args: Any, commands_by_name: Mapping[str, tuple[str, str]], **settings: Any
    ) -> None:
        super().__init__(*args, **settings)
        self._known = commands_by_name

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._known)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._known:
            return None
        module, _, name = self._known[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in self._known.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self._known and not args[0].startswith("-"):
            raise UsageError(
                f"There is no command `{args[0]}`{did_you_mean(args[0], self._known)}",
                advice=f"`{ctx.command_path} --help` lists the commands.",
            )
        return super().resolve_command(ctx, args)
