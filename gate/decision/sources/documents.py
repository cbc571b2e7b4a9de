"""Data files (`data.json`, `data.yaml`) as OPA reads them, into values that are plain JSON.

The source is OPA 1.22 (`internal/yaml`, over go.yaml.in/yaml/v3). What two readers might take for
different values is refused: repeated keys, aliases, tags, several documents, numbers beyond a
float, halves of surrogate pairs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gate.decision.rego.metadata import NOT_FINITE, plain_value
from gate.errors import PolicyError

MAX_DEPTH = 100
_TEXT_TAGS = ("!", "tag:yaml.org,2002:str")
_ADVICE = "Mend the data file."
_MAX_EXACT = 2**53
_MIN_INTEGER, _MAX_INTEGER = -(2**63), 2**64 - 1
_LONGEST_INTEGER = len("-18446744073709551616")
"""Whatever begins with so many digits is too large."""


def document(path: str, data: bytes) -> Any:
    """The value of a data file; its name says whether it is YAML. Raises PolicyError."""
    try:
        text = data.decode("utf-8")
        value = _of_json(text) if path.endswith(".json") else _of_yaml(text, path)
        if too_deep(value):
            raise _refused(f"it is nested deeper than {MAX_DEPTH} levels", path)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        raise _refused("it is not UTF-8", path) from error
    except json.JSONDecodeError as error:
        raise _refused(f"it is no JSON ({error.msg})", path, error.lineno) from error
    except ValueError as error:
        raise _refused(f"it holds {error}", path) from error
    except RecursionError as error:
        raise _refused(f"it is nested deeper than {MAX_DEPTH} levels", path) from error
    return value


def merged(found: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Several documents as one. Raises ValueError with the place below `data` of which two say
    something, where they are not both objects."""
    total: dict[str, Any] = {}
    for each in found:
        _merge(total, each, ())
    return total


def _merge(into: dict[str, Any], other: Mapping[str, Any], at: tuple[str, ...]) -> None:
    for key, value in other.items():
        if key not in into:
            into[key] = merged([value]) if isinstance(value, Mapping) else value
        elif isinstance(into[key], dict) and isinstance(value, Mapping):
            _merge(into[key], value, (*at, key))
        else:
            raise ValueError(".".join(("data", *at, key)))


def _of_json(text: str) -> Any:
    return json.loads(
        text,
        object_pairs_hook=_object,
        parse_int=lambda digits: _number(int(digits[:_LONGEST_INTEGER])),
        parse_float=lambda digits: _number(float(digits)),
        parse_constant=_no_number,
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object with a key twice")
    return found


def _number(value: float) -> int | float:
    """`3.0` and `3` are one value to OPA, and must be to every engine. Raises ValueError for a
    number that the engines do not hold alike."""
    if isinstance(value, int):
        exact = _MIN_INTEGER <= value <= _MAX_INTEGER
    else:
        exact = abs(value) <= _MAX_EXACT
    if not exact:
        raise ValueError("a number that is too large to be exact")
    return int(value) if value == int(value) else value


def _no_number(name: str) -> float:
    raise ValueError(f"{name}, which is no number of JSON")


def too_deep(value: Any) -> bool:
    """Whether lists and objects are nested deeper than MAX_DEPTH."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def _of_yaml(text: str, path: str) -> Any:
    import yaml

    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    events: Iterator[Any] = yaml.parse(text.removeprefix("\ufeff"), Loader=loader)
    try:
        next(events)
        if isinstance(next(events), yaml.StreamEndEvent):
            return None
        value = _value(events, next(events), path, 0)
        next(events)
        if not isinstance(next(events), yaml.StreamEndEvent):
            raise _refused("it holds more than one YAML document", path)
    except yaml.YAMLError as error:
        mark: Any = getattr(error, "problem_mark", None)
        reason = f"it is no YAML ({getattr(error, 'problem', None) or error})"
        raise _refused(reason, path, mark.line + 1 if mark else None) from error
    return value


def _value(events: Iterator[Any], event: Any, path: str, depth: int) -> Any:
    import yaml

    line = event.start_mark.line + 1
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise _refused("anchors and aliases are not read", path, line)
    if depth > MAX_DEPTH:
        raise _refused(f"it is nested deeper than {MAX_DEPTH} levels", path, line)
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event, path)
    if event.tag not in (None, "!"):
        raise _refused(f"the tag {event.tag} is not read", path, line)
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_value(events, event, path, depth + 1))
        return items
    pairs: dict[str, Any] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _key(event, path)
        if key in pairs:
            raise _refused(f"the key `{key}` stands twice", path, event.start_mark.line + 1)
        pairs[key] = _value(events, next(events), path, depth + 1)
    return pairs


def _key(event: Any, path: str) -> str:
    import yaml

    line = event.start_mark.line + 1
    if not isinstance(event, yaml.ScalarEvent) or event.anchor is not None:
        raise _refused("a key is no plain text", path, line)
    value = _scalar(event, path)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str) or (value == "<<" and not event.style):
        raise _refused(f"the key `{event.value}` is no text", path, line)
    return value


def _scalar(event: Any, path: str) -> Any:
    text: str = event.value
    if event.tag in _TEXT_TAGS:
        return text
    line = event.start_mark.line + 1
    if event.tag is not None:
        raise _refused(f"the tag {event.tag} is not read", path, line)
    if event.style:
        return text
    if NOT_FINITE.fullmatch(text):
        raise _refused(f"`{text}` is no number of JSON", path, line)
    value = plain_value(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        return _number(value)
    except ValueError as error:
        raise _refused(f"it holds {error}", path, line) from error


def _refused(why: str, path: str, line: int | None = None) -> PolicyError:
    return PolicyError(
        f"The data file cannot be read: {why}.", advice=_ADVICE, path=path, line=line
    )
