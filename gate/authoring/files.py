"""Which files are tested: Rego and data below folders, and what they need of the wheel."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gate.decision.sources.read import BUILTIN, SUFFIX, TESTS
from gate.errors import PolicyError, UsageError

_DATA = ("data.json", "data.yaml", "data.yml")
_REFERENCE = re.compile(r"\bdata\.(gate\.\w+\.\w+)")
_PACKAGE = re.compile(r"^package[ \t]+([\w.]+)", re.MULTILINE)
_ADVICE = "Name a folder or file that holds Rego: `gate policy test policies/`."


@dataclass(frozen=True, slots=True)
class Files:
    """`modules` are the texts that were asked for, by path; `support` those of the wheel that they
    refer to; `data` the base documents; `named` says for people what was asked for."""

    modules: Mapping[str, str]
    support: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    named: str = ""


def read(paths: Sequence[str], limit: int, wrong: list[PolicyError] | None = None) -> Files:
    """Reads all Rego (at most `limit` bytes a file) and data below the paths; `builtin` is the
    wheel's own. Raises UsageError for a path that is not there or holds no Rego, PolicyError for a
    file that cannot be read; with `wrong` that goes there, and the file is left out."""
    modules: dict[str, str] = {}
    documents: list[Any] = []
    for path in paths:
        found = _wheel() if path == BUILTIN else dict(_rego(Path(path), limit, wrong))
        if not found and not wrong:
            raise UsageError(f"There is no Rego in {path}.", advice=_ADVICE)
        modules |= found
        documents += _documents(Path(path)) if path != BUILTIN else []
    return Files(
        modules=dict(sorted(modules.items())),
        support=_support(modules),
        data=_merged(documents),
        named=" ".join(paths),
    )


def nowhere(path: str, advice: str) -> UsageError:
    """The error for a folder or file that is named and not there."""
    what = "file" if path.endswith(SUFFIX) else "folder"
    return UsageError(f"There is no {what} `{path}`.", advice=advice)


def is_test(path: str) -> bool:
    """Whether a file holds tests and not rules, by its name."""
    return path.endswith(TESTS)


def _rego(path: Path, limit: int, wrong: list[PolicyError] | None) -> Iterator[tuple[str, str]]:
    if not path.exists():
        raise nowhere(path.as_posix(), _ADVICE)
    files = [path] if path.is_file() else _below(path, SUFFIX)
    for file in files:
        try:
            yield file.as_posix(), _text(file, limit)
        except PolicyError as error:
            if wrong is None:
                raise
            wrong.append(error)


def _below(folder: Path, *ends: str) -> list[Path]:
    """The files below a folder whose names end so; links to folders are not followed."""
    found = []
    for place, _, names in os.walk(folder):
        found += [Path(place, name) for name in names if name.endswith(ends)]
    return sorted(found)


def _text(file: Path, limit: int) -> str:
    if file.is_symlink():
        raise PolicyError("A policy must be a file, not a link.", path=file.as_posix())
    try:
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
        if len(data) > limit:
            message = f"The policy is too large: at most {limit // 1024} KB are read."
            raise PolicyError(message, path=file.as_posix())
        return data.decode("utf-8")
    except OSError as error:
        message = f"The file cannot be read: {error.strerror}."
        raise PolicyError(message, path=file.as_posix()) from error
    except UnicodeError as error:
        raise PolicyError("The policy is not UTF-8.", path=file.as_posix()) from error


def _documents(path: Path) -> Iterator[Any]:
    """Data files as an OPA bundle has them: `a/b/data.json` is `data.a.b`."""
    from gate.decision.sources.documents import document

    for file in _below(path, *_DATA) if path.is_dir() else ():
        if file.name in _DATA and not file.is_symlink():
            value = document(file.as_posix(), file.read_bytes())
            for part in reversed(file.relative_to(path).parent.parts):
                value = {part: value}
            yield value


def _merged(documents: Iterable[Any]) -> Mapping[str, Any]:
    from gate.decision.sources.documents import merged

    try:
        return merged(documents)
    except ValueError as error:
        raise PolicyError(f"Two data files say something of {error}.") from error


def _wheel() -> dict[str, str]:
    from gate.decision.bundle import builtin_texts

    return dict(builtin_texts(tests=True))


def _support(modules: Mapping[str, str]) -> dict[str, str]:
    """The wheel's libraries and helpers that the modules refer to, and do not hold themselves."""
    there = {name for text in modules.values() for name in _PACKAGE.findall(text)}
    waiting = list(modules.values())
    found: dict[str, str] = {}
    wheel: dict[str, tuple[str, str]] = {}
    while waiting:
        for name in set(_REFERENCE.findall(waiting.pop())) - there:
            wheel = wheel or _by_package()
            there.add(name)
            if name in wheel:
                path, text = wheel[name]
                found[path] = text
                waiting.append(text)
    return found


def _by_package() -> dict[str, tuple[str, str]]:
    return {
        package: (path, text)
        for path, text in _wheel().items()
        for package in _PACKAGE.findall(text)[:1]
    }
