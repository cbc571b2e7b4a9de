"""What the stage gives: a change, and the trees that it and its judges are read from."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

from gate.model.change import Change, Rollback, Tree
from gate.model.event import Event

BLOB_LIMIT = 8 * 1024 * 1024
"""Bytes of one file beyond which it is not read."""


ObjectsOf = Callable[[str, bytes], Mapping[Hashable, Hashable] | None]
"""The objects that a file (its path, its bytes) holds: who each is, to what makes two equal. None
where the file holds anything else, or cannot be read wholly."""


LookBack = Callable[[ObjectsOf], Rollback | None]
"""Looks in the history of the trusted branch for what the change brings back: of files, or of
the objects in them."""


Holds = Callable[[int, str], str | None]
"""Why the judged commit is not known to hold what a pull request (its number, its head's id)
changes, and nothing else; None where it is."""


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """Which change is meant. Nothing given but `repo`: what a person would mean.

    `repo` is a folder in the repository, or the folder that is worked in where there is none.
    `staged` is what a commit would take, or the commits that pre-commit names; `pushed` what a push
    takes along.
    `tree` and `folders` name folders that are judged as they are. `event` is a GitHub
    event, or a file with one: where nothing else names a change, what it is about is judged.
    `offline` says that GitHub is not asked for approvals, and that nothing is fetched.
    """

    repo: Path
    base: str | None = None
    head: str | None = None
    staged: bool = False
    tree: Path | None = None
    base_tree: Path | None = None
    trust: Literal["base", "head"] = "base"
    folders: tuple[Path, ...] = ()
    event: Path | Event | None = None
    offline: bool = False
    pushed: bool = False

    @property
    def judged_folders(self) -> tuple[Path, ...]:
        return self.folders if self.tree is None else (self.tree, *self.folders)


class Source(Protocol):
    """An open change. Its trees can be read until it is closed."""

    @property
    def change(self) -> Change:
        """What changes, who wrote it, and which commit is trusted."""

    @property
    def old(self) -> Tree | None:
        """The state before; None where there was none."""

    @property
    def new(self) -> Tree:
        """The state after."""

    @property
    def trusted(self) -> Tree:
        """Where configuration, policies and waivers are read from."""

    @property
    def head_tree(self) -> Tree | None:
        """Whose configuration is only previewed; None where it is the trusted one, or where
        a person judges by hand."""

    @property
    def top(self) -> Path | None:
        """The folder on disk that the trees' paths are relative to; None in a bare repository."""

    @property
    def look_back(self) -> LookBack:
        """Searches the history, which takes a while in a long one."""

    def close(self) -> None:
        """Ends the child processes. The trees cannot be read after that."""

    def __enter__(self) -> Self:
        """The source itself."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes it."""


def _nothing() -> None:
    """Folders need no closing."""


def _no_history(_: ObjectsOf) -> None:
    """Folders have no history."""


def _unknown(_number: int, _head: str) -> str:
    """Only a merge queue's commit stands for a pull request's head."""
    return "what is judged is not the commit of the merge queue"


@dataclass(frozen=True, slots=True)
class OpenSource:
    """The one implementation of `Source`: what differs is who fills it."""

    change: Change
    old: Tree | None
    new: Tree
    trusted: Tree
    head_tree: Tree | None = None
    top: Path | None = None
    on_close: Callable[[], None] = _nothing
    look_back: LookBack = _no_history
    holds: Holds = _unknown
    """Whether the judged commit holds what a pull request changes."""

    def close(self) -> None:
        self.on_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
