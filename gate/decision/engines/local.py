"""A local OPA as engine: an `opa` of the PATH, started on loopback with the bundle, ended with the
run.

Policies are hostile until proven otherwise (Trust, step 3), so that it has limits, an empty
environment and no builtin that reaches out. Other users of the machine can reach loopback, so that
it answers only who has the token of this run, and proves that it is the one that was started.
"""

from __future__ import annotations

import json
import os
import queue
import re
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from gate import programs
from gate.decision.engines import asking, keeper
from gate.decision.engines.address import Address
from gate.decision.engines.asking import Expected
from gate.decision.engines.connection import (
    Connection,
    EvaluationError,
    LargeError,
    LateError,
    LostError,
    Secrets,
)
from gate.decision.limits import DEFAULT, Limits
from gate.decision.rego.syntax import REFUSED
from gate.errors import EngineError, GateError, PolicyError
from gate.model.policy import Answer, Bundle, RuleFailure

NAME = "local opa"
INSTALL = (
    "Install opa 1.x (https://www.openpolicyagent.org/docs/#running-opa), or name a server: "
    "`--engine URL`."
)

_TRIES = 3
_REPEATS = 3
_END_SECONDS = 10
_WHOSE = "the local OPA"
_PLACE = re.compile(r"(m/\d+\.rego):(\d+)(?::\d+)?: (?:\w+_error: )?(.*)")
_FILE = re.compile(r"/\S*/(m/\d+\.rego)")
_MEMORY = ("out of memory", "cannot allocate memory", "SIGSEGV: segmentation violation")
"""Go's last words where the limit is reached; some of its allocations fail as a null pointer."""
_ADVICE = "Make the rule cheaper: it loops too often, or builds too much."


class Local:
    """Implements `gate.decision.engines.interface.Engine`."""

    def __init__(self, reason: str = "asked for", limits: Limits = DEFAULT) -> None:
        self._reason = reason
        self._limits = limits
        self._program = found()
        self._served: tuple[str, str] | None = None
        self._running: _Running | None = None
        self._version = "not asked"

    def about(self, _: Bundle, /) -> Mapping[str, str]:
        return {"name": NAME, "version": self._version, "reason": self._reason}

    def close(self) -> None:
        """Ends the OPA."""
        running, self._running = self._running, None
        if running is not None:
            running.close()

    def evaluate(self, bundle: Bundle, policy_input: Mapping[str, Any]) -> Answer:
        document = asking.plain(policy_input)
        running = self._serving(bundle)
        running.connection.begin()
        try:
            answer = asking.decide(running.ask, bundle.rules, document, running.expected)
        except LargeError as error:
            most = self._limits.answer // 1024**2
            raise PolicyError(f"The rules answer with more than {most} MB.") from error
        except (LateError, LostError) as error:
            death = self._death(error)
            return self._one_by_one(bundle, document, death)
        self._version = running.version
        return replace(answer, failures=dict(_placed(answer.failures, bundle)))

    def _serving(self, bundle: Bundle) -> _Running:
        """The OPA that serves this bundle; another one is ended first."""
        wanted = (bundle.digest, bundle.entry)
        alive = self._running is not None and self._running.ended(wait=False) is None
        if not alive or self._served != wanted:
            self.close()
            self._running = start(self._program, bundle, self._limits)
            self._served = wanted
        assert self._running is not None
        return self._running

    def _death(self, error: GateError) -> str:
        """How it ended without an answer. It is ended with that, since it may still be at work."""
        running = self._running
        assert running is not None
        ended = running.ended(wait=isinstance(error, LostError))
        self.close()
        if isinstance(error, LateError):
            return f"took longer than the {self._limits.seconds:g} s that it may take"
        if ended is None:
            raise error
        if any(word in ended["said"] for word in _MEMORY):
            most = self._limits.memory / 1024**3
            return f"took more than the {most:g} GB of memory that it may take"
        return f"ended OPA ({_last_words(ended)})"

    def _one_by_one(self, bundle: Bundle, document: Any, death: str) -> Answer:
        """Repeats rule by rule, each with an OPA that lives, until all the time is used up."""
        results: dict[str, Mapping[str, Any]] = {}
        failures: dict[str, RuleFailure] = {}
        until = time.monotonic() + _REPEATS * self._limits.seconds
        for rule in bundle.rules.values():
            if time.monotonic() > until:
                failures[rule.id] = RuleFailure("It was not judged: other rules took all the time.")
                continue
            running = self._serving(bundle)
            running.connection.begin()
            try:
                answer = asking.one_by_one(running.ask, {rule.id: rule}, document, running.expected)
            except (LateError, LostError) as error:
                failures[rule.id] = RuleFailure(f"Its evaluation {self._death(error)}.")
                continue
            self._version = running.version
            results.update(answer.results)
            failures.update(_placed(answer.failures, bundle))
        if not failures:
            raise PolicyError(
                f"Evaluating all policies together {death}.",
                advice="Make the rules cheaper, or turn some off; try again if something else "
                "ended it.",
            )
        return Answer(results, failures)


@dataclass(slots=True)
class _Running:
    """An OPA that runs, its keeper, and how it proves to be the right one."""

    keeper: subprocess.Popen[str]
    events: queue.Queue[Mapping[str, Any]]
    connection: Connection
    expected: Expected
    version: str = "not asked"

    def ask(self, package: str, rule: str | None, policy_input: Any, /) -> Mapping[str, Any]:
        answer = self.connection.ask(package, rule, policy_input)
        provenance = answer.get("provenance")
        if isinstance(provenance, Mapping):
            self.version = str(provenance.get("version") or self.version)
        return answer

    def ended(self, *, wait: bool) -> Mapping[str, Any] | None:
        """What it said, if it has ended, or ends now."""
        with suppress(queue.Empty):
            while True:
                event = self.events.get(timeout=1 if wait else 0.001)
                if "ended" in event:
                    return event
        return None

    def close(self) -> None:
        self.connection.close()
        _end(self.keeper)


def found() -> str:
    """The `opa` of the PATH. Raises EngineError where there is none."""
    path = programs.found("opa")
    if path is None:
        raise EngineError("There is no `opa` on the PATH.", advice=INSTALL)
    return path


def start(program: str, bundle: Bundle, limits: Limits) -> _Running:
    """Starts an OPA with the bundle. Raises PolicyError where it does not take the policies,
    EngineError where it does not start."""
    for _ in range(_TRIES):
        with suppress(_PortTakenError):
            return _started(program, bundle, limits)
    raise EngineError(
        "The local OPA finds no free port.", advice="Look at what else opens ports on this machine."
    )


class _PortTakenError(Exception):
    """Another program took the port between the look for a free one and the start."""


def _started(program: str, bundle: Bundle, limits: Limits) -> _Running:
    token, proof, area = (secrets.token_hex(32) for _ in range(3))
    request = _request(program, bundle, limits, token=token, proof=proof, area=f"gate_{area}")
    process = subprocess.Popen(
        programs.module(keeper.__name__),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Where its folder is made. OPA gets none of these.
        env=programs.environment("TMPDIR"),
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    events: queue.Queue[Mapping[str, Any]] = queue.Queue()
    threading.Thread(target=_listen, args=(process, events), daemon=True).start()
    try:
        with suppress(BrokenPipeError):
            assert process.stdin is not None
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        port = _port(events, bundle, limits, checked=bool(request["check"]))
        connection = Connection(
            Address(tls=False, host=keeper.HOST, port=port),
            Secrets(token=token),
            limits,
            whose=_WHOSE,
            pauses=(),
        )
        running = _Running(process, events, connection, Expected("proof", proof, _foreign))
        _prove(running)
    except BaseException:
        _end(process)
        raise
    return running


def _foreign(_: str | None) -> GateError:
    return EngineError(
        "Another program answers in place of the OPA that gate started.",
        advice="Try again; look at what runs on this machine if it stays.",
    )


def _prove(running: _Running) -> None:
    """Before anything is told to whoever answers there."""
    try:
        said = running.ask(asking.ENTRY, running.expected.name, {}).get("result")
    except EvaluationError as error:
        raise _foreign(None) from error
    running.expected.check(said)
    if running.version.startswith("0."):
        raise EngineError(f"The `opa` of the PATH is {running.version}.", advice=INSTALL)


def _listen(process: subprocess.Popen[str], events: queue.Queue[Mapping[str, Any]]) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            events.put(json.loads(line))
    events.put({"ended": True, "code": None, "said": ""})


def _end(process: subprocess.Popen[str]) -> None:
    """Ends the keeper, which ends the OPA; and both where the keeper does not, or was killed."""
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()
    try:
        orderly = process.wait(timeout=_END_SECONDS) >= 0
    except subprocess.TimeoutExpired:
        orderly = False
    if not orderly:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _port(
    events: queue.Queue[Mapping[str, Any]], bundle: Bundle, limits: Limits, *, checked: bool
) -> int:
    """The port, once it serves and the check, if there is one, has passed."""
    until = time.monotonic() + limits.seconds
    port: int | None = None
    while port is None or checked:
        try:
            event = events.get(timeout=max(until - time.monotonic(), 0.001))
        except queue.Empty as error:
            raise PolicyError(
                f"Loading the policies took longer than the {limits.seconds:g} s that it may take.",
                advice=_ADVICE,
            ) from error
        if "check" in event:
            checked = False
            if event["code"] != 0:
                raise _refused(event, bundle)
        elif "port" in event:
            port = event["port"]
        elif "address already in use" in event["said"]:
            raise _PortTakenError
        else:
            raise _refused(event, bundle)
    return port


def _refused(event: Mapping[str, Any], bundle: Bundle) -> GateError:
    """Why OPA does not take the policies, or does not run."""
    said = event["said"]
    paths = _names(bundle)
    for file, row, message in _PLACE.findall(said):
        if file in paths:
            end = message.rstrip(".")
            return PolicyError(f"OPA does not take it: {end}.", path=paths[file], line=int(row))
    if any(word in said for word in _MEMORY):
        return PolicyError("Loading the policies took more memory than it may.", advice=_ADVICE)
    return EngineError(f"The local OPA does not start: {_last_words(event)}.", advice=INSTALL)


def _last_words(event: Mapping[str, Any]) -> str:
    """The reason that it gave, else how it ended."""
    for line in event["said"].splitlines():
        if line.startswith(("fatal error", "error:", "panic:", "runtime:", "SIG")):
            return str(line).strip().rstrip(".")[:200]
    code = event["code"]
    if code is None:
        return str(event["said"]) or "no reason given"
    return f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _placed(
    failures: Mapping[str, RuleFailure], bundle: Bundle
) -> Iterator[tuple[str, RuleFailure]]:
    """The failures with the paths of the gate's modules."""
    paths = _names(bundle)
    for rule, failure in failures.items():
        file = "/".join((failure.path or "").split("/")[-2:])
        path = paths.get(file)
        message = _FILE.sub(lambda match: paths.get(match[1], match[0]), failure.message)
        yield rule, RuleFailure(message, path, failure.line if path else None)


def _names(bundle: Bundle) -> dict[str, str]:
    """The paths of the modules, by the names that they have for OPA."""
    return {f"m/{index}.rego": module.path for index, module in enumerate(bundle.modules)}


def _request(
    program: str, bundle: Bundle, limits: Limits, *, token: str, proof: str, area: str
) -> dict[str, Any]:
    """What the keeper is to do. `area` is the name of a package that nobody can guess."""
    files = {f"b/m/{index}.rego": module.text for index, module in enumerate(bundle.modules)}
    v0 = {f"/m/{index}.rego": 0 for index, module in enumerate(bundle.modules) if module.v0}
    files["b/entry.rego"] = f'{bundle.entry}\nproof := "{proof}"\n'
    files["b/area.rego"] = (
        f'package {area}\n\ndefault allow := false\n\nallow if input.identity == "{token}"\n'
    )
    files["b/.manifest"] = json.dumps(
        {"roots": [""], "rego_version": 1, "file_rego_versions": v0, "revision": bundle.digest}
    )
    files["b/data.json"] = json.dumps(bundle.data)
    return {
        "program": program,
        "files": files,
        "check": _check(program, files) if _is_foreign(bundle) else None,
        "serve": _serve(area),
        "memory": limits.memory,
    }


def _serve(area: str) -> Sequence[str]:
    return (
        "run",
        "--server",
        *("--addr", f"{keeper.HOST}:{{port}}"),
        *("--authentication", "token"),
        *("--authorization", "basic"),
        *("--set", f"default_authorization_decision=/{area}/allow"),
        *("--log-level", "error"),
        *("--shutdown-grace-period", "0"),
        "--skip-version-check",
        "--skip-known-schema-check",
        *("--bundle", "{folder}/b"),
    )


def _is_foreign(bundle: Bundle) -> bool:
    return any(module.origin != "builtin" for module in bundle.modules)


def _check(program: str, files: dict[str, str]) -> Sequence[str]:
    """The same modules compiled without the builtins that reach out: `opa run` takes no list of
    builtins, so that nothing is asked until this check has passed."""
    files["capabilities.json"] = _capabilities(program)
    return ("check", "--capabilities", "{folder}/capabilities.json", "--bundle", "{folder}/b")


def _capabilities(program: str) -> str:
    """OPA's own capabilities without what is refused, and without any host to reach."""
    try:
        done = subprocess.run(
            [program, "capabilities", "--current"],
            capture_output=True,
            check=True,
            timeout=10,
            env={},
        )
        told = json.loads(done.stdout)
        told["builtins"] = [each for each in told["builtins"] if each["name"] not in REFUSED]
    except (OSError, ValueError, KeyError, TypeError, subprocess.SubprocessError) as error:
        raise EngineError(
            "The `opa` of the PATH does not say what it can do.", advice=INSTALL
        ) from error
    return json.dumps({**told, "allow_net": []})
