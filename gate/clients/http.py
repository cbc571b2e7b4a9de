"""The HTTP edge of the sources: one session, with limits on time, size and repeats, without
redirects. All that can go wrong on the way becomes `Unreachable` here, in plain words that hold
no secret."""

from __future__ import annotations

import base64
import ipaddress
import json
import math
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException, IncompleteRead
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from gate.clients.deadline import within

MAX_BYTES = 8 * 1024**2
"""How large an answer may be, after decompression."""
MAX_DEPTH = 64
"""How deep the JSON of an answer may be nested."""
SECONDS = 10.0
"""How long one answer may take, with its repeat, where nothing else is set."""
PAUSE = 0.5
"""Seconds before the one repeat."""

_GRACE = 0.2
_AGAIN = frozenset({429, 502, 503, 504})
_TRUSTED = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PLAIN = frozenset({"", "identity", "gzip"})
_SHOWN = 200
_LIKE_A_SECRET = 8
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}

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
    """The connection settings of a source; an address alone has none."""
    told = settings if isinstance(settings, Mapping) else {}
    return Access(
        token=told.get("token"),
        user=told.get("user"),
        password=told.get("password"),
        headers=dict(told.get("headers") or {}),
        ca=told.get("ca"),
        certificate=told.get("certificate"),
        key=told.get("key"),
        timeout=seconds(told["timeout"]) if told.get("timeout") else SECONDS,
    )


def seconds(duration: str) -> float:
    """The seconds of a duration of the config, such as `10s` or `1h30m`."""
    return sum(
        int(number) * _UNITS[unit]
        for number, unit in re.findall(r"([0-9]+)(ms|[smhdw])", duration, re.ASCII)
    )


def shown(address: str) -> str:
    """An address as people may see it: without user and password, query and fragment."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "the address"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


class Session:
    """Connections to one server, or several with the same access, kept open between questions.

    Up to `parallel` threads may use it at once. The environment's proxies are used (not for this
    machine itself), and its bundle of authorities where `ca` is not set; its password files are
    not. Raises Unreachable where a setting cannot be used.
    """

    def __init__(self, access: Access, *, parallel: int = 1, pause: float = PAUSE) -> None:
        self._access = access
        self._pause = pause
        _check(access)
        bundles = (os.environ.get(name) for name in _TRUSTED)
        self._verify: Any = access.ca or next(filter(None, bundles), True)
        self._session = _Requests()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update(
            {"Accept": "application/json", "User-Agent": "change-gate", **access.headers}
        )
        self._session.headers["Accept-Encoding"] = "identity"
        if access.certificate and access.key:
            self._session.cert = (access.certificate, access.key)
        else:
            self._session.cert = access.certificate
        for scheme in ("http://", "https://"):
            self._session.mount(
                scheme, HTTPAdapter(pool_connections=4, pool_maxsize=max(1, parallel))
            )

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    def get(self, address: str, params: Fields = ()) -> Reply:
        """What a GET is answered with. Raises Unreachable."""
        return self._asked("GET", address, {"params": params})

    def post(self, address: str, data: Fields = ()) -> Reply:
        """What a POST of a form is answered with. It may be sent twice. Raises Unreachable."""
        return self._asked("POST", address, {"data": data})

    def _asked(self, method: str, address: str, fields: Mapping[str, Any]) -> Reply:
        until = time.monotonic() + self._access.timeout
        first = True
        while True:
            left = until - time.monotonic()
            if left <= 0:
                raise self._late()
            again = first and left > self._pause
            try:
                reply = self._once(method, address, fields, left)
            except Unreachable as error:
                if not (again and isinstance(error, _Lost)):
                    raise
            else:
                if not (again and reply.status in _AGAIN):
                    return reply
            first = False
            time.sleep(self._pause)

    def _once(self, method: str, address: str, fields: Mapping[str, Any], left: float) -> Reply:
        try:
            return within(lambda: self._sent(method, address, fields, left), left + _GRACE)
        except TimeoutError:
            raise self._late() from None
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
            ValueError,
        ) as error:
            # The cause's text may hold what nobody may see.
            raise self._translated(error) from None

    def _sent(self, method: str, address: str, fields: Mapping[str, Any], left: float) -> Reply:
        bare, user, password = _split(address)
        with self._session.request(
            method,
            bare,
            **fields,
            auth=_Authorization(self._access, user, password),
            timeout=(left, left),
            allow_redirects=False,
            stream=True,
            verify=self._verify,
            proxies={} if _is_local(bare) else requests.utils.get_environ_proxies(bare),
        ) as response:
            if response.headers.get("Content-Encoding", "").strip().lower() not in _PLAIN:
                raise Unreachable("its answer is compressed in a way that nobody asked for")
            return Reply(response.status_code, _body(response), response.headers)

    def _late(self) -> Unreachable:
        return Unreachable(f"no answer within {self._access.timeout:g} s")

    def _translated(self, error: Exception) -> Unreachable:  # noqa: C901 - one case a line
        chain = list(_chain(error))
        if isinstance(error, requests.exceptions.ProxyError):
            return Unreachable(f"the proxy before it fails: {_system(chain)}")
        if any(isinstance(each, ssl.SSLError) for each in chain):
            return Unreachable(_tls(chain))
        if any(_is_timeout(each) for each in chain):
            return self._late()
        if any(isinstance(each, socket.gaierror) for each in chain):
            return Unreachable("the name of its host is not found")
        if any(isinstance(each, ConnectionRefusedError) for each in chain):
            return Unreachable("it refuses the connection")
        if any(isinstance(each, IncompleteRead) for each in chain):
            return _Lost("its answer was cut off")
        if any(isinstance(each, ConnectionError) for each in chain):
            return _Lost("it broke off the connection")
        if any(isinstance(each, HTTPException) for each in chain):
            return Unreachable("it does not answer in HTTP")
        if isinstance(error, requests.exceptions.InvalidHeader | UnicodeError):
            return Unreachable("the address or a header holds a sign that it cannot hold")
        if isinstance(error, requests.exceptions.ContentDecodingError) or any(
            isinstance(each, urllib3.exceptions.DecodeError) for each in chain
        ):
            return Unreachable("its answer cannot be decompressed")
        if isinstance(error, ValueError) and not isinstance(error, requests.JSONDecodeError):
            return Unreachable("its address is none that can be asked")
        return Unreachable(f"the connection fails: {_system(chain)}")


def json_of(reply: Reply) -> Any:
    """The JSON of an answer. Raises Unreachable where it is none, or nested too deep."""
    try:
        found = json.loads(
            reply.body.decode("utf-8-sig"), parse_constant=_finite, parse_float=_finite
        )
        if b"\\u" in reply.body:
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Unreachable("its answer is not JSON") from None
    if _deeper(found, MAX_DEPTH):
        raise Unreachable(f"its answer is nested deeper than {MAX_DEPTH} levels")
    return found


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


class _Authorization(requests.auth.AuthBase):
    """The bearer token, or user and password. Where there is one, requests looks for no other."""

    def __init__(self, access: Access, user: str | None, password: str | None) -> None:
        self._told = None
        if access.token:
            self._told = f"Bearer {access.token}"
        elif access.user is not None:
            self._told = _basic(access.user, access.password or "")
        elif user is not None:
            self._told = _basic(user, password or "")

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._told:
            request.headers["Authorization"] = self._told
        return request


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _split(address: str) -> tuple[str, str | None, str | None]:
    """The address without the user and the password that it may hold, and these."""
    parts = urlsplit(address)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
    user, password = parts.username, parts.password
    return bare, user and unquote(user), password and unquote(password)


def _is_local(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _body(response: requests.Response) -> bytes:
    found = bytearray()
    for part in response.raw.stream(65536, decode_content=True):
        found += part
        if len(found) > MAX_BYTES:
            raise Unreachable(f"its answer is larger than {MAX_BYTES / 1024**2:g} MB")
    return bytes(found)


def _check(access: Access) -> None:
    """Tries the settings before anything is asked: the errors of a connection would be less clear,
    and a key with a password would ask for it on the terminal."""
    for name, value in {"token": access.token or "", **access.headers}.items():
        if not (value.isascii() and value.isprintable()) or value != value.strip():
            what = "the token" if name == "token" else f"the header {name}"
            raise Unreachable(f"{what} holds a line break or another sign that no header can hold")
    if access.key and not access.certificate:
        raise Unreachable("`key` is set and `certificate` is not")
    if access.ca:
        ca = access.ca
        _try("ca", lambda tls: tls.load_verify_locations(ca))
    if access.certificate:
        certificate, key = access.certificate, access.key
        names = "certificate with key" if key else "certificate"
        _try(names, lambda tls: tls.load_cert_chain(certificate, key, password=_no_password))


def _no_password() -> str:
    raise ValueError


def _try(names: str, load: Callable[[ssl.SSLContext], None]) -> None:
    try:
        load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        problem = "there is no such file" if missing else "no PEM file that can be used"
        raise Unreachable(f"{names}: {problem}") from None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all that caused it, as far as requests and urllib3 keep that."""
    seen: list[BaseException] = []
    todo: list[Any] = [error]
    while todo:
        each = todo.pop(0)
        if isinstance(each, BaseException) and not any(each is one for one in seen):
            seen.append(each)
            todo += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
    return iter(seen)


def _is_timeout(error: BaseException) -> bool:
    return isinstance(
        error, TimeoutError | requests.Timeout | urllib3.exceptions.TimeoutError
    ) and not isinstance(error, urllib3.exceptions.NewConnectionError)


def _system(chain: Sequence[BaseException]) -> str:
    """The system's word for it: those of requests name objects in memory, and addresses."""
    for each in chain:
        if isinstance(each, OSError) and each.errno and each.strerror:
            return each.strerror[0].lower() + each.strerror[1:]
        tunnel = re.match(r"Tunnel connection failed: (\d{3})", str(each))
        if tunnel:
            return f"it answers with status {tunnel[1]}"
    return type(chain[0]).__name__


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
    words = next(iter(told), "the handshake fails")
    return f"there is no TLS connection: {words.lower().replace('_', ' ')}"


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
    for secret in secrets:
        text = text.replace(secret, "<secret>")
    line = " ".join(text.split())
    return line[:_SHOWN].rstrip(".") + ("…" if len(line) > _SHOWN else "")


def _secrets(access: Access) -> list[str]:
    found = [access.token or "", access.password or "", *access.headers.values()]
    if access.user is not None:
        found.append(_basic(access.user, access.password or "").removeprefix("Basic "))
    found = [each for each in found if len(each) >= _LIKE_A_SECRET or each == access.password]
    return sorted(filter(None, found), key=len, reverse=True)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a number of JSON")
    return number


def _deeper(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and (
        levels == 0 or any(_deeper(each, levels - 1) for each in value)
    )
