"""Styled words, and their setting into lines of a width."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from gate.report.escape import plain
from gate.report.interface import Look

Style = Literal["plain", "strong", "dim", "pass", "warn", "deny", "undecided", "error", "place"]

PROSE_WIDTH = 100
_BREAKS = re.compile("[ \t\r\n]+")
_LEAST_WIDTH = 24

# ECMA-48, Select Graphic Rendition.
_SGR: dict[Style, str] = {
    "strong": "1",
    "dim": "2",
    "pass": "1;32",
    "warn": "1;33",
    "deny": "1;31",
    "undecided": "1;35",
    "error": "1;31",
    "place": "36",
}


class Word(NamedTuple):
    """A piece of text that is never broken. `gap` is the number of spaces before it in a line."""

    text: str
    style: Style = "plain"
    gap: int = 1


def prose(text: str, style: Style = "plain") -> list[Word]:
    """The words of a text from a change or a policy, escaped.

    Lines end at spaces, and after each wide character, as East Asian text is set.
    """
    words: list[Word] = []
    for chunk in plain(text.strip(" \t\r\n")).split(" "):
        words += [Word(piece, style, gap) for piece, gap in _pieces(chunk)]
    return words


def reflow(text: str, style: Style = "plain") -> list[Word]:
    """As `prose`, for texts written in several lines: their breaks count as spaces."""
    return prose(_BREAKS.sub(" ", text), style)


def listing(items: Sequence[str], style: Style = "plain", limit: int | None = None) -> list[Word]:
    """`a, b and 3 more`: each item unbroken, at most `limit` of them named."""
    named = list(items if limit is None else items[:limit])
    rest = len(items) - len(named)
    words = [Word(plain(item), style) for item in named]
    for index in range(len(words) - 1):
        words[index] = words[index]._replace(text=words[index].text + ",")
    return words + (prose(f"and {rest:,} more", style) if rest else [])


def line_of(words: Sequence[Word]) -> str:
    """The words in one line, without a style."""
    return "".join(" " * word.gap + word.text for word in words).strip()


def paragraph(
    words: Iterable[Word], look: Look, *, lead: Word | None = None, indent: int = 0, hang: int = 0
) -> list[str]:
    """The lines of one paragraph. `lead` stands at `indent`, the words at `hang` (columns)."""
    width = max(min(look.width, PROSE_WIDTH), _LEAST_WIDTH)
    if lead is None:
        return [" " * hang + _painted(line, look) for line in _broken(words, width, hang, hang)]
    after = indent + columns(lead.text)
    start = max(hang, after + 1)
    lines = _broken(words, width, start, hang)
    first = " " * indent + paint(lead.text, lead.style, look) + " " * (start - after)
    return [
        (" " * hang if number else first) + _painted(line, look)
        for number, line in enumerate(lines)
    ]


def paint(text: str, style: Style, look: Look) -> str:
    """The text in its colour, where colours are wanted."""
    code = _SGR.get(style)
    return f"\x1b[{code}m{text}\x1b[0m" if look.color and code and text else text


def columns(text: str) -> int:
    """The columns that a text takes in a terminal (Unicode Standard Annex 11, East Asian Width)."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(char) for char in text)


def cut(text: str, width: int) -> str:
    """The text, ended with `...` where it is wider than `width` columns."""
    if columns(text) <= width:
        return text
    room = max(width - 3, 0)
    kept = ""
    for char in text:
        room -= _columns_of(char)
        if room < 0:
            break
        kept += char
    return kept.rstrip() + "..."[:width]


def _columns_of(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _pieces(chunk: str) -> Iterator[tuple[str, int]]:
    """A chunk without spaces, cut after its wide characters, each piece with its gap."""
    if chunk.isascii():
        if chunk:
            yield chunk, 1
        return
    piece, gap = "", 1
    for char in chunk:
        if piece and _columns_of(char) and columns(piece[-1]) == 2:
            yield piece, gap
            piece, gap = "", 0
        piece += char
    if piece:
        yield piece, gap


def _broken(words: Iterable[Word], width: int, start: int, hang: int) -> list[list[Word]]:
    lines: list[list[Word]] = []
    used = 0
    for word in words:
        size = columns(word.text)
        if lines and used + word.gap + size <= width:
            lines[-1].append(word)
            used += word.gap + size
        else:
            used = (hang if lines else start) + size
            lines.append([word._replace(gap=0)])
    return lines


def _painted(line: Sequence[Word], look: Look) -> str:
    """One line, each run of equal style painted at once."""
    out: list[str] = []
    run, style = "", line[0].style
    for word in line:
        if word.style == style:
            run += " " * word.gap + word.text
        else:
            out += [paint(run, style, look), " " * word.gap]
            run, style = word.text, word.style
    return "".join([*out, paint(run, style, look)])
