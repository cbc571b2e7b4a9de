"""What is about to change, and the trees it can be read from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

ChangeKind = Literal["range", "staged", "tree", "trees"]
FileStatus = Literal["added", "modified", "deleted", "renamed", "copied", "type_changed", "present"]

MODE_FILE = "100644"
MODE_EXECUTABLE = "100755"
MODE_LINK = "120000"
MODE_SUBMODULE = "160000"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the change. `author` and `committer` are `Name <address>`.

    `trailers` maps each trailer's key, lower case, to its values in their order.
    """

    sha: str
    author: str
    committer: str
    subject: str
    trailers: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a tree.

    `path` is text for people, globs and ids, with `/` between folders, relative to the root;
    bytes that are not UTF-8 stand in it as `\\xNN`. `mode` is Git's, six digits. `oid` is what
    its tree needs to read it: a blob's id in Git, the raw path in a folder.
    """

    path: str
    mode: str
    oid: str


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file of the change; a side is None where the file does not exist."""

    status: FileStatus
    old: Entry | None
    new: Entry | None

    @property
    def path(self) -> str:
        side = self.new or self.old
        assert side is not None
        return side.path

    @property
    def old_path(self) -> str | None:
        """The path before, where it is another one."""
        if self.old is None or self.new is None or self.old.path == self.new.path:
            return None
        return self.old.path


@dataclass(frozen=True, slots=True)
class Rollback:
    """What the change touches is as the trusted branch held it at the commit `to`.

    `committed_at` is RFC 3339 in UTC, None where the commit's own time is none.
    """

    to: str
    committed_at: str | None
    subject: str


@dataclass(frozen=True, slots=True)
class Approval:
    """Another person's consent: a review of the judged commit, or a label that claims an
    exemption, which `label` names. `by` is who, `at` when (RFC 3339)."""

    by: str
    kind: Literal["review", "label"]
    label: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Change:
    """base..head, with who and through what.

    `base` is the commit that the diff is taken from (the merge base), `head` the one judged
    (None: the index or a folder), `trusted` the commit whose config, policies and waivers judge
    (None: the working tree's). `description` is for the first line of the output.

    `approvals` are those that hold, and are asked for where the change claims an exemption. None:
    nobody was asked. `approvals_reason` says why none are known.

    `event` names the event of GitHub that the change came through, None by hand; `pull_request` is
    the number of its pull request, of a merge queue's group that of the one it is tried for.
    `deployed_to` is where a deployment's event says that it goes.
    """

    kind: ChangeKind
    base: str | None
    head: str | None
    trusted: str | None
    description: str
    author: str | None = None
    commits: Sequence[Commit] = ()
    labels: Sequence[str] = ()
    files: Sequence[FileChange] = ()
    rollback: Rollback | None = None
    approvals: Sequence[Approval] | None = None
    approvals_reason: str | None = None
    event: str | None = None
    pull_request: int | None = None
    deployed_to: str | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """Why the bytes of a file are not there: too large, missing, a submodule."""

    reason: str


class Tree(Protocol):
    """A readable state of the files: a commit, the index, or a folder. Read lazily."""

    @property
    def label(self) -> str:
        """What a person calls it: a branch, `the index`, a folder."""

    def read(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, bytes | Unread]]:
        """Reads many files in few round trips, in the order given. Links are not followed."""

    def folder(self, path: str) -> Sequence[Entry]:
        """The entries directly in a folder (`""` is the root), without those below; unsorted.

        Empty where there is no such folder. Subfolders are not listed.
        """

    def find(self, path: str) -> Entry | None:
        """The entry at a path, or None. A folder is None."""

    def below(self, path: str) -> Sequence[Entry]:
        """All entries below a folder, however deep; empty where there is no such folder."""


def content_at(tree: Tree, path: str) -> bytes | Unread | None:
    """The bytes of the file at a path, or why they are not there: a link is not followed. None
    where there is no file."""
    entry = tree.find(path)
    if entry is None:
        return None
    if entry.mode == MODE_LINK:
        return Unread("it is a symbolic link, and links are not followed")
    ((_, data),) = tree.read([entry])
    return data
