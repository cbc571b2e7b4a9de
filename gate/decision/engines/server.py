"""An OPA server as engine: it serves the bundle that `gate policy bundle` builds."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gate.decision import bundle as bundles
from gate.decision.engines import address, asking
from gate.decision.engines.asking import Expected
from gate.decision.engines.connection import PAUSES, Connection, EvaluationError, Secrets
from gate.decision.limits import DEFAULT, Limits
from gate.decision.sources import archive
from gate.errors import EngineError, GateError, PolicyError
from gate.model.policy import Answer, Bundle, PolicyFiles, RuleFailure

NAME = "opa server"
_ROOT = "gate"
_TESTS = "_test"
_LIBRARIES = "lib"
_ASKED = re.compile(r"^rules := (\[.*\])$", re.MULTILINE)
_LOAD = "Build the bundle (`gate policy bundle`) from the same config and let the server load it."


def from_environment() -> Secrets:
    """GATE_ENGINE_TOKEN, GATE_ENGINE_CA, GATE_ENGINE_CERT, GATE_ENGINE_KEY."""
    token, authorities, certificate, key = (
        os.environ.get(f"GATE_ENGINE_{name}") or None for name in ("TOKEN", "CA", "CERT", "KEY")
    )
    return Secrets(token, authorities, certificate, key)


class Server:
    """Implements `gate.decision.engines.interface.Engine`."""

    def __init__(
        self,
        url: str,
        reason: str = "asked for",
        limits: Limits = DEFAULT,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self._connection = Connection(address.read(url), from_environment(), limits, pauses=pauses)
        self._reason = reason
        self._version = "not asked"

    def about(self, _: Bundle, /) -> Mapping[str, str]:
        return {"name": NAME, "version": self._version, "reason": self._reason}

    def close(self) -> None:
        self._connection.close()

    def evaluate(self, bundle: Bundle, policy_input: Mapping[str, Any]) -> Answer:
        document = asking.plain(policy_input)
        self._connection.begin()
        own = {rule.id: rule for rule in bundle.rules.values() if rule.origin != "server"}
        answer = asking.decide(self._ask, own, document, _expected(bundle)) if own else Answer({})
        theirs = [rule for rule in bundle.rules.values() if rule.origin == "server"]
        if theirs:
            answer = _together(answer, asking.each(self._ask, theirs, document))
            self._refuse_changed(bundle)
        return replace(answer, failures=dict(_placed(answer.failures, bundle)))

    def _ask(self, package: str, rule: str | None, policy_input: Any, /) -> Mapping[str, Any]:
        answer = self._connection.ask(package, rule, policy_input)
        provenance = answer.get("provenance")
        version = provenance.get("version") if isinstance(provenance, Mapping) else None
        if isinstance(version, str) and version:
            self._version = version
        return answer

    def _refuse_changed(self, bundle: Bundle) -> None:
        """The server's own rules have no digest: they are read again, and must be the same."""
        before = [dict(files.texts) for files in bundle.files if files.origin == "server"]
        if before != [_theirs(self._connection)]:
            raise EngineError(
                "The rules of the OPA server changed while they judged.", advice="Try again."
            )


def served(url: str) -> PolicyFiles:
    """The rules and libraries of a team on its own server: all modules in `gate.<area>.<rule>` and
    `gate.lib.<name>` that the bundle with gate_entry does not hold.

    Raises PolicyError where one package is defined twice or there is no rule, and what
    `Connection` raises.
    """
    connection = Connection(address.read(url), from_environment(), DEFAULT)
    try:
        found = _theirs(connection)
    finally:
        connection.close()
    if all(path.startswith(f"server:{_LIBRARIES}/") for path in found):
        raise PolicyError(
            "The OPA server holds no rules of its own.",
            advice="Look whether the team's bundle is loaded there, or leave out the source "
            "`server`.",
        )
    return PolicyFiles(found, origin="server")


def _expected(bundle: Bundle) -> Expected:
    wanted = bundles.served(bundle).digest

    def otherwise(found: str | None) -> GateError:
        if found is None:
            return PolicyError(
                "The OPA server does not serve the rules of gate: it has no data.gate_entry.",
                advice=_LOAD,
            )
        return PolicyError(
            f"The OPA server serves other rules than the configured ones: {_short(found)} in "
            f"place of {_short(wanted)}.",
            advice=_LOAD,
        )

    return Expected("digest", wanted, otherwise)


def _short(digest: str) -> str:
    kind, _, value = digest.partition(":")
    return f"{kind}:{value[:12]}" if value else digest[:12]


def _together(one: Answer, other: Answer) -> Answer:
    return Answer({**one.results, **other.results}, {**one.failures, **other.failures})


def _placed(
    failures: Mapping[str, RuleFailure], bundle: Bundle
) -> Iterator[tuple[str, RuleFailure]]:
    """The failures with the paths of the gate's own modules. A file that is none of them is named
    in the message."""
    names = {name: path for path, name in archive.names_of(bundles.served(bundle)).items()}
    for rule, failure in failures.items():
        file = failure.path
        if file is None:
            yield rule, failure
            continue
        # On the server the name of the bundle stands before that of the file.
        parts = file.split("/")
        ends = ("/".join(parts[index:]) for index in range(len(parts)))
        path = next((names[end] for end in ends if end in names), None)
        if path is not None:
            yield rule, replace(failure, path=path)
        else:
            yield rule, RuleFailure(f"{failure.message} ({file}:{failure.line} on the server)")


def _theirs(connection: Connection) -> dict[str, str]:
    """The texts of the team's own modules, by the path that gate gives them."""
    try:
        held = _held(connection.data("system/bundles").get("result"))
        listed = connection.policies().get("result")
    except EvaluationError as error:
        raise asking.failed(error) from error
    found: dict[str, str] = {}
    if not isinstance(listed, list):
        raise _no_list()
    modules = [_module_of(each) for each in listed]
    asked = {rule for package, text in modules if package == (asking.ENTRY,) for rule in _of(text)}
    for package, text in modules:
        # What lies in the gate's bundle and is not asked by its entry was added to it.
        in_bundle = any(package[: len(root)] == root for root in held)
        known = package[1:2] == (_LIBRARIES,) or ".".join(package[1:]) in asked
        if (in_bundle and known) or not _is_rule(package):
            continue
        path = f"server:{'/'.join(package[1:])}.rego"
        if path in found:
            raise PolicyError(
                f"The package {'.'.join(package)} is defined twice on the OPA server.",
                advice="Write each rule in one module.",
                path=path,
            )
        found[path] = text
    return found


def _of(entry: str) -> list[str]:
    """The rules that an entry asks."""
    found = _ASKED.search(entry)
    return [str(rule) for rule in json.loads(found[1])] if found else []


def _module_of(listed: Any) -> tuple[tuple[str, ...], str]:
    """Package and text of one module, as `GET /v1/policies` tells them."""
    try:
        path = listed["ast"]["package"]["path"]
        package = tuple(str(part["value"]) for part in path[1:])
        text = listed["raw"]
    except (KeyError, TypeError, IndexError) as error:
        raise _no_list() from error
    if not isinstance(text, str):
        raise _no_list()
    return package, text


def _no_list() -> EngineError:
    return EngineError(
        "The OPA server lists its policies in a way that gate does not know.",
        advice="Name an OPA of version 1.0 or newer.",
    )


def _is_rule(package: tuple[str, ...]) -> bool:
    """Whether gate reads it: nobody would see that a rule in an odd package is not asked."""
    if package[:1] != (_ROOT,) or package[-1].endswith(_TESTS):
        return False
    if len(package) != 3:
        raise PolicyError(
            f"The OPA server holds the package {'.'.join(package)}, which is no rule of gate.",
            advice="A rule is in gate.<area>.<rule>, a library in gate.lib.<name>.",
        )
    return True


def _held(bundles_told: Any) -> list[tuple[str, ...]]:
    """What the bundle with gate_entry holds: its roots. Empty where no bundle has it."""
    for told in bundles_told.values() if isinstance(bundles_told, Mapping) else ():
        try:
            roots = [tuple(root.split("/")) if root else () for root in told["manifest"]["roots"]]
        except (KeyError, TypeError, AttributeError) as error:
            raise _no_list() from error
        if any((asking.ENTRY,)[: len(root)] == root for root in roots):
            return roots
    return []
