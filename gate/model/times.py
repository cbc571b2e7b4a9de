"""Points in time: RFC 3339 in, UTC out."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")

_PART = re.compile(r"([0-9]+)(ms|[smhdwy])")
_DURATION = re.compile(rf"({_PART.pattern})+")
_UNITS = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
    "y": 31536000.0,
}


def moment(text: str) -> datetime | None:
    """The time that an RFC 3339 text names (section 5.6), in UTC; None where it names none."""
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def day(text: str) -> datetime | None:
    """The first moment, in UTC, of the day that `2026-11-22` names; None where it names none."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        return None


def end(text: str) -> datetime | None:
    """The first moment after `text`: a bare date lasts until the end of that day in UTC."""
    first = day(text)
    step = timedelta(days=1)
    if first is None:
        first, step = moment(text), timedelta(microseconds=1)
    try:
        return None if first is None else first + step
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def written(at: datetime) -> str:
    """RFC 3339 in UTC, in whole seconds."""
    return f"{at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()}Z"


def duration(text: str) -> timedelta:
    """A duration such as `90s` or `1h30m`: whole numbers with ms, s, m, h, d, w or y (365 days),
    as Prometheus writes them. The schema of the config lets no y in. Raises ValueError for what is
    none."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is no duration")
    try:
        return timedelta(seconds=sum(int(n) * _UNITS[unit] for n, unit in _PART.findall(text)))
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long") from error
