"""The faults of a source, as real as they can be had: the source itself is pointed at a port where
nobody listens, at a server that answers wrongly, or at its files as they should not be."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gate.clients.http import Session, Unreachable, access
from gate.evidence.registry import needs_network
from gate.evidence.variables import filled, missing
from gate.model.change import Tree, Unread
from gate.model.globs import matcher

UNSET = "GATE_DOCTOR_NEVER_SET"
SECONDS = 1.0
"""How long a source is waited for, where it does not answer."""
UNANSWERED = 502
LONG_AGO = 60 * 86_400
_SECRETS = ("token", "user", "password", "headers", "ca", "certificate", "key", "timeout")
_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_UNIX_TIMES = (1e9, 1e11)
_PAGE = b"<!doctype html><title>Log in</title>"

REFUSED = "a port where nobody listens"
ANSWERED = "a server of this machine"
ALTERED = "the source's own answers, altered"
FILES = "the file in the tree, altered"
SETTINGS = "the source's settings"

Alter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """`settings` and `files` stand in the place of the source's own. `says` tells whether the
    source still says something, which may be taken for the truth; `unanswered` grows where its own
    answers were needed for that, and did not come."""

    name: str
    how: str
    settings: Any
    files: Mapping[str, bytes | None] = field(default_factory=dict)
    says: bool = False
    unanswered: Sequence[str] = ()


@contextmanager
def faults(kind: str, name: str, settings: Any, tree: Tree) -> Iterator[Sequence[Fault]]:
    """The faults of a source; what stands behind them lasts until the end of the block."""
    known = settings if missing(settings, os.environ) else filled(settings, os.environ)
    with ExitStack() as stack:
        found = [*_of_variables(settings)]
        if needs_network(name, known):
            lost: list[str] = []
            server = stack.enter_context(_server(_relay(name, known), lost))
            found += _of_address(name, settings, server, lost)
        else:
            found += _of_files(kind, name, settings, tree)
        yield found


def _of_variables(settings: Any) -> Iterator[Fault]:
    if _VARIABLE.search(json.dumps(settings)):
        unset = json.loads(_VARIABLE.sub(f"${{{UNSET}}}", json.dumps(settings)))
        yield Fault("its variables not set", SETTINGS, unset)


def _of_address(name: str, settings: Any, server: str, lost: Sequence[str]) -> Iterator[Fault]:
    def at(way: str) -> Any:
        return _pointed(name, settings, f"{server}/{way}")

    yield Fault("down", REFUSED, _pointed(name, settings, nobody()))
    yield Fault("time-out", ANSWERED, at("silent"))
    yield Fault("unauthorised", ANSWERED, at("unauthorised"))
    yield Fault("fails (500)", ANSWERED, at("fails"))
    yield Fault("a page to log in", ANSWERED, at("page"))
    yield Fault("broken answer", ANSWERED, at("broken"))
    yield Fault("empty answer", ANSWERED, at("nothing"))
    if name == "prometheus":
        for fault, way in (("no series", "empty"), ("NaN", "nan"), ("stale", "stale")):
            yield Fault(fault, ALTERED, at(f"relay-{way}"), says=True, unanswered=lost)


def nobody() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def _pointed(name: str, settings: Any, address: str) -> Any:
    """The settings with another address, and without what must go to no other."""
    if not isinstance(settings, dict):
        return address
    kept = {key: value for key, value in settings.items() if key not in _SECRETS}
    if name == "datadog":
        return {**kept, "site": address, "api_key": "none", "app_key": "none"}
    query = urlsplit(str(settings.get("url", ""))).query
    return {**kept, "url": f"{address}?{query}" if query else address}


def _of_files(kind: str, name: str, settings: Any, tree: Tree) -> Iterator[Fault]:
    found = _files(settings, tree)
    if not found:
        return

    def each(change: Callable[[bytes], bytes | None]) -> dict[str, bytes | None]:
        return {path: change(data) for path, data in found.items()}

    yield Fault("missing", FILES, settings, each(lambda _: None))
    yield Fault("empty", FILES, settings, each(lambda _: b""))
    yield Fault("broken", FILES, settings, each(lambda data: data + b"\n{["))
    if name == "file":
        yield Fault("says nothing", FILES, settings, each(lambda _: b"{}"))
        if kind == "slo":
            yield Fault("no SLOs", FILES, settings, each(_recorded(_without)), says=True)
            yield Fault("NaN", FILES, settings, each(_recorded(_nan)), says=True)
        yield Fault("stale", FILES, settings, each(_recorded(_aged)), says=True)


def _files(settings: Any, tree: Tree) -> dict[str, bytes]:
    """The files of the tree that a source reads."""
    told = settings if isinstance(settings, dict) else {"path": settings}
    named = [told.get(key) for key in ("path", "projects")]
    patterns = [one for each in named for one in (each if isinstance(each, list) else [each])]
    texts = [each for each in patterns if isinstance(each, str) and "://" not in each]
    matches = matcher([each.lstrip("./") for each in texts])
    entries = [each for each in tree.below("") if matches(each.path)] if texts else []
    return {entry.path: data for entry, data in tree.read(entries) if not isinstance(data, Unread)}


def _recorded(alter: Alter) -> Callable[[bytes], bytes]:
    """Alters each envelope of a file of recorded evidence; another file stays."""

    def change(data: bytes) -> bytes:
        try:
            content = json.loads(data)
            services = {
                service: {name: alter(dict(told)) for name, told in places.items()}
                for service, places in content.items()
            }
        except (ValueError, TypeError, AttributeError, RecursionError):
            return data
        return json.dumps(services).encode()

    return change


def _without(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "value": []}


def _nan(told: dict[str, Any]) -> dict[str, Any]:
    slos = told.get("value")
    altered = [
        {**each, "remaining": float("nan")} if isinstance(each, dict) else each
        for each in (slos if isinstance(slos, list) else [])
    ]
    return {**told, "value": altered}


def _aged(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "observed_at": "2001-01-01T00:00:00Z"}


Relay = Callable[[str, str, bytes], bytes | None]
"""Asks the real server: the method, the path with its query, the form. None: no answer."""


def _relay(name: str, settings: Any) -> Relay | None:
    if name != "prometheus" or missing(settings, os.environ):
        return None
    who = access(settings)
    address = str(settings["url"] if isinstance(settings, dict) else settings)
    start = address.partition("?")[0].rstrip("/")

    def ask(method: str, path: str, form: bytes) -> bytes | None:
        try:
            with Session(who) as session:
                fields = parse_qsl(form.decode(), keep_blank_values=True)
                reply = (
                    session.post(start + path, fields)
                    if method == "POST"
                    else session.get(start + path)
                )
        except (Unreachable, ValueError):
            return None
        return reply.body if reply.status == 200 else None

    return ask


@contextmanager
def _server(relay: Relay | None, lost: list[str]) -> Iterator[str]:
    """A server that answers wrongly, each way below a path of its own; its address. What its relay
    did not answer is added to `lost`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            way, _, rest = self.path.removeprefix("/").partition("/")
            form = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if way.startswith("silent"):
                time.sleep(3 * SECONDS)
                return
            status, body = _answers(way.partition("?")[0], self.command, f"/{rest}", form, relay)
            if status == UNANSWERED:
                lost.append(rest)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Who asked has gone."""

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


_FIXED: Mapping[str, tuple[int, bytes]] = {
    "unauthorised": (401, b""),
    "fails": (500, b""),
    "page": (200, _PAGE),
    "broken": (200, b'{"status": "success", "data": {"resultType": "vec'),
    "nothing": (200, b""),
}


def _answers(
    way: str, method: str, path: str, form: bytes, relay: Relay | None
) -> tuple[int, bytes]:
    if way in _FIXED:
        return _FIXED[way]
    real = relay(method, path, form) if relay is not None else None
    if real is None:
        return UNANSWERED, b""
    try:
        answer = json.loads(real)
    except ValueError:
        return UNANSWERED, b""
    return 200, json.dumps(_altered(way, answer)).encode()


def _altered(way: str, answer: Any) -> Any:
    """The answer of a Prometheus with its samples altered; all else in it stays."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("result"), list):
        return answer
    series = [] if way == "relay-empty" else data["result"]
    change = _not_a_number if way == "relay-nan" else _older
    if way == "relay-stale":
        series = [each for each in series if each.get("metric", {}).get("gate_part") != "alive"]
    altered = [
        {key: _samples(key, value, change) for key, value in each.items()} for each in series
    ]
    return {**answer, "data": {**data, "result": altered}}


def _samples(key: str, value: Any, change: Callable[[str], str]) -> Any:
    if key == "value":
        return [value[0], change(value[1])]
    if key == "values":
        return [[at, change(number)] for at, number in value]
    return value


def _not_a_number(text: str) -> str:
    """What looks like a time stays one."""
    return text if _is_time(text) else "NaN"


def _older(text: str) -> str:
    """What looks like a time, long ago."""
    return str(float(text) - LONG_AGO) if _is_time(text) else text


def _is_time(text: str) -> bool:
    low, high = _UNIX_TIMES
    return low <= float(text) <= high
