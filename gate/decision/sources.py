"""Where policies come from beside the wheel: folders, bundles, a server; read, not yet checked."""

from __future__ import annotations

import posixpath
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
WORDS = (BUILTIN, SERVER)


def read(
    policies: Iterable[str | Conftest], tree: Tree, *, engine: str = "auto", offline: bool = False
) -> list[PolicyFiles]:
    """What the sources hold, in their order; `builtin` apart, which `bundle.load` takes from the
    wheel.

    `server` is read from `engine`, if that is an address. Raises PolicyError for a source that
    cannot be read, or holds no policy.
    """
    return [_read(source, tree) for source in policies if source != BUILTIN]


def once(found: Iterable[PolicyFiles]) -> list[PolicyFiles]:
    """Without the files of gate's own kind that an earlier source holds already."""
    kept: list[PolicyFiles] = []
    seen: set[str] = set()
    for files in found:
        if files.conftest is None:
            texts = {path: text for path, text in files.texts.items() if path not in seen}
            seen |= set(texts)
            kept.append(replace(files, texts=texts))
        else:
            kept.append(files)
    return kept


def _read(source: str | Conftest, tree: Tree) -> PolicyFiles:
    if isinstance(source, Conftest):
        raise PolicyError("conftest's policies cannot be loaded yet.", path=source.path)
    if source == SERVER:
        raise PolicyError("The policies of a server cannot be loaded yet.")
    if source.endswith(".tar.gz") or "://" in source:
        raise PolicyError("Bundles cannot be loaded yet.", path=source)
    return PolicyFiles(dict(_folder(source, tree)))


def _folder(source: str, tree: Tree) -> Iterator[tuple[str, str]]:
    """The paths and texts of the policies of a folder, or of one file."""
    for entry, data in tree.read(sorted(_entries(source, tree), key=lambda each: each.path)):
        yield entry.path, _text(entry.path, data)


def _entries(source: str, tree: Tree) -> list[Entry]:
    path = posixpath.normpath(source)
    if path.startswith(("/", "../")) or path == "..":
        raise PolicyError(f"The policies {source} are outside of the repository.")
    folder = "" if path == "." else path
    single = tree.find(folder) if folder else None
    if single is not None and not single.path.endswith(SUFFIX):
        raise PolicyError(f"{source} is no policy: its name does not end in {SUFFIX}.")
    below = [single] if single is not None else tree.below(folder)
    found = [each for each in below if _is_policy(each.path)]
    if not found:
        what = "holds no policy" if below else "does not exist"
        message = f"The folder {source} {what}{_other_folder(folder, tree)}"
        raise PolicyError(message, advice="Mend `policies` in the config.", path=source)
    odd = next((each for each in found if each.mode not in (MODE_FILE, MODE_EXECUTABLE)), None)
    if odd is not None:
        raise PolicyError("A policy must be a file, not a link.", path=odd.path)
    return found


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
