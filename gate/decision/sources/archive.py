"""OPA bundles: bytes to policies and back. The format is OPA 1.22's (`v1/bundle/bundle.go`):
Rego, data files in folders, and a `.manifest` that says which part of `data` the bundle owns."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from gate.decision.bundle import digest
from gate.decision.rego.scan import scan
from gate.decision.sources import manifest, tarball
from gate.decision.sources.documents import document, merged
from gate.decision.sources.read import PIN
from gate.errors import PolicyError
from gate.model.policy import Bundle, Module, PolicyFiles

MAX_YAML = 8 * 1024**2
"""How many bytes of data may be YAML, which takes its time to read."""
INSIDE = "!"
"""Stands between the path of an archive and that of a file in it."""

_SIGNATURES = ".signatures.json"
_ENTRY = "gate_entry.rego"
_ENTRY_PACKAGE = ("gate_entry",)
_DIGEST = re.compile(r'^digest := "(sha256:[0-9a-f]{64})"$', re.MULTILINE)
_SUFFIX = ".rego"
_TESTS = "_test.rego"
_DATA = ("data.json", "data.yaml", "data.yml")
_REFUSED = {
    ".manifest.pb": "a manifest that is no JSON",
    "patch.json": "changes to another bundle (a delta bundle)",
    "plan.json": "a compiled plan",
    "plan.pb": "a compiled plan",
    "policy.wasm": "compiled WebAssembly",
}
_ODD = re.compile(r"[^\w.+@=,:~ -]", re.ASCII)


def read(path: str, data: bytes, *, pinned: bool = False) -> PolicyFiles:
    """The policies of a bundle. `path` is the archive's, for messages and the paths of what it
    holds (`team.tar.gz!team/rule.rego`); `pinned` says that its digest was asked for and fits.

    Raises PolicyError for what OPA would not activate, and for what the gate cannot judge.
    """
    files = _files(path, tarball.unpack(data, path))
    if _SIGNATURES in files and not pinned:
        raise _signed(path, data)
    told = manifest.read(_inside(path, manifest.NAME), files.get(manifest.NAME, (None, None))[1])
    texts = {
        name: _text(_inside(path, name), content)
        for name, (_, content) in files.items()
        if name.endswith(_SUFFIX) and not name.endswith(_TESTS)
    }
    entry = texts.pop(_ENTRY, None) if _is_entry(texts) else None
    documents = _documents(path, files)
    if not texts and not documents:
        raise PolicyError("The bundle holds neither Rego nor data.", path=path)
    v0 = frozenset(_inside(path, name) for name in texts if not told.is_v1(files[name][0]))
    texts = {_inside(path, name): text for name, text in texts.items()}
    manifest.check_roots(path, told.roots, texts, documents)
    if entry is not None:
        modules = [Module(each, texts[each], "repository", v0=each in v0) for each in texts]
        _check_digest(path, entry, digest(modules, documents))
    return PolicyFiles(texts, documents, v0=v0, by_path=False)


def write(bundle: Bundle) -> bytes:
    """The bundle as an OPA server takes it: all modules, the entry, the data, and the manifest.
    The same bundle gives the same bytes."""
    names = names_of(bundle)
    files = {names[module.path]: module.text.encode("utf-8") for module in bundle.modules}
    files[_ENTRY] = bundle.entry.encode("utf-8")
    files[manifest.NAME] = _json(manifest.of(bundle, names))
    if bundle.data:
        files["data.json"] = _json(bundle.data)
    return tarball.pack(files)


def names_of(bundle: Bundle) -> Mapping[str, str]:
    """What the files of a written bundle are called, by the paths of the modules."""
    names: dict[str, str] = {}
    taken = {_ENTRY}
    for module in sorted(bundle.modules, key=lambda module: module.path):
        name = first = _plain(module.path.rpartition(INSIDE)[2])
        count = 1
        while name in taken:
            count += 1
            name = f"{count}/{first}"
        taken.add(name)
        names[module.path] = name
    return names


def _files(path: str, packed: Iterable[tuple[str, bytes]]) -> dict[str, tuple[str, bytes]]:
    """By plain name: the name as the archive has it, and the content."""
    found: dict[str, tuple[str, bytes]] = {}
    for raw, content in packed:
        name = _safe(path, raw)
        if name in found:
            raise PolicyError(f"The bundle holds {name} twice.", path=path)
        what = _REFUSED.get(name.rpartition("/")[2])
        if what is None and name.endswith(manifest.NAME) and name != manifest.NAME:
            what = "a manifest that is not at its top"
        if what is not None:
            raise PolicyError(
                f"The bundle holds {what}: only Rego and data can be judged.",
                advice="Build it as Rego: `gate policy bundle`, or `opa build -b` without a target",
                path=_inside(path, name),
            )
        found[name] = (raw, content)
    return found


def _safe(path: str, raw: str) -> str:
    """A name without the `/` or `./` that it may start with, as OPA and tar write it."""
    name = raw.removeprefix("/") if raw.startswith("/") else raw.removeprefix("./")
    parts = name.split("/")
    if {"", ".", ".."} & set(parts):
        raise PolicyError(f"The bundle holds {raw}: a name that leads out of it.", path=path)
    if not name.isprintable() or "\\" in name or INSIDE in name:
        raise PolicyError(f"The bundle holds {raw!r}: a name that is not plain text.", path=path)
    return name


def _inside(path: str, name: str) -> str:
    return f"{path}{INSIDE}{name}"


def _plain(path: str) -> str:
    parts = [_ODD.sub("_", part) for part in path.split("/") if part not in ("", ".", "..")]
    name = "/".join(parts)
    return name if name.endswith(_SUFFIX) else f"{name}{_SUFFIX}"


def _signed(path: str, data: bytes) -> PolicyError:
    pin = f"{path}{PIN}{hashlib.sha256(data).hexdigest()}"
    return PolicyError(
        "The bundle is signed, and gate cannot check signatures: nothing says that it is whole.",
        advice=f"Check it with `opa`, then name it with its digest: {pin}",
        path=path,
    )


def _text(path: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PolicyError("The policy is not UTF-8.", path=path, line=line) from error


def _is_entry(texts: Mapping[str, str]) -> bool:
    return _ENTRY in texts and scan(texts[_ENTRY]).package == _ENTRY_PACKAGE


def _check_digest(path: str, entry: str, found: str) -> None:
    told = _DIGEST.search(entry)
    if told is None or told[1] != found:
        raise PolicyError(
            "The bundle is not as `gate policy bundle` built it: its digest is another.",
            advice="Build it anew: a server that serves it would answer with a wrong digest.",
            path=_inside(path, _ENTRY),
        )


def _documents(path: str, files: Mapping[str, tuple[str, bytes]]) -> dict[str, Any]:
    """The data files, each at its folder below `data`."""
    found: list[dict[str, Any]] = []
    yaml = sum(len(files[name][1]) for name in files if name.rpartition("/")[2] in _DATA[1:])
    if yaml > MAX_YAML:
        raise PolicyError(
            f"The bundle holds {yaml:,} bytes of data as YAML, and at most {MAX_YAML:,} are read.",
            advice="Write the data as JSON.",
            path=path,
        )
    for name, (_, content) in sorted(files.items()):
        folder, _, base = name.rpartition("/")
        if base not in _DATA:
            continue
        where = _inside(path, name)
        value = document(where, content)
        parts = folder.split("/") if folder else []
        if parts and parts[0].startswith("."):
            raise PolicyError("The data stands in a folder that starts with a dot.", path=where)
        for part in reversed(parts):
            value = {part: value}
        if not isinstance(value, dict):
            raise PolicyError("The data at the top must be an object.", path=where)
        found.append(value)
    try:
        return merged(found)
    except ValueError as error:
        raise PolicyError(f"Two data files say something of {error}.", path=path) from error


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
