"""A local OPA ends with the run, however that ends: no process is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.decision.engines.local import Local
from tests.integration.decision.test_local import LOOP, alive, gone, of_repository, started
from tests.support.command import GATE
from tests.support.tools import need
from tests.unit.decision.cases import module


@pytest.fixture
def engine() -> Iterator[Local]:
    need("opa")
    made = Local()
    yield made
    made.close()


WAITING = """
import os, sys, time
from gate.decision.engines.local import Local
from gate.cli.main import _terminated
import signal
from contextlib import closing
from tests.integration.decision.test_local import of_repository, started

signal.signal(signal.SIGTERM, _terminated)
with closing(Local()) as engine:
    keeper, opa, _ = started(engine, of_repository())
    print(keeper, opa, flush=True)
    {then}
"""


@pytest.mark.parametrize(
    ("then", "number"),
    [
        ("time.sleep(60)", signal.SIGINT),
        ("time.sleep(60)", signal.SIGTERM),
        ("time.sleep(60)", signal.SIGKILL),
        ("raise ValueError", None),
        ("os._exit(3)", None),
        ("pass", None),
    ],
    ids=["ctrl-c", "sigterm", "sigkill", "exception", "exit", "end"],
)
def test_no_process_is_left_behind(then: str, number: signal.Signals | None) -> None:
    need("opa")
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WAITING).format(then=then)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert child.stdout is not None
    keeper_pid, opa = (int(word) for word in child.stdout.readline().split())
    if number is not None:
        assert alive(opa)
        os.kill(child.pid, number)
    child.wait(timeout=30)
    child.stdout.close()
    assert gone(opa)
    assert gone(keeper_pid)


def test_a_keeper_that_is_told_to_end_takes_opa_with_it(engine: Local) -> None:
    keeper_pid, opa, _ = started(engine, of_repository())
    os.kill(keeper_pid, signal.SIGTERM)
    assert gone(opa)
    assert gone(keeper_pid)


def test_a_keeper_that_is_killed_leaves_an_opa_only_until_the_end(
    engine: Local, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    keeper_pid, opa, _ = started(engine, of_repository())
    os.kill(keeper_pid, signal.SIGKILL)
    engine.close()
    assert gone(opa)
    assert gone(keeper_pid)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_a_check_that_is_interrupted_leaves_nothing_behind(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    need("opa")
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "a.yaml").write_text("{apiVersion: v1, kind: Pod, metadata: {name: a}}")
    (tmp_path / "policies" / "team").mkdir(parents=True)
    (tmp_path / "policies" / "team" / "slow.rego").write_text(module("team.slow", LOOP))
    check = subprocess.Popen(
        [GATE, "check", "deploy", "--engine", "opa", "--policy", "policies"],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        opa = _grandchild(check)
        os.kill(check.pid, number)
        assert check.wait(timeout=30) == code
    finally:
        check.kill()
        check.wait()
    assert gone(opa)


def test_a_check_that_ends_before_opa_serves_leaves_nothing_behind(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "opa"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "a.yaml").write_text("{apiVersion: v1, kind: Pod, metadata: {name: a}}")
    check = subprocess.Popen(
        [GATE, "check", "deploy", "--engine", "opa"], cwd=tmp_path, start_new_session=True,
        env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        sleeper = _grandchild(check, "sleep 600")
        os.kill(check.pid, signal.SIGKILL)
        assert gone(sleeper)
    finally:
        check.kill()
        check.wait()


def _grandchild(process: subprocess.Popen[bytes], does: str = " run ") -> int:
    """The OPA that the keeper of a check has started."""
    until = time.monotonic() + 30
    parent = process.pid
    while time.monotonic() < until:
        found = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        )
        split = (line.split(None, 2) for line in found.stdout.splitlines())
        lines = [parts for parts in split if len(parts) == 3]
        keepers = {pid for pid, above, args in lines if above == str(parent) and "keeper" in args}
        serving = [pid for pid, above, args in lines if above in keepers and does in args]
        if serving:
            return int(serving[0])
        time.sleep(0.05)
    raise AssertionError("no OPA was started")
