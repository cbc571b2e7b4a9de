"""Freezes as a table, as a calendar to look at, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from gate.model import freezes
from gate.model.freezes import State, Window
from gate.model.manifest import Target
from gate.model.times import written
from gate.model.verdict import Evidence
from gate.report.escape import plain
from gate.report.interface import Look
from gate.report.layout import Style, Word, paint, paragraph, reflow
from gate.report.standing import Json, base, document, heading, pairs, sources, whose
from gate.report.tables import Cell, table
from gate.report.words import day, moment

SCHEMA = "change-gate/freeze/v1"
FROZEN, UNKNOWN = 1, 3
"""Exit codes."""

_HEADER = ("SERVICE", "ENVIRONMENT", "FREEZE", "UNTIL")
_ROOM_FOR_WAITS = 76
_DAY = timedelta(days=1)
_WEEK = 7
_MARKS: Mapping[str, Style] = {"·": "dim", "▒": "warn", "█": "deny", "?": "undecided"}
_LEGEND = "· free, ▒ frozen in part, █ frozen all day, ? not known (UTC, from now on)"

States = Mapping[Target, State]


def states(
    targets: Sequence[Target], evidence: Sequence[Evidence], now: datetime
) -> dict[Target, State]:
    """How each target stands."""
    return {target: freezes.state(found, now) for target, found in pairs(targets, evidence)}


def exit_code(found: States) -> int:
    """0 where all is known and free, 1 where something is frozen, else 3."""
    if any(each.frozen for each in found.values()):
        return FROZEN
    return UNKNOWN if any(each.frozen is None for each in found.values()) else 0


def as_json(
    targets: Sequence[Target],
    evidence: Sequence[Evidence],
    now: datetime,
    until: datetime,
    by: str,
) -> Json:
    """`change-gate/freeze/v1`. `until` is how far the future was asked for."""
    told = [_target(*each, now) for each in pairs(targets, evidence)]
    return document(SCHEMA, now, by, told, until=written(until))


def text(
    targets: Sequence[Target],
    evidence: Sequence[Evidence],
    now: datetime,
    until: datetime,
    by: str,
    look: Look,
    days: int | None = None,
) -> str:
    """A line a target, or with `days` a calendar of so many; beneath it the windows that are
    spoken of, and why something is not known."""
    found = states(targets, evidence, now)
    if look.quiet:
        found = {target: each for target, each in found.items() if each.frozen is not False}
    if not found:
        return ""
    lines = heading(now, by, look)
    if days is None:
        rows = [_row(target, each, now, until, look) for target, each in found.items()]
        lines += table(_HEADER, rows, look, whole=(3,)).splitlines()
    else:
        lines += _calendar(found, now, days, look)
    end = None if days is None else _midnight(now) + days * _DAY
    for part in _beneath(found, now, end, look):
        lines += ["", *part]
    for part in sources(targets, evidence, look):
        lines += ["", *part]
    return "\n".join(lines) + "\n"


def _target(target: Target, evidence: Evidence, now: datetime) -> Json:
    found = freezes.state(evidence, now)
    return {
        **base(target, evidence),
        "reason": found.reason,
        "frozen": found.frozen,
        "frozen_until": None if found.until is None else written(found.until),
        "known_until": None if found.known is None else written(found.known),
        "windows": [
            {
                "name": each.name,
                "from": written(each.start),
                "until": None if each.until is None else written(each.until),
                "reason": each.reason,
                "who": each.who,
                "source": each.source,
                "line": each.line,
            }
            for each in found.windows
        ],
    }


def _row(
    target: Target, found: State, now: datetime, until: datetime, look: Look
) -> Sequence[Cell]:
    names: tuple[Cell, Cell] = ((target.service, "plain"), (target.environment, "plain"))
    narrow = look.terminal and look.width < _ROOM_FOR_WAITS
    start = None if narrow else written(now)
    if found.frozen is None:
        return (*names, ("not known", "undecided"), "-")
    if found.frozen:
        holding = dict.fromkeys(_titled(each) for each in found.windows if each.holds(now))
        told = "no end is known" if found.until is None else moment(written(found.until), start)
        if found.until and found.known and found.until >= found.known:
            told += " or later"
        return (*names, (f"frozen: {', '.join(holding)}", "deny"), told)
    coming = found.next(now)
    if coming is not None:
        return (
            *names,
            (f"free, next: {_titled(coming)}", "pass"),
            moment(written(coming.start), start),
        )
    known = min(found.known or until, until)
    return (*names, ("free", "pass"), f"{written(known)[:10]} or later")


def _titled(window: Window) -> str:
    return f"{window.name} ({window.who})" if window.who else window.name


def _beneath(found: States, now: datetime, end: datetime | None, look: Look) -> Iterator[list[str]]:
    """The windows that hold now, or up to `end`; what they are about; then what is not known and
    why."""
    spoken: dict[Window, list[Target]] = {}
    for target, each in found.items():
        for window in each.windows:
            if window.holds(now) or (end is not None and now < window.start < end):
                spoken.setdefault(window, []).append(target)
    ordered = sorted(spoken, key=lambda each: (each.start, each.name))
    if end is not None and ordered:
        rows = dict.fromkeys(_dated(each) for each in ordered)
        yield table(("FROM (UTC)", "UNTIL (UTC)", "FREEZE"), list(rows), look, (1,)).splitlines()
    elif end is not None:
        yield ["No freeze is known in these days."]
    yield from _about({each: spoken[each] for each in ordered}, look, always=end is not None)
    yield from _unknown(found, look)


def _about(
    spoken: Mapping[Window, Sequence[Target]], look: Look, *, always: bool
) -> Iterator[list[str]]:
    """Each freeze once, however often it is repeated: for whom, why, and where it stands."""
    about: dict[tuple[str, str | None, str], list[Target]] = {}
    for window, targets in spoken.items():
        if window.reason or always or look.verbose:
            key = (window.name, window.reason, _place(window))
            about.setdefault(key, []).extend(targets)
    for (name, reason, place), those in about.items():
        yield _told(name, reason, place, list(dict.fromkeys(those)), look)


def _unknown(found: States, look: Look) -> Iterator[list[str]]:
    reasons: dict[str, list[Target]] = {}
    for target, each in found.items():
        if each.reason is not None:
            reasons.setdefault(each.reason, []).append(target)
    for reason, targets in reasons.items():
        head = [*reflow("Not known:", "undecided"), *reflow(f"{whose(targets)}:")]
        yield paragraph([*head, *reflow(reason)], look)


def _told(
    name: str, reason: str | None, place: str, targets: Sequence[Target], look: Look
) -> list[str]:
    head = [*reflow(f"{name},", "strong"), *reflow(f"for {whose(targets)}")]
    if reason:
        head[-1] = head[-1]._replace(text=head[-1].text + ":")
        head += reflow(reason)
    return paragraph([*head, *([Word(plain(f"({place})"), "place")] if place else [])], look)


def _dated(window: Window) -> tuple[str, str, Cell]:
    ends = "no end is known" if window.until is None else _short(window.until)
    return _short(window.start), ends, (_titled(window), "plain")


def _short(at: datetime) -> str:
    return day(written(at)).removesuffix(" UTC")


def _place(window: Window) -> str:
    if window.source is None:
        return ""
    return window.source + (f":{window.line}" if window.line else "")


def _calendar(found: States, now: datetime, days: int, look: Look) -> list[str]:
    """Weeks from Monday on, as many beside each other as fit; targets alike share a line."""
    first = _midnight(now)
    lines: dict[str, list[Target]] = {}
    for target, each in found.items():
        marks = "".join(_mark(each, first + n * _DAY, now) for n in range(days))
        lines.setdefault(marks, []).append(target)
    start = first - first.weekday() * _DAY
    weeks = -(-(days + first.weekday()) // _WEEK)
    fit = max(1, (look.width - 1) // (_WEEK + 1))
    shown = paragraph(reflow(_LEGEND, "dim"), look)
    for band in range(0, weeks, fit):
        monday = start + band * _WEEK * _DAY
        count = min(fit, weeks - band)
        shown += ["", *(_dim(line, look) for line in _dates(monday, count, first))]
        for marks, targets in lines.items():
            padded = (" " * first.weekday() + marks).ljust(weeks * _WEEK)
            part = padded[band * _WEEK : (band + count) * _WEEK]
            shown += paragraph(reflow(whose(targets)), look)
            shown.append(("  " + _spaced(part, look)).rstrip())
    return shown


def _mark(found: State, start: datetime, now: datetime) -> str:
    """What a day is, of which only what is still to come counts."""
    begin, end = max(start, now), start + _DAY
    inside = [each for each in found.windows if each.start < end and _after(each, begin)]
    over = freezes.over(inside, begin)
    if over is None or over >= end:
        return "█"
    if found.frozen is None or (found.known is not None and found.known < end):
        return "?"
    return "▒" if inside else "·"


def _after(window: Window, at: datetime) -> bool:
    return window.until is None or window.until > at


def _dates(monday: datetime, weeks: int, today: datetime) -> tuple[str, str]:
    """Above the weeks: the months, and the day of the month of each Monday and of today."""
    width = 2 + weeks * (_WEEK + 1)
    months, numbers = "", ""
    for index in range(weeks * _WEEK):
        at = monday + index * _DAY
        if at < today:
            continue
        column = 2 + index + index // _WEEK
        opens = at == max(today, monday)
        if at.day == 1 or (opens and (at + _WEEK * _DAY).month == at.month):
            months = _put(months, column, f"{at:%b %Y}", width)
        if at.weekday() == 0 or (opens and at.weekday() < 5):
            numbers = _put(numbers, column, str(at.day), width)
    return months, numbers


def _dim(line: str, look: Look) -> str:
    text = line.lstrip(" ")
    return " " * (len(line) - len(text)) + paint(text, "dim", look)


def _put(line: str, column: int, text: str, width: int) -> str:
    """The line with a text at a column, where there is room."""
    if column + len(text) > width or (line and len(line) >= column):
        return line
    return line.ljust(column) + text


def _spaced(marks: str, look: Look) -> str:
    """The marks in their colours, a space between weeks."""
    weeks = [marks[at : at + _WEEK] for at in range(0, len(marks), _WEEK)]
    return " ".join("".join(_runs(week, look)) for week in weeks)


def _runs(week: str, look: Look) -> Iterator[str]:
    run = ""
    for mark in week:
        if run and mark != run[0]:
            yield paint(run, _MARKS.get(run[0], "plain"), look)
            run = ""
        run += mark
    yield paint(run, _MARKS.get(run[:1], "plain"), look)


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
