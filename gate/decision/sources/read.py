"""Where policies come from beside the wheel: folders, bundles, a server; read, not yet checked."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from gate.errors import PolicyError, did_you_mean
from gate.model.change import MODE_EXECUTABLE, MODE_FILE, Entry, Tree, Unread
from gate.model.config import Conftest
from gate.model.policy import PolicyFiles

BUILTIN = "builtin"
SERVER = "server"
SUFFIX = ".rego"
TESTS = "_test.rego"
BUNDLE = ".tar.gz"
WORDS = (BUILTIN, SERVER)
PIN = "#sha256="
"""Stands between the place of a bundle and the digest that its bytes must have."""
_NOWHERE = "Mend the path, on the command line or in `policies` of the config."
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{64}")


def read(
    policies: Iterable[str | Conftest], tree: Tree, *, engine: str = "auto", offline: bool = False
) -> list[PolicyFiles]:
    """What the sources hold, in their order; `builtin` apart, which `bundle.load` takes from the
    wheel.

    `server` is read from `engine`, if that is an address. With `offline` nothing is asked over the
    network. Raises PolicyError for a source that cannot be read, or holds no policy.
    """
    return [
        _read(source, tree, engine, offline=offline) for source in policies if source != BUILTIN
    ]


def once(found: Iterable[PolicyFiles]) -> list[PolicyFiles]:
    """Without the files of gate's own kind that an earlier source holds already. Raises PolicyError
    where two files differ and have one path."""
    kept: list[PolicyFiles] = []
    seen: dict[str, str] = {}
    for files in found:
        if files in kept:
            continue
        if files.conftest is not None:
            kept.append(files)
            continue
        for path, text in files.texts.items():
            if seen.get(path, text) != text:
                raise PolicyError(
                    "Two sources of policies hold different files with this path.",
                    advice="Name them from a folder above both.",
                    path=path,
                )
        texts = {path: text for path, text in files.texts.items() if path not in seen}
        seen |= texts
        kept.append(replace(files, texts=texts))
    return kept


def _read(source: str | Conftest, tree: Tree, engine: str, *, offline: bool) -> PolicyFiles:
    if isinstance(source, Conftest):
        from gate.decision.sources import conftest

        return conftest.read(source, tree)
    if source == SERVER:
        return _served(engine, offline=offline)
    name, pin = _pinned(source)
    if "://" in name:
        from gate.decision.sources import archive, fetch

        data = fetch.fetched(name, pin, offline=offline)
        return archive.read(fetch.shown(name), data, pinned=pin is not None)
    if name.endswith(BUNDLE):
        from gate.decision.sources import archive

        data = _archive(name, pin, tree)
        return archive.read(name, data, pinned=pin is not None)
    if pin is not None:
        raise PolicyError(
            "Only a bundle has a digest that it can be named with.",
            advice="Leave out `#sha256=...`.",
            path=name,
        )
    return PolicyFiles(dict(folder(name, tree)))


def _served(engine: str, *, offline: bool) -> PolicyFiles:
    if "://" not in engine:
        raise PolicyError(
            f"The source `{SERVER}` needs an OPA server, and the engine is `{engine}`.",
            advice="Name its address with --engine, or leave out the source.",
        )
    if offline:
        raise PolicyError(
            f"The source `{SERVER}` cannot be read with --offline.",
            advice="Name the policies that judge offline with --policy.",
        )
    from gate.decision.engines import server

    return server.served(engine)


def _pinned(source: str) -> tuple[str, str | None]:
    """The source without its digest, and the digest as hexadecimal digits."""
    name, mark, pin = source.partition(PIN)
    if not mark:
        return source, None
    if not _HEXADECIMAL.fullmatch(pin):
        raise PolicyError(
            f"What follows `{PIN}` is no digest.",
            advice="Write it as 64 hexadecimal digits.",
            path=name,
        )
    return name, pin.lower()


def _archive(name: str, pin: str | None, tree: Tree) -> bytes:
    path = within(name)
    entry = tree.find(path)
    if entry is None:
        raise PolicyError("This bundle does not exist.", advice=_NOWHERE, path=name)
    if entry.mode not in (MODE_FILE, MODE_EXECUTABLE):
        raise PolicyError("A bundle must be a file, not a link.", path=name)
    ((_, data),) = tree.read([entry])
    if isinstance(data, Unread):
        raise PolicyError(f"The bundle cannot be read: {data.reason}.", path=name)
    if pin is not None:
        check_digest(name, data, pin)
    return data


def check_digest(name: str, data: bytes, pin: str) -> None:
    """Raises PolicyError where the bytes of a bundle have another digest than was asked for."""
    found = hashlib.sha256(data).hexdigest()
    if found != pin:
        raise PolicyError(
            f"The bundle is not the one that was asked for: its digest is sha256={found}.",
            advice="Look at what it holds before you name it with its new digest.",
            path=name,
        )


def folder(source: str, tree: Tree) -> Iterator[tuple[str, str]]:
    """The paths and texts of the policies of a folder, or of one file."""
    for entry, data in tree.read(sorted(_entries(source, tree), key=lambda each: each.path)):
        yield entry.path, _text(entry.path, data)


def _entries(source: str, tree: Tree) -> list[Entry]:
    folder = within(source)
    single = tree.find(folder) if folder else None
    if single is not None and not single.path.endswith(SUFFIX):
        raise PolicyError(
            f"{source} is no policy: its name does not end in {SUFFIX} or {BUNDLE}.", path=source
        )
    below = [single] if single is not None else tree.below(folder)
    found = [each for each in below if _is_policy(each.path)]
    if not found:
        what = "holds no policy" if below else "does not exist"
        message = f"The folder {source} {what}{_other_folder(folder, tree)}"
        raise PolicyError(message, advice=_NOWHERE, path=source)
    odd = next((each for each in found if each.mode not in (MODE_FILE, MODE_EXECUTABLE)), None)
    if odd is not None:
        raise PolicyError("A policy must be a file, not a link.", path=odd.path)
    return found


def within(source: str) -> str:
    """A path in the tree; empty for all of it."""
    path = posixpath.normpath(source)
    if path.startswith(("/", "../")) or path == "..":
        raise PolicyError(f"The policies {source} are outside of the repository.")
    return "" if path == "." else path


def _is_policy(path: str) -> bool:
    return path.endswith(SUFFIX) and not path.endswith(TESTS)


def _other_folder(missing: str, tree: Tree) -> str:
    """A suggestion among all folders that hold policies, or that such a folder stands in."""
    folders: set[str] = set()
    for each in tree.below(""):
        if _is_policy(each.path):
            folders.update(parent.as_posix() for parent in Path(each.path).parents)
    return did_you_mean(missing, folders - {".", missing})


def _text(path: str, data: bytes | Unread) -> str:
    if isinstance(data, Unread):
        raise PolicyError(f"The policy cannot be read: {data.reason}.", path=path)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PolicyError("The policy is not UTF-8.", path=path, line=line) from error
