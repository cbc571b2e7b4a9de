"""The HTTP edge of the sources: one session, with limits on time, size and repeats, without
redirects. All that can go wrong on the way becomes `Unreachable` here, in plain words that hold
no secret."""

from __future__ import annotations

import base64
import json
import math
import re
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException, IncompleteRead
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import requests
import urllib3

from gate.clients import transport
from gate.clients.deadline import within
from gate.model import strict_json
from gate.model.times import duration

MAX_BYTES = 8 * 1024**2
"""How large an answer may be, after decompression."""
SECONDS = 10.0
"""How long one answer may take, with its repeats, where nothing else is set."""
PAUSES = (0.5,)
"""Seconds before each repeat."""

_GRACE = 0.2
_LIKE_A_SECRET = 8

Fields = Mapping[str, str] | Sequence[tuple[str, str]]


class Unreachable(Exception):  # noqa: N818 - it is a state of the world, not a fault
    """Nothing usable came back. `reason` says why: a clause to stand after the source's name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """How a server is asked: who asks, whom is trusted (paths of PEM files), and for how long one
    answer may take, in seconds. Its text shows none of it."""

    token: str | None = None
    user: str | None = None
    password: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    timeout: float = SECONDS

    def __repr__(self) -> str:
        return "Access(...)"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whatever its status. The names of `headers` are found in any case."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def access(settings: Any) -> Access:
    """The connection settings of a source, which may be an address alone. User and password may
    stand in the address."""
    told = settings if isinstance(settings, Mapping) else {"url": settings}
    who = told if told.get("user") is not None else _named(str(told.get("url", "")))
    return Access(
        token=told.get("token"),
        user=who.get("user"),
        password=who.get("password"),
        headers=dict(told.get("headers") or {}),
        ca=told.get("ca"),
        certificate=told.get("certificate"),
        key=told.get("key"),
        timeout=duration(told["timeout"]).total_seconds() if told.get("timeout") else SECONDS,
    )


class Session:
    """Connections to one server, or several with the same access, kept open between questions.
    Who asks is what the access says: what addresses say of that is left out (see `access`).

    Up to `parallel` threads may use it at once. The environment's proxies are used (not for this
    machine itself), and its bundle of authorities where `ca` is not set; its password files are
    not. An answer has up to `size` bytes, after decompression or, not `decoded`, as they come. A
    server that is silent for `silence` seconds, breaks off or is busy is asked again after each
    of the `pauses`, or later where it asks for that, as long as the time of the access lasts.

    Raises Unreachable where a setting cannot be used.
    """

    def __init__(
        self,
        access: Access,
        *,
        parallel: int = 1,
        size: int = MAX_BYTES,
        silence: float = math.inf,
        pauses: Sequence[float] = PAUSES,
        decoded: bool = True,
    ) -> None:
        _check(access)
        self._access = access
        self._size = size
        self._silence = min(silence, access.timeout)
        self._pauses = pauses
        self._session = _Requests()
        transport.guard(
            self._session, size, authorities=access.ca, decoded=decoded, parallel=parallel
        )
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update(
            {"Accept": "application/json", "User-Agent": "change-gate", **access.headers}
        )
        self._session.headers.update({"Accept-Encoding": "identity", **_authorization(access)})
        if access.certificate and access.key:
            self._session.cert = (access.certificate, access.key)
        else:
            self._session.cert = access.certificate

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    def get(self, address: str, params: Fields = (), *, seconds: float = math.inf) -> Reply:
        """What a GET is answered with, within `seconds` where the access allows longer. Raises
        Unreachable."""
        return self._asked("GET", address, {"params": params}, self._pauses, seconds)

    def post(self, address: str, data: Fields = ()) -> Reply:
        """What a POST of a form is answered with. It may be sent again. Raises Unreachable."""
        return self._asked("POST", address, {"data": data}, self._pauses)

    def send(
        self,
        method: Literal["POST", "PATCH"],
        address: str,
        body: Any,
        *,
        again: bool,
        seconds: float = math.inf,
    ) -> Reply:
        """What JSON is answered with, within `seconds` where the access allows longer. Only where
        it does no harm to say it twice (`again`) it is repeated. Raises Unreachable."""
        pauses = self._pauses if again else ()
        return self._asked(method, address, {"json": body}, pauses, seconds)

    def _asked(
        self,
        method: str,
        address: str,
        fields: Mapping[str, Any],
        pauses_before: Sequence[float],
        seconds: float = math.inf,
    ) -> Reply:
        limit = min(self._access.timeout, max(seconds, 0.0))
        until = time.monotonic() + limit
        pauses = iter(pauses_before)
        while True:
            pause = next(pauses, math.inf)
            try:
                left = max(until - time.monotonic(), 0.001)
                reply = self._once(method, address, fields, left, limit)
            except _Lost:
                if time.monotonic() + pause >= until:
                    raise
            else:
                pause = max(pause, pause_asked(reply))
                if reply.status not in transport.AGAIN or time.monotonic() + pause >= until:
                    return reply
            time.sleep(pause)

    def _once(
        self, method: str, address: str, fields: Mapping[str, Any], left: float, limit: float
    ) -> Reply:
        try:
            return within(lambda: self._sent(method, address, fields, left), left + _GRACE)
        except TimeoutError:
            raise _late(limit) from None
        except transport.TooLargeError:
            raise Unreachable(f"its answer is larger than {self._size / 1024**2:g} MB") from None
        except transport.EncodedError:
            reason = "its answer is compressed in a way that nobody asked for"
            raise Unreachable(reason) from None
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            # The cause's text may hold what nobody may see.
            raise _translated(error, min(self._silence, limit)) from None

    def _sent(self, method: str, address: str, fields: Mapping[str, Any], left: float) -> Reply:
        parts = urlsplit(address)
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
        with self._session.request(
            method,
            bare,
            **fields,
            timeout=min(left, self._silence),
            allow_redirects=False,
            stream=True,
            proxies=transport.proxies(bare),
        ) as response:
            return Reply(response.status_code, response.content, response.headers)


def pause_asked(reply: Reply) -> float:
    """For how many seconds the server wants to be left alone: its `Retry-After` (RFC 9110, section
    10.2.3), 0 where it names none in seconds."""
    found = reply.headers.get("Retry-After", "").strip()
    return float(found) if found.isascii() and found.isdigit() else 0.0


def json_of(reply: Reply) -> Any:
    """The JSON of an answer, read strictly. Raises Unreachable where it is none."""
    try:
        return strict_json.read(reply.body)
    except strict_json.TooDeepError as error:
        raise Unreachable(f"its answer is {error}") from None
    except ValueError:
        raise Unreachable("its answer is not JSON") from None


def why(status: int, body: bytes = b"", access: Access | None = None) -> str:
    """What an answer with the status of an error means, with the server's own word for it. What
    `access` keeps secret is left out of that."""
    said = _said(body, _secrets(access) if access else ())
    return _meaning(status) + (f": {said}" if said else "")


def _meaning(status: int) -> str:
    if 300 <= status < 400:
        return f"it answers that it is elsewhere ({status}), and gate follows no redirect"
    if status >= 500:
        return f"it fails with status {status}"
    words = {
        401: "it does not accept who asks (401); look at token, user and password",
        403: "it does not let gate ask this (403)",
        404: "it has nothing at this address (404)",
        407: "the proxy before it asks for a password (407)",
        429: "it is asked too often (429)",
    }
    return words.get(status, f"it answers with status {status}")


class _Lost(Unreachable):
    """The connection broke, which may not happen again."""


class _Requests(requests.Session):
    """Looks at no redirect."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        return None


def _named(address: str) -> Mapping[str, str]:
    """The user and the password that an address holds, or nothing."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return {}
    if parts.username is None:
        return {}
    return {"user": unquote(parts.username), "password": unquote(parts.password or "")}


def _authorization(access: Access) -> Mapping[str, str]:
    if access.token:
        return {"Authorization": f"Bearer {access.token}"}
    if access.user is not None:
        return {"Authorization": f"Basic {_basic(access.user, access.password)}"}
    return {}


def _basic(user: str, password: str | None) -> str:
    return base64.b64encode(f"{user}:{password or ''}".encode()).decode()


def _check(access: Access) -> None:
    """Tries the settings before anything is asked: the errors of a connection would be less clear,
    and a key with a password would ask for it on the terminal."""
    for name, value in {"token": access.token or "", **access.headers}.items():
        if not (value.isascii() and value.isprintable()) or value != value.strip():
            what = "the token" if name == "token" else f"the header {name}"
            raise Unreachable(f"{what} holds a line break or another sign that no header can hold")
    if access.key and not access.certificate:
        raise Unreachable("`key` is set and `certificate` is not")
    if access.ca and (fault := transport.authorities_fault(access.ca)):
        raise Unreachable(f"ca: {fault}")
    if access.certificate and (
        fault := transport.certificate_fault(access.certificate, access.key)
    ):
        raise Unreachable(f"certificate{' with key' if access.key else ''}: {fault}")


_TIMEOUTS = (TimeoutError, requests.Timeout, urllib3.exceptions.ReadTimeoutError)
_FAULTS: Sequence[tuple[tuple[type[BaseException], ...], str, type[Unreachable]]] = (
    ((socket.gaierror,), "the name of its host is not found", _Lost),
    ((ConnectionRefusedError,), "it refuses the connection", _Lost),
    ((IncompleteRead,), "its answer was cut off", _Lost),
    ((ConnectionError,), "it broke off the connection", _Lost),
    ((HTTPException,), "it does not answer in HTTP", Unreachable),
    ((urllib3.exceptions.DecodeError,), "its answer cannot be decompressed", Unreachable),
    (
        (requests.exceptions.InvalidHeader, UnicodeError),
        "the address or a header holds a sign that it cannot hold",
        Unreachable,
    ),
)


def _translated(error: Exception, silence: float) -> Unreachable:
    chain = transport.chain(error)
    if isinstance(error, requests.exceptions.ProxyError):
        return Unreachable(f"the proxy before it fails: {_system(chain)}")
    if any(isinstance(each, ssl.SSLError) for each in chain):
        return Unreachable(_tls(chain))
    if any(isinstance(each, _TIMEOUTS) for each in chain):
        return _late(silence)
    for kinds, reason, state in _FAULTS:
        if any(isinstance(each, kinds) for each in chain):
            return state(reason)
    if isinstance(error, ValueError):
        return Unreachable("its address is none that can be asked")
    return Unreachable(f"the connection fails: {_system(chain)}")


def _late(seconds: float) -> _Lost:
    return _Lost(f"no answer within {round(seconds, 1):g} s")


def _system(chain: Sequence[BaseException]) -> str:
    word = transport.system_word(chain)
    tunnels = (re.match(r"Tunnel connection failed: (\d{3})", str(each)) for each in chain)
    tunnel = next(filter(None, tunnels), None)
    if tunnel:
        return f"it answers with status {tunnel[1]}"
    return word or type(chain[0]).__name__


def _tls(chain: Sequence[BaseException]) -> str:
    for each in chain:
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {each.verify_message.rstrip('.')}"
    told = [getattr(each, "reason", "") for each in chain if isinstance(each, ssl.SSLError)]
    told = [each for each in told if each]
    if any("CERTIFICATE_REQUIRED" in each for each in told):
        return "it asks for a client certificate (`certificate`, `key`)"
    if any(each in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"} for each in told):
        return "it does not speak TLS"
    if not told or any("EOF" in each for each in told):
        return "it ended the TLS connection; it may ask for a client certificate"
    return f"there is no TLS connection: {told[0].lower().replace('_', ' ')}"


def _said(body: bytes, secrets: Sequence[str]) -> str:
    """The server's own word, on one line, cut short. A page for people is none."""
    text = body[:100_000].decode("utf-8", "replace").strip()
    if text.startswith("{"):
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            told = {}
        words = (told.get(key) for key in ("error", "message", "detail", "errors"))
        text = next((str(word) for word in words if word), "")
    if text.startswith("<"):
        return ""
    return transport.one_line(text, secrets)


def _secrets(access: Access) -> list[str]:
    found = [access.token or "", access.password or "", *access.headers.values()]
    if access.user is not None:
        found.append(_basic(access.user, access.password))
    found = [each for each in found if len(each) >= _LIKE_A_SECRET or each == access.password]
    return sorted(filter(None, found), key=len, reverse=True)
