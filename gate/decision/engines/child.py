"""The limited child process: `python -I -m gate.decision.engines.child`, started by `confined`.

One request comes on standard input: a line of JSON (`do`: parse, examine, evaluate or each,
`modules`, `rules`, `entry`, `limits`), then the policy input as it is. Answers go to standard
output: one line of JSON for each module parsed, so that the last tells how far a child came that
died, or one line with all results.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
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
    policy_input = sys.stdin.buffer.read().decode("utf-8")
    serve(request, policy_input, limits, sys.stdout)


def restrict(limits: Limits) -> None:
    """Limits this process, as far as the system can: memory, processor time, no core dump."""
    try:
        import resource
    except ImportError:
        return
    seconds = math.ceil(limits.seconds) + 1
    wanted = (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_DATA, limits.memory),
        (resource.RLIMIT_CPU, seconds),
    )
    for what, most in wanted:
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            continue


def serve(request: Mapping[str, Any], policy_input: str, limits: Limits, out: TextIO) -> None:
    """Writes the answers, each as soon as it is there."""
    work = {"parse": _parse, "examine": _examine}.get(request["do"], _evaluate)
    try:
        for answer in work(request, policy_input):
            text = json.dumps(answer)
            if len(text) > limits.answer:
                text = json.dumps({"error": _told(PolicyError(_too_long(limits)))})
            out.write(text + "\n")
            out.flush()
    except PolicyError as error:
        out.write(json.dumps({"error": _told(error)}) + "\n")
    except MemoryError:
        out.write(json.dumps({"memory": True}) + "\n")


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


def _parse(request: Mapping[str, Any], _: str) -> Iterator[Any]:
    from gate.decision.engines import embedded

    for path, text in request["modules"]:
        try:
            syntax = embedded.parse(
                path, text, older=request.get("older", False), v0=request.get("v0", False)
            )
            yield {"syntax": syntax.to_json()}
        except PolicyError as error:
            yield {"error": _told(error)}


def _examine(request: Mapping[str, Any], _: str) -> Iterator[Any]:
    from gate.decision.engines import embedded

    made = embedded.examined(request["modules"], request["v0"], request["trusted"])
    yield {
        "unfaithful": {path: [asdict(f) for f in each.unfaithful] for path, each in made.items()},
        "core": {path: each.text for path, each in made.items()},
    }


def _evaluate(request: Mapping[str, Any], policy_input: str) -> Iterator[Any]:
    from gate.decision.engines import embedded

    program = embedded.Program(
        request["modules"], request["rules"], request["entry"], request.get("data", {})
    )
    loaded = embedded.load(program.modules, program.data)
    if request["do"] == "evaluate":
        answer = embedded.evaluate(loaded, program, policy_input)
    else:
        answer = embedded.one_by_one(embedded.prepare(loaded, program, policy_input), program)
    failures = {rule: asdict(failure) for rule, failure in answer.failures.items()}
    yield {"results": answer.results, "failures": failures}


if __name__ == "__main__":
    main()
