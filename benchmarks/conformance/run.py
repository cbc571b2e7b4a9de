"""Runs the cases in limited processes, each case in a fork of one."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Sequence

from benchmarks.conformance.cases import Case
from benchmarks.conformance.judge import Outcome, judge
from gate.decision.engines import noise
from gate.decision.engines.child import restrict
from gate.decision.limits import Limits

LIMITS = Limits(seconds=10.0)


def run(cases: Sequence[Case], jobs: int = 1) -> Iterator[tuple[Case, Outcome]]:
    """The outcome of each case, in no order."""
    waiting = list(reversed(cases))
    running: dict[int, tuple[Case, int, float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                case = waiting.pop()
                pid, reading = _started(case)
                running[reading] = (case, pid, time.monotonic() + LIMITS.seconds)
            ready, _, _ = select.select(list(running), [], [], 0.5)
            late = [fd for fd, (_, _, until) in running.items() if time.monotonic() > until]
            for reading in {*ready, *late}:
                case, pid, _ = running.pop(reading)
                yield case, _ended(reading, pid, late=reading not in ready)
    finally:
        for reading, (_, pid, _) in running.items():
            _ended(reading, pid, late=True)


def _started(case: Case) -> tuple[int, int]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            _work(case, writing)
        finally:
            os._exit(0)
    os.close(writing)
    return pid, reading


def _work(case: Case, writing: int) -> None:
    """In the fork: the case, with nothing said elsewhere."""
    restrict(LIMITS)
    quiet = os.memfd_create("noise")
    os.dup2(quiet, 2)
    noise.own()
    outcome = judge(case)
    os.write(writing, json.dumps([outcome.kind, outcome.reason[:2000]]).encode())


def _ended(reading: int, pid: int, *, late: bool) -> Outcome:
    if late:
        os.kill(pid, signal.SIGKILL)
    said = b"" if late else os.read(reading, 1 << 16)
    os.close(reading)
    _, status = os.waitpid(pid, 0)
    if said:
        kind, reason = json.loads(said)
        return Outcome(kind, reason)
    if late:
        return Outcome("raises", "takes too long")
    return Outcome("raises", f"ends its process (status {status})")


def jobs() -> int:
    """As many at once as this process may use processors."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
