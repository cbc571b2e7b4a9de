"""A saved policy input (`gate context`): read, checked, with the rules it was saved with."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gate import schemas
from gate.decision import bundle as bundles
from gate.decision.sources.documents import too_deep
from gate.errors import InputError
from gate.model.config import Conftest
from gate.model.manifest import Locator
from gate.model.places import saved_places
from gate.model.policy import Bundle, PolicyFiles
from gate.model.policy_input import SCHEMA, Json

STANDARD_INPUT = Path("-")


def read(file: Path) -> tuple[Json, Bundle, Bundle | None, Locator]:
    """The input, its rules, those of its preview, and the places it holds. `-` is standard input.

    Raises InputError for what no `gate context` wrote, or wrote with other built-in rules.
    """
    found = _checked(file)
    preview = found["gate"]["preview"]
    head = preview.get("context") if preview else None
    return (
        found,
        _bundle(found["gate"]["policies"], file),
        _bundle(head["gate"]["policies"], file) if head else None,
        saved_places(found["gate"]["positions"], [*found["resources"], *found["unchanged"]]),
    )


def _checked(file: Path) -> Json:
    try:
        found = json.loads(_content(file))
    except OSError as error:
        raise InputError(f"It cannot be read: {error.strerror}.", path=_name(file)) from error
    except (ValueError, RecursionError) as error:
        raise InputError("This is no JSON.", path=_name(file)) from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise InputError(f"This is no policy input: its schema is not {SCHEMA}.", path=_name(file))
    import jsonschema

    try:
        jsonschema.validate(found, schemas.load("input"))
    except jsonschema.ValidationError as error:
        raise InputError(
            f"This is no policy input: {error.json_path}: {error.message[:200]}.", path=_name(file)
        ) from error
    result: Json = found
    return result


def _content(file: Path) -> bytes:
    return sys.stdin.buffer.read() if file == STANDARD_INPUT else file.read_bytes()


def _name(file: Path) -> str:
    return "standard input" if file == STANDARD_INPUT else str(file)


def _bundle(policies: Mapping[str, Any], file: Path) -> Bundle:
    plain = _texts(policies["modules"])
    given = [PolicyFiles(plain)] if plain else []
    given += [_source(source, file) for source in policies.get("sources", [])]
    bundle = bundles.load(policies["builtin"], given)
    if policies["digest"] not in (bundle.digest, _first_digest(bundle)):
        raise InputError(
            "The input was saved with other rules than this version of gate has.",
            advice="Judge it with the version that saved it (`gate.version` in it), "
            "or make it anew with `gate context`.",
            path=_name(file),
        )
    return bundle


def _texts(modules: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {module["path"]: module["text"] for module in modules}


def _source(source: Mapping[str, Any], file: Path) -> PolicyFiles:
    """What was no plain file of a folder: a bundle, a server's rules, conftest's policies."""
    told = source["conftest"]
    if too_deep(source["data"]):
        raise InputError("The data of its policies is nested too deeply.", path=_name(file))
    return PolicyFiles(
        texts=_texts(source["modules"]),
        data=source["data"],
        origin=source["origin"],
        conftest=None
        if told is None
        else Conftest(
            told["path"], tuple(told["namespaces"]), tuple(told["data"]), told["combine"]
        ),
        v0=frozenset(source["v0"]),
        by_path=source["by_path"],
    )


def _first_digest(bundle: Bundle) -> str:
    """The digest as version 0.1.0 first wrote it, with the paths."""
    total = hashlib.sha256()
    for module in sorted(bundle.modules, key=lambda module: module.path):
        total.update(json.dumps([module.path, module.text]).encode("ascii"))
        total.update(b"\n")
    return f"sha256:{total.hexdigest()}"
