"""The rules by which an event repeats itself (RRULE).

icalendar splits them, and dateutil says whether it can count them. icalendar is made for showing
calendars: it leaves out a part that it cannot split, of two that are the same it takes the last,
and it reads numbers as Python does (`1_0`, ` 5`). All this is refused here.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from dateutil.rrule import rrulestr
from icalendar import vRecur, vText
from icalendar.caselessdict import CaselessDict

OFTEN = ("MINUTELY", "SECONDLY")
"""Frequencies that gate does not repeat."""

MAX_RULE = 4_000
"""How long a rule may be: room for each day of the year."""

_UNLIKE = re.compile(r"[_\s]")
"""What Python takes in a number and a calendar does not."""
_NUMBER = re.compile(r"[0-9]{1,9}")
_STEPS = {"DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1)}
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class _Recur(vRecur):
    """A rule whose UNTIL, COUNT and INTERVAL stay text: gate reads these more strictly."""

    types = CaselessDict({**vRecur.types, "UNTIL": vText, "COUNT": vText, "INTERVAL": vText})


def recur(value: str) -> tuple[vRecur, str | None]:
    """A rule without its UNTIL, and the text of that. Raises ValueError."""
    text = value.strip().upper().strip(";")
    if len(text) > MAX_RULE or _UNLIKE.search(text):
        raise ValueError(text)
    rule = _Recur.from_ical(text)
    if len(rule) != text.count(";") + 1 or len(rule.get("FREQ", ())) != 1:
        raise ValueError(text)
    until = ",".join(rule.pop("UNTIL")) if "UNTIL" in rule else None
    for key in ("COUNT", "INTERVAL"):
        number = ",".join(rule.get(key, "1"))
        if not _NUMBER.fullmatch(number) or not 0 < int(number) < 1_000_000:
            raise ValueError(number)
    try:
        rrulestr(written(rule), dtstart=datetime(2026, 1, 1))  # noqa: DTZ001 - what a clock shows
    except Exception as error:
        raise ValueError(text) from error
    return rule, until


def written(rule: vRecur) -> str:
    """A rule as text."""
    return str(rule.to_ical().decode())


def count(rule: vRecur) -> int | None:
    """How often it happens at most; None where it does not say."""
    return int(rule["COUNT"][0]) if "COUNT" in rule else None


def evenly(rule: vRecur, start: date) -> tuple[vRecur, date] | None:
    """A rule with COUNT as one without, and its last beginning; None where the repetitions of an
    event that begins at `start` are not each a step after the last."""
    often, times = rule["FREQ"][0], count(rule)
    left = _Recur({key: values for key, values in rule.items() if key != "COUNT"})
    others = left.keys() - {"FREQ", "INTERVAL", "WKST"}
    if often == "WEEKLY" and left.get("BYDAY") == [_WEEKDAYS[start.weekday()]]:
        others -= {"BYDAY"}
    if times is None or often not in _STEPS or others:
        return None
    interval = int(rule.get("INTERVAL", "1")[0])
    return left, start + (times - 1) * interval * _STEPS[often]
