"""The limited child process: `python -I -m gate.decision.engines.child`, started by `confined`.

The request is one line of JSON on standard input: `do` (parse, examine, evaluate or each),
`modules` and `limits`. To evaluate, questions follow, one at a time, until standard input ends:
each a line of JSON (`rules`, `entry`) and the policy input, a line as it is. Answers go to standard
output, a line of JSON each: one for each module parsed, so that the last tells how far a child came
that died, or one with all results.
"""

from __future__ import annotations

import json
import math
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from typing import Any, TextIO

from gate.decision.engines import noise
from gate.decision.limits import Limits
from gate.errors import PolicyError


def main() -> None:
    """Serves the one request."""
    request = json.loads(sys.stdin.buffer.readline())
    limits = Limits(**request["limits"])
    restrict(limits)
    noise.own()
    lines = (line.decode("utf-8") for line in iter(sys.stdin.buffer.readline, b""))
    serve(request, lines, limits, sys.stdout, lambda: _judging(limits))


def restrict(limits: Limits) -> None:
    """Limits this process, as far as the system can: memory, processor time, no core dump."""
    try:
        import resource
    except ImportError:
        return
    wanted = (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_DATA, limits.memory),
    )
    for what, most in wanted:
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            continue
    grant(limits)


def grant(limits: Limits) -> None:
    """Gives this process the processor time of one question, from now on."""
    try:
        import resource
    except ImportError:
        return
    until = math.ceil(time.process_time() + limits.seconds) + 1
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (until, most))
    except (ValueError, OSError):
        return


@contextmanager
def _judging(limits: Limits) -> Iterator[None]:
    """While a question is judged. The end of standard input, which comes even where the gate is
    killed, then ends this process at once, whatever a rule is busy with."""
    grant(limits)
    _heed(True)
    try:
        yield
    finally:
        _heed(False)


def _heed(on: bool) -> None:
    """Whether the system ends this process as soon as something comes on standard input."""
    try:
        import fcntl
    except ImportError:
        return
    flags = fcntl.fcntl(0, fcntl.F_GETFL) & ~os.O_ASYNC
    if not on:
        fcntl.fcntl(0, fcntl.F_SETFL, flags)
        return
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_ASYNC)
    # No question is sent ahead of an answer: what can be read now is the end.
    if select.select([0], [], [], 0)[0]:
        sys.exit(1)


Judging = Callable[[], AbstractContextManager[None]]


def serve(
    request: Mapping[str, Any],
    lines: Iterator[str],
    limits: Limits,
    out: TextIO,
    judging: Judging = nullcontext,
) -> None:
    """Writes the answers, each as soon as it is there. `lines` are those of the questions, and
    `judging` is around the work on each."""
    try:
        for answer in _answers(request, lines, judging):
            text = json.dumps(answer)
            if len(text) > limits.answer:
                text = json.dumps({"error": _told(PolicyError(_too_long(limits)))})
            out.write(text + "\n")
            out.flush()
    except PolicyError as error:
        out.write(json.dumps({"error": _told(error)}) + "\n")
    except MemoryError:
        out.write(json.dumps({"memory": True}) + "\n")


def _answers(request: Mapping[str, Any], lines: Iterator[str], judging: Judging) -> Iterator[Any]:
    if request["do"] == "parse":
        yield from _parse(request)
    elif request["do"] == "examine":
        yield _examine(request)
    else:
        yield from _evaluate(request, lines, judging)


def _too_long(limits: Limits) -> str:
    return f"The rules answer with more than {limits.answer // 1024**2} MB."


def _told(error: PolicyError) -> dict[str, Any]:
    return {
        "message": error.message,
        "path": error.path,
        "line": error.line,
        "column": error.column,
        "advice": error.advice,
    }


def _parse(request: Mapping[str, Any]) -> Iterator[Any]:
    from gate.decision.engines import embedded

    for path, text in request["modules"]:
        try:
            syntax = embedded.parse(
                path, text, older=request.get("older", False), v0=request.get("v0", False)
            )
            yield {"syntax": syntax.to_json()}
        except PolicyError as error:
            yield {"error": _told(error)}


def _examine(request: Mapping[str, Any]) -> Any:
    from gate.decision.engines import embedded

    made = embedded.examined(request["modules"], request["v0"], request["trusted"])
    return {
        "unfaithful": {path: [asdict(f) for f in each.unfaithful] for path, each in made.items()},
        "core": {path: each.text for path, each in made.items()},
    }


def _evaluate(request: Mapping[str, Any], lines: Iterator[str], judging: Judging) -> Iterator[Any]:
    from gate.decision.engines import embedded

    loaded: embedded.Loaded | None = None
    for line in lines:
        policy_input = next(lines)
        with judging():
            question = json.loads(line)
            program = embedded.Program(
                request["modules"], question["rules"], question["entry"], request["data"]
            )
            loaded = loaded or embedded.Loaded(program)
            engine = loaded.ready(program, policy_input)
            judged = embedded.evaluate if request["do"] == "evaluate" else embedded.one_by_one
            answer = judged(engine, program)
            failures = {rule: asdict(failure) for rule, failure in answer.failures.items()}
        yield {"results": answer.results, "failures": failures}


if __name__ == "__main__":
    main()
