"""A server that answers as a test wants it: faults of every kind, byte by byte."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

Behaviour = Callable[["Call"], None]


class Call:
    """One connection with the request that came: answer it with `send`, or do not."""

    def __init__(self, connection: socket.socket, head: bytes, body: bytes, number: int) -> None:
        self.connection = connection
        self.head = head
        self.body = body
        self.number = number

    @property
    def target(self) -> str:
        """What the request line asks for."""
        return self.head.split(b" ", 2)[1].decode()

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


@contextmanager
def serving(*behaviours: Behaviour) -> Iterator[int]:
    """A port on loopback. The first connection gets the first behaviour, and so on; the last
    stays for all that come after."""
    calls = iter(range(1_000_000))

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            number = next(calls)
            behave = behaviours[min(number, len(behaviours) - 1)]
            try:
                with self.request.makefile("rb") as stream:
                    head, body = _request(stream)
                    behave(Call(self.request, head, body, number))
            except OSError:
                return

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _request(stream: BinaryIO) -> tuple[bytes, bytes]:
    head = b""
    while (line := stream.readline()) not in (b"\r\n", b""):
        head += line
    length = next(
        (
            int(line.partition(b":")[2])
            for line in head.splitlines()
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    return head, stream.read(length)


def answer(
    body: bytes, status: str = "200 OK", kind: str = "application/json", **headers: str
) -> Behaviour:
    """A whole answer. An underscore in a header's name is a hyphen."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([*lines, "Connection: close", "", ""]).encode()

    def behave(call: Call) -> None:
        call.send(head + body)

    return behave


def json_answer(value: Any, status: str = "200 OK") -> Behaviour:
    return answer(json.dumps(value).encode(), status)


def raw(*parts: bytes, pause: float = 0.0, forever: bool = False) -> Behaviour:
    """These bytes, one after the other, with a pause after each."""
    import time

    def behave(call: Call) -> None:
        for part in parts:
            call.send(part)
            time.sleep(pause)
        while forever:
            call.send(parts[-1])
            time.sleep(pause)

    return behave


def silent(call: Call) -> None:
    """Takes the question and never answers."""
    call.connection.recv(1)


def hang_up(call: Call) -> None:
    """A reset."""
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    call.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    call.connection.close()


def forward(port: int) -> Behaviour:
    """To the real one behind it, unchanged."""

    def behave(call: Call) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as behind:
            closing = call.head.replace(b"Connection: keep-alive", b"Connection: close")
            behind.sendall(closing + b"\r\n" + call.body)
            while part := behind.recv(65536):
                call.send(part)

    return behave
