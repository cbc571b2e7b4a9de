"""Chooses for each bundle: the embedded engine where it judges as OPA does, else a local OPA."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gate import programs
from gate.decision.engines.interface import Engine
from gate.decision.limits import DEFAULT, Limits
from gate.errors import PolicyError
from gate.model.policy import Answer, Bundle, Unfaithful

FAITHFUL = "every construct is judged the same by both engines"


class Auto:
    """Implements `interface.Engine`. `why` stands before the reason of the choice."""

    def __init__(self, why: str = "", limits: Limits = DEFAULT) -> None:
        self._why = f"{why}; " if why else ""
        self._limits = limits
        self._engines: dict[str, Engine] = {}

    def about(self, bundle: Bundle, /) -> Mapping[str, str]:
        return {**self._chosen(bundle).about(bundle), "reason": f"{self._why}{reason(bundle)}"}

    def evaluate(self, bundle: Bundle, policy_input: Mapping[str, Any]) -> Answer:
        return self._chosen(bundle).evaluate(bundle, policy_input)

    def close(self) -> None:
        for engine in self._engines.values():
            engine.close()

    def _chosen(self, bundle: Bundle) -> Engine:
        place = _first(bundle)
        if place is None:
            if "embedded" not in self._engines:
                from gate.decision.engines.embedded import Embedded

                self._engines["embedded"] = Embedded(limits=self._limits)
            return self._engines["embedded"]
        for path in sorted(bundle.unfaithful):
            for found in bundle.unfaithful[path]:
                if found.is_for_none:
                    raise _needs_opa(path, found)
        if "opa" not in self._engines:
            if programs.found("opa") is None:
                raise _needs_opa(*place)
            from gate.decision.engines.local import Local

            self._engines["opa"] = Local(limits=self._limits)
        return self._engines["opa"]


def reason(bundle: Bundle) -> str:
    """Why the bundle is judged by the engine that judges it."""
    place = _first(bundle)
    if place is None:
        return FAITHFUL
    path, found = place
    return f"{path}:{found.line} uses {found.what}"


def _first(bundle: Bundle) -> tuple[str, Unfaithful] | None:
    for path in sorted(bundle.unfaithful):
        for found in bundle.unfaithful[path]:
            return path, found
    return None


def _needs_opa(path: str, found: Unfaithful) -> PolicyError:
    if found.is_for_none:
        from gate.decision.engines.embedded import for_none

        return for_none(path, found)
    rewrite = f"Write it as {found.instead}, or install" if found.instead else "Install"
    return PolicyError(
        f"The embedded engine may judge this otherwise than OPA: {found.what}.",
        advice=f"{rewrite} opa 1.x on the PATH, or name a server: `--engine URL`.",
        path=path,
        line=found.line,
    )
