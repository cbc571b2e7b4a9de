"""The stage's protocol: an engine evaluates all rules of a bundle on one input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from gate.model.policy import Answer, Bundle


class Engine(Protocol):
    """Who evaluates Rego: a library in this process, a server, a program."""

    def about(self, bundle: Bundle, /) -> Mapping[str, str]:
        """For the verdict: `name`, `version`, and the `reason` why this one judges the bundle."""

    def evaluate(self, bundle: Bundle, policy_input: Mapping[str, Any]) -> Answer:
        """Evaluates each rule of `bundle.rules` in one round trip.

        A rule that fails is in `failures`, all others in `results`. Raises PolicyError where the
        bundle as a whole cannot be evaluated, EngineError where the engine itself fails.
        """

    def close(self) -> None:
        """Ends what it started."""
