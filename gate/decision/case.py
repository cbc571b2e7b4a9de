"""What one judgement rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gate.decision.engines.interface import Engine
from gate.errors import InputError
from gate.model import times
from gate.model.config import Level
from gate.model.policy import Bundle, Rule

Json = Mapping[str, Any]

_SCHEMA = "change-gate/input/v1"


@dataclass(frozen=True, slots=True)
class Case:
    """A context with the bundle that judges it, and what is looked up again and again."""

    context: Json
    bundle: Bundle
    engine: Engine
    now: datetime
    levels: Mapping[str, Level]
    resources: Mapping[str, Json]

    @property
    def gate(self) -> Json:
        """The part of the context that rules do not see."""
        gate: Json = self.context["gate"]
        return gate

    @property
    def policy_input(self) -> dict[str, Any]:
        """What rules see."""
        return {key: value for key, value in self.context.items() if key != "gate"}

    @property
    def active(self) -> Sequence[Rule]:
        """The rules that are not off."""
        return [rule for rule in self.bundle.rules.values() if self.levels[rule.id] != "off"]

    @property
    def is_rollback(self) -> bool:
        """Whether the change brings back what the trusted branch held before."""
        return self.context["change"].get("rollback") is not None

    def takes_effect(self, rule: Rule) -> datetime | None:
        """When a rule begins to deny that only warns until then; None for any other."""
        day = times.day(rule.effective_on) if rule.effective_on else None
        later = day is not None and self.now < day and self.levels[rule.id] == "deny"
        return day if later else None


def open_case(context: Json, bundle: Bundle, engine: Engine) -> Case:
    """Raises InputError for a context that cannot be judged."""
    if context.get("schema") != _SCHEMA:
        raise InputError(f"The policy input's schema is not {_SCHEMA}.")
    now = times.moment(context["now"])
    if now is None:
        raise InputError(f"`now` is no RFC 3339 time: {context['now']}.")
    told = context["gate"]["levels"]
    return Case(
        context=context,
        bundle=bundle,
        engine=engine,
        now=now,
        levels={rule.id: told.get(rule.id, rule.level) for rule in bundle.rules.values()},
        resources={resource["id"]: resource for resource in context["resources"]},
    )
