"""Finds an engine by its name, and imports only that one."""

from __future__ import annotations

from gate.decision.interface import Engine
from gate.errors import UsageError, did_you_mean

NAMES = ("auto", "embedded")
"""`auto` takes the embedded engine."""


def find_engine(name: str) -> Engine:
    """The engine of that name. Raises UsageError for one that is not known."""
    if name == "opa" or "://" in name:
        raise UsageError(
            f"The engine `{name}` is not supported by this version.",
            advice="Leave out `--engine`, or name `embedded`.",
        )
    if name not in NAMES:
        raise UsageError(
            f"There is no engine `{name}`{did_you_mean(name, NAMES)}",
            advice=f"Name one of: {', '.join(NAMES)}.",
        )
    from gate.decision.embedded import Embedded

    return Embedded()
