"""Folders on disk, without Git: everything in one, or one against another."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gate.change.interface import BLOB_LIMIT, ChangeRequest, OpenSource
from gate.change.names import over_limit, raw, shown, steps
from gate.errors import ChangeError
from gate.model.change import (
    MODE_EXECUTABLE,
    MODE_FILE,
    MODE_LINK,
    Change,
    Entry,
    FileChange,
    FileStatus,
    Unread,
)

CONFIG_NAME = ".gate.yaml"
_COMPARED_AT_ONCE = 1024 * 1024
_SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class FolderTree:
    """The files below a folder. Links are not followed, `.git` is not looked into."""

    def __init__(self, root: Path, label: str | None = None, limit: int = BLOB_LIMIT) -> None:
        self._root = os.fsencode(root.absolute())
        self._limit = limit
        self.label = label or ("this folder" if root == Path() else str(root))

    def read(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, bytes | Unread]]:
        for entry in entries:
            yield entry, self._read(entry)

    def folder(self, path: str) -> Sequence[Entry]:
        start = self._real_folder(path)
        if start is None:
            return ()
        return [self._entry(name, info) for name, info in self._list(start) if not _is_folder(info)]

    def find(self, path: str) -> Entry | None:
        names = steps(path)
        if not names:
            return None
        parent = self._real_folder("/".join(names[:-1]))
        if parent is None or _is_git(raw(names[-1])):
            return None
        name = _join(parent, raw(names[-1]))
        info = self._look(name)
        return None if info is None or _is_folder(info) else self._entry(name, info)

    def below(self, path: str) -> Sequence[Entry]:
        start = self._real_folder(path)
        found: list[Entry] = []
        waiting = [] if start is None else [start]
        while waiting:
            for name, info in self._list(waiting.pop()):
                if _is_folder(info):
                    waiting.append(name)
                else:
                    found.append(self._entry(name, info))
        return sorted(found, key=lambda entry: entry.path)

    def is_same(self, here: Entry, other: FolderTree, there: Entry) -> bool:
        """Whether both files hold the same bytes. False where one cannot be read."""
        if here.mode != there.mode:
            return False
        if here.mode == MODE_LINK:
            return self._read(here) == other._read(there)
        try:
            return _equal(self._place(here), other._place(there))
        except OSError:
            return False

    def _read(self, entry: Entry) -> bytes | Unread:
        try:
            if entry.mode == MODE_LINK:
                return os.readlink(self._place(entry))  # noqa: PTH115 - a Path would tidy the target
            return _content(self._place(entry), self._limit)
        except OSError as error:
            return Unread(f"cannot be read: {error.strerror}")

    def _place(self, entry: Entry) -> bytes:
        return _join(self._root, os.fsencode(entry.oid))

    def _entry(self, name: bytes, info: os.stat_result) -> Entry:
        return Entry(path=shown(name), mode=_mode(info), oid=os.fsdecode(name))

    def _real_folder(self, path: str) -> bytes | None:
        """The folder's raw path below the root, if no part of it is a link."""
        names = steps(path)
        if names is None:
            return None
        here = b""
        for name in names:
            here = _join(here, raw(name))
            info = self._look(here)
            if info is None or not _is_folder(info) or _is_git(raw(name)):
                return None
        return here

    def _look(self, name: bytes) -> os.stat_result | None:
        try:
            return os.lstat(_join(self._root, name))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return None
            raise _unlisted(name, error) from error

    def _list(self, folder: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
        try:
            with os.scandir(_join(self._root, folder)) as found:
                for item in found:
                    if not _is_git(item.name):
                        yield _join(folder, item.name), item.stat(follow_symlinks=False)
        except OSError as error:
            raise _unlisted(folder, error) from error


def open_tree(request: ChangeRequest) -> OpenSource:
    """Everything in some folders, as present. Paths are relative to the folder that is worked
    in, as people type them; to the judged folder, where that one is elsewhere or has the only
    configuration."""
    judged = [_existing(folder) for folder in request.judged_folders]
    here = top_above(_existing(request.repo))
    root = _root(here, judged)
    new = FolderTree(root, ", ".join(FolderTree(folder).label for folder in judged))
    found = {
        entry.path: FileChange("present", None, entry)
        for folder in judged
        for entry in new.below(_relative(folder, root))
    }
    change = Change(
        kind="tree",
        base=None,
        head=None,
        trusted=None,
        description=f"everything in {new.label}",
        files=tuple(found.values()),
    )
    trusted = here if _is_configured(here) else root
    return OpenSource(
        change=change,
        old=None,
        new=new,
        trusted=FolderTree(trusted),
        top=trusted.absolute(),
    )


def open_trees(request: ChangeRequest) -> OpenSource:
    """One folder against another. The second has no say in how it is judged: the folder that is
    worked in has, and the first where only that one has a configuration."""
    return compared(request)


def compared(request: ChangeRequest) -> OpenSource:
    """The same; by content, renames are not looked for."""
    assert request.base_tree is not None
    before, after = _existing(request.base_tree), _existing(request.judged_folders[0])
    here = top_above(_existing(request.repo))
    old, new = FolderTree(before), FolderTree(after)
    change = Change(
        kind="trees",
        base=None,
        head=None,
        trusted=None,
        description=f"{new.label} against {old.label}",
        files=tuple(_differences(old, new)),
    )
    by_folders = not _is_configured(here)
    trusted = before if by_folders and _is_configured(before) else here
    return OpenSource(
        change=change,
        old=old,
        new=new,
        trusted=FolderTree(trusted),
        head_tree=new if by_folders and _is_configured(after) else None,
        top=trusted.absolute(),
    )


def top_above(folder: Path) -> Path:
    """The nearest folder upwards that is a repository or has a config, so that a subfolder is
    judged as its repository is; the folder itself where there is none."""
    full = folder.absolute()
    for each in (full, *full.parents):
        if (each / ".git").exists() or _is_configured(each):
            return folder if each == full else each
    return folder


def _root(here: Path, judged: Sequence[Path]) -> Path:
    """The folder that the judged folders' paths are relative to."""
    if len(judged) == 1 and _is_configured(judged[0]) and not _is_configured(here):
        return judged[0]
    places = [folder.resolve() for folder in judged]
    if all(place.is_relative_to(here.resolve()) for place in places):
        return here
    return judged[0] if len(judged) == 1 else Path(os.path.commonpath(places))


def _relative(folder: Path, root: Path) -> str:
    place = os.fsencode(folder.resolve().relative_to(root.resolve()))
    return "" if place == b"." else shown(place)


def _is_configured(folder: Path) -> bool:
    return FolderTree(folder).find(CONFIG_NAME) is not None


def _differences(old: FolderTree, new: FolderTree) -> Iterator[FileChange]:
    before = {entry.oid: entry for entry in old.below("")}
    after = {entry.oid: entry for entry in new.below("")}
    for name in sorted(before.keys() | after.keys()):
        was, is_now = before.get(name), after.get(name)
        if was is None or is_now is None:
            yield FileChange("added" if was is None else "deleted", was, is_now)
        elif not old.is_same(was, new, is_now):
            yield FileChange(_status(was, is_now), was, is_now)


def _status(old: Entry, new: Entry) -> FileStatus:
    return "modified" if old.mode[:3] == new.mode[:3] else "type_changed"


def _existing(folder: Path) -> Path:
    if folder.is_dir():
        return folder
    what = "is not a folder" if folder.exists() else "does not exist"
    raise ChangeError(f"{folder} {what}.", advice="Name a folder that is there.")


def _join(folder: bytes, name: bytes) -> bytes:
    return folder + b"/" + name if folder and name else folder or name


def _is_folder(info: os.stat_result) -> bool:
    return stat.S_ISDIR(info.st_mode)


def _is_git(name: bytes) -> bool:
    return name.lower() == b".git"


def _mode(info: os.stat_result) -> str:
    """Git's mode; a special file, which Git does not know, has the file system's own."""
    if stat.S_ISLNK(info.st_mode):
        return MODE_LINK
    if not stat.S_ISREG(info.st_mode):
        return f"{info.st_mode:06o}"
    return MODE_EXECUTABLE if info.st_mode & stat.S_IXUSR else MODE_FILE


def _open(place: bytes) -> int:
    return os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def _content(place: bytes, limit: int) -> bytes | Unread:
    kind = stat.S_IFMT(os.lstat(place).st_mode)
    if kind != stat.S_IFREG:
        return Unread(f"{_SPECIAL.get(kind, 'a special file')}, not a file")
    with open(_open(place), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size <= limit:
            content = file.read(limit + 1)
            size = len(content)
    return content if size <= limit else Unread(over_limit(size, limit))


def _equal(here: bytes, there: bytes) -> bool:
    if not stat.S_ISREG(os.lstat(here).st_mode) or not stat.S_ISREG(os.lstat(there).st_mode):
        return False
    with open(_open(here), "rb") as one, open(_open(there), "rb") as two:
        if os.fstat(one.fileno()).st_size != os.fstat(two.fileno()).st_size:
            return False
        while True:
            part = one.read(_COMPARED_AT_ONCE)
            if part != two.read(_COMPARED_AT_ONCE):
                return False
            if not part:
                return True


def _unlisted(folder: bytes, error: OSError) -> ChangeError:
    return ChangeError(
        f"The folder {shown(folder) or '.'} cannot be read: {error.strerror}.",
        advice="Give the user that runs gate the right to read it, or judge another folder.",
    )
