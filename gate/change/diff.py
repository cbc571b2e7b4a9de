"""The files that differ, from one raw diff.

The format is in git-diff-index(1), "Raw output format". Copies are not looked for: a copy is an
added file, and is judged as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.change.git import Repository, translated
from gate.change.names import shown
from gate.errors import ChangeError
from gate.model.change import Entry, FileChange, FileStatus

_OPTIONS = (
    "--raw",
    "-z",
    "-r",
    "--no-abbrev",
    "--no-color",
    "--no-ext-diff",
    "--no-relative",
    "--no-textconv",
    "--ignore-submodules=none",
)

_RENAMES = ("--find-renames=50%", "-l1000")
"""At most a million pairs are compared; beyond that a changed rename is shown as a deletion and
an addition, and nothing is lost."""

_EXACT_RENAMES = ("--find-renames=100%",)
"""Needs no contents, which a partial clone may lack."""

_STATUS: dict[str, FileStatus] = {
    "A": "added",
    "D": "deleted",
    "M": "modified",
    "R": "renamed",
    "T": "type_changed",
}
_NAMED = 3


def between(repository: Repository, old: str, new: str) -> tuple[FileChange, ...]:
    """What differs between two trees, by their ids."""
    return tuple(_parsed(_raw(repository, ("diff-tree",), (old, new))))


def without_contents(repository: Repository, old: str, new: str) -> tuple[FileChange, ...]:
    """As `between`, by names and ids alone: a renamed file is one that goes and one that comes."""
    raw = repository.runner.run("diff-tree", *_OPTIONS, "--no-renames", old, new, "--")
    return tuple(_parsed(raw))


def staged(repository: Repository, old: str) -> tuple[tuple[FileChange, ...], frozenset[str]]:
    """What differs between a tree and the index, and the paths of the index that are only
    announced (`git add --intent-to-add`): a commit leaves those out."""
    visible = tuple(_parsed(_raw_index(repository, old, "--ita-visible-in-index")))
    empty = repository.empty_blob
    if not any(file.new is not None and file.new.oid == empty for file in visible):
        return visible, frozenset()
    real = tuple(_parsed(_raw_index(repository, old, "--ita-invisible-in-index")))
    return real, frozenset(_new_paths(visible) - _new_paths(real))


def _new_paths(files: Sequence[FileChange]) -> set[str]:
    return {file.new.path for file in files if file.new is not None}


def _raw_index(repository: Repository, old: str, announced: str) -> bytes:
    return _raw(repository, ("diff-index", "--cached", announced), (old,))


def _raw(repository: Repository, command: Sequence[str], trees: Sequence[str]) -> bytes:
    result = repository.runner.attempt(*command, *_OPTIONS, *_RENAMES, *trees, "--")
    if result.status != 0:
        result = repository.runner.attempt(*command, *_OPTIONS, *_EXACT_RENAMES, *trees, "--")
    if result.status != 0:
        raise translated(result.err, repository.runner.folder)
    return result.out


def _parsed(raw: bytes) -> Iterator[FileChange]:
    unmerged = []
    fields = iter(raw.split(b"\0")[:-1])
    for about in fields:
        old_mode, new_mode, old_oid, new_oid, status = about.decode().removeprefix(":").split(" ")
        old_path = new_path = shown(next(fields))
        if status.startswith("R"):
            new_path = shown(next(fields))
        if status == "U":
            unmerged.append(new_path)
            continue
        yield FileChange(
            status=_STATUS[status[0]],
            old=None if status == "A" else Entry(old_path, old_mode, old_oid),
            new=None if status == "D" else Entry(new_path, new_mode, new_oid),
        )
    if unmerged:
        raise _conflict(sorted(set(unmerged)))


def _conflict(paths: Sequence[str]) -> ChangeError:
    named = ", ".join(paths[:_NAMED])
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ChangeError(
        f"The index holds a merge that is not resolved: {named}{more}.",
        advice="Resolve the conflict, `git add` the files, and run gate again.",
    )
