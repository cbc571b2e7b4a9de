"""Environments, by the folders that are called so.

A wrong one is dangerous: a file that it takes no longer counts for the others. So an environment is
proposed where the name of its folder is that of one, and nothing of another environment uses it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gate.adoption.init.look import Found, Seen
from gate.manifests.gather import has_manifest_suffix
from gate.model.globs import matcher

WORDS = frozenset({"production", "prod", "prd", "staging", "stage", "stg", "development", "dev"})
WORDS |= {"preproduction", "pre-production", "preprod", "pre-prod"}
"""Names that mean an environment wherever a folder has them."""

MORE_WORDS = WORDS | {"test", "testing", "qa", "uat", "preview", "sandbox", "demo", "live", "int"}
"""Names, or parts of names between hyphens, that do so below one of `HOLDERS`."""

GROUPS = (
    frozenset({"production", "prod", "prd", "live"}),
    frozenset({"staging", "stage", "stg"}),
    frozenset({"preproduction", "preprod", "pre-production", "pre-prod"}),
    frozenset({"development", "dev"}),
    frozenset({"test", "testing"}),
)
"""Names for the same thing."""

HOLDERS = frozenset({"overlays", "environments", "envs", "env", "clusters"})
_OF_ENVIRONMENTS = HOLDERS - {"overlays"}
_SHARED = frozenset({"base", "bases", "common", "shared", "components", "_base", "templates"})
_IGNORED = frozenset(
    {"test", "tests", "testdata", "fixtures", "docs", "doc", "example", "examples"}
)
_IGNORED |= {"vendor", "node_modules", "hack"}
_SIMPLE = re.compile(r"[A-Za-z0-9_@+][A-Za-z0-9_@+. /-]*")
_FEW = 4


@dataclass(frozen=True, slots=True)
class Environment:
    """One that is proposed; with a `doubt` only as a comment. `files` counts its manifests."""

    name: str
    paths: tuple[str, ...]
    files: int
    doubt: str | None = None


def environments(seen: Seen) -> tuple[Environment, ...]:
    """The environments of a repository, by name."""
    manifests = [path for path in seen.paths if has_manifest_suffix(path)]
    certain: dict[str, set[str]] = {}
    doubtful: dict[str, set[str]] = {}
    for folder in dict.fromkeys(path.rpartition("/")[0] for path in manifests):
        place = _place(folder)
        if place is not None:
            found, clear = place
            name = found.rpartition("/")[2]
            (certain if clear else doubtful).setdefault(name, set()).add(found)
    proposed = {name: _patterns(folders) for name, folders in certain.items()}
    doubts = {**_used_by_others(seen, proposed), **_may_be_another(proposed, manifests)}
    for name in proposed if seen.left_out else ():
        doubts.setdefault(name, f"{seen.left_out:,} files were not looked at, which may use it")
    for name in doubtful.keys() - proposed.keys():
        proposed[name] = _patterns(doubtful[name])
        doubts[name] = "is it an environment?"
    return tuple(
        Environment(name, proposed[name], _count(proposed[name], manifests), doubts.get(name))
        for name in sorted(proposed)
    )


def _place(folder: str) -> tuple[str, bool] | None:
    """The first part of a path that is an environment, and whether that is clear."""
    parts = folder.split("/")
    if not _SIMPLE.fullmatch(folder) or any(part.startswith(".") for part in parts):
        return None
    for index, part in enumerate(parts):
        word, above = part.lower(), parts[index - 1].lower() if index else ""
        here = "/".join(parts[: index + 1])
        if word in _IGNORED and above not in HOLDERS:
            return None
        if word in WORDS or (above in HOLDERS and _names_one(word)):
            return here, True
        if above in _OF_ENVIRONMENTS and word not in _SHARED:
            return here, False
    return None


def _names_one(word: str) -> bool:
    return word in MORE_WORDS or not MORE_WORDS.isdisjoint(re.split("[-_.]", word))


def _patterns(folders: Iterable[str]) -> tuple[str, ...]:
    """Few folders are named, many of one shape by the shape, which takes in those to come."""
    shapes: set[str] = set()
    alone: list[str] = []
    for folder in sorted(folders):
        *above, holder, name = ["", "", *folder.split("/")]
        if holder.lower() in HOLDERS and any(above):
            shapes.add(f"**/{holder}/{name}/**")
        else:
            alone.append(folder)
    if len(alone) > _FEW:
        return (f"**/{alone[0].rpartition('/')[2]}/**",)
    return (*sorted(shapes), *(f"{folder}/**" for folder in alone))


def _used_by_others(seen: Seen, proposed: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Environments whose files something of another environment uses, and what."""
    matchers = {name: matcher(paths) for name, paths in proposed.items()}
    doubts: dict[str, str] = {}

    def of_path(path: str) -> set[str]:
        return {name for name, takes in matchers.items() if takes(path) or takes(f"{path}/x")}

    for each in seen.objects:
        mine = (of_path(each.path) or _by_name(each, proposed)) if each.uses else set()
        for used in each.uses if mine else ():
            theirs = of_path(used)
            if theirs and not any(_is_same(one, other) for one in mine for other in theirs):
                for name in theirs:
                    doubts.setdefault(name, f"{each.path} ({', '.join(sorted(mine))}) uses it too")
    return doubts


def _may_be_another(
    proposed: dict[str, tuple[str, ...]], manifests: Sequence[str]
) -> dict[str, str]:
    """`prod` and `konflux-prod` beside `production`: who freezes that one may mean all of them, so
    that only the one with most files stands for sure."""
    size = {name: _count(paths, manifests) for name, paths in proposed.items()}
    order = sorted(proposed, key=lambda name: (_group(name) != _plain(name), -size[name], name))
    doubts: dict[str, str] = {}
    for index, name in enumerate(order):
        exact = [other for other in order[:index] if _group(other) == _plain(other)]
        same = next((other for other in exact if _is_same(name, other)), None)
        if same is not None and same not in doubts:
            doubts[name] = f"is it {same}?"
    return doubts


def _is_same(one: str, other: str) -> bool:
    return one == other or _group(one) == _group(other)


def _group(name: str) -> frozenset[str]:
    """The names that mean the same as this one, or as the part of it that names an environment."""
    word = name.lower()
    parts = [word, *re.split("[-_.]", word)]
    found = (group for part in parts for group in GROUPS if part in group)
    return next(found, frozenset({word}))


def _plain(name: str) -> frozenset[str]:
    """The group of a name that is nothing else than an environment's; empty for all others."""
    return next((group for group in GROUPS if name.lower() in group), frozenset())


def _by_name(each: Found, proposed: Iterable[str]) -> set[str]:
    """The environments that the name of an Application or a Kustomization of Flux holds."""
    parts = f"-{(each.name or '').lower()}-"
    return {name for name in proposed if f"-{name.lower()}-" in parts}


def _count(patterns: Sequence[str], paths: Sequence[str]) -> int:
    return Counter(map(matcher(patterns), paths))[True]
