"""Text from a change as Markdown that says just that: GitHub makes no structure, link or mention of
it.

What has a meaning in CommonMark, in GitHub's additions to it, in HTML, in formulas or in tables
becomes a character reference. Words that GitHub looks for in what is shown (`@name`, `#12`, ids of
commits, addresses, emoji by name) stand in `<code>`, where it leaves them alone.
"""

from __future__ import annotations

import re

from gate.report.escape import plain

MOST = 1000
"""How many characters of one text are shown."""
_UNBROKEN = 40

_SPECIAL = re.compile(r"[&<>\\`*\[\]{}|~^$#@!]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|(?<=:):")
_CODED = re.compile("`([^`]+)`")
_BREAKS = re.compile("[ \t\r\n]+")
_LOOKED_FOR = re.compile(
    r"[@#$]|://|www\.|\bgh-[0-9]|:(?![0-9]{2}:)[\w+-]+:|\b[0-9a-f]{7,40}\b",
    re.IGNORECASE | re.ASCII,
)
_AROUND = re.compile(r"""(["'(]*)(.*?)([]"').,;:!?]*)""", re.DOTALL)
_PIECE = re.compile(f"[^/]{{0,{_UNBROKEN - 1}}}/|[^/]{{1,{_UNBROKEN}}}")
_ADDRESS = re.compile("(?<=:)(?=//)|(?<=www)(?=[.])|(?=@)", re.IGNORECASE)


def prose(text: str, most: int = MOST) -> str:
    """A sentence of a change or a policy. What it sets in backticks is shown as code; what is
    longer than `most` is cut, and says so."""
    shown, cut = _within(plain(text.strip()), most)
    parts = _CODED.split(shown)
    return (
        "".join(
            code(each, len(each)) if number % 2 else _words(each)
            for number, each in enumerate(parts)
        )
        + cut
    )


def reflowed(text: str, most: int = MOST) -> str:
    """As `prose`, for texts written in several lines: their breaks count as spaces."""
    return prose(_BREAKS.sub(" ", text), most)


def code(text: str, most: int = MOST) -> str:
    """A name, path or id. `<wbr>` stands where a line may end, so that it is copied whole, and
    where a parser would see the beginning of an address."""
    shown, cut = _within(plain(text), most)
    parts = (part for each in _PIECE.findall(shown) for part in _ADDRESS.split(each) if part)
    return f"<code>{'<wbr>'.join(_escaped(each) for each in parts)}</code>{cut}"


def _within(text: str, most: int) -> tuple[str, str]:
    more = len(text) - most
    return (text, "") if more <= 0 else (text[:most], f"... ({more:,} more characters)")


def _words(text: str) -> str:
    return " ".join(_word(each) for each in text.split(" "))


def _word(word: str) -> str:
    if len(word) <= _UNBROKEN and not _LOOKED_FOR.search(word):
        return _escaped(word)
    around = _AROUND.fullmatch(word)
    assert around is not None
    before, inner, after = around.groups()
    return _escaped(before) + (code(inner, len(inner)) if inner else "") + _escaped(after)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"&#{ord(found.group())};", text)
