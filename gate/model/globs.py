"""Path patterns as people know them from `.gitignore`.

`*` and `?` stay within a folder, `**` crosses folders, `[...]` is a set. A pattern without `/`
(but at its end) matches at any depth, any other from the root. What matches a folder matches all
below it. `!` takes matches back; the last pattern that matches decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

Matcher = Callable[[str], bool]
_ANY = "**"


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The names that a path must go through, None for `**`. What they lead to matches if `itself`;
    what is below it always does."""

    steps: Sequence[re.Pattern[str] | None]
    itself: bool


def matcher(patterns: Iterable[str]) -> Matcher:
    """A function that tells whether a path matches the patterns. Its time grows with the length
    of a pattern times that of the path, whatever the pattern: it may be the change's own."""
    compiled = [(not text.startswith("!"), _compile(text.removeprefix("!"))) for text in patterns]
    compiled.reverse()

    def matches(path: str) -> bool:
        parts = path.split("/")
        return next((keeps for keeps, pattern in compiled if _fits(pattern, parts)), False)

    return matches


def _fits(pattern: _Pattern, parts: Sequence[str]) -> bool:
    """Follows all ways at once: which steps may come next after each part of the path."""
    last = len(pattern.steps)
    waiting = _ahead(pattern, {0})
    for index, part in enumerate(parts):
        if not waiting:
            return False
        reached = {
            step if pattern.steps[step] is None else step + 1
            for step in waiting
            if step < last and _takes(pattern.steps[step], part)
        }
        waiting = _ahead(pattern, reached)
        if last in waiting and (pattern.itself or index < len(parts) - 1):
            return True
    return False


def _ahead(pattern: _Pattern, steps: set[int]) -> set[int]:
    """With the steps that follow a `**`, which may stand for nothing."""
    found = set(steps)
    for step in sorted(steps):
        following = step
        while following < len(pattern.steps) and pattern.steps[following] is None:
            following += 1
            found.add(following)
    return found


def _takes(step: re.Pattern[str] | None, part: str) -> bool:
    return bool(part) if step is None else step.fullmatch(part) is not None


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> _Pattern:
    only_folders = pattern.endswith("/")
    text = pattern.strip("/").removeprefix("./")
    anchored = pattern.startswith("/") or "/" in pattern.rstrip("/")
    names = _without_repeats(text.split("/"))
    if names == [_ANY]:
        names = [_ANY, "*"]
    steps = [None if name == _ANY else re.compile(_segment(name), re.DOTALL) for name in names]
    if names[-1] == _ANY:
        return _Pattern(steps[:-1], itself=False)
    return _Pattern(steps if anchored else [None, *steps], itself=not only_folders)


def _without_repeats(segments: list[str]) -> list[str]:
    return [
        segment
        for index, segment in enumerate(segments)
        if not (segment == _ANY and index and segments[index - 1] == _ANY)
    ]


_TOKEN = re.compile(
    r"\\(?P<escaped>.)|\[(?P<not>[!^]?)(?P<set>\]?[^\]/]*)\]|(?P<star>\*+)|(?P<one>\?)"
)


def _segment(text: str) -> str:
    """A part of a path. Between two stars the first fit is as good as any other, so it is kept
    (an atomic group): no pattern makes the search go back over and over."""
    pieces = [""]
    position = 0
    for token in _TOKEN.finditer(text):
        pieces[-1] += re.escape(text[position : token.start()])
        position = token.end()
        if token["star"]:
            pieces.append("")
        else:
            pieces[-1] += _token(token)
    pieces[-1] += re.escape(text[position:])
    first, *middle = pieces
    if not middle:
        return first
    *inner, last = middle
    return first + "".join(f"(?>.*?{piece})" for piece in inner if piece) + ".*" + last


def _token(token: re.Match[str]) -> str:
    if token["escaped"]:
        return re.escape(token["escaped"])
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
