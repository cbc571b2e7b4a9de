"""The HTTP edge of `fetch`: one address at a time, no redirects, no credentials. All that can go
wrong on the way becomes a PolicyError here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

from gate.clients.deadline import within
from gate.decision.sources.tarball import MAX_PACKED
from gate.errors import PolicyError

CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0
SECONDS = 60.0
"""How long a connection, each read, and a whole download with its repeats may take."""
PAUSES = (0.5, 1.5)
"""Seconds between one try and the next, where the connection fails or the server is busy."""

_AGAIN = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answers with: the status, its bytes if that is 200, ETag and new address."""

    status: int
    data: bytes = b""
    etag: str | None = None
    location: str | None = None


class _TooLargeError(Exception):
    """The body is larger than the limit."""


def get(address: str, etag: str | None, *, shown: str, direct: bool, until: float) -> Reply:
    """What the address answers with; `etag` is that of the bytes that are there already. `direct`:
    through no proxy. `until` is a time of `time.monotonic`. Raises PolicyError, which names the
    address as `shown`."""
    for pause in (*PAUSES, None):
        left = until - time.monotonic()
        try:
            reply = within(lambda: _once(address, etag, direct=direct), left)
        except _TooLargeError as error:
            raise PolicyError(
                f"The bundle is too large: at most {MAX_PACKED:,} bytes are read.",
                advice="Make it smaller.",
                path=shown,
            ) from error
        except TimeoutError as error:
            raise _lost("it takes too long", shown) from error
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
            ValueError,
        ) as error:
            if pause is None or not _is_passing(error) or until - time.monotonic() < pause:
                # The cause's text may hold what the address must not show.
                raise _lost(_reason(error), shown) from None
        else:
            if reply.status not in _AGAIN or pause is None or until - time.monotonic() < pause:
                return reply
        time.sleep(pause)
    raise AssertionError


def _once(address: str, etag: str | None, *, direct: bool) -> Reply:
    with _Session() as session:
        session.trust_env = not direct
        # Without it, requests would send what a .netrc holds for this host.
        session.auth = _no_credentials
        session.headers["Accept-Encoding"] = "identity"
        if etag is not None:
            session.headers["If-None-Match"] = etag
        with session.get(
            address,
            stream=True,
            allow_redirects=False,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
        ) as response:
            data = _body(response) if response.status_code == 200 else b""
            return Reply(
                response.status_code,
                data,
                response.headers.get("ETag"),
                response.headers.get("Location"),
            )


class _Session(requests.Session):
    """Looks at no redirect: `fetch` does."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        return None


def _no_credentials(request: Any) -> Any:
    return request


def _body(response: requests.Response) -> bytes:
    """The bytes as they come: an archive that a server calls `Content-Encoding: gzip` is still the
    archive."""
    found = bytearray()
    for part in response.raw.stream(65536, decode_content=False):
        found += part
        if len(found) > MAX_PACKED:
            raise _TooLargeError
    return bytes(found)


def _is_passing(error: Exception) -> bool:
    return not isinstance(error, requests.exceptions.SSLError | requests.exceptions.InvalidURL)


def _reason(error: Exception) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted, or the handshake fails"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy fails"
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "it takes too long"
    if isinstance(error, urllib3.exceptions.HTTPError):
        return "the answer is cut off"
    return "the connection fails"


def _lost(reason: str, shown: str) -> PolicyError:
    return PolicyError(
        f"The bundle cannot be fetched: {reason}.",
        advice="Look whether the address is right and reachable from here.",
        path=shown,
    )
