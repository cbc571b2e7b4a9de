"""One child judges one input after another, as a fresh one would, and ends with the gate."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gate.decision.bundle import only
from gate.decision.engines import confined, embedded
from gate.decision.engines.embedded import Embedded
from gate.decision.engines.inputs import input_text
from gate.decision.limits import Limits
from gate.errors import PolicyError
from gate.model.policy import Answer, Bundle
from tests.integration.decision.test_confined import of_repository
from tests.integration.decision.test_local import gone
from tests.support.random_values import policy_input

LIMITS = Limits(seconds=10)
LOOP = """\
deny contains "x" if {
	input.loop
	some a in numbers.range(1, 30000)
	some b in numbers.range(1, 30000)
	some c in numbers.range(1, 30000)
	a + b + c < 0
}
"""
CHAIN = "deny contains x if x := f0(input.chain)\n\n" + "".join(
    f"f{index}(n) := f{index + 1}(n)\n\n" for index in range(6000)
)
WAYS_TO_DIE = {
    "memory": (
        "deny contains x if some x in numbers.range(1, input.memory)",
        {"memory": 10**9},
        "2 GB of memory",
    ),
    "stack": (f"{CHAIN}f6000(n) := n", {"chain": 1}, "ran out of stack"),
    "time": (LOOP, {"loop": True}, "took longer than the 3 s"),
}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The children that were started, in order."""
    found: list[subprocess.Popen[bytes]] = []

    class Seen(subprocess.Popen[bytes]):
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            found.append(self)

    monkeypatch.setattr(subprocess, "Popen", Seen)
    return found


@pytest.fixture
def engine() -> Iterator[Embedded]:
    made = Embedded(limits=LIMITS)
    yield made
    made.close()


def alone(bundle: Bundle, given: dict[str, Any]) -> Answer:
    """What an engine says that was never asked before."""
    program = embedded.program_of(bundle)
    ready = embedded.Loaded(program).ready(program, input_text(given))
    return embedded.evaluate(ready, program)


def test_many_inputs_and_parts_of_a_bundle_take_one_child(
    engine: Embedded, started: list[subprocess.Popen[bytes]]
) -> None:
    bundle = of_repository(
        left="deny contains input.weight - 1",
        half="deny contains 1 / input.replicas\n\napplies if input.ready",
        named='warn contains sprintf("%s", [input.name])',
    )
    started.clear()
    random = Random(5)
    failing = 0
    for _ in range(60):
        given = policy_input(random)
        part = only(bundle, random.sample(sorted(bundle.rules), random.randint(1, 4)))
        answer = engine.evaluate(part, given)
        assert answer == alone(part, given)
        failing += bool(answer.failures)
    assert 5 < failing < 55
    assert len(started) == 1
    engine.close()
    assert started[0].returncode == -signal.SIGKILL


def test_other_modules_are_another_child(
    engine: Embedded, started: list[subprocess.Popen[bytes]]
) -> None:
    one, other = of_repository(a='deny contains "a"'), of_repository(a='deny contains "b"')
    started.clear()
    assert engine.evaluate(one, {}).results["team.a"] == {"deny": ["a"]}
    assert engine.evaluate(other, {}).results["team.a"] == {"deny": ["b"]}
    assert [each.returncode for each in started] == [-signal.SIGKILL, None]


@pytest.mark.parametrize("way", WAYS_TO_DIE)
def test_a_death_after_other_inputs_is_what_it_is_at_the_first(
    way: str, started: list[subprocess.Popen[bytes]]
) -> None:
    body, deadly, why = WAYS_TO_DIE[way]
    bundle = of_repository(bad=body)
    engine = Embedded(limits=Limits(seconds=3))
    fine = engine.evaluate(bundle, {})
    answer = engine.evaluate(bundle, deadly)
    assert answer.results == {"team.good": {"deny": ["kept"]}}
    assert why in answer.failures["team.bad"].message
    assert all(each.returncode is not None for each in started)
    assert engine.evaluate(bundle, {}) == fine == alone(bundle, {})
    engine.close()
    assert all(each.returncode is not None for each in started)


def test_a_child_that_somebody_killed_is_replaced(
    engine: Embedded, started: list[subprocess.Popen[bytes]]
) -> None:
    bundle = of_repository(a="deny contains input.a")
    started.clear()
    engine.evaluate(bundle, {"a": 1})
    os.kill(started[0].pid, signal.SIGKILL)
    assert engine.evaluate(bundle, {"a": 2}).results["team.a"] == {"deny": [2]}
    assert len(started) == 2


def test_an_error_of_one_input_is_none_of_the_next(engine: Embedded) -> None:
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    bundle = of_repository(a="deny contains input.a")
    assert engine.evaluate(bundle, {"a": 1}).results["team.a"] == {"deny": [1]}
    with pytest.raises(PolicyError, match="Recursion limit"):
        engine.evaluate(bundle, {"a": deep})
    assert engine.evaluate(bundle, {"a": 2}).results["team.a"] == {"deny": [2]}


def test_inputs_and_answers_may_be_larger_than_a_pipe(engine: Embedded) -> None:
    bundle = of_repository(a="deny contains input.a")
    for letter in "xyz":
        text = f"{letter}\n\u2028" * 1_000_000
        assert engine.evaluate(bundle, {"a": text}).results["team.a"] == {"deny": [text]}


def test_an_interrupt_while_it_judges_ends_the_child(
    engine: Embedded, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = of_repository(bad=LOOP)
    engine.evaluate(bundle, {})

    def interrupted(*_: Any) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(confined, "_exchange", interrupted)
    with pytest.raises(KeyboardInterrupt):
        engine.evaluate(bundle, {"loop": True})
    assert started[-1].returncode == -signal.SIGKILL


def test_an_engine_that_nobody_closed_takes_its_child_with_it(
    started: list[subprocess.Popen[bytes]],
) -> None:
    engine = Embedded(limits=LIMITS)
    engine.evaluate(of_repository(), {})
    assert started[-1].returncode is None
    del engine
    gc.collect()
    assert started[-1].returncode == -signal.SIGKILL


RUNNING = """
import os, signal, subprocess, threading, time
from contextlib import closing
from gate.cli.main import _terminated
from gate.decision.engines.embedded import Embedded
from tests.integration.decision.test_confined_kept import LOOP, of_repository

signal.signal(signal.SIGTERM, _terminated)
bundle = of_repository(bad=LOOP)
with closing(Embedded()) as engine:
    engine.evaluate(bundle, {{}})
    print(engine._confined._kept[1]._process.pid, flush=True)
    {then}
"""


@pytest.mark.parametrize("then", ["time.sleep(60)", 'engine.evaluate(bundle, {"loop": True})'])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_gate_that_is_ended_leaves_no_child(then: str, number: signal.Signals) -> None:
    assert_gone(then, number)


@pytest.mark.parametrize("then", ["raise ValueError", "os._exit(3)", "pass"])
def test_a_gate_that_ends_leaves_no_child(then: str) -> None:
    assert_gone(then, None)


def assert_gone(then: str, number: signal.Signals | None) -> None:
    """Far sooner than a rule that loops would be ended by its own limit."""
    gate = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(RUNNING).format(then=then)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert gate.stdout is not None
    child = int(gate.stdout.readline())
    if number is not None:
        if "loop" in then:
            _wait_until_busy(child)
        os.kill(gate.pid, number)
    gate.wait(timeout=30)
    gate.stdout.close()
    assert gone(child)


def _wait_until_busy(pid: int) -> None:
    """Until a process has computed for a while."""
    before = _ticks(pid)
    while _ticks(pid) < before + 20:
        time.sleep(0.02)


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
