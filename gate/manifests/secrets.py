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
from typing import Any

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_SOPS_KEYS = {"mac", "lastmodified"}
_QUOTES = "\"'"
_CIPHERTEXT = re.compile(r"ENC\[[A-Z0-9_]+,data:[^\]]*\]")
_SECRET_KIND = re.compile(r"""["']?\bkind["']?\s*:\s*["']?Secret\b""")

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
    holds no secret comes back as the same object. Redacted are, at any depth: `data`, `stringData`
    and the last applied configuration of a `Secret`; literals of kustomize's `secretGenerator`;
    kustomize patches of a `Secret`. What SOPS has encrypted stays.
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
    result = {
        key: named[key] if key in named else _redact(inner, name) for key, inner in value.items()
    }
    return value if all(map(operator.is_, result.values(), value.values())) else result


def _secret(value: dict[str, Any], name: _Name) -> dict[str, Any]:
    """The entries of a Secret that are not to be shown."""
    if value.get("kind") != "Secret":
        return {}
    named: dict[str, Any] = {}
    for key, read in (("data", _decoded), ("stringData", _encoded)):
        if value.get(key) is not None:
            named[key] = _values(value[key], read, name)
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        named["metadata"] = _without_last_applied(metadata, name)
    return named


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
    if not isinstance(generators, list):
        return {}
    return {"secretGenerator": [_without_literals(generator, name) for generator in generators]}


def _without_literals(generator: Any, name: _Name) -> Any:
    literals = generator.get("literals") if isinstance(generator, dict) else None
    if not isinstance(literals, list):
        return generator
    return {**generator, "literals": [_literal(literal, name) for literal in literals]}


def _literal(literal: Any, name: _Name) -> Any:
    if not isinstance(literal, str):
        return literal
    key, equals, content = literal.partition("=")
    return f"{key}={name(_encoded(content.strip(_QUOTES)))}" if equals else literal


def _patches(value: dict[str, Any], name: _Name) -> dict[str, Any]:
    """Inline kustomize patches of a Secret: text in `patch`, or in a list of such texts."""
    named: dict[str, Any] = {}
    target = value.get("target")
    for_secret = isinstance(target, dict) and target.get("kind") == "Secret"
    patch = value.get("patch")
    if isinstance(patch, str) and (for_secret or _SECRET_KIND.search(patch)):
        named["patch"] = name(_encoded(patch))
    merges = value.get("patchesStrategicMerge")
    if isinstance(merges, list):
        named["patchesStrategicMerge"] = [
            name(_encoded(merge))
            if isinstance(merge, str) and _SECRET_KIND.search(merge)
            else merge
            for merge in merges
        ]
    return named
