"""Real OPA servers for tests."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.tools import need


@dataclass
class Opa:
    """A server on loopback that can be ended and started again."""

    arguments: tuple[str, ...]
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it takes connections."""
        self.process = subprocess.Popen(
            [
                *(need("opa"), "run", "--server", "--skip-version-check", "--log-level", "error"),
                *("--addr", f"127.0.0.1:{self.port}", *self.arguments),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 30
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        raise AssertionError("OPA does not start")

    def end(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@contextmanager
def running(*arguments: str | Path) -> Iterator[Opa]:
    """An OPA that serves until the end of the block."""
    opa = Opa(tuple(str(each) for each in arguments), free_port())
    opa.start()
    try:
        yield opa
    finally:
        opa.end()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
