"""Writes a plan. No file is overwritten, no link is followed, and each appears wholly or not."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gate.adoption.init.plan import File
from gate.errors import UsageError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP)
"""How a file system says that it has no hard links."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write(top: Path, files: Sequence[File]) -> None:
    """Writes files below `top`. Raises UsageError where one cannot be written; those before it
    stay."""
    for file in files:
        *folders, name = file.path.split("/")
        try:
            with _folder(top, folders) as place:
                if file.old is None:
                    _create(place, name, file.new)
                else:
                    _replace(place, name, file)
        except OSError as error:
            raise UsageError(
                f"{file.path} cannot be written: {_why(error)}.",
                advice="Mend that, and run `gate init` again: it goes on where it stopped.",
                path=file.path,
            ) from error


def _why(error: OSError) -> str:
    if isinstance(error, FileExistsError):
        return "it has come into being meanwhile"
    return error.strerror or type(error).__name__


@contextmanager
def _folder(top: Path, names: Sequence[str]) -> Iterator[int]:
    """An open folder, made where it is missing. A link on the way is an error of the system."""
    here = os.open(top, _FOLDER & ~os.O_NOFOLLOW)
    try:
        for name in names:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=here)
            below = os.open(name, _FOLDER, dir_fd=here)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


def _create(place: int, name: str, data: bytes) -> None:
    """Raises FileExistsError where the name is taken."""
    made = _temporary(place, name, data, 0o666)
    try:
        os.link(made, name, src_dir_fd=place, dst_dir_fd=place, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _put(place, name, data, 0o666)
    finally:
        os.unlink(made, dir_fd=place)


def _replace(place: int, name: str, file: File) -> None:
    """Only where the file is still what it was. It keeps its rights."""
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
    with os.fdopen(handle, "rb") as old:
        mode = stat.S_IMODE(os.fstat(handle).st_mode)
        if old.read() != file.old:
            raise FileExistsError
    made = _temporary(place, name, file.new, mode)
    try:
        os.chmod(made, mode, dir_fd=place)
        os.rename(made, name, src_dir_fd=place, dst_dir_fd=place)
    except OSError:
        os.unlink(made, dir_fd=place)
        raise


def _temporary(place: int, name: str, data: bytes, mode: int) -> str:
    made = f".{name}.{secrets.token_hex(4)}"
    _put(place, made, data, mode)
    return made


def _put(place: int, name: str, data: bytes, mode: int) -> None:
    """A new file, or none where it does not fit."""
    with os.fdopen(os.open(name, _NEW, mode, dir_fd=place), "wb") as file:
        try:
            file.write(data)
            file.flush()
        except OSError:
            os.unlink(name, dir_fd=place)
            raise
