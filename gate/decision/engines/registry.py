"""Finds an engine by its name, and imports only that one."""

from __future__ import annotations

from gate.decision.engines.interface import Engine
from gate.errors import UsageError, did_you_mean

NAMES = ("auto", "embedded", "opa")
"""Beside these, the address of an OPA server."""


def open_engine(name: str, *, by: str = "the caller", offline: bool = False) -> Engine:
    """The engine of that name; the caller closes it. Raises UsageError for one that is not known.

    `auto` chooses for each bundle. `offline`: no server is asked, and `auto` takes its place. `by`
    says for people who named it.
    """
    reason = f"asked for with {by}"
    if name == "auto":
        from gate.decision.engines.auto import Auto

        return Auto()
    if name == "embedded":
        from gate.decision.engines.embedded import Embedded

        return Embedded(reason)
    if name == "opa":
        from gate.decision.engines.local import Local

        return Local(reason)
    if "://" not in name:
        # What looks like an address may hold a password.
        shown = "of that name." if "@" in name else f"`{name}`{did_you_mean(name, NAMES)}"
        raise UsageError(
            f"There is no engine {shown}",
            advice=f"Name one of: {', '.join(NAMES)}, or the address of an OPA server.",
        )
    if offline:
        from gate.decision.engines.auto import Auto

        return Auto(why="offline: the server is not asked")
    from gate.decision.engines.server import Server

    return Server(name, reason)
