"""Bundles from the network: HTTPS only (HTTP on this machine), with limits on time and size, no
credentials, and a cache by digest (`cache`)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit

from gate.clients import address as addresses
from gate.clients.deadline import within
from gate.decision.sources import cache
from gate.decision.sources.read import check_digest
from gate.decision.sources.tarball import MAX_PACKED
from gate.errors import PolicyError

if TYPE_CHECKING:
    from gate.clients.http import Reply, Session

REDIRECTS = 5
SILENCE = 20.0
SECONDS = 60.0
"""For how long a server may be silent, and how long a whole download with its repeats may take."""
PAUSES = (0.5, 1.5)
"""Seconds before each repeat, where the connection fails or the server is busy."""

_MOVED = frozenset({301, 302, 303, 307, 308})
_EXAMPLE = "Write it as https://bundles.example/team.tar.gz#sha256=..."

_fetched: dict[str, bytes] = {}
"""What this process has fetched, by address: the head's config may name the same ones, and for it
nothing is asked."""


def fetched(address: str, pin: str | None, *, offline: bool) -> bytes:
    """The bytes at an address. `pin` is the SHA-256 (hexadecimal) that they must have.

    A pinned bundle that was fetched before is taken from the cache. Any other is asked for, with
    the ETag of last time; `offline` nothing is. Raises PolicyError, for other bytes too.
    """
    _check(_parts(address), address)
    data = _fetched.get(address)
    if data is None and pin is not None:
        data = cache.kept(pin)
    if data is None:
        if offline:
            raise _not_offline(address, pin)
        data = _asked(address, pin)
    if pin is not None:
        check_digest(shown(address), data, pin)
    _fetched[address] = data
    return data


def shown(address: str) -> str:
    """The address for people, without what may be a secret in it."""
    _parts(address)
    return addresses.shown(address)


def _parts(address: str) -> SplitResult:
    """The parts of an address. Raises PolicyError for what is none."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise PolicyError("The address of the bundle is none.", advice=_EXAMPLE) from error
    return parts


def _check(parts: SplitResult, address: str) -> None:
    if not parts.hostname or not address.isprintable() or " " in address:
        raise PolicyError("The address of the bundle is none.", advice=_EXAMPLE)
    if "@" in parts.netloc:
        raise PolicyError(
            "The address of the bundle holds a user or password, which logs would show.",
            advice="Leave them out: the digest says that the bundle is the right one.",
            path=shown(address),
        )
    if parts.fragment:
        raise PolicyError(
            "The address of the bundle has a part behind `#` that is no digest.",
            advice=_EXAMPLE,
            path=shown(address),
        )
    is_here = parts.scheme == "http" and addresses.is_loopback(parts.hostname)
    if parts.scheme != "https" and not is_here:
        raise PolicyError(
            "A bundle is fetched over HTTPS only.", advice=_EXAMPLE, path=shown(address)
        )


def _not_offline(address: str, pin: str | None) -> PolicyError:
    if pin is None:
        return PolicyError(
            "This bundle is asked for on each run, and nothing is asked over the network.",
            advice="Name it with its digest, `#sha256=...`: then it is kept.",
            path=shown(address),
        )
    return PolicyError(
        "This bundle was not fetched yet, and nothing is asked over the network.",
        advice="Run once without --offline: then it is kept.",
        path=shown(address),
    )


def _asked(address: str, pin: str | None) -> bytes:
    before = cache.seen(address) if pin is None else None
    known = cache.kept(before.digest) if before else None
    etag = before.etag if before and known is not None else None
    reply = _replied(address, etag)
    if reply.status == 304 and known is not None:
        return known
    if reply.status != 200:
        raise _failed(address, reply.status)
    if pin is None:
        cache.remember(address, reply.headers.get("ETag"), reply.body)
    else:
        check_digest(shown(address), reply.body, pin)
        cache.keep(reply.body)
    return reply.body


def _replied(address: str, etag: str | None) -> Reply:
    """What the address answers, at the end of all redirects; `etag` is that of the bytes that are
    there already."""
    from gate.clients.http import Access, Session, Unreachable

    headers = {"Accept": "*/*", **({"If-None-Match": etag} if etag else {})}
    access = Access(headers=headers, timeout=SECONDS)
    try:
        # An archive that a server calls `Content-Encoding: gzip` is still the archive.
        with Session(
            access, size=MAX_PACKED, silence=SILENCE, pauses=PAUSES, decoded=False
        ) as session:
            return within(lambda: _followed(session, address), SECONDS)
    except (Unreachable, TimeoutError) as error:
        raise PolicyError(
            f"The bundle cannot be fetched: {str(error) or f'no answer within {SECONDS:g} s'}.",
            advice="Look whether the address is right and reachable, and what answers there.",
            path=shown(address),
        ) from error


def _followed(session: Session, address: str) -> Reply:
    """The reply at the end of all redirects. None leads to another scheme."""
    here = address
    for _ in range(REDIRECTS + 1):
        reply = session.get(here)
        location = reply.headers.get("Location")
        if reply.status not in _MOVED or location is None:
            return reply
        here = _next(address, here, location)
    raise PolicyError(
        f"The server sends from one address to the next, more than {REDIRECTS} times.",
        advice="Name the address where the bundle is.",
        path=shown(address),
    )


def _next(address: str, here: str, location: str) -> str:
    """Where a server sends to."""
    try:
        there = urljoin(here, location)
        parts = _parts(there)
        _check(parts._replace(fragment=""), there)
        if parts.scheme == "https" or here.startswith("http:"):
            return there
    except (ValueError, PolicyError):
        pass
    raise PolicyError(
        "The server sends to an address that is not asked: a bundle is fetched over HTTPS only, "
        "and without credentials.",
        advice="Name the address where the bundle is.",
        path=shown(address),
    )


def _failed(address: str, status: int) -> PolicyError:
    advice = {
        401: "Serve it without a login, or fetch it yourself and name the file.",
        403: "Serve it without a login, or fetch it yourself and name the file.",
        404: "Mend the address, or publish the bundle there.",
    }.get(status, "Look at the server, and try again.")
    return PolicyError(
        f"The bundle cannot be fetched: the server answers with status {status}.",
        advice=advice,
        path=shown(address),
    )
