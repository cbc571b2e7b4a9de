"""Reads a calendar's text strictly: which events it holds, and what each says of its time.

icalendar makes zones of VTIMEZONEs; the rest is done here, because readers that are made for
showing calendars leave things out in silence: a file that is cut short, a zone that is not known.
Refused with the line: what is not closed, components that may mean a freeze and are no events
(VAVAILABILITY, a busy VFREEBUSY, any unknown one), properties of time that cannot be read, are
there twice, or contradict one another. VTODO and VJOURNAL are no freezes.

A time without a zone is in the zone of the source's settings, else in the calendar's
(X-WR-TIMEZONE); without both it is refused. A zone's name is taken from the IANA database, from
Windows, or from the VTIMEZONE of the same calendar, in this order. An event that is cancelled
(STATUS) freezes nothing; a tentative or a transparent one does: clients mark holidays so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import cast
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from gate.errors import ConfigError
from gate.evidence.freeze.address import line as one_line
from gate.evidence.freeze.calendar import earliest, latest, zone
from gate.strict_yaml.check import shown

MAX_BYTES = 5_000_000
MAX_EVENTS = 5_000

MAX_DEPTH = 8
MAX_HEAD = 2_000
"""How long a line's name with its parameters may be."""
FAR = 2500
"""A rule until this year or later is one without end."""

ADVICE = "Mend the calendar, or export it anew."
NO_ZONE = "Set `time_zone` in the source's settings."

_IGNORED = frozenset({"VTIMEZONE", "VTODO", "VJOURNAL"})
_INSIDE_EVENT = frozenset({"VALARM", "PARTICIPANT", "VLOCATION", "VRESOURCE"})
_METHODS = frozenset({"PUBLISH", "REQUEST"})
_ONCE = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "STATUS", "SEQUENCE", "UID")
_FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY")
_STEPS = {"DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1)}
_TOO_OFTEN = ("MINUTELY", "SECONDLY")
_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_SEMICOLON = re.compile(r";(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")
_WHEN = re.compile(r"([0-9]{8})(?:T([0-9]{6})Z?)?")
_DURATION = re.compile(
    r"([+-])?P(?=[0-9T])(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,8})S)?)?"
)

Local = datetime | date
"""What a clock shows, without its zone; or a whole day."""


@dataclass(frozen=True, slots=True)
class Named:
    """Moments that a list of an event names: `moments` in UTC, and whole `days` of its zone."""

    moments: frozenset[datetime] = frozenset()
    days: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Length:
    """How long an event lasts: first by the clock, then on in elapsed time."""

    shown: timedelta = timedelta(0)
    elapsed: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Extra:
    """A further beginning (RDATE), in the event's zone, with a length of its own or the event's."""

    start: Local
    length: Length | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """An RRULE without its UNTIL, which is `until`: a moment in UTC, or the last day."""

    text: str
    until: Local | None
    count: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """A VEVENT. `start` is what the clock of `place` shows, or a day; `replaces` is what the
    occurrence that it stands for would begin at (RECURRENCE-ID), `following` that it speaks of all
    later ones too. `has_end`: its length was said, not taken as none."""

    name: str
    uid: str
    path: str
    line: int
    start: Local
    length: Length
    place: tzinfo
    has_end: bool = True
    reason: str | None = None
    who: str | None = None
    cancelled: bool = False
    sequence: int = 0
    rules: tuple[Rule, ...] = ()
    extras: tuple[Extra, ...] = ()
    left_out: Named = field(default_factory=Named)
    replaces: Named | None = None
    following: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    """A content line, unfolded; `number` is that of its first line in the file."""

    number: int
    text: str
    name: str
    parameters: Mapping[str, str]
    value: str


@dataclass(slots=True)
class _Part:
    """A component: its lines, and the components in it."""

    name: str
    number: int
    lines: list[_Line] = field(default_factory=list)
    parts: list[_Part] = field(default_factory=list)

    def all(self, name: str) -> list[_Line]:
        return [line for line in self.lines if line.name == name]

    def one(self, name: str) -> _Line | None:
        return next(iter(self.all(name)), None)

    def written(self) -> Iterator[str]:
        yield f"BEGIN:{self.name}"
        yield from (line.text for line in self.lines)
        for part in self.parts:
            yield from part.written()
        yield f"END:{self.name}"


def events(data: bytes, path: str, place: ZoneInfo | None) -> list[list[Event]]:
    """The events of each calendar of a file; `place` is the zone of times that name none. A bare
    event, without a calendar around it, is one too. Raises ConfigError."""
    if len(data) > MAX_BYTES:
        raise _wrong(path, None, f"It is too large: {len(data)} bytes, at most {MAX_BYTES}.")
    roots = _tree(data, path)
    bare = [part for part in roots if part.name == "VEVENT"]
    calendars = [part for part in roots if part.name == "VCALENDAR"]
    if bare:
        calendars.append(_Part("VCALENDAR", bare[0].number, parts=bare))
    for part in roots:
        if part.name not in ("VCALENDAR", "VEVENT"):
            raise _unknown(part, path)
    if sum(each.name == "VEVENT" for part in calendars for each in part.parts) > MAX_EVENTS:
        raise _wrong(path, None, f"It holds more than {MAX_EVENTS} events.")
    return [_events(part, path, place) for part in calendars]


def _tree(data: bytes, path: str) -> list[_Part]:
    """The components at the top, every one closed."""
    roots: list[_Part] = []
    open_: list[_Part] = []
    for line in _lines(data, path):
        name = line.value.strip().upper()
        if line.name == "BEGIN":
            part = _Part(name, line.number)
            (open_[-1].parts if open_ else roots).append(part)
            open_.append(part)
            if len(open_) > MAX_DEPTH:
                raise _wrong(path, line.number, "It is nested too deep.")
        elif not open_:
            raise _wrong(path, line.number, "It does not begin with `BEGIN:VCALENDAR`.")
        elif line.name != "END":
            open_[-1].lines.append(line)
        elif open_[-1].name != name:
            began = f"`BEGIN:{open_[-1].name[:40]}` of line {open_[-1].number}"
            why = f"{shown(line.text)} does not end {began}: it is cut short, or mixed up."
            raise _wrong(path, line.number, why)
        else:
            open_.pop()
    if open_:
        why = f"It is cut short: `BEGIN:{open_[-1].name[:40]}` has no end."
        raise _wrong(path, open_[-1].number, why)
    if not roots:
        raise _wrong(path, None, "It is empty, and no calendar.")
    return roots


def _lines(data: bytes, path: str) -> Iterator[_Line]:
    """The content lines. They are unfolded as bytes: a fold may part the bytes of a sign."""
    folded: list[tuple[int, bytearray]] = []
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        content = raw.removesuffix(b"\r")
        if folded and content[:1] in (b" ", b"\t"):
            folded[-1][1].extend(content[1:])
        else:
            folded.append((number, bytearray(content)))
    for number, found in folded:
        try:
            text = found.decode()
        except UnicodeDecodeError as error:
            raise _wrong(path, number, "The line is not UTF-8.", "Save it as UTF-8.") from error
        if text.strip():
            yield _line(number, text, path)


def _line(number: int, text: str, path: str) -> _Line:
    """`NAME;PARAMETER="a:b":value`."""
    head, quote = "", False
    for at, sign in enumerate(text):
        if sign == '"':
            quote = not quote
        elif sign == ":" and not quote:
            head = text[:at]
            break
    name, *parameters = _SEMICOLON.split(head) if len(head) <= MAX_HEAD else [""]
    if not _NAME.fullmatch(name):
        raise _wrong(path, number, f"The line is none of a calendar: {shown(text)}.")
    pairs = (each.partition("=") for each in parameters)
    told = {key.strip().upper(): value.strip().strip('"') for key, _, value in pairs}
    return _Line(number, text, name.upper(), told, text[len(head) + 1 :])


def _events(calendar: _Part, path: str, place: ZoneInfo | None) -> list[Event]:
    """The events of one calendar."""
    for name, right in (("CALSCALE", {"GREGORIAN"}), ("METHOD", _METHODS), ("VERSION", {"2.0"})):
        line = calendar.one(name)
        if line is not None and line.value.strip().upper() not in right:
            what = f"It is a calendar with {name} {shown(line.value)}, and gate reads only"
            raise _wrong(path, line.number, f"{what} {' and '.join(sorted(right))}.")
    for part in calendar.parts:
        if part.name == "VFREEBUSY":
            _look_for_busy(part, path)
        elif part.name not in _IGNORED and part.name != "VEVENT":
            raise _unknown(part, path)
    own = {
        line.value.strip(): part
        for part in calendar.parts
        if part.name == "VTIMEZONE" and (line := part.one("TZID"))
    }
    zones = _Zones(path, place, own, calendar.one("X-WR-TIMEZONE"))
    return [_Reader(part, path, zones).event() for part in calendar.parts if part.name == "VEVENT"]


def _look_for_busy(part: _Part, path: str) -> None:
    for line in part.all("FREEBUSY"):
        if line.parameters.get("FBTYPE", "BUSY").upper() != "FREE":
            raise _wrong(
                path,
                line.number,
                "It says when someone is busy (VFREEBUSY), which is no event.",
                "Write each freeze as an event (VEVENT).",
            )


def _unknown(part: _Part, path: str) -> ConfigError:
    what = f"It holds {shown(part.name)}, which may mean a freeze and is no event."
    return _wrong(path, part.number, what, "Write each freeze as an event (VEVENT).")


def _wrong(path: str, number: int | None, what: str, advice: str = ADVICE) -> ConfigError:
    return ConfigError(what, advice=advice, path=path, line=number)


class _Zones:
    """The zones that a calendar names."""

    def __init__(
        self, path: str, place: ZoneInfo | None, own: Mapping[str, _Part], default: _Line | None
    ) -> None:
        self._path = path
        self._place = place
        self._own = own
        self._default = default
        self._found: dict[str, tzinfo] = {}

    def floating(self, line: _Line) -> tzinfo:
        """The zone of a time that names none."""
        if self._place is not None:
            return self._place
        if self._default is None:
            what = (
                f"{line.name} {shown(line.value)} has no time zone, and neither has the calendar."
            )
            raise _wrong(self._path, line.number, what, NO_ZONE)
        return self.named(self._default.value.strip(), self._default)

    def named(self, name: str, line: _Line) -> tzinfo:
        """The zone of a TZID."""
        if name not in self._found:
            self._found[name] = self._find(name, line)
        return self._found[name]

    def _find(self, name: str, line: _Line) -> tzinfo:
        steps = name.strip("/").split("/")
        known = [WINDOWS_TO_OLSON.get(name, name)]
        after = ["/".join(steps[at:]) for at in range(len(steps))] if name.startswith("/") else []
        try:
            return zone(known[0])
        except ConfigError as error:
            if name in self._own:
                return _made(self._own[name], self._path)
            for each in after:
                try:
                    return zone(each)
                except ConfigError:
                    continue
            what = f"The time zone {shown(name)} is unknown, and the calendar does not define it."
            raise _wrong(self._path, line.number, what) from error


def _made(part: _Part, path: str) -> tzinfo:
    """The zone that a VTIMEZONE defines."""
    try:
        timezone = cast(Timezone, Timezone.from_ical("\r\n".join(part.written()) + "\r\n"))
        found: tzinfo = timezone.to_tz(lookup_tzid=False)
        found.utcoffset(datetime(2026, 1, 1))  # noqa: DTZ001 - what a clock shows
    except Exception as error:
        raise _wrong(path, part.number, "Its definition of a time zone cannot be read.") from error
    return found


class _Reader:
    """Reads one event."""

    def __init__(self, part: _Part, path: str, zones: _Zones) -> None:
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
        self._floats = not start.parameters.get("TZID") and not _is_utc(start.value)
        self._parsed(start, start.value)
        self._place = self._zone(start, start.value)
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
        if line is None:
            return None
        return re.sub(r"\\(.)", lambda each: "\n" if each[1] in "nN" else each[1], line.value)

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

    def _duration(self, line: _Line, text: str) -> Length:
        match = _DURATION.fullmatch(text.strip().upper())
        if match is None:
            raise self._wrong(f"has a duration that cannot be read, {shown(text)}", line)
        sign, weeks, days, hours, minutes, seconds = match.groups()
        if sign == "-":
            raise self._wrong("ends before it begins", line)
        return Length(
            timedelta(weeks=int(weeks or 0), days=int(days or 0)),
            timedelta(hours=int(hours or 0), minutes=int(minutes or 0), seconds=int(seconds or 0)),
        )

    def _rule(self, line: _Line) -> Rule:
        parts: dict[str, str] = {}
        for each in line.value.strip().upper().strip(";").split(";"):
            key, _, value = each.partition("=")
            if key in parts or not value:
                raise self._wrong(f"has a rule that cannot be read, {shown(line.value)}", line)
            parts[key] = value
        until, count = parts.pop("UNTIL", None), parts.get("COUNT")
        often = parts.get("FREQ", "")
        if often not in _FREQUENCIES:
            what = "that gate does not repeat" if often in _TOO_OFTEN else "that cannot be read"
            raise self._wrong(f"has a rule {what}, {shown(line.value)}", line)
        if until is not None and count is not None:
            raise self._wrong("has a rule with UNTIL and COUNT, and may have one", line)
        text = ";".join(f"{key}={value}" for key, value in parts.items())
        numbers = [value for value in (count, parts.get("INTERVAL")) if value is not None]
        try:
            if any(not each.isdecimal() or not 0 < int(each) < 1_000_000 for each in numbers):
                raise ValueError(text)
            rrulestr(text, dtstart=datetime(2026, 1, 1))  # noqa: DTZ001 - what a clock shows
        except Exception as error:
            what = f"has a rule that cannot be read, {shown(line.value)}"
            raise self._wrong(what, line) from error
        if count is not None and (even := self._evenly(parts, int(count))):
            return even
        return Rule(text, self._until(line, until), int(count) if count else None)

    def _evenly(self, parts: Mapping[str, str], count: int) -> Rule | None:
        """A rule with COUNT as one with an end, where each repetition is a step after the last."""
        step = _STEPS.get(parts["FREQ"])
        left = {key: value for key, value in parts.items() if key != "COUNT"}
        weekday = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[self._start.weekday()]
        is_even = left.get("BYDAY") in (None, weekday) and parts["FREQ"] == "WEEKLY"
        others = left.keys() - {"FREQ", "INTERVAL", "WKST", *(("BYDAY",) if is_even else ())}
        if step is None or others:
            return None
        until = self._start + (count - 1) * int(parts.get("INTERVAL", 1)) * step
        text = ";".join(f"{key}={value}" for key, value in left.items())
        end = last(until, self._place) if isinstance(until, datetime) else until
        return Rule(text, end, None)

    def _until(self, line: _Line, text: str | None) -> Local | None:
        """UNTIL is UTC for times and a day for days. Others are written too: they are read so that
        the rule does not end too early."""
        if text is None:
            return None
        found = self._parsed(line, text)
        if found.year >= FAR:
            return None
        if not isinstance(self._start, datetime):
            if not isinstance(found, datetime) or not _is_utc(text):
                return date(found.year, found.month, found.day)
            there = found.replace(tzinfo=UTC).astimezone(self._place)
            return max(found.date(), there.date())
        if not isinstance(found, datetime):
            return last(datetime.combine(found, time(23, 59, 59)), self._place)
        until = last(found, UTC if _is_utc(text) else self._place)
        return max(until, last(found, self._place)) if self._floats else until

    def _extra(self, line: _Line, text: str) -> Extra:
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
                moment = first(found, self._place if as_shown else self._zone(line, text))
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

    def _replaces(self, line: _Line) -> Named:
        found = self._parsed(line, line.value)
        if not isinstance(found, datetime):
            return Named(days=frozenset([found]))
        return Named(frozenset([first(found, self._zone(line, line.value))]))

    def _parsed(self, line: _Line, text: str) -> Local:
        """A day, or a time without its zone."""
        match = _WHEN.fullmatch(text.strip().upper())
        try:
            if match is None:
                raise ValueError(text)
            day = datetime.strptime(match[1], "%Y%m%d").date()  # noqa: DTZ007 - a day
            if match[2] is None:
                return day
            return datetime.combine(day, datetime.strptime(match[2], "%H%M%S").time())  # noqa: DTZ007
        except ValueError as error:
            raise self._wrong(f"has a {line.name} that is no time, {shown(text)}", line) from error

    def _zone(self, line: _Line, text: str) -> tzinfo:
        """The zone of a time: its own, else that of DTSTART, else that of the calendar."""
        if _is_utc(text):
            return UTC
        name = line.parameters.get("TZID")
        if name:
            return self._zones.named(name, line)
        return self._zones.floating(line) if line.name == "DTSTART" else self._place

    def _inside(self, line: _Line, text: str) -> Local:
        """What the clock of the event's zone shows at a time; a day is a day everywhere."""
        found, place = self._parsed(line, text), self._zone(line, text)
        if not isinstance(found, datetime) or place is self._place:
            return found
        return first(found, place).astimezone(self._place).replace(tzinfo=None)

    def _wrong(self, what: str, line: _Line | None = None) -> ConfigError:
        number = self._part.number if line is None else line.number
        return _wrong(self._path, number, f"The event {shown(self._name())} {what}.")


def first(local: datetime, place: tzinfo) -> datetime:
    """When the clock of a zone shows a time first, in UTC."""
    return earliest(local, cast(ZoneInfo, place))


def last(local: datetime, place: tzinfo) -> datetime:
    """When the clock of a zone shows a time last, in UTC."""
    return latest(local, cast(ZoneInfo, place))


def _listed(line: _Line) -> list[str]:
    return [text for each in line.value.split(",") if (text := each.strip())]


def _is_utc(text: str) -> bool:
    return text.strip().upper().endswith("Z")
