"""The content lines of a calendar (RFC 5545, 3.1) and the components that they make.

icalendar splits a line into name, parameters and value. Unfolding, BEGIN and END are done here:
icalendar tells no line numbers, leaves a component out in silence that is not closed, and takes
`END:VTODO` as the end of an event.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from icalendar.parser import Contentline

from gate.errors import ConfigError
from gate.strict_yaml.check import shown

MAX_DEPTH = 8
MAX_HEAD = 2_000
"""How long a line's name with its parameters may be."""

ADVICE = "Mend the calendar, or export it anew."

_NAME = re.compile(r"[A-Za-z0-9-]{1,100}[:;]")
"""How a line begins. icalendar takes out blanks, and reads `RRUL_` as a name that means nothing."""


@dataclass(frozen=True, slots=True)
class Line:
    """A content line, unfolded; `number` is that of its first line in the file. The value is as
    written, with its escapes."""

    number: int
    text: str
    name: str
    parameters: Mapping[str, str]
    value: str


@dataclass(slots=True)
class Part:
    """A component: its lines, and the components in it."""

    name: str
    number: int
    lines: list[Line] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    def all(self, name: str) -> list[Line]:
        """Its own lines of that name."""
        return [line for line in self.lines if line.name == name]

    def one(self, name: str) -> Line | None:
        """The first of them."""
        return next(iter(self.all(name)), None)

    def written(self) -> Iterator[str]:
        """Its lines, unfolded, with those of the components in it."""
        yield f"BEGIN:{self.name}"
        yield from (line.text for line in self.lines)
        for part in self.parts:
            yield from part.written()
        yield f"END:{self.name}"


def tree(data: bytes, path: str) -> list[Part]:
    """The components at the top, every one closed. Raises ConfigError."""
    roots: list[Part] = []
    open_: list[Part] = []
    for line in _lines(data, path):
        name = line.value.strip().upper()
        if line.name == "BEGIN":
            part = Part(name, line.number)
            (open_[-1].parts if open_ else roots).append(part)
            open_.append(part)
            if len(open_) > MAX_DEPTH:
                raise wrong(path, line.number, "It is nested too deep.")
        elif not open_:
            raise wrong(path, line.number, "It does not begin with `BEGIN:VCALENDAR`.")
        elif line.name != "END":
            open_[-1].lines.append(line)
        elif open_[-1].name != name:
            began = f"`BEGIN:{open_[-1].name[:40]}` of line {open_[-1].number}"
            why = f"{shown(line.text)} does not end {began}: it is cut short, or mixed up."
            raise wrong(path, line.number, why)
        else:
            open_.pop()
    if open_:
        why = f"It is cut short: `BEGIN:{open_[-1].name[:40]}` has no end."
        raise wrong(path, open_[-1].number, why)
    if not roots:
        raise wrong(path, None, "It is empty, and no calendar.")
    return roots


def wrong(path: str, number: int | None, what: str, advice: str = ADVICE) -> ConfigError:
    """What is wrong with a calendar, and in which line."""
    return ConfigError(what, advice=advice, path=path, line=number)


def _lines(data: bytes, path: str) -> Iterator[Line]:
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
            raise wrong(path, number, "The line is not UTF-8.", "Save it as UTF-8.") from error
        if text.strip():
            yield _line(number, text, path)


def _line(number: int, text: str, path: str) -> Line:
    """A line in its parts. The colon is looked for first, and only what is before it is given to
    `parts`, which reads on where there is none or a backslash is before it."""
    colon = Contentline(text).value_separator_index()
    try:
        if not _NAME.match(text) or not 0 < colon <= MAX_HEAD:
            raise ValueError(text)
        name, parameters, _ = Contentline(text[: colon + 1]).parts()
    except ValueError as error:
        raise wrong(path, number, f"The line is none of a calendar: {shown(text)}.") from error
    told = {
        key.upper(): value if isinstance(value, str) else ",".join(value)
        for key, value in parameters.items()
    }
    return Line(number, text, name.upper(), told, text[colon + 1 :])
