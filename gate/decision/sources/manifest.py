"""The manifest of an OPA bundle: which part of `data` the bundle owns, and which version of Rego
its files are written in. The source is OPA 1.22 (`v1/bundle/bundle.go`)."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

import gate
from gate.decision.rego.scan import scan
from gate.errors import PolicyError, did_you_mean
from gate.model.policy import Bundle

NAME = ".manifest"

Place = tuple[str, ...]
"""The names that lead from `data` to a document."""

_KEYS = ("revision", "roots", "wasm", "rego_version", "file_rego_versions", "metadata")
_ENTRY: Place = ("gate_entry",)
_WILD = re.compile(r"([\\*?\[\]{}])")


@dataclass(frozen=True, slots=True)
class Manifest:
    """`roots` are the places that the bundle owns. Its files are Rego of version 1 if `v1`, except
    as the first of `versions` says whose pattern fits a file's name."""

    roots: tuple[Place, ...]
    v1: bool
    versions: tuple[tuple[re.Pattern[str], bool], ...]

    def is_v1(self, name: str) -> bool:
        """Whether a file is Rego of version 1; its name is that of the archive, as it is there."""
        fits = (v1 for pattern, v1 in self.versions if pattern.fullmatch(name))
        return next(fits, self.v1)


def read(where: str, content: bytes | None) -> Manifest:
    """The manifest of a bundle; without one (None) it owns all. Raises PolicyError, which names it
    as `where`, for what OPA refuses, and for what is not known."""
    told = {} if content is None else _object(where, content)
    for key in told:
        if key not in _KEYS:
            message = f"The manifest has a key `{key}` that is not known{did_you_mean(key, _KEYS)}"
            raise PolicyError(message, path=where)
    if told.get("wasm"):
        raise PolicyError("The bundle holds compiled WebAssembly: it is not judged.", path=where)
    versions = told.get("file_rego_versions")
    versions = {} if versions is None else versions
    if not isinstance(versions, dict):
        raise PolicyError("`file_rego_versions` must be an object.", path=where)
    return Manifest(
        roots=_roots(where, told.get("roots")),
        v1=_version(where, told.get("rego_version")),
        versions=tuple(
            (_pattern(where, pattern), _version(where, version))
            for pattern, version in sorted(versions.items())
        ),
    )


def check_roots(
    path: str, roots: tuple[Place, ...], texts: Mapping[str, str], data: Mapping[str, Any]
) -> None:
    """Raises PolicyError for a package or data that no root owns. `path` is the bundle's, the texts
    are by the path of their file."""
    owned = frozenset(roots)
    if () in owned:
        return
    names = ", ".join("/".join(root) for root in roots) or "none"
    for file, text in texts.items():
        scanned = scan(text)
        if scanned.package is None or not _is_owned(scanned.package, owned):
            package = ".".join(scanned.package or ("which is not plain to see",))
            raise PolicyError(
                f"The package {package} lies outside of the bundle's roots: {names}.",
                path=file,
                line=scanned.package_row,
            )
    outside = next(_unowned(data, (), owned, _above(roots)), None)
    if outside is not None:
        message = f"data.{'.'.join(outside)} lies outside of the bundle's roots: {names}."
        raise PolicyError(message, path=path)


def of(bundle: Bundle, names: Mapping[str, str]) -> dict[str, Any]:
    """The manifest of a bundle that is written; `names` gives the files by the modules' paths. Its
    roots are as fine as they can be: a team's own bundle can stand beside it on a server."""
    v0 = {_WILD.sub(r"\\\1", names[each.path]): 0 for each in bundle.modules if each.v0}
    return {
        "revision": bundle.digest,
        "roots": ["/".join(root) for root in _written_roots(bundle)],
        "rego_version": 1,
        **({"file_rego_versions": v0} if v0 else {}),
        "metadata": {"gate": {"version": gate.__version__, "rules": sorted(bundle.rules)}},
    }


def _object(where: str, content: bytes) -> dict[str, Any]:
    try:
        told = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"The manifest is no JSON ({error}).", path=where) from error
    if not isinstance(told, dict):
        raise PolicyError("The manifest is no object.", path=where)
    return told


def _roots(where: str, told: Any) -> tuple[Place, ...]:
    told = [""] if told is None else told
    if not isinstance(told, list) or not all(isinstance(root, str) for root in told):
        raise PolicyError("`roots` must be a list of paths.", path=where)
    plain = [root.strip("/") for root in told]
    roots = sorted(tuple(root.split("/")) if root else () for root in plain)
    for root, following in itertools.pairwise(roots):
        if following[: len(root)] == root:
            message = f"The roots `{'/'.join(root)}` and `{'/'.join(following)}` overlap."
            raise PolicyError(message, path=where)
    return tuple(roots)


def _version(where: str, told: Any) -> bool:
    if told is None or (type(told) is int and told == 1):
        return True
    if type(told) is int and told == 0:
        return False
    raise PolicyError(f"There is no Rego of version {told}: 0 and 1 are known.", path=where)


def _pattern(where: str, pattern: str) -> re.Pattern[str]:
    """A pattern of `file_rego_versions`: OPA's globs, with `*` for whatever there is."""
    parts = re.findall(r"\\.|[^\\]", pattern, re.DOTALL)
    if "".join(parts) != pattern or {"[", "]", "{", "}"} & set(parts):
        message = f"The pattern `{pattern}` is not read: `*`, `?` and plain names are."
        raise PolicyError(message, path=where)
    fixed = [""]
    for part in parts:
        if part == "*":
            fixed.append("")
        else:
            fixed[-1] += "." if part == "?" else re.escape(part[-1])
    first, *more = fixed
    # The first place where a part fits is as good as any later one: no going back.
    between = "".join(f"(?>.*?{part})" for part in more[:-1] if part)
    end = f".*{more[-1]}" if more else ""
    return re.compile(f"{first}{between}{end}", re.DOTALL)


def _is_owned(place: Place, roots: Collection[Place]) -> bool:
    return any(place[:length] in roots for length in range(len(place) + 1))


def _above(roots: Iterable[Place]) -> set[Place]:
    """All places that a root lies below, and `data` itself."""
    return {(), *(root[:length] for root in roots for length in range(len(root)))}


def _unowned(data: Any, at: Place, roots: Collection[Place], above: Set[Place]) -> Iterator[Place]:
    """The places of the data that no root owns, from the top."""
    if _is_owned(at, roots):
        return
    if at not in above or not isinstance(data, dict):
        yield at
        return
    for key, inner in data.items():
        yield from _unowned(inner, (*at, key), roots, above)


def _written_roots(bundle: Bundle) -> list[Place]:
    packages = {scan(module.text).package for module in bundle.modules}
    plain = sorted({_ENTRY, *(package for package in packages if package is not None)})
    if None in packages:
        return [()]
    roots: set[Place] = set()
    for package in plain:
        if not _is_owned(package, roots):
            roots.add(package)
    return sorted([*roots, *_unowned(bundle.data, (), roots, _above(roots))])
