"""The zones that a calendar names, and when their clocks show a time.

A name is looked up in the IANA database, among those of Windows, and in the VTIMEZONEs of the same
calendar, in this order.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import cast
from zoneinfo import ZoneInfo

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from gate.errors import ConfigError
from gate.evidence.freeze.calendar import earliest, latest, zone
from gate.evidence.freeze.ical_lines import Line, Part, wrong
from gate.strict_yaml.check import shown

NO_ZONE = "Set `time_zone` in the source's settings."


class Zones:
    """The zones of one calendar; `place` is that of times that name none."""

    def __init__(self, calendar: Part, path: str, place: ZoneInfo | None) -> None:
        self._path = path
        self._place = place
        self._default = calendar.one("X-WR-TIMEZONE")
        self._own = {
            line.value.strip(): part
            for part in calendar.parts
            if part.name == "VTIMEZONE" and (line := part.one("TZID"))
        }
        self._found: dict[str, tzinfo] = {}

    def floating(self, line: Line) -> tzinfo:
        """The zone of a time that names none. Raises ConfigError."""
        if self._place is not None:
            return self._place
        if self._default is None:
            what = (
                f"{line.name} {shown(line.value)} has no time zone, and neither has the calendar."
            )
            raise wrong(self._path, line.number, what, NO_ZONE)
        return self.named(self._default.value.strip(), self._default)

    def named(self, name: str, line: Line) -> tzinfo:
        """The zone of a TZID. Raises ConfigError."""
        if name not in self._found:
            self._found[name] = self._find(name, line)
        return self._found[name]

    def _find(self, name: str, line: Line) -> tzinfo:
        steps = name.strip("/").split("/")
        after = ["/".join(steps[at:]) for at in range(len(steps))] if name.startswith("/") else []
        try:
            return zone(WINDOWS_TO_OLSON.get(name, name))
        except ConfigError as error:
            if name in self._own:
                return _made(self._own[name], self._path)
            for each in after:
                try:
                    return zone(each)
                except ConfigError:
                    continue
            what = f"The time zone {shown(name)} is unknown, and the calendar does not define it."
            raise wrong(self._path, line.number, what) from error


def first(local: datetime, place: tzinfo) -> datetime:
    """When the clock of a zone shows a time first, in UTC."""
    return earliest(local, cast(ZoneInfo, place))


def last(local: datetime, place: tzinfo) -> datetime:
    """When the clock of a zone shows a time last, in UTC."""
    return latest(local, cast(ZoneInfo, place))


def _made(part: Part, path: str) -> tzinfo:
    """The zone that a VTIMEZONE defines."""
    try:
        timezone = cast(Timezone, Timezone.from_ical("\r\n".join(part.written()) + "\r\n"))
        found: tzinfo = timezone.to_tz(lookup_tzid=False)
        found.utcoffset(datetime(2026, 1, 1))  # noqa: DTZ001 - what a clock shows
    except Exception as error:
        raise wrong(path, part.number, "Its definition of a time zone cannot be read.") from error
    return found
