"""Finds an engine by its name, and imports only that one."""

from __future__ import annotations

from gate.decision.interface import Engine
from gate.errors import UsageError, did_you_mean

NAMES = ("auto", "embedded", "opa")
"""Beside these, the address of an OPA server."""


def open_engine(name: str, *, offline: bool = False) -> Engine:
    """The engine of that name; the caller closes it. Raises UsageError for one that is not known.

    `auto` chooses for each bundle. `offline`: no server is asked.
    """
    if name == "opa" or "://" in name:
        raise UsageError(
            f"The engine `{name}` is not supported by this version.",
            advice="Leave out `--engine`, or name `embedded`.",
        )
    if name not in NAMES:
        raise UsageError(
            f"There is no engine `{name}`{did_you_mean(name, NAMES)}",
            advice=f"Name one of: {', '.join(NAMES)}, or the address of an OPA server.",
        )
    from gate.decision.embedded import Embedded

    return Embedded()
