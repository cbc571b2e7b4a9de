"""How an SLO is measured with Prometheus, and what an SLO's evidence is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

State = Literal["ok", "warning", "exhausted", "insufficient_data"]

WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
"""The windows of the burn rates that alert, as Prometheus writes them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The queries of one SLO. All are PromQL, and each must give one number, or nothing.

    `environment` None: the SLO speaks for all. `objective` is a share above 0 and below 1. `bad`
    is the share of the budgeted unit (events or time slices) that was bad within the window, so
    that the budget remaining is `1 - bad / (1 - objective)`. `rates` gives for each window that
    can be asked the error ratio in it. `traffic` is above 0 where anything was measured within the
    window. `alive` gives something where anything was measured within `$age`; else the SLO is
    stale. `errors` must give a series where errors were ever counted; None: it cannot be told
    apart. `badness` is what was bad in `$step`, in any unit: how the errors lie within the window.
    `starts` is the beginning of a window of the calendar and `resets` its end; None: it is
    rolling. `place` is the spec's `path:line`.
    """

    service: str
    environment: str | None
    name: str
    objective: float
    window: timedelta
    bad: str
    rates: Mapping[str, str] = field(default_factory=dict)
    traffic: str | None = None
    alive: str | None = None
    errors: str | None = None
    badness: str | None = None
    starts: datetime | None = None
    resets: datetime | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Unplanned:
    """An SLO that cannot be measured, and why: it is `insufficient_data`. `service` None: nobody
    can say whose it is, so it is everybody's."""

    service: str | None
    environment: str | None
    name: str
    reason: str
    objective: float | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found out about an SLO. None: it could not be, and `reason` says why.

    `bad` as in `Plan`. `rates` holds the error ratio of each window that was found. `badness`
    holds the beginning of each step and how much was bad in it. `observed_at` is the time of the
    oldest sample that the budget rests on.
    """

    bad: float | None
    rates: Mapping[str, float] = field(default_factory=dict)
    badness: tuple[tuple[datetime, float], ...] = ()
    observed_at: datetime | None = None
    reason: str | None = None
