"""Bytes of a `.tar.gz` to files and back. What is read may be hostile: all is capped before it is
unpacked, and whatever is not a plain file in a plain folder is refused."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping

from gate.errors import PolicyError

MAX_PACKED = 32 * 1024**2
MAX_UNPACKED = 128 * 1024**2
MAX_ENTRIES = 10_000
"""How large an archive may be, packed and unpacked, in bytes, and how many entries it may have."""

_GZIP = 16 + zlib.MAX_WBITS
_END = 2 * tarfile.BLOCKSIZE
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE)
_KINDS = {
    tarfile.LNKTYPE: "a link",
    tarfile.SYMTYPE: "a link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a file with holes",
}


def unpack(data: bytes, path: str) -> list[tuple[str, bytes]]:
    """The names and contents of an archive's files, in their order; `path` is the archive's, for
    messages. Raises PolicyError for what is broken, too large, or holds more than plain files."""
    if len(data) > MAX_PACKED:
        raise _too_large("The bundle", len(data), MAX_PACKED, path)
    raw = _unzipped(data, path)
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:", errors="surrogateescape") as tar:
            found = list(_files(tar, path))
            end = tar.offset
    except (tarfile.TarError, ValueError, OverflowError, EOFError, IndexError) as error:
        raise _broken(f"its tar archive cannot be read ({error})", path) from error
    # tarfile takes a header that it cannot read for the end, and would drop what follows.
    if len(raw) - end < _END or raw.count(0, end) != len(raw) - end:
        raise _broken("its tar archive does not end as it must", path)
    return found


def pack(files: Mapping[str, bytes]) -> bytes:
    """The archive of the files: sorted, without times and owners, so that the same files give the
    same bytes."""
    out = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size = len(files[name])
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(files[name]))
    return out.getvalue()


def _unzipped(data: bytes, path: str) -> bytes:
    unzip = zlib.decompressobj(wbits=_GZIP)
    try:
        raw = unzip.decompress(data, MAX_UNPACKED + 1)
    except zlib.error as error:
        raise _broken(f"it is no gzip file ({error})", path) from error
    if len(raw) > MAX_UNPACKED:
        raise _too_large("The bundle, unpacked,", len(raw), MAX_UNPACKED, path)
    if not unzip.eof:
        raise _broken("it ends too early", path)
    if unzip.unused_data:
        raise _broken(f"{len(unzip.unused_data)} bytes follow its end", path)
    return raw


def _files(tar: tarfile.TarFile, path: str) -> Iterator[tuple[str, bytes]]:
    before = -1
    count = 0
    while (entry := tar.next()) is not None:
        count += 1
        if count > MAX_ENTRIES:
            message = f"The bundle has more than the {MAX_ENTRIES:,} entries that are read."
            raise PolicyError(message, advice="Make it smaller.", path=path)
        if entry.size < 0 or tar.offset <= before:
            raise _broken("its tar archive has a size that is none", path)
        before = tar.offset
        if entry.isdir():
            continue
        if entry.type not in _FILES or entry.issparse():
            kind = _KINDS.get(entry.type, "something that is no file")
            message = f"The bundle holds {kind}: only plain files are read."
            raise PolicyError(
                message, advice="Pack it with `opa build -b` or `gate policy bundle`.", path=path
            )
        content = tar.extractfile(entry)
        assert content is not None
        yield entry.name, content.read()


def _broken(why: str, path: str) -> PolicyError:
    return PolicyError(
        f"The bundle cannot be read: {why}.",
        advice="Build it anew with `gate policy bundle` or `opa build -b`.",
        path=path,
    )


def _too_large(what: str, size: int, most: int, path: str) -> PolicyError:
    return PolicyError(
        f"{what} is too large: {size:,} bytes, and at most {most:,} are read.",
        advice="Make it smaller.",
        path=path,
    )
