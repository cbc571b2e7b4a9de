"""Bundles that were fetched before, by their digest, in the user's cache folder. It may be deleted
at any time; what cannot be kept there is fetched anew."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from gate.decision.sources.tarball import MAX_PACKED

_LONGEST_ETAG = 1024


@dataclass(frozen=True, slots=True)
class Seen:
    """What an address answered with last: its ETag, and the digest of the bytes."""

    etag: str
    digest: str


def folder() -> Path | None:
    """`$XDG_CACHE_HOME/change-gate/bundles`, or that in `~/.cache`; None where there is no home."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        try:
            base = Path.home() / ".cache"
        except RuntimeError:
            return None
    return base / "change-gate" / "bundles"


def kept(digest: str) -> bytes | None:
    """The bytes with this SHA-256 (hexadecimal); None where they are not there, or are others."""
    data = _read(_bundle_name(digest))
    return data if data is not None and hashlib.sha256(data).hexdigest() == digest else None


def keep(data: bytes) -> None:
    """Keeps the bytes under their digest."""
    _write(_bundle_name(hashlib.sha256(data).hexdigest()), data)


def seen(address: str) -> Seen | None:
    """What the address answered with last, if that was kept."""
    try:
        told = json.loads(_read(_address_name(address)) or b"null")
        found = Seen(str(told["etag"]), str(told["digest"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return found if _is_header(found.etag) else None


def remember(address: str, etag: str | None, data: bytes) -> None:
    """Keeps the bytes, and that the address answered with them."""
    keep(data)
    if etag is not None and _is_header(etag):
        told = asdict(Seen(etag, hashlib.sha256(data).hexdigest()))
        _write(_address_name(address), json.dumps(told).encode())


def _is_header(etag: str) -> bool:
    return 0 < len(etag) <= _LONGEST_ETAG and etag.isascii() and etag.isprintable()


def _bundle_name(digest: str) -> str:
    return f"sha256-{digest}.tar.gz"


def _address_name(address: str) -> str:
    return f"address-{hashlib.sha256(address.encode('utf-8', 'replace')).hexdigest()}.json"


def _read(name: str) -> bytes | None:
    here = folder()
    try:
        if here is None:
            return None
        with (here / name).open("rb") as file:
            return file.read(MAX_PACKED + 1)
    except OSError:
        return None


def _write(name: str, data: bytes) -> None:
    """Whole or not at all: another run may read it at the same moment."""
    here = folder()
    if here is None:
        return
    with suppress(OSError):
        here.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=here, delete=False) as file:
            try:
                file.write(data)
                file.close()
                Path(file.name).replace(here / name)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
