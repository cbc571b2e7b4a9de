"""A rule's METADATA, read as OPA reads it, and checked more strictly.

OPA's reading (v1/ast/parser.go, `parseAnnotations`): a comment in column 1 that begins with
METADATA opens a block, the comments in column 1 of the rows directly below belong to it, one
space is stripped from each, and the whole is YAML 1.2 (`yes` and `on` are text, a key may not come
twice). Dates are text as they are written; OPA spells them out as times. OPA drops unknown keys
without a word; here they are errors.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn, get_args

from gate.decision.rego.scan import Comment, Scan
from gate.errors import PolicyError, did_you_mean
from gate.model import times
from gate.model.config import EVIDENCE_KINDS, Level

_OPA_KEYS = (
    "scope",
    "title",
    "description",
    "entrypoint",
    "organizations",
    "related_resources",
    "authors",
    "schemas",
    "compile",
    "custom",
    "labels",
)
_CUSTOM_KEYS = (
    "level",
    "remediation",
    "requires",
    "settings",
    "standard",
    "existing",
    "effective_on",
    "runbook",
)
_MAX_DEPTH = 30
_MAX_DIGITS = 400
_MAX_LENGTH = 16 * 1024
_MAX_BRACKETS = 400
_INTEGER = re.compile(r"[-+]?(?:0[bB][01]+|0[oO]?[0-7]+|0[xX][0-9a-fA-F]+|[1-9][0-9]*|0)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, Any] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


@dataclass(frozen=True, slots=True)
class Block:
    """One METADATA block: the row that opens it, and its YAML."""

    row: int
    text: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a rule says about itself; the fields are those of `gate.model.policy.Rule`."""

    title: str
    description: str
    remediation: str
    level: Level = "deny"
    requires: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    standard: str | None = None
    existing: str = "judge"
    effective_on: str | None = None
    runbook: str | None = None


def blocks(comments: tuple[Comment, ...]) -> Iterator[Block]:
    """All METADATA blocks of a module, whatever their scope."""
    lines: list[str] | None = None
    opened = last = 0
    for comment in comments:
        opens = comment.first and comment.text.strip().startswith("METADATA")
        if lines is not None and (opens or not comment.first or comment.row != last + 1):
            yield Block(opened, "\n".join([*lines, ""]))
            lines = None
        if opens:
            lines, opened = [], comment.row
        elif lines is not None:
            lines.append(comment.text.removeprefix(" "))
        last = comment.row
    if lines is not None:
        yield Block(opened, "\n".join([*lines, ""]))


def read(path: str, scanned: Scan) -> Metadata:
    """The metadata of the rule in a module. Raises PolicyError with path and line."""
    return _Reader(path, _block(path, scanned)).metadata()


def problems(path: str, scanned: Scan) -> list[PolicyError]:
    """All that is wrong with the metadata of the rule in a module; `read` raises the first."""
    try:
        reader = _Reader(path, _block(path, scanned))
    except PolicyError as error:
        return [error]
    return reader.problems()


def unknown_keys(path: str, block: Block) -> list[PolicyError]:
    """The keys of any block that OPA drops without a word, or why it is no YAML."""
    try:
        reader = _Reader(path, block)
    except PolicyError as error:
        return [error]
    return reader.unknown_keys()


def row(path: str, scanned: Scan, *keys: str) -> int:
    """The row in which a key of the rule's metadata stands; that of its block where there is no
    such key, and of the package where there is no block."""
    try:
        block = _block(path, scanned)
        return _Reader(path, block).lines.get(keys, block.row)
    except PolicyError:
        return scanned.package_row


def _block(path: str, scanned: Scan) -> Block:
    found = [block for block in blocks(scanned.comments) if block.row < scanned.package_row]
    if not found:
        raise PolicyError(
            "The rule has no METADATA block above its package.",
            advice="Write `# METADATA` in column 1 above `package`, with title, description and, "
            "under custom, remediation.",
            path=path,
            line=scanned.package_row,
        )
    if len(found) > 1:
        raise PolicyError(
            "The package has more than one METADATA block.", path=path, line=found[1].row
        )
    return found[0]


def values(path: str, block: Block) -> Mapping[str, Any]:
    """All that a block holds, unchecked but for its YAML. Raises PolicyError."""
    return _Reader(path, block).top


class _Reader:
    """Checks the keys of one block; it knows the line of each."""

    def __init__(self, path: str, block: Block) -> None:
        self.path = path
        self.row = block.row
        self.lines: dict[tuple[str, ...], int] = {}
        self.top = self._load(block)

    def metadata(self) -> Metadata:
        for check in self._keys(self._mapping(self.top, "custom", ())):
            check()
        fields = self._fields(self._mapping(self.top, "custom", ()))
        return Metadata(**{name: read() for name, read in fields.items()})

    def problems(self) -> list[PolicyError]:
        custom = self.top.get("custom", {})
        mapping = custom if isinstance(custom, dict) else {}
        checks: list[Callable[[], object]] = [
            partial(self._mapping, self.top, "custom", ()),
            *self._keys(mapping),
            *self._fields(mapping).values(),
        ]
        return [error for check in checks for error in _raised(check)]

    def unknown_keys(self) -> list[PolicyError]:
        checks = [partial(self._only, {key: None}, _OPA_KEYS, ()) for key in self.top]
        return [error for check in checks for error in _raised(check)]

    def _keys(self, custom: Mapping[str, Any]) -> list[Callable[[], object]]:
        """What each key is checked for, whatever it holds."""
        return [
            *(partial(self._only, {key: None}, _OPA_KEYS, ()) for key in self.top),
            *(partial(self._only, {key: None}, _CUSTOM_KEYS, ("custom",)) for key in custom),
            self._package_scope,
        ]

    def _package_scope(self) -> None:
        scope = self.top.get("scope", "package")
        if scope != "package":
            self._fail(f"the scope of a rule's METADATA is package, not {scope!r}.", "scope")

    def _fields(self, custom: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
        """How each field of `Metadata` is read."""
        levels, existing = get_args(Level), ("judge", "never")
        return {
            "title": partial(self._required, self.top, "title", ()),
            "description": partial(self._required, self.top, "description", ()),
            "remediation": partial(self._required, custom, "remediation", ("custom",)),
            "level": partial(self._one_of, custom, "level", levels),
            "requires": partial(self._kinds, custom, "requires"),
            "settings": partial(self._mapping, custom, "settings", ("custom",)),
            "standard": partial(self._optional, custom, "standard"),
            "existing": partial(self._one_of, custom, "existing", existing),
            "effective_on": partial(self._date, custom, "effective_on"),
            "runbook": partial(self._optional, custom, "runbook"),
        }

    def _fail(self, message: str, *keys: str) -> NoReturn:
        while keys and keys not in self.lines:
            keys = keys[:-1]
        raise PolicyError(
            f"METADATA: {message}", path=self.path, line=self.lines.get(keys, self.row)
        )

    def _only(self, values: Mapping[str, Any], known: tuple[str, ...], at: tuple[str, ...]) -> None:
        for key in values:
            if key in known:
                continue
            hint = did_you_mean(key, known)
            if not at and key in _CUSTOM_KEYS:
                hint = "; it belongs under `custom`."
            if at and key in _OPA_KEYS:
                hint = "; it belongs beside `custom`, not under it."
            self._fail(f"unknown key `{key}`{hint}", *at, key)

    def _required(self, values: Mapping[str, Any], key: str, at: tuple[str, ...]) -> str:
        value = values.get(key)
        name = ".".join((*at, key))
        if value is None:
            self._fail(f"`{name}` is missing.", *at)
        if not isinstance(value, str) or not value.strip():
            self._fail(f"`{name}` must be text.", *at, key)
        return value.strip()

    def _optional(self, values: Mapping[str, Any], key: str) -> str | None:
        return self._required(values, key, ("custom",)) if key in values else None

    def _one_of(self, values: Mapping[str, Any], key: str, allowed: tuple[str, ...]) -> str:
        value = values.get(key, allowed[0])
        if value not in allowed:
            hint = did_you_mean(str(value), allowed)
            self._fail(f"`custom.{key}` must be one of {', '.join(allowed)}{hint}", "custom", key)
        return str(value)

    def _kinds(self, values: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._fail(f"`custom.{key}` must be a list of words.", "custom", key)
        for item in value:
            if item not in EVIDENCE_KINDS:
                self._fail(
                    f"`custom.{key}` names `{item}`, which is no kind of evidence"
                    f"{did_you_mean(item, EVIDENCE_KINDS)}",
                    "custom",
                    key,
                )
        return tuple(dict.fromkeys(value))

    def _date(self, values: Mapping[str, Any], key: str) -> str | None:
        value = self._optional(values, key)
        if value is not None and times.day(value) is None:
            self._fail(f"`custom.{key}` must be a date like 2026-11-22.", "custom", key)
        return value

    def _mapping(self, values: Mapping[str, Any], key: str, at: tuple[str, ...]) -> dict[str, Any]:
        value = values.get(key, {})
        if not isinstance(value, dict):
            self._fail(f"`{'.'.join((*at, key))}` must be a mapping.", *at, key)
        return value

    def _load(self, block: Block) -> dict[str, Any]:
        import yaml

        if not block.text.strip():
            self._fail("the block is empty.")
        # libyaml takes time that grows with the square of open brackets.
        if len(block.text) > _MAX_LENGTH or sum(map(block.text.count, "[{")) > _MAX_BRACKETS:
            self._fail("the block is too large.")
        loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
        try:
            events = iter(list(yaml.parse(block.text, Loader=loader)))
        except yaml.YAMLError as error:
            mark: Any = getattr(error, "problem_mark", None)
            if getattr(error, "context", None) == "while scanning a simple key":
                mark = getattr(error, "context_mark", mark)
            raise PolicyError(
                f"METADATA is not YAML: {getattr(error, 'problem', None) or error}.",
                advice="A plain comment directly below the block belongs to it: "
                "leave an empty row between.",
                path=self.path,
                line=self.row + 1 + mark.line if mark else self.row,
            ) from error
        next(events)
        if isinstance(next(events), yaml.StreamEndEvent):
            self._fail("the block is empty.")
        value = self._value(events, next(events), ())
        next(events)
        if not isinstance(next(events), yaml.StreamEndEvent):
            self._fail("it holds more than one YAML document.")
        if not isinstance(value, dict):
            self._fail("it must be a mapping.")
        return value

    def _value(self, events: Iterator[Any], event: Any, at: tuple[str, ...]) -> Any:
        import yaml

        self.lines.setdefault(at, self._line(event))
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._fail("anchors and aliases are not read; write the value out.", *at)
        if len(at) > _MAX_DEPTH:
            self._fail("it is nested too deeply.", *at)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, at)
        if event.tag not in (None, "!"):
            self._fail(f"the tag {event.tag} is not read.", *at)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, at)
        return self._pairs(events, at)

    def _line(self, event: Any) -> int:
        line: int = self.row + 1 + event.start_mark.line
        return line

    def _sequence(self, events: Iterator[Any], at: tuple[str, ...]) -> list[Any]:
        import yaml

        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._value(events, event, (*at, str(len(items)))))
        return items

    def _pairs(self, events: Iterator[Any], at: tuple[str, ...]) -> dict[str, Any]:
        import yaml

        pairs: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._fail("a key must be text.", *at)
            key = self._scalar(event, at) if len(at) > 1 else event.value
            self.lines[*at, str(key)] = self._line(event)
            if not isinstance(key, str) or (key == "<<" and not event.style):
                self._fail(f"the key `{event.value}` is not text.", *at, str(key))
            if key in pairs:
                self._fail(f"the key `{key}` comes twice.", *at, key)
            pairs[key] = self._value(events, next(events), (*at, key))
        return pairs

    def _scalar(self, event: Any, at: tuple[str, ...]) -> Any:
        text: str = event.value
        if event.tag in ("!", "tag:yaml.org,2002:str"):
            return text
        if event.tag is not None:
            self._fail(f"the tag {event.tag} is not read.", *at)
        if event.style:
            return text
        if NOT_FINITE.fullmatch(text):
            self._fail(f"`{text}` is no number that JSON knows.", *at)
        return plain_value(text)


def _raised(check: Callable[[], object]) -> list[PolicyError]:
    try:
        check()
    except PolicyError as error:
        return [error]
    return []


def plain_value(text: str) -> Any:
    """What an unquoted YAML scalar means to OPA (go.yaml.in/yaml/v3, `resolve`, decoded to any):
    null, true and false, integers in Go's notations, floats; anything else is text."""
    if text in _WORDS:
        return _WORDS[text]
    if not text or text[0] not in "+-.0123456789" or times.day(text):
        return text
    digits = text.replace("_", "") if text[0] != "." else text
    if len(digits) > _MAX_DIGITS:
        return text
    if _INTEGER.fullmatch(digits):
        return _integer(digits)
    if _FLOAT.fullmatch(digits):
        number = float(digits)
        return text if math.isinf(number) else number
    return text


def _integer(digits: str) -> int | float:
    sign = -1 if digits[0] == "-" else 1
    body = digits.lstrip("+-").lower()
    base = {"0b": 2, "0o": 8, "0x": 16}.get(body[:2], 8 if body[0] == "0" else 10)
    number = sign * int(body[2:] if base != 10 and body[1:2].isalpha() else body, base)
    return number if -(2**63) <= number < 2**64 else float(number)
