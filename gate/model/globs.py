"""Path patterns as people know them from `.gitignore`.

`*` and `?` stay within a folder, `**` crosses folders, `[...]` is a set. A pattern without `/`
(but at its end) matches at any depth, any other from the root. What matches a folder matches all
below it. `!` takes matches back; the last pattern that matches decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

Matcher = Callable[[str], bool]


def matcher(patterns: Iterable[str]) -> Matcher:
    """A function that tells whether a path matches the patterns."""
    compiled = [(not text.startswith("!"), _compile(text.removeprefix("!"))) for text in patterns]
    compiled.reverse()

    def matches(path: str) -> bool:
        return next((keeps for keeps, pattern in compiled if pattern.fullmatch(path)), False)

    return matches


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> re.Pattern[str]:
    only_folders = pattern.endswith("/")
    text = pattern.strip("/").removeprefix("./")
    anchored = pattern.startswith("/") or "/" in pattern.rstrip("/")
    segments = _without_repeats(text.split("/"))
    open_end = segments[-1] == "**"
    below = r"/.+" if only_folders else r"(?:/.+)?"
    expression = _expression(segments if anchored else ["**", *segments])
    return re.compile(expression if open_end else expression + below, re.DOTALL)


def _without_repeats(segments: list[str]) -> list[str]:
    return [
        segment
        for index, segment in enumerate(segments)
        if not (segment == "**" and index and segments[index - 1] == "**")
    ]


def _expression(segments: list[str]) -> str:
    *folders, last = segments
    above = [r"(?:[^/]+/)*" if name == "**" else _segment(name) + "/" for name in folders]
    return "".join(above) + (r".+" if last == "**" else _segment(last))


_TOKEN = re.compile(
    r"\\(?P<escaped>.)|\[(?P<not>[!^]?)(?P<set>\]?[^\]/]*)\]|(?P<star>\*+)|(?P<one>\?)"
)


def _segment(text: str) -> str:
    parts: list[str] = []
    position = 0
    for token in _TOKEN.finditer(text):
        parts.append(re.escape(text[position : token.start()]))
        parts.append(_token(token))
        position = token.end()
    parts.append(re.escape(text[position:]))
    return "".join(parts)


def _token(token: re.Match[str]) -> str:
    if token["escaped"]:
        return re.escape(token["escaped"])
    if token["star"]:
        return "[^/]*"
    if token["one"]:
        return "[^/]"
    return _set(token["set"], negated=bool(token["not"]))


def _set(characters: str, *, negated: bool) -> str:
    body = re.sub(r"([\\\[\]^&~|])", r"\\\1", characters)
    expression = f"[^/{body}]" if negated else f"(?!/)[{body}]"
    try:
        re.compile(expression)
    except re.error:
        return re.escape(f"[{'!' if negated else ''}{characters}]")
    return expression
