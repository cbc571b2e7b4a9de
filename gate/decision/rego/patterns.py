"""Patterns of OPA (Go's regular expressions, globs) for engines that read them otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from gate.errors import PolicyError

_CLASSES = {
    "d": "[0-9]",
    "D": "[^0-9]",
    "w": "[0-9A-Za-z_]",
    "W": "[^0-9A-Za-z_]",
    "s": r"[\t\n\x0c\r ]",
    "S": r"[^\t\n\x0c\r ]",
    "b": r"(?-u:\b)",
}
"""Rust reads these over all of Unicode, Go over ASCII."""
_WITHIN = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\x0c\r "}
_CONTROLS = {"a": r"\x07", "f": r"\x0c", "t": r"\t", "n": r"\n", "r": r"\r", "v": r"\x0b"}
_REPEAT = re.compile(r"\{(\d+)(,(\d*))?\}")
_GROUP = re.compile(
    r"\(\?(?:P?<[A-Za-z_]\w*>|[ims]*(?:-[ims]+)?:|(?P<flags>[ims]+(?:-[ims]+)?)\))", re.ASCII
)
_MOST = 1000
"""Go repeats no more often."""


def regex(pattern: Any) -> str:
    """A pattern of Go as Rust reads it. Raises PolicyError for one that has no equal form."""
    if not isinstance(pattern, str):
        raise PolicyError("operand 1 must be string")
    out = []
    place, repeated = 0, True
    while place < len(pattern):
        char = pattern[place]
        if char in "*+?" or _REPEAT.match(pattern, place):
            if repeated:
                raise _odd(pattern)
            text = _repetition(pattern, place)
            repeated = True
        elif char == "\\":
            text, shown = _escape(pattern, place, _CLASSES)
            out.append(shown)
            place += len(text)
            repeated = False
            continue
        elif char == "[":
            text, shown = _class(pattern, place)
            out.append(shown)
            place += len(text)
            repeated = False
            continue
        elif char == "(":
            text = _opening(pattern, place)
            repeated = True
        else:
            text = char
            repeated = char in "|^"
            if char in "{}]":
                out.append("\\" + char)
                place += 1
                continue
        out.append(text)
        place += len(text)
    return "".join(out)


def _odd(pattern: str) -> PolicyError:
    return PolicyError(f"the embedded engine does not read the pattern `{pattern[:80]}`")


def _repetition(pattern: str, place: int) -> str:
    found = _REPEAT.match(pattern, place)
    text = pattern[place] if found is None else found[0]
    if found and any(int(each) > _MOST for each in (found[1], found[3]) if each):
        raise _odd(pattern)
    return text + "?" if pattern[place + len(text) :].startswith("?") else text


def _opening(pattern: str, place: int) -> str:
    if not pattern.startswith("(?", place):
        return "("
    found = _GROUP.match(pattern, place)
    if found is None:
        raise _odd(pattern)
    return found[0]


def _escape(pattern: str, place: int, classes: dict[str, str]) -> tuple[str, str]:
    """An escape, and how it is written."""
    char = pattern[place + 1 : place + 2]
    text = pattern[place : place + 2]
    if char in classes and char:
        return text, classes[char]
    if char in _CONTROLS and char:
        return text, _CONTROLS[char]
    if char == "x" and re.match(r"[0-9A-Fa-f]{2}", pattern[place + 2 :]):
        return pattern[place : place + 4], pattern[place : place + 4]
    if char in ("A", "z") and classes is _CLASSES:
        return text, text
    if char and char.isascii() and not char.isalnum() and char.isprintable():
        return text, f"\\x{ord(char):02x}"
    raise _odd(pattern)


def _class(pattern: str, place: int) -> tuple[str, str]:
    """A class in brackets, and how it is written."""
    here = place + 1
    out = ["["]
    if pattern.startswith("^", here):
        out.append("^")
        here += 1
    first = here
    while here < len(pattern) and (pattern[here] != "]" or here == first):
        char = pattern[here]
        named = re.compile(r"\[:\^?[a-z]+:\]").match(pattern, here)
        if named:
            out.append(named[0])
            here += len(named[0])
            continue
        if char == "\\":
            text, shown = _escape(pattern, here, _WITHIN)
            out.append(shown)
            here += len(text)
            continue
        out.append(char if char == "-" or char.isalnum() or not char.isascii() else _hex(char))
        here += 1
    if here >= len(pattern) or "--" in pattern[first:here]:
        raise _odd(pattern)
    out.append("]")
    return pattern[place : here + 1], "".join(out)


def _hex(char: str) -> str:
    return f"\\x{ord(char):02x}"


def regex_all(pattern: Any) -> str:
    """The same for all places of a text: a pattern that matches the empty text is refused, since
    engines go on from there in different ways."""
    made = regex(pattern)
    bare = _ASSERTION.sub(lambda match: match[1] or "(?:)", made.replace("(?<", "(?P<"))
    try:
        empty = re.compile(bare).search("")
    except (re.error, RecursionError, OverflowError) as error:
        raise _odd(pattern) from error
    if empty:
        raise _odd(pattern)
    return made


_ASSERTION = re.compile(r"(\\x[0-9a-f]{2}|\\[^Az]|\[\^[^\]]*\]?)|\\A|\\z|\(\?-u:\\b\)|[\^$]")
"""What takes no character; the first group is what only looks like it."""


def replacement(text: Any) -> Any:
    """What `regex.replace` puts in: `$1` and `${name}` only."""
    if isinstance(text, str) and re.search(r"\$(?!\d+(?![\w])|\{\w+\}|\$)", text):
        raise PolicyError(f"the embedded engine does not read the replacement `{text[:80]}`")
    return text


READS: Mapping[str, Mapping[int, Callable[[Any], Any]]] = {
    "re_match": {0: regex},
    "regex.find_all_string_submatch_n": {0: regex_all},
    "regex.find_n": {0: regex_all},
    "regex.match": {0: regex},
    "regex.replace": {1: regex_all, 2: replacement},
    "regex.split": {0: regex_all},
}
"""What reads the arguments of builtins that are patterns, by their places."""


def glob_quoted(text: Any) -> str:
    """`glob.quote_meta`."""
    if not isinstance(text, str):
        raise PolicyError("operand 1 must be string")
    return re.sub(r"([*?\\\[\]{}])", r"\\\1", text)


def glob_match(pattern: Any, delimiters: Any, text: Any) -> bool:
    """`glob.match`: `*` and `?` stop at a delimiter, `**` does not; `[a-c]`, `[!abc]`, `{a,b}`."""
    if not isinstance(pattern, str) or not isinstance(text, str):
        raise PolicyError("operand must be string")
    return _glob(pattern, _delimiters(delimiters)).fullmatch(text) is not None


def _delimiters(given: Any) -> str:
    if given is None:
        return ""
    if not isinstance(given, list) or not all(isinstance(x, str) and len(x) == 1 for x in given):
        raise PolicyError("operand 2 must be an array of single characters, or null")
    return "".join(given) or "."


def _glob(pattern: str, delimiters: str) -> re.Pattern[str]:
    other = f"[^{re.escape(delimiters)}]" if delimiters else "."
    out = []
    place, depth = 0, 0
    while place < len(pattern):
        text, shown = _glob_part(pattern, place, other, depth)
        depth += (text == "{") - (shown == ")")
        out.append(shown)
        place += len(text)
    if depth or "***" in pattern:
        raise _odd(pattern)
    return re.compile("".join(out), re.DOTALL)


def _glob_part(pattern: str, place: int, other: str, depth: int) -> tuple[str, str]:
    """The next part of a glob, and its regular expression."""
    char = pattern[place]
    if pattern.startswith("**", place):
        return "**", ".*"
    if char == "[":
        return _glob_class(pattern, place)
    if char == "\\":
        return pattern[place : place + 2], re.escape(pattern[place + 1 : place + 2])
    within = {"}": ")", ",": "|"} if depth else {}
    shown = {"*": f"{other}*", "?": other, "{": "(?:", **within}.get(char)
    return char, re.escape(char) if shown is None else shown


def _glob_class(pattern: str, place: int) -> tuple[str, str]:
    found = re.compile(r"\[(!?)(?:([^\\\]])-([^\\\]])|([^\\\]!][^\\\]-]*))\]").match(pattern, place)
    if found is None:
        raise _odd(pattern)
    inner = f"{re.escape(found[2])}-{re.escape(found[3])}" if found[2] else re.escape(found[4])
    if found[2] and found[3] < found[2]:
        raise _odd(pattern)
    return found[0], f"[{'^' if found[1] else ''}{inner}]"
