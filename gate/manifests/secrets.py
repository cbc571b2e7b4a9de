"""Secret values made nameless, before anything compares or shows them.

The values of a `Secret` become `<secret:1>`, `<secret:2>` ..., one number for one content,
however it is written, in everything that one redactor is given: that a value changed can be seen,
and that two are equal, but not what they are.
"""

from __future__ import annotations

import base64
import binascii
import json
import operator
import re
from collections.abc import Callable
from typing import Any, Literal

from gate.manifests.documents import split
from gate.manifests.limits import Budget, ReadingError
from gate.manifests.parser import build

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_SOPS_KEYS = {"mac", "lastmodified"}
_QUOTES = "\"'"
_CIPHERTEXT = re.compile(r"ENC\[[A-Z0-9_]+,data:[^\]]*\]")
_NAMES_A_SECRET = re.compile(r"Secret|stringData|data|\\\\")
_SECRET_KINDS = ("Secret", "SecretList")
_FIELDS = ("data", "stringData")
_SHOWN = frozenset({"apiVersion", "kind", "type", "immutable", "$patch"})
_SHOWN_OF_GENERATOR = frozenset(
    {
        *("apiVersion", "kind", "metadata", "name", "namespace", "type", "behavior"),
        *("files", "envs", "env", "options"),
    }
)
_PLAIN_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]*")

Reach = Literal["secret", "maybe", "other"]

_Name = Callable[[bytes], str]


def without_sops(value: Any) -> Any:
    """A document without the block that SOPS adds at its top: its time stamp and checksums change
    with every encryption."""
    if isinstance(value, dict):
        block = value.get("sops")
        if isinstance(block, dict) and not _SOPS_KEYS.isdisjoint(block):
            return {key: inner for key, inner in value.items() if key != "sops"}
    return value


def redactor() -> Callable[[Any], Any]:
    """A function that gives a value without the secrets in it; one for a whole input.

    Numbers go by the order in which contents are first met. The value given is left as it is; what
    holds no secret comes back as the same object. Redacted are, at any depth: all of a `Secret` but
    its type and metadata, the last applied configuration among these; `stringData` of anything;
    literals of kustomize's `secretGenerator`; kustomize patches of a `Secret`. What SOPS has
    encrypted stays.
    """
    numbers: dict[bytes, int] = {}

    def name(content: bytes) -> str:
        return f"<secret:{numbers.setdefault(content, len(numbers) + 1)}>"

    return lambda value: _redact(value, name)


def _redact(value: Any, name: _Name) -> Any:
    if isinstance(value, dict):
        return _redact_mapping(value, name)
    if isinstance(value, list):
        items = [_redact(item, name) for item in value]
        return value if all(map(operator.is_, items, value)) else items
    return value


def _redact_mapping(value: dict[str, Any], name: _Name) -> dict[str, Any]:
    """What is secret by its place first, then what is in the rest."""
    named = {**_secret(value, name), **_generated(value, name), **_patches(value, name)}
    if "stringData" in value and "stringData" not in named:
        named["stringData"] = _values(value["stringData"], _encoded, name)
    result = {
        key: named[key] if key in named else _redact(inner, name) for key, inner in value.items()
    }
    return value if all(map(operator.is_, result.values(), value.values())) else result


def _secret(value: dict[str, Any], name: _Name) -> dict[str, Any]:
    """The entries of a Secret that are not to be shown."""
    if value.get("kind") == "SecretGenerator":
        return dict(_without_literals(value, name))
    if value.get("kind") not in _SECRET_KINDS:
        return {}
    named = {
        key: _values(inner, _decoded if key == "data" else _encoded, name)
        for key, inner in value.items()
        if not _is_shown(key, inner)
    }
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        named["metadata"] = _without_last_applied(metadata, name)
    return named


def _is_shown(key: str, value: Any) -> bool:
    if key == "metadata":
        return isinstance(value, dict)
    return key in _SHOWN and not isinstance(value, dict | list)


def _without_last_applied(metadata: dict[str, Any], name: _Name) -> dict[str, Any]:
    annotations = metadata.get("annotations")
    if not isinstance(annotations, dict) or LAST_APPLIED not in annotations:
        return metadata
    hidden = name(_encoded(annotations[LAST_APPLIED]))
    return {**metadata, "annotations": {**annotations, LAST_APPLIED: hidden}}


def _values(value: Any, read: Callable[[Any], bytes], name: _Name) -> Any:
    if isinstance(value, dict):
        return {key: _values(inner, read, name) for key, inner in value.items()}
    if value is None or (isinstance(value, str) and _CIPHERTEXT.fullmatch(value)):
        return value
    return name(read(value))


def _decoded(value: Any) -> bytes:
    """What base64 stands for; the text itself where it is none."""
    try:
        return base64.b64decode("".join(str(value).split()), validate=True)
    except (binascii.Error, ValueError):
        return _encoded(value)


def _encoded(value: Any) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace")


def _generated(value: dict[str, Any], name: _Name) -> dict[str, Any]:
    """kustomize's secretGenerator, whose `literals` are `key=value`."""
    generators = value.get("secretGenerator")
    if isinstance(generators, dict):
        return {"secretGenerator": _without_literals(generators, name)}
    if not isinstance(generators, list):
        return {}
    return {"secretGenerator": [_without_literals(generator, name) for generator in generators]}


def _without_literals(generator: Any, name: _Name) -> Any:
    if not isinstance(generator, dict):
        return generator
    hidden = {
        key: _literals(inner, name)
        for key, inner in generator.items()
        if key not in _SHOWN_OF_GENERATOR
    }
    return {**generator, **hidden} if hidden else generator


def _literals(value: Any, name: _Name) -> Any:
    if isinstance(value, list):
        return [_literal(literal, name) for literal in value]
    return _values(value, _encoded, name)


def _literal(literal: Any, name: _Name) -> str:
    key, equals, content = literal.partition("=") if isinstance(literal, str) else ("", "", "")
    return f"{key}={name(_encoded(content.strip(_QUOTES)))}" if equals else name(_encoded(literal))


def reach(patch: Any) -> Reach:
    """Whether a patch that a kustomization lists may change a Secret, by its `target`. The kind of
    a target is a regular expression, and what names none is found by name or label."""
    target = patch.get("target") if isinstance(patch, dict) else None
    kind = target.get("kind") if isinstance(target, dict) else None
    if kind == "Secret":
        return "secret"
    return "other" if isinstance(kind, str) and _PLAIN_KIND.fullmatch(kind) else "maybe"


def where_secret(value: Any, redact: Callable[[Any], Any]) -> Any:
    """A patch that may be one of a Secret, without the values that only a Secret, or a ConfigMap,
    has."""
    if isinstance(value, list):
        return [_step(step, redact) for step in value]
    if isinstance(value, dict):
        return _fields(value, redact)
    return value


def as_secret(value: Any, redact: Callable[[Any], Any]) -> Any:
    """A patch of a Secret, or an object that is one under another kind, without its values."""
    if isinstance(value, list):
        return [_without_value(step, redact) for step in value]
    if not isinstance(value, dict):
        return _hidden("stringData", value, redact)
    kind = {"kind": value["kind"]} if "kind" in value else {}
    hidden = redact({**value, "kind": "Secret"})
    return {**{key: hidden[key] for key in value}, **kind}


def _fields(value: dict[str, Any], redact: Callable[[Any], Any]) -> dict[str, Any]:
    return {
        key: _hidden(key, inner, redact) if key in _FIELDS else redact(inner)
        for key, inner in value.items()
    }


def _step(step: Any, redact: Callable[[Any], Any]) -> Any:
    """An operation of a JSON patch (RFC 6902)."""
    path = step.get("path") if isinstance(step, dict) else None
    if not isinstance(path, str):
        return redact(step)
    keys = [key for key in path.split("/") if key]
    if keys and keys[0] in _FIELDS:
        return _without_value(step, redact, keys[0])
    if not keys and isinstance(step.get("value"), dict):
        return {**step, "value": _fields(step["value"], redact)}
    return redact(step)


def _without_value(step: Any, redact: Callable[[Any], Any], field: str = "stringData") -> Any:
    if not isinstance(step, dict) or "value" not in step:
        return step
    return {**step, "value": _hidden(field, step["value"], redact)}


def without_content(value: Any, redact: Callable[[Any], Any]) -> Any:
    """A whole value without its content; of a mapping the keys of the top stay."""
    return _hidden("stringData", value, redact)


def _hidden(field: str, value: Any, redact: Callable[[Any], Any]) -> Any:
    return redact({"kind": "Secret", field: value})[field]


def _patches(value: dict[str, Any], name: _Name) -> dict[str, Any]:
    """Inline kustomize patches and generators of a Secret: text in `patch`, or in a list."""
    named: dict[str, Any] = {}
    patch = value.get("patch")
    if isinstance(patch, str):
        reached = reach(value)
        if reached == "secret" or _holds_secret(patch, reached):
            named["patch"] = name(_encoded(patch))
    for key in ("patchesStrategicMerge", "generators"):
        if isinstance(texts := value.get(key), list):
            named[key] = [
                name(_encoded(text))
                if isinstance(text, str) and _holds_secret(text, "other")
                else text
                for text in texts
            ]
    return named


def _holds_secret(text: str, reached: Reach) -> bool:
    """Whether a text says, once it is read, what is not to be shown."""
    if not _NAMES_A_SECRET.search(text):
        return False
    try:
        built = [build(part, Budget()) for part in split(text.encode("utf-8", "replace"))]
    except ReadingError:
        return True
    if any(one.fault is not None for one in built):
        return True

    def redact(value: Any) -> Any:
        return _redact(value, lambda _: "<secret>")

    values = [one.value for one in built]
    hidden = [redact(value) for value in values]
    if reached == "maybe":
        hidden = [where_secret(value, redact) if _is_partial(value) else value for value in hidden]
    return hidden != values


def _is_partial(value: Any) -> bool:
    """Whether a patch does not say itself which kind it changes."""
    return not (isinstance(value, dict) and isinstance(value.get("kind"), str))
