"""How a verdict is told: one report a format, and what the reader's terminal can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gate.errors import GateError
from gate.model.outlook import Outlook
from gate.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Look:
    """How text is to look.

    `width` is in terminal columns. `color` allows ANSI colours. `verbose` counts `-v`; from 1 on
    nothing is folded. `quiet` leaves only what decides. `terminal` says that a person watches:
    only then a table is cut to the width.
    """

    width: int = 80
    color: bool = False
    verbose: int = 0
    quiet: bool = False
    terminal: bool = False


class Report(Protocol):
    """One format: the function `render` of its module."""

    def __call__(self, verdict: Verdict, look: Look, /) -> str:
        """The whole report, with a newline at its end."""


class ErrorReport(Protocol):
    """What a format makes of an error that ended the run: the function `render_error` of its
    module."""

    def __call__(self, error: GateError, /) -> str:
        """The whole report, with a newline at its end."""


class OutlookReport(Protocol):
    """One format of what `gate when` says: the function `render` of its module."""

    def __call__(self, outlook: Outlook, look: Look, /) -> str:
        """The whole report, with a newline at its end."""
