"""Parsing and judging in a limited child process (Trust, step 3), seen from the parent.

A policy of three lines can end or exhaust the process that evaluates it: endless recursion is a
segmentation fault, `numbers.range(1, 1e9)` takes all memory. The parent holds the wall clock and
ends the child's process group; the child limits its own memory. A child that judges is kept for
the next question about the same rules, and ends with its standard input.
"""

from __future__ import annotations

import json
import os
import select
import selectors
import signal
import subprocess
import tempfile
import time
import weakref
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import IO, Any, Literal

from gate import programs
from gate.decision.engines.embedded import Program
from gate.decision.limits import Limits
from gate.decision.rego.syntax import Syntax
from gate.errors import EngineError, PolicyError
from gate.model.policy import Answer, RuleFailure, Unfaithful

_PROGRAM = "gate.decision.engines.child"
_REPEATS = 3
_PART = 64 * 1024
"""Bytes that are read at once."""
_ADVICE = "Make the rule cheaper: it recurses without end, loops too often, or nests too deeply."


@dataclass(frozen=True, slots=True)
class _Reply:
    """The answers that came, and why the child died, if it did; `late`: it took too long."""

    answers: Sequence[Mapping[str, Any]]
    death: str | None
    late: bool = False


def parse(
    modules: Sequence[tuple[str, str]], limits: Limits, *, older: bool = False, v0: bool = False
) -> list[Syntax]:
    """Parses modules, given as (path, text); `older` reads what is no Rego of today as that of
    before OPA 1.0, `v0` reads all as such. Raises PolicyError for the first that is wrong."""
    if not modules:
        return []
    reply = _call({"do": "parse", "modules": modules, "older": older, "v0": v0}, limits)
    found = []
    for answer in reply.answers:
        _raise_error(answer)
        found.append(Syntax.from_json(answer["syntax"]))
    if reply.death:
        path = modules[len(found)][0]
        raise PolicyError(f"Parsing this policy {reply.death}.", advice=_ADVICE, path=path)
    return found


def examine(
    modules: Sequence[tuple[str, str]],
    v0: Collection[str],
    trusted: Sequence[tuple[str, str]],
    limits: Limits,
) -> tuple[Mapping[str, Sequence[Unfaithful]], Mapping[str, str]]:
    """What of modules that are judged together the embedded engine may judge otherwise than OPA,
    by the path of the module; and, where there is nothing, the texts that it judges in their
    place. `trusted` are modules of the wheel that they may read."""
    request = {"do": "examine", "modules": modules, "v0": list(v0), "trusted": trusted}
    reply = _call(request, limits)
    if reply.death:
        raise PolicyError(f"Reading the policies {reply.death}.", advice=_ADVICE)
    (answer,) = reply.answers
    _raise_error(answer)
    told: Mapping[str, Any] = answer["unfaithful"]
    unfaithful = {
        path: tuple(Unfaithful(**each) for each in found) for path, found in told.items() if found
    }
    return unfaithful, {} if unfaithful else answer["core"]


def evaluate(program: Program, policy_input: str, limits: Limits) -> Answer:
    """Evaluates once. See `Confined.evaluate`."""
    with closing(Confined(limits)) as confined:
        return confined.evaluate(program, policy_input)


class Confined:
    """Judges in a child that is kept while it gives results and the modules stay the same."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._kept: tuple[Program, _Child] | None = None

    def close(self) -> None:
        """Ends the child."""
        if self._kept is not None:
            self._kept[1].close()
            self._kept = None

    def evaluate(self, program: Program, policy_input: str) -> Answer:
        """Evaluates all rules on an input, which is one line. A rule that ends its child is a
        failure, the others are kept. Raises PolicyError where the modules do not compile, or only
        all rules together end the child."""
        if self._kept is not None and not self._kept[0].like(program):
            self.close()
        reply = None
        if self._kept is not None:
            reply = self._asked(self._kept[1], program, policy_input)
        # What a child did before must not decide: where it dies, a new one is asked the same. One
        # that is late had more time than a new one, which has to start.
        if reply is None or (reply.death is not None and not reply.late):
            self._kept = program, _judging("evaluate", program, self._limits)
            reply = self._asked(self._kept[1], program, policy_input)
        if reply.death is not None:
            return _one_by_one(program, policy_input, self._limits, reply.death)
        return _answer(reply)

    def _asked(self, child: _Child, program: Program, policy_input: str) -> _Reply:
        """What the kept child says. Without results it is kept no longer."""
        keep = False
        try:
            reply = child.ask(_question(program, policy_input))
            keep = any("results" in answer for answer in reply.answers)
        finally:
            if not keep:
                self.close()
        return reply


def _one_by_one(program: Program, policy_input: str, limits: Limits, death: str) -> Answer:
    """Repeats with a child for each rule, until all the time for it is used up."""
    results: dict[str, Mapping[str, Any]] = {}
    failures: dict[str, RuleFailure] = {}
    until = time.monotonic() + _REPEATS * limits.seconds
    for rule, names in program.rules.items():
        if time.monotonic() > until:
            failures[rule] = RuleFailure("It was not judged: other rules took all the time.")
            continue
        alone = replace(program, rules={rule: names})
        with closing(_judging("each", alone, limits)) as child:
            reply = child.ask(_question(alone, policy_input))
        if reply.death:
            failures[rule] = RuleFailure(f"Its evaluation {reply.death}.")
            continue
        answer = _answer(reply)
        results.update(answer.results)
        failures.update(answer.failures)
    if not failures:
        message = f"Evaluating all policies together {death}."
        raise PolicyError(message, advice="Make the rules cheaper, or turn some off.")
    return Answer(results, failures)


def _answer(reply: _Reply) -> Answer:
    (answer,) = reply.answers
    _raise_error(answer)
    failures = {rule: RuleFailure(**failure) for rule, failure in answer["failures"].items()}
    return Answer(answer["results"], failures)


def _raise_error(answer: Mapping[str, Any]) -> None:
    if "error" in answer:
        told = dict(answer["error"])
        raise PolicyError(told.pop("message"), **told)


def _judging(do: Literal["evaluate", "each"], program: Program, limits: Limits) -> _Child:
    """A new child that waits for questions about the modules of a program."""
    return _Child({"do": do, "modules": program.modules, "data": program.data}, limits)


def _question(program: Program, policy_input: str) -> bytes:
    head = json.dumps({"rules": program.rules, "entry": program.entry})
    return _encoded(f"{head}\n{policy_input}\n")


def ask(
    program: str, request: Mapping[str, Any], limits: Limits
) -> tuple[Sequence[Mapping[str, Any]], str | None]:
    """The lines that another program of gate (a module like `child`) answers in such a child,
    and why the child died, if it did. The program limits itself with `child.restrict`."""
    reply = _call(request, limits, program)
    return reply.answers, reply.death


def _call(request: Mapping[str, Any], limits: Limits, program: str = _PROGRAM) -> _Reply:
    """One request to one child, which is gone when this returns."""
    with closing(_Child(request, limits, program)) as child:
        return child.finish()


class _Child:
    """A child with its request. It ends by `close`, and at the latest with this object."""

    def __init__(self, request: Mapping[str, Any], limits: Limits, program: str = _PROGRAM) -> None:
        """Raises EngineError where it does not start."""
        self._limits = limits
        self._unsent = _encoded(json.dumps({**request, "limits": asdict(limits)}) + "\n")
        self._noise = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        try:
            self._process = subprocess.Popen(
                programs.module(program),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._noise,
                env=programs.environment(),
                start_new_session=True,
            )
        except OSError as error:
            self._noise.close()
            raise EngineError(f"A process for the policies cannot be started: {error}.") from error
        self.close = weakref.finalize(self, _close, self._process, self._noise)

    def finish(self) -> _Reply:
        """All that it answers to its request."""
        late = False
        try:
            out, _ = self._process.communicate(self._unsent, timeout=self._limits.seconds)
        except subprocess.TimeoutExpired:
            late = True
            _end(self._process)
            out, _ = self._process.communicate()
        return self._reply(out, self._process.returncode, late=late)

    def ask(self, question: bytes) -> _Reply:
        """Its answer to one more question, within the time of one."""
        until = time.monotonic() + self._limits.seconds
        sent, self._unsent = self._unsent + question, b""
        try:
            out = _exchange(self._process, sent, until)
            if out.endswith(b"\n"):
                return self._reply(out, 0)
            code = self._process.wait(max(until - time.monotonic(), 0))
            return self._reply(out, code)
        except subprocess.TimeoutExpired:
            _end(self._process)
            return self._reply(b"", self._process.returncode, late=True)

    def _reply(self, out: bytes, code: int, *, late: bool = False) -> _Reply:
        self._noise.seek(0)
        said = self._noise.read().decode("utf-8", "replace") if code else ""
        return _reply(out, late, code, said, self._limits)


def _exchange(process: subprocess.Popen[bytes], sent: bytes, until: float) -> bytes:
    """Sends to a process, and takes what it answers up to the end of a line, or its own end. Raises
    TimeoutExpired."""
    assert process.stdin is not None
    assert process.stdout is not None
    left, came = memoryview(sent), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdin, selectors.EVENT_WRITE)
        selector.register(process.stdout, selectors.EVENT_READ)
        while not came.endswith(b"\n"):
            ready = selector.select(max(until - time.monotonic(), 0))
            if not ready:
                raise subprocess.TimeoutExpired(process.args, 0)
            for key, _ in ready:
                if key.fileobj is process.stdout:
                    part = os.read(key.fd, _PART)
                    if not part:
                        return bytes(came)
                    came += part
                    continue
                # So much is taken at once by a pipe that can be written to.
                try:
                    left = left[os.write(key.fd, left[: select.PIPE_BUF]) :]
                except BrokenPipeError:
                    left = left[:0]
                if not left:
                    selector.unregister(process.stdin)
    return bytes(came)


def _close(process: subprocess.Popen[bytes], noise: IO[bytes]) -> None:
    """Ends a child, and closes what leads to it."""
    _end(process)
    for file in (process.stdin, process.stdout, noise):
        if file is not None:
            file.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the child's whole process group."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _reply(out: bytes, late: bool, code: int, said: str, limits: Limits) -> _Reply:
    answers = [json.loads(line) for line in out.splitlines(keepends=True) if line.endswith(b"\n")]
    if answers and "memory" in answers[-1]:
        return _Reply(answers[:-1], _out_of_memory(limits))
    if late or -code == signal.SIGXCPU:
        death = f"took longer than the {limits.seconds:g} s that it may take"
        return _Reply(answers, death, late=True)
    if code == 0:
        return _Reply(answers, None)
    if "memory allocation of" in said:
        return _Reply(answers, _out_of_memory(limits))
    if -code == signal.SIGSEGV:
        return _Reply(answers, "ran out of stack: it recurses or nests too deeply")
    if code < 0:
        return _Reply(answers, f"was ended by {signal.Signals(-code).name}")
    raise EngineError(f"The process for the policies failed: {_last_line(said)}.")


def _out_of_memory(limits: Limits) -> str:
    return f"took more than the {limits.memory / 1024**3:g} GB of memory that it may take"


def _last_line(said: str) -> str:
    lines = said.strip().splitlines()
    return lines[-1] if lines else "no reason given"
