"""Parsing and judging in a limited child process (Trust, step 3), seen from the parent.

A policy of three lines can end or exhaust the process that evaluates it: endless recursion is a
segmentation fault, `numbers.range(1, 1e9)` takes all memory. The parent holds the wall clock and
ends the child's process group; the child limits its own memory.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from gate import programs
from gate.decision.engines.embedded import Program
from gate.decision.limits import Limits
from gate.decision.rego.syntax import Syntax
from gate.errors import EngineError, PolicyError
from gate.model.policy import Answer, RuleFailure, Unfaithful

_REPEATS = 3
_ADVICE = "Make the rule cheaper: it recurses without end, loops too often, or nests too deeply."


@dataclass(frozen=True, slots=True)
class _Reply:
    """The answers that came, and why the child died, if it did."""

    answers: Sequence[Mapping[str, Any]]
    death: str | None


def parse(
    modules: Sequence[tuple[str, str]], limits: Limits, *, older: bool = False, v0: bool = False
) -> list[Syntax]:
    """Parses modules, given as (path, text); `older` reads what is no Rego of today as that of
    before OPA 1.0, `v0` reads all as such. Raises PolicyError for the first that is wrong."""
    if not modules:
        return []
    reply = _call({"do": "parse", "modules": modules, "older": older, "v0": v0}, "", limits)
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
    reply = _call(request, "", limits)
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
    """Evaluates all rules. A rule that ends its child is a failure, the others are kept. Raises
    PolicyError where the modules do not compile, or only all rules together end the child."""
    request = {"do": "evaluate", **asdict(program)}
    reply = _call(request, policy_input, limits)
    if reply.death:
        return _one_by_one(program, policy_input, limits, reply.death)
    return _answer(reply)


def _one_by_one(program: Program, policy_input: str, limits: Limits, death: str) -> Answer:
    """Repeats with a child for each rule, until all the time for it is used up."""
    results: dict[str, Mapping[str, Any]] = {}
    failures: dict[str, RuleFailure] = {}
    until = time.monotonic() + _REPEATS * limits.seconds
    for rule, names in program.rules.items():
        if time.monotonic() > until:
            failures[rule] = RuleFailure("It was not judged: other rules took all the time.")
            continue
        request = {"do": "each", **asdict(replace(program, rules={rule: names}))}
        reply = _call(request, policy_input, limits)
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


def ask(
    program: str, request: Mapping[str, Any], limits: Limits
) -> tuple[Sequence[Mapping[str, Any]], str | None]:
    """The lines that another program of gate (a module like `child`) answers in such a child,
    and why the child died, if it did. The program limits itself with `child.restrict`."""
    reply = _call(request, "", limits, program)
    return reply.answers, reply.death


def _call(
    request: Mapping[str, Any],
    policy_input: str,
    limits: Limits,
    program: str = "gate.decision.engines.child",
) -> _Reply:
    """One request to one child, which is gone when this returns."""
    head = json.dumps({**request, "limits": asdict(limits)})
    with tempfile.TemporaryFile() as noise:
        try:
            child = subprocess.Popen(
                programs.module(program),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=noise,
                env=programs.environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise EngineError(f"A process for the policies cannot be started: {error}.") from error
        late = False
        try:
            out, _ = child.communicate(
                f"{head}\n{policy_input}".encode("utf-8", "replace"), timeout=limits.seconds
            )
        except subprocess.TimeoutExpired:
            late = True
            _end(child)
            out, _ = child.communicate()
        finally:
            _end(child)
        noise.seek(0)
        said = noise.read().decode("utf-8", "replace")
    return _reply(out, late, child.returncode, said, limits)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ends the child's whole process group."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _reply(out: bytes, late: bool, code: int, said: str, limits: Limits) -> _Reply:
    answers = [json.loads(line) for line in out.splitlines(keepends=True) if line.endswith(b"\n")]
    if answers and "memory" in answers[-1]:
        return _Reply(answers[:-1], _out_of_memory(limits))
    if late or -code == signal.SIGXCPU:
        return _Reply(answers, f"took longer than the {limits.seconds:g} s that it may take")
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
