"""How the conventions of Prometheus look at a server, and what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from gate.clients.http import Unreachable
from gate.clients.prometheus import Prometheus, RecordingRule, Sample, Series
from gate.evidence.slo.budget import written_window
from gate.evidence.slo.interface import Measured, Plan
from gate.evidence.slo.promql import UnclearError, cleaned, denominator, measured
from gate.model.times import written

BACK = "1d"
"""How far is looked back for series that are no longer there."""
STEPS = 60
"""Into how many steps a window is cut, to see where in it its errors lie."""

Item = TypeVar("Item")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Look:
    """The server, the time that is asked about, and what the settings say.

    `service_label` and `environment_label` None: those of the convention. `selector` holds
    matchers. `absent_errors` None: an error series that does not exist means no errors.
    """

    server: Prometheus
    pool: Executor
    at: datetime
    services: Sequence[str]
    service_label: str | None = None
    environment_label: str | None = None
    selector: str | None = None
    max_age: timedelta = timedelta(minutes=10)
    errors_must_exist: bool = True

    def all(self, ask: Callable[[Item], Value], items: Iterable[Item]) -> list[Value]:
        """The answers to all items, asked at once."""
        return list(self.pool.map(ask, items))

    def query(self, expression: str) -> list[Sample]:
        """The samples of a vector at the time of the look. Raises Unreachable."""
        return self.server.query(expression, self.at)

    def spread(self, series: str, window: timedelta) -> list[Series]:
        """What a series sums up to in each step of the window, each at the step's beginning.
        Nothing where that cannot be had: then there is no projection."""
        step = window / STEPS
        expression = f"sum_over_time({series}[{seconds_of(step)}])"
        try:
            found = self.server.query_range(expression, self.at - window + step, self.at, step)
        except Unreachable:
            return []
        return [
            replace(one, values=tuple((end - step, value) for end, value in one.values))
            for one in found
        ]

    def matchers(self, *more: str) -> str:
        """`{...}` with these matchers and those of the settings."""
        own = (self.selector or "").strip().removeprefix("{").removesuffix("}").strip(", ")
        return "{" + ", ".join([*more, *([own] if own else [])]) + "}"

    def misnamed(self, names: str, who: str) -> str | None:
        """Which label of the settings no series has, of those that the matcher `names` is about;
        None where all are there. Raises Unreachable."""
        labels = [each for each in (self.service_label, self.environment_label) if each]
        having = [self.matchers(names, f'{each}!=""') for each in labels]
        found = self.all(self.query, [f"count(last_over_time({each}[{BACK}]))" for each in having])
        for label, samples in zip(labels, found, strict=True):
            if not samples:
                return f"none of its series of {who} has the label {label}, which `labels` names"
        return None

    def aged(self, name: str, newest: datetime) -> str | None:
        """Why the newest sample of an SLO is too old, or None."""
        age = self.at - newest
        if age <= self.max_age:
            return None
        return (
            f"the newest sample of {name} is from {written(newest)}, {_long(age)} ago, and"
            f" max_age is {written_window(self.max_age)}"
        )


@dataclass(frozen=True, slots=True)
class Found:
    """An SLO that was asked about. `stale` and `broken` say why the whole evidence is of no use:
    samples that are too old, or an answer that cannot be had."""

    plan: Plan
    measured: Measured
    stale: str | None = None
    broken: str | None = None


class Rules:
    """The rules of a server that record series of one name, asked for where they are wanted. None
    where it tells of none."""

    def __init__(self, look: Look, name: str, *, wanted: bool) -> None:
        self._found: list[RecordingRule] = []
        self._name = name
        if wanted:
            with suppress(Unreachable):
                self._found = look.server.recording_rules(name)

    def of(self, labels: Mapping[str, str]) -> list[RecordingRule]:
        """Those that record the series with these labels."""
        return [
            rule
            for rule in self._found
            if rule.name == self._name
            and all(rule.labels.get(label) == value for label, value in labels.items())
        ]


def proven(look: Look, found: Found, rules: Sequence[RecordingRule]) -> Found:
    """An SLO without a single error, or the same with the reason why that is not believed: where a
    rule falls back to `vector(0)`, errors that nobody counts look like none."""
    if found.measured.bad != 0 or not look.errors_must_exist or found.measured.reason:
        return found
    doubt = _doubt(look, found.plan.window, rules)
    if doubt is None:
        return found
    reason = f"it has not a single error, and {doubt}; `absent_errors: none` takes it as none"
    return replace(found, measured=replace(found.measured, bad=None, reason=reason))


def _doubt(look: Look, window: timedelta, rules: Sequence[RecordingRule]) -> str | None:
    if not rules:
        return "the server does not tell which rule records it, so errors may not be counted"
    for rule in rules:
        try:
            bare = measured(rule.query)
            if bare == cleaned(rule.query):
                continue
            before = f"count(count_over_time((\n{bare}\n)[{seconds_of(window)}:1h]))"
            seen = look.query(f"count(\n{bare}\n) or {before}")
        except UnclearError as error:
            return f"its rule cannot be read ({error})"
        except Unreachable as error:
            return f"whether errors are counted cannot be asked: {error.reason}"
        if not seen:
            return "its rule falls back to `vector(0)` or the like, and no series of errors exists"
    return None


def heard(look: Look, found: Found, rules: Sequence[RecordingRule]) -> Found:
    """An SLO without errors just now, or the same with the reason why that is silence: its rule
    divides by what falls back to a number where nothing is counted, and nothing is."""
    if found.measured.reason:
        return found
    try:
        for rule in rules:
            total = denominator(rule.query)
            if total is None or measured(total) == cleaned(total):
                continue
            if not look.query(f"count(\n{measured(total)}\n)"):
                reason = "nothing is counted now: the total of its rule is made up"
                return replace(found, measured=replace(found.measured, reason=reason))
    except UnclearError:
        return found
    except Unreachable as error:
        reason = f"whether anything is counted cannot be asked: {error.reason}"
        return replace(found, measured=replace(found.measured, reason=reason))
    return found


def moment_of(seconds: float) -> datetime:
    """The time of a sample that is a time. Raises Unreachable where it is none."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise Unreachable(f"it says that a sample is of the time {seconds:g}") from None


def seconds_of(window: timedelta) -> str:
    """A window as PromQL writes it."""
    return f"{round(window.total_seconds())}s"


def _long(age: timedelta) -> str:
    seconds = age.total_seconds()
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
