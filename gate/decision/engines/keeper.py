"""Keeps a local OPA: starts it with limits, and ends it when the gate ends, however that comes.

It runs as a program of its own and imports nothing of the gate. The request is one line of JSON
on standard input: `files` to write by name, the `program`, the arguments of its `serve` and, if
wanted, `check` commands (`{folder}` and `{port}` are filled in), and `memory` in bytes. What
happens goes to standard output, one line of JSON each: `check` with `code` and `said`, `port` once
the OPA takes connections, `ended` with `code` and `said`.

The end of standard input, which comes even where the gate is killed, ends all.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

HOST = "127.0.0.1"
_POLL_SECONDS = 0.004
_KEPT = 16 * 1024
_telling = threading.Lock()


def main() -> None:
    """Serves until standard input ends."""
    request = json.loads(sys.stdin.readline())
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _leave)
    restrict(request["memory"])
    with tempfile.TemporaryDirectory(prefix="gate-opa-") as folder:
        for name, text in request["files"].items():
            _write(Path(folder, name), text)
        started: list[subprocess.Popen[bytes]] = []
        try:
            _start(request, folder, started)
            sys.stdin.read()
        finally:
            for process in started:
                process.kill()
                process.wait()


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


def restrict(memory: int) -> None:
    """Of this process and those that it starts: memory, and no core dump. Go reserves far more
    addresses than it uses, so that the data are limited, not the address space."""
    import resource

    for what, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_DATA, memory)):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            continue


def environment(memory: int) -> dict[str, str]:
    """All that an OPA gets of an environment: that it is to stay within the memory."""
    return {"GOMEMLIMIT": str(memory * 9 // 10), "GOTRACEBACK": "none"}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _start(request: dict[str, Any], folder: str, started: list[subprocess.Popen[bytes]]) -> None:
    port = _free_port()

    def run(arguments: list[str]) -> subprocess.Popen[bytes]:
        filled = {"folder": folder, "port": port}
        process = subprocess.Popen(
            [request["program"], *(each.format(**filled) for each in arguments)],
            cwd=folder,
            env=environment(request["memory"]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        started.append(process)
        return process

    try:
        checking = run(request["check"]) if request["check"] else None
        serving = run(request["serve"])
    except OSError as error:
        _tell({"ended": True, "code": None, "said": str(error.strerror)})
        return
    # All in threads: the end of standard input must be seen at any time.
    if checking is not None:
        threading.Thread(target=_watch, args=(checking, "check"), daemon=True).start()
    threading.Thread(target=_watch, args=(serving, "ended"), daemon=True).start()
    threading.Thread(target=_announce, args=(serving, port), daemon=True).start()


def _announce(process: subprocess.Popen[bytes], port: int) -> None:
    """Says when the OPA takes connections."""
    while process.poll() is None:
        if _accepts(port):
            _tell({"port": port})
            return
        time.sleep(_POLL_SECONDS)


def _watch(process: subprocess.Popen[bytes], event: str) -> None:
    """Reads what the process says until it ends, and keeps the start and the end of it."""
    said = b""
    assert process.stdout is not None
    while part := os.read(process.stdout.fileno(), _KEPT):
        said += part
        if len(said) > 2 * _KEPT:
            said = said[:_KEPT] + said[-_KEPT:]
    _tell({event: True, "code": process.wait(), "said": said.decode("utf-8", "replace")})


def _tell(event: dict[str, Any]) -> None:
    with _telling:
        try:
            print(json.dumps(event), flush=True)  # noqa: T201 - the protocol
        except OSError:
            # The gate is gone: the end of standard input follows.
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    main()
