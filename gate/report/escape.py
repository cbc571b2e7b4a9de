"""Makes text from a change safe to show: what a terminal would obey or hide becomes visible."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_MARKS = frozenset({"Mn", "Me"})
_MARKS_SHOWN = 4

# Blank or ignorable code points that their category does not give away: the property
# Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties.txt) and the empty Braille cell.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0e\uffa0"
    "\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_EMOJI_STYLE = "\ufe0f"
_PICTURE = re.compile("[#*0-9\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def plain(text: str) -> str:
    r"""The text in one line that cannot steer a terminal or deceive a reader.

    Control characters, escape sequences, line separators, marks that turn the direction of
    writing, zero-width characters, lone surrogates and piled-up accents become `\n`, `\x1b`,
    `\u202e` and the like. All other text stays as it is.
    """
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    before = ""
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in _MARKS else 0
        hidden = marks > _MARKS_SHOWN or _is_hidden(char, category, before)
        shown.append(_visible(char) if hidden else char)
        before = char
    return "".join(shown)


def encodable(text: str) -> str:
    r"""The text with lone surrogates as `\udc80`, so that every reader of UTF-8 takes it."""
    return _SURROGATES.sub(lambda found: _visible(found.group()), text)


def workflow_command(name: str, message: str, properties: Mapping[str, str]) -> str:
    """A workflow command of GitHub Actions (`::error file=...::message`), properties that are empty
    left out. Line breaks of the message are kept; nothing in it ends it or is another property."""
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name}{' ' if told else ''}{told}::{_data(message)}"


def _data(text: str) -> str:
    escaped = "\n".join(plain(line) for line in text.split("\n")).replace("%", "%25")
    return escaped.replace("\n", "%0A")


def _property(text: str) -> str:
    return plain(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def _is_hidden(char: str, category: str, before: str) -> bool:
    if char == _EMOJI_STYLE:
        return not _PICTURE.match(before)
    if category in _HIDDEN_CATEGORIES or _BLANK.match(char):
        return True
    return category == "Cn" and _is_noncharacter(ord(char))


def _is_noncharacter(code: int) -> bool:
    """What Unicode keeps from ever being a character; XML cannot hold some of it."""
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _visible(char: str) -> str:
    named = _NAMED.get(char)
    if named:
        return named
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
