"""What every session has that asks over HTTP: nothing of the environment but proxies and
authorities, an end to what an answer may hold, and its faults as they are below requests."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from gate.clients.address import is_loopback

AGAIN = frozenset({429, 502, 503, 504})
"""The statuses of a server that is busy: it may answer when it is asked again."""

_TRUSTED = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Where other programs of the machine name the authorities that they trust."""
_PLAIN = frozenset({"", "identity", "gzip"})
_SHOWN = 200


class TooLargeError(Exception):
    """The answer is larger than the limit."""


class EncodedError(Exception):
    """The answer is compressed in a way that nobody asked for."""


def guard(
    session: requests.Session,
    most: int,
    *,
    authorities: str | None = None,
    decoded: bool = True,
    parallel: int = 1,
) -> None:
    """Makes a session safe: no password files, no repeats of its own, authorities as told or as
    the environment names them, and no answer of more than `most` bytes, which are counted after
    decompression. Not `decoded`, an answer is taken as it comes.

    An answer raises TooLargeError and EncodedError when it is read.
    """
    session.trust_env = False
    session.headers["Accept-Encoding"] = "identity"
    trusted = [authorities, *(os.environ.get(name) for name in _TRUSTED)]
    session.verify = next(filter(None, trusted), True)
    adapter = _Adapter(most, decoded=decoded, parallel=parallel)
    session.mount("http://", adapter)
    session.mount("https://", adapter)


def proxies(address: str) -> dict[str, str]:
    """The environment's proxies for an address: none for this machine."""
    if is_loopback(urlsplit(address).hostname or ""):
        return {}
    return requests.utils.get_environ_proxies(address)


def authorities_fault(path: str) -> str | None:
    """Why a file of authorities cannot be used, or None."""
    return _fault(lambda tls: tls.load_verify_locations(path))


def certificate_fault(path: str, key: str | None) -> str | None:
    """Why a client certificate with its key cannot be used, or None. It is tried before anything
    is asked: the errors of a connection would be less clear, and a key with a password would ask
    for it on the terminal."""
    return _fault(lambda tls: tls.load_cert_chain(path, key, password=_no_password))


def chain(error: BaseException) -> Sequence[BaseException]:
    """The error and all that caused it, as far as requests and urllib3 keep that."""
    seen: list[BaseException] = []
    todo: list[Any] = [error]
    while todo:
        each = todo.pop(0)
        if isinstance(each, BaseException) and not any(each is one for one in seen):
            seen.append(each)
            todo += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
    return seen


def system_word(faults: Sequence[BaseException]) -> str | None:
    """What the system says went wrong. The texts of requests name objects in memory, and
    addresses."""
    for each in faults:
        if isinstance(each, OSError) and each.strerror and not isinstance(each, ssl.SSLError):
            return each.strerror[0].lower() + each.strerror[1:]
    return None


def one_line(text: str, secrets: Sequence[str] = ()) -> str:
    """A server's text on one line, cut short, without the secrets."""
    for secret in secrets:
        text = text.replace(secret, "<secret>")
    line = " ".join(text.split())
    return line[:_SHOWN].rstrip(".") + ("…" if len(line) > _SHOWN else "")


class _Reader:
    """Stands before the answer's bytes and counts them."""

    def __init__(self, raw: Any, most: int, *, decoded: bool) -> None:
        self._raw = raw
        self._left = most
        self._decoded = decoded

    def stream(self, amount: int, decode_content: bool) -> Iterator[bytes]:
        for part in self._raw.stream(amount, decode_content=decode_content and self._decoded):
            self._left -= len(part)
            if self._left < 0:
                self._raw.close()
                raise TooLargeError
            yield part

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


class _Adapter(HTTPAdapter):
    def __init__(self, most: int, *, decoded: bool, parallel: int) -> None:
        super().__init__(max_retries=0, pool_connections=4, pool_maxsize=parallel)
        self._most = most
        self._decoded = decoded

    def send(self, request: requests.PreparedRequest, *more: Any, **rest: Any) -> requests.Response:
        response = super().send(request, *more, **rest)
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if self._decoded and encoding not in _PLAIN:
            response.close()
            raise EncodedError
        response.raw = _Reader(response.raw, self._most, decoded=self._decoded)
        return response


def _fault(load: Callable[[ssl.SSLContext], None]) -> str | None:
    try:
        load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    except FileNotFoundError:
        return "there is no such file"
    except (OSError, ValueError):
        return "no PEM file that can be used"
    return None


def _no_password() -> str:
    raise ValueError
