"""An engine that is spared what it need not be asked: a commit that touches no manifest is judged
without reading the rules about manifests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gate.decision.engines.interface import Engine
from gate.decision.memory import alone
from gate.model.policy import Answer, Bundle, Rule

_ABOUT_FILES = "change."
"""The rules of the wheel that speak of files too, not of resources and targets alone."""


class Sparing:
    """Implements `gate.decision.engines.interface.Engine` by another one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def about(self, bundle: Bundle, /) -> Mapping[str, str]:
        return self._engine.about(bundle)

    def close(self) -> None:
        """The engine is its owner's to close."""

    def evaluate(self, bundle: Bundle, policy_input: Mapping[str, Any]) -> Answer:
        spoken_of = policy_input["resources"] or policy_input["targets"]
        if spoken_of or not bundle.is_of_the_wheel or not self._is_embedded(bundle):
            return self._engine.evaluate(bundle, policy_input)
        silent = {rule.id: _nothing(rule) for rule in bundle.rules.values() if _is_silent(rule)}
        asked = bundle.rules.keys() - silent.keys()
        if not asked:
            return Answer(silent)
        answer = self._engine.evaluate(alone(bundle, asked) or bundle, policy_input)
        return Answer({**silent, **answer.results}, answer.failures)

    def _is_embedded(self, bundle: Bundle) -> bool:
        """Any other one is asked whole: its answer says too that it judges by these rules."""
        return self._engine.about(bundle)["name"] == "embedded"


def _is_silent(rule: Rule) -> bool:
    """Whether it says nothing of a change without resources and targets."""
    return rule.applies and not rule.id.startswith(_ABOUT_FILES)


def _nothing(rule: Rule) -> Mapping[str, Any]:
    return {name: [] for name in rule.sets}
