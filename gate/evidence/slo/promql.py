"""Reads PromQL as far as its words go: enough to put matchers, ranges and brackets into a query of
somebody else's, and to find what speaks where nothing was measured.

It is no parser: the server is the one who says whether a query is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

MAX_LENGTH = 20_000

_WORD = re.compile(
    r"""(?P<blank>\s+|\#[^\n]*)
    | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
    | (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
    | (?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+(?:ms|[smhdwy]))+
        |(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<braces>\{(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|[^{}"'`])*\})
    | (?P<range>\[[^\[\]"'`{}()]*\])
    | (?P<sign>=~|!~|==|!=|<=|>=|[-+*/%^<>=@,()]|\$[a-z]+)""",
    re.VERBOSE | re.DOTALL,
)
_LISTS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_WORDS = frozenset({"and", "or", "unless", "atan2", "bool", "offset", "inf", "nan"}) | _LISTS
_SUMS = frozenset({"sum", "max", "min", "avg"})
_PLAIN = _SUMS | frozenset({"(", ")", "+", "-", "by", "without"})
_AGGREGATIONS = _SUMS | frozenset(
    {"count", "group", "stddev", "stdvar", "topk", "bottomk", "count_values", "quantile"}
)
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}


class UnclearError(Exception):
    """The text is no PromQL that can be worked on; the message is a clause that says why."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a query. `kind` as in `_WORD`; a selector is one word, its matchers included."""

    kind: str
    text: str


def cleaned(query: str, matchers: str | None = None) -> str:
    """The query without comments, whole in its brackets, and with `matchers` (`a="b",c="d"`) added
    to all its selectors. Raises UnclearError."""
    words = _words(query)
    if matchers:
        words = [
            _Word("selector", _with(each.text, matchers)) if each.kind == "selector" else each
            for each in words
        ]
    return _text(words)


def increase(query: str, window: str) -> str | None:
    """How much a counter, or a sum of counters, rose in `window` (what stands in the brackets of
    a range): each series by itself, since a sum does not show which of them began anew. None where
    the query is something else."""
    found = []
    for _, word, after in _around(_words(query)):
        if word.kind == "selector" and after.kind != "range":
            found.append(_Word("selector", f"increase({_ranged(word.text, window)})"))
        elif word.kind in {"blank", "labels"} or word.text in _PLAIN:
            found.append(word)
        else:
            return None
    return _text(found)


def is_ranged(query: str) -> bool:
    """Whether the query looks back over a range, as a rate does."""
    return any(each.kind == "range" for each in _words(query))


def raw_counters(query: str) -> list[str]:
    """The selectors without a range whose names are those of counters."""
    return [
        word.text
        for _, word, after in _around(_words(query))
        if word.kind == "selector"
        and after.kind != "range"
        and re.match(r"[a-zA-Z0-9_:]*_(total|count|bucket)\b", word.text)
    ]


def shortest_range(query: str) -> timedelta | None:
    """The shortest range that the query looks back over; None where there is none."""
    texts = [each.text[1:-1].split(":")[0] for each in _words(query) if each.kind == "range"]
    return min((span for span in map(_span, texts) if span), default=None)


def measured(query: str) -> str:
    """The query without what speaks where nothing was measured: `or vector(0)` and its like, and
    `clamp_min(x, 1)`. It gives nothing where there is nothing."""
    words = _words(query)
    gone: set[int] = set()
    for start, end in _operands(words):
        if _is_made_up(words[start:end]):
            gone |= set(range(start - 1, end))
    for start, comma, end in _clamps(words):
        gone |= {start, *range(comma, end)}
    return _text([each for index, each in enumerate(words) if index not in gone])


def denominator(query: str) -> str | None:
    """What the query is divided by, where its last step is a division; None where it is not."""
    words = _words(query)
    depth, last = 0, None
    for index, word in enumerate(words):
        depth += {"(": 1, ")": -1}.get(word.text, 0)
        if depth == 0 and word.kind == "sign" and word.text not in {"(", ")"}:
            if word.text != "/" or last is not None:
                return None
            last = index
        if depth == 0 and word.kind == "name" and word.text.lower() in _WORDS - {"inf", "nan"}:
            return None
    return None if last is None else _text(words[last + 1 :])


def _words(query: str) -> list[_Word]:
    if len(query) > MAX_LENGTH:
        raise UnclearError(f"it is longer than {MAX_LENGTH} characters")
    found: list[_Word] = []
    position = 0
    while position < len(query):
        match = _WORD.match(query, position)
        if match is None:
            raise UnclearError(f"it cannot be read from {_near(query, position)} on")
        text = " " if match["blank"] is not None else match[0]
        found.append(_Word(str(match.lastgroup), text))
        position = match.end()
    _check_brackets(found)
    found = _with_selectors(found)
    if not any(each.kind != "blank" for each in found):
        raise UnclearError("it is empty")
    return found


def _near(query: str, position: int) -> str:
    return f"`{query[position : position + 20].encode('unicode_escape').decode()}`"


def _check_brackets(words: Sequence[_Word]) -> None:
    depth = 0
    for word in words:
        depth += {"(": 1, ")": -1}.get(word.text, 0)
        if depth < 0:
            break
    if depth:
        raise UnclearError("its brackets do not match")


def _with_selectors(words: Sequence[_Word]) -> list[_Word]:
    """With each name and its matchers as one word, and each list of labels as one."""
    found: list[_Word] = []
    index = 0
    while index < len(words):
        word, after = words[index], _next(words, index)
        follows = words[after] if after < len(words) else _Word("end", "")
        step = index + 1
        if word.kind == "name" and word.text.lower() in _LISTS and follows.text == "(":
            end = next(i for i in range(after, len(words)) if words[i].text == ")") + 1
            found += [word, _Word("blank", " "), _Word("labels", _text(words[after:end]))]
            step = end
        elif word.kind == "braces":
            found.append(_Word("selector", word.text))
        elif word.kind == "name" and _is_metric(word.text, follows):
            if follows.kind == "braces":
                step = after + 1
            found.append(_Word("selector", _text(words[index:step])))
        else:
            found.append(word)
        index = step
    return found


def _is_metric(name: str, follows: _Word) -> bool:
    if follows.text == "(" or name.lower() in _WORDS:
        return False
    return not (name in _AGGREGATIONS and follows.text in {"by", "without"})


def _next(words: Sequence[_Word], index: int) -> int:
    index += 1
    while index < len(words) and words[index].kind == "blank":
        index += 1
    return index


def _around(words: Sequence[_Word]) -> Iterator[tuple[_Word, _Word, _Word]]:
    """Each word with the ones before and after it that are not blank."""
    none = _Word("end", "")
    before = none
    for index, word in enumerate(words):
        after = _next(words, index)
        yield before, word, words[after] if after < len(words) else none
        if word.kind != "blank":
            before = word


def _text(words: Sequence[_Word]) -> str:
    return "".join(each.text for each in words).strip()


def _with(selector: str, matchers: str) -> str:
    if not selector.endswith("}"):
        return f"{selector}{{{matchers}}}"
    inside = selector[:-1].rstrip().rstrip(",")
    return f"{inside}{'' if inside.endswith('{') else ','}{matchers}}}"


def _ranged(selector: str, window: str) -> str:
    return f"({selector})[{window}]" if ":" in window else f"{selector}[{window}]"


def _span(text: str) -> timedelta | None:
    parts = re.findall(r"([0-9]+)(ms|[smhdwy])", text.strip())
    try:
        return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))
    except OverflowError:
        return None


def _operands(words: Sequence[_Word]) -> Iterator[tuple[int, int]]:
    """Where what stands behind each `or` begins and ends."""
    for index, word in enumerate(words):
        if word.kind == "name" and word.text.lower() == "or":
            yield index + 1, _end_of_operand(words, index + 1)


def _end_of_operand(words: Sequence[_Word], start: int) -> int:
    depth = 0
    for index in range(start, len(words)):
        text = words[index].text.lower()
        depth += {"(": 1, ")": -1}.get(text, 0)
        if depth < 0 or (depth == 0 and text in {",", "or"}):
            return index
    return len(words)


def _is_made_up(words: Sequence[_Word]) -> bool:
    """Whether an operand holds nothing that was measured, or makes nothing of it."""
    solid = [each for each in words if each.kind != "blank"]
    if not any(each.kind == "selector" for each in solid):
        return True
    if any(each.text in {"vector", "absent", "absent_over_time"} for each in solid):
        return True
    bare = [each for each in solid if each.text not in {"(", ")"}]
    return any(
        "*" in {one.text, other.text} and (_is_zero(one) or _is_zero(other))
        for one, other in pairwise(bare)
    )


def _is_zero(word: _Word) -> bool:
    return (
        word.kind == "number"
        and re.fullmatch(r"0[xX]0+|0*\.?0*([eE][+-]?[0-9]+)?", word.text) is not None
    )


def _clamps(words: Sequence[_Word]) -> Iterator[tuple[int, int, int]]:
    """Where each `clamp_min` stands, the comma in it, and its last bracket."""
    for index, word in enumerate(words):
        if word.kind != "name" or word.text != "clamp_min":
            continue
        start = _next(words, index)
        end = _end_of_operand(words, start + 1)
        while end < len(words) and words[end].text.lower() == "or":
            end = _end_of_operand(words, end + 1)
        if end < len(words) and words[end].text == ",":
            yield index, end, _end_of_operand(words, end + 1)
