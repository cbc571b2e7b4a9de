"""Reads a calendar's text strictly: which events it holds, and what each says of its time.

`ical_lines` splits the text, `ical_rules` reads the rules, and `ical_zones` knows the zones.
icalendar reads times, days, durations and text. It is made for showing calendars, so some of what
it reads is refused here: numbers that only Python knows (`1_0`), durations without a number.

Refused with the line: components that may mean a freeze and are no events (VAVAILABILITY, a busy
VFREEBUSY, any unknown one), properties of time that cannot be read, are there twice, or contradict
one another. VTODO and VJOURNAL are no freezes.

A time without a zone is in the zone of the source's settings, else in the calendar's
(X-WR-TIMEZONE); without both it is refused. An event that is cancelled (STATUS) freezes nothing; a
tentative or a transparent one does: clients mark holidays so.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from icalendar import vDDDTypes, vDuration
from icalendar.parser import unescape_backslash

from gate.errors import ConfigError
from gate.evidence.freeze.address import line as one_line
from gate.evidence.freeze.ical_lines import Line, Part, tree, wrong
from gate.evidence.freeze.ical_model import Event, Extra, Length, Local, Named, Rule
from gate.evidence.freeze.ical_rules import OFTEN, count, evenly, recur, written
from gate.evidence.freeze.ical_zones import Zones, first, last
from gate.strict_yaml.check import shown

MAX_BYTES = 5_000_000
MAX_EVENTS = 5_000
FAR = 2500
"""A rule until this year or later is one without end."""

_IGNORED = frozenset({"VTIMEZONE", "VTODO", "VJOURNAL"})
_INSIDE_EVENT = frozenset({"VALARM", "PARTICIPANT", "VLOCATION", "VRESOURCE"})
_METHODS = frozenset({"PUBLISH", "REQUEST"})
_ONCE = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "STATUS", "SEQUENCE", "UID")
_NUMBER = re.compile(r"[0-9]{1,9}")


def events(data: bytes, path: str, place: ZoneInfo | None) -> list[list[Event]]:
    """The events of each calendar of a file; `place` is the zone of times that name none. A bare
    event, without a calendar around it, is one too. Raises ConfigError."""
    if len(data) > MAX_BYTES:
        raise wrong(path, None, f"It is too large: {len(data)} bytes, at most {MAX_BYTES}.")
    roots = tree(data, path)
    bare = [part for part in roots if part.name == "VEVENT"]
    calendars = [part for part in roots if part.name == "VCALENDAR"]
    if bare:
        calendars.append(Part("VCALENDAR", bare[0].number, parts=bare))
    for part in roots:
        if part.name not in ("VCALENDAR", "VEVENT"):
            raise _unknown(part, path)
    if sum(each.name == "VEVENT" for part in calendars for each in part.parts) > MAX_EVENTS:
        raise wrong(path, None, f"It holds more than {MAX_EVENTS} events.")
    return [_events(part, path, place) for part in calendars]


def _events(calendar: Part, path: str, place: ZoneInfo | None) -> list[Event]:
    """The events of one calendar."""
    for name, right in (("CALSCALE", {"GREGORIAN"}), ("METHOD", _METHODS), ("VERSION", {"2.0"})):
        line = calendar.one(name)
        if line is not None and line.value.strip().upper() not in right:
            what = f"It is a calendar with {name} {shown(line.value)}, and gate reads only"
            raise wrong(path, line.number, f"{what} {' and '.join(sorted(right))}.")
    for part in calendar.parts:
        if part.name == "VFREEBUSY":
            _look_for_busy(part, path)
        elif part.name not in _IGNORED and part.name != "VEVENT":
            raise _unknown(part, path)
    zones = Zones(calendar, path, place)
    return [_Reader(part, path, zones).event() for part in calendar.parts if part.name == "VEVENT"]


def _look_for_busy(part: Part, path: str) -> None:
    for line in part.all("FREEBUSY"):
        if line.parameters.get("FBTYPE", "BUSY").upper() != "FREE":
            raise wrong(
                path,
                line.number,
                "It says when someone is busy (VFREEBUSY), which is no event.",
                "Write each freeze as an event (VEVENT).",
            )


def _unknown(part: Part, path: str) -> ConfigError:
    what = f"It holds {shown(part.name)}, which may mean a freeze and is no event."
    return wrong(path, part.number, what, "Write each freeze as an event (VEVENT).")


class _Reader:
    """Reads one event."""

    def __init__(self, part: Part, path: str, zones: Zones) -> None:
        self._part = part
        self._path = path
        self._zones = zones
        for name in _ONCE:
            if len(part.all(name)) > 1:
                raise self._wrong(f"has {name} more than once", part.all(name)[1])
        for inside in part.parts:
            if inside.name not in _INSIDE_EVENT:
                raise _unknown(inside, path)
        for line in part.all("EXRULE"):
            raise self._wrong("has EXRULE, which gate does not read", line)
        start = part.one("DTSTART")
        if start is None:
            raise self._wrong("has no DTSTART")
        when = self._parsed(start, start.value)
        self._floats = not start.parameters.get("TZID") and not _is_utc(when)
        self._place = self._zone(start, when)
        self._start = self._inside(start, start.value)

    def event(self) -> Event:
        """The event. Raises ConfigError."""
        try:
            return self._event()
        except (OverflowError, ValueError) as error:
            raise self._wrong("has a time that no clock shows") from error

    def _event(self) -> Event:
        part = self._part
        replaces = part.one("RECURRENCE-ID")
        reach = replaces.parameters.get("RANGE", "").upper() if replaces else ""
        if reach not in ("", "THISANDFUTURE"):
            raise self._wrong(f"speaks of other occurrences ({shown(reach)})", replaces)
        if replaces is not None and (part.all("RRULE") or part.all("RDATE")):
            raise self._wrong("stands for one occurrence and repeats itself", replaces)
        uid, status, sequence = (part.one(name) for name in ("UID", "STATUS", "SEQUENCE"))
        if sequence is not None and not _NUMBER.fullmatch(sequence.value.strip()):
            raise self._wrong("has a SEQUENCE that is no number", sequence)
        reason = (self._text("DESCRIPTION") or "").strip().split("\n")[0]
        return Event(
            name=self._name(),
            uid=uid.value.strip() if uid else f"line {part.number}",
            path=self._path,
            line=part.number,
            start=self._start,
            length=self._length(),
            place=self._place,
            has_end=part.one("DTEND") is not None or part.one("DURATION") is not None,
            reason=one_line(reason) or None,
            who=self._who(),
            cancelled=status is not None and status.value.strip().upper() == "CANCELLED",
            sequence=int(sequence.value) if sequence else 0,
            rules=tuple(self._rule(line) for line in part.all("RRULE")),
            extras=tuple(
                self._extra(line, each) for line in part.all("RDATE") for each in _listed(line)
            ),
            left_out=self._left_out(),
            replaces=self._replaces(replaces) if replaces else None,
            following=reach == "THISANDFUTURE",
        )

    def _name(self) -> str:
        return one_line(self._text("SUMMARY") or "") or "An event without a title"

    def _who(self) -> str | None:
        line = self._part.one("ORGANIZER")
        if line is None:
            return None
        address = re.sub(r"(?i)^mailto:", "", line.value.strip())
        return one_line(line.parameters.get("CN") or address) or None

    def _text(self, name: str) -> str | None:
        line = self._part.one(name)
        return None if line is None else unescape_backslash(line.value)

    def _length(self) -> Length:
        end, lasts = self._part.one("DTEND"), self._part.one("DURATION")
        is_day = not isinstance(self._start, datetime)
        if end is not None and lasts is not None:
            raise self._wrong("has DTEND and DURATION, and may have one", lasts)
        if lasts is not None:
            length = self._duration(lasts, lasts.value)
        elif end is not None:
            until = self._inside(end, end.value)
            if isinstance(until, datetime) is is_day:
                raise self._wrong("begins with a day and ends at a time, or the other way", end)
            length = Length(until - self._start)
        else:
            length = Length()
        if length.shown < timedelta(0) or length.elapsed < timedelta(0):
            raise self._wrong("ends before it begins", end or lasts)
        if is_day and length.elapsed:
            raise self._wrong("lasts whole days and hours", lasts)
        return Length(timedelta(days=1)) if is_day and not length.shown else length

    def _duration(self, line: Line, text: str) -> Length:
        """A duration: days and hours apart, as icalendar adds them up. It takes one that does not
        end with a unit (`P`, `P1DT`) for none."""
        told = text.strip().upper()
        days, _, hours = told.partition("T")
        try:
            if not text.isascii() or not told.endswith(tuple("WDHMS")):
                raise ValueError(text)
            length = Length(vDuration.from_ical(days), vDuration.from_ical(f"PT{hours}"))
        except ValueError as error:
            raise self._wrong(f"has a duration that cannot be read, {shown(text)}", line) from error
        if told.startswith("-"):
            raise self._wrong("ends before it begins", line)
        return length

    def _rule(self, line: Line) -> Rule:
        try:
            rule, end = recur(line.value)
        except ValueError as error:
            what = f"has a rule that cannot be read, {shown(line.value)}"
            raise self._wrong(what, line) from error
        if rule["FREQ"][0] in OFTEN:
            raise self._wrong(f"has a rule that gate does not repeat, {shown(line.value)}", line)
        if end is not None and "COUNT" in rule:
            raise self._wrong("has a rule with UNTIL and COUNT, and may have one", line)
        even = evenly(rule, self._start)
        if even is None:
            return Rule(written(rule), self._until(line, end), count(rule))
        left, until = even
        moment = last(until, self._place) if isinstance(until, datetime) else until
        return Rule(written(left), moment, None)

    def _until(self, line: Line, text: str | None) -> Local | None:
        """UNTIL is UTC for times and a day for days. Others are written too: they are read so that
        the rule does not end too early."""
        if text is None:
            return None
        found = self._parsed(line, text)
        if found.year >= FAR:
            return None
        if not isinstance(self._start, datetime):
            if not isinstance(found, datetime):
                return found
            there = found.astimezone(self._place) if _is_utc(found) else found
            return max(found.date(), there.date())
        if not isinstance(found, datetime):
            return last(datetime.combine(found, time(23, 59, 59)), self._place)
        clock = found.replace(tzinfo=None)
        until = last(clock, UTC if _is_utc(found) else self._place)
        return max(until, last(clock, self._place)) if self._floats else until

    def _extra(self, line: Line, text: str) -> Extra:
        begin, _, end = text.partition("/")
        start = self._inside(line, begin)
        if isinstance(start, datetime) is not isinstance(self._start, datetime):
            raise self._wrong("has an RDATE of another kind than DTSTART", line)
        if not end:
            return Extra(start)
        if end[0] in "Pp+-":
            return Extra(start, self._duration(line, end))
        until = self._inside(line, end)
        if isinstance(until, datetime) is not isinstance(start, datetime) or until < start:
            raise self._wrong("has an RDATE that ends before it begins", line)
        return Extra(start, Length(until - start))

    def _left_out(self) -> Named:
        """What EXDATE names. A whole day is all that begins on it. Many leave out whole days by
        their midnight, and times without a zone by the same ones in UTC: so it is read."""
        moments: set[datetime] = set()
        days: set[date] = set()
        for line in self._part.all("EXDATE"):
            for text in _listed(line):
                found = self._parsed(line, text)
                if not isinstance(found, datetime):
                    days.add(found)
                    continue
                is_timed = isinstance(self._start, datetime)
                as_shown = self._floats and is_timed
                place = self._place if as_shown else self._zone(line, found)
                moment = first(found.replace(tzinfo=None), place)
                there = moment.astimezone(self._place)
                if is_timed:
                    moments.add(moment)
                elif found.time() == time():
                    days.add(found.date())
                elif there.time() == time():
                    days.add(there.date())
                else:
                    raise self._wrong("leaves out a time (EXDATE) and lasts whole days", line)
        return Named(frozenset(moments), frozenset(days))

    def _replaces(self, line: Line) -> Named:
        found = self._parsed(line, line.value)
        if not isinstance(found, datetime):
            return Named(days=frozenset([found]))
        return Named(frozenset([first(found.replace(tzinfo=None), self._zone(line, found))]))

    def _parsed(self, line: Line, text: str) -> Local:
        """A day, or a time: in UTC where it says so, else without a zone. icalendar reads numbers
        as Python does (`+8`, `1_0`), so other signs than digits, T and Z are refused."""
        told = text.strip()
        try:
            if not told.isascii() or not told.isalnum():
                raise ValueError(text)
            found = vDDDTypes.from_ical(told.upper())
        except ValueError as error:
            raise self._wrong(f"has a {line.name} that is no time, {shown(text)}", line) from error
        if not isinstance(found, date):
            raise self._wrong(f"has a {line.name} that is no time, {shown(text)}", line)
        return found

    def _zone(self, line: Line, when: Local) -> tzinfo:
        """The zone of a time: its own, else that of DTSTART, else that of the calendar."""
        if _is_utc(when):
            return UTC
        name = line.parameters.get("TZID")
        if name:
            return self._zones.named(name, line)
        return self._zones.floating(line) if line.name == "DTSTART" else self._place

    def _inside(self, line: Line, text: str) -> Local:
        """What the clock of the event's zone shows at a time; a day is a day everywhere."""
        found = self._parsed(line, text)
        place = self._zone(line, found)
        if not isinstance(found, datetime):
            return found
        clock = found.replace(tzinfo=None)
        if place is self._place:
            return clock
        return first(clock, place).astimezone(self._place).replace(tzinfo=None)

    def _wrong(self, what: str, line: Line | None = None) -> ConfigError:
        number = self._part.number if line is None else line.number
        return wrong(self._path, number, f"The event {shown(self._name())} {what}.")


def _listed(line: Line) -> list[str]:
    return [text for each in line.value.split(",") if (text := each.strip())]


def _is_utc(when: Local) -> bool:
    return isinstance(when, datetime) and when.tzinfo is not None
