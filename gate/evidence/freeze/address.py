"""What a source of freezes reads: a file of the trusted ref, or the answer of an address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gate.errors import ConfigError
from gate.evidence.freeze.calendar import contents
from gate.evidence.interface import Question

SHOWN = 200
"""How much of a text from elsewhere is shown."""

OUT_OF_BOUNDS = "a time is before the year 1 or after 9999. Look at the clock, and at the file."


def read(question: Question, accept: str) -> bytes:
    """The bytes that the source's settings name: a path, an address, or a mapping with `path` or
    `url`. An address is asked anew each time. Raises ConfigError."""
    address = of(question.settings)
    if address is not None:
        return fetched(question, address, accept)
    settings: Any = question.settings
    path = str(settings["path"] if isinstance(settings, dict) else settings)
    return contents(question, path, question.name)


def of(settings: Any) -> str | None:
    """The address that settings name; None where they name a file."""
    if isinstance(settings, dict):
        address: str | None = settings.get("url")
        return address
    return settings if isinstance(settings, str) and "://" in settings else None


def fetched(question: Question, address: str, accept: str) -> bytes:
    """What an address answers. Raises ConfigError where that is not its content: unreachable,
    another status than 200, nothing, or a page for people."""
    from gate.clients.http import Session, Unreachable, access, why

    asks = access(question.settings)
    headers = {"Accept": accept, "Cache-Control": "no-cache", **asks.headers}
    try:
        with Session(replace(asks, headers=headers)) as session:
            reply = session.get(address)
    except Unreachable as error:
        raise _failed(question, error.reason) from error
    if reply.status != 200:
        raise _failed(question, why(reply.status, reply.body, asks))
    if not reply.body.strip():
        raise _failed(question, "its answer is empty")
    if reply.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise _failed(question, "its answer is a page for people, such as one to log in")
    return reply.body


def line(text: str) -> str:
    """A text from elsewhere on one line, cut short."""
    words = " ".join(text.split())
    return words if len(words) <= SHOWN else words[: SHOWN - 1] + "…"


def _failed(question: Question, reason: str) -> ConfigError:
    return ConfigError(
        f"{question.name}: {reason}.",
        advice="Look at the source's address and access, and run gate again.",
    )
